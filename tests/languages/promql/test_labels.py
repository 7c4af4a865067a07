"""Which labels the result of an expression can have."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from deployspec.languages.promql.labels import result_labels
from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.syntax import parse

# Each expression, and which of x, y, z, w, le, new and __name__ its result can have. The metric a has x, y and z, b has
# x, y and w, c and e have x alone; but what a metric has is not known to result_labels.
EXPRESSIONS = [
    ("a", "x y z w le new __name__"),
    ('e{y=""}', "x z w le new __name__"),
    ("-a", "x y z w le new"),
    ("a > 1", "x y z w le new __name__"),
    ("1 < a", "x y z w le new __name__"),
    ("a > bool 1", "x y z w le new"),
    ("a + 1", "x y z w le new"),
    ("sum(a)", ""),
    ("sum by (x) (a)", "x"),
    ("sum by (__name__, x) (a)", "x __name__"),
    ("sum without (x) (a)", "y z w le new"),
    ("sum by (x, y) (sum by (x, z) (a))", "x"),
    ("topk by (x) (1, a)", "x y z w le new __name__"),
    ("bottomk(1, sum by (x) (a))", "x"),
    ('count_values by (x) ("new", a)', "x new"),
    ("quantile by (x) (0.5, a)", "x"),
    ("a + on (x) b", "x"),
    ("a > on (x) c", "x"),
    ("a + ignoring (y, z, w) b", "x le new"),
    ("a > ignoring (y, z, w) c", "x le new __name__"),
    ("a / ignoring (y, z) sum by (x) (b)", "x"),
    ("a / ignoring (y, z) group_left () sum by (x) (b)", "x y z"),
    ("a * on (x) group_left (w) b", "x y z w le new"),
    ("a * on (x) group_left (w) sum by (x) (b)", "x y z le new"),
    ("sum by (x) (a) * on (x) group_left (w) b", "x w"),
    ("b > on (x) group_right (w) a", "x y z w le new __name__"),
    ("a and on (x) sum by (y) (b)", "y z w le new __name__"),
    ("a and on (x) b", "x y z w le new __name__"),
    ("a and sum by (x, y, z) (a)", "x y z __name__"),
    ("sum by (x) (a) unless a", "x"),
    ("sum by (x) (a) or sum by (y) (a)", "x y"),
    ("sum(a) or b", "x y z w le new __name__"),
    ("sum without (x) (a) or sum without (x, y) (a)", "y z w le new"),
    ("histogram_quantile(0.9, sum by (le, x) (h_bucket))", "x"),
    ("histogram_quantile(0.9, h_bucket)", "x y z w new"),
    ('absent(n{x="1", y=~"2", z="3", z!="4"})', "x"),
    ('absent((n{x="1"}))', "x"),
    ('absent(sum(n{x="1"}))', ""),
    ('absent(n{x="1", x="1"})', ""),
    ('absent_over_time(n{x="1"}[5m])', "x"),
    ('sum by (new) (label_replace(a, "new", "$1", "x", "(.*)"))', "new"),
    ('label_join(sum by (x) (a), "new", "-", "x")', "x new"),
    ("rate(a[5m])", "x y z w le new"),
    ("last_over_time(a[5m])", "x y z w le new __name__"),
    ("max_over_time(sum by (x) (a)[5m:1m])", "x"),
    ("sort_desc(a)", "x y z w le new __name__"),
    ("vector(1)", ""),
    ("time()", ""),
    ("scalar(a)", ""),
    ("hour()", ""),
    ("a * scalar(b)", "x y z w le new"),
]

INPUT = [
    'a{x="1",y="2",z="3"}',
    'b{x="1",y="9",w="8"}',
    'c{x="1"}',
    'e{x="1"}',
    'h_bucket{x="1",le="1"}',
    'h_bucket{x="1",le="+Inf"}',
]


@pytest.mark.parametrize(("text", "labels"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_result_labels(text, labels):
    """A label is left out only where no series of the result can have it."""
    found = result_labels(parse(text))
    every = ("x", "y", "z", "w", "le", "new", "__name__")
    assert [label for label in every if found.may_have(label)] == labels.split()


def test_result_labels_have_what_promtool_finds(tmp_path):
    """No label of a result that Prometheus computes is left out."""
    cases = [
        {"eval_time": "5m", "expr": text, "exp_samples": [{"labels": "never", "value": 0}]}
        for text, _ in EXPRESSIONS
    ]
    series = [{"series": one, "values": "3x9"} for one in INPUT]
    group = {"interval": "1m", "input_series": series, "promql_expr_test": cases}
    (tmp_path / "labels.test.yml").write_text(json.dumps({"tests": [group]}), encoding="utf-8")
    ran = subprocess.run(
        ["promtool", "test", "rules", "labels.test.yml"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    got = re.findall(r"\n\s*got: ?(.*)", ran.stdout + ran.stderr)
    assert len(got) == len(EXPRESSIONS)
    for (text, _), samples in zip(EXPRESSIONS, got, strict=True):
        labels = result_labels(parse(text))
        seen = set(re.findall(r'(\w+)="', samples))
        assert {label for label in seen if not labels.may_have(label)} == set(), text


def test_a_long_expression_does_not_overflow():
    """An expression of 330 terms is 330 nodes deep: a recursion would end there."""
    expr = parse(" or ".join(f"sum by (l{number}) (a)" for number in range(330)))
    assert result_labels(expr).names == {f"l{number}" for number in range(330)}
    assert not can_give_a_result(expr, lambda selector: selector.name != "a")

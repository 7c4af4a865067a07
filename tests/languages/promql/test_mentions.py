"""Which labels an expression mentions, and of which metrics."""

from __future__ import annotations

import pytest

from deployspec.languages.promql.mentions import mentioned_labels
from deployspec.languages.promql.syntax import parse


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        pytest.param('a{x="1",y!~"2"}', [("x", ("a",), "matcher"), ("y", ("a",), "matcher")], id="matchers"),
        pytest.param('rate(a{x="1"}[5m])', [("x", ("a",), "matcher")], id="range-once"),
        pytest.param("sum by (x) (a / b)", [("x", ("a", "b"), "by")], id="by-of-two-metrics"),
        pytest.param("sum without (x) (a)", [("x", ("a",), "without")], id="without"),
        pytest.param('sum by (x) ({job="j"})', [("x", (), "by"), ("job", (), "matcher")], id="metric-unknown"),
        pytest.param("a * on(x) b", [("x", ("a",), "on"), ("x", ("b",), "on")], id="on-each-side"),
        pytest.param("a unless ignoring(x) b", [("x", ("a",), "ignoring"), ("x", ("b",), "ignoring")], id="ignoring"),
        pytest.param("a and on(x) vector(1)", [("x", ("a",), "on")], id="nothing-of-vector"),
        pytest.param("a * on() group_left(x) b", [("x", ("b",), "group")], id="group-left-is-the-right-side's"),
        pytest.param("a * on() group_right(x) b", [("x", ("a",), "group")], id="group-right-is-the-left-side's"),
        pytest.param('label_replace(a, "new", "$1", "x", ".*")', [("x", ("a",), "source")], id="label-replace"),
        pytest.param('label_join(a, "new", "-", "x", ("y"))', [("x", ("a",), "source"), ("y", ("a",), "source")], id="label-join"),
        pytest.param('sum by (new) (label_replace(a, "new", "$1", "x", ""))', [("x", ("a",), "source")], id="made-by-replace"),
        pytest.param('sum by (v) (count_values("v", a))', [], id="made-by-count-values"),
        pytest.param("sum by (__name__) (a)", [], id="the-name-is-none"),
        pytest.param('{__name__=~"a|b",x="1"}', [("x", ("a", "b"), "matcher")], id="several-metrics"),
    ],
)  # fmt: skip
def test_mentioned_labels(text, mentions):
    """Each label with the metrics of which one must have it, and the role it has."""
    assert [(one.label, one.metrics, one.role) for one in mentioned_labels(parse(text))] == mentions

"""Each kind of change on a small rule: exactly the mutants that are listed, and none that no test could kill."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployspec.chapters.mutation.judge.mutants import Mutant, mutants
from deployspec.chapters.mutation.judge.tree import UnreadableError
from tests.chapters.mutation.judge.made import rule

SHOWN = {"annotations": {"summary": "{{ $value }}"}}
"""A rule whose value is seen."""


def listed(expr: str, *operators: str, **more: Any) -> list[str]:
    """What the mutants of these operators change."""
    return [each.what for each in mutants(rule(expr, **more)) if each.operator in operators]


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        pytest.param("x > 0.05", ["> → ==", "> → !=", "> → <", "> → >=", "> → <="], id="any-value"),
        pytest.param("x > y", ["> → ==", "> → !=", "> → <", "> → >=", "> → <="], id="no-number"),
        # A counter's rate is never negative: `> 0` is `!= 0`, and `== 0` is `<= 0`.
        pytest.param("rate(x[5m]) > 0", ["> → ==", "> → <", "> → >="], id="not-negative"),
        # Of 0 and 1, `!= 0` and `> 0` are the same, and `<= 0` is the rule itself.
        pytest.param("up == 0", ["== → !=", "== → <", "== → >="], id="up"),
        # So it is of what rules record of our own switches, and not of other records.
        pytest.param(
            "location:deployspec_check_verdict:last == 1", ["== → !=", "== → >", "== → <="], id="ours"
        ),
        pytest.param("0.05 < x", ["< → ==", "< → !=", "< → >", "< → >=", "< → <="], id="number-first"),
        pytest.param("0 == up", ["== → !=", "== → >", "== → <="], id="up-number-first"),
    ],
)
def test_comparison(expr: str, expected: list[str]) -> None:
    """A comparison becomes each other one that judges some possible value differently."""
    assert listed(expr, "comparison") == expected


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        pytest.param(
            "x > 0.05", ["0.05 → 0.0505", "0.05 → 0.0495", "0.05 → 0.1", "0.05 → 0.025"], id="fraction"
        ),
        pytest.param(
            "x > 1000",
            ["1000 → 1010", "1000 → 990", "1000 → 2000", "1000 → 500", "1000 → 1001", "1000 → 999"],
            id="whole",
        ),
        # `> 9.9` is `>= 10` where only whole numbers are, and `> 10.1` is `> 10`.
        pytest.param("changes(x[5m]) > 10", ["10 → 20", "10 → 5", "10 → 11"], id="counted"),
        pytest.param("x > 0", ["0 → 0.01", "0 → -0.01", "0 → 1", "0 → -1"], id="zero"),
        pytest.param(
            "-2 > x", ["-2 → -2.02", "-2 → -1.98", "-2 → -4", "-2 → -1", "-2 → -3"], id="number-first"
        ),
        pytest.param("x > Inf", [], id="infinite"),
        pytest.param("up == 1", [], id="up"),
    ],
)
def test_threshold(expr: str, expected: list[str]) -> None:
    """A threshold moves by a small step and a large one, to where some possible value is judged differently."""
    assert listed(expr, "threshold") == [f"threshold {each}" for each in expected]


@pytest.mark.parametrize(
    ("expr", "operator", "unshown", "shown"),
    [
        pytest.param("rate(x[5m]) > 0", "function", ["rate → irate", "rate → deriv"], ["rate → increase", "rate → irate", "rate → deriv"], id="sign"),
        pytest.param("sum(x_total) > 0", "aggregation", ["sum → min", "sum → count"], ["sum → avg", "sum → max", "sum → min", "sum → count"], id="sum-sign"),
        pytest.param("a and sum(b)", "aggregation", [], [], id="only-there"),
        pytest.param("sum(a) and b", "aggregation", [], ["sum → avg", "sum → max", "sum → min", "sum → count"], id="value-unused"),
        pytest.param("absent(a / b)", "arithmetic", [], [], id="absent"),
        pytest.param("a / b", "arithmetic", [], ["/ → *"], id="arithmetic"),
        pytest.param("a or vector(0)", "constant", [], ["0 → 1", "0 → -1"], id="constant"),
        pytest.param("x > bool 2", "comparison", [], ["> → ==", "> → !=", "> → <", "> → >=", "> → <="], id="bool"),
    ],
)  # fmt: skip
def test_a_value_that_nobody_sees(expr: str, operator: str, unshown: list[str], shown: list[str]) -> None:
    """What changes the value alone is not a mutant unless a template or a comparison uses the value."""
    assert listed(expr, operator) == unshown
    assert listed(expr, operator, **SHOWN) == shown
    assert listed(expr, operator, kind="record", name="job:x:y") == shown


@pytest.mark.parametrize(
    ("expr", "operator", "expected"),
    [
        pytest.param("x > 1", "bool", ["> → > bool"], id="bool-added"),
        pytest.param("x > bool 1", "bool", ["> bool → >"], id="bool-removed"),
        pytest.param("rate(x[5m]) > 1", "range", ["range 5m → 2m30s", "range 5m → 10m"], id="range"),
        pytest.param("max_over_time(x[1h:5m]) > 1", "range", ["range 1h → 30m", "range 1h → 2h"], id="subquery-range"),
        pytest.param("max_over_time(x[1h:5m]) > 1", "step", ["step 5m → 10m"], id="step"),
        pytest.param("max_over_time(x[1h:]) > 1", "step", [], id="no-step"),
        pytest.param("x offset 1h > 1", "offset", ["offset 1h → none"], id="offset"),
        pytest.param("x offset -5m > 1", "offset", ["offset -5m → none"], id="negative-offset"),
        pytest.param("avg(x) > 1", "aggregation", ["avg → sum", "avg → max", "avg → min"], id="avg"),
        pytest.param("max(x) > 1", "aggregation", ["max → min", "max → avg", "max → sum"], id="max"),
        pytest.param("count(x) > 1", "aggregation", ["count → sum"], id="count"),
        pytest.param("count(x == 1) > 1", "aggregation", [], id="count-of-ones"),
        pytest.param("topk(3, x) > 1", "aggregation", ["topk → bottomk"], id="topk"),
        pytest.param("topk(3, x) > 1", "count", ["topk(3, …) → topk(4, …)", "topk(3, …) → topk(2, …)"], id="k"),
        pytest.param("topk(1, x) > 1", "count", ["topk(1, …) → topk(2, …)"], id="k-at-least-1"),
        pytest.param("quantile(0.9, x) > 1", "quantile", ["quantile 0.9 → 0.5", "quantile 0.9 → 0.95", "quantile 0.9 → 0.99"], id="quantile"),
        pytest.param("histogram_quantile(0.95, x) > 1", "quantile", ["quantile 0.95 → 0.5", "quantile 0.95 → 0.9", "quantile 0.95 → 0.99"], id="histogram"),
        # All buckets multiplied by one number have the same quantile.
        pytest.param("histogram_quantile(0.5, sum by (le) (rate(x[5m]))) > 1", "function", ["rate → irate", "rate → deriv"], id="histogram-rate"),
        pytest.param("histogram_quantile(0.5, sum by (le) (rate(x[5m]))) > 1", "aggregation", ["sum → max", "sum → min", "sum → count"], id="histogram-sum"),
        pytest.param("sum by (job, zone) (x) > 1", "grouping", ["by (job, zone) → by (zone)", "by (job, zone) → by (job)", "by (job, zone) → none", "by (job, zone) → without (job, zone)"], id="by"),
        pytest.param("sum by (job) (x) > 1", "grouping", ["by (job) → none", "by (job) → without (job)"], id="by-one"),
        pytest.param("sum without (pod) (x) > 1", "grouping", ["without (pod) → without ()", "without (pod) → by (pod)"], id="without"),
        pytest.param("sum(x) > 1", "grouping", [], id="no-grouping"),
        pytest.param("sum(sum by (job) (x)) > 1", "grouping", [], id="sum-of-sums"),
        pytest.param("sum(max by (job) (x)) > 1", "grouping", ["by (job) → none", "by (job) → without (job)"], id="sum-of-maxima"),
        pytest.param("absent(sum by (job) (x))", "grouping", [], id="absent-sum"),
        pytest.param("a unless on (job) sum by (job, zone) (b)", "grouping", ["by (job, zone) → by (zone)", "by (job, zone) → none", "by (job, zone) → without (job, zone)"], id="on"),
        pytest.param("sum by (job) (x) > 1", "aggregation-removed", ["sum by (job) (x) → x"], id="removed"),
        pytest.param("sum(sum by (job) (x)) > 1", "aggregation-removed", ["sum(sum by (job) (x)) → sum by (job) (x)"], id="sum-of-sums-removed"),
        pytest.param("increase(x[5m]) > 1", "function", ["increase → rate", "increase → delta"], id="increase"),
        pytest.param("irate(x[5m]) > 1", "function", ["irate → rate", "irate → idelta"], id="irate"),
        pytest.param("delta(x[5m]) > 1", "function", ["delta → increase", "delta → idelta"], id="delta"),
        pytest.param("deriv(x[5m]) > 1", "function", ["deriv → rate", "deriv → delta"], id="deriv"),
        pytest.param("avg_over_time(x[5m]) > 1", "function", ["avg_over_time → max_over_time", "avg_over_time → min_over_time", "avg_over_time → last_over_time"], id="over-time"),
        pytest.param("changes(x[5m]) > 1", "function", ["changes → resets"], id="changes"),
        pytest.param("absent_over_time(x[5m])", "function", ["absent_over_time → present_over_time"], id="absent-over-time"),
        pytest.param("sort_desc(x) > 1", "function", [], id="sort"),
        pytest.param("absent(x)", "function-removed", ["absent(x) → x"], id="absent"),
        pytest.param("clamp_min(x, 1) > 1", "function-removed", ["clamp_min(x, 1) → x"], id="clamp"),
        pytest.param("x + y > 1", "arithmetic", ["+ → -"], id="plus"),
        pytest.param("x - y > 1", "arithmetic", ["- → +"], id="minus"),
        pytest.param("x * y > 1", "arithmetic", ["* → /"], id="times"),
        pytest.param("-x > 1", "negation", ["-x → x"], id="negation"),
        pytest.param("x * 100 > 1", "constant", ["100 → 101", "100 → 99", "100 → 200"], id="hundred"),
        pytest.param("x * 99 > 1", "constant", ["99 → 100", "99 → 98", "99 → 198"], id="below-hundred"),
        pytest.param("1 - x > 1", "constant", ["1 → 2", "1 → 0"], id="one"),
        pytest.param("a and b", "set-operator", ["and → or", "and → unless"], id="and"),
        pytest.param("a or b", "set-operator", ["or → and", "or → unless"], id="or"),
        pytest.param("a unless b", "set-operator", ["unless → and", "unless → or"], id="unless"),
        pytest.param("a unless b", "operand-dropped", ["unless: b dropped", "unless: a dropped"], id="dropped"),
        pytest.param("a / on (job, pod) b > 1", "matching", ["on (job, pod) → on (pod)", "on (job, pod) → on (job)", "on (job, pod) → ignoring (job, pod)"], id="matching"),
        pytest.param("a / on (job) group_left (zone) b > 1", "matching", ["on (job) → on ()", "on (job) → ignoring (job)", "group_left (zone) → none", "group_left (zone) → group_left ()"], id="group-left"),
    ],
)  # fmt: skip
def test_operator(expr: str, operator: str, expected: list[str]) -> None:
    """Each kind of change makes these mutants, in this order."""
    assert listed(expr, operator) == expected


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        pytest.param('a="b"', ["none", 'a!="b"', 'a="no-such-value"'], id="equal"),
        pytest.param('a="b.c"', ["none", 'a!="b.c"', 'a="no-such-value"', 'a=~"b.c"'], id="equal-pattern"),
        pytest.param('a!="b"', ["none", 'a="b"'], id="not-equal"),
        pytest.param('a!="b.c"', ["none", 'a="b.c"', 'a!~"b.c"'], id="not-equal-pattern"),
        pytest.param('a=~"b.*"', ["none", 'a!~"b.*"', 'a="no-such-value"'], id="regex"),
        pytest.param(
            'a=~"b|c"', ["none", 'a!~"b|c"', 'a="no-such-value"', 'a=~"c"', 'a=~"b"'], id="alternatives"
        ),
        pytest.param('a!~"b|c"', ["none", 'a=~"b|c"', 'a!~"c"', 'a!~"b"'], id="not-alternatives"),
        pytest.param(
            'a=~"x(b|c)"', ["none", 'a!~"x(b|c)"', 'a="no-such-value"'], id="alternatives-in-a-group"
        ),
        pytest.param('a=~".*"', [], id="everything"),
    ],
)
def test_matcher(matcher: str, expected: list[str]) -> None:
    """A matcher is dropped, negated, matches nothing, is read in the other syntax, and loses each alternative."""
    operators = (
        "matcher-dropped",
        "matcher-negated",
        "matcher-value",
        "matcher-regex",
        "matcher-alternative",
    )
    assert listed(f"x{{{matcher}}} > 1", *operators) == [f"{matcher} → {each}" for each in expected]


def test_the_last_matcher_of_a_nameless_selector_stays() -> None:
    """A selector without a name and without matchers is not PromQL, so nothing is dropped there."""
    assert 'job="a" → none' not in listed('{job="a"} > 1', "matcher-dropped")
    assert listed('{__name__="a", job="b"} > 1', "matcher-dropped") == ['job="b" → none']


@pytest.mark.parametrize(
    ("written", "interval", "expected"),
    [
        pytest.param("5m", 60, ["6m", "4m", "0s", "10m"], id="minutes"),
        pytest.param("5m", 15, ["5m15s", "4m45s", "0s", "10m"], id="quarters"),
        pytest.param("1m", 60, ["2m", "0s"], id="one-evaluation"),
        pytest.param("0s", 60, ["1m"], id="none"),
        # Evaluated each minute, 40 s, 60 s and 50 s are one evaluation; 80 s are two.
        pytest.param("40s", 60, ["1m40s", "0s", "1m20s"], id="between-evaluations"),
        pytest.param("30s", 60, ["1m30s", "0s"], id="doubled-to-the-same"),
    ],
)
def test_for(written: str, interval: float, expected: list[str]) -> None:
    """`for` moves by one evaluation, to none, and to twice, where that is another number of evaluations."""
    made = [each for each in mutants(rule("x > 1", **{"for": written}), interval) if each.operator == "for"]
    assert [each.what.partition(" → ")[2] for each in made] == expected


def test_keep_firing_for() -> None:
    """`keep_firing_for` moves as `for` does; a rule without it gets none."""
    made = mutants(rule("x > 1", keep_firing_for="5m"))
    whats = [each.what for each in made if each.operator == "keep-firing-for"]
    assert whats == [f"keep_firing_for 5m → {new}" for new in ("6m", "4m", "0s", "10m")]
    assert not listed("x > 1", "keep-firing-for")


def test_labels_and_annotations() -> None:
    """Each label and each annotation is removed once, and the others stay."""
    made = mutants(rule("x", labels={"severity": "page", "team": "a"}, annotations={"summary": "s"}))
    by_what: dict[str, Mutant] = {each.what: each for each in made}
    assert dict(by_what["label severity removed"].changed.labels) == {"team": "a"}
    assert dict(by_what["label team removed"].changed.labels) == {"severity": "page"}
    assert by_what["annotation summary removed"].changed.annotations == {}


def test_a_recording_rule_has_no_for() -> None:
    """A recording rule's mutants are of its expression and its labels alone."""
    made = mutants(rule("sum(x)", kind="record", name="job:x:sum", labels={"a": "b"}))
    assert {each.operator for each in made} == {"aggregation", "aggregation-removed", "label-removed"}


def test_what_a_test_would_show() -> None:
    """A mutant says at which value the rule and it differ, so that a person can write the case."""
    tests = {each.what: each.test for each in mutants(rule("x > 0.05"))}
    assert tests["> → >="] == "compares 0.05, which `> 0.05` and `>= 0.05` judge differently"
    assert (
        tests["threshold 0.05 → 0.0505"] == "compares 0.0505, which `> 0.05` and `> 0.0505` judge differently"
    )
    assert (
        tests["threshold 0.05 → 0.0495"] == "compares 0.05, which `> 0.05` and `> 0.0495` judge differently"
    )


def test_diff() -> None:
    """The diff shows the rule's place, the line that changed, and the mutant's id."""
    mutant = next(each for each in mutants(rule("x > 0.05", **{"for": "5m"})) if each.what == "> → >=")
    assert mutant.diff().splitlines() == [
        f"--- made.rules.yml:{mutant.rule.place.line}",
        f"+++ mutant {mutant.id}",
        "@@ -1,4 +1,4 @@",
        " - alert: Alarm",
        "   expr: |",
        "-    x > 0.05",
        "+    x >= 0.05",
        "   for: 5m",
    ]


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        pytest.param("sum(", "unclosed left parenthesis", id="unclosed"),
        pytest.param(
            "x{a='1' or b='2'}", "`or` between matchers, which Prometheus does not support", id="or-matchers"
        ),
        pytest.param("", "no expression found", id="empty"),
        pytest.param("+".join(["x"] * 200), "nested more than 100 deep", id="deep"),
    ],
)
def test_no_promql(expr: str, reason: str) -> None:
    """An expression that cannot be read is an error with the reason, and no empty list."""
    with pytest.raises(UnreadableError, match=reason):
        mutants(replace(rule("x"), expr=expr))


def test_raw_strings() -> None:
    """A raw string keeps its backslashes, as Prometheus reads it."""
    made = next(each for each in mutants(rule(r"x{a=~`\d+`} > 1")) if each.operator == "matcher-negated")
    assert made.changed.expr == r'x{a!~"\\d+"} > 1'

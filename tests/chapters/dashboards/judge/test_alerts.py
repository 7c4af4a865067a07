"""Which metrics of alerts are on a panel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.alerts import alert_metrics_are_shown, is_drawn
from deployspec.chapters.dashboards.model import Item
from deployspec.languages.grafana import Language, read
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Outcome

EXPRESSION = {"refId": "C", "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": "$A / 2"}


def items(targets: list[dict[str, Any]], **board: Any) -> list[Item]:
    """The queries in PromQL of a dashboard with one panel."""
    document = {"title": "T", "schemaVersion": 39, "panels": [{"title": "P", "targets": targets}], **board}
    made = read(json.dumps(document), "t.json")
    assert not isinstance(made, tuple)
    return [Item(one.place.path, made, one) for one in made.queries if one.language is Language.PROMQL]


@pytest.mark.parametrize(
    ("targets", "drawn"),
    [
        ([{"refId": "A", "expr": "x"}], [True]),
        ([{"refId": "A", "expr": "x", "hide": True}, {"refId": "B", "expr": "y"}], [False, True]),
        ([{"refId": "A", "expr": "x", "hide": True}, EXPRESSION], [True]),
        ([{"refId": "A", "expr": "x", "hide": True}, EXPRESSION | {"hide": True}], [False]),
    ],
)
def test_a_hidden_query_is_drawn_by_an_expression_alone(
    targets: list[dict[str, Any]], drawn: list[bool]
) -> None:
    """By nothing else."""
    assert list(map(is_drawn, items(targets))) == drawn


def test_a_variables_query_is_on_no_panel() -> None:
    """An annotation's is drawn over panels."""
    variable = {"name": "v", "type": "query", "query": "label_values(x, job)"}
    annotation = {"name": "a", "datasource": {"type": "prometheus"}, "expr": "y > 0"}
    made = items([], templating={"list": [variable]}, annotations={"list": [annotation]})
    assert {item.query.text: is_drawn(item) for item in made} == {"x": False, "y > 0": True}


def rule(name: str, expr: str, kind: str = "alert") -> Rule:
    """A rule of a loaded file."""
    return Rule(kind, name, expr, 0.0, 0.0, {}, {}, "g", {})


RATIO = rule("job:errors:ratio", "job:errors / job:requests", "record")
SUMS = (rule("job:errors", "sum(errors)", "record"), rule("job:requests", "sum(requests)", "record"))
CIRCLE = (rule("r:a", "r:b + x", "record"), rule("r:b", "r:a + y", "record"))
ALL_SHOWN = "every metric of an alert is on a panel, or listed"


@pytest.mark.parametrize(
    ("rules", "queries", "unshown", "reason"),
    [
        ([], [], [], ALL_SHOWN),
        ([rule("A", "x > 1")], ["rate(x[5m])"], [], ALL_SHOWN),
        ([rule("A", "x > 1")], ["y"], [], "no panel shows `x` (A)"),
        ([rule("A", "x > 1")], ["xx"], ["x*"], ALL_SHOWN),
        ([rule("A", "x > 1")], [], ["xx*"], "no panel shows `x` (A)"),
        ([rule("B", "x > 1"), rule("A", "x > 2"), rule("A", "x > 3")], [], [], "no panel shows `x` (B, A)"),
        ([rule("A", "z + y + x + w")], [], [], "no panel shows `w` (A), `x` (A), `y` (A) and 1 more"),
        ([rule("A", "z + y + x")], [], [], "no panel shows `x` (A), `y` (A), `z` (A)"),
        # A metric that a rule records is shown by itself, or by all that the rule reads.
        ([rule("A", "job:errors:ratio > 1"), RATIO, *SUMS], ["job:errors:ratio"], [], ALL_SHOWN),
        ([rule("A", "job:errors:ratio > 1"), RATIO, *SUMS], ["errors / job:requests"], [], ALL_SHOWN),
        ([rule("A", "job:errors:ratio > 1"), RATIO, *SUMS], ["errors"], [], "no panel shows `requests` (A)"),
        ([rule("A", "job:errors:ratio > 1"), RATIO, *SUMS], ["errors"], ["job:req*"], ALL_SHOWN),
        ([rule("A", "job:errors > 1"), *SUMS, rule("job:errors", "sum(old)", "record")], ["errors"], [], "no panel shows `old` (A)"),
        ([rule("A", "r:a > 1"), *CIRCLE], ["x"], [], "no panel shows `y` (A)"),
        ([rule("A", "r:a > 1"), *CIRCLE], ["x + y"], [], ALL_SHOWN),
        # A pattern of names shows what it matches, unless that is everything.
        ([rule("A", "http_5xx > 1")], ['sum({__name__=~"http_.*"})'], [], ALL_SHOWN),
        ([rule("A", "http_5xx > 1")], ['{__name__=~"http_.*", __name__!="http_5xx"}'], [], "no panel shows `http_5xx` (A)"),
        ([rule("A", "x > 1")], ['topk(9, count by (__name__)({__name__=~".+"}))', '{job="j"}', '{__name__!=""}'], [], "no panel shows `x` (A)"),
        ([rule("A", "x > 1")], ['{__name__=~"[^:]+"}', '{__name__=~"[a-z_]+"}', '{__name__=~".+", __name__!~"deploy.*"}', '{__name__=~".*[^e]"}'], [], "no panel shows `x` (A)"),
        ([rule("A", '{__name__=~"x|y", __name__!="y"}')], ["y"], [], "no panel shows `x` (A)"),
        ([rule("A", '{__name__="x"}')], ["x"], [], ALL_SHOWN),
        ([rule("A", '{__name__=~"x|y"}')], ["x", "y"], [], ALL_SHOWN),
        ([rule("A", 'x{a="y"} unless ALERTS{alertname="z"}')], ["x"], [], ALL_SHOWN),
        ([rule("A", "ALERTS_FOR_STATE > 1")], [], [], ALL_SHOWN),
        # What is recorded of nothing is to be shown itself.
        ([rule("A", "r > 1"), rule("r", "vector(1)", "record")], ["y"], [], "no panel shows `r` (A)"),
        ([rule("A", "r > 1"), rule("r", "sum(", "record")], ["y"], [], "no panel shows `r` (A)"),
        ([rule("A", "r > 1"), rule("r", "vector(1)", "record")], ["r"], [], ALL_SHOWN),
        # What no alert reads may be shown nowhere; and of what is not PromQL, other checks tell.
        ([rule("r", "x", "record")], [], [], ALL_SHOWN),
        ([rule("A", "sum(")], ["sum("], [], ALL_SHOWN),
    ],
)  # fmt: skip
def test_what_alerts_read_is_on_a_panel(
    rules: list[Rule], queries: list[str], unshown: list[str], reason: str
) -> None:
    """Each metric that is not is named, with its alerts."""
    verdict = alert_metrics_are_shown(rules, queries, 0, unshown)
    wanted = Outcome.MET if reason == ALL_SHOWN else Outcome.BREACHED
    assert (verdict.outcome, verdict.reason) == (wanted, reason)


@pytest.mark.parametrize(
    ("queries", "unread", "outcome", "reason"),
    [
        (["x", "y"], 1, Outcome.MET, ALL_SHOWN),
        (["x"], 1, Outcome.UNMEASURED, "no panel shows `y` (A); 1 query could not be read, and may"),
        (["x"], 2, Outcome.UNMEASURED, "no panel shows `y` (A); 2 queries could not be read, and may"),
    ],
)
def test_what_cannot_be_read_may_show_it(
    queries: list[str], unread: int, outcome: Outcome, reason: str
) -> None:
    """So it is not known whether it is missing."""
    verdict = alert_metrics_are_shown([rule("A", "x + y")], queries, unread, [])
    assert (verdict.outcome, verdict.reason, verdict.measured) == (outcome, reason, "2 metrics of alerts")


UNLISTED = "alerts read metrics that they do not list, and no panel reads the same; list the pattern in dashboards.unshown: "
HTTP = '{__name__=~"http_.*"}'
RECORDED = rule("r", f"sum(rate({HTTP}[5m]))", "record")


@pytest.mark.parametrize(
    ("rules", "queries", "unshown", "reason"),
    [
        ([rule("A", f"{HTTP} > 1")], ["http_5xx"], [], f"{UNLISTED}`{HTTP}` (A)"),
        ([rule("A", f"{HTTP} > 1")], [f"sum({HTTP})"], [], ALL_SHOWN),
        ([rule("A", f"{HTTP} > 1")], [], [HTTP], ALL_SHOWN),
        # Conditions on other labels may differ, as they may of a metric with a name.
        ([rule("A", '{__name__=~"http_.*", job="a"} > 1')], [HTTP], [], ALL_SHOWN),
        ([rule("A", '{job="a"} > 1')], ["x"], [], f'{UNLISTED}`{{job="a"}}` (A)'),
        ([rule("A", 'rate({job="a"}[5m]) > 1')], ['{job="a"}'], [], ALL_SHOWN),
        ([rule("A", "r > 1"), RECORDED], ["up"], [], f"{UNLISTED}`{HTTP}` (A)"),
        ([rule("A", "r > 1"), RECORDED], ["r"], [], ALL_SHOWN),
        ([rule("A", "r > 1"), RECORDED], [HTTP], [], ALL_SHOWN),
        # A pattern that cannot be read here may be one of the metric.
        ([rule("A", "x > 1")], ['{__name__=~"[[:alpha:]]+"}'], [], "no panel shows `x` (A); 1 query could not be read, and may"),
        ([rule("A", "x > 1")], ['{__name__=~"x.*", __name__!~"[[:alpha:]]+"}'], [], "no panel shows `x` (A); 1 query could not be read, and may"),
    ],
)  # fmt: skip
def test_metrics_that_are_not_listed(
    rules: list[Rule], queries: list[str], unshown: list[str], reason: str
) -> None:
    """Of a pattern of names nobody knows all metrics, so it is shown by the same pattern alone."""
    verdict = alert_metrics_are_shown(rules, queries, 0, unshown)
    wanted = Outcome.MET if reason == ALL_SHOWN else Outcome.UNMEASURED
    assert (verdict.outcome, verdict.reason) == (wanted, reason)

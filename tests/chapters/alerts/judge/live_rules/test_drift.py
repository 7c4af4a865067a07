"""Whether loaded rules are the repository's."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.base.problems import Place, Problem
from deployspec.chapters.alerts.judge.live_rules import drift
from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.rule_files.model import RuleFile
from deployspec.model.verdict import Outcome
from tests.chapters.alerts.judge.live_rules.building import (
    answer_group,
    answer_rule,
    file,
    group,
    loaded,
    record,
    rule,
)

EXPR = 'sum by (job) (rate(requests_total{status=~"5.."}[5m])) > 0.05'
OURS = rule(EXPR, for_=300.0, labels={"severity": "critical"}, annotations={"summary": "High"})


def theirs(**changed: Any) -> dict[str, Any]:
    """The same rule as Prometheus tells it, with changes."""
    told: dict[str, Any] = {
        "duration": 300,
        "labels": {"severity": "critical"},
        "annotations": {"summary": "High"},
    }
    return answer_rule(changed.pop("query", EXPR), **(told | changed))


# id, our group, the loaded one: they mean the same.
EQUAL: list[tuple[str, Any, Any]] = [
    ("as-written", group(OURS), answer_group(theirs())),
    (
        "another-spelling",
        group(rule("sum(rate(x{a='b'}[300s])) by(job)>.5", labels={"a": "1", "b": "2"})),
        answer_group(answer_rule('sum by (job) (rate(x{a="b"}[5m])) > 0.5', labels={"b": "2", "a": "1"})),
    ),
    (
        "line-breaks-and-comments",
        group(rule("up\n  == # down\n  0\n")),
        answer_group(answer_rule("up == 0")),
    ),
    ("another-file", group(OURS), answer_group(theirs(), file="/elsewhere/0.yml")),
    ("interval-not-given-here", group(OURS), answer_group(theirs(), interval=60)),
    ("interval", group(OURS, interval=60), answer_group(theirs(), interval=60)),
    (
        "labels-of-the-group",
        group(OURS, labels={"severity": "none", "team": "shop"}),
        answer_group(theirs(labels={"severity": "critical", "team": "shop"})),
    ),
    ("label-without-a-value", group(OURS), answer_group(theirs(labels={"severity": "critical", "team": ""}))),
    (
        "recording",
        group(record("job:up:sum", "sum by (job) (up)")),
        answer_group(answer_rule("sum by (job) (up)", "job:up:sum", kind="recording")),
    ),
    ("unparsable-but-the-same", group(rule("new_function(up)  > 1")), answer_group(answer_rule("new_function(up) > 1"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "there"), [pytest.param(ours, there, id=name) for name, ours, there in EQUAL]
)
def test_rules_that_mean_the_same_are_no_drift(ours: Any, there: Any) -> None:
    """MET where every rule is loaded with the same meaning."""
    found = drift([file(ours)], loaded(there))
    assert found.verdict.outcome is Outcome.MET
    assert found.verdict.reason == "the rules loaded there are the repository's: 1 rule in 1 group"
    assert found.diff == ""


# id, the loaded rule, the lines of the diff that differ.
CHANGED: list[tuple[str, dict[str, Any], list[str]]] = [
    ("threshold", theirs(query=EXPR.replace("0.05", "0.5")), ["-    expr: " + EXPR, "+    expr: " + EXPR.replace("0.05", "0.5")]),
    ("for", theirs(duration=60), ["-    for: 300 s", "+    for: 60 s"]),
    ("for-by-a-moment", theirs(duration=300.001), ["-    for: 300 s", "+    for: 300.001 s"]),
    ("no-for", theirs(duration=0), ["-    for: 300 s"]),
    ("keep-firing-for", theirs(keepFiringFor=60), ["+    keep_firing_for: 60 s"]),
    ("label", theirs(labels={"severity": "warning"}), ['-      severity: "critical"', '+      severity: "warning"']),
    ("more-labels", theirs(labels={"severity": "critical", "x": "y"}), ['+      x: "y"']),
    ("annotation", theirs(annotations={"summary": "High\n"}), ['-      summary: "High"', '+      summary: "High\\n"']),
    ("name", theirs(name="HighErrors"), ["-  alert: HighErrorRate", "+  alert: HighErrors"]),
    ("kind", answer_rule(EXPR, kind="recording", labels={"severity": "critical"}),
     ["-  alert: HighErrorRate", "+  record: HighErrorRate", "-    for: 300 s", "-    annotations:", '-      summary: "High"']),
]  # fmt: skip


@pytest.mark.parametrize(
    ("there", "lines"), [pytest.param(there, lines, id=name) for name, there, lines in CHANGED]
)
def test_a_changed_rule_is_drift(there: dict[str, Any], lines: list[str]) -> None:
    """BREACHED where a rule is loaded with different content, with a diff of exactly what differs."""
    found = drift([file(group(OURS))], loaded(answer_group(there)))
    assert found.verdict.outcome is Outcome.BREACHED
    assert (
        found.verdict.reason
        == "the rules loaded there are not the repository's: 1 group loaded with different content: api"
    )
    differing = [line for line in found.diff.splitlines() if line[0] in "+-"]
    assert differing[:2] == ["--- rules/api.rules.yml", "+++ /etc/prometheus/api.yml"]
    assert sorted(differing[2:]) == sorted(lines)


def test_an_interval_that_differs_is_drift() -> None:
    """A group's interval counts where the repository gives one."""
    found = drift([file(group(OURS, interval=60))], loaded(answer_group(theirs(), interval=15)))
    assert found.verdict.outcome is Outcome.BREACHED
    assert "-  interval: 60 s\n+  interval: 15 s\n" in found.diff


def test_the_order_of_rules_counts() -> None:
    """In a group, rules are evaluated in their order: another one is drift."""
    ours = group(record("a", "up"), record("b", "a"))
    there = answer_group(answer_rule("a", "b", kind="recording"), answer_rule("up", "a", kind="recording"))
    assert drift([file(ours)], loaded(there)).verdict.outcome is Outcome.BREACHED


def test_the_order_of_groups_does_not_count() -> None:
    """Files and groups may be packed in another way."""
    files = [file(group(OURS, name="a")), file(group(rule("up == 0", "Down"), name="b"))]
    there = loaded(answer_group(answer_rule("up == 0", "Down"), name="b"), answer_group(theirs(), name="a"))
    assert drift(files, there).verdict.outcome is Outcome.MET


def test_a_group_that_is_not_loaded_is_drift() -> None:
    """BREACHED where a group is missing, or where Prometheus has no rules at all."""
    files = [file(group(OURS), group(rule("up == 0", "Down"), name="targets"))]
    for there in (loaded(answer_group(theirs())), loaded()):
        found = drift(files, there)
        assert found.verdict.outcome is Outcome.BREACHED
        assert "not loaded: " in found.verdict.reason
        assert "targets" in found.verdict.reason
        assert "-  alert: Down\n" in found.diff


def test_a_rule_that_is_not_loaded_is_drift() -> None:
    """BREACHED where a rule of a group is missing."""
    found = drift([file(group(OURS, rule("up == 0", "Down")))], loaded(answer_group(theirs())))
    assert found.verdict.outcome is Outcome.BREACHED
    assert "-  alert: Down\n-    expr: up == 0\n" in found.diff


def test_a_group_left_behind_is_drift() -> None:
    """A group that the repository no longer has, in a file there that holds rules of ours, is drift."""
    old = answer_group(answer_rule("up == 0", "Old"), name="old")
    found = drift([file(group(OURS))], loaded(answer_group(theirs()), old))
    assert found.verdict.outcome is Outcome.BREACHED
    assert found.verdict.reason.endswith(": 1 group loaded but not in the files: old")
    assert '+group "old"\n+  interval: 15 s\n+  alert: Old\n+    expr: up == 0\n' in found.diff


def test_groups_of_other_teams_are_listed() -> None:
    """A group in a file without a rule of ours, even one of the same name, is listed and not compared."""
    other = answer_group(answer_rule("x > 1", "Theirs"), name="api", file="/etc/prometheus/team-b.yml")
    for there in (loaded(answer_group(theirs()), other), loaded(other, answer_group(theirs()))):
        found = drift([file(group(OURS))], there)
        assert found.verdict.outcome is Outcome.MET
        assert "; not compared: api (/etc/prometheus/team-b.yml), of files without" in found.verdict.reason
        assert found.others == ("api (/etc/prometheus/team-b.yml)",)


def test_a_changed_group_beside_another_of_its_name() -> None:
    """Of two loaded groups of our group's name, the one with our rules is compared."""
    other = answer_group(answer_rule("x > 1", "Theirs"), file="/etc/prometheus/team-b.yml")
    found = drift([file(group(OURS))], loaded(other, answer_group(theirs(duration=60))))
    assert found.verdict.reason.startswith(
        "the rules loaded there are not the repository's: 1 group loaded with different content"
    )
    assert "+    for: 60 s\n" in found.diff
    assert "Theirs" not in found.diff


def test_two_groups_of_one_name() -> None:
    """Two files of ours may have groups of the same name; each finds its own."""
    files = [file(group(OURS)), file(group(rule("up == 0", "Down")))]
    there = loaded(
        answer_group(answer_rule("up == 0", "Down"), file="/b.yml"), answer_group(theirs(), file="/a.yml")
    )
    assert drift(files, there).verdict.outcome is Outcome.MET


# id, the repository's files, what is loaded, the reason.
UNKNOWN: list[tuple[str, list[RuleFile], Any, str]] = [
    ("no-answer", [file(group(OURS))], Unavailable("no answer"), "no answer"),
    ("no-rules", [file()], loaded(), "the repository has no rules to compare with the loaded ones"),
    (
        "broken-file",
        [file(group(OURS), problems=(Problem(Place("rules/x.yml", 2, 1), "a list", "a mapping"),))],
        loaded(answer_group(theirs())),
        "the repository's rules cannot be compared: rules/x.yml:2:1: found a list; expected a mapping",
    ),
    (
        "unparsable",
        [file(group(rule("new_function(up) > 1")))],
        loaded(answer_group(answer_rule("new_function(up) > 1.0"))),
        "an expression that cannot be parsed cannot be compared: new_function(up) > 1",
    ),
]


@pytest.mark.parametrize(
    ("files", "there", "reason"),
    [pytest.param(files, there, reason, id=name) for name, files, there, reason in UNKNOWN],
)
def test_what_cannot_be_compared_is_unmeasured(files: list[RuleFile], there: Any, reason: str) -> None:
    """UNMEASURED where one side is not known."""
    verdict = drift(files, there).verdict
    assert (verdict.outcome, verdict.reason) == (Outcome.UNMEASURED, reason)

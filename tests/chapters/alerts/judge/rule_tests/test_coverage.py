"""Which kinds of case an alert has, and which it lacks."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_tests import coverage
from deployspec.languages.rule_files.rules import read_rules
from deployspec.model.verdict import Outcome, Verdict
from tests.chapters.alerts.judge.rule_tests.made import (
    RULES,
    alert,
    file_of,
    fires,
    group,
    record,
    rule_file,
    sampled,
    silent,
)

LOW = alert("Low", 'a{job="x"} < 1', "2m")
FIRES = group({'a{job="x"}': "0x5"}, fires("Low", "2m"))
SILENT = group({'a{job="x"}': "5x5"}, silent("Low", "5m"))
MISSING = group({'a{job="x"}': "0 stale"}, silent("Low", "5m"), name="missing data")

NO_FIRING = "one in which it fires"
NO_SILENCE = "one in which it is silent although its data is there"
NO_MISSING = "one in which it has missing data"


def judged(*groups, rules=(LOW,), which=0):
    """The verdict on one of the rules, its file loaded by a test file of these groups."""
    file = rule_file(*rules)
    return coverage(file.rules[which], [(file_of(*groups), {RULES: [file]})])


def lacks(verdict: Verdict, *kinds: str) -> bool:
    """Whether the verdict is a breach that names exactly these kinds of case."""
    named = [
        kind for kind in (NO_FIRING, NO_SILENCE, NO_MISSING) if kind.removeprefix("one ") in verdict.reason
    ]
    return verdict.outcome is Outcome.BREACHED and named == list(kinds)


def test_a_case_of_each_kind():
    """Met, with the place of a case of each kind."""
    verdict = judged(FIRES, SILENT, MISSING)
    assert verdict.outcome is Outcome.MET
    assert verdict.reason == "Low has a case of each kind"
    shown = [part.rpartition("a.test.yml")[0] for part in verdict.measured.split("; ")]
    assert shown == ["fires: ", "is silent although its data is there: ", "has missing data: "]


@pytest.mark.parametrize(
    ("groups", "lacking"),
    [
        pytest.param([SILENT, MISSING], [NO_FIRING], id="never-fires"),
        pytest.param([FIRES, MISSING], [NO_SILENCE], id="never-silent"),
        pytest.param([FIRES, SILENT], [NO_MISSING], id="never-missing"),
        pytest.param([FIRES], [NO_SILENCE, NO_MISSING], id="fires-only"),
        pytest.param([], [NO_FIRING, NO_SILENCE, NO_MISSING], id="no-case"),
        pytest.param([group({"a": "1"}, sampled("a", "0s"))], [NO_FIRING, NO_SILENCE, NO_MISSING], id="expressions-only"),
        pytest.param([group({'a{job="x"}': "0x5"}, fires("High", "2m"))], [NO_FIRING, NO_SILENCE, NO_MISSING], id="another-alert's"),
    ],
)  # fmt: skip
def test_what_is_lacking_is_named(groups, lacking):
    """A breach names each kind that has no case, and what to write."""
    verdict = judged(*groups)
    assert lacks(verdict, *lacking)
    assert ("an alert_rule_test with exp_alerts" in verdict.reason) is (NO_FIRING in lacking)
    assert ("an alert_rule_test without any series that it reads" in verdict.reason) is (
        NO_MISSING in lacking
    )
    assert ("an alert_rule_test without exp_alerts, at a time" in verdict.reason) is (NO_SILENCE in lacking)


# The series has an item each minute.
@pytest.mark.parametrize(
    ("series", "values", "at", "there"),
    [
        pytest.param('a{job="x"}', "5x5", "5m", True, id="at-the-last-number"),
        pytest.param('a{job="x"}', "5x5", "6m", False, id="just-above"),
        pytest.param('a{job="x"}', "5x5", "5m59s", True, id="the-last-evaluation-is-at-the-last-number"),
        pytest.param('a{job="x"}', "5x4 _", "5m", False, id="a-gap-is-no-data"),
        pytest.param('a{job="x"}', "5x4 stale", "5m", False, id="stale-is-no-data"),
        pytest.param('a{job="x"}', "5x3 _ 5", "4m", True, id="a-number-is-to-come"),
        pytest.param('a{job="y"}', "5x5", "5m", False, id="a-decoy-is-no-data"),
        pytest.param("b", "5x5", "5m", False, id="another-metric-is-no-data"),
    ],
)
def test_silent_although_its_data_is_there(series, values, at, there):
    """Silence counts while a series that the rule reads has numbers."""
    verdict = judged(FIRES, MISSING, group({series: values}, silent("Low", at)))
    assert verdict.outcome is Outcome.MET if there else lacks(verdict, NO_SILENCE)


def test_data_is_followed_through_recording_rules():
    """An alert on a recorded metric has its data where the recording rule has its."""
    rules = [record("r", 'sum(a{job="x"})'), alert("Low", "r < 1", "2m")]
    assert judged(FIRES, SILENT, MISSING, rules=rules, which=1).outcome is Outcome.MET
    decoy = group({'a{job="y"}': "5x5"}, silent("Low", "5m"))
    assert lacks(judged(FIRES, decoy, MISSING, rules=rules, which=1), NO_SILENCE)


def test_the_data_of_absent_is_what_must_be_there():
    """``absent`` is silent while its series is there."""
    rules = [alert("Low", 'absent(a{job="x"})', "2m")]
    fires_alone = group({"b": "1x5"}, fires("Low", "5m"), name="Missing Data")
    assert judged(fires_alone, SILENT, rules=rules).outcome is Outcome.MET
    assert lacks(judged(fires_alone, rules=rules), NO_SILENCE)


def test_an_alert_that_reads_nothing_needs_only_to_fire():
    """It has no data that could be there or missing."""
    watchdog = [alert("Low", "vector(1)")]
    assert judged(FIRES, rules=watchdog).outcome is Outcome.MET
    assert lacks(judged(rules=watchdog), NO_FIRING)


def test_of_alerts_of_one_name_each_must_fire():
    """What a case expects shows by its labels which of them fires; a template says nothing of its value."""
    rules = [
        alert("Low", 'a{job="x"} < 2', labels={"severity": "warning", "job": "{{ $labels.job }}"}),
        alert("Low", 'a{job="x"} < 1', labels={"severity": "critical"}),
    ]
    warned = group({'a{job="x"}': "1x5"}, fires("Low", "2m", severity="warning", job="x"))
    verdicts = [judged(warned, SILENT, MISSING, rules=rules, which=which) for which in (0, 1)]
    assert verdicts[0].outcome is Outcome.MET
    assert lacks(verdicts[1], NO_FIRING)


def test_only_test_files_that_load_the_rule_count():
    """An alert of that name in another file is another alert."""
    own, other = rule_file(LOW), rule_file(LOW, path="b.rules.yml")
    tests = file_of(FIRES, SILENT, MISSING)
    verdict = coverage(own.rules[0], [(tests, {RULES: [other]})])
    assert (verdict.outcome, verdict.reason) == (
        Outcome.BREACHED,
        "no test file loads a.rules.yml, so Low has no case",
    )
    assert coverage(own.rules[0], [(tests, {RULES: [other]}), (tests, {RULES: [own]})]).outcome is Outcome.MET


def test_kinds_may_be_spread_over_test_files():
    """Each file adds what it has; the order does not matter."""
    file = rule_file(LOW, path="rules/./a.rules.yml")
    tests = [(file_of(one), {RULES: [file]}) for one in (MISSING, SILENT, FIRES)]
    assert coverage(file.rules[0], tests).outcome is Outcome.MET
    assert coverage(rule_file(LOW, path="rules/a.rules.yml").rules[0], tests).outcome is Outcome.MET


def test_an_expression_that_cannot_be_read_is_unmeasured():
    """Which data it needs is not known."""
    broken = read_rules('groups: [{name: g, rules: [{alert: Low, expr: "sum("}]}]', RULES)
    verdict = coverage(broken.rules[0], [(file_of(FIRES, SILENT, MISSING), {RULES: [broken]})])
    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNMEASURED,
        "the expression of Low cannot be read: unclosed left parenthesis",
    )


# The series has an item each minute; the case is at five of them.
@pytest.mark.parametrize(
    ("series", "values", "missing"),
    [
        pytest.param("b", "5x9", True, id="no-series-that-it-reads"),
        pytest.param('a{job="y"}', "5x9", True, id="a-decoy-alone"),
        pytest.param('a{job="x"}', "5x4 stale", True, id="stale-just-then"),
        pytest.param('a{job="x"}', "5x5 stale", False, id="stale-later"),
        pytest.param('a{job="x"}', "5 _x3 5x9", True, id="a-gap"),
        pytest.param('a{job="x"}', "5x9 _", False, id="a-gap-later"),
        pytest.param('a{job="x"}', "5x9", False, id="all-there"),
    ],
)
def test_missing_data_is_told_by_the_series(series: str, values: str, missing: bool) -> None:
    """Whatever the group is called."""
    verdict = judged(FIRES, SILENT, group({series: values}, silent("Low", "5m")))
    assert verdict.outcome is Outcome.MET if missing else lacks(verdict, NO_MISSING)


def test_the_kinds_that_are_asked_for() -> None:
    """The others are not missed."""
    file = rule_file(LOW)
    tests = [(file_of(FIRES), {RULES: [file]})]
    assert coverage(file.rules[0], tests, ("fires",)).outcome is Outcome.MET
    assert lacks(coverage(file.rules[0], tests, ("fires", "missing")), NO_MISSING)

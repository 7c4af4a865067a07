"""The guards on names: what a test file speaks of must be there."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge import verdicts
from deployspec.chapters.alerts.judge.rule_tests import (
    GUARDS,
    concerning,
    errors_later,
    findings,
    missing_interval,
)
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.model.verdict import Outcome
from tests.chapters.alerts.judge.rule_tests.made import (
    RULES,
    alert,
    file_of,
    fires,
    found,
    group,
    record,
    rule_file,
    sampled,
    silent,
    told,
)

LOW = alert("Low", "a < 1")


def test_a_sound_file_has_no_finding():
    """An alert that fires, and one that is silent while its data is there."""
    sound = group({"a": "0x5 2x5"}, fires("Low", "2m"), silent("Low", "8m"), sampled("a < 1", "9m"))
    assert found([LOW], sound) == ()


def test_unknown_alert():
    """A misspelt alertname is found in each of its cases, with the nearest name, and in no other case."""
    file = file_of(group({"a": "2x5"}, silent("Low", "2m"), silent("Lwo", "3m"), fires("Lwo", "4m")))
    found = findings(file, {RULES: [rule_file(LOW)]})
    assert told(found) == [("unknown-alert", "3m"), ("unknown-alert", "4m")]
    assert (
        found[0].reason == "alertname Lwo exists in none of the rule files (a.rules.yml); did you mean Low?"
    )
    assert found[0].place == file.cases[1].place
    assert [len(concerning(found, case)) for case in file.cases] == [0, 1, 1]


@pytest.mark.parametrize("rules", [[record("Low", "a")], [alert("low", "a < 1")]])
def test_an_alert_is_known_by_its_exact_name(rules):
    """Neither a recorded metric of that name nor another case of its letters will do."""
    assert told(found(rules, group({"a": "2x5"}, silent("Low", "2m")))) == [("unknown-alert", "2m")]


def test_an_alert_may_be_in_a_file_that_could_not_be_read_whole():
    """The finding says so, as the alert may be in what is broken."""
    broken = read_rules("groups: [{name: g, rules: [{alert: Lo w, exprr: a}]}]", RULES)
    assert broken.problems
    (finding,) = findings(file_of(group({}, fires("Low", "1m"))), {RULES: [broken]})
    assert finding.guard == "unknown-alert"
    assert "(not all of a.rules.yml could be read)" in finding.reason


@pytest.mark.parametrize(
    ("rules", "series"),
    [
        pytest.param([LOW], 'a{job="x"}', id="read"),
        pytest.param([LOW], '{__name__="a", job="x"}', id="named-by-its-label"),
        pytest.param([record("r", "sum(b)"), LOW], "b", id="read-by-a-recording-rule"),
        pytest.param([record("r", "sum(b)"), LOW], "r", id="recorded"),
        pytest.param([alert("Many", '{__name__=~"b_.*"} > 1'), LOW], "b_total", id="read-by-pattern"),
        pytest.param([alert("Gone", "absent(b)"), LOW], "b", id="read-by-absent"),
        pytest.param([alert("Gone", "a unless b"), LOW], "b", id="read-by-unless"),
        pytest.param([alert("Sub", "max_over_time(rate(b[5m])[1h:]) > 1"), LOW], "b", id="read-in-a-subquery"),
        pytest.param([alert("On", 'ALERTS{alertname="Low"} == 1'), LOW], "ALERTS", id="alerts"),
    ],
)  # fmt: skip
def test_a_series_that_a_rule_names_is_used(rules, series):
    """Read or recorded by any rule of the test's files, by name or by pattern."""
    assert found(rules, group({"a": "0x5", series: "1x5"}, fires("Low", "2m"))) == ()


def test_unused_series():
    """A misspelt metric is found once in its group, with the nearest name, and concerns all of the group's cases."""
    file = file_of(
        group(
            {"a": "0x5", 'requests_totl{x="1"}': "1x5", 'requests_totl{x="2"}': "1x5"},
            silent("Many", "2m"),
            sampled("requests_totl", "2m"),
        ),
        group({"a": "0x5"}, fires("Low", "2m")),
    )
    found = findings(file, {RULES: [rule_file(LOW, alert("Many", "rate(requests_total[5m]) > 1"))]})
    assert told(found) == [("unused-series", "group")]
    assert found[0].reason == (
        "the metric requests_totl occurs in no rule of the test's rule files; did you mean requests_total?"
    )
    assert found[0].place == file.groups[0].series[1].place
    assert [len(concerning(found, case)) for case in file.cases] == [1, 1, 0]


def test_an_unused_series_beside_the_data_is_a_note():
    """What fires has its data, and so has what is silent while all that it needs is there. Other silence may lack it."""
    series = {"a": "0x5", "requests": "1x5"}
    file = file_of(
        group(series, fires("Low", "2m"), silent("Low", "9m")),
        group(series, fires("Low", "2m"), silent("Many", "2m")),
        group(series, silent("Many", "2m")),
        group(series, silent("Low", "2m")),
    )
    found = findings(file, {RULES: [rule_file(LOW, alert("Many", "a / request > 9"))]})
    assert [(*of, one.note) for of, one in zip(told(found), found, strict=True)] == [
        ("unused-series", "group", True),
        ("unused-series", "group", True),
        ("unused-series", "2m", False),
        ("unused-series", "group", False),
        ("unused-series", "group", True),
    ]
    assert [len(concerning(found, case)) for case in file.cases] == [0, 0, 0, 1, 1, 0]


@pytest.mark.parametrize(("values", "noted"), [("0x999999", True), ("0x999998", False)])
def test_costly_series(values, noted):
    """A million items are worth a note, and the case is promtool's to judge."""
    file = file_of(group({"a": values}, fires("Low", "2m")))
    found = findings(file, {RULES: [rule_file(LOW)]})
    assert told(found) == ([("costly-series", "group")] if noted else [])
    assert concerning(found, file.cases[0]) == ()
    verdict = verdicts.test_file_is_sound(file, found)
    assert verdict.outcome is Outcome.MET
    assert ("a has 1000000 items, which cost promtool some 90 MB" in verdict.reason) is noted


@pytest.mark.parametrize("name", ["a_bucket", "Low", "b", "A"])
def test_a_series_must_be_named_exactly(name):
    """Not by an alert's name, a label's, a longer one, or one in other letters."""
    rules = [alert("Low", 'a{b="1"} < 1', labels={"b": "x"})]
    series = group({'a{b="1"}': "0x5", name: "1x5"}, fires("Low", "2m"))
    assert told(found(rules, series)) == [("unused-series", "group")]


def test_empty_rule_files():
    """An entry that matches nothing concerns every case, beside one that matches."""
    file = file_of(group({"a": "0x5"}, fires("Low", "2m")), entries=[RULES, "b*.yml"])
    found = findings(file, {RULES: [rule_file(LOW)], "b*.yml": []})
    assert told(found) == [("empty-rule-files", "file")]
    assert found[0].reason == "rule_files: b*.yml matches no file, and promtool says nothing about it"
    assert found[0].place == file.rule_files[1].place
    assert concerning(found, file.cases[0]) == found


def test_no_rule_files_at_all():
    """A list without an entry loads no rule either."""
    found = findings(file_of(group({}, sampled("1 + 1", "0s")), entries=[]), {})
    assert told(found) == [("empty-rule-files", "file")]
    assert found[0].reason == "rule_files is empty, so no rule is tested"


def test_empty_group():
    """A group without a case is found beside one that has some, and concerns none of the others'."""
    file = file_of(group({"a": "0x5"}, name="forgotten"), group({"a": "0x5"}, fires("Low", "2m")))
    found = findings(file, {RULES: [rule_file(LOW)]})
    assert told(found) == [("empty-group", "group")]
    assert found[0].reason == (
        "the group forgotten has neither an alert_rule_test nor a promql_expr_test, so it tests nothing"
    )
    assert found[0].place == file.groups[0].place
    assert concerning(found, file.cases[0]) == ()


@pytest.mark.parametrize("case", [fires("Low", "2m"), sampled("a", "2m", {"labels": "a", "value": 0})])
def test_one_case_of_either_kind_is_enough(case):
    """A group of expressions alone tests something too."""
    assert found([LOW], group({"a": "0x5"}, case)) == ()


def test_empty_file():
    """A test file without a group."""
    found = findings(file_of(), {RULES: [rule_file(LOW)]})
    assert told(found) == [("empty-file", "file")]
    assert found[0].reason == "the file has no group of tests, so it tests nothing; add tests or remove it"
    assert str(found[0].place) == "a.test.yml:1:1"


def test_a_broken_file_is_told_by_its_problems_alone():
    """What could not be read is no empty file."""
    broken = read_tests("tests: {", "a.test.yml")
    assert broken.problems
    assert findings(broken, {}) == ()


@pytest.mark.parametrize(("name", "guards"), [("a", []), ("b", ["unused-series"])])
def test_an_expression_that_cannot_be_read_names_what_stands_in_it(name, guards):
    """Its problem is told by the rule file; the guards find nothing that may be its fault."""
    broken = read_rules('groups: [{name: g, rules: [{alert: Low, expr: "nosuch(a[5m]) >"}]}]', RULES)
    assert broken.problems
    found = findings(file_of(group({name: "1x5"}, silent("Low", "5m"))), {RULES: [broken]})
    assert [one.guard for one in found] == guards


def test_every_guard_is_registered_under_the_name_of_its_function():
    """One name for the guard, its finding and its section in the documentation."""
    assert {name.replace("-", "_") for name in GUARDS} == {guard.__name__ for guard in GUARDS.values()}


@pytest.mark.parametrize(("interval", "expected"), [("0s", 1), ("1m", 0)])
def test_missing_interval(interval, expected):
    """What an old promtool puts at time 0 is told of the case; an interval of 0 is none."""
    file = file_of(group({"a": "0x5"}, fires("Low", "2m"), interval=interval), every="30s")
    found = tuple(missing_interval(file, file.cases[0]))
    assert [finding.guard for finding in found] == ["missing-interval"] * expected
    assert all(finding.reason.endswith("set interval: 30s") for finding in found)


def test_missing_interval_without_series():
    """Where there are no items, there is no time that they could be at."""
    file = file_of(group({}, sampled("1 + 1", "0s"), interval="0s"))
    assert not tuple(missing_interval(file, file.cases[0]))


def test_errors_later_is_told_at_the_group():
    """promtool's words on what comes after the last ``eval_time`` concern the group; without any, nothing is found."""
    file = file_of(group({"a": "0x9"}, fires("Low", "2m"), silent("Low", "3m")))
    assert not tuple(errors_later(file, file.cases[0], ""))
    (found,) = errors_later(file, file.cases[0], "    rule: Low, time: 5m0s, err: many-to-many")
    assert (found.guard, found.about, found.place) == ("errors-later", file.groups[0], file.groups[0].place)
    assert "a rule fails after 3m" in found.reason
    assert "rule: Low, time: 5m0s, err: many-to-many" in found.reason

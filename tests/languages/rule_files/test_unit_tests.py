"""Files of unit tests are read as promtool reads them, and every problem has its place."""

from __future__ import annotations

import math

import pytest

from deployspec.base.problems import Place
from deployspec.languages.rule_files.model import Expected
from deployspec.languages.rule_files.unit_tests import read_tests

TESTS = """\
rule_files: [api.rules.yml, "../*.rules.yml"]
evaluation_interval: 30s
fuzzy_compare: true
tests:
- interval: 1m
  name: errors
  input_series:
  - series: 'errors{job="api"}'
    values: 0+1x10 _x5
  alert_rule_test:
  - eval_time: 5m
    alertname: HighErrorRate
  - eval_time: 10m
    alertname: HighErrorRate
    exp_alerts:
    - exp_labels: {severity: critical, tier: 1}
      exp_annotations: {summary: Many}
  promql_expr_test:
  - expr: errors
    eval_time: 1m
    exp_samples: [{labels: 'errors{job="api"}', value: 1e0}, {value: .nan}, {value: 0x10}]
- input_series: []
"""


def problems(text: str) -> list[str]:
    """All problems of a file of tests called f, as a person reads them."""
    return [str(problem) for problem in read_tests(text, "f").problems]


def test_a_sound_file_is_read_whole() -> None:
    """Rule files, groups, series and cases, with times in seconds and places."""
    file = read_tests(TESTS, "f")
    assert file.problems == ()
    assert [(entry.text, str(entry.place)) for entry in file.rule_files] == [
        ("api.rules.yml", "f:1:14"),
        ("../*.rules.yml", "f:1:30"),
    ]
    assert file.evaluation_interval == 30.0
    group, other = file.groups
    assert (group.index, group.name, group.interval, str(group.place)) == (0, "errors", 60.0, "f:5:3")
    (series,) = group.series
    assert (series.name, series.labels, series.items, series.last_number) == (
        "errors",
        {"job": "api"},
        16,
        10,
    )
    assert (series.text, series.place) == ('errors{job="api"}', Place("f", 8, 14))
    silent, firing, expr = group.cases
    assert (silent.kind, silent.subject, silent.eval_time, silent.expected) == (
        "alert",
        "HighErrorRate",
        300.0,
        (),
    )
    assert (firing.eval_time_text, firing.number, firing.group_name) == ("10m", 1, "errors")
    assert firing.expected == (Expected({"severity": "critical", "tier": "1"}, {"summary": "Many"}),)
    assert (expr.kind, expr.subject, expr.number, str(expr.place)) == ("expr", "errors", 0, "f:19:5")
    assert (other.index, other.name, other.cases) == (1, "", ())


def test_a_group_without_an_interval_has_the_evaluation_interval() -> None:
    """As promtool does it since 2.53; without either it is a minute."""
    assert read_tests(TESTS, "f").groups[1].interval == 30.0
    assert read_tests("tests: [{name: a}, {interval: 0s}]", "f").groups[1].interval == 60.0
    assert [group.timed for group in read_tests("tests: [{name: a}, {interval: 0s}, {interval: 1s}]", "f").groups] == [False, False, True]  # fmt: skip


def test_the_data_can_be_written_elsewhere() -> None:
    """Texts stay texts; what promtool wants as a number or a boolean is one."""
    file = read_tests(TESTS, "f")
    assert file.data["fuzzy_compare"] is True
    assert file.data["tests"][0] is file.groups[0].data
    samples = file.groups[0].data["promql_expr_test"][0]["exp_samples"]
    assert samples[0]["value"] == 1.0
    assert math.isnan(samples[1]["value"])
    assert samples[2]["value"] == 16
    assert file.groups[0].data["alert_rule_test"][1]["exp_alerts"][0]["exp_labels"]["tier"] == "1"


def group(text: str) -> str:
    """A file with one group; the text begins at line 2, column 3."""
    return f"tests:\n- {text}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", "f:1:1: found an empty file; expected unit tests of promtool", id="empty"),
        pytest.param("---\n---\n" + TESTS, "f:1:1: found an empty file; expected unit tests", id="empty document first"),
        pytest.param(TESTS + "---\n" + TESTS, "f:24:1: found a second document; expected one document", id="second document"),
        pytest.param("hello", 'f:1:1: found "hello"; expected a file of unit tests', id="a word"),
        pytest.param("test: []", "f:1:1: found the unknown field `test` in a file of unit tests; expected `tests`", id="test"),
        pytest.param("rule_files: a.yml", 'f:1:13: found "a.yml"; expected a list of rule files', id="no list"),
        pytest.param("fuzzy_compare: 'true'", 'f:1:16: found "true"; expected true or false, without quotes', id="fuzzy"),
        pytest.param("tests: {a: b}", "f:1:8: found a mapping; expected a list of test groups", id="tests"),
        pytest.param(group("nme: a"), "f:2:3: found the unknown field `nme` in a test group; expected `name`", id="nme"),
        pytest.param(group("interval: 5"), 'f:2:13: found "5"; expected `interval` as a duration', id="interval"),
        pytest.param(group("interval: 1m\n  interval: 2m"), "f:3:3: found the key `interval` for the second time", id="twice"),
        pytest.param(group("input_series: [{values: 1}]"), "f:2:18: found an input series without `series`", id="no series"),
        pytest.param(group("input_series: [{series: up, value: 1}]"), "f:2:31: found the unknown field `value` in an input series; expected `values`", id="value"),
        pytest.param(group("input_series: [{series: 'up{a=~\"b\"}', values: 1}]"), 'f:2:32: found `=~"b"}`; expected `=`', id="matcher"),
        pytest.param(group("input_series: [{series: up, values: 1 2 x3}]"), "f:2:43: found `x3`; expected values such as", id="values"),
        pytest.param(group('input_series: [{series: up, values: "1\\n2"}]'), 'f:2:40: found `1\\n2`; expected values such as', id="two lines"),
        pytest.param(group("input_series: [{series: up, values: [1]}]"), "f:2:39: found a list; expected values", id="list of values"),
        pytest.param(group("input_series: [{series: up, values: 1x99999999999}]"), "f:2:39: found more than 20000000 items", id="many items"),
        pytest.param(group("alert_rule_test: [{eval_time: 1m}]"), "f:2:21: found an alert case without `alertname`", id="no alert"),
        pytest.param(group("alert_rule_test: [{alertname: A, exp_alert: []}]"), "f:2:36: found the unknown field `exp_alert` in an alert case; expected `exp_alerts`", id="exp_alert"),
        pytest.param(group("alert_rule_test: [{alertname: A, exp_alerts: [{exp_label: {}}]}]"), "f:2:50: found the unknown field `exp_label` in an expected alert; expected `exp_labels`", id="exp_label"),
        pytest.param(group("alert_rule_test: [{alertname: A, eval_time: 1.5m}]"), 'f:2:47: found "1.5m"; expected `eval_time`', id="eval_time"),
        pytest.param(group("promql_expr_test: [{eval_time: 1m}]"), "f:2:22: found an expression case without `expr`", id="no expr"),
        pytest.param(group("promql_expr_test: [{expr: up, exp_samples: [{value: '1'}]}]"), 'f:2:55: found the text "1"; expected `value` as a number', id="quoted value"),
        pytest.param(group("promql_expr_test: [{expr: up, exp_samples: [{value: Inf}]}]"), 'f:2:55: found the text "Inf"; expected `value` as a number without quotes (infinity is .inf', id="Inf"),
        pytest.param(group("promql_expr_test: [{expr: up, exp_samples: [{label: up}]}]"), "f:2:48: found the unknown field `label` in an expected sample; expected `labels`", id="label"),
        pytest.param(group("\n-"), "f:2:2: found nothing; expected a test group", id="nothing as a group"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text: str, expected: str) -> None:
    """A problem names line and column, what was found and what was expected."""
    told = problems(text)
    assert any(problem.startswith(expected) for problem in told), told


def test_a_case_without_expected_alerts_expects_silence() -> None:
    """`exp_alerts` may be absent, null or empty; an empty item is an alert without labels, as to promtool."""
    text = group(
        "alert_rule_test: [{alertname: A}, {alertname: A, exp_alerts: }, {alertname: A, exp_alerts: [~]}]"
    )
    file = read_tests(text, "f")
    assert file.problems == ()
    assert [case.expected for case in file.cases] == [(), (), (Expected({}, {}),)]
    assert (file.cases[0].eval_time, file.cases[0].eval_time_text) == (0.0, "0s")

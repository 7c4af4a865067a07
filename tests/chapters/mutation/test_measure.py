"""Mutation runs: exactly the right survivors with a real promtool, and no verdict where there was no answer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.mutation import measure as mutation
from deployspec.chapters.mutation.judge.score import MutationResult, score
from deployspec.chapters.mutation.measure import MutationRuns
from deployspec.languages.rule_files.model import Rule, RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.model.verdict import Outcome
from deployspec.tools.promtool import TestRunner, find

RULES = """
groups:
  - name: g
    rules:
      - alert: Full
        expr: sum by (job) (queue{zone="a"}) > 5
        for: 2m
        labels: {severity: page}
        annotations: {summary: "{{ $value }} wait"}
"""
WEAK = """
rule_files: [made.rules.yml]
tests:
  - interval: 1m
    input_series: [{series: 'queue{job="j", zone="a"}', values: 20x10}]
    alert_rule_test:
      - {alertname: Full, eval_time: 5m, exp_alerts: [{exp_labels: {severity: page, job: j}, exp_annotations: {summary: 20 wait}}]}
  - interval: 1m
    input_series: [{series: 'queue{job="j", zone="a"}', values: 1x10}]
    alert_rule_test:
      - {alertname: Full, eval_time: 5m}
"""  # fmt: skip
STRONG = """
rule_files: [made.rules.yml]
tests:
  - interval: 1m
    input_series:
      - {series: 'queue{job="j", zone="a", pod="1"}', values: 3x10}
      - {series: 'queue{job="j", zone="a", pod="2"}', values: 2.05x10}
      - {series: 'queue{job="k", zone="a", pod="1"}', values: 3x10}
      - {series: 'queue{job="k", zone="a", pod="2"}', values: 2x10}
      - {series: 'queue{job="k", zone="b", pod="1"}', values: 9x10}
      - {series: 'queue{job="m", zone="a", pod="1"}', values: 4.96x10}
    alert_rule_test:
      - {alertname: Full, eval_time: 1m}
      - {alertname: Full, eval_time: 2m, exp_alerts: [{exp_labels: {severity: page, job: j}, exp_annotations: {summary: 5.05 wait}}]}
"""  # fmt: skip


@pytest.fixture
def runner() -> Iterator[TestRunner]:
    """The real promtool."""
    with TestRunner(find(os.environ)) as made:
        yield made


def read(rules: str, tests: str) -> tuple[TestFile, list[RuleFile]]:
    """A test file and the rule file that it loads, both sound."""
    rule_file, test_file = read_rules(rules, "made.rules.yml"), read_tests(tests, "made.test.yml")
    assert rule_file.problems == test_file.problems == ()
    return test_file, [rule_file]


def measured(
    submit: Callable[[str], Future[Any]],
    folder: Path,
    rules: str,
    tests: str,
    name: str,
    *,
    slices: bool = True,
) -> MutationResult:
    """One rule's result; nothing is left in the folder."""
    test_file, rule_files = read(rules, tests)
    runs = MutationRuns(submit, str(folder), [(test_file, rule_files)], slices=slices)
    try:
        return runs.of(named(rule_files, name))
    finally:
        runs.close()
        assert list(folder.iterdir()) == []


def named(rule_files: list[RuleFile], name: str) -> Rule:
    """The first rule of that name."""
    return next(rule for file in rule_files for rule in file.rules if rule.name == name)


def test_survivors_of_a_weak_test(runner: TestRunner, tmp_path: Path) -> None:
    """A test far from the threshold, from `for` and with one series lets exactly these mutants live."""
    result = measured(runner.submit, tmp_path, RULES, WEAK, "Full")
    assert {mutant.what for mutant in result.survivors()} == {
        "> → >=",
        "threshold 5 → 5.05",
        "threshold 5 → 4.95",
        "threshold 5 → 10",
        "threshold 5 → 2.5",
        "threshold 5 → 6",
        "threshold 5 → 4",
        "sum → avg",
        "sum → max",
        "sum → min",
        'zone="a" → none',
        "for 2m → 3m",
        "for 2m → 1m",
        "for 2m → 0s",
        "for 2m → 4m",
    }
    assert score(result).outcome == Outcome.BREACHED


def test_a_strong_test_kills_all(runner: TestRunner, tmp_path: Path) -> None:
    """A test at the threshold, at `for`, with a decoy and several series lets no mutant live."""
    result = measured(runner.submit, tmp_path, RULES, STRONG, "Full")
    assert [mutant.what for mutant in result.survivors()] == []
    assert {run.status for run in result.runs} == {"killed"}
    assert score(result).outcome == Outcome.MET


RECORDED = """
groups:
  - name: g
    rules:
      - {record: 'job:x:sum', expr: sum by (job) (x)}
      - {record: 'job:x:double', expr: 'job:x:sum * 2'}
      - {alert: Twice, expr: 'job:x:double > 4', labels: {severity: page}}
      - {alert: Twice, expr: 'job:x:double > 40', labels: {severity: call}}
      - {alert: Both, expr: 'x / on (job) y > 1'}
      - {alert: x, expr: 'absent(y)'}
"""
RECORDED_TESTS = """
rule_files: [made.rules.yml]
tests:
  - interval: 1m
    input_series:
      - {series: 'x{job="j", pod="1"}', values: 1 2 3 4 5}
      - {series: 'x{job="k", pod="2"}', values: 9x4}
      - {series: 'y{job="k"}', values: 1x4}
      - {series: 'y{job="k", pod="3"}', values: _ _ _ _ 1}
    alert_rule_test:
      - {alertname: Twice, eval_time: 1m, exp_alerts: [{exp_labels: {job: k, severity: page}}]}
      - {alertname: Twice, eval_time: 2m, exp_alerts: [{exp_labels: {job: j, severity: page}}, {exp_labels: {job: k, severity: page}}]}
      - {alertname: Both, eval_time: 3m, exp_alerts: [{exp_labels: {job: k}}]}
      - {alertname: x, eval_time: 3m}
    promql_expr_test:
      - {expr: 'job:x:sum', eval_time: 1m, exp_samples: [{labels: 'job:x:sum{job="j"}', value: 2}, {labels: 'job:x:sum{job="k"}', value: 9}]}
      - {expr: 'sum(job:x:double)', eval_time: 1m, exp_samples: [{labels: '{}', value: 22}]}
"""  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "tests", "name"),
    [
        pytest.param(RULES, WEAK, "Full", id="alert"),
        pytest.param(RECORDED, RECORDED_TESTS, "job:x:sum", id="recording-rule"),
        pytest.param(RECORDED, RECORDED_TESTS, "job:x:double", id="recording-rule-of-a-recording-rule"),
        pytest.param(RECORDED, RECORDED_TESTS, "Twice", id="two-rules-of-one-name"),
        pytest.param(RECORDED, RECORDED_TESTS, "Both", id="errors"),
        pytest.param(RECORDED, RECORDED_TESTS, "x", id="alert-named-as-a-metric"),
    ],
)
def test_together_and_alone_are_the_same(
    rules: str, tests: str, name: str, runner: TestRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mutants that stand beside each other have the verdict that each has alone under the rule's own name."""
    calls: list[str] = []
    monkeypatch.setattr(mutation, "alone", lambda *args: calls.append("") or _alone(*args))
    together = measured(runner.submit, tmp_path, rules, tests, name)
    assert calls == []
    monkeypatch.setattr(mutation, "separable", lambda *_: False)
    apart = measured(runner.submit, tmp_path, rules, tests, name)
    assert len(calls) == 1 + len(apart.runs)
    assert together == apart
    assert {"killed", "survived"} >= {run.status for run in together.runs}
    assert "killed" in {run.status for run in together.runs}


_alone = mutation.alone


SEEING = [
    pytest.param(RULES + "      - {alert: Meta, expr: 'count(ALERTS) > 3'}\n", id="a-rule-looks-at-alerts"),
    pytest.param(RULES + "      - {alert: Any, expr: '{zone=\"q\"}'}\n", id="a-rule-without-a-metric"),
]


@pytest.mark.parametrize("rules", SEEING)
def test_what_no_case_looks_at_sees_nothing(
    rules: str, runner: TestRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that would see the mutants' names is left out where it can have nothing to do with the cases."""
    calls: list[str] = []
    monkeypatch.setattr(mutation, "alone", lambda *args: calls.append("") or _alone(*args))
    together = measured(runner.submit, tmp_path, rules, WEAK, "Full")
    assert calls == []
    assert together == measured(runner.submit, tmp_path, rules, WEAK, "Full", slices=False)
    assert len(calls) == 1 + len(together.runs)


@pytest.mark.parametrize(
    ("rules", "tests"),
    [
        pytest.param(RULES.replace("{{ $value }}", "{{ $value }}{{ with query `up` }}{{ end }}"), WEAK, id="a-template-asks"),
        pytest.param(RULES, WEAK + "    promql_expr_test: [{expr: 'count(ALERTS)', eval_time: 1m}]\n", id="a-case-looks-at-alerts"),
    ],
)  # fmt: skip
def test_where_names_would_be_seen(
    rules: str, tests: str, runner: TestRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where something could see the mutants' names, each runs alone, with the same survivors."""
    calls: list[str] = []
    monkeypatch.setattr(mutation, "alone", lambda *args: calls.append("") or _alone(*args))
    result = measured(runner.submit, tmp_path, rules, tests, "Full")
    assert len(calls) == 1 + len(result.runs)
    assert "> → >=" in {mutant.what for mutant in result.survivors()}
    assert "> → <" not in {mutant.what for mutant in result.survivors()}


def test_a_recorded_series_as_input(runner: TestRunner, tmp_path: Path) -> None:
    """A test that puts in what a rule records is judged by promtool's own rules, under the real names."""
    tests = """
rule_files: [made.rules.yml]
tests:
  - input_series: [{series: 'job:x:sum{job="q"}', values: 5x4}, {series: 'x{job="j"}', values: 1x4}]
    alert_rule_test:
      - {alertname: Twice, eval_time: 1m, exp_alerts: [{exp_labels: {job: q, severity: page}}]}
"""
    result = measured(runner.submit, tmp_path, RECORDED, tests, "job:x:double")
    assert {run.mutant.what: run.status for run in result.runs} == {
        "* → /": "killed",
        "2 → 3": "survived",
        "2 → 1": "survived",
        "2 → 4": "survived",
    }


def test_errors_kill_and_hide_nothing(runner: TestRunner, tmp_path: Path) -> None:
    """A mutant that cannot be evaluated is killed; the others of its run are asked all cases all the same."""
    result = measured(runner.submit, tmp_path, RECORDED, RECORDED_TESTS, "Both")
    statuses = {run.mutant.what: run.status for run in result.runs}
    assert statuses["on (job) → on ()"] == "killed"
    assert statuses["threshold 1 → 2"] == "survived"
    assert statuses["> → <="] == "killed"


def test_tests_that_fail_without_mutation(runner: TestRunner, tmp_path: Path) -> None:
    """Where the rule as it is fails its tests, its mutants are not judged, and the reason names the alert."""
    result = measured(runner.submit, tmp_path, RULES, WEAK.replace("20 wait", "21 wait"), "Full")
    assert result.problem.startswith(
        "made.test.yml: the tests fail without any mutation: alertname: Full, time: 5m,"
    )
    assert score(result).outcome == Outcome.UNMEASURED


def test_no_case(runner: TestRunner, tmp_path: Path) -> None:
    """A rule that no case looks at is a breach, and promtool is not asked."""
    rules = RULES + "      - {alert: Forgotten, expr: y > 1}\n"
    result = measured(runner.submit, tmp_path, rules, WEAK, "Forgotten")
    assert (result.cases, result.problem) == (0, "")
    assert score(result).outcome == Outcome.BREACHED


@dataclass(frozen=True)
class Answer:
    """A made-up run."""

    exit_status: int | None
    output: str = ""
    trouble: str = ""


def answering(
    judge: Callable[[str, str], Answer], asked: list[str] | None = None
) -> Callable[[str], Future[Any]]:
    """A runner that answers from the text of the rule file and of the test file."""

    def submit(path: str) -> Future[Any]:
        rules = Path(path.replace(".test.yml", ".0.rules.yml")).read_text()
        if asked is not None:
            asked.append(rules)
        future: Future[Any] = Future()
        future.set_result(judge(rules, Path(path).read_text()))
        return future

    return submit


def test_no_answer_at_all(tmp_path: Path) -> None:
    """A promtool that never answers is asked twice for the first rule, and not again for the others."""
    asked: list[str] = []
    test_file, rule_files = read(RECORDED, RECORDED_TESTS)
    runs = MutationRuns(answering(lambda *_: Answer(None, trouble="it hung"), asked), str(tmp_path), [(test_file, rule_files)])  # fmt: skip
    first = runs.of(named(rule_files, "Both"))
    assert first.problem == "made.test.yml: promtool did not answer even without a mutation: it hung"
    assert len(asked) == 2
    assert (
        runs.of(named(rule_files, "Twice")).problem
        == "promtool did not answer even without a mutation: it hung"
    )
    assert len(asked) == 2
    assert score(first).outcome == Outcome.UNMEASURED
    runs.close()


def test_one_mutant_without_an_answer(tmp_path: Path) -> None:
    """A mutant that promtool dies of is unmeasured; the others have their verdicts, and the rule is UNMEASURED."""

    def judge(rules: str, _tests: str) -> Answer:
        if "> bool 5" in rules:
            return Answer(None, trouble="promtool was killed by signal 9")
        numbers = re.findall(r"m([1-9]\d*)(x[0-9a-f]+_)Full", rules)
        failed = "\n".join(f"    alertname: m{number}{mark}Full, time: 1m," for number, mark in numbers)
        return Answer(1, failed) if failed else Answer(0)

    result = measured(answering(judge), tmp_path, RULES, WEAK, "Full")
    statuses = {run.mutant.what: run.status for run in result.runs}
    assert [what for what, status in statuses.items() if status != "killed"] == ["> → > bool"]
    assert statuses["> → > bool"] == "unmeasured"
    verdict = score(result)
    assert verdict.outcome == Outcome.UNMEASURED
    assert "promtool was killed by signal 9" in verdict.reason


@pytest.mark.parametrize(
    ("output", "status", "detail"),
    [
        pytest.param('  FAILED:\n/t/r.yml: 5:9: group "g", rule 1, "Full": could not parse expression: 1:1: no\n', "invalid", "", id="refused"),
        pytest.param("  FAILED:\nwhat this code has not seen\n", "unmeasured", "what this code has not seen", id="unknown"),
        pytest.param("", "unmeasured", "no output", id="nothing"),
    ],
)  # fmt: skip
def test_a_failure_that_is_no_case(output: str, status: str, detail: str, tmp_path: Path) -> None:
    """Only a failed case kills: a rule that promtool refuses is invalid, and what is not understood is unmeasured."""

    def judge(rules: str, _tests: str) -> Answer:
        return Answer(1, output) if "> bool 5" in rules else Answer(0)

    result = measured(answering(judge), tmp_path, RULES, WEAK, "Full")
    (run,) = (run for run in result.runs if run.mutant.operator == "bool")
    assert (run.status, run.detail) == (status, detail)
    assert {each.status for each in result.runs if each is not run} == {"survived"}


def test_a_long_output(tmp_path: Path) -> None:
    """Of a long output the end may be missing: those it does not name are asked again."""

    def judge(rules: str, _tests: str) -> Answer:
        numbers = re.findall(r"m([1-9]\d*)(x[0-9a-f]+_)Full", rules)
        if not numbers:
            return Answer(0)
        first, mark = numbers[0]
        return Answer(1, f"    alertname: m{first}{mark}Full, time: 1m,\n" + "x" * 500_000)

    result = measured(answering(judge), tmp_path, RULES, WEAK, "Full")
    assert {run.status for run in result.runs} == {"killed"}


def test_broken_files(tmp_path: Path) -> None:
    """A file with a problem is not mutated, and the problem is told with its place."""
    rule_file = read_rules(RULES.replace("for: 2m", "for: 2q"), "made.rules.yml")
    runs = MutationRuns(answering(lambda *_: Answer(0)), str(tmp_path), [(read_tests(WEAK, "made.test.yml"), [rule_file])])  # fmt: skip
    result = runs.of(named([rule_file], "Full"))
    assert result.problem.startswith("made.rules.yml:7:")
    runs.close()


def test_closed(tmp_path: Path) -> None:
    """After the end nothing is asked, and the rule's result says so."""
    test_file, rule_files = read(RULES, WEAK)
    runs = MutationRuns(answering(lambda *_: Answer(0)), str(tmp_path), [(test_file, rule_files)])
    runs.start(rule_files[0].rules)
    runs.close()
    assert runs.of(rule_files[0].rules[0]).rule.name == "Full"

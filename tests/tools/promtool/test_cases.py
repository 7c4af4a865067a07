"""Every single case has promtool's own verdict, however its file is run."""

from __future__ import annotations

import copy
import os
import shlex
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployspec.languages.promtool.judging import judge_case
from deployspec.languages.promtool.model import CaseRun
from deployspec.languages.rule_files.model import Case, RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.model.verdict import Outcome
from deployspec.tools.promtool import CaseRuns, Promtool, export, find
from tests.prometheus_versions import Version, given, versions
from tests.tools.promtool import fakes, generated

KUBERNETES = """
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec: {groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 2m, labels: {severity: critical}}]}]}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
spec: {groups: [{name: g, rules: [{alert: Up, expr: up == 1}]}]}
"""
PLAIN = "groups: [{name: g, rules: [{alert: Down, expr: up == 0, for: 2m, labels: {severity: critical}}]}]\n"
TESTS = """
rule_files: [r.yml]
tests:
  - name: a group (of mine)
    input_series: [{series: up, values: 0x9}]
    alert_rule_test:
      - {eval_time: 1m, alertname: Down}
      - {eval_time: 2m, alertname: Down, exp_alerts: [{exp_labels: {severity: critical}}]}
      - {eval_time: 3m, alertname: Down, exp_alerts: [{exp_labels: {severity: warning}}]}
"""


def files(
    folder: Path, rules: str = PLAIN, tests: str = TESTS, name: str = "x.test.yml"
) -> tuple[TestFile, list[RuleFile]]:
    """A test file and its rule file, written and read."""
    folder.mkdir(exist_ok=True)
    (folder / "r.yml").write_text(rules, encoding="utf-8")
    (folder / name).write_text(tests, encoding="utf-8")
    return read_tests(tests, str(folder / name)), [read_rules(rules, str(folder / "r.yml"))]


def runs_of(
    promtool: Promtool, tested: tuple[TestFile, list[RuleFile]], timeout: float = 30.0
) -> list[CaseRun]:
    """What promtool makes of each case of a file, in the file's order."""
    with closing(CaseRuns(promtool, [tested], timeout=timeout)) as runs:
        return [runs.of(tested[0], case) for case in tested[0].cases]


def _alone(promtool: Promtool, folder: Path, number: int, document: Mapping[str, Any], case: Case) -> int:
    """promtool's exit status for one case of a document."""
    alone = copy.deepcopy(dict(document))
    group = alone["tests"][case.group]
    for kind, key in (("alert", "alert_rule_test"), ("expr", "promql_expr_test")):
        group[key] = [group[key][case.number]] if kind == case.kind else []
    alone["tests"] = [group]
    path = folder / f"alone{number}.yml"
    path.write_text(yaml.safe_dump(alone, allow_unicode=True), encoding="utf-8")
    return subprocess.run([promtool.path, "test", "rules", str(path)], capture_output=True).returncode


def test_each_verdict_is_that_of_the_case_alone(tmp_path: Path) -> None:
    """For generated files, hard to tell apart, each case has the verdict that promtool gives it alone."""
    promtool = find(os.environ)
    tested, jobs = [], []
    for seed in range(100, 112):
        rules, tests, document = generated.write(tmp_path, seed)
        file = read_tests(tests.read_text(encoding="utf-8"), str(tests))
        tested.append((file, [read_rules(rules.read_text(encoding="utf-8"), str(rules))]))
        jobs += [(file, document, case) for case in file.cases]
    with ThreadPoolExecutor(2) as pool, closing(CaseRuns(promtool, tested)) as runs:
        runs.start()
        alone = list(pool.map(lambda n: _alone(promtool, tmp_path, n, *jobs[n][1:]), range(len(jobs))))
        found = [runs.of(file, case).status for file, _, case in jobs]
    assert len(jobs) > 80
    assert {0, 1} == set(found)
    wrong = [
        (case, status, found[n])
        for n, ((_, _, case), status) in enumerate(zip(jobs, alone, strict=True))
        if status != found[n]
    ]
    assert wrong == []


@pytest.mark.parametrize("rules", [PLAIN, KUBERNETES])
def test_one_failure_does_not_touch_the_others(tmp_path: Path, rules: str) -> None:
    """The wrong case fails, label by label; the right ones pass; rules of Prometheus and of Kubernetes alike."""
    right, firing, wrong = runs_of(find(os.environ), files(tmp_path, rules))
    assert (right.status, firing.status, wrong.status) == (0, 0, 1)
    assert 'labels.severity: expected "warning", got "critical"' in wrong.text
    assert "promtool:\n    name: a group (of mine),\n    alertname: Down, time: 3m, " in wrong.text


def test_reproduced_as_said(tmp_path: Path) -> None:
    """The line that reproduces a failure is one for a shell, and does."""
    tested = files(tmp_path / "a folder")
    for run in runs_of(find(os.environ), tested):
        assert run.reproduce.startswith("promtool test rules ")
        assert run.reproduce.endswith(shlex.quote(tested[0].path))
        done = subprocess.run(["sh", "-c", run.reproduce], capture_output=True, text=True)
        assert done.returncode == 1
        assert 'severity="warning"' in done.stderr


@pytest.mark.parametrize(("features", "option"), [({"run"}, r"--run '^a group \(of mine\)$' "), (set(), "")])
def test_reproduced_by_the_group_where_promtool_can(tmp_path: Path, features: set[str], option: str) -> None:
    """A promtool that can run one group by its name is told to, with the name quoted for it and for the shell."""
    tested = files(tmp_path)
    promtool = Promtool(find(os.environ).path, "3", frozenset(features), "promtool")
    run = runs_of(promtool, tested)[0]
    assert run.reproduce == f"promtool test rules {option}{tested[0].path}"


def test_prepared_copies_are_reproduced_with_ours(tmp_path: Path) -> None:
    """What promtool cannot read is written for it by a command of ours first; what that writes has the same verdict."""
    tested = files(tmp_path / "mine", KUBERNETES)
    run = runs_of(find(os.environ), tested)[0]
    first, second = run.reproduce.split(" && ")
    assert first == f"deployspec rules plain {tested[0].path} --to plain"
    assert second.startswith("promtool test rules ")
    assert second.endswith(" plain/x.test.yml")
    written = export(*tested, str(tmp_path / "plain"))
    assert written == str(tmp_path / "plain" / "x.test.yml")
    done = subprocess.run(["promtool", "test", "rules", written], capture_output=True, text=True)
    assert done.returncode == 1
    assert "alertname: Down, time: 3m" in done.stderr
    assert done.stderr.count("alertname: ") == 1


@pytest.mark.parametrize(
    ("rules", "tests", "words"),
    [
        (PLAIN.replace("up == 0", "up =="), TESTS, "could not parse expression"),
        (PLAIN + "x: [", TESTS, "yaml: "),
        (KUBERNETES + "x: [", TESTS, "field apiVersion not found"),
        (PLAIN.replace("name: g,", "name: g, nmae: g,"), TESTS, "field nmae not found"),
        (PLAIN, TESTS + "    unknown: 1\n", "field unknown not found"),
        (PLAIN, TESTS.replace("values: 0x9", "values: 0y9"), "parse error"),
        (PLAIN, TESTS.replace("rule_files: [r.yml]", "rule_files: ['[']"), "syntax error in pattern"),
    ],
)
def test_what_promtool_refuses(tmp_path: Path, rules: str, tests: str, words: str) -> None:
    """Where promtool refuses a file each case of it is BREACHED, with promtool's words."""
    tested = files(tmp_path, rules, tests)
    verdicts = [
        judge_case(case, run)
        for case, run in zip(tested[0].cases, runs_of(find(os.environ), tested), strict=True)
    ]
    assert {verdict.outcome for verdict in verdicts} == {Outcome.BREACHED}
    assert all(words in verdict.reason for verdict in verdicts), verdicts


@pytest.fixture(params=versions())
def version(request: pytest.FixtureRequest) -> Version:
    """Each promtool that is here."""
    return given(request)


def test_a_file_for_a_newer_promtool(tmp_path: Path, version: Version) -> None:
    """What only a newer one has says nothing of the file: UNMEASURED, with the version that it needs."""
    tested = files(tmp_path, tests="fuzzy_compare: true\n" + TESTS.replace("warning", "critical"))
    runs = runs_of(find({"PROMTOOL": version.promtool}), tested)
    if version.major >= 3:
        assert [run.status for run in runs] == [0, 0, 0]
        return
    assert {judge_case(case, run).outcome for case, run in zip(tested[0].cases, runs, strict=True)} == {
        Outcome.UNMEASURED
    }
    assert all(
        run.trouble.startswith("needs promtool 3.5 or newer (fuzzy_compare); this is ") for run in runs
    )


GROUPS = """
groups:
  - {name: first, rules: [{record: first:up, expr: up}]}
  - {name: second, rules: [{record: second:up, expr: first:up}, {alert: Down, expr: "first:up == 0", for: 5m}]}
"""
IN_GROUPS = """
rule_files: [r.yml]
tests:
  - interval: 1m
    input_series: [{series: up, values: 1 1 0x30}]
    alert_rule_test:
      - {alertname: Down, eval_time: 6m}
      - {alertname: Down, eval_time: 7m, exp_alerts: [{}]}
      - {alertname: Down, eval_time: 7m}
      - {alertname: Down, eval_time: 8m, exp_alerts: [{}]}
    promql_expr_test:
      - {expr: "first:up", exp_samples: [{labels: "first:up", value: 1}]}
      - {expr: "second:up", exp_samples: [{labels: "second:up", value: 1}]}
      - {expr: "second:up", exp_samples: [{labels: "second:up", value: 7}]}
"""
THERE, BACK = ("first", "second"), ("second", "first")


@pytest.mark.parametrize("slices", [True, False])
def test_a_case_that_passes_in_one_order_of_groups(tmp_path: Path, version: Version, slices: bool) -> None:
    """promtool takes one by chance: the verdict is a pass each time, with the order in which it is one."""
    promtool, tested = find({"PROMTOOL": version.promtool}), files(tmp_path, GROUPS, IN_GROUPS)
    with closing(CaseRuns(promtool, [tested], slices=slices)) as runs:
        found = [runs.of(tested[0], case) for case in tested[0].cases]
    assert [run.order for run in found] == [(), THERE, BACK, (), (), THERE, ()]
    assert [run.status for run in found] == [0, 0, 0, 0, 0, 0, 1]


def test_an_order_of_groups_that_is_said(tmp_path: Path) -> None:
    """Then there is nothing to choose, and what fails in that order fails."""
    said = f"group_eval_order: [second, first]{IN_GROUPS}"
    found = runs_of(find(os.environ), files(tmp_path, GROUPS, said))
    assert [run.order for run in found] == [()] * 7
    assert [run.status for run in found] == [0, 1, 0, 0, 0, 1, 1]


@pytest.mark.parametrize("kubernetes", [False, True])
@pytest.mark.parametrize(
    ("expr", "values", "fails"),
    [
        ("a / on(job) b", "_x20 1x9", True),
        ("a / on(job) b", "_x20 1x2000", False),
        ("a / on(job) sum by (job) (b)", "_x20 1x9", False),
    ],
)
def test_a_rule_that_fails_later(
    tmp_path: Path, version: Version, expr: str, values: str, fails: bool, kubernetes: bool
) -> None:
    """After the last ``eval_time``: told of that group, in promtool's words, and every case passes. Not of very long series."""
    rules = f"groups: [{{name: g, rules: [{{record: share, expr: {expr}}}]}}]\n"
    if kubernetes:
        rules = f"apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nspec: {{{rules.strip()}}}\n"
    series = f'[{{series: \'a{{job="x"}}\', values: 1x30}}, {{series: \'b{{i="1", job="x"}}\', values: 1x30}}, {{series: \'b{{job="x"}}\', values: {values}}}]'
    case = "promql_expr_test: [{expr: 1 + 1, eval_time: 5m, exp_samples: [{value: 2}]}]"
    tests = (
        f"rule_files: [r.yml]\ntests:\n  - {{interval: 1m, {case}}}\n"
        f"  - {{interval: 1m, input_series: {series}, {case}}}\n"
    )
    first, second = runs_of(find({"PROMTOOL": version.promtool}), files(tmp_path, rules, tests))
    assert (first.status, second.status, first.later) == (0, 0, "")
    assert ("rule: share, time: 20m0s, err: " in second.later) is fails, second.later
    assert bool(second.later) is fails


def test_a_failure_that_is_no_cases(tmp_path: Path) -> None:
    """Where the file fails though each case passes alone, no case is green."""
    broken = "  - {input_series: [{series: 'up{', values: 1}]}\n"
    tested = files(tmp_path, tests=TESTS.replace("warning", "critical") + broken)
    for run in runs_of(find(os.environ), tested):
        assert run.status == 1
        assert run.text.startswith("promtool fails the whole file, though it passes each of its cases alone:")


def test_unsound_documents_are_not_judged(tmp_path: Path) -> None:
    """Kubernetes documents that were not read whole are not judged by what was read of them."""
    tested = files(tmp_path, KUBERNETES.replace("[{alert: Up, expr: up == 1}]", "5"))
    assert tested[1][0].groups
    for run in runs_of(find(os.environ), tested):
        assert run.status is None
        assert run.trouble.startswith(f"a rule file is not sound: {tmp_path}/r.yml:8:34:")


@pytest.mark.parametrize("behaviour", ["hang", "kill", "crash", "garbage", "liar", "coward", "grumble"])
def test_a_promtool_that_does_not_judge(tmp_path: Path, behaviour: str) -> None:
    """Where promtool gives no verdict each case is UNMEASURED, with the reason."""
    tested = files(tmp_path / behaviour)
    for case, run in zip(
        tested[0].cases, runs_of(fakes.behaving(tmp_path / "bin"), tested, 1.0), strict=True
    ):
        verdict = judge_case(case, run)
        assert verdict.outcome is Outcome.UNMEASURED
        assert verdict.reason.startswith("promtool ")


def test_huge_output_is_shown_in_part(tmp_path: Path) -> None:
    """Of an endless failure a person is shown the beginning."""
    run = runs_of(fakes.behaving(tmp_path / "bin"), files(tmp_path, name="huge.yml"))[0]
    assert run.status == 1
    assert len(run.text) < 40_000
    assert run.text.endswith("more characters")


def test_a_case_of_no_file(tmp_path: Path) -> None:
    """A case of a file that was not given is a KeyError, and no verdict."""
    tested = files(tmp_path)
    with closing(CaseRuns(find(os.environ), [])) as runs, pytest.raises(KeyError):
        runs.of(tested[0], tested[0].cases[0])

"""Run in parts, a test file has the verdicts that it has when it is run whole."""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployspec.languages.promtool.model import CaseRun
from deployspec.languages.promtool.prepared import groups_document, loading_document, rules_documents
from deployspec.languages.promtool.slices import Rules, sliced
from deployspec.languages.rule_files.model import RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests
from deployspec.tools.promtool import CaseRuns, Promtool, TestRunner, Workspace, find
from tests.prometheus_versions import Version, given, versions
from tests.trials import trials

METRICS = ("a", "b", "c")
RECORDED = ("r:a", "r:b", "r:c", "r:d")
PAIRS = 40
"""Rule files with their tests, in one run of promtool."""


class Maker:
    """Makes rules of which some cannot be evaluated, depending on the series."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a seed

    def one_of(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def labels(self) -> str:
        return ", ".join(sorted(self.chance.sample(["x", "y", "z"], self.chance.randint(0, 2))))

    def selector(self) -> str:
        name = self.one_of(*METRICS, *RECORDED)
        matcher = self.one_of("", "", '{x="1"}', '{y!="1"}', '{x=~"1|2"}', '{z=""}')
        pattern = self.one_of(
            *['{__name__=~"a|b"}'] * 2, '{__name__=~"r:.*", x="1"}', '{__name__!~"ALERTS.*", y="2"}'
        )
        return pattern if self.chance.random() < 0.06 else name + matcher

    def vector(self, depth: int) -> str:
        if depth <= 0 or self.chance.random() < 0.15:
            return self.selector()
        below = depth - 1
        match self.chance.randrange(12):
            case 0 | 1:
                by = self.one_of("by", "by", "without")
                aggregation = self.one_of("sum", "max", "count", "topk", "count_values")
                first = {"topk": "1, ", "count_values": f'"{self.one_of("x", "w")}", '}.get(aggregation, "")
                return f"{aggregation} {by} ({self.labels()}) ({first}{self.vector(below)})"
            case 2 | 3 | 4:
                operator = self.one_of("+", "/", ">", "== bool", "<")
                how = self.one_of("", "", f"on ({self.labels()})", f"ignoring ({self.labels()})")
                if how and self.chance.random() < 0.5:
                    how += f" {self.one_of('group_left', 'group_right')} ({self.one_of('', '', 'x', 'w')})"
                    if "on" in how and set(how.partition(") ")[0].partition("(")[2]) & set(
                        how.rpartition("(")[2][:1]
                    ):
                        return self.vector(below)
                return f"({self.vector(below)}) {operator} {how} ({self.vector(below)})"
            case 5:
                operator = self.one_of("and", "or", "unless")
                how = self.one_of("", f"on ({self.labels()})", f"ignoring ({self.labels()})")
                return f"({self.vector(below)}) {operator} {how} ({self.vector(below)})"
            case 6:
                return f"rate({self.selector()}[3m])"
            case 7:
                function = self.one_of("max_over_time", "last_over_time", "absent_over_time")
                return f"{function}(({self.vector(below)})[3m:1m])"
            case 8:
                source, target = self.one_of("x", "y", "w"), self.one_of("x", "y", "w")
                return f'label_replace({self.vector(below)}, "{target}", "{self.one_of("$1", "k", "")}", "{source}", "(.*)")'
            case 9:
                return f"{self.one_of('abs', 'sort', 'absent', '-', 'timestamp')}({self.vector(below)})"
            case 10:
                return f"({self.vector(below)}) {self.one_of('* 2', '> 1', '> bool 1')}"
            case _:
                return f'label_join({self.vector(below)}, "{self.one_of("x", "w")}", "-", "y", "z")'

    def rule(self) -> dict[str, Any]:
        kind = self.one_of("record", "record", "alert")
        name = self.one_of(*RECORDED, *METRICS[:1]) if kind == "record" else self.one_of("A", "B", "C", "D")
        labels = {self.one_of("x", "w"): self.one_of("1", "k")} if self.chance.random() < 0.2 else {}
        return {kind: name, "expr": self.vector(2), **({"labels": labels} if labels else {})}

    def rules(self) -> dict[str, Any]:
        groups = []
        for number in range(self.chance.randint(1, 3)):
            limit = {"limit": 1} if self.chance.random() < 0.1 else {}
            rules = [self.rule() for _ in range(self.chance.randint(1, 3))]
            groups.append({"name": f"g{number}", **limit, "rules": rules})
        return {"groups": groups}

    def tests(self, rules: str) -> dict[str, Any]:
        """Tests whose cases hold whatever the rules give, so that nothing but an error fails them."""
        groups = []
        for _ in range(self.chance.randint(1, 3)):
            series = {
                f'{self.one_of(*METRICS, *RECORDED[:1])}{{x="{self.one_of("1", "2")}", {self.one_of("y", "z")}="{self.one_of("1", "2")}"}}'
                for _ in range(self.chance.randint(0, 4))
            }
            looked = self.one_of(*RECORDED, *METRICS)
            passing = f"count({looked}) * 0 or vector(0)"
            cases = [{"expr": passing, "eval_time": "4m", "exp_samples": [{"labels": "{}", "value": 0}]}]
            alerts = [{"eval_time": "1m", "alertname": "E"}]
            groups.append(
                {
                    "interval": "1m",
                    "input_series": [
                        {"series": one, "values": self.one_of("1+1x6", "_ 1x3", "2x5")}
                        for one in sorted(series)
                    ],
                    "promql_expr_test": cases,
                    "alert_rule_test": alerts,
                }
            )
        # Without an order, promtool takes groups in another one each time.
        order = ["g0", "g1", "g2"]
        return {
            "rule_files": [rules],
            "evaluation_interval": "1m",
            "group_eval_order": order,
            "tests": groups,
        }


def made(seed: int, folder: Path) -> list[tuple[TestFile, RuleFile]]:
    """Generated pairs of tests and rules; the rules are written."""
    maker, found = Maker(seed), []
    for number in range(PAIRS):
        path = folder / f"{seed}-{number}.rules.yml"
        path.write_text(yaml.safe_dump(maker.rules()))
        rules = read_rules(path.read_text(), str(path))
        tests = read_tests(yaml.safe_dump(maker.tests(path.name)), str(folder / f"{seed}-{number}.test.yml"))
        assert not rules.problems, rules.problems
        assert not tests.problems, tests.problems
        found.append((tests, rules))
    return found


@pytest.fixture(params=versions())
def version(request: pytest.FixtureRequest) -> Version:
    """Each promtool that is here."""
    return given(request)


def test_a_slice_passes_nothing_that_all_rules_do_not_pass(version: Version, tmp_path: Path) -> None:
    """A group that fails because of any rule fails with its slice, or where nothing but loading is asked for."""
    promtool = Promtool(version.promtool, version.id, frozenset(), "promtool")
    seen: Counter[tuple[bool, bool]] = Counter()
    with closing(TestRunner(promtool)) as runner, Workspace(str(tmp_path)) as workspace:
        for seed in range(trials(3)):
            jobs = []
            for tests, file in made(seed, tmp_path):
                rules = Rules([file])
                for group in tests.groups:
                    kept = rules.of(group)
                    paths = [
                        workspace.write("slice.yml", document)
                        for one in sliced([file], kept)
                        for document in rules_documents(one)
                    ]
                    documents = [
                        groups_document(tests, [file.path], [group.index]),
                        groups_document(tests, paths, [group.index]),
                        loading_document(tests, [file.path]),
                    ]
                    jobs.append((file.path, group.index, kept != rules.all, documents))
            written = [workspace.write("x.test.yml", one) for *_, documents in jobs for one in documents]
            statuses = [future.result().exit_status for future in runner.submit_all(written)]
            for (path, index, fewer, _), (whole, part, loads) in zip(
                jobs, zip(*[iter(statuses)] * 3, strict=True), strict=True
            ):
                assert None not in (whole, part, loads), (path, index)
                assert whole == max(part, loads), (Path(path).read_text(), index, whole, part, loads)
                seen[whole == 0, fewer] += 1
    assert all(seen[passes, fewer] for passes in (True, False) for fewer in (True, False)), seen


LONG = """
groups:
  - name: g
    rules:
      - {alert: Down, expr: up == 0, for: 2m}
      - {alert: Busy, expr: load > 1}
      - {record: ratio, expr: free / on (node) size}
EXTRA
"""
TWO = """
rule_files: [r.yml]
tests:
  - {input_series: [{series: up, values: 0x650}], interval: 1m, alert_rule_test: [{eval_time: 10h, alertname: Down, exp_alerts: [{}]}]}
  - {input_series: [{series: load, values: 0x650}], interval: 1m, alert_rule_test: [{eval_time: 10h, alertname: Busy}]}
"""
SILENT = [f"      - {{alert: Other{number}, expr: other{number} > 1}}" for number in range(20)]


def _runs(folder: Path, tests: str, *more: str, slices: bool = True) -> tuple[list[CaseRun], int]:
    """What is made of each case, and how many files promtool was given."""
    rules = LONG.replace("EXTRA", "\n".join([*SILENT, *more]))
    (folder / "r.yml").write_text(rules)
    (folder / "t.yml").write_text(tests)
    file = read_tests(tests, str(folder / "t.yml"))
    given = []
    with closing(
        CaseRuns(find(os.environ), [(file, [read_rules(rules, str(folder / "r.yml"))])], slices=slices)
    ) as runs:
        submit_all = runs._runner.submit_all
        runs._runner.submit_all = lambda paths: given.extend(paths) or submit_all(paths)  # type: ignore[method-assign,func-returns-value]
        return [runs.of(file, case) for case in file.cases], len(given)


def test_a_file_is_run_in_parts(tmp_path: Path) -> None:
    """Both groups pass with a rule each; and whole where that is asked for."""
    runs, files = _runs(tmp_path, TWO)
    assert [run.status for run in runs] == [0, 0]
    assert files == 3  # loading, and each group
    whole, files = _runs(tmp_path, TWO, slices=False)
    assert [run.status for run in whole] == [0, 0]
    assert files == 1


def test_a_failure_is_told_as_all_rules_tell_it(tmp_path: Path) -> None:
    """A case that fails in its part is judged again with all rules: the words are the same as without parts."""
    wrong = TWO.replace("exp_alerts: [{}]", "exp_alerts: []")
    runs, files = _runs(tmp_path, wrong)
    whole, _ = _runs(tmp_path, wrong, slices=False)
    assert [run.status for run in runs] == [1, 0]
    assert [(run.status, run.text, run.printed) for run in runs] == [
        (run.status, run.text, run.printed) for run in whole
    ]
    assert files == 4


def test_a_rule_elsewhere_that_fails_fails_its_group(tmp_path: Path) -> None:
    """No case looks at the ratio; on the group's series it cannot be evaluated."""
    series = [
        f'{{series: \'{name}{{node="a", n="{n}"}}\', values: 1x650}}'
        for name in ("free", "size")
        for n in (1, 2)
    ]
    failing = TWO.replace("[{series: up,", f"[{', '.join(series)}, {{series: up,")
    for slices in (True, False):
        runs, _ = _runs(tmp_path, failing, slices=slices)
        assert [run.status for run in runs] == [1, 0], runs
        assert "found duplicate series for the match group" in runs[0].text


@pytest.mark.parametrize(
    "broken",
    [
        "      - {alert: Broken, expr: 'topk(scalar(absent(x)) - 1 / 0, vector(1))'}",
        '      - {alert: Broken, expr: up, annotations: {summary: "{{ nonsense }}"}}',
        "      - {alert: Broken, expr: up[5m]}",
    ],
)
def test_rules_that_promtool_does_not_take_fail_as_they_did(tmp_path: Path, broken: str) -> None:
    """A rule that no case looks at fails every case where promtool does not load it, or can never evaluate it."""
    found = [_runs(tmp_path, TWO, broken, slices=slices)[0] for slices in (True, False)]
    assert [(run.status, run.text) for run in found[0]] == [(run.status, run.text) for run in found[1]]
    assert {run.status for run in found[1]} == {1}

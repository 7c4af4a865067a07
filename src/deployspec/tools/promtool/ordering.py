"""Test groups run in both orders of the groups of rules, where their test file leaves the order open."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import NamedTuple

from deployspec.languages.promtool.model import CaseKey, case_key
from deployspec.languages.promtool.order import orders
from deployspec.languages.promtool.prepared import tests_document
from deployspec.languages.promtool.slices import Rules, sliced
from deployspec.languages.rule_files.model import Case, RuleFile, TestFile, TestGroup
from deployspec.tools.promtool.running import FileRun, TestRunner
from deployspec.tools.promtool.workspace import Workspace
from deployspec.tools.promtool.written import rule_paths

_MOST = 20_000
"""So many evaluations of rules may a test group take that is run in both orders: about a second."""


class _Group(NamedTuple):
    """A test group, in two orders of the groups of rules."""

    group: TestGroup
    rules: Sequence[str]
    """The paths of the rule files."""
    orders: tuple[tuple[str, ...], ...]
    runs: list[Future[FileRun]]
    """One for each of the orders."""


class Orders:
    """Tells of cases whether they pass in one order of the groups of rules only."""

    def __init__(self, runner: TestRunner, workspace: Workspace) -> None:
        self._runner, self._workspace = runner, workspace
        self._groups: dict[str, list[_Group]] = {}

    def begin(
        self, test_file: TestFile, rule_files: Sequence[RuleFile], rules: Rules, *, slices: bool
    ) -> None:
        """Begin to run those groups of a sound test file for which the order can make a difference."""
        begun = self._groups.setdefault(test_file.path, [])
        if not orders(test_file, rules.across(rules.all)):
            return
        for group in test_file.groups:
            kept = rules.of(group) if slices else rules.all
            both = orders(test_file, rules.across(kept))
            last = max((case.eval_time for case in group.cases), default=0.0)
            evaluations = len(kept) * (1 + last / test_file.evaluation_interval)
            if both and group.cases and evaluations <= _MOST:
                paths = rule_paths(sliced(rule_files, kept), self._workspace)
                begun.append(_Group(group, paths, both, self._run(test_file, paths, group.cases, both)))

    def passing(self, test_file: TestFile) -> dict[CaseKey, tuple[str, ...]]:
        """The cases that pass in one order and fail in the other, each with the order in which it passes."""
        found: dict[CaseKey, tuple[str, ...]] = {}
        for one in self._groups.get(test_file.path, ()):
            # Where a case fails in both, another one may do so in one of them.
            if 1 in _statuses(one.runs):
                alone = [
                    (case, self._run(test_file, one.rules, [case], one.orders)) for case in one.group.cases
                ]
                for case, runs in alone:
                    statuses = _statuses(runs)
                    if statuses in ([0, 1], [1, 0]):
                        found[case_key(case)] = one.orders[statuses.index(0)]
        return found

    def _run(
        self, test_file: TestFile, rules: Sequence[str], cases: Sequence[Case], both: Sequence[Sequence[str]]
    ) -> list[Future[FileRun]]:
        documents = [tests_document(test_file, rules, cases, order) for order in both]
        return self._runner.submit_all([self._workspace.write(test_file.path, text) for text in documents])


def _statuses(runs: Sequence[Future[FileRun]]) -> list[int | None]:
    return [run.result().exit_status for run in runs]

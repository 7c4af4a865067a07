"""The chapter mutation: what the unit tests make of each rule's mutants."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deployspec.base.errors import ToolError
from deployspec.chapters.alerts.api import given, rule_set_of, rules_of
from deployspec.model.entry import Evidence
from deployspec.model.verdict import Unmeasured

if TYPE_CHECKING:
    from deployspec.base.problems import Problem
    from deployspec.chapters.mutation.judge.equivalents import Equivalent
    from deployspec.chapters.mutation.judge.score import MutationResult
    from deployspec.chapters.mutation.measure import MutationRuns
    from deployspec.languages.rule_files.model import Rule

_CHUNK = 4
"""How many rules are mutated ahead of the one that is judged."""


@dataclass(frozen=True)
class EquivalentMutants:
    """The mutants that are accepted as equivalent, and what is wrong with their file."""

    entries: tuple[Equivalent, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Mutated:
    """A rule's mutants after their runs."""

    result: MutationResult
    equivalents: tuple[Equivalent, ...]
    """Those entries of the file that are about this rule."""

    @property
    def evidence(self) -> Sequence[Evidence]:
        """The survivors, each with its diff."""
        from deployspec.chapters.mutation.judge.score import survivors_text

        text = survivors_text(self.result, self.equivalents)
        return [Evidence("survivors", text)] if text else []


@pytest.fixture(scope="session")
def mutation_runs(pytestconfig: pytest.Config) -> Iterator[MutationRuns]:
    """Runs mutants through promtool, many at a time."""
    from deployspec.chapters.mutation.measure import MutationRuns
    from deployspec.tools.promtool import TestRunner, Workspace, find

    rules = rule_set_of(pytestconfig)
    try:
        promtool = find(os.environ)
    except ToolError as error:
        raise Unmeasured(str(error)) from None
    timeout = pytestconfig.getoption("--promtool-timeout")
    with Workspace() as workspace, TestRunner(promtool, timeout=timeout) as runner:
        tests = [(test.file, test.rule_files) for test in rules.test_files]
        slices = not pytestconfig.getoption("--whole-rule-files")
        runs = MutationRuns(runner.submit, workspace.path, tests, slices=slices)
        try:
            yield runs
        finally:
            runs.close()


@pytest.fixture(scope="session")
def equivalent_mutants(pytestconfig: pytest.Config, mutation_runs: MutationRuns) -> EquivalentMutants:
    """The file of equivalent mutants; an empty one where there is none."""
    from deployspec.base.problems import Problem
    from deployspec.chapters.mutation.judge.equivalents import read_equivalents, unknown
    from deployspec.chapters.mutation.judge.tree import UnreadableError
    from deployspec.tools.rule_files import read_text

    rules = rule_set_of(pytestconfig)
    path = rules.sources.equivalents
    if path is None:
        return EquivalentMutants((), ())
    name = rules.shown(path)
    text = read_text(Path(name), name=name)
    if isinstance(text, Problem):
        return EquivalentMutants((), (text,))
    entries, problems = read_equivalents(text, name)
    ids = set()
    for rule in rules_of(pytestconfig):
        try:
            ids |= {mutant.id for mutant in mutation_runs.mutants(rule)}
        except UnreadableError:
            continue  # the rule's own item tells of it
    return EquivalentMutants(entries, (*problems, *unknown(entries, ids)))


@pytest.fixture
def mutated_rule(
    request: pytest.FixtureRequest, mutation_runs: MutationRuns, equivalent_mutants: EquivalentMutants
) -> Mutated:
    """One rule with its mutants. The next few rules are begun as well, so that promtool does not wait for pytest."""
    rule: Rule = given(request)
    rules = rules_of(request.config)
    here = rules.index(rule)
    mutation_runs.start(rules[here : here + _CHUNK])
    result = mutation_runs.of(rule)
    own = {run.mutant.id for run in result.runs}
    return Mutated(result, tuple(entry for entry in equivalent_mutants.entries if entry.id in own))

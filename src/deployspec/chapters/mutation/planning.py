"""What the checks of the chapter mutation would do. Files are read here; nothing is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.api import PROMTOOL, files_of, rule_set_of, version_of_promtool
from deployspec.model.plan import Planned, names_of

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.languages.rule_files.model import Rule, RuleFile, TestFile


def planned(
    config: Any, _deployment: Deployment | None, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    rules, names = rule_set_of(config), names_of(checks)
    yield from files_of(rules, "mutation")
    if rules.sources.equivalents is not None:
        yield Planned("file", "", rules.shown(rules.sources.equivalents), 1, 1, "mutation")
    yield from version_of_promtool("mutation", least=0)
    if "mutation.mutants-are-killed" in names:
        tests = [(test.file, test.rule_files) for test in rules.test_files]
        most = sum(_runs(rule, tests) for rule in rules.rules)
        yield Planned("command", "", PROMTOOL, 1, most, "mutation: mutants", per_process=True)


def _runs(rule: Rule, tests: Sequence[tuple[TestFile, Sequence[RuleFile]]]) -> int:
    """How often promtool is started for one rule at most.

    Each group of a test file is asked of all mutants together, which are divided where that tells nothing (fewer than
    two runs a mutant, and one of each alone); then of each mutant alone. Each run may be made once more.
    """
    from deployspec.chapters.mutation.judge.dependents import loads
    from deployspec.chapters.mutation.judge.mutants import INTERVAL, mutants
    from deployspec.chapters.mutation.judge.tree import UnreadableError

    loading = [test_file for test_file, rule_files in tests if loads(rule_files, rule)]
    intervals = [one.evaluation_interval for one in loading if one.evaluation_interval > 0]
    try:
        count = len(mutants(rule, min(intervals, default=INTERVAL)))
    except UnreadableError:
        return 0
    groups = [len({case.group for case in one.cases}) for one in loading]
    return sum(2 * (group * (3 * count + 2) + count + 1) for group in groups)

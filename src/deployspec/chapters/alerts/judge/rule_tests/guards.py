"""The guards against vacuous tests. promtool (2.42 to 3.5) passes everything that they find, but for ``split-alert``:
there it says that alerts differ, and the guard says why.

Each guard has a name, a reason that says what to do, and looks at one thing. None looks at values: whether an alert
fires is promtool's verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from deployspec.chapters.alerts.judge.rule_tests import expected, presence, silence
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules
from deployspec.languages.rule_files.model import RuleFile, TestFile

Guard = Callable[[TestFile, LoadedRules], Iterator[Finding]]

GUARDS: Mapping[str, Guard] = {
    "empty-file": presence.empty_file,
    "empty-rule-files": presence.empty_rule_files,
    "empty-group": presence.empty_group,
    "unknown-alert": presence.unknown_alert,
    "unused-series": presence.unused_series,
    "costly-series": presence.costly_series,
    "silent-before-for": silence.silent_before_for,
    "silent-after-data": silence.silent_after_data,
    "unmatched-series": silence.unmatched_series,
    "unmatched-expression": silence.unmatched_expression,
    "split-alert": expected.split_alert,
}
"""Every guard by its name, which is also the heading of its section in the documentation."""
EXPLAINING = frozenset({"split-alert"})
"""The guards that find what promtool fails."""


def findings(test_file: TestFile, loaded: Mapping[str, Sequence[RuleFile]]) -> tuple[Finding, ...]:
    """Everything that the guards find in a test file. ``loaded`` has, for the text of each entry of ``rule_files``,
    the files that it matches.

    The problems of the files themselves are not repeated. Cases of an expression (``promql_expr_test``) have the
    findings of their file and group, ``silent-after-data`` and ``unmatched-expression``; the other guards are about
    alerts.
    """
    rules = LoadedRules(loaded)
    return tuple(
        replace(finding, guard=name) for name, guard in GUARDS.items() for finding in guard(test_file, rules)
    )

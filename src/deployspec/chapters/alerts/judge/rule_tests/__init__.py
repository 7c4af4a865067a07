"""Unit tests of alert rules: do they test anything, and do they test enough?

``findings`` are the guards against vacuous tests: what promtool passes although it shows nothing. ``coverage`` says
of an alert which kind of case it lacks.
"""

from deployspec.chapters.alerts.judge.rule_tests.coverage import coverage
from deployspec.chapters.alerts.judge.rule_tests.expected import OF_RUNS, errors_later, order_of_groups
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding, concerning
from deployspec.chapters.alerts.judge.rule_tests.guards import EXPLAINING, GUARDS, findings
from deployspec.chapters.alerts.judge.rule_tests.presence import missing_interval

__all__ = [
    "EXPLAINING",
    "GUARDS",
    "OF_RUNS",
    "Finding",
    "concerning",
    "coverage",
    "errors_later",
    "findings",
    "missing_interval",
    "order_of_groups",
]

"""The guards on what a case expects (one alert that a misplaced dash has made two), and on what comes after it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from deployspec.base.shown import cut, one_line
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules
from deployspec.languages.rule_files.model import Case, TestFile

OF_RUNS = frozenset({"errors-later", "order-of-groups"})
"""Guards that more runs of promtool speak for: of cases that can fail, but on another day."""


def split_alert(test_file: TestFile, _rules: LoadedRules) -> Iterator[Finding]:
    """A case that expects an alert with labels alone, and right behind it one with annotations alone.

    Alerts of one name have the same annotations, all of them or none, so that no rule gives both.
    """
    for case in test_file.cases:
        for first, second in pairwise(case.expected):
            if first.labels and not first.annotations and second.annotations and not second.labels:
                yield Finding(
                    case.place,
                    f"expects an alert {cut(case.subject, 120)} with exp_labels alone, and another with exp_annotations"
                    " alone; remove the dash before exp_annotations to make one alert of the two",
                    case,
                )
                break


def order_of_groups(case: Case, order: tuple[str, ...]) -> Iterator[Finding]:
    """A case that passes in one order of the groups of rules and fails in the opposite one, in a file that does not say which:
    no guard that only reads. ``order`` is the one in which it passes (``CaseRun.order``); empty where that is not so."""
    if order:
        yield Finding(
            case.place,
            f"passes with group_eval_order: [{one_line(', '.join(order), 320)}] and fails with the opposite order, and promtool"
            " takes another order in each run; say the order in the test file, or look at a time at which it makes no difference",
            case,
            "order-of-groups",
        )


def errors_later(test_file: TestFile, case: Case, said: str) -> Iterator[Finding]:
    """A case whose group has a rule that fails after the last ``eval_time``, while the group's input series go on: no
    guard that only reads. ``said``: promtool's words on that (``CaseRun.later``); empty where no rule fails."""
    for group in test_file.groups:
        if said and group.index == case.group:
            last = max(group.cases, key=lambda one: one.eval_time)
            yield Finding(
                group.place,
                f"a rule fails after {last.eval_time_text}, the group's last eval_time, while its input series go on:"
                f" {one_line(said, 320)}; aggregate one side, write group_left or group_right, or end the series by then",
                group,
                "errors-later",
            )

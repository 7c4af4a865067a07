"""The guard on what a case expects: one alert that a misplaced dash has made two."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_tests.finding import Finding
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules
from deployspec.languages.rule_files.model import TestFile


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

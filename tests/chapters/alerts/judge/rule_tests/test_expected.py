"""One expected alert that is written as two."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_tests import findings
from tests.chapters.alerts.judge.rule_tests.made import RULES, alert, file_of, group, rule_file

LABELS = {"exp_labels": {"severity": "page"}}
ANNOTATIONS = {"exp_annotations": {"summary": "low"}}
BOTH = LABELS | ANNOTATIONS


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        pytest.param([LABELS, ANNOTATIONS], True, id="a-dash-too-many"),
        pytest.param([BOTH, LABELS, ANNOTATIONS], True, id="behind-a-whole-one"),
        pytest.param([BOTH], False, id="one-alert"),
        pytest.param([BOTH, BOTH], False, id="two-alerts"),
        pytest.param([LABELS, LABELS], False, id="two-without-annotations"),
        pytest.param([ANNOTATIONS], False, id="one-without-labels"),
        pytest.param([], False, id="silence"),
    ],
)
def test_one_alert_written_as_two(expected: list[dict[str, object]], found: bool) -> None:
    """The reason says which dash to remove."""
    case = {"alertname": "Low", "eval_time": "2m", "exp_alerts": expected}
    file = file_of(group({"a": "0x5"}, case))
    told = [
        one
        for one in findings(file, {RULES: [rule_file(alert("Low", "a < 1"))]})
        if one.guard == "split-alert"
    ]
    assert len(told) == found
    assert all("remove the dash before exp_annotations" in one.reason for one in told)

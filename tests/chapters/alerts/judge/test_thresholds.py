"""Which expressions are comparisons with a number, and what a week's values say of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from deployspec.chapters.alerts.judge.thresholds import (
    Seen,
    Threshold,
    advice,
    by_alert,
    day_values,
    section,
    threshold_of,
)
from deployspec.languages.rule_files.model import Rule
from deployspec.model.review import Span, Table, Week

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
DAY = 86400.0
WEEK = Week("shop", Span(BEGIN, BEGIN + 7 * DAY), UTC)


def rule(expr: str, name: str = "Slow", for_: float = 0.0) -> Rule:
    """An alert with that expression."""
    return Rule("alert", name, expr, for_, 0.0, {}, {}, "group", {})


def found(expr: str) -> Threshold:
    """Its threshold, which there is."""
    threshold = threshold_of(rule(expr))
    assert threshold is not None
    return threshold


@pytest.mark.parametrize(
    ("expr", "query", "number"),
    [
        ("queue_length > 1000", "max(queue_length)", 1000),
        ("queue_length >= 1e3", "max(queue_length)", 1000),
        ("free_bytes < 5", "min(free_bytes)", 5),
        ("free_bytes <= 5", "min(free_bytes)", 5),
        ("1000 < queue_length", "max(queue_length)", 1000),
        ("0.1 > free_share", "min(free_share)", 0.1),
        ("(queue_length) > (10 * 100)", "max((queue_length))", 1000),
        ("(sum(rate(a[5m])) / sum(rate(b[5m])) > 0.05)", "max(sum(rate(a[5m])) / sum(rate(b[5m])))", 0.05),
    ],
)
def test_a_comparison_with_a_number(expr: str, query: str, number: float) -> None:
    threshold = found(expr)
    assert (threshold.query, threshold.number) == (query, number)


@pytest.mark.parametrize(
    "expr",
    [
        "up == 0",
        "up != 1",
        "absent(up)",
        "a > b",
        "a > bool 5",
        "a > 5 and b > 7",
        "a > 5 unless b",
        "errors > 0",
        "delta > -5",
        "1 < 2",
        "a > Inf",
        "a > NaN",
        "a",
    ],
)
def test_what_is_no_comparison_with_a_number_above_0(expr: str) -> None:
    assert threshold_of(rule(expr)) is None


def seen(expr: str, *days: float | None) -> Seen:
    """So much was nearest on each day."""
    return Seen(found(expr), days)


@pytest.mark.parametrize(
    ("expr", "days", "finding"),
    [
        ("a > 100", (10.0, 49.9), "far"),
        ("a > 100", (10.0, 50.0), ""),  # half is approached
        ("a > 100", (90.0, 95.0), "near"),
        ("a > 100", (90.0, 140.0), "near"),
        ("a > 100", (89.9, 95.0), ""),  # not every day
        ("a > 100", (95.0, None), ""),  # of one day nothing is known
        ("a > 100", (95.0,), ""),  # one day is no "every day"
        ("a > 100", (None, 10.0), "far"),
        ("a > 100", (None, None), ""),
        ("a < 10", (21.0, 20.1), "far"),
        ("a < 10", (21.0, 20.0), ""),
        ("a < 10", (11.0, 10.5), "near"),
        ("a < 10", (11.1, 10.5), ""),
    ],
)
def test_findings_below_at_and_above_their_limits(
    expr: str, days: tuple[float | None, ...], finding: str
) -> None:
    assert seen(expr, *days).finding == finding


@pytest.mark.parametrize(
    ("expr", "days", "number"),
    [
        ("a > 1000", (120.0, 200.0), 300),
        ("a < 100", (300.0, 450.0), 200),
        ("a > 100", (95.0, 97.0), 150),
        ("a > 0.9", (0.88, 0.9), 0.95),  # half way to 1, as a share can be no more than 1
        ("100 * a / b > 90", (88.0, 90.0), 95),
        ("a > 100", (60.0, 70.0), None),
        ("a > 100", (0.0, 0.0), None),  # of nothing no number can be made
    ],
)
def test_the_number_that_the_week_suggests(
    expr: str, days: tuple[float | None, ...], number: float | None
) -> None:
    suggested = seen(expr, *days).suggested
    assert (None if suggested is None else suggested[0]) == number


@pytest.mark.parametrize("days", [(120.0, 200.0), (960.0, 990.0), (330.0, 331.0)])
def test_with_the_suggested_number_there_is_nothing_to_find(days: tuple[float, ...]) -> None:
    suggested = seen("a > 1000", *days).suggested
    assert suggested is not None
    assert not seen(f"a > {suggested[0]}", *days).finding


def test_advice_names_the_alert_the_value_and_the_number() -> None:
    text = advice(seen("a > 1000", 120.0, 200.0))
    assert text.startswith("Slow fires above 1000")
    assert "200" in text
    assert "300" in text
    assert not advice(seen("a > 1000", 700.0))


def test_values_by_day_leave_out_maintenance_and_what_is_no_number() -> None:
    points = [
        (BEGIN + 60, 5.0),
        (BEGIN + 120, 50.0),
        (BEGIN + 180, math.nan),
        (BEGIN + 240, math.inf),
        (BEGIN + DAY, 7.0),  # what is seen at midnight was of the day that ends
        (BEGIN + 1.5 * DAY, 3.0),
    ]
    paused = [Span(BEGIN + 60, BEGIN + 120)]
    assert day_values(found("a > 9"), points, WEEK, paused) == (7.0, 3.0, None, None, None, None, None)
    assert day_values(found("a < 9"), points, WEEK, paused)[0] == 5.0


def test_days_are_those_of_the_zone() -> None:
    zone = ZoneInfo("Europe/Berlin")
    end = datetime(2025, 10, 27, tzinfo=zone).timestamp()
    begin = datetime(2025, 10, 20, tzinfo=zone).timestamp()
    week = Week("shop", Span(begin, end), zone, "Europe/Berlin")
    points = [(begin + hour * 3600, float(hour)) for hour in range(1, 170)]
    # The last of them has 25 hours.
    assert day_values(found("a > 9"), points, week, []) == (24, 48, 72, 96, 120, 144, 169)


def test_alerts_of_one_name_have_sources_of_their_own() -> None:
    thresholds, others = by_alert([rule("a > 1"), rule("a > 2"), rule("up == 0", "Down")])
    assert [one.id for one in thresholds] == ["q-threshold-Slow", "q-threshold-Slow-2"]
    assert others == ["Down"]


def test_a_question_without_an_answer_is_unmeasured() -> None:
    trouble = Seen(found("a > 9"), (None,) * 7, "Prometheus at http://p answers with an error (status 500)")
    made = section([trouble], [], WEEK)
    assert made.unmeasured == (
        "threshold of Slow (Prometheus at http://p answers with an error (status 500))",
    )
    assert not made.advice
    (table,) = (part for part in made.parts if isinstance(part, Table))
    assert table.rows[0][2].value is None

"""Time in pieces, and figures that are sums of what was counted in them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, tzinfo
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from deployspec.chapters.slo.judge.past import (
    HOUR,
    Count,
    Past,
    Piece,
    allowed,
    burn_rate,
    gaps_of,
    is_breach,
    long_span,
    merged,
    missing_of,
    overlap,
    pieces_of,
    quantile,
    time_of,
    total_of,
    whole_span,
    within,
)
from deployspec.languages.openslo.model import Objective
from deployspec.model.review import Span, Week
from tests.chapters.slo.judge.test_census import objective

DAY = 86400.0
BERLIN = ZoneInfo("Europe/Berlin")


def week(year: int, month: int, day: int, zone: tzinfo = BERLIN) -> Week:
    """The seven days until one by the calendar."""
    end = datetime(year, month, day, tzinfo=zone)
    begin = datetime(year, month, day - 7, tzinfo=zone)
    return Week("shop", Span(begin.timestamp(), end.timestamp()), zone, str(zone))


WEEKS = {
    "as ever": week(2026, 7, 13),
    "summer time begins": week(2026, 3, 30),
    "summer time ends": week(2026, 10, 26),
    "a zone between hours": week(2026, 7, 13, ZoneInfo("Asia/Kathmandu")),
    "a zone that sets its clocks by half an hour": week(2026, 10, 8, ZoneInfo("Australia/Lord_Howe")),
    "at no full hour": Week("shop", Span(1_780_000_123.5, 1_780_000_123.5 + 7 * DAY), BERLIN),
    "a day": Week("shop", Span(1_780_000_000, 1_780_000_000 + DAY), UTC),
    "two months": Week("shop", Span(1_780_000_000, 1_780_000_000 + 60 * DAY), UTC),
}


@pytest.mark.parametrize("of", WEEKS.values(), ids=WEEKS)
def test_pieces_are_all_of_the_time_and_none_is_in_two_days(of: Week) -> None:
    begin = of.span.begin
    paused = [Span(begin + 1000, begin + 4000.25), Span(begin + 3 * HOUR, begin + 5 * HOUR)]
    pieces = pieces_of(of, paused)
    whole = whole_span(of)
    assert (pieces[0].span.begin, pieces[-1].span.end) == whole
    assert all(one.span.end == other.span.begin for one, other in pairwise(pieces))
    assert all(0 < one.span.seconds <= HOUR for one in pieces)
    for cut in (*of.days(whole), of.span, of.before, long_span(of), *paused):
        # Sums over any of these leave nothing out, and count nothing twice.
        own = [one for one in pieces if within(one.span, cut)]
        assert math.fsum(one.span.seconds for one in own) == pytest.approx(
            max(0.0, min(cut.end, whole.end) - max(cut.begin, whole.begin))
        )
    assert math.fsum(one.span.seconds for one in pieces if one.paused) == pytest.approx(3000.25 + 2 * HOUR)
    # All but a few are asked about with one question.
    assert sum(not one.hour for one in pieces) < 100


def test_four_weeks_are_by_the_calendar() -> None:
    assert long_span(WEEKS["as ever"]).seconds == 28 * DAY
    assert long_span(WEEKS["summer time ends"]).seconds == 28 * DAY + HOUR
    assert long_span(WEEKS["summer time begins"]).seconds == 28 * DAY - HOUR
    assert long_span(WEEKS["two months"]) == WEEKS["two months"].span


def past(*counts: Count | None, paused: tuple[int, ...] = (), gaps: tuple[Span, ...] = ()) -> Past:
    """An hour each, from 0 on."""
    pieces = tuple(
        Piece(Span(place * HOUR, (place + 1) * HOUR), place in paused, True) for place in range(len(counts))
    )
    return Past(objective("latency"), pieces, counts, gaps=gaps)


def test_a_share_is_a_ratio_of_sums() -> None:
    of = past(Count(1000, 0), Count(10, 10))
    total = total_of(of, Span(0, 2 * HOUR))
    # The mean of both shares would be a half.
    assert (total.good, total.total) == (1000, 1010)


def test_maintenance_and_what_is_not_known_are_no_part_of_a_sum() -> None:
    of = past(
        Count(100, 1), Count(100, 90), None, Count(50, 2), paused=(1,), gaps=(Span(2 * HOUR, 3 * HOUR),)
    )
    span = Span(0, 4 * HOUR)
    assert total_of(of, span) == Count(150, 3)
    assert total_of(of, span, paused=True) == Count(100, 90)
    assert time_of(of, span) == 3 * HOUR
    assert missing_of(of, span) == HOUR
    # Without data in maintenance, nothing is missing.
    assert missing_of(past(None, paused=(0,), gaps=(Span(0, HOUR),)), Span(0, HOUR)) == 0


def test_overlap_and_merged() -> None:
    spans = [Span(5, 7), Span(0, 2), Span(1, 3), Span(7, 8)]
    assert merged(spans) == (Span(0, 3), Span(5, 8))
    assert overlap([Span(0, 4), Span(6, 10)], [Span(3, 7), Span(9, 20)]) == 1 + 1 + 1
    assert not overlap([Span(0, 1)], [Span(1, 2)])


@pytest.mark.parametrize(
    ("hole", "gaps"),
    [
        (range(0), []),
        (range(100, 160), [(100, 160)]),
        (range(60), [(0, 60)]),
        (range(540, 601), [(540, 600)]),
        (range(601), [(0, 600)]),
    ],
)
def test_gaps_are_when_there_were_no_samples(hole: range, gaps: list[tuple[int, int]]) -> None:
    """Of ten hours, with a sample a minute at 17 s past it, but for some minutes."""
    samples = [60 * minute + 17 for minute in range(-5, 600) if minute not in hole]
    if hole.start == 0 and hole:
        samples = [one for one in samples if one > 0]
    # As a range query finds them: those with a sample in the last 150 s.
    present = [
        60.0 * look for look in range(601) if any(60 * look - 150 < one <= 60 * look for one in samples)
    ]
    found = gaps_of(Span(0, 600 * 60), present, 60)
    assert len(found) == len(gaps)
    for span, (begin, end) in zip(found, gaps, strict=True):
        assert span.begin == pytest.approx(60 * begin, abs=90)
        assert span.end == pytest.approx(60 * end, abs=90)


def test_a_scrape_that_fails_once_is_no_gap() -> None:
    samples = [60 * minute + 17 for minute in range(-5, 600) if minute != 300]
    present = [
        60.0 * look for look in range(601) if any(60 * look - 150 < one <= 60 * look for one in samples)
    ]
    assert not gaps_of(Span(0, 600 * 60), present, 60)


@pytest.mark.parametrize(
    ("total", "bad", "breach"),
    [
        (1000, 50, False),  # exactly as many as are allowed
        (1000, 50.001, True),
        (19, 19, None),  # too few to tell of 95%
        (20, 1, False),
        (20, 2, True),
        (0, 0, None),
    ],
)
def test_a_breach_is_more_than_the_allowed_share(total: float, bad: float, breach: bool | None) -> None:
    assert is_breach(objective("latency"), Count(total, bad)) is breach


def test_a_strict_objective_is_breached_by_exactly_the_allowed_share() -> None:
    assert is_breach(objective("availability"), Count(1000, 50))
    assert not is_breach(objective("availability"), Count(1000, 49.9))


def test_burn_rate_is_what_was_bad_of_what_was_allowed() -> None:
    strict: Objective = objective("latency", target=Fraction(999, 1000))
    assert allowed(strict, Count(5000, 0)) == 5
    assert burn_rate(strict, Count(5000, 10)) == 2
    assert burn_rate(strict, Count(5000, 0)) == 0
    assert burn_rate(strict, Count(0, 0)) is None


@pytest.mark.parametrize(
    ("buckets", "value"),
    [
        ({0.1: 50, 0.5: 100, math.inf: 100}, 0.1 + 0.4 * 45 / 50),
        ({0.1: 100, math.inf: 100}, 0.095),  # the first begins at 0
        ({0.1: 10, 0.5: 90, math.inf: 100}, 0.5),  # beyond all ends: the last of them
        ({0.1: 95, 0.5: 100, math.inf: 100}, 0.1),
        ({0.1: 50, 0.5: 49.9999, math.inf: 50}, 0.095),  # extrapolated, and a hair less
        ({0.1: 0, math.inf: 0}, None),
        ({0.1: 1, 0.5: 2}, None),  # without the bucket of all
        ({math.inf: 3}, None),
        ({}, None),
    ],
)
def test_quantile_is_that_of_histogram_quantile(buckets: dict[float, float], value: float | None) -> None:
    found = quantile(0.95, buckets)
    assert found == (None if value is None else pytest.approx(value))

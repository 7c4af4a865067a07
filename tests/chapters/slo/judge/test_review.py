"""What a review says of an objective's figures, at the edges of its words."""

from __future__ import annotations

import math
from datetime import UTC
from typing import Any

import pytest

from deployspec.chapters.slo.judge.census import Census
from deployspec.chapters.slo.judge.past import HOUR, Count, Past, Piece, long_span
from deployspec.chapters.slo.judge.review import cells
from deployspec.chapters.slo.judge.review.budgets import objectives
from deployspec.chapters.slo.judge.review.latency import bars, latency
from deployspec.chapters.slo.judge.review.objective import Reviewed, judged_span, length, why_unknown
from deployspec.model.review import Cell, Change, Figure, Span, Table, Tone, Week
from deployspec.model.verdict import Outcome
from tests.chapters.slo.judge.test_census import objective

DAY = 86400.0
WEEK = Week("shop", Span(100 * DAY, 107 * DAY), UTC)
ALL = long_span(WEEK)


def reviewed(now: Count | None, then: Count | None = None, judged: Span = WEEK.span, **more: Any) -> Reviewed:
    """A week as one piece, after the rest of the four weeks as two."""
    spans = (Span(ALL.begin, WEEK.before.begin), WEEK.before, WEEK.span)
    pieces = tuple(Piece(span, span.begin in more.get("paused", ()), False) for span in spans)
    told = {name: value for name, value in more.items() if name not in ("paused", "kind")}
    past = Past(objective(more.get("kind", "latency")), pieces, (None, then, now), **told)
    return Reviewed(past, WEEK, judged)


@pytest.mark.parametrize(
    ("now", "more", "why"),
    [
        pytest.param(Count(1000, 10), {}, "", id="known"),
        pytest.param(Count(1000, 10), {"gaps": (Span(100 * DAY, 100.35 * DAY),)}, "", id="five-in-a-hundred-missing"),
        pytest.param(Count(1000, 10), {"gaps": (Span(100 * DAY, 100.5 * DAY),)}, "data for the last 156 h of 168 h alone", id="just-begun"),
        pytest.param(Count(1000, 10), {"gaps": (Span(101 * DAY, 102 * DAY),)}, "no data for 24 h of 168 h", id="a-day-missing"),
        pytest.param(Count(1000, 10), {"gaps": (Span(100 * DAY, 107 * DAY),)}, "no data in 168 h", id="all-missing"),
        pytest.param(Count(1000, 10), {"paused": (100 * DAY,)}, "all of the 7 days were maintenance", id="maintenance"),
        pytest.param(Count(0, 0), {}, "no request in 7 days", id="no-request"),
        pytest.param(None, {}, "no request in 7 days", id="nothing-counted"),
        pytest.param(Count(19, 0), {}, "19 requests in 7 days, so few that a single one would decide", id="few"),
        pytest.param(Count(1, 0), {}, "1 request in 7 days, so few that a single one would decide", id="one"),
        pytest.param(Count(20, 0), {}, "", id="just-enough"),
        pytest.param(Count(19, 2), {}, "", id="few-and-bad-all-the-same"),
        pytest.param(Count(1000, 40), {"census": Census(960, 1000, 1.0, began_good=5, began_total=20)}, "series that began within 7 days had counted 20 requests when they were scraped first, which increase leaves out, and which could have changed the verdict", id="began"),
        pytest.param(Count(1000, 40), {"census": Census(960, 1000, 1.0, began_good=15, began_total=20)}, "", id="began-and-good-enough"),
        pytest.param(Count(1000, 55), {"census": Census(945, 1000, 1.0, began_good=200, began_total=200)}, "series that began within 7 days had counted 200 requests when they were scraped first, which increase leaves out, and which could have changed the verdict", id="began-and-could-have-saved-it"),
        pytest.param(Count(1000, 60), {"census": Census(940, 1000, 1.0, began_good=50, began_total=50)}, "", id="began-and-could-not-have-saved-it"),
        pytest.param(Count(1000, 55), {"census": Census(945, 1000, 1.0, doubts=("it is doubtful",))}, "it is doubtful", id="doubt"),
    ],
)  # fmt: skip
def test_why_a_week_is_not_known(now: Count | None, more: dict[str, Any], why: str) -> None:
    """Data, requests, and what the first samples left out."""
    assert why_unknown(reviewed(now, **more).past, WEEK.span) == why


@pytest.mark.parametrize(
    ("window", "asked", "span"),
    [
        pytest.param(28 * DAY, 28 * DAY, ALL, id="both-longer"),
        pytest.param(28 * DAY, DAY, WEEK.span, id="asked-for-a-day"),
        pytest.param(7 * DAY, 28 * DAY, WEEK.span, id="its-own-is-a-week"),
        pytest.param(7 * DAY + 1, 28 * DAY, ALL, id="its-own-is-longer"),
    ],
)
def test_by_which_time_an_objective_is_judged(window: float, asked: float, span: Span) -> None:
    """The four weeks, where both windows are longer than the week."""
    assert judged_span(WEEK, asked, objective("latency", window=window)) == span


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(DAY, "1 day"), (25 * HOUR, "1 day"), (23 * HOUR, "1 day"), (25 * HOUR + 1, "25 h"), (7 * DAY - HOUR, "7 days"), (HOUR, "1 h")],
)  # fmt: skip
def test_how_long_a_time_is(seconds: float, said: str) -> None:
    """A day on which clocks are set is one."""
    assert length(Span(0, seconds)) == said


@pytest.mark.parametrize(
    ("count", "more", "text", "value", "tone"),
    [
        pytest.param(Count(1000, 50), {}, "95.00%", 0.95, Tone.GOOD, id="exactly-the-target"),
        pytest.param(Count(1000, 51), {}, "94.90%", 0.949, Tone.BAD, id="below"),
        pytest.param(
            Count(1000, 50), {"kind": "availability"}, "95.00%", 0.95, Tone.BAD, id="exactly-a-strict-one"
        ),
        pytest.param(Count(10, 0), {}, "100.00%", 1.0, Tone.UNKNOWN, id="good-and-few"),
        pytest.param(Count(0, 0), {}, "no request", None, Tone.UNKNOWN, id="no-request"),
        pytest.param(None, {"gaps": (WEEK.span,)}, "no data", None, Tone.UNKNOWN, id="no-data"),
    ],
)
def test_the_share_of_good_requests(
    count: Count | None, more: dict[str, Any], text: str, value: float | None, tone: Tone
) -> None:
    """Green where it is known to be kept."""
    cell = cells.good_cell(reviewed(count, **more), WEEK.span)
    assert (cell.text, cell.value, cell.tone) == (text, value, tone)


@pytest.mark.parametrize(
    ("bad", "spent", "left"),
    [
        pytest.param(0, ("0.0%", 0.0, Tone.PLAIN), ("100.0%", 1.0, Tone.PLAIN), id="nothing"),
        pytest.param(20, ("40.0%", 0.4, Tone.PLAIN), ("60.0%", 0.6, Tone.PLAIN), id="a-part"),
        pytest.param(50, ("100.0%", 1.0, Tone.PLAIN), ("none", 0.0, Tone.PLAIN), id="all-of-it"),
        pytest.param(60, ("120.0%", 1.2, Tone.BAD), ("none, 20.0% over", -0.2, Tone.BAD), id="more"),
    ],
)
def test_what_is_spent_and_left_of_a_budget(bad: int, spent: object, left: object) -> None:
    """Of fifty bad requests that a thousand allow."""
    of = reviewed(Count(1000, bad))
    found = cells.spent_cell(of, WEEK.span), cells.left_cell(of, WEEK.span)
    assert [(one.text, one.value, one.tone) for one in found] == [spent, left]


@pytest.mark.parametrize(
    ("now", "then", "more", "cell"),
    [
        pytest.param(Count(1000, 10), Count(1000, 20), {}, Cell("49", 49.0), id="at-ten-a-week"),
        pytest.param(Count(1000, 35), Count(1000, 55), {}, Cell("2.0", 2.0, Tone.BAD), id="within-the-week"),
        pytest.param(Count(1000, 35), Count(1000, 30), {}, Cell("7.0", 7.0), id="in-a-week"),
        pytest.param(Count(1000, 35), Count(1000, 65), {}, Cell("spent", 0.0, Tone.BAD), id="spent"),
        pytest.param(Count(1000, 0), Count(1000, 20), {}, Cell("never", None, Tone.GOOD, note="no bad request in the week"), id="never"),
        pytest.param(Count(1000, 10), Count(1000, 20), {"gaps": (Span(100 * DAY, 103.5 * DAY),)}, Cell("24", 24.5), id="by-the-days-with-data"),
        pytest.param(Count(0, 0), Count(1000, 20), {}, Cell("no data", tone=Tone.UNKNOWN), id="no-request"),
    ],
)  # fmt: skip
def test_how_long_a_budget_lasts(now: Count, then: Count, more: dict[str, Any], cell: Cell) -> None:
    """What is left of four weeks, at what a day of the week has spent."""
    assert cells.until_spent_cell(reviewed(now, then, **more), WEEK.span, ALL) == cell


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (9.96, "10.0"), (2.5, "2.5"), (3.0, "3"), (10.4, "10"), (12_345.6, "12,346")],
)
def test_how_a_number_is_written(number: float, text: str) -> None:
    """Of a few, extrapolated, with a part of one."""
    assert cells.number_cell(number).text == text


@pytest.mark.parametrize(
    ("newest", "cell"),
    [
        (None, Cell("none", tone=Tone.UNKNOWN)),
        (107 * DAY + 60, Cell("0 s before the end", 0.0)),
        (107 * DAY - HOUR, Cell("1 h before the end", HOUR)),
        (107 * DAY - HOUR - 60, Cell("1 h 1 min before the end", HOUR + 60, Tone.UNKNOWN)),
    ],
)
def test_how_old_the_newest_data_is(newest: float | None, cell: Cell) -> None:
    """More than an hour is a doubt."""
    assert cells.newest_cell(reviewed(Count(1, 0), newest=newest)) == cell


@pytest.mark.parametrize(
    ("now", "then", "changes"),
    [
        pytest.param(60, 40, [("120.0%", "80.0%", Tone.BAD)], id="over"),
        pytest.param(40, 60, [("80.0%", "120.0%", Tone.GOOD)], id="no-longer-over"),
        pytest.param(50, 40, [], id="all-of-it-is-not-over"),
        pytest.param(70, 60, [], id="still-over"),
        pytest.param(41, 20, [("82.0%", "40.0%", Tone.PLAIN)], id="more-than-twice"),
        pytest.param(40, 20, [], id="twice"),
        pytest.param(10, 21, [("20.0%", "42.0%", Tone.PLAIN)], id="less-than-half"),
        pytest.param(10, 20, [], id="half"),
        pytest.param(5, 0, [], id="a-tenth"),
        pytest.param(6, 0, [("12.0%", "0.0%", Tone.PLAIN)], id="more-than-a-tenth"),
        pytest.param(6, 6, [], id="the-same"),
    ],
)
def test_what_has_changed_since_the_week_before(
    now: int, then: int, changes: list[tuple[str, str, Tone]]
) -> None:
    """Over the budget or no longer, and what doubles or halves."""
    found = objectives([reviewed(Count(1000, now), Count(1000, then))], [], WEEK).changes
    assert found == tuple(
        Change(f"api-latency: {one} of the week's budget spent, after {other}", tone)
        for one, other, tone in changes
    )


@pytest.mark.parametrize(
    ("now", "more", "outcome"),
    [
        pytest.param(Count(1000, 50), {}, Outcome.MET, id="met"),
        pytest.param(Count(1000, 51), {}, Outcome.BREACHED, id="breached"),
        pytest.param(Count(1000, 51), {"gaps": (WEEK.span,)}, Outcome.UNMEASURED, id="unmeasured"),
    ],
)
def test_a_verdict(now: Count, more: dict[str, Any], outcome: Outcome) -> None:
    """Told at the head of the page where it is not MET."""
    of = reviewed(now, **more)
    section = objectives([of], [], WEEK)
    assert of.verdict()[0] is outcome
    assert [bool(section.breached), bool(section.unmeasured)] == [outcome is Outcome.BREACHED, outcome is Outcome.UNMEASURED]  # fmt: skip


@pytest.mark.parametrize(
    ("buckets", "edges", "counts"),
    [
        pytest.param(
            {0.1: 3.0, 0.5: 5.0, math.inf: 6.0}, (50, 100, 500, 1000), (3, 2, 1), id="beyond-all-ends"
        ),
        pytest.param({0.1: 3.0, 0.5: 5.0, math.inf: 5.0}, (50, 100, 500), (3, 2), id="none-beyond"),
        pytest.param({0.1: 3.0, 0.5: 2.9, math.inf: 6.0}, (50, 100, 500, 1000), (3, 0, 3), id="a-hair-less"),
        pytest.param({0.1: 1.0, math.inf: 1.0}, (50, 100), (1,), id="one-request"),
        pytest.param({0.0: 1.0, 0.1: 3.0, math.inf: 3.0}, (50, 100), (3,), id="an-end-at-0"),
    ],
)
def test_bars(buckets: dict[float, float], edges: tuple[float, ...], counts: tuple[int, ...]) -> None:
    """In milliseconds, each with what is not in the one before."""
    found = bars(buckets)
    assert found is not None
    assert (found.edges, found.counts) == (pytest.approx(edges), counts)


@pytest.mark.parametrize(
    "buckets",
    [{}, {math.inf: 3.0}, {0.1: 3.0, 0.5: 3.0}, {0.1: 0.0, math.inf: 0.0}, {0.1: 0.2, math.inf: 0.4}],
    ids=["none", "one", "without-that-of-all", "no-request", "parts-of-one"],
)
def test_no_bars(buckets: dict[float, float]) -> None:
    """Where there is nothing to draw."""
    assert bars(buckets) is None


def test_without_a_request_nothing_is_spent_nor_left() -> None:
    """It is not known."""
    of = reviewed(Count(0, 0))
    unknown = Cell("no data", tone=Tone.UNKNOWN)
    assert (cells.spent_cell(of, WEEK.span), cells.left_cell(of, WEEK.span)) == (unknown, unknown)


def test_what_is_said_of_maintenance() -> None:
    """How long it was, and what was counted in it."""
    of = reviewed(Count(1000, 30), Count(500, 20), paused=(100 * DAY,))
    note = "1,000 requests, 30 of them bad"
    assert cells.paused_cell(of, WEEK.span) == Cell("168 h", 7 * DAY, Tone.MUTED, note=note)
    assert cells.paused_cell(of, WEEK.before) == Cell("none", 0.0, Tone.MUTED)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ((1, 10, 6), "above 1 in 2 of 3 hours with requests, at most 2 (1970-04-11 01:00)."),
        ((10, 1, 10), "above 1 in 2 of 3 hours with requests, at most 2 (1970-04-11 00:00)."),
        ((5, 4, 0), "above 1 in none of 3 hours with requests, at most 1 (1970-04-11 00:00)."),
        ((0, 0, 0), "above 1 in none of 3 hours with requests; no bad request."),
    ],
)
def test_what_is_said_of_the_burn_by_the_hour(bad: tuple[int, ...], said: str) -> None:
    """The highest, where it was first; of five bad ones in a hundred that are allowed."""
    pieces = tuple(
        Piece(Span(100 * DAY + hour * HOUR, 100 * DAY + (hour + 1) * HOUR), False, True) for hour in range(3)
    )
    past = Past(objective("latency"), pieces, tuple(Count(100, one) for one in bad))
    figures = [
        one
        for one in objectives([Reviewed(past, WEEK, WEEK.span)], [], WEEK).parts
        if isinstance(one, Figure)
    ]
    assert [one.says for one in figures] == [f"Burn rate of api-latency by the hour: {said}"]


def test_three_objectives_are_open_at_once() -> None:
    """Of those that are not MET; what is MET is shown when it is asked for."""
    told = [reviewed(Count(1000, bad)) for bad in (0, 60, 60, 60, 60)]
    tables = [
        one
        for one in objectives(told, [], WEEK).parts
        if isinstance(one, Table) and one.key.startswith("objective-")
    ]
    assert [one.fold is not None and one.fold.is_open for one in tables] == [False, True, True, True, False]


def test_what_is_said_of_a_distribution() -> None:
    """Between which ends most requests took."""
    buckets = {0.1: (0.0, 0.0, 3.0), 0.5: (0.0, 0.0, 9.0), math.inf: (0.0, 0.0, 10.0)}
    section = latency([reviewed(Count(10, 1), buckets=buckets)], WEEK)
    assert section is not None
    (figure,) = [one for one in section.parts if isinstance(one, Figure) and one.key.startswith("latency-")]
    assert figure.key == "latency-now-api-latency"
    assert figure.says.startswith("Of 10 requests, most (6) took between 100 and 500 ms.")


def test_without_a_request_there_is_no_burn_rate() -> None:
    """Nor a figure of it."""
    assert not [one for one in objectives([reviewed(Count(0, 0))], [], WEEK).parts if isinstance(one, Figure)]

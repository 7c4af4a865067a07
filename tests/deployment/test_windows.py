"""Which windows a run falls into, and which come next: on nights on which clocks are changed, past midnight and New Year."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.deployment.windows import LONGEST, Window, active, between, upcoming
from tests.trials import trials

BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
HOUR = 3600.0


def at(text: str) -> float:
    """The seconds since 1970 of a time with its offset."""
    return datetime.fromisoformat(text).timestamp()


def nightly(
    cron: str = "30 2 * * *", hours: float = 2, until: float = math.inf, zone: tzinfo = BERLIN
) -> Window:
    """A window that recurs."""
    return Window("nightly", hours * HOUR, zone, cron=cron, until=until)


def told(windows: list[Window], after: str, count: int) -> list[str]:
    """Begin and end of those that come next, as their zone's clocks show them."""
    return [
        " ".join(f"{datetime.fromtimestamp(moment, one.window.zone):%m-%dT%H:%M%z}" for moment in one[1:])
        for one in upcoming(windows, at(after), count)
    ]


# columns: the schedule, its hours, after which moment, begin and end of the next ones
@pytest.mark.parametrize(
    ("cron", "hours", "after", "expected"),
    [
        pytest.param(
            "30 2 * * *",
            2,
            "2026-03-28T12:00+01:00",
            ["03-29T03:00+0200 03-29T05:00+0200", "03-30T02:30+0200 03-30T04:30+0200"],
            id="spring",
        ),
        pytest.param(
            "30 1 * * *",
            2,
            "2026-03-28T12:00+01:00",
            ["03-29T01:30+0100 03-29T04:30+0200"],
            id="spring-in-between",
        ),
        pytest.param(
            "30 2 * * *",
            2,
            "2026-10-24T12:00+02:00",
            ["10-25T02:30+0200 10-25T03:30+0100", "10-26T02:30+0100 10-26T04:30+0100"],
            id="autumn",
        ),
        pytest.param(
            "30 2 * * *",
            2,
            "2026-10-25T02:45+01:00",
            ["10-25T02:30+0200 10-25T03:30+0100", "10-26T02:30+0100 10-26T04:30+0100"],
            id="autumn-while-it-is-open",
        ),
        pytest.param(
            "30 2 * * *",
            0.25,
            "2026-10-25T02:20+01:00",
            ["10-26T02:30+0100 10-26T02:45+0100"],
            id="autumn-in-the-second-hour",
        ),
        pytest.param(
            "0 2 1 * *",
            7 * 24,
            "2026-05-08T01:59+02:00",
            ["05-01T02:00+0200 05-08T02:00+0200", "06-01T02:00+0200 06-08T02:00+0200"],
            id="a-week-long",
        ),
        pytest.param(
            "30 * * * *",
            0.25,
            "2026-10-25T02:00+02:00",
            [
                "10-25T02:30+0200 10-25T02:45+0200",
                "10-25T02:30+0100 10-25T02:45+0100",
                "10-25T03:30+0100 10-25T03:45+0100",
            ],
            id="autumn-hourly",
        ),
        pytest.param(
            "0 23 31 12 *", 3, "2026-06-01T00:00+02:00", ["12-31T23:00+0100 01-01T02:00+0100"], id="new-year"
        ),
        pytest.param(
            "0 2 29 2 *", 1, "2026-03-01T00:00+01:00", ["02-29T02:00+0100 02-29T03:00+0100"], id="leap-day"
        ),
        pytest.param(
            "5-5 2 * * MON#1",
            1,
            "2026-01-02T00:00+01:00",
            ["01-05T02:05+0100 01-05T03:05+0100", "02-02T02:05+0100 02-02T03:05+0100"],
            id="a-range-of-one",
        ),
        pytest.param(
            "0 2 L * *",
            1,
            "2026-01-02T00:00+01:00",
            ["01-31T02:00+0100 01-31T03:00+0100", "02-28T02:00+0100 02-28T03:00+0100"],
            id="last-day",
        ),
    ],
)
def test_when_it_is_open(cron: str, hours: float, after: str, expected: list[str]) -> None:
    """The duration is time that passes; a time of day that the clock skips, or shows twice, begins one window."""
    assert told([nightly(cron, hours)], after, len(expected)) == expected


# columns: begin and end of a run, the expected name of the window
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param("2026-05-01T22:59:59+02:00", "2026-05-01T22:59:59+02:00", "", id="before"),
        pytest.param(
            "2026-05-01T22:59:00+02:00", "2026-05-01T23:00:00+02:00", "nightly", id="until-it-begins"
        ),
        pytest.param("2026-05-01T23:00:00+02:00", "2026-05-01T23:00:00+02:00", "nightly", id="as-it-begins"),
        pytest.param(
            "2026-05-02T00:59:59+02:00", "2026-05-02T01:02:00+02:00", "nightly", id="after-midnight"
        ),
        pytest.param("2026-05-02T01:00:00+02:00", "2026-05-02T01:02:00+02:00", "", id="as-it-ends"),
        pytest.param(
            "2026-05-01T20:00:00+02:00", "2026-05-02T03:00:00+02:00", "nightly", id="within-the-run"
        ),
    ],
)
def test_a_run_that_falls_into_a_window(start: str, end: str, expected: str) -> None:
    """From its start until just before its end; also one that began yesterday."""
    found = active([nightly("0 23 * * *")], at(start), at(end))
    assert (found.name if found else "") == expected


def test_a_window_that_is_there_once() -> None:
    """It is open once, and then over; times are in the offset in which it is said."""
    start = at("2026-05-01T23:00+05:30")
    once = Window(
        "move", 2 * HOUR, datetime.fromisoformat("2026-05-01T23:00+05:30").tzinfo or UTC, start=start
    )
    assert active([once], start - 1, start - 1) is None
    assert active([once], start + 2 * HOUR - 1, start + 9 * HOUR) is once
    assert active([once], start + 2 * HOUR, start + 9 * HOUR) is None
    assert told([once], "2026-05-01T00:00Z", 9) == ["05-01T23:00+0530 05-02T01:00+0530"]
    assert told([once], "2026-05-03T00:00Z", 9) == []


def test_until_is_the_last_moment_at_which_it_begins() -> None:
    """One that has begun by then ends as usual."""
    last = at("2026-05-03T02:30+02:00")
    window = nightly(until=last)
    assert told([window], "2026-05-02T12:00+02:00", 5) == ["05-03T02:30+0200 05-03T04:30+0200"]
    assert active([window], last + HOUR, last + HOUR) is window
    assert told([nightly(until=last - 1)], "2026-05-02T12:00+02:00", 5) == []


def test_the_next_of_several_are_in_order_and_the_first_in_the_file_is_named() -> None:
    """Where two are open, a run is in the one that stands first."""
    weekly, daily = nightly("0 3 * * SUN", 1), nightly("0 3 * * *", 2)
    sunday = at("2026-05-03T03:30+02:00")
    assert active([weekly, daily], sunday, sunday) is weekly
    assert active([daily, weekly], sunday, sunday) is daily
    found = upcoming([weekly, daily], at("2026-05-02T12:00+02:00"), 3)
    assert [(one.window is weekly, one.start) for one in found] == [
        (True, at("2026-05-03T03:00+02:00")),
        (False, at("2026-05-03T03:00+02:00")),
        (False, at("2026-05-04T03:00+02:00")),
    ]
    assert upcoming([], 0.0, 3) == []
    assert active([], 0.0, 1.0) is None


def test_every_minute_for_a_week_ends_soon() -> None:
    """Such a window is always open; of those that have begun, the last one is told."""
    window = Window("always", LONGEST, BERLIN, cron="* * * * *")
    now = at("2026-05-03T02:30:30+02:00")
    before = time.process_time()
    assert active([window], now, now) is window
    assert [one.start - now for one in upcoming([window], now, 3)] == [-30, 30, 90]
    assert time.process_time() - before < 5


# What Debian's cron does, minute by minute, for schedules of minutes, hours and days of the week.
def _begins(minutes: str, hours: str, days: str, zone: tzinfo, start: float, end: float) -> list[float]:
    wanted = [_numbers(field, most) for field, most in ((minutes, 60), (hours, 24), (days, 7))]
    by_the_clock = "*" in minutes or "*" in hours

    def fits(wall: datetime) -> bool:
        return all(
            value in field
            for value, field in zip((wall.minute, wall.hour, wall.isoweekday() % 7), wanted, strict=True)
        )

    found = []
    minute = timedelta(minutes=1)
    moment = datetime.fromtimestamp(start // 60 * 60, UTC)
    latest = moment.astimezone(zone).replace(tzinfo=None)
    while (moment := moment + minute).timestamp() <= end:
        wall = moment.astimezone(zone).replace(tzinfo=None)
        # All times of day that have come since, none where the clock was set back.
        passed = [latest + minute * n for n in range(1, (wall - latest) // minute + 1)]
        latest = max(latest, wall)
        if any(map(fits, [wall] if by_the_clock else passed)):
            found.append(moment.timestamp())
    return found


def _numbers(field: str, most: int) -> set[int]:
    if field.startswith("*"):
        return set(range(0, most, int(field.partition("/")[2] or 1)))
    return {int(number) for number in field.split(",")}


def _fields(most: int, steps: str) -> st.SearchStrategy[str]:
    listed = st.lists(st.integers(0, most - 1), min_size=1, max_size=4, unique=True)
    return st.sampled_from(["*", steps]) | listed.map(lambda numbers: ",".join(map(str, numbers)))


@settings(max_examples=trials(150), deadline=None)
@given(
    minutes=_fields(60, "*/20"),
    hours=_fields(24, "*/5") | st.sampled_from(["1,2", "2", "2,3"]),
    days=_fields(7, "*"),
    zone=st.sampled_from([BERLIN, NEW_YORK, UTC, ZoneInfo("Asia/Kathmandu")]),
    near=st.sampled_from(
        [
            *("2026-03-29T01:00+00:00", "2026-10-25T01:00+00:00", "2026-03-08T07:00+00:00"),
            *("2026-11-01T06:00+00:00", "2026-12-31T23:59+00:00", "2028-02-29T12:00+00:00"),
        ]
    ),
    seconds=st.integers(-86_400, 86_400),
    lasts=st.integers(0, 7200),
    duration=st.integers(1, 8 * 60 * 60) | st.integers(6 * 60 * 60, 30 * 60 * 60),
)
def test_as_an_oracle_has_it_that_looks_at_each_minute(
    minutes: str, hours: str, days: str, zone: tzinfo, near: str, seconds: int, lasts: int, duration: int
) -> None:
    """Whether a run falls into a window, and when the next ones begin within a day."""
    start = at(near) + seconds
    end = start + lasts
    window = Window("any", float(duration), zone, cron=f"{minutes} {hours} * * {days}")
    begins = _begins(minutes, hours, days, zone, start - duration - 3 * HOUR, end + 24 * HOUR)
    expected = any(begin <= end and begin + duration > start for begin in begins)
    assert (active([window], start, end) is window) == expected
    open_within = [(one.start, one.end) for one in between([window], start, end + 1)]
    assert open_within == [
        (begin, begin + duration) for begin in begins if begin <= end and begin + duration > start
    ]
    soon = [one.start for one in upcoming([window], start, 9) if start < one.start <= end + 24 * HOUR]
    assert soon == [begin for begin in begins if begin > start][: len(soon)]
    assert len(soon) >= min(8, sum(begin > start for begin in begins))

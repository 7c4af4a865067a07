"""Times are read and compared alike, however quickly."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.logs.judge import stamps
from tests.trials import trials

START = datetime(2026, 11, 24, tzinfo=UTC)


def told(milliseconds: int, form: int, decimals: int = 3) -> object:
    """A time after the start, in one of many forms; some are none."""
    moment = START + timedelta(milliseconds=milliseconds)
    text = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if decimals != len("123"):
        text = f"{text[:19]}Z" if decimals == 0 else f"{text[:-1]}{'0' * (decimals - 4)}7Z"
    forms = (
        text, text, text, text, text, text,
        text.replace("Z", "+00:00"), text.replace("T", " "), text.replace("T", "t"), text[:-1] + "000Z",
        (moment + timedelta(hours=1)).isoformat(timespec="milliseconds").replace("+00:00", "+01:00"),
        text.replace("-11-", "-13-"), None, 3, "", [text], text[:-1], text.replace(":00.", ":60."),
    )  # fmt: skip
    return forms[form % len(forms)]


@given(
    st.lists(st.tuples(st.integers(-5000, 5000), st.integers(0, 200).map(lambda form: form if form < 18 else 0)), max_size=150),
    st.one_of(st.none(), st.integers(-5000, 5000)),
    st.booleans(),
    st.sampled_from([0, 3, 6, 9]),
)  # fmt: skip
@settings(deadline=None, max_examples=trials(400))
def test_quick_and_slow_agree(
    steps: list[tuple[int, int]], highest: int | None, rising: bool, decimals: int
) -> None:
    """The quick way says what the slow way says, or nothing."""
    at, some = 0, []
    for step, form in steps:
        at = at + abs(step) // 50 if rising else step
        some.append(told(at, form, decimals))
    before = None if highest is None else START.timestamp() + highest / 1000
    read_at = START.timestamp() + 2
    quick = stamps.ordered(some, read_at, before)
    with patch.object(stamps, "_together", return_value=None):
        assert quick == stamps.ordered(some, read_at, before)


@pytest.mark.parametrize("length", [1, 40, 200])
@pytest.mark.parametrize(("back", "found"), [(2000, False), (2001, True)])
def test_two_seconds_back(length: int, back: int, found: bool) -> None:
    """Two seconds behind an earlier record are right, a millisecond more is not; in any place."""
    rising = [told(10_000 + number, 0) for number in range(length)]
    wrong = told(10_000 + length - 1 - back, 0)
    expected = [length] if found else []
    later = [told(10_000 + length, 0)] * 100
    assert stamps.ordered([*rising, wrong], math.inf).backwards == expected
    assert stamps.ordered([*rising, wrong, *later], math.inf).backwards == expected
    highest = START.timestamp() + (10_000 + length - 1) / 1000
    assert stamps.ordered([wrong], math.inf, highest).backwards == ([0] if found else [])


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("2026-11-24T00:00:01.500Z", 1.5),
        ("2026-11-24T01:00:01.5+01:00", 1.5),
        ("2026-11-24t00:00:01z", 1.0),
        ("2026-11-24T00:00:01", None),
        ("2026-02-30T00:00:01Z", None),
        ("", None),
        (3, None),
        (None, None),
    ],
)
def test_seconds(text: object, after: float | None) -> None:
    """An RFC 3339 time is read, in any of its forms; nothing else is a time."""
    expected = None if after is None else START.timestamp() + after
    assert stamps.seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-30T00:00:00.000Z",
        "2026-13-01T00:00:00.000Z",
        "2026-11-24T24:00:00.000Z",
        "2026-11-24T00:60:00.000Z",
        "2026-11-24T00:00:61.000Z",
        "2026-11-24T00:00:00,000Z",
        "2026-11-24T00:00:0O.000Z",
        "2026-11-24T00:00:0\uff10.000Z",
        "yesterdayyT at 9 o'clocZ",
        "",
        3,
        None,
        ["2026-11-24T00:00:00.000Z"],
    ],
)
def test_what_is_no_time_is_told(text: object) -> None:
    """Among sound times, one that cannot be read is told, also where it has their form and length."""
    sound = [told(number, 0) for number in range(200)]
    for at in (0, 100, 200):
        ordered = stamps.ordered([*sound[:at], text, *sound[at:]], START.timestamp())
        assert (ordered.unread, ordered.backwards, ordered.future) == ([at], [], [])


MOMENT = datetime(2026, 11, 1, 10, 20, 30, 123000, UTC).timestamp()


@pytest.mark.parametrize(
    ("form", "zone", "stamp"),
    [
        ("epoch", None, MOMENT),
        ("epoch", None, f"{MOMENT:.6f}"),
        ("epoch_ms", None, round(MOMENT * 1000)),
        ("epoch_us", None, f"{MOMENT * 1000:.0f}000"),
        ("epoch_ns", None, round(MOMENT * 1000) * 10**6),
        ("iso8601", None, "2026-11-01 10:20:30,123+0000"),
        ("iso8601", None, "2026-11-01T12:20:30.123+02:00"),
        ("iso8601", "+02:00", "2026-11-01 12:20:30,123"),
        ("iso8601", "Europe/Berlin", "20261101T112030.123"),
        ("rfc3339", None, "2026-11-01T10:20:30.123000456Z"),
        ("%d/%b/%Y:%H:%M:%S.%f %z", None, "01/Nov/2026:12:20:30.123 +0200"),
        ("%Y-%m-%d %H:%M:%S,%f", "UTC", "2026-11-01 10:20:30,123"),
        ("%Y-%m-%d %H:%M:%S.%f %Z", None, "2026-11-01 10:20:30.123 UTC"),
        ("%Y-%m-%d %H:%M:%S.%f %Z", "Europe/Berlin", "2026-11-01 11:20:30.123 CET"),
        ("%Y-%m-%d %H:%M:%S.%f %Z", "Europe/Berlin", "2026-11-01 10:20:30.123 UTC"),
        ("%Y-%m-%d %H:%M:%S.%f %Z", "America/Sao_Paulo", "2026-11-01 07:20:30.123 -03"),
        ("%b %d %H:%M:%S.%f", "-01:00", "Nov  1 09:20:30.123"),
    ],
)
def test_times_as_they_are_written(form: str, zone: str | None, stamp: object) -> None:
    """One moment, as many emitters write it."""
    found = stamps.Clock((form,), zone).moment(stamp, MOMENT + 60)
    assert found == pytest.approx(MOMENT, abs=2e-6)


@pytest.mark.parametrize(
    ("form", "stamp"),
    [
        ("epoch_ms", round(MOMENT)), ("epoch", round(MOMENT * 1000)), ("epoch_us", f"{MOMENT * 1000:.0f}"), ("epoch", 0),
        ("epoch", True), ("epoch", "soon"), ("epoch", -1), ("epoch", math.nan), ("epoch", 1e300), ("epoch_ms", None),
        ("iso8601", "2026-11-01 10:20:30"), ("iso8601", "2026-11-01"), ("iso8601", 5), ("rfc3339", MOMENT),
        ("%Y-%m-%d %H:%M:%S %z", "2026-11-01 10:20:30"), ("%Y-%m-%d %H:%M:%S %Z", "2026-11-01 10:20:30 CET"),
        ("%c", ["2026-11-01"]),
    ],
)  # fmt: skip
def test_no_time_as_it_is_described(form: str, stamp: object) -> None:
    """Nothing else is taken for a time, and none without its zone."""
    assert stamps.Clock((form,)).moment(stamp, MOMENT) is None


def test_a_zones_short_name() -> None:
    """It tells the two hours apart that have one local name, and is none of another time of the year."""
    clock = stamps.Clock(("%Y-%m-%d %H:%M:%S %Z",), "Europe/Berlin")
    summer, winter = (clock.moment(f"2026-10-25 02:30:00 {name}", MOMENT) for name in ("CEST", "CET"))
    assert summer is not None
    assert winter == summer + 3600
    assert clock.moment("2026-07-01 02:30:00 EST", MOMENT) is None


def test_why_a_time_cannot_be_read() -> None:
    """That the zone is missing is told apart from another form."""
    clock = stamps.Clock(("epoch", "%Y-%m-%d %H:%M:%S"))
    assert clock.why_not(None, 0) == "missing"
    assert clock.why_not("soon", 0) == "expected a time as epoch or %Y-%m-%d %H:%M:%S"
    zone = "expected a time that says its zone, or a time_zone for those that say none"
    assert clock.why_not("2026-11-01 10:20:30", 0) == zone


def test_a_year_that_is_not_said() -> None:
    """It is this one, or the last; 29 February is in the last leap year or nowhere."""
    clock = stamps.Clock(("%b %d %H:%M:%S",), "UTC")
    new_year = datetime(2027, 1, 1, 0, 0, 10, tzinfo=UTC).timestamp()
    assert clock.moment("Dec 31 23:59:50", new_year) == new_year - 20
    assert clock.moment("Jan  1 00:00:00", new_year) == new_year - 10
    assert clock.moment("Feb 29 00:00:00", new_year) is None
    assert clock.moment("Feb 29 00:00:00", datetime(2028, 3, 1, tzinfo=UTC).timestamp()) is not None


def test_an_hour_that_comes_twice() -> None:
    """When clocks are set back, the second hour is no way back; an hour before that is one."""
    local = (
        "2026-10-25 02:59:59,000",
        "2026-10-25 02:00:01,000",
        "2026-10-25 02:30:00,000",
        "2026-10-25 03:00:00,000",
    )
    clock = stamps.Clock(("%Y-%m-%d %H:%M:%S,%f",), "Europe/Berlin")
    ordered = stamps.ordered(local, 2e9, clock=clock)
    assert (ordered.backwards, ordered.unread) == ([], [])
    assert ordered.times == stamps.Times(highest=1792893600.0, lowest=1792889999.0)
    again = stamps.ordered([*local, "2026-10-25 02:10:00,000"], 2e9, clock=clock)
    assert again.backwards == [4]

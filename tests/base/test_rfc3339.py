"""Times as RFC 3339 writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base.rfc3339 import NotAStamp, Stamp, parse
from tests.trials import trials


# moment: seconds since the epoch; precision: what two stamps must differ by to be told apart.
@pytest.mark.parametrize(
    ("text", "moment", "precision"),
    [
        pytest.param("2024-01-15T10:30:45Z", 1705314645, 1, id="guide"),
        pytest.param("2024-01-15t10:30:45z", 1705314645, 1, id="small-letters"),
        pytest.param("2024-01-15 10:30:45Z", 1705314645, 1, id="space"),
        pytest.param("2024-01-15T10:30:45-00:00", 1705314645, 1, id="unknown-local-offset"),
        pytest.param("2024-01-15T11:30:45+01:00", 1705314645, 1, id="east"),
        pytest.param("2024-01-15T00:30:45-10:00", 1705314645, 1, id="west"),
        pytest.param("2024-01-16T10:29:45+23:59", 1705314645, 1, id="farthest-offset"),
        pytest.param("2024-01-15T10:30:45.5Z", Fraction("1705314645.5"), Fraction(1, 10), id="one-digit"),
        pytest.param("2024-01-15T10:30:45.123Z", Fraction("1705314645.123"), Fraction(1, 1000), id="milliseconds"),
        pytest.param("2024-01-15T10:30:45.000Z", 1705314645, 1, id="zeros-say-nothing"),
        pytest.param("2024-01-15T10:30:45.120Z", Fraction("1705314645.12"), Fraction(1, 100), id="zero-at-the-end"),
        pytest.param("1970-01-01T00:00:00Z", 0, 1, id="epoch"),
        pytest.param("0000-03-01T00:00:00Z", -62162035200, 1, id="year-0"),
        pytest.param("2024-02-29T00:00:00Z", 1709164800, 1, id="leap-day"),
        pytest.param("2016-12-31T23:59:60Z", 1483228800, 1, id="leap-second"),
        pytest.param("2017-01-01T05:29:60+05:30", 1483228800, 1, id="leap-second-in-the-east"),
        pytest.param("2016-12-31T15:59:60-08:00", 1483228800, 1, id="leap-second-in-the-west"),
    ],
)  # fmt: skip
def test_times_are_read_exactly(text, moment, precision):
    """A time as RFC 3339 writes it is read to the exact moment, and shows its precision."""
    stamp = parse(text)
    assert isinstance(stamp, Stamp)
    assert stamp.moment == moment
    assert stamp.precision == precision


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("", "is not an RFC 3339 date", id="empty"),
        pytest.param("2024-01-15", "is not an RFC 3339 date", id="date-alone"),
        pytest.param("2024-01-15T10:30Z", "is not an RFC 3339 date", id="no-seconds"),
        pytest.param("20240115T103045Z", "is not an RFC 3339 date", id="basic-format"),
        pytest.param("2024-W03-1T10:30:45Z", "is not an RFC 3339 date", id="week-date"),
        pytest.param("2024-015T10:30:45Z", "is not an RFC 3339 date", id="ordinal-date"),
        pytest.param("2024-01-15T10:30:45,5Z", "is not an RFC 3339 date", id="comma"),
        pytest.param("2024-01-15T10:30:45.Z", "is not an RFC 3339 date", id="point-without-digits"),
        pytest.param("2024-01-15T10:30:45Z\n", "is not an RFC 3339 date", id="newline-after"),
        pytest.param(" 2024-01-15T10:30:45Z", "is not an RFC 3339 date", id="space-before"),
        pytest.param("\uff12024-01-15T10:30:45Z", "is not an RFC 3339 date", id="wide-digit"),
        pytest.param("2024-01-15T10:30:4\u0665Z", "is not an RFC 3339 date", id="arabic-digit"),
        pytest.param("12024-01-15T10:30:45Z", "is not an RFC 3339 date", id="five-digit-year"),
        pytest.param("2024-01-15T10:30:45+0100", "is not an RFC 3339 date", id="offset-without-colon"),
        pytest.param("2024-01-15T10:30:45+01", "is not an RFC 3339 date", id="offset-without-minutes"),
        pytest.param("2024-01-15T10:30:45 Z", "is not an RFC 3339 date", id="space-before-offset"),
        pytest.param("1705314645", "is not an RFC 3339 date", id="epoch-seconds"),
        pytest.param("2024-01-15T10:30:45", "has no offset", id="no-offset"),
        pytest.param("2024-01-15T10:30:45.123", "has no offset", id="no-offset-with-fraction"),
        pytest.param("2024-13-15T10:30:45Z", "names a day that does not exist", id="month-13"),
        pytest.param("2024-00-15T10:30:45Z", "names a day that does not exist", id="month-0"),
        pytest.param("2024-04-31T10:30:45Z", "names a day that does not exist", id="april-31"),
        pytest.param("2023-02-29T10:30:45Z", "names a day that does not exist", id="no-leap-year"),
        pytest.param("1900-02-29T10:30:45Z", "names a day that does not exist", id="no-leap-century"),
        pytest.param("2024-01-15T24:00:00Z", "names a time of day that does not exist", id="hour-24"),
        pytest.param("2024-01-15T10:60:00Z", "names a time of day that does not exist", id="minute-60"),
        pytest.param("2024-01-15T10:30:61Z", "names a time of day that does not exist", id="second-61"),
        pytest.param("2024-01-15T10:30:45+24:00", "has an offset that is out of range", id="offset-of-a-day"),
        pytest.param("2024-01-15T10:30:45+01:60", "has an offset that is out of range", id="offset-minute-60"),
        pytest.param("2024-01-15T10:30:60Z", "has a leap second where none is possible", id="leap-second-at-noon"),
        pytest.param("2024-01-15T23:59:60Z", "has a leap second where none is possible", id="leap-second-in-mid-month"),
        pytest.param("2016-12-31T23:59:60+01:00", "has a leap second where none", id="leap-second-of-local-time"),
    ],
)  # fmt: skip
def test_other_texts_are_refused_with_the_reason(text, why):
    """What RFC 3339 does not know is refused, and the reason says what is wrong with it."""
    refused = parse(text)
    assert isinstance(refused, NotAStamp)
    assert why in refused.why


def test_a_leap_second_sorts_between_its_neighbours():
    """Stamps sort as time passes, though POSIX gives the leap second its successor's number."""
    texts = ["2016-12-31T23:59:59.9Z", "2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.2Z"]
    stamps = [parse(text) for text in texts]
    assert sorted(stamps, key=lambda stamp: stamp.order) == stamps


def test_a_million_digits_cost_nothing():
    """A fraction of a million digits is read to 30 of them, at once."""
    stamp = parse(f"2024-01-15T10:30:45.{'1' * 1_000_000}Z")
    assert isinstance(stamp, Stamp)
    assert stamp.fraction == Fraction(int("1" * 30), 10**30)


offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(deadline=None, max_examples=trials(300))
@given(st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)), offsets)  # noqa: DTZ001
def test_what_datetime_writes_is_read_back(moment, offset):
    """Any moment, written at any offset, is read back to the microsecond."""
    text = moment.astimezone(offset).isoformat()
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    stamp = parse(text)
    assert isinstance(stamp, Stamp)
    assert stamp.moment == Fraction(since // timedelta(microseconds=1), 10**6)


@settings(deadline=None, max_examples=trials(300))
@given(
    st.text(max_size=30) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?\Z")
)
def test_any_text_is_judged_without_raising(text):
    """Whatever the text, the result is a stamp within its day and precision, or a reason."""
    result = parse(text)
    if isinstance(result, Stamp):
        assert 0 <= result.second <= 86_400
        assert 0 <= result.fraction < 1
    else:
        assert result.why

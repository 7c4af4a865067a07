"""Times as RFC 3339 writes them, strictly and exactly; and as numbers since 1970.

Accepted is the RFC's ``date-time`` (section 5.6): a full date, ``T`` (or ``t``, or the space that its note allows),
a full time with any number of digits of a second, and an offset: ``Z``, ``z`` or ``±hh:mm``, ``-00:00`` among them.
Not accepted is what only ISO 8601 knows: ``24:00``, week dates, a missing or short offset, a comma.

Nothing goes through a float: a stamp is exact to the 30 digits that are kept.
"""

from __future__ import annotations

import calendar
import re
from fractions import Fraction
from functools import cache
from typing import NamedTuple

_DAY = 86_400
_KEPT_DIGITS = 30
"""Of a fraction of a second. No clock tells more, and a number of a million digits would cost seconds to read."""


class Stamp(NamedTuple):
    """A moment that a clock wrote down."""

    day: int
    """Days since 1970-01-01, in UTC."""
    second: int
    """Of that day in UTC: 0 to 86,400, the last only in a leap second."""
    fraction: Fraction
    """Of that second."""
    precision: Fraction
    """Seconds between two stamps that can be told apart, as far as this one shows: zeros at the end say nothing,
    as clocks that know only whole seconds are often written with ``.000``. At most 1."""

    @property
    def moment(self) -> Fraction:
        """Seconds since the epoch as POSIX counts: a leap second has the number of the second after it."""
        return self.day * _DAY + self.second + self.fraction

    @property
    def order(self) -> tuple[int, int, Fraction]:
        """Sorts stamps as time passes, through a leap second too."""
        return self.day, self.second, self.fraction


class NotAStamp(NamedTuple):
    """Why a text is not a time as RFC 3339 writes it, as the end of a sentence: ``has no offset``."""

    why: str


def parse(text: str) -> Stamp | NotAStamp:
    """Read a time. Never raises, whatever the text."""
    if not (match := _pattern().fullmatch(text)):
        return NotAStamp("is not an RFC 3339 date and time")
    year, month, day = int(match["year"]), int(match["month"]), int(match["day"])
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return NotAStamp("names a day that does not exist")
    if hour > 23 or minute > 59 or second > 60:
        return NotAStamp("names a time of day that does not exist")
    if match["offset"] is None:
        return NotAStamp("has no offset (Z or ±hh:mm)")
    offset = _offset_minutes(match)
    if offset is None:
        return NotAStamp("has an offset that is out of range")
    minutes = hour * 60 + minute - offset
    utc_day = _days_since_epoch(year, month, day) + minutes // 1440
    utc_second = minutes % 1440 * 60 + second
    # The offset moves the date by at most a day: a month that ends in UTC is the local date's or the one before.
    months = (_days_since_epoch(year, month, 1), _days_since_epoch(year + month // 12, month % 12 + 1, 1))
    if second == 60 and not (utc_second == _DAY and utc_day + 1 in months):
        return NotAStamp("has a leap second where none is possible")
    kept = (match["fraction"] or "")[:_KEPT_DIGITS].rstrip("0")
    fraction = Fraction(int(kept or "0"), 10 ** len(kept))
    return Stamp(utc_day, utc_second, fraction, Fraction(1, 10 ** len(kept)))


def from_epoch(number: float, in_a_second: int) -> Stamp | NotAStamp:
    """The moment of a number since 1970-01-01 in UTC, of which there are ``in_a_second``: 1 or 1000.

    Its precision is what its digits show: a whole number tells units, and the shortest decimal of a float its last digit.
    """
    if abs(number) > 1e15:
        return NotAStamp("is no time that a clock tells")
    exact = Fraction(repr(number)) if isinstance(number, float) else Fraction(number)
    moment = exact / in_a_second
    whole = moment.numerator // moment.denominator
    # A decimal fraction: its denominator divides a power of ten.
    digits = next(count for count in range(400) if 10**count % moment.denominator == 0)
    return Stamp(whole // _DAY, whole % _DAY, moment - whole, Fraction(1, 10**digits))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[Tt ]"
        r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?"
        r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>\d\d):(?P<minutes>\d\d))?",
        re.ASCII,
    )


def _offset_minutes(match: re.Match[str]) -> int | None:
    if match["sign"] is None:
        return 0
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if hours > 23 or minutes > 59:
        return None
    return (hours * 60 + minutes) * (-1 if match["sign"] == "-" else 1)


def _days_since_epoch(year: int, month: int, day: int) -> int:
    """Of the Gregorian calendar, carried back to the year 0 that RFC 3339 allows and ``datetime`` does not."""
    years = year - (month <= 2)  # years that start in March: the leap day is the last of its year
    months = (month - 3) % 12
    return years * 365 + years // 4 - years // 100 + years // 400 + (153 * months + 2) // 5 + day - 719_469

"""What may stand where the deployment file wants a regular expression, a JSON pointer, JSON, a size, a name, a time, a
time zone or a night.

What few files need is imported where it is needed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deployspec.base.unfit import Unfit

if TYPE_CHECKING:
    from datetime import tzinfo


def check_regex(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is a regular expression of Python's that is not empty."""
    expected = "a regular expression in Python's syntax"
    if not text:
        raise Unfit("an empty text", expected)
    if "\b" in text:
        # YAML makes one of "\b" in double quotes, and no line of a text has one.
        raise Unfit("a backspace, which \\b in double quotes is", "the expression in single quotes")
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise Unfit(f"{{}}, which is not a regular expression ({_reason(error)})", expected) from None


def check_pointer(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is a JSON pointer (RFC 6901), or a field's name, which has no / before it."""
    if text.startswith("/") and re.search("~(?![01])", text):
        raise Unfit(
            "{}, which has a ~ that is neither ~0 nor ~1", "~0 where a key has a ~, and ~1 where it has a /"
        )


def check_json(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` is JSON."""
    import json

    try:
        json.loads(text)
    except (ValueError, RecursionError):
        # The text itself is never quoted by the parser's message, but the place in it helps nobody here.
        raise Unfit("a text that is not JSON", """JSON in quotes, such as '{"title": "Atlas"}'""") from None


EXPECTED_SIZE = "a size with its unit, such as 500MB, 10GB or 1GiB"
_SIZE = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,3}))?([kMGT]i?)?B")
_THOUSANDS = {"": 0, "k": 1, "M": 2, "G": 3, "T": 4}


def read_size(text: str) -> int:
    """The bytes of a size such as ``10GB`` (a thousand to the third) or ``1GiB`` (1024 to the third), at least 1.

    Raises :class:`Unfit` for anything else.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise Unfit("{}", EXPECTED_SIZE)
    whole, decimals, unit = found[1], found[2] or "", found[3] or ""
    base = 1024 if unit.endswith("i") else 1000
    size: int = int(whole + decimals) * base ** _THOUSANDS[unit[:1]] // 10 ** len(decimals)
    if size < 1:
        raise Unfit("{}", "a size of at least 1B")
    return size


def check_sink_name(text: str) -> None:
    """Raise :class:`Unfit` unless ``text`` can be a sink's name: a label's value, and a file's name."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", text):
        raise Unfit("{}", "a name of at most 40 small letters, digits and hyphens, such as gateway")


EXPECTED_MOMENT = "a time with its offset, such as 2027-03-01T22:00:00+01:00"
EXPECTED_DAY = "a day such as 2026-12-31"
EXPECTED_LAST = f"a day such as 2027-03-01, or {EXPECTED_MOMENT}"
EXPECTED_ZONE = "a time zone such as Europe/Berlin or UTC"
EXPECTED_NIGHT = "two times of day such as 22:00-07:00"
_LATEST = 253_370_764_800
"""The year 9999 begins: what Python's dates can tell ends with it, in any time zone."""


def read_moment(text: str) -> tuple[float, tzinfo]:
    """A time as RFC 3339 writes it, in seconds since 1970, and the offset in which it is said.

    Raises :class:`Unfit` for anything else, and for years before 1970 and after 9998.
    """
    from datetime import datetime

    from deployspec.base.rfc3339 import NotAStamp, parse

    stamp = parse(text)
    if isinstance(stamp, NotAStamp):
        raise Unfit(f"{{}}, which {stamp.why}", EXPECTED_MOMENT)
    if not 0 <= stamp.moment < _LATEST:
        raise Unfit("{}", "a time in one of the years 1970 to 9998")
    offset = "+00:00" if text[-1] in "Zz" else text[-6:]
    zone = datetime.fromisoformat(f"1970-01-01T00:00{offset}").tzinfo
    assert zone is not None  # noqa: S101 - there is an offset
    return float(stamp.moment), zone


def read_last(text: str, zone: tzinfo) -> float:
    """A time as RFC 3339 writes it, or the end of a day in a time zone, in seconds since 1970.

    Raises :class:`Unfit` for anything else.
    """
    from datetime import datetime

    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        try:
            return read_moment(text)[0]
        except Unfit as unfit:
            raise Unfit(unfit.found, EXPECTED_LAST) from None
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise Unfit("{}, which names a day that does not exist", EXPECTED_LAST) from None
    if not 1970 <= day.year <= 9998:
        raise Unfit("{}", "a day in one of the years 1970 to 9998")
    # The later of two, where the clock shows it twice.
    return day.replace(hour=23, minute=59, second=59, fold=1, tzinfo=zone).timestamp()


def is_day(text: str) -> bool:
    """Whether a text names a day, as in 2026-12-31."""
    from datetime import date

    try:
        return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def check_last(text: str) -> None:
    """Raise :class:`Unfit` unless :func:`read_last` can read the text."""
    from datetime import UTC

    read_last(text, UTC)


def read_night(text: str) -> tuple[int, int]:
    """From one time of day to another, in minutes after midnight. Raises :class:`Unfit` for anything else."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text, re.ASCII)
    if found is None:
        raise Unfit("{}", EXPECTED_NIGHT)
    hour, minute, last_hour, last_minute = map(int, found.groups())
    begin, end = hour * 60 + minute, last_hour * 60 + last_minute
    if begin == end:
        raise Unfit("{}, which is the same time twice", EXPECTED_NIGHT)
    return begin, end


def time_zone(name: str) -> tzinfo:
    """The zone of a name of the IANA database. Raises :class:`Unfit` where there is none by this name."""
    from datetime import UTC

    if name == "UTC":  # also where there is no database
        return UTC
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    # A name that is none is a missing key, a folder, a path that leads out of the database or one that is too long.
    except (KeyError, ValueError, OSError):
        raise _no_zone(name) from None


def _no_zone(name: str) -> Unfit:
    from zoneinfo import available_timezones

    from deployspec.base.problems import did_you_mean

    known = available_timezones()
    if not known:
        return Unfit(
            "{}, and this machine has no time zone database",
            "UTC, or the database: pip install 'deployspec[probes]'",
        )
    cities = {zone.rpartition("/")[2].lower(): zone for zone in sorted(known, reverse=True)}
    city = cities.get(name.strip().lower().replace(" ", "_"))
    near = f"; did you mean {city}?" if city else did_you_mean(name, known)
    return Unfit("{}, which the time zone database does not have", EXPECTED_ZONE + near)


def _reason(error: BaseException) -> str:
    return error.msg if isinstance(error, re.error) else "too large"

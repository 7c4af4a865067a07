"""When the records of a block were made: in order, and not ahead of their reader."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from deployspec.base import rfc3339
from deployspec.chapters.logs.form import RFC3339
from deployspec.chapters.logs.judge.model import TOLERANCE, Times
from deployspec.chapters.logs.times import EPOCHS, check_pattern, says_year, zone_of

_LENGTHS = frozenset({20, 24, 27, 30})
"""Of ``2024-01-15T10:30:45Z``, and with three, six and nine decimals."""
_HOUR = len("2024-01-15T10")
_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
_SOME, _FEW = 64, 8
"""How many are looked at at a time; and how few, one by one, where one of these is not as usual."""
_PLAIN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?:\d{3}|\d{6,9}))?(?:Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch


class Ordered(NamedTuple):
    """The times of a block, and what is wrong with them."""

    times: Times | None
    """None where no record has a readable time."""
    backwards: list[int]
    """Which records are more than TOLERANCE older than one before them."""
    future: list[int]
    """Which are more than TOLERANCE later than the moment of reading."""
    unread: list[int]
    """Which have no time that can be read."""


def seconds(stamp: object) -> float | None:
    """A record's time in seconds since the epoch; None where it is not RFC 3339 time.

    Two times of at most six decimals that are further apart than TOLERANCE are so as floats, too, and only those.
    """
    if not isinstance(stamp, str):
        return None
    if _PLAIN(stamp):
        try:  # without a context manager, which takes as long as all the rest
            return datetime.fromisoformat(stamp).timestamp()
        except ValueError:
            pass  # a leap second, the year 0, or no time at all
    read = rfc3339.parse(stamp)
    return float(read.moment) if isinstance(read, rfc3339.Stamp) else None


class Clock:
    """Reads the times of one source.

    ``formats`` are names of ``NAMES`` and patterns of strptime, of which one fits; ``zone`` is that of times that say
    none: UTC, an IANA name or ±hh:mm. Raises ValueError for a zone that is unknown, or a pattern that cannot be used.
    """

    def __init__(self, formats: Sequence[str] = (RFC3339,), zone: str | None = None) -> None:
        self._zone = None if zone is None else zone_of(zone)
        self._readers = [self._reader(one) for one in formats]
        self.is_default = tuple(formats) == (RFC3339,)
        self.expected = "an RFC 3339 time" if self.is_default else f"a time as {' or '.join(formats)}"
        """What a time that cannot be read should have been."""

    def moment(self, stamp: object, read_at: float, after: float | None = None) -> float | None:
        """Seconds since the epoch; None where no format fits, or the zone is not known.

        ``read_at`` gives the year where the stamp says none. ``after``: a time of which this one is said to be no
        earlier, which tells the two hours apart that a local time names when clocks are set back.
        """
        if self.is_default:  # nothing to choose
            return seconds(stamp)
        for read in self._readers:
            found = read(stamp, read_at)
            if isinstance(found, datetime):
                found = self._placed(found, after)
            if found is not None:
                return found
        return None

    def why_not(self, stamp: object, read_at: float) -> str:
        """Why a time cannot be read, without the time."""
        if stamp is None:
            return "missing"
        if any(isinstance(read(stamp, read_at), datetime) for read in self._readers):
            return "expected a time that says its zone, or a time_zone for those that say none"
        return f"expected {self.expected}"

    def _placed(self, local: datetime, after: float | None) -> float | None:
        if local.tzinfo is None:
            if self._zone is None:
                return None
            local = local.replace(tzinfo=self._zone)
        moment = local.timestamp()
        if after is not None and moment < after - TOLERANCE:
            moment = max(moment, local.replace(fold=1).timestamp())
        return moment

    def _reader(self, one: str) -> Callable[[object, float], float | datetime | None]:
        if one in EPOCHS:
            return lambda stamp, _: _from_epoch(stamp, EPOCHS[one])
        if one == RFC3339:
            return lambda stamp, _: seconds(stamp)
        if one == "iso8601":
            return lambda stamp, _: _from_iso(stamp)
        check_pattern(one)
        return _from_pattern(one, self._zone)


def _from_epoch(stamp: object, in_a_second: int) -> float | None:
    if isinstance(stamp, str):
        if not _NUMBER.fullmatch(stamp):
            return None
        stamp = float(stamp)
    if type(stamp) not in (int, float) or not math.isfinite(stamp):  # type: ignore[arg-type]  # a number
        return None
    moment: float = stamp / in_a_second  # type: ignore[operator]
    return moment if _EARLIEST <= moment < _LATEST else None


def _from_iso(stamp: object) -> float | datetime | None:
    if not isinstance(stamp, str) or len(stamp) <= _DAY:
        return None
    with suppress(ValueError):
        return datetime.fromisoformat(stamp)
    return seconds(stamp)


def _from_pattern(pattern: str, zone: tzinfo | None) -> Callable[[object, float], datetime | None]:
    has_year = says_year(pattern)
    named_zone = "%Z" in pattern

    def read(stamp: object, read_at: float) -> datetime | None:
        if not isinstance(stamp, str):
            return None
        if zone is not None and has_year and pattern.endswith(" %Z"):
            found = _by_short_name(stamp, pattern, zone)
            if found is not None:
                return found
        with suppress(ValueError):
            if has_year:
                found = datetime.strptime(stamp, pattern)  # noqa: DTZ007 - its zone may be said elsewhere
            else:
                found = _in_the_year_of(stamp, pattern, datetime.fromtimestamp(read_at, UTC))
            if named_zone and found.tzinfo is None and _SAYS_UTC.search(stamp):
                found = found.replace(tzinfo=UTC)
            return found
        return None

    return read


def _by_short_name(stamp: str, pattern: str, zone: tzinfo) -> datetime | None:
    """A time that ends in what ``zone`` is called then, such as CET or CEST; None for any other."""
    said, _, name = stamp.rpartition(" ")
    with suppress(ValueError):
        local = datetime.strptime(said, pattern.removesuffix(" %Z"))  # noqa: DTZ007 - its zone comes next
        for fold in (0, 1):
            found = local.replace(tzinfo=zone, fold=fold)
            if found.tzname() == name:
                return found.astimezone(UTC)
    return None


def _in_the_year_of(stamp: str, pattern: str, now: datetime) -> datetime:
    """A time without its year: that of ``now``, or the one before where it would be more than a day ahead."""
    for year in (now.year, now.year - 1):
        # 29 February is no day of every year.
        with suppress(ValueError):
            found = datetime.strptime(f"{year} {stamp}", f"%Y {pattern}")  # noqa: DTZ007 - its zone may be said elsewhere
            if found.replace(tzinfo=None) <= now.replace(tzinfo=None) + timedelta(days=1):
                return found
    raise ValueError("no such day")


_NUMBER = re.compile(r"\d{1,20}(?:\.\d{0,20})?", re.ASCII)
_EARLIEST = 946_684_800
"""Seconds since 1970 at the beginning of the year 2000: an earlier time is one in another unit, or of no clock."""
_LATEST = 253_402_300_800
"""Seconds since 1970 at the end of the year 9999."""
_DAY = len("2024-01-15")
_SAYS_UTC = re.compile(r"\b(?:UTC|GMT)\b")
_DEFAULT = Clock()


def ordered(
    stamps: Sequence[object], read_at: float, highest: float | None = None, clock: Clock = _DEFAULT
) -> Ordered:
    """Judge the times of records in the order of writing.

    ``highest`` is the latest time of the records before them; None: there is none, or it is looked at elsewhere.
    """
    backwards: list[int] = []
    future: list[int] = []
    unread: list[int] = []
    here: list[float] = []
    rest = [(start, stamps[start : start + _SOME]) for start in range(0, len(stamps), _SOME)][::-1]
    while rest:
        start, some = rest.pop()
        times = _together(some) if clock.is_default else None
        if times and not (_goes_back(times, highest) or times.highest - read_at > TOLERANCE):
            here += (times.lowest, times.highest)
            highest = times.highest if highest is None else max(highest, times.highest)
            continue
        if len(some) > _FEW and clock.is_default:
            half = len(some) // 2
            rest += [(start + half, some[half:]), (start, some[:half])]
            continue
        for number, stamp in enumerate(some, start):
            moment = clock.moment(stamp, read_at, highest)
            if moment is None:
                unread.append(number)
                continue
            if highest is not None and highest - moment > TOLERANCE:
                backwards.append(number)
            if moment - read_at > TOLERANCE:
                future.append(number)
            if highest is None or moment > highest:
                highest = moment
            here.append(moment)
    return Ordered(Times(highest=max(here), lowest=min(here)) if here else None, backwards, future, unread)


def _goes_back(times: Times, highest: float | None) -> bool:
    return highest is not None and highest - times.lowest > TOLERANCE


def _together(stamps: Sequence[Any]) -> Times | None:
    """The times of stamps of which none is late for another, told by their form and order as texts; else None.

    A time of 24 characters with ``T`` as its eleventh and ``Z`` as its last has exactly three decimals, and so on: each
    digit has its place, so texts of one length sort as times do. A leap second is left out: it sorts before
    the second that it shares its number with.
    """
    try:
        joined, in_order = "".join(stamps).encode(), sorted(stamps)
    except (TypeError, UnicodeEncodeError):
        return None
    first, last = in_order[0], in_order[-1]
    length = len(first)
    form = b"0000-00-00T00:00:00%bZ" % (
        b"." + b"0" * (length - 21) if length > len("2024-01-15T10:30:45Z") else b""
    )
    if (
        length not in _LENGTHS
        or first[:_HOUR] != last[:_HOUR]
        or set(map(len, stamps)) != {length}
        or joined.translate(_AS_ZEROS) != form * len(stamps)
        or joined[14::length].strip(b"012345")
        or joined[17::length].strip(b"012345")
    ):
        return None
    lowest, highest = seconds(first), seconds(last)
    if lowest is None or highest is None:
        return None
    none_late = highest - lowest <= TOLERANCE or list(stamps) == in_order
    return Times(highest=highest, lowest=lowest) if none_late else None

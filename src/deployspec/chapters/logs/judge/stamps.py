"""When the records of a block were made: in order, and not ahead of their reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from deployspec.base import rfc3339
from deployspec.chapters.logs.judge.model import TOLERANCE, Times

_LENGTHS = frozenset({24, 27})
"""Of ``2024-01-15T10:30:45.123Z``, and with six decimals."""
_HOUR = len("2024-01-15T10")
_AS_ZEROS = str.maketrans("123456789", "0" * 9)
_SOME = 64
"""How many are looked at at a time."""
_PLAIN = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(?:\d{3}|\d{6}))?(?:Z|[+-]\d\d:\d\d)", re.ASCII
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
        with suppress(ValueError):  # a leap second, the year 0, or no time at all
            return datetime.fromisoformat(stamp).timestamp()
    read = rfc3339.parse(stamp)
    return float(read.moment) if isinstance(read, rfc3339.Stamp) else None


def ordered(stamps: Sequence[object], read_at: float, highest: float | None = None) -> Ordered:
    """Judge the times of records in the order of writing.

    ``highest`` is the latest time of the records before them; None: there is none, or it is looked at elsewhere.
    """
    backwards: list[int] = []
    future: list[int] = []
    unread: list[int] = []
    here: list[float] = []
    for start in range(0, len(stamps), _SOME):
        some = stamps[start : start + _SOME]
        times = _together(some)
        if times and not (_goes_back(times, highest) or times.highest - read_at > TOLERANCE):
            here += (times.lowest, times.highest)
            highest = times.highest if highest is None else max(highest, times.highest)
            continue
        for number, stamp in enumerate(some, start):
            moment = seconds(stamp)
            if moment is None:
                unread.append(number)
                continue
            if highest is not None and highest - moment > TOLERANCE:
                backwards.append(number)
            if moment - read_at > TOLERANCE:
                future.append(number)
            highest = moment if highest is None else max(highest, moment)
            here.append(moment)
    return Ordered(Times(highest=max(here), lowest=min(here)) if here else None, backwards, future, unread)


def _goes_back(times: Times, highest: float | None) -> bool:
    return highest is not None and highest - times.lowest > TOLERANCE


def _together(stamps: Sequence[Any]) -> Times | None:
    """The times of stamps of which none is late for another, told by their form and order as texts; else None.

    A time of 24 characters with ``T`` as its eleventh and ``Z`` as its last has exactly three decimals, one of 27 has
    six: each digit has its place, so texts of one length sort as times do. A leap second is left out: it sorts before
    the second that it shares its number with.
    """
    try:
        joined, first, last = "".join(stamps), min(stamps), max(stamps)
    except TypeError:
        return None
    length = len(first)
    form = f"0000-00-00T00:00:00.{'0' * (length - 21)}Z"
    if (
        length not in _LENGTHS
        or first[:_HOUR] != last[:_HOUR]
        or set(map(len, stamps)) != {length}
        or joined.translate(_AS_ZEROS) != form * len(stamps)
        or joined[14::length].strip("012345")
        or joined[17::length].strip("012345")
    ):
        return None
    lowest, highest = seconds(first), seconds(last)
    if lowest is None or highest is None:
        return None
    in_order = highest - lowest <= TOLERANCE or list(stamps) == sorted(stamps)
    return Times(highest=highest, lowest=lowest) if in_order else None

"""When the records of a block were made: in order, and not ahead of their reader."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

from deployspec.contracts import rfc3339
from deployspec.contracts.logs.model import TOLERANCE, Times

_LENGTHS = frozenset({24, 27})
"""Of ``2024-01-15T10:30:45.123Z``, and with six decimals."""
_SEPARATOR, _LAST = itemgetter(10), itemgetter(-1)
_DAY = 86_400
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


def seconds(stamp: object) -> float | None:
    """A record's time in seconds since the epoch; None where it is no RFC 3339 time.

    Two times of at most six decimals that are further apart than TOLERANCE are so as floats, too, and only those.
    """
    if not isinstance(stamp, str):
        return None
    if _PLAIN(stamp):
        with suppress(ValueError):  # a leap second, the year 0, or no time at all
            return datetime.fromisoformat(stamp).timestamp()
    read = rfc3339.parse(stamp)
    return float(read.moment) if isinstance(read, rfc3339.Stamp) else None


def out_of_order(stamps: Sequence[object], highest: float | None = None) -> list[int]:
    """Which records are more than TOLERANCE older than one before them; ``highest``: the latest before the first."""
    return ordered(stamps, math.inf, highest).backwards


def too_new(stamps: Sequence[object], read_at: float) -> list[int]:
    """Which records are more than TOLERANCE later than the moment of reading."""
    return ordered(stamps, read_at).future


def ordered(stamps: Sequence[object], read_at: float, highest: float | None = None) -> Ordered:
    """Judge the times of records in the order of writing.

    ``highest`` is the latest time of the records before them; None: there is none, or it is looked at elsewhere.
    """
    clear = _clear(stamps)
    if (
        clear is not None
        and clear.highest - read_at <= TOLERANCE
        and (highest is None or highest - clear.lowest <= TOLERANCE)
    ):
        return Ordered(clear, [], [])
    return _one_by_one(stamps, read_at, highest)


def _clear(stamps: Sequence[Any]) -> Times | None:
    """The times of stamps that are in order as texts and, because of their form, as times; else None.

    A time of 24 characters with ``T`` as its eleventh and ``Z`` as its last has exactly three decimals, one of 27 has
    six: each digit has its place, so texts of one length sort as times do, and the first and the last are the lowest
    and the highest. A text of that form that is no time at all has no time to be out of order with, wherever it sorts.
    Only a leap second sorts before the second whose number it shares: that one begins a day in UTC, and is left out.
    """
    try:
        if (
            not stamps
            or stamps != sorted(stamps)
            or len(lengths := set(map(len, stamps))) != 1
            or not lengths <= _LENGTHS
            or set(map(_SEPARATOR, stamps)) != {"T"}
            or set(map(_LAST, stamps)) != {"Z"}
        ):
            return None
    except (TypeError, KeyError, IndexError):
        return None
    lowest, highest = seconds(stamps[0]), seconds(stamps[-1])
    if lowest is None or highest is None or lowest % _DAY < 1 or highest % _DAY < 1:
        return None
    return Times(highest=highest, lowest=lowest)


def _one_by_one(stamps: Sequence[object], read_at: float, highest: float | None) -> Ordered:
    backwards, future = [], []
    lowest_here = highest_here = None
    for number, stamp in enumerate(stamps):
        moment = seconds(stamp)
        if moment is None:
            continue
        if highest is not None and highest - moment > TOLERANCE:
            backwards.append(number)
        if moment - read_at > TOLERANCE:
            future.append(number)
        highest = moment if highest is None else max(highest, moment)
        lowest_here = moment if lowest_here is None else min(lowest_here, moment)
        highest_here = moment if highest_here is None else max(highest_here, moment)
    if lowest_here is None or highest_here is None:
        return Ordered(None, backwards, future)
    return Ordered(Times(highest=highest_here, lowest=lowest_here), backwards, future)

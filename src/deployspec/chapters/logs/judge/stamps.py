"""When the records of a block were made: in order, and not ahead of their reader."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from itertools import accumulate, compress
from operator import ne
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


def ordered(stamps: Sequence[object], read_at: float, highest: float | None = None) -> Ordered:
    """Judge the times of records in the order of writing.

    ``highest`` is the latest time of the records before them; None: there is none, or it is looked at elsewhere.
    """
    return _by_their_texts(stamps, read_at, highest) or _one_by_one(stamps, read_at, highest)


def _by_their_texts(stamps: Sequence[object], read_at: float, highest: float | None) -> Ordered | None:
    """The times of stamps that are, because of their form and order as texts, all where they should be; else None.

    A time of 24 characters with ``T`` as its eleventh and ``Z`` as its last has exactly three decimals, one of 27 has
    six: each digit has its place, so texts of one length sort as times do. Times are made of texts only where texts
    go back, or where one has another length.
    """
    length = next((len(one) for one in stamps if type(one) is str and len(one) in _LENGTHS), 0)
    alike: list[Any] = []
    others: list[tuple[int, float]] = []
    unread: list[int] = []
    for start in range(0, len(stamps) if length else 0, _SOME):
        some = stamps[start : start + _SOME]
        if _are_plain(some, length):
            alike += some
            continue
        for index, one in enumerate(some, start):
            if type(one) is str and len(one) == length and one[10] == "T" and one[-1] == "Z":
                alike.append(one)
            elif (moment := seconds(one)) is not None:
                others.append((len(alike), moment))
            else:
                unread.append(index)
        if len(others) > len(stamps) // 8:
            return None
    joined = "".join(alike)
    if not alike:
        return None
    in_order = sorted(alike)
    if not _are_times(joined, in_order, length):
        return None
    first, last = seconds(in_order[0]), seconds(in_order[-1])
    if first is None or last is None or last - read_at > TOLERANCE:
        return None
    if alike != in_order or others:
        latest = list(accumulate(alike, max))
        late = compress(zip(latest, alike, strict=True), map(ne, latest, alike))
        if not all(_is_close(before, seconds(own)) for before, own in late):
            return None
        if not _fit_between(others, alike, latest):
            return None
        first = min([first, *(moment for _, moment in others)])
    if highest is not None and highest - first > TOLERANCE:
        return None
    return Ordered(Times(highest=last, lowest=first), [], [], unread)


def _are_times(joined: str, in_order: list[str], length: int) -> bool:
    """Whether all texts of this length, joined and in order, are times, and none a leap second: that sorts before the
    second that it shares its number with."""
    form = joined.translate(_AS_ZEROS) if joined.isascii() else ""
    if form != f"0000-00-00T00:00:00.{'0' * (length - 21)}Z" * len(in_order):
        return False
    if joined[14::length].strip("012345") or joined[17::length].strip("012345"):
        return False
    first, last = in_order[0][:_HOUR], in_order[-1][:_HOUR]
    hours = {first} if first == last else {one[:_HOUR] for one in in_order}
    return all(seconds(f"{hour}:00:00Z") is not None for hour in hours)


def _fit_between(others: list[tuple[int, float]], alike: list[str], latest: list[str]) -> bool:
    """Whether times of another form, each with the number of the text that it stands before, surely are where they
    should be, and change nothing for those after them; ``latest``: the greatest text up to each."""
    if len({index for index, _ in others}) != len(others):
        return False
    for index, moment in others:
        after = seconds(alike[index]) if 0 < index < len(alike) else None
        if after is None or moment > after or not _is_close(latest[index - 1], moment):
            return False
    return True


def _is_close(latest: str, moment: float | None) -> bool:
    """Whether a time, if it is one, is at most TOLERANCE older than the latest before it."""
    before = seconds(latest)
    return moment is None or (before is not None and before - moment <= TOLERANCE)


def _are_plain(stamps: Sequence[Any], length: int) -> bool:
    """Whether all are texts of this length, with ``T`` and ``Z`` where they should be."""
    try:
        joined = "".join(stamps)
        lengths = set(map(len, stamps))
    except TypeError:
        return False
    count = len(stamps)
    return (
        lengths == {length}
        and joined[10::length] == "T" * count
        and joined[length - 1 :: length] == "Z" * count
    )


def _one_by_one(stamps: Sequence[object], read_at: float, highest: float | None) -> Ordered:
    backwards: list[int] = []
    future: list[int] = []
    unread: list[int] = []
    here: list[float] = []
    for number, stamp in enumerate(stamps):
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
    times = Times(highest=max(here), lowest=min(here)) if here else None
    return Ordered(times, backwards, future, unread)

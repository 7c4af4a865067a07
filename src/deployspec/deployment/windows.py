"""Maintenance windows: which of them a run falls into, which come next, and which there were.

Pure: it is told what time it is. Times are in seconds since 1970, as ``time.time`` gives them. A window's duration is time
that passes, whatever clocks on the wall are set to meanwhile.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice, takewhile
from typing import NamedTuple

LONGEST = 7 * 24 * 3600.0
"""The longest duration of a window, in seconds: so far back those have begun that are still open."""


@dataclass(frozen=True)
class Window:
    """A maintenance window, as the deployment file says it."""

    name: str
    duration: float
    """In seconds."""
    zone: tzinfo
    """In which its times are said; of a recurring one, whose clocks it goes by."""
    start: float = 0.0
    """When it begins, where it does so once."""
    cron: str = ""
    """When it begins, as Debian's cron would read it, where it recurs; else empty."""
    until: float = math.inf
    """After which it does not begin again."""


class Occurrence(NamedTuple):
    """One time that a window is open: from ``start`` until just before ``end``."""

    window: Window
    start: float
    end: float


def active(windows: Iterable[Window], start: float, end: float) -> Window | None:
    """The first of the windows that is open at any time of a run from ``start`` to ``end``, both included."""
    for window in windows:
        first = next(_ending_after(window, start), None)
        if first is not None and first.start <= end:
            return window
    return None


def upcoming(windows: Iterable[Window], after: float, count: int) -> list[Occurrence]:
    """The next ``count`` times that one of the windows is open, in their order, with those that are open at ``after``.

    Of a window that begins again before it has ended, only the last of those that have begun.
    """
    each = (_last_begun(_ending_after(window, after), after) for window in windows)
    return list(islice(heapq.merge(*each, key=lambda one: one.start), count))


def between(windows: Iterable[Window], begin: float, end: float) -> list[Occurrence]:
    """Each time that one of the windows is open between two moments, whole, in their order."""
    each = (takewhile(lambda one: one.start < end, _ending_after(window, begin)) for window in windows)
    return list(heapq.merge(*each, key=lambda one: one.start))


def _ending_after(window: Window, after: float) -> Iterator[Occurrence]:
    if not window.cron:
        starts: Iterable[float] = (window.start,)
    else:
        # Here, because only recurring windows need the library.
        from cronsim import CronSim

        since = datetime.fromtimestamp(after - window.duration, window.zone)
        starts = (begin.timestamp() for begin in CronSim(window.cron, since))
    for start in starts:
        if start > window.until:
            return
        # Asked within the hour that the clock shows twice, cronsim gives times of the first of the two as well.
        if start + window.duration > after:
            yield Occurrence(window, start, start + window.duration)


def _last_begun(found: Iterator[Occurrence], now: float) -> Iterator[Occurrence]:
    begun = None
    for one in found:
        if one.start <= now:
            begun = one
            continue
        if begun is not None:
            yield begun
            begun = None
        yield one
    if begun is not None:
        yield begun

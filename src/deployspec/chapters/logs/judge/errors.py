"""An error log against the sources whose errors it collects: is each of their errors in it, as often as they have it?

Both are read side by side in the order of time, through a window of some seconds: memory does not grow with them.
What is compared is the time that both cover. The error log covers it from its first record on (from ``since``, where
the caller knows that nothing older was rotated away) until it was read.

Records of the error log that no source has are counted and are no breach: other programs may log there, and a source
may have been rotated away before it.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from deployspec.chapters.logs.judge.model import KEPT_PLACES, TOLERANCE, ErrorRecord

WINDOW = 10.0
"""Seconds that a record waits for its twin. More than TOLERANCE, so that all that come in promised order are met."""


@dataclass(slots=True)
class Comparison:
    """How the errors of sources and of their error log compare."""

    compared: int = 0
    """Errors of the sources in the time that both cover: found in the error log, or missing there."""
    missing: int = 0
    """Those of them that the error log does not have."""
    places: list[ErrorRecord] = field(default_factory=list)
    """The first ``KEPT_PLACES`` that are missing."""
    outside: int = 0
    """Errors of the sources that the error log does not have, of a time that it does not surely cover."""
    unordered: int = 0
    """Errors of the sources that came more than ``WINDOW`` late and found no twin: nothing is known of them."""
    late: int = 0
    """Errors of the error log that came so: each may be one that was taken for missing."""
    extra: int = 0
    """Errors of the error log that no source has."""
    since: float | None = None
    """From when on the error log covers the time, in seconds since the epoch; None: it has no record."""
    until: float = math.inf
    """Until when. Both times belong to it."""


def compare(
    error_log: Iterable[ErrorRecord],
    sources: Sequence[Iterable[ErrorRecord]],
    *,
    until: float,
    since: float | None = None,
) -> Comparison:
    """Compare an error log with its sources. Each stream is read once, and no further than needed.

    Within a stream, a record may be up to TOLERANCE older than one before it. ``until``: when the reading of the
    error log began; errors of the last TOLERANCE seconds before that may still be on their way into it. ``since``:
    from when on nothing of the error log is gone; None: it begins with its first record, and as records do not take
    turns, what is missing within TOLERANCE after that may have stood before it.
    """
    window = _Window(since, until)
    streams = [iter(error_log), *map(iter, sources)]
    fronts: list[tuple[float, int, int, ErrorRecord]] = []
    """How far each stream has come, how many records it has given, which it is, and its next record."""

    def advance(number: int, front: float, given: int) -> None:
        record = next(streams[number], None)
        if record is not None:
            heapq.heappush(fronts, (max(front, record.moment), given, number, record))

    for number in range(len(streams)):
        advance(number, -math.inf, 0)
    while fronts:
        # The stream that is furthest behind goes on; of several at the same time, they take turns.
        front, given, number, record = heapq.heappop(fronts)
        window.expire(front)
        window.add(record, front, collected=number == 0)
        advance(number, front, given + 1)
    window.expire(math.inf)
    return window.result


@dataclass(slots=True, order=True)
class _Waiting:
    """A record without a twin so far."""

    moment: float
    number: int
    record: ErrorRecord = field(compare=False)
    collected: bool = field(compare=False)
    late: bool = field(compare=False)
    met: bool = field(compare=False, default=False)


class _Window:
    def __init__(self, since: float | None, until: float) -> None:
        self.result = Comparison(since=since, until=until)
        self._known = since is not None
        self._by_time: list[_Waiting] = []
        self._by_digest: defaultdict[tuple[bytes, bool], deque[_Waiting]] = defaultdict(deque)
        self._number = 0

    def add(self, record: ErrorRecord, front: float, *, collected: bool) -> None:
        if collected and not self._known:
            since = self.result.since
            self.result.since = record.moment if since is None else min(since, record.moment)
        twins = self._by_digest.get((record.digest, not collected))
        if twins:
            twins.popleft().met = True
            if not twins:
                del self._by_digest[record.digest, not collected]
            self.result.compared += 1
            return
        self._number += 1
        waiting = _Waiting(record.moment, self._number, record, collected, front - record.moment > WINDOW)
        heapq.heappush(self._by_time, waiting)
        self._by_digest[record.digest, collected].append(waiting)

    def expire(self, front: float) -> None:
        """All streams have come to ``front``: what is older by more than the window meets no twin any more."""
        while self._by_time and front - self._by_time[0].moment > WINDOW:
            waiting = heapq.heappop(self._by_time)
            if waiting.met:
                continue
            key = waiting.record.digest, waiting.collected
            self._by_digest[key].remove(waiting)
            if not self._by_digest[key]:
                del self._by_digest[key]
            self._alone(waiting)

    def _alone(self, waiting: _Waiting) -> None:
        result = self.result
        if waiting.collected:
            result.extra += 1
            result.late += waiting.late
        elif waiting.late:
            result.unordered += 1
        elif not self._covers(waiting.moment):
            result.outside += 1
        else:
            result.compared += 1
            result.missing += 1
            if len(result.places) < KEPT_PLACES:
                result.places.append(waiting.record)

    def _covers(self, moment: float) -> bool:
        since, until = self.result.since, self.result.until
        if since is None or until - moment < TOLERANCE:
            return False
        return moment >= since if self._known else moment - since > TOLERANCE

"""For how long each check was MET, BREACHED and UNMEASURED in a week, and for how long nothing is known of it. Pure.

A verdict holds from the start of its run until the next run of the same location that made the check, and for one and a
half intervals at most. Beyond that there is no data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deployspec.model.review import Span, Week
from deployspec.review.streams import (
    LATE,
    MAINTENANCE,
    NO_DATA,
    NOT_THERE,
    STATES,
    Stream,
    complete,
    is_breached,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deployspec.record.history import History

_AT_ONCE = 64
"""Checks whose states are in memory together."""


@dataclass(frozen=True)
class Timeline:
    """The week of all checks. Seconds by state have a column for each of the states of ``streams``."""

    checks: NDArray[np.float64]
    """Seconds, a row a check: at each moment, the worst of what the locations say."""
    places: tuple[NDArray[np.float64], ...]
    """The same for each location, in the order of the streams."""
    alone: NDArray[np.float64]
    """By check, seconds without data while there was some of others."""
    spells: NDArray[np.intp]
    """By check, how often it became BREACHED, or was so when the week began."""
    days: NDArray[np.float64]
    """Seconds, a row a day of the week: at each moment, the worst of what is said of any check."""
    silence: tuple[Span, ...]
    """When nothing is known of any check, in ascending order."""

    @property
    def whole(self) -> NDArray[np.float64]:
        """Seconds by state of all checks together."""
        total: NDArray[np.float64] = self.days.sum(axis=0)
        return total


def timeline(
    history: History, week: Week, streams: tuple[Stream, ...], states: NDArray[np.uint8]
) -> Timeline:
    """Of these streams, all of which have intervals."""
    lives = [_lives(history, stream, states) for stream in streams]
    edges = _edges(week, streams)
    begins, lengths = edges[:-1], np.diff(edges)
    in_window = np.zeros(len(begins), bool)
    for _, span in week.maintenance:
        in_window |= (begins >= span.begin) & (begins < span.end)
    number = len(history.checks)
    checks = np.zeros((number, STATES))
    places = tuple(np.zeros((number, STATES)) for _ in streams)
    spells = np.zeros(number, np.intp)
    unknown = []
    worst = np.zeros(len(begins), np.uint8)
    for first in range(0, number, _AT_ONCE):
        some = slice(first, min(first + _AT_ONCE, number))
        together = np.zeros((len(begins), some.stop - some.start), np.uint8)
        for stream, life, place in zip(streams, lives, places, strict=True):
            known = _known(stream, states[:, some], life[:, some], begins)
            known[in_window[:, None] & (known != NOT_THERE)] = MAINTENANCE
            place[some] = _seconds(known, lengths)
            np.maximum(together, known, out=together)
        checks[some] = _seconds(together, lengths)
        # As bits, for until all checks are known.
        unknown.append(np.packbits(together == NO_DATA, axis=1))
        bad = is_breached(together)
        spells[some] = bad[:1].sum(axis=0) + (bad[1:] & ~bad[:-1]).sum(axis=0)
        np.maximum(worst, together.max(axis=1, initial=NOT_THERE), out=worst)
    worst[worst == NOT_THERE] = NO_DATA
    worst[in_window] = MAINTENANCE
    of_others = lengths * (worst != NO_DATA)
    alone = [of_others @ np.unpackbits(bits, axis=1) for bits in unknown]
    days = [
        _seconds(worst[here, None], lengths[here])[0]
        for day in week.days()
        for here in [(begins >= day.begin) & (begins < day.end)]
    ]
    return Timeline(
        checks,
        places,
        # The last byte of each piece may have bits that stand for no check.
        np.concatenate([np.zeros(0), *alone])[:number],
        spells,
        np.array(days).reshape(-1, STATES),
        _spans(edges, worst == NO_DATA),
    )


def _edges(week: Week, streams: tuple[Stream, ...]) -> NDArray[np.float64]:
    """All moments of the week at which anything may change, with its ends."""
    begin, end = week.span
    some = [np.array([begin, end]), np.array([day.begin for day in week.days()])]
    some += [np.array(span) for _, span in week.maintenance]
    for stream in streams:
        some += [stream.starts, stream.starts + LATE * stream.intervals]
    return np.unique(np.clip(np.concatenate(some), begin, end))


def _lives(history: History, stream: Stream, states: NDArray[np.uint8]) -> NDArray[np.float64]:
    """From when until when a location has each check: two rows. A complete run of the same schedule without it, before its
    first or after its last, says that there was none. One that no run has is never there."""
    there = states[stream.runs] != NOT_THERE
    whole = complete(history, states, stream)
    begins = np.full(there.shape[1], np.inf)
    ends = np.full(there.shape[1], np.inf)
    for check in np.flatnonzero(there.any(axis=0)):
        first, last = np.flatnonzero(there[:, check])[[0, -1]]
        same = whole & (stream.schedules == stream.schedules[first])
        begins[check] = stream.starts[first] if same[:first].any() else -np.inf
        same = whole & (stream.schedules == stream.schedules[last])
        after = np.flatnonzero(same[last + 1 :])
        if len(after):
            ends[check] = stream.starts[last + 1 + after[0]]
    return np.array([begins, ends])


def _known(
    stream: Stream, states: NDArray[np.uint8], life: NDArray[np.float64], moments: NDArray[np.float64]
) -> NDArray[np.uint8]:
    """What is known of each check at each moment."""
    own = states[stream.runs]
    newest = np.where(own != NOT_THERE, np.arange(len(own))[:, None], -1)
    np.maximum.accumulate(newest, axis=0, out=newest)
    at = np.searchsorted(stream.starts, moments, side="right") - 1
    run = np.where(at[:, None] >= 0, newest[at], -1)
    holds = (run >= 0) & (moments[:, None] < (stream.starts + LATE * stream.intervals)[run])
    known = np.where(holds, np.take_along_axis(own, np.maximum(run, 0), axis=0), NO_DATA).astype(np.uint8)
    known[(moments[:, None] < life[0]) | (moments[:, None] >= life[1])] = NOT_THERE
    return known


def _seconds(known: NDArray[np.uint8], lengths: NDArray[np.float64]) -> NDArray[np.float64]:
    """By check and state."""
    return np.stack([lengths @ (known == state) for state in range(STATES)], axis=1)


def _spans(edges: NDArray[np.float64], here: NDArray[np.bool_]) -> tuple[Span, ...]:
    """The cells that are meant, each with its neighbours."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], here, [False]]).astype(np.int8)))
    return tuple(
        Span(float(edges[first]), float(edges[last]))
        for first, last in zip(changes[::2], changes[1::2], strict=True)
    )

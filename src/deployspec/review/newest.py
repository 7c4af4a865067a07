"""What the newest runs of a time say: which checks they made, and which of these were not MET. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deployspec.model.review import Span
from deployspec.record.history import History
from deployspec.review.streams import (
    ACCEPTED_BREACHED,
    ACCEPTED_UNMEASURED,
    MAINTENANCE,
    MET,
    NOT_THERE,
    WORDS,
    Stream,
    complete,
    is_breached,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Failing(NamedTuple):
    """A check that was not MET in the newest run of a stream."""

    check: int
    stream: Stream
    run: int
    """The newest one that made it: its place in the history."""
    state: int
    since: float
    """When the first run began of those that said the same, without another verdict in between."""
    from_the_first: bool
    """Whether that is the first one of the history which made it, so that it may have begun before."""

    @property
    def verdict(self) -> str:
        """BREACHED or UNMEASURED."""
        return WORDS[self.state]

    @property
    def accepted(self) -> bool:
        """Whether the run's acceptances accept it."""
        return self.state in (ACCEPTED_BREACHED, ACCEPTED_UNMEASURED)


def failing(
    history: History, streams: tuple[Stream, ...], states: NDArray[np.uint8], end: float
) -> list[Failing]:
    """What is not MET as of the newest run of each stream that began before a moment. Runs in maintenance say nothing, nor
    does one that was cut short of the checks that it did not come to. What a later complete run of the same
    schedule does not have is gone."""
    found = []
    for stream in streams:
        own = stream.within(Span(-np.inf, end))
        whole = complete(history, states, own)
        for check in np.flatnonzero((states[own.runs] > MET).any(axis=0)):
            column = states[own.runs, check]
            there = np.flatnonzero(column > MAINTENANCE)
            last = there[-1]
            without = whole & (own.schedules == own.schedules[last]) & (column == NOT_THERE)
            if column[last] <= MET or without[last:].any():
                continue
            words = [WORDS[state] for state in column[there]]
            same = next((back for back, word in enumerate(reversed(words)) if word != words[-1]), len(words))
            found.append(
                Failing(
                    int(check),
                    stream,
                    int(own.runs[last]),
                    int(column[last]),
                    float(own.starts[there[-same]]),
                    same == len(words),
                )
            )
    return found


class Sets(NamedTuple):
    """Checks by id's place that one week has and the other has not."""

    added: list[int]
    removed: list[int]


def compared(
    history: History, streams: tuple[Stream, ...], states: NDArray[np.uint8], before: Span, span: Span
) -> Sets:
    """Which checks the newest complete runs of a week have that no run of the week before had, and the other way round. Of
    those schedules that have complete runs in both weeks."""
    now = np.zeros(len(history.checks), bool)
    earlier, seen, seen_now = now.copy(), now.copy(), now.copy()
    for stream in streams:
        there = states[stream.runs] != NOT_THERE
        whole = complete(history, states, stream)
        in_each = [(stream.starts >= one.begin) & (stream.starts < one.end) for one in (before, span)]
        seen |= there[in_each[0]].any(axis=0)
        for schedule in np.unique(stream.schedules):
            of_it = [here & (stream.schedules == schedule) for here in in_each]
            own = [np.flatnonzero(whole & here) for here in of_it]
            if len(own[0]) and len(own[1]):
                earlier |= there[own[0][-1]]
                now |= there[own[1][-1]]
            else:
                # What a silent one had is not gone.
                seen_now |= there[of_it[0]].any(axis=0) | there[of_it[1]].any(axis=0)
    return Sets(
        [int(check) for check in np.flatnonzero(now & ~seen)],
        [int(check) for check in np.flatnonzero(earlier & ~now & ~seen_now)],
    )


def to_and_fro(states: NDArray[np.uint8], stream: Stream, span: Span) -> NDArray[np.intp]:
    """By check, how often it went from MET to BREACHED or back in runs of a span, whatever it was in between."""
    count = np.zeros(states.shape[1], np.intp)
    here = (stream.starts >= span.begin) & (stream.starts < span.end)
    bad = is_breached(states[stream.runs])
    tells = bad | (states[stream.runs] == MET)
    for check in np.flatnonzero(bad.any(axis=0)):
        told = np.flatnonzero(tells[:, check])
        changes = bad[told[1:], check] != bad[told[:-1], check]
        count[check] = (changes & here[told[1:]]).sum()
    return count

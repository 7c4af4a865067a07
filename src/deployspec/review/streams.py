"""The runs of a history by where they belong together: those of a probe's location, and those of a gate. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from deployspec.model.review import Span, Week
from deployspec.record.history import ABSENT, ACCEPTED, VERDICTS, History

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deployspec.record.history import Row

NOT_THERE, NO_DATA, MAINTENANCE, MET, ACCEPTED_UNMEASURED, ACCEPTED_BREACHED, UNMEASURED, BREACHED = range(8)
"""What is known of a check at a moment. Of two that hold at the same time, the higher one counts: nothing that is accepted
hides what is not."""
STATES = 8
_STATE = np.array([MET, BREACHED, UNMEASURED] + [NOT_THERE] * (ABSENT - 2), np.uint8)
"""By a verdict's number in a history."""
_ACCEPTED_STATE = {BREACHED: ACCEPTED_BREACHED, UNMEASURED: ACCEPTED_UNMEASURED}
LATE = 1.5
"""Intervals from a run's start for which its verdicts hold at most."""
WORDS = {
    MET: VERDICTS[0],
    BREACHED: VERDICTS[1],
    ACCEPTED_BREACHED: VERDICTS[1],
    UNMEASURED: VERDICTS[2],
    ACCEPTED_UNMEASURED: VERDICTS[2],
}


@dataclass(frozen=True)
class Stream:
    """Finished runs that follow one another."""

    name: str
    """For a person: a probe's location, or what a gate was asked for (``check -m gate``)."""
    timed: bool
    """Whether they have an interval, so that a verdict holds for a time."""
    runs: NDArray[np.intp]
    """Their places in the history, in ascending order of their starts."""
    starts: NDArray[np.float64]
    intervals: NDArray[np.float64]
    """Seconds; NaN where they have none."""
    schedules: NDArray[np.intp]
    """Numbers: a run says nothing of checks that another schedule makes."""

    def within(self, span: Span) -> Stream:
        """Those of the runs that began in a span."""
        here = (self.starts >= span.begin) & (self.starts < span.end)
        return Stream(
            self.name,
            self.timed,
            self.runs[here],
            self.starts[here],
            self.intervals[here],
            self.schedules[here],
        )


def streams_of(history: History) -> tuple[Stream, ...]:
    """Probes by location, in the order of their names, and then all others by their kind and markers. Runs that have not
    finished are in none."""
    found: dict[tuple[bool, str], list[int]] = {}
    for place, row in enumerate(history.runs):
        if row.exit_status is not None:
            found.setdefault((row.interval is None, stream_name(row)), []).append(place)
    return tuple(
        Stream(
            name,
            not untimed,
            np.array(places, np.intp),
            np.array([history.runs[place].started for place in places], np.float64),
            np.array(
                [np.nan if history.runs[place].interval is None else history.runs[place].interval for place in places],
                np.float64,
            ),
            _schedules([history.runs[place].markers for place in places]),
        )
        for (untimed, name), places in sorted(found.items())
    )  # fmt: skip


def _schedules(markers: Sequence[str]) -> NDArray[np.intp]:
    """By run, the number of its schedule. Runs that are asked for the same are of one, and so are those that are asked for
    something else since: who changes what a schedule asks for has one all the same. Those that take turns are of several."""
    lasts = {said: place for place, said in enumerate(markers)}
    ends: list[int] = []
    numbers: dict[str, int] = {}
    for place, said in enumerate(markers):
        if said not in numbers:
            numbers[said] = next((number for number, end in enumerate(ends) if end < place), len(ends))
            ends[numbers[said] : numbers[said] + 1] = [lasts[said]]
    return np.array([numbers[said] for said in markers], np.intp)


def stream_name(row: Row) -> str:
    """Where a run belongs, for a person."""
    if row.interval is not None:
        return row.location or "a probe"
    markers = f" -m {row.markers}" if row.markers else ""
    return f"{row.kind}{markers}" + (f" at {row.location}" if row.location else "")


def states_of(history: History, week: Week) -> NDArray[np.uint8]:
    """What each run, a row, said of each check, a column. In maintenance it said nothing that counts; before it has
    finished, nothing at all."""
    states = _STATE[history.verdicts]
    accepted = (history.flags & ACCEPTED).astype(bool)
    for state, instead in _ACCEPTED_STATE.items():
        states[accepted & (states == state)] = instead
    there = states != NOT_THERE
    for place, row in enumerate(history.runs):
        if row.exit_status is None:
            states[place] = NOT_THERE
        elif in_maintenance(row, week):
            states[place, there[place]] = MAINTENANCE
    return states


def is_breached(states: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a check was BREACHED, accepted or not."""
    breached: NDArray[np.bool_] = (states == BREACHED) | (states == ACCEPTED_BREACHED)
    return breached


def in_maintenance(row: Row, week: Week) -> bool:
    """Whether a run fell into a window, as it says itself, or as the windows do that the file has today."""
    return bool(row.maintenance) or any(span.begin <= row.started < span.end for _, span in week.maintenance)


def complete(history: History, states: NDArray[np.uint8], stream: Stream) -> NDArray[np.bool_]:
    """Which runs of a stream made all of their checks."""
    whole = np.array([not history.runs[place].cut_short for place in stream.runs], bool)
    made_some: NDArray[np.bool_] = (states[stream.runs] != NOT_THERE).any(axis=1)
    return whole & made_some

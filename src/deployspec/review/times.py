"""For how long, and in how many runs, each check was what. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from deployspec.base.shown import counted
from deployspec.model.review import Cell, Column, Fold, Table, Tone
from deployspec.review.judged import HAIR, Judged
from deployspec.review.streams import (
    ACCEPTED_BREACHED,
    ACCEPTED_UNMEASURED,
    BREACHED,
    MAINTENANCE,
    MET,
    NO_DATA,
    STATES,
    UNMEASURED,
)
from deployspec.review.words import number, some, time

if TYPE_CHECKING:
    from numpy.typing import NDArray


_TIMES = tuple(
    Column(name, is_number=True)
    for name in ("MET", "BREACHED", "UNMEASURED", "Accepted of these", "No data", "Maintenance")
)


def time_tables(judged: Judged) -> list[Table]:
    if not judged.timed:
        return []
    line = judged.timeline
    rows = [
        (Cell(name, code=True), *_times(line.checks[first]), number(int(line.spells[first]), Tone.BAD))
        for name, first in _rows(judged, line.checks)
    ]
    tables = [
        Table(
            "days",
            "Day by day: the worst verdict of any check",
            (Column("Day"), *_TIMES),
            tuple(
                (
                    Cell(f"{datetime.fromtimestamp(day.begin, judged.week.zone):%a %Y-%m-%d}"),
                    *_times(line.days[place]),
                )
                for place, day in enumerate(judged.week.days())
            ),
            note=f"Days begin at midnight, {judged.week.zone_name}.",
        ),
        Table(
            "time",
            "Time in each verdict",
            (Column("Check"), *_TIMES, Column("Times breached", is_number=True)),
            tuple(rows),
            none="No run made a check.",
            note="Of several locations, the worst at each moment. Checks that were never BREACHED and have the same figures are told of "
            "together. "
            "A verdict holds until the location's next run, and for one and a half intervals at most: beyond that is no data.",
        ),
    ]
    bad = line.checks[:, ACCEPTED_UNMEASURED:].sum(axis=1) > HAIR
    if len(judged.timed) > 1 and bad.any():
        tables.append(
            Table(
                "time-by-location",
                "Time in each verdict, by location",
                (Column("Check"), *_TIMES),
                tuple(
                    (Cell(f"{name} at {stream.name}", code=True), *_times(place[first]))
                    for stream, place in zip(judged.timed, line.places, strict=True)
                    for name, first in _rows(judged, np.where(bad[:, None], place, 0.0))
                ),
                note="Those checks alone that were anything but MET.",
                fold=Fold("Time in each verdict, by location"),
            )
        )
    return tables


def _rows(judged: Judged, figures: NDArray[Any]) -> list[tuple[str, int]]:
    """A name for each row, and the check whose figures it has: each check that was BREACHED, the worst first, and then those
    together that have the same figures."""
    breached = figures[:, [BREACHED, ACCEPTED_BREACHED]].sum(axis=1)
    unknown = figures[:, [UNMEASURED, ACCEPTED_UNMEASURED]].sum(axis=1)
    found = np.flatnonzero(breached > HAIR).tolist()
    order = sorted(found, key=lambda check: (-breached[check], -unknown[check], judged.name(check)))
    groups: dict[bytes, list[int]] = {}
    there = (figures[:, NO_DATA:].sum(axis=1) > HAIR) & (breached <= HAIR)
    for check in np.flatnonzero(there).tolist():
        groups.setdefault(np.round(figures[check], 2).tobytes(), []).append(check)
    named = sorted(
        (
            -float(unknown[group[0]]),
            -len(group),
            some(sorted(judged.name(check) for check in group), 1),
            group[0],
        )
        for group in groups.values()
    )
    return [*((judged.name(check), check) for check in order), *((name, first) for *_, name, first in named)]


def _times(seconds: NDArray[np.float64]) -> tuple[Cell, ...]:
    return (
        time(seconds[MET]),
        time(seconds[BREACHED] + seconds[ACCEPTED_BREACHED], Tone.BAD),
        time(seconds[UNMEASURED] + seconds[ACCEPTED_UNMEASURED], Tone.UNKNOWN),
        time(seconds[ACCEPTED_BREACHED] + seconds[ACCEPTED_UNMEASURED]),
        time(seconds[NO_DATA], Tone.UNKNOWN),
        time(seconds[MAINTENANCE], Tone.MUTED),
    )


def runs_by_check(judged: Judged) -> NDArray[np.intp]:
    """By check and state, in how many runs of the week without an interval it was so."""
    counts = np.zeros((len(judged.history.checks), STATES), np.intp)
    for stream in judged.untimed:
        own = judged.states[stream.within(judged.week.span).runs]
        counts += np.stack([(own == state).sum(axis=0) for state in range(STATES)], axis=1)
    return counts


def run_tables(judged: Judged, counts: NDArray[np.intp]) -> list[Table]:
    if not judged.untimed:
        return []
    # A run that has not the check is none of it.
    made = np.where(np.arange(STATES) < MAINTENANCE, 0, counts)
    return [
        Table(
            "runs-by-check",
            "Runs without an interval, by verdict",
            (Column("Check"), *(column for column in _TIMES if column.name != "No data")),
            tuple((Cell(name, code=True), *_run_cells(counts[check])) for name, check in _rows(judged, made)),
            none="There was none in the week.",
            note="Gates, and what somebody ran by hand. Between them nothing is known, so they are counted as runs and not as time.",
        )
    ]


def _run_cells(counts: NDArray[np.intp]) -> tuple[Cell, ...]:
    total = int(counts[MET:].sum())
    figures = (
        (counts[MET], Tone.PLAIN),
        (counts[ACCEPTED_BREACHED] + counts[BREACHED], Tone.BAD),
        (counts[ACCEPTED_UNMEASURED] + counts[UNMEASURED], Tone.UNKNOWN),
        (counts[ACCEPTED_BREACHED] + counts[ACCEPTED_UNMEASURED], Tone.PLAIN),
    )
    return (
        *(
            Cell(f"{count:,} of {counted(total, 'run', ',')}", float(count), tone if count else Tone.MUTED)
            for count, tone in figures
        ),
        Cell(counted(int(counts[MAINTENANCE]), "run", ","), float(counts[MAINTENANCE]), Tone.MUTED),
    )

"""Lists of checks: flaky ones, slow ones, accepted ones, those that came and went. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np

from deployspec.base.shown import counted, one_line
from deployspec.base.shown import seconds as in_seconds
from deployspec.model.review import Cell, Column, Span, Table, Tone
from deployspec.record.history import FLAKY
from deployspec.review.judged import Judged
from deployspec.review.newest import to_and_fro
from deployspec.review.streams import (
    MAINTENANCE,
    WORDS,
)
from deployspec.review.words import number, verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray


_MOST_SHOWN = 10
"""Rows of a list of the worst."""
_LEAST_CHANGES = 2
"""From MET to BREACHED or back. One is a check that broke, or was repaired."""


def flakiest(judged: Judged) -> Table:
    states, week = judged.states, judged.week
    changes = np.zeros(states.shape[1], np.intp)
    flagged, runs = changes.copy(), changes.copy()
    for stream in judged.streams:
        changes += to_and_fro(states, stream, week.span)
        own = stream.within(week.span).runs
        counts = states[own] > MAINTENANCE
        flagged += ((judged.history.flags[own] & FLAKY).astype(bool) & counts).sum(axis=0)
        runs += counts.sum(axis=0)
    found = np.flatnonzero((changes >= _LEAST_CHANGES) | (flagged > 0)).tolist()
    order = sorted(found, key=lambda check: (-changes[check], -flagged[check], judged.name(check)))
    more = len(order) - _MOST_SHOWN
    return Table(
        "flakiest",
        "Flakiest",
        (
            Column("Check"),
            Column("Changes", is_number=True),
            Column("Flaky runs", is_number=True),
            Column("Runs", is_number=True),
        ),
        tuple(
            (
                Cell(judged.name(check), code=True),
                number(int(changes[check])),
                number(int(flagged[check])),
                number(int(runs[check])),
            )
            for check in order[:_MOST_SHOWN]
        ),
        none="No check went to and fro between MET and BREACHED, and none needed a second attempt.",
        note="Changes are those from MET to BREACHED or back; flaky runs, those in which it was MET at a second attempt only, or that "
        "called it flaky." + (f" {more} more are not shown." if more > 0 else ""),
    )


def slowest(judged: Judged) -> Table:
    means = [_means(judged, span) for span in (judged.week.span, judged.week.before)]
    (mean, runs), (before, runs_before) = means
    order = sorted(np.flatnonzero(runs).tolist(), key=lambda check: (-mean[check], judged.name(check)))
    rows = []
    for check in order[:_MOST_SHOWN]:
        then = Cell("-")
        change = Cell("-")
        if runs_before[check]:
            then = Cell(in_seconds(round(float(before[check]), 3)), float(before[check]))
            if before[check] > 0:
                share = float(mean[check] / before[check]) - 1
                change = Cell(f"{100 * share:+.0f}%", share)
        rows.append(
            (
                Cell(judged.name(check), code=True),
                Cell(in_seconds(round(float(mean[check]), 3)), float(mean[check])),
                then,
                change,
                number(int(runs[check])),
            )
        )
    return Table(
        "slowest",
        "Slowest",
        (
            Column("Check"),
            Column("Mean", is_number=True),
            Column("Week before", is_number=True),
            Column("Change", is_number=True),
            Column("Runs", is_number=True),
        ),
        tuple(rows),
        none="No run made a check.",
        note="How long checks took, all runs of the week outside of maintenance together. What several checks share, the first one "
        "of a run takes the time for.",
    )


def _means(judged: Judged, span: Span) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """By check, the mean of its durations and of how many."""
    number_of = len(judged.history.checks)
    total, count = np.zeros(number_of), np.zeros(number_of, np.intp)
    for stream in judged.streams:
        own = stream.within(span).runs
        durations = judged.history.durations[own].astype(np.float64)
        counts = (judged.states[own] > MAINTENANCE) & ~np.isnan(durations)
        total += np.where(counts, durations, 0.0).sum(axis=0)
        count += counts.sum(axis=0)
    return np.divide(total, count, out=np.zeros(number_of), where=count > 0), count


def accepted(judged: Judged) -> Table:
    # The last day of an acceptance ends in UTC.
    today = datetime.fromtimestamp(judged.week.span.end, UTC).date()
    rows = []
    for check, accepted in sorted(
        judged.history.accepted.items(), key=lambda one: (one[1].until, judged.name(one[0]))
    ):
        left = (date.fromisoformat(accepted.until) - today).days
        known = judged.states[:, check]
        words = [WORDS[state] for state in known[known > MAINTENANCE]]
        rows.append(
            (
                Cell(judged.name(check), code=True),
                verdict(words[-1], accepted=True) if words else Cell("in maintenance", tone=Tone.MUTED),
                Cell(accepted.until),
                Cell(
                    counted(left, "day") if left >= 0 else "expired",
                    float(left),
                    Tone.BAD if left < 0 else Tone.PLAIN,
                ),
                Cell(one_line(accepted.owner)),
                Cell(one_line(accepted.reason, 400)),
                Cell(one_line(accepted.place), code=True),
            )
        )
    return Table(
        "accepted",
        "Accepted",
        (
            Column("Check"),
            Column("Verdict"),
            Column("Until"),
            Column("Days left", is_number=True),
            Column("Owner"),
            Column("Reason"),
            Column("Entry"),
        ),
        tuple(rows),
        none="No verdict is accepted.",
        note="As the newest run of each check says.",
    )


def sets_table(judged: Judged) -> Table:
    added, removed = judged.sets
    return Table(
        "sets",
        "Added and removed",
        (Column("Check"), Column("Since the week before"), Column("Promise")),
        tuple(
            (
                Cell(judged.name(check), code=True),
                Cell(word),
                Cell(one_line(judged.history.checks[check].promise, 400)),
            )
            for word, checks in (("added", added), ("removed", removed))
            for check in checks
        ),
        none="The checks are those of the week before, as far as there are runs to compare.",
    )

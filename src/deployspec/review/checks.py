"""The section on checks: what fails now, what has changed, and the tables of times and lists. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from deployspec.base.shown import counted, lasting, one_line
from deployspec.model.review import Cell, Change, Column, Section, Table, Tone
from deployspec.review.judged import HAIR, Judged
from deployspec.review.lists import accepted, flakiest, sets_table, slowest
from deployspec.review.newest import Failing, failing
from deployspec.review.streams import (
    BREACHED,
    MET,
    UNMEASURED,
)
from deployspec.review.times import run_tables, runs_by_check, time_tables
from deployspec.review.words import at, some, source_id, sources_of, verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from deployspec.model.entry import Entry


def section(judged: Judged, entries: Mapping[tuple[int, int], Entry]) -> Section:
    """The whole section. ``entries`` are those of what fails now, by run and check, as far as their records can be read."""
    now = judged.failing
    runs = runs_by_check(judged)
    tables = [
        _failing_table(judged, now, entries),
        *time_tables(judged),
        *run_tables(judged, runs),
        flakiest(judged),
        slowest(judged),
        accepted(judged),
        sets_table(judged),
    ]
    if not judged.history.runs:
        # That nothing is flaky, say, would be no news of what nobody has run.
        del tables[1:]
    breached, unmeasured = _in_short(judged, runs)
    rows = [judged.history.runs[one.run] for one in now]
    return Section(
        "checks",
        "Checks",
        parts=tables,
        breached=breached,
        unmeasured=unmeasured,
        changes=(*_became(judged, now), *_sets(judged)),
        sources=sources_of(rows, judged.week),
        rank=30,
    )


def _failing_table(judged: Judged, now: list[Failing], entries: Mapping[tuple[int, int], Entry]) -> Table:
    rows = []
    for one in sorted(now, key=lambda one: (-one.state, judged.name(one.check), one.stream.name)):
        row = judged.history.runs[one.run]
        entry = entries.get((one.run, one.check))
        since = at(one.since, judged.week)
        rows.append(
            (
                judged.named(one.check, one.stream),
                verdict(one.verdict, accepted=one.accepted),
                Cell(since.text, since.value, note="or before" if one.from_the_first else ""),
                at(row.started, judged.week, source_id(row)),
                Cell(one_line(entry.reason, 400) if entry else "its record cannot be read"),
                Cell(one_line(entry.reproduce, 400), code=True) if entry and entry.reproduce else Cell("-"),
            )
        )  # fmt: skip
    return Table(
        "failing",
        "Failing now",
        (
            Column("Check"),
            Column("Verdict"),
            Column("Since"),
            Column("As of"),
            Column("Reason"),
            Column("Reproduce"),
        ),
        tuple(rows),
        none="No check fails, as of the newest run of each place."
        if judged.history.runs
        else "There is no run.",
        note="As of the newest run of each place that made the check, outside of maintenance.",
    )


def _sets(judged: Judged) -> list[Change]:
    return [
        Change(f"{counted(len(checks), 'check')} {word}: {some([judged.name(check) for check in checks])}")
        for word, checks in zip(("added", "removed"), judged.sets, strict=True)
        if checks
    ]


def _became(judged: Judged, now: list[Failing]) -> list[Change]:
    """What has begun to fail since the week before ended, and what fails no more."""
    before = failing(judged.history, judged.streams, judged.states, judged.week.span.begin)
    # Of several places, the one where it is worst, and of those the one that knew it first.
    then, today = (
        {one.check: one for one in sorted(failing, key=lambda one: (one.state, -one.since))}
        for failing in (before, now)
    )
    groups: dict[tuple[bool, str, float], list[int]] = {}
    for check, one in today.items():
        if check not in then or then[check].verdict != one.verdict:
            groups.setdefault((one.accepted, one.verdict, one.since), []).append(check)
    changes = []
    for (is_accepted, word, since), checks in sorted(groups.items()):
        said = f"{_all(judged, checks)} {word} since {judged.week.told(since)}{', accepted' if is_accepted else ''}"
        tone = Tone.PLAIN if is_accepted else Tone.BAD if word == "BREACHED" else Tone.UNKNOWN
        changes.append(Change(said, tone))
    for check in sorted(today, key=judged.name):
        one, old = today[check], then.get(check)
        if old is not None and old.verdict == one.verdict and old.accepted and not one.accepted:
            tone = Tone.BAD if one.verdict == "BREACHED" else Tone.UNKNOWN
            changes.append(
                Change(f"{judged.name(check)} is still {one.verdict}, and no longer accepted", tone)
            )
    gone = set(judged.sets.removed)
    again = [check for check in then if check not in today and check not in gone and _is_met(judged, check)]
    if again:
        changes.append(Change(f"{_all(judged, again)} MET again", Tone.GOOD))
    return changes


def _all(judged: Judged, checks: list[int]) -> str:
    """What several checks that have changed alike are told as."""
    return f"{some(sorted(map(judged.name, checks)))} {'is' if len(checks) == 1 else 'are'}"


def _is_met(judged: Judged, check: int) -> bool:
    """Whether a run of the week says so, and not that it is gone."""
    return any(
        bool((judged.states[stream.within(judged.week.span).runs, check] == MET).any())
        for stream in judged.streams
    )


def _in_short(judged: Judged, runs: NDArray[np.intp]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was BREACHED, and what is not known, for the sentence at the head: what lasted longest first, and together what is
    alike. What is not known of any check is told of once, where runs are."""
    without = judged.timeline.alone
    return _said(judged, runs, BREACHED, np.zeros(len(without))), _said(judged, runs, UNMEASURED, without)


def _said(
    judged: Judged, runs: NDArray[np.intp], state: int, without: NDArray[np.float64]
) -> tuple[str, ...]:
    totals = runs[:, MET:].sum(axis=1)
    groups: dict[str, list[int]] = {}
    spent = judged.timeline.checks[:, state]
    order = sorted(
        range(len(totals)), key=lambda check: (-spent[check] - without[check], -runs[check, state])
    )
    for check in order:
        pieces = [lasting(spent[check])] if spent[check] > HAIR else []
        if count := runs[check, state]:
            pieces.append(f"{count:,} of {counted(int(totals[check]), 'run', ',')}")
        if without[check] > HAIR:
            pieces.append(f"{lasting(without[check])} without data")
        if pieces:
            groups.setdefault(", ".join(pieces), []).append(check)
    return tuple(
        f"{some(sorted(judged.name(check) for check in group), 1)} ({lasted})"
        for lasted, group in groups.items()
    )

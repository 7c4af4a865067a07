"""The section on runs: which came and which did not, when nothing ran, and what was released. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from deployspec.base.shown import lasting, one_line
from deployspec.model.review import Cell, Change, Column, Section, Span, Table, Tone, Week
from deployspec.review.coming import Release, missed, releases, silent
from deployspec.review.judged import Judged
from deployspec.review.streams import LATE, MAINTENANCE, MET, in_maintenance
from deployspec.review.words import at, number, some, source_id, sources_of, time

if TYPE_CHECKING:
    from deployspec.record.history import Row

_MOST_SHOWN = 20
_DONE = (0, 1)
"""Exit statuses of runs that came to their end: all well, or something fails."""


def section(judged: Judged) -> Section:
    """The whole section."""
    week, history = judged.week, judged.history
    own = [row for row in history.runs if week.span.begin <= row.started < week.span.end]
    unfinished = [row for row in own if row.exit_status is None]
    finished = [row for row in own if row.exit_status is not None]
    short = [row for row in finished if row.cut_short or row.exit_status not in _DONE]
    released = releases(judged)
    without = sum(span.seconds for span in judged.timeline.silence)
    unmeasured = []
    told_something = [
        (judged.states[stream.within(week.span).runs] > MAINTENANCE).any() for stream in judged.streams
    ]
    # The verdict of a run before it may have held.
    if not any(told_something) and not judged.timeline.whole[MET:].any():
        unmeasured.append("the whole of it, as no run made a check")
    elif without:
        text = f"{lasting(without)} of {lasting(week.span.seconds)} without a probe"
        first = min((stream.starts[0] for stream in judged.timed), default=-math.inf)
        is_new = all(span.end <= first for span in judged.timeline.silence)
        unmeasured.append(f"{text}, all of it before the first run that is known" if is_new else text)
    return Section(
        "runs",
        "Runs",
        parts=[
            _runs_table(judged),
            _silence_table(judged),
            _short_table(short, week),
            _unfinished_table(unfinished, judged),
            _damaged_table(judged),
            _releases_table(released, judged),
            _maintenance_table(judged, own),
        ],
        unmeasured=tuple(unmeasured),
        changes=(*_releases_changes(released, week), *_streams_changes(judged)),
        sources=sources_of(
            [*short, *unfinished, *(history.runs[one.run] for one in released), *_lasts(judged)], week
        ),
        rank=80,
    )


def _runs_table(judged: Judged) -> Table:
    week, history = judged.week, judged.history
    rows = []
    for stream in judged.streams:
        own = [history.runs[place] for place in stream.within(week.span).runs]
        counting = [row for row in own if not in_maintenance(row, week)]
        due = len(missed(stream, week)) if stream.timed else 0
        quiet = sum(span.seconds for span in silent(judged, stream)) if stream.timed else 0.0
        rows.append(
            (
                Cell(stream.name),
                number(len(counting)),
                number(len(counting) + due) if stream.timed else Cell("-"),
                number(due, Tone.UNKNOWN) if stream.timed else Cell("-"),
                time(quiet, Tone.UNKNOWN) if stream.timed else Cell("-"),
                number(sum(row.exit_status != 0 for row in counting), Tone.BAD),
                number(sum(bool(row.cut_short) for row in counting), Tone.UNKNOWN),
                number(len(own) - len(counting)),
                at(own[-1].started, week, source_id(own[-1])) if own else Cell("none in the week", tone=Tone.UNKNOWN),
            )
        )  # fmt: skip
    return Table(
        "runs",
        "Runs by place",
        (
            Column("Place"),
            Column("Runs", is_number=True),
            Column("Expected", is_number=True),
            Column("Missed", is_number=True),
            Column("Silence", is_number=True),
            Column("Failing", is_number=True),
            Column("Cut short", is_number=True),
            Column("In maintenance", is_number=True),
            Column("Last run"),
        ),
        tuple(rows),
        none="No run is known, neither of this time nor of the time before.",
        note="Runs and what was expected by their interval, outside of maintenance. A run is missed when it is late by more than half an "
        "interval. Silence is the time for which no verdict holds.",
    )


def _lasts(judged: Judged) -> list[Row]:
    """The last run of the week of each stream."""
    own = [stream.within(judged.week.span).runs for stream in judged.streams]
    return [judged.history.runs[runs[-1]] for runs in own if len(runs)]


def _silence_table(judged: Judged) -> Table:
    week = judged.week
    rows = []
    for stream in judged.timed:
        for span in silent(judged, stream):
            before_all = bool(span.begin == week.span.begin and stream.starts[0] >= span.end)
            rows.append(
                (
                    Cell(f"{week.told(span.begin)}, {stream.name}", span.begin),
                    at(span.end, week),
                    time(span.seconds, Tone.UNKNOWN),
                    Cell("before its first run that is known" if before_all else ""),
                )
            )
    rows.sort(key=lambda row: (row[0].value or 0.0, row[0].text))
    return Table(
        "silence",
        "Silence",
        (Column("From"), Column("Until"), Column("For", is_number=True), Column("")),
        _shown(rows),
        none="None: at each moment a verdict held."
        if judged.timed
        else "No probe with an interval is known.",
        note=_more(rows),
    )


def _shown(rows: Sequence[tuple[Cell, ...]]) -> tuple[tuple[Cell, ...], ...]:
    return tuple(rows[:_MOST_SHOWN])


def _more(rows: Sequence[tuple[Cell, ...]]) -> str:
    more = len(rows) - _MOST_SHOWN
    return f"{more} more are not shown." if more > 0 else ""


def _short_table(short: Iterable[Row], week: Week) -> Table:
    rows = [
        (
            Cell(row.id or row.path.name, code=True, source=source_id(row)),
            Cell(row.location or row.kind),
            at(row.started, week),
            Cell(str(row.exit_status), tone=Tone.BAD),
            Cell(one_line(row.cut_short, 400) or "it did not come to its end"),
        )
        for row in reversed(list(short))
    ]
    return Table(
        "cut-short",
        "Runs that were cut short, or did not work",
        (Column("Run"), Column("Place"), Column("Began"), Column("Exit status"), Column("Why")),
        _shown(rows),
        none="None.",
        note=_more(rows),
    )


def _unfinished_table(unfinished: Iterable[Row], judged: Judged) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for row in unfinished:
        later = any(
            one.exit_status is not None
            and one.started > row.started
            and (one.kind, one.location) == (row.kind, row.location)
            for one in judged.history.runs
        )
        rows.append(
            (
                Cell(row.id or row.path.name, code=True, source=source_id(row)),
                Cell(row.location or row.kind),
                at(row.started, judged.week),
                Cell("was killed: a later run has finished" if later else "goes on, or was killed"),
            )
        )
    return Table(
        "unfinished",
        "Runs that have not finished",
        (Column("Run"), Column("Place"), Column("Began"), Column("What is known")),
        _shown(rows),
        none="None.",
        note=_more(rows) or ("Nothing that they found is counted." if rows else ""),
    )


def _damaged_table(judged: Judged) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (Cell(one_line(str(path), 400), code=True), Cell(one_line(reason, 400), tone=Tone.UNKNOWN))
        for path, reason in sorted(judged.history.damaged)
    ]
    return Table(
        "damaged",
        "Damaged files",
        (Column("File"), Column("What was found")),
        _shown(rows),
        none="None.",
        note=_more(rows),
    )


def _releases_table(released: Iterable[Release], judged: Judged) -> Table:
    return Table(
        "releases",
        "Releases",
        (Column("When"), Column("What"), Column("From"), Column("To"), Column("Seen by")),
        tuple(
            (
                at(one.moment, judged.week, source_id(judged.history.runs[one.run])),
                Cell(one.what),
                Cell(one.before),
                Cell(one.after),
                Cell(some(one.places)),
            )
            for one in released
        ),
        none="No run of the week knows another version than the one before it.",
        note="When the first run began that knows of it. The deployment's own version is known where a check asks for it.",
    )


def _releases_changes(released: Iterable[Release], week: Week) -> Iterator[Change]:
    for one in released:
        yield Change(f"{one.what} went from {one.before} to {one.after} ({week.told(one.moment)})")


def _streams_changes(judged: Judged) -> Iterator[Change]:
    week = judged.week
    made = [judged.states[stream.within(week.before).runs] > MAINTENANCE for stream in judged.streams]
    if not any(one.any() for one in made):
        yield Change("checks cannot be compared: no run of the time before is known", Tone.MUTED)
    there = [
        (stream, len(stream.within(week.before).runs) > 0, len(stream.within(week.span).runs) > 0)
        for stream in judged.timed
    ]
    if not any(before for _, before, _ in there):
        return
    all_quiet = judged.timeline.silence
    for stream, before, now in there:
        if now and not before:
            yield Change(f"{stream.name}: a location that was not there the week before")
        if before and not now:
            yield Change(f"{stream.name}: no probe in the week", Tone.UNKNOWN)
        # Where all of them are, the sentence says so.
        if before and now and _is_at_end(silent(judged, stream), week) and not _is_at_end(all_quiet, week):
            last = stream.within(week.span)
            since = week.told(float(last.starts[-1] + LATE * last.intervals[-1]))
            yield Change(f"{stream.name}: silent since {since}", Tone.UNKNOWN)


def _is_at_end(silence: Sequence[Span], week: Week) -> bool:
    return bool(silence) and silence[-1].end == week.span.end


def _maintenance_table(judged: Judged, own: Iterable[Row]) -> Table:
    week = judged.week
    names: dict[str, float] = {}
    until: dict[str, float] = {}
    for name, span in week.maintenance:
        # One may begin again before it has ended.
        begin = max(span.begin, until.get(name, week.span.begin))
        if begin < (end := min(span.end, week.span.end)):
            names[name] = names.get(name, 0.0) + end - begin
            until[name] = end
    counts = Counter(row.maintenance for row in own if row.maintenance)
    rows = [
        (Cell(one_line(name)), time(names.get(name, 0.0)), number(counts[name]))
        for name in sorted({*names, *counts})
    ]
    return Table(
        "maintenance",
        "Maintenance",
        (Column("Window"), Column("Open", is_number=True), Column("Runs", is_number=True)),
        tuple(rows),
        none="None.",
        note="Left out of all other figures." if rows else "",
    )

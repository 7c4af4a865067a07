"""The section on how a review was made: of what, and what was left out. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from deployspec.base.problems import listed
from deployspec.base.shown import counted, lasting, one_line
from deployspec.model.review import Cell, Column, Section, Source, Table
from deployspec.review.streams import in_maintenance
from deployspec.review.words import at, number, source_id, sources_of

if TYPE_CHECKING:
    from deployspec.record.history import Row
    from deployspec.review.judged import Judged


def section(
    judged: Judged,
    version: str,
    store: str,
    asked: Iterable[str],
    left_out: Iterable[str],
    sections: Iterable[Section],
) -> Section:
    """The whole section. ``asked`` are the chapters that were asked, and ``left_out`` is what was not, each with its reason."""  # fmt: skip
    week = judged.week
    own = [row for row in judged.history.runs if week.span.begin <= row.started < week.span.end]
    queries = [source for one in sections for source in one.sources if source.query]
    versions = sorted({row.version for row in own if row.version})
    names = [*asked]
    clocks = datetime.fromtimestamp(week.span.end, week.zone)
    rows: list[tuple[Cell, ...]] = [
        (Cell("Deployment"), Cell(week.deployment)),
        (Cell("From"), at(week.span.begin, week)),
        (Cell("Until"), at(week.span.end, week)),
        (Cell("Length"), Cell(lasting(week.span.seconds), week.span.seconds)),
        (Cell("Compared with"), at(week.before.begin, week)),
        (Cell("Time zone"), Cell(f"{week.zone_name} ({clocks:%z})")),
        (Cell("Night"), Cell(" to ".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in week.night))),
        (Cell("Runs"), number(len(own))),
        *_end("First run", own[:1], judged),
        *_end("Last run", own[-1:], judged),
        (Cell("Runs made by"), Cell(f"deployspec {listed(versions, 'and')}" if versions else "-")),
        (Cell("Review made by"), Cell(f"deployspec {version}")),
        (Cell("Store"), Cell(one_line(store, 400), code=True)),
        (Cell("Chapters asked"), Cell(listed(names, "and") if names else "none")),
        (Cell("Queries"), number(len(queries))),
    ]
    more = [*_left_out(judged, own), *left_out]
    return Section(
        "made",
        "How it was made",
        parts=[
            Table("made", "Of what", (Column(""), Column("")), tuple(rows)),
            Table(
                "left-out",
                "Left out",
                (Column("What"),),
                tuple((Cell(one_line(text, 600)),) for text in more),
                none="Nothing.",
            ),
            "A review is no gate: that it was made says nothing of its verdict.",
        ],
        sources=sources_of([*own[:1], *own[-1:]], week),
    )


def _end(name: str, rows: list[Row], judged: Judged) -> list[tuple[Cell, ...]]:
    return [(Cell(name), at(row.started, judged.week, source_id(row))) for row in rows]


def _left_out(judged: Judged, own: list[Row]) -> list[str]:
    within = [row for row in own if row.exit_status is not None and in_maintenance(row, judged.week)]
    unfinished = [row for row in own if row.exit_status is None]
    found = []
    if within:
        found.append(f"{counted(len(within), 'run', ',')} in maintenance")
    if unfinished:
        found.append(f"{counted(len(unfinished), 'run', ',')} that had not finished")
    if judged.history.damaged:
        found.append(f"{counted(len(judged.history.damaged), 'damaged file', ',')}, named above")
    return found


def all_sources(sections: Iterable[Section]) -> tuple[Source, ...]:
    """Each source of a review once, in the order in which the sections name them."""
    return tuple({source.id: source for section in sections for source in section.sources}.values())

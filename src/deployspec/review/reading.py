"""What a review needs of the store and of chapters, read and asked for: the pure modules judge it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from deployspec.base.errors import DeployspecError, UsageError
from deployspec.base.moments import seconds_of
from deployspec.deployment.review import REVIEW, Clocks
from deployspec.deployment.windows import between
from deployspec.model.chapter import Chapter, imported, lacking
from deployspec.model.review import Section, Span, Week
from deployspec.model.verdict import Outcome
from deployspec.record.history import (
    ABSENT,
    ACCEPTED,
    DEFECT,
    FLAKY,
    MET_AGAIN,
    VERDICTS,
    History,
    Known,
    Row,
)
from deployspec.record.store import read

if TYPE_CHECKING:
    from pathlib import Path

    from deployspec.deployment import Deployment
    from deployspec.model.entry import Entry
    from deployspec.record.record import Run
    from deployspec.review.judged import Judged

_NUMBERS = {verdict.value: number for number, verdict in enumerate(VERDICTS)}


def clocks_of(deployment: Deployment | None) -> Clocks:
    """Those that a deployment's file names, or the default's."""
    said = deployment.get(REVIEW) if deployment else None
    return said or Clocks()


def week_of(name: str, deployment: Deployment | None, span: Span) -> Week:
    """The week of a deployment, with the windows of its file (None: it has none)."""
    clocks = clocks_of(deployment)
    before = Span(span.begin - span.seconds, span.begin)
    windows = deployment.maintenance_windows if deployment else ()
    return Week(
        name,
        span,
        clocks.zone,
        clocks.zone_name,
        clocks.night,
        tuple(
            (one.window.name, Span(max(one.start, before.begin), min(one.end, span.end)))
            for one in between(windows, before.begin, span.end)
        ),
    )


def made_of(
    runs: Iterable[tuple[Path, Run]],
    deployment: str,
    damaged: Iterable[tuple[Path, str]] = (),
    states_version: Collection[str] = (),
) -> History:
    """The history of runs. ``states_version`` are the ids of checks that measure the deployment's version."""
    found = sorted(runs, key=lambda one: (seconds_of(one[1].started) or 0.0, one[1].id))
    newest: dict[str, Entry] = {}
    for _, run in found:
        if run.exit_status is not None:
            newest |= {entry.id: entry for entry in run.entries.values()}
    ids = sorted({entry.id for _, run in found for entry in run.entries.values()})
    known = {entry.id: entry for _, run in found for entry in run.entries.values()} | newest
    places = {check: place for place, check in enumerate(ids)}
    shape = (len(found), len(ids))
    verdicts, flags = np.full(shape, ABSENT, np.uint8), np.zeros(shape, np.uint8)
    durations = np.full(shape, np.nan, np.float32)
    for number, (_, run) in enumerate(found):
        for entry in run.entries.values():
            at = number, places[entry.id]
            verdicts[at] = _NUMBERS[entry.verdict]
            flags[at] = sum(
                bit
                for bit, is_so in (
                    (FLAKY, entry.flaky),
                    (ACCEPTED, entry.accepted),
                    (DEFECT, entry.defect),
                    (MET_AGAIN, entry.met_again),
                )
                if is_so
            )
            durations[at] = entry.duration
    return History(
        deployment,
        tuple(_row(path, run, states_version) for path, run in found),
        tuple(Known(check, known[check].chapter, known[check].promise) for check in ids),
        verdicts,
        flags,
        durations,
        accepted={places[entry.id]: entry.accepted for entry in newest.values() if entry.accepted},
        damaged=tuple(damaged),
    )


def _row(path: Path, run: Run, states_version: Collection[str]) -> Row:
    versions = (
        entry for entry in run.entries.values() if entry.id in states_version and entry.verdict == Outcome.MET
    )
    version = next(versions, None)
    return Row(
        path=path,
        id=run.id,
        deployment=run.deployment,
        kind=run.kind,
        location=run.location,
        started=seconds_of(run.started) or 0.0,
        finished=seconds_of(run.finished),
        exit_status=run.exit_status,
        cut_short=run.cut_short,
        maintenance=run.maintenance,
        interval=run.interval,
        version=run.versions.get("deployspec", ""),
        counts=run.counts(),
        base_url=run.base_url,
        markers=run.markers,
        added=tuple(sorted(run.added)),
        deployed=version.measured if version else "",
    )


def entries_of(judged: Judged, chapters: Iterable[Chapter]) -> dict[tuple[int, int], Entry]:
    """What the records say of that which fails now, by run and check: each of them is read once. One that cannot be read
    any more says nothing."""
    known = tuple(chapters)
    found: dict[tuple[int, int], Entry] = {}
    for run in sorted({one.run for one in judged.failing}):
        try:
            record = read(judged.history.runs[run].path, known)
        except UsageError:
            continue
        by_id = {entry.id: entry for entry in record.entries.values()}
        for one in judged.failing:
            if one.run == run and (entry := by_id.get(judged.name(one.check))):
                found[run, one.check] = entry
    return found


def sections_of(
    week: Week, deployment: Deployment | None, history: History, chapters: Iterable[Chapter]
) -> tuple[list[Section], Mapping[str, str]]:
    """What the chapters say of a week. The mapping has each of them that was asked, and why one could not say anything, which
    is empty for those that did."""
    sections: list[Section] = []
    asked: dict[str, str] = {}
    for chapter in chapters:
        if not chapter.reviews:
            continue
        asked[chapter.name] = lacking(chapter)
        if asked[chapter.name]:
            continue
        try:
            sections += imported(chapter.reviews)(week, deployment, history)
        except DeployspecError as error:
            asked[chapter.name] = str(error)
    return sections, asked

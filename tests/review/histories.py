"""Histories made of runs, as they are made of records."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

import numpy as np

from deployspec.base.moments import seconds_of
from deployspec.model.entry import Entry
from deployspec.model.review import Span
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
from deployspec.record.record import Run

VERSION = "health.version-is-stated"
_NUMBERS = {verdict.value: number for number, verdict in enumerate(VERDICTS)}


def history_of(runs: Iterable[Run], span: Span, deployment: str = "shop") -> History:
    """Of the runs that began in a span."""
    found = [
        (Path(run.started[:10], f"{run.id}.json"), run)
        for run in runs
        if span.begin <= (seconds_of(run.started) or 0.0) < span.end
    ]
    return made_of(found, deployment, states_version={VERSION})


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

"""Histories made of runs one by one, as the index makes them of records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from deployspec.base.moments import seconds_of
from deployspec.model.entry import Entry
from deployspec.model.review import Span
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


def history_of(runs: Iterable[Run], span: Span, deployment: str = "shop") -> History:
    """Of the runs that began in a span."""
    found = [
        run
        for run in sorted(runs, key=lambda run: run.started)
        if span.begin <= (seconds_of(run.started) or 0) < span.end
    ]
    newest: dict[str, Entry] = {}
    for run in found:
        newest |= {entry.id: entry for entry in run.entries.values()}
    checks = tuple(Known(entry.id, entry.chapter, entry.promise) for _, entry in sorted(newest.items()))
    places = {check.id: place for place, check in enumerate(checks)}
    shape = (len(found), len(checks))
    verdicts, flags = np.full(shape, ABSENT, np.uint8), np.zeros(shape, np.uint8)
    durations = np.full(shape, np.nan, np.float32)
    for row, run in enumerate(found):
        for entry in run.entries.values():
            at = row, places[entry.id]
            verdicts[at] = [verdict.value for verdict in VERDICTS].index(entry.verdict)
            flags[at] = (
                FLAKY * entry.flaky
                | ACCEPTED * (entry.accepted is not None)
                | DEFECT * entry.defect
                | MET_AGAIN * bool(entry.met_again)
            )
            durations[at] = entry.duration
    accepted = {places[entry.id]: entry.accepted for entry in newest.values() if entry.accepted}
    return History(deployment, tuple(map(_row, found)), checks, verdicts, flags, durations, accepted=accepted)


def _row(run: Run) -> Row:
    version = next((entry for entry in run.entries.values() if entry.id == VERSION), None)
    return Row(
        path=Path(run.started[:10], f"{run.id}.json"),
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
        deployed=version.measured if version and version.verdict == "MET" else "",
    )

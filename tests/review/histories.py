"""Histories made of runs, as they are made of records."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from deployspec.base.moments import seconds_of
from deployspec.model.review import Span
from deployspec.record.history import History
from deployspec.record.record import Run
from deployspec.review.reading import made_of

VERSION = "health.version-is-stated"


def history_of(runs: Iterable[Run], span: Span, deployment: str = "shop") -> History:
    """Of the runs that began in a span."""
    found = [
        (Path(run.started[:10], f"{run.id}.json"), run)
        for run in runs
        if span.begin <= (seconds_of(run.started) or 0.0) < span.end
    ]
    return made_of(found, deployment, states_version={VERSION})

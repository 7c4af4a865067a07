"""Hands a run to the sinks of the deployment file, and says what did not arrive."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from deployspec.app import chapters, sinks
from deployspec.base.disclosure import redact
from deployspec.base.errors import UsageError
from deployspec.model.chapter import imported
from deployspec.record.record import Run
from deployspec.sinks.delivering import begin, deliver, failures
from deployspec.sinks.metrics import Progress, families
from deployspec.sinks.sending import Report, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deployspec.deployment.push import Push
    from deployspec.model.metrics import Family
    from deployspec.probe.saying import Says


class Place(NamedTuple):
    """What is pushed for."""

    deployment: str
    location: str
    folder: Path
    """Where the sinks' own files are kept."""


def senders_of(pushes: Sequence[Push]) -> dict[str, Sender]:
    """By its name, what sends to each sink of a deployment file. Raises UsageError where a library is not installed."""
    known = {sink.kind: sink for sink in sinks()}
    made: dict[str, Sender] = {}
    for push in pushes:
        sink = known[push.kind]
        try:
            made[push.name] = imported(sink.make)(push)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] not in sink.libraries:
                raise
            raise UsageError(
                f"push.{push.name}: {sink.kind} needs {error.name}, which is not installed; "
                f"expected: pip install 'deployspec[{sink.extra}]'"
            ) from None
    return made


def begin_run(senders: Mapping[str, Sender], place: Place, run: Run, deadline: float) -> None:
    """Tell the sinks that want to know it that a run begins, beside whatever else happens."""
    begin(senders, Report(run, (), place.deployment, place.location, 0, deadline))


def push(
    senders: Mapping[str, Sender],
    place: Place,
    run: Run,
    progress: Progress,
    status: int,
    deadline: float,
    says: Says,
) -> bool:
    """Send a finished run everywhere, and say what failed; whether all of it arrived."""
    progress = progress._replace(push_failures=failures(place.folder, senders))
    report = Report(
        run,
        families(run, progress, metrics_of(run)),
        place.deployment,
        place.location,
        status,
        deadline,
    )
    began = time.monotonic()
    arrived = True
    for one in deliver(senders, report, place.folder):
        if one.trouble:
            says.problem(f"push to {one.name}: {one.trouble}", event="push_state")
        if one.ok:
            says.note(
                f"pushed to {one.name}",
                event="pushed",
                duration_ms=round((time.monotonic() - began) * 1000, 1),
            )
        else:
            arrived = False
            says.problem(f"push to {one.name} failed: {redact(one.reason)}", event="push_failed")
    return arrived


def metrics_of(run: Run) -> Iterator[Family]:
    """What the chapters of the run's checks add to its metrics."""
    there = {entry.chapter for entry in run.entries.values()}
    for chapter in chapters():
        if chapter.metrics and chapter.name in there:
            yield from imported(chapter.metrics)(run)

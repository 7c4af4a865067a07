"""Hands a run to the sinks of the deployment file, and says what did not arrive."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from deployspec.app import chapters, sinks
from deployspec.model.chapter import imported
from deployspec.record.record import Run
from deployspec.sinks.delivering import Delivery
from deployspec.sinks.metrics import Progress, families
from deployspec.sinks.sending import NotSent, Report, Sender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from deployspec.deployment.push import Push
    from deployspec.model.metrics import Family
    from deployspec.model.sink import Sink
    from deployspec.probe.saying import Says


def senders_of(pushes: Sequence[Push]) -> dict[str, Sender]:
    """By its name, what sends to each sink of a deployment file."""
    known = {sink.kind: sink for sink in sinks()}
    made: dict[str, Sender] = {}
    for push in pushes:
        sink = known[push.kind]
        try:
            made[push.name] = imported(sink.make)(push)
        except Exception as error:  # noqa: BLE001 - it may come from outside, and takes no other with it
            made[push.name] = _Unmade(_why(sink, error))
    return made


def _why(sink: Sink, error: Exception) -> str:
    missing = error.name.partition(".")[0] if isinstance(error, ModuleNotFoundError) and error.name else ""
    if missing in sink.libraries:
        return f"{sink.kind} needs {missing}, which is not installed; expected: pip install 'deployspec[{sink.extra}]'"
    return f"an error of the sink's own: {type(error).__name__}: {error}"


class _Unmade(NamedTuple):
    """A sink that cannot be: each push to it fails, and nothing else does."""

    why: str

    def send(self, _: Report, __: object) -> object:
        """Raises NotSent, without another attempt."""
        raise NotSent(self.why, after=math.inf)


class Pushing:
    """The sinks of a deployment file, for the runs of one location.

    ``folder`` is where the sinks' own files are; ``others`` are the names of sinks that nothing is sent to, but whose failures
    count.
    """

    def __init__(
        self,
        pushes: Sequence[Push],
        folder: Path,
        deployment: str,
        location: str,
        others: Sequence[str] = (),
    ) -> None:
        self._delivery = Delivery(senders_of(pushes), folder, others)
        self._deployment = deployment
        self._location = location

    def last(self, name: str) -> Mapping[str, str] | None:
        """Id and start of the last run that arrived at a sink; None where none did."""
        return self._delivery.known(name).last

    def begin(self, run: Run, deadline: float) -> None:
        """Tell the sinks that want to know it that a run begins, beside whatever else happens."""
        self._delivery.begin(Report(run, (), self._deployment, self._location, 0, deadline))

    def send(self, run: Run, progress: Progress, status: int, deadline: float, says: Says) -> bool:
        """Send a finished run everywhere, and say what failed; whether all of it arrived."""
        progress = progress._replace(push_failures=self._delivery.failures())
        told = families(run, progress, metrics_of(run))
        report = Report(run, told, self._deployment, self._location, status, deadline)
        began, arrived = time.monotonic(), True
        for one in self._delivery.send(report):
            if one.trouble:
                says.problem(f"push to {one.name}: {one.trouble}", event="push_state")
            if one.ok:
                took = round((time.monotonic() - began) * 1000, 1)
                remark = f": {one.remark}" if one.remark else ""
                says.note(f"pushed to {one.name}{remark}", event="pushed", sink=one.name, duration_ms=took)
            else:
                arrived = False
                says.problem(f"push to {one.name} failed: {one.reason}", event="push_failed", sink=one.name)
        return arrived


def metrics_of(run: Run) -> Iterator[Family]:
    """What the chapters of the run's checks add to its metrics."""
    there = {entry.chapter for entry in run.entries.values()}
    for chapter in chapters():
        if chapter.metrics and chapter.name in there:
            yield from imported(chapter.metrics)(run)

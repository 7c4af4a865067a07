"""What a probe makes of a finished run: its exit status and the lines that it prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from deployspec.model.entry import Entry
from deployspec.model.verdict import Outcome
from deployspec.probe.status import FAILED, MET, NOTHING, OURS

if TYPE_CHECKING:
    from deployspec.record.record import Run


def status_of(run: Run) -> int:
    """The exit status of a probe whose run is this one, before anything is pushed."""
    if run.exit_status == OURS:
        return OURS
    if not run.entries:
        return FAILED if run.cut_short else NOTHING
    if run.cut_short or run.empty_markers or run.asked_nothing or run.problems:
        return FAILED
    failed = any(entry.fails for entry in run.entries.values())
    return FAILED if failed and not run.maintenance else MET


def all_met(run: Run) -> bool:
    """Whether the run was complete, asked the deployment, and every check was MET."""
    return (
        bool(run.entries)
        and not (run.cut_short or run.empty_markers or run.asked_nothing)
        and all(entry.verdict == Outcome.MET for entry in run.entries.values())
    )


def failing(run: Run) -> Iterator[Entry]:
    """What fails: BREACHED first, what is MET again last, each in the specification's order."""
    for outcome in (Outcome.BREACHED, Outcome.UNMEASURED, Outcome.MET):
        yield from (entry for entry in run.ordered() if entry.verdict == outcome and entry.fails)


def troubles_of(run: Run) -> Iterator[str]:
    """A line for each way in which the run as a whole was not what it was to be."""
    if run.cut_short:
        yield f"incomplete: {run.cut_short}"
    elif not run.entries:
        yield f"nothing was measured: no check of {run.deployment} was selected{_because(run)}"
    elif run.asked_nothing:
        yield f"no check asked {run.deployment} anything, so nothing of it was measured"
    yield from run.problems
    for marker in run.empty_markers:
        yield f"-m {marker} selected no check{_because(run)}, so {marker} was not measured"


def _because(run: Run) -> str:
    needed = sorted(set(run.not_described.values()))
    return f" (needs {', '.join(needed[:3])}{' …' if len(needed) > 3 else ''})" if needed else ""


def with_unmeasured(run: Run, reason: str) -> Run:
    """The run with an UNMEASURED entry for each check that it was to make and has no verdict of."""
    missing = {
        one.check: Entry(
            check=one.check,
            id=one.id,
            chapter=one.chapter,
            promise=one.promise,
            verdict=Outcome.UNMEASURED.value,
            reason=reason,
            source=one.source,
            asks=one.asks,
        )
        for one in run.not_run
    }
    return replace(run, entries={**run.entries, **missing}, not_run=[])

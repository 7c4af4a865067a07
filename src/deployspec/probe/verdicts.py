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
    if _is_unsound(run):
        return FAILED
    return FAILED if _fails(run) and not run.maintenance else MET


def is_well(run: Run) -> bool:
    """Whether nothing in the run says why it would fail."""
    return bool(run.entries) and not (_is_unsound(run) or _fails(run))


def _is_unsound(run: Run) -> bool:
    return bool(run.cut_short or run.empty_markers or run.asked_nothing or run.problems)


def _fails(run: Run) -> bool:
    return any(entry.fails for entry in run.entries.values())


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

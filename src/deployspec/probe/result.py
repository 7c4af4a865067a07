"""What the checks of a probe left behind, as a run: the record that they finished, or the lines of one that was not."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from deployspec.app import chapters
from deployspec.base.moments import written
from deployspec.probe.state import Known
from deployspec.probe.status import FAILED, OURS
from deployspec.probe.verdicts import is_well, with_unmeasured
from deployspec.record.record import Run, Selected


def result_of(record: Path, status: int | None, known: Known, why: str) -> Run:
    """What the checks found. Those without a verdict are UNMEASURED.

    ``why`` the probe has ended them, if it has; ``status`` is what they ended with, None where they did not.
    """
    if why:
        reason = why
    elif status is None or status < 0:
        reason = f"the process that made the checks was ended by signal {-(status or 0)}"
    else:
        reason = f"the process that made the checks ended with status {status}"
    found = read(record, reason)
    if found.exit_status is None:
        found.finished, found.exit_status = written(), OURS if status == OURS else FAILED
    if status and is_well(found):
        # A hook of somebody's, say, that wants the run to fail.
        found.cut_short = (
            f"the process that made the checks ended with status {status}, and no check says why"
        )
    if not found.cut_short:
        return found
    if why:
        found.cut_short = why
    if not (found.entries or found.not_run):
        # It was ended before it knew what to check.
        found.not_run = [Selected(*check) for check in known.checks]
    return with_unmeasured(found, found.cut_short)


def read(record: Path, reason: str) -> Run:
    """A run's record; where it was not finished, what its lines say, and ``reason`` why it was cut short. Where there is
    nothing, a run that began now."""
    with contextlib.suppress(OSError, ValueError):
        return Run.from_document(json.loads(record.read_bytes()), chapters())
    with contextlib.suppress(OSError):
        found = Run.from_lines(record.with_name(record.name + ".part"), reason)
        if found.started:
            return found
    return Run(started=written(), cut_short=reason)


def checks_of(found: Run) -> tuple[tuple[Any, ...], ...]:
    """The checks of a complete run, as ``deployspec.record.record.Selected`` has them."""
    return tuple(
        (one.id, one.chapter, one.promise, one.check, one.source, one.asks) for one in found.ordered()
    )

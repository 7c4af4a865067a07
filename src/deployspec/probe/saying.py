"""What a probe prints: a line for each thing that is wrong, nothing else unless it is asked; or records of a log."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from deployspec.base.disclosure import redact
from deployspec.base.moments import written
from deployspec.model.verdict import Outcome

if TYPE_CHECKING:
    from deployspec.model.entry import Entry
    from deployspec.record.record import Run

_LOGGER = "deployspec.probe"
_LEVELS = {Outcome.MET.value: "INFO", Outcome.BREACHED.value: "ERROR", Outcome.UNMEASURED.value: "WARNING"}


class Says:
    """Prints to standard output, which cron mails. With ``as_json``, each line is a log record as the guide describes it
    (schemas/log-record.schema.json), and what is well is among them."""

    def __init__(self, *, verbose: bool, as_json: bool) -> None:
        self._verbose = verbose
        self._as_json = as_json

    def problem(self, text: str, *, event: str, quiet: bool = False, **more: Any) -> None:
        """Something a person has to know. ``quiet``: in a maintenance window nobody wants to."""
        self._line(text, "ERROR", quiet=quiet, event=event, **more)

    def verdict(self, entry: Entry, *, quiet: bool) -> None:
        """A check that fails."""
        self._line(
            f"{entry.verdict} {entry.id}: {entry.met_again or entry.reason}",
            "ERROR" if entry.met_again else _LEVELS[entry.verdict],
            quiet=quiet,
            event="verdict",
            check=entry.id,
            chapter=entry.chapter,
            verdict=entry.verdict,
        )

    def note(self, text: str, *, event: str, **more: Any) -> None:
        """What is said only where all is asked for."""
        self._line(text, "INFO", quiet=True, event=event, **more)

    def summary(self, run: Run, seconds: float) -> None:
        """The end of a run."""
        if self._as_json:
            counts = run.counts()
            words = ", ".join(f"{counts[one.value]} {one.value}" for one in Outcome)
            words += f" ({counts['accepted']} accepted)" if counts["accepted"] else ""
            self._line(
                f"{run.deployment} at {run.location}: {words}",
                "INFO",
                quiet=True,
                event="completed",
                run=run.id,
                duration_ms=round(seconds * 1000, 1),
                **({"maintenance": run.maintenance} if run.maintenance else {}),
            )
        elif self._verbose:
            from deployspec.outputs.terminal import summary

            for line in summary(run, None):
                _print(line.text)
            if run.maintenance:
                _print(
                    f"in the maintenance window {run.maintenance}: left out of the exit status and of alerts"
                )

    def _line(self, text: str, level: str, *, quiet: bool, **more: Any) -> None:
        if self._as_json:
            import json

            record = {
                "timestamp": written(),
                "level": level,
                "logger": _LOGGER,
                "message": redact(text),
                **more,
            }
            _print(json.dumps(record, ensure_ascii=False))
        elif self._verbose or not quiet:
            _print(redact(text))


def _print(text: str) -> None:
    """Print a line. Where that fails, for the disk is full or who read it has gone, the probe goes on unheard."""
    try:
        print(text, flush=True)
    except OSError:
        with contextlib.suppress(OSError, ValueError):
            # What could not be written would be tried again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

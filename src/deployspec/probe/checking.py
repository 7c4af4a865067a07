"""The process that makes the checks, seen from the probe that wants them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from deployspec.base.ending import TAG, end, end_tagged

_MOST_SAID = 64 * 1024
"""Bytes of what pytest printed that are looked at where it could not begin."""


class Checks:
    """pytest, in a process group of its own. Raises OSError where it cannot be started."""

    def __init__(self, arguments: Sequence[str], run: str, output: Path, lock: int | None) -> None:
        self._run = run
        self._output = output
        with output.open("wb") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deployspec.probe.child", *arguments],
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=subprocess.STDOUT,
                # Which checks there are, the schedule says, and no variable for somebody's tests.
                env={name: value for name, value in os.environ.items() if name != "PYTEST_ADDOPTS"}
                | {TAG: run},
                start_new_session=True,
                # Until its end, too, no other probe begins: it may have to repair what it broke.
                pass_fds=() if lock is None else (lock,),
            )

    def wait(self, deadline: float) -> int | None:
        """Its exit status, or None where ``time.monotonic()`` reaches the deadline first."""
        left = max(0.0, deadline - time.monotonic())
        try:
            watched = os.pidfd_open(self._process.pid)
        except (AttributeError, OSError):
            # Not every system has it: asking now and then takes up to 50 ms longer.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(left)
            return self._process.returncode
        try:
            select.select([watched], [], [], left)
        finally:
            os.close(watched)
        return self._process.poll()

    def ask_to_end(self) -> None:
        """As Ctrl-C does: what was measured is recorded, what was broken is repaired."""
        # Once it was waited for, its number may be another's.
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGINT)

    def close(self) -> None:
        """End it and all that it has started; afterwards none of these is left."""
        end(self._process)
        end_tagged(self._run)
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def said(self) -> str:
        """The last of what it printed."""
        with contextlib.suppress(OSError), self._output.open("rb") as file:
            file.seek(max(0, self._output.stat().st_size - _MOST_SAID))
            return file.read().decode("utf-8", "replace")
        return ""

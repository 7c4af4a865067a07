"""Runs a command of the deployment file, such as one that injects a fault, and says how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

_TAIL = 2000
"""How much of a command's output is kept, in bytes: its end, where the error is."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    argv: tuple[str, ...]
    exit_status: int | None
    """None where it did not end within its time limit, or could not be started."""
    output: str
    """The end of its standard output and error."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self.exit_status == 0


def run(argv: Sequence[str], timeout: float) -> CommandResult:
    """Run a command without a shell and without standard input; end it, and all it started, at the time limit.

    ``timeout`` in seconds. Never raises for what the command does.
    """
    began = time.monotonic()
    # A file, not a pipe: a grandchild that keeps the pipe open would keep us waiting.
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return CommandResult(tuple(argv), None, f"{argv[0]}: {error.strerror}", time.monotonic() - began)
        status: int | None
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
            _end(process)
        except BaseException:
            _end(process)
            raise
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - _TAIL))
        text = output.read().decode("utf-8", "replace").strip()
    if status is None:
        text = f"{text}\nended after its time limit of {timeout:g} s".strip()
    return CommandResult(tuple(argv), status, text, time.monotonic() - began)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the command's whole process group: it is a group of its own, so nobody else is in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()

"""Runs a command of the deployment file, such as one that injects a fault, and says how it ended."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployspec.base.disclosure import redact
from deployspec.base.ending import end

_TAIL = 2000
"""How much of a command's output is kept, in characters: its end, where the error is."""
_LOOKED_AT = 64 * 1024
"""How much of it is looked through for secrets, in bytes."""

_POLL = 0.05
"""Seconds between two questions whether to stop."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    argv: tuple[str, ...]
    exit_status: int | None
    """None where it did not end within its time limit, was stopped, or could not be started."""
    output: str
    """The end of its standard output and error."""
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it ended by itself, with status 0."""
        return self.exit_status == 0


def run(argv: Sequence[str], timeout: float, stop: Callable[[], bool] = lambda: False) -> CommandResult:
    """Run a command without a shell and without standard input; end it, and all it started, at the time limit.

    ``timeout`` in seconds; ``stop`` is asked again and again whether nobody wants it any more. Never raises for what
    the command does.
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
            return CommandResult(
                tuple(argv), None, redact(f"{argv[0]}: {error.strerror}"), time.monotonic() - began
            )
        try:
            status = _wait(process, began + timeout, stop)
        finally:
            end(process)
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - _LOOKED_AT))
        # Redacted before it is cut: a piece of a secret is not known as one.
        text = redact(output.read().decode("utf-8", "replace"))[-_TAIL:].strip()
    if status is None:
        late = time.monotonic() - began >= timeout
        why = f"after its time limit of {timeout:g} s" if late else "because the run was cancelled"
        text = f"{text}\nended {why}".strip()
    return CommandResult(tuple(argv), status, text, time.monotonic() - began)


def _wait(process: subprocess.Popen[bytes], deadline: float, stop: Callable[[], bool]) -> int | None:
    """Its exit status; None where nobody waits any longer."""
    while not stop():
        left = deadline - time.monotonic()
        try:
            return process.wait(max(0.0, min(_POLL, left)))
        except subprocess.TimeoutExpired:
            if left <= _POLL:
                return None
    return None

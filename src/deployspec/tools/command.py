"""Runs a command of the deployment file, such as one that injects a fault, and says how it ended."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployspec.base.disclosure import redact
from deployspec.tools import process

_TAIL = 2000
"""How much of a command's output is kept, in characters: its end, where the error is."""
_LOOKED_AT = 64 * 1024
"""How much of it is looked through for secrets, in bytes."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    argv: tuple[str, ...]
    exit_status: int | None
    """None where it did not end within its time limit, was stopped, or could not be started."""
    output: str
    """The end of its standard output and error."""

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
    # A file, not a pipe: it may start a daemon, which must not end when it prints more.
    with tempfile.TemporaryFile() as output:
        try:
            status = process.run(argv, timeout, output, stop=stop)
        except OSError as error:
            return CommandResult(tuple(argv), None, redact(f"{argv[0]}: {error.strerror}"))
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - _LOOKED_AT))
        # Redacted before it is cut: a piece of a secret is not known as one.
        text = redact(output.read().decode("utf-8", "replace"))[-_TAIL:].strip()
    if status is None:
        late = time.monotonic() - began >= timeout
        why = f"after its time limit of {timeout:g} s" if late else "because the run was cancelled"
        text = f"{text}\nended {why}".strip()
    return CommandResult(tuple(argv), status, text)

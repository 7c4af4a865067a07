"""Log records from what a command prints, such as ``docker compose logs`` or ``kubectl logs``."""

from __future__ import annotations

import os
import selectors
import shlex
import subprocess
import time
from collections.abc import Iterator, Sequence
from copy import copy
from typing import IO, cast

from deployspec.base.disclosure import redact
from deployspec.base.ending import end
from deployspec.base.errors import UsageError
from deployspec.base.shown import one_line
from deployspec.chapters.logs.judge.model import Piece, Trouble
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from deployspec.chapters.logs.measure.source import Source

TIMEOUT = 60.0
LIMIT = 4 << 30
_STDERR_KEPT = 64 * 1024
_END = 200
"""Characters that are told of a line whose beginning was not kept."""
_IDLE = 0.2
"""After so many seconds without output, whole lines are handed on: a block need not be full."""


def from_address(rest: str) -> Source:
    """``command:docker compose logs api``: split into words as a shell does, but no shell runs it."""
    try:
        words = shlex.split(rest)
    except ValueError as error:
        raise UsageError(f"command:{one_line(rest, 60)}: {error}") from None
    if not words:
        raise UsageError("command: expected a command after the colon")
    return CommandSource(words)


class CommandSource(Source):
    """Runs a command without a shell and without standard input, and reads what it prints to standard output.

    The command, and all it has started in its process group, ends after ``timeout`` seconds, the time for judging
    included, or after ``limit`` bytes. ``name`` is what a person is told instead of the command.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        timeout: float = TIMEOUT,
        limit: int = LIMIT,
        name: str | None = None,
    ) -> None:
        self.words, self.timeout, self.limit = tuple(words), timeout, limit
        self.name = name or one_line(shlex.join(words), 60)
        self.label = f"what {self.name} prints"

    def within(self, seconds: float) -> CommandSource:
        """The same with less time."""
        same = copy(self)
        same.timeout = min(self.timeout, seconds)
        return same

    def pieces(self) -> Iterator[Piece]:
        """What the command prints, from its start to its end."""
        deadline = time.monotonic() + self.timeout
        self.done = 0
        cutter = Cutter(self.name, self.name)
        try:
            process = subprocess.Popen(
                self.words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            yield Trouble(self.name, 0, f"cannot be started: {one_line(reason, 100)}")
            return
        run = _Run(process, deadline, self.limit)
        try:
            for chunk in run.output():
                self.done += len(chunk)
                yield from cutter.feed(chunk)
            trouble = run.trouble(self.timeout)
        finally:
            run.end()
        # A line that was cut off with the command says nothing, a last line without a line break is whole.
        if trouble is None:
            yield from cutter.end()
        else:
            yield Trouble(self.name, cutter.line, trouble)


class _Run:
    """A command that runs, and the end of what it writes to standard error."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float, limit: int) -> None:
        self._process, self._deadline, self._limit = process, deadline, limit
        self._stdout, self._stderr = cast(IO[bytes], process.stdout), cast(IO[bytes], process.stderr)
        self._said = b""
        self._size = 0
        self._late = False

    def output(self) -> Iterator[bytes]:
        """What it prints, in chunks of about BLOCK bytes, or whatever there is when it pauses."""
        held: list[bytes] = []
        size = 0
        with selectors.DefaultSelector() as selector:
            for stream in (self._stdout, self._stderr):
                os.set_blocking(stream.fileno(), False)
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map() and self._size < self._limit:
                left = self._deadline - time.monotonic()
                if left <= 0:
                    self._late = True
                    break
                ended = self._has_ended()
                ready = selector.select(0 if ended else min(left, _IDLE))
                for key, _ in ready:
                    chunk = os.read(key.fd, 1 << 16)
                    if not chunk:
                        selector.unregister(key.fileobj)
                    elif key.fileobj is self._stderr:
                        self._said = (self._said + chunk)[-_STDERR_KEPT:]
                    else:
                        held.append(chunk)
                        size += len(chunk)
                        self._size += len(chunk)
                if size >= BLOCK or (size and not ready):
                    yield b"".join(held)
                    held, size = [], 0
                if ended and not ready:
                    break  # what it has left behind may keep the pipes open: it is not waited for
        if size:
            yield b"".join(held)

    def trouble(self, timeout: float) -> str | None:
        """What went wrong, once all of the output was taken."""
        if self._size >= self._limit:
            return f"was stopped after {self._limit} bytes, the most that is read from a command; have it print less"
        while not self._late and not self._has_ended():
            self._late = time.monotonic() >= self._deadline
            time.sleep(0.01)
        if self._late:
            return f"was stopped at its time limit of {timeout:g} s{self._last_words()}"
        self.end()
        status = self._process.returncode
        if status == 0:
            return None
        how = f"exit status {status}" if status > 0 else f"signal {-status}"
        return f"ended with {how}{self._last_words()}"

    def end(self) -> None:
        """End it and its process group."""
        end(self._process)
        self._stdout.close()
        self._stderr.close()

    def _has_ended(self) -> bool:
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _last_words(self) -> str:
        # As a whole: a secret may have line breaks.
        lines = redact(self._said.decode("utf-8", "replace")).strip().splitlines()
        # The beginning of what was kept may be a piece of a secret.
        is_cut = len(lines) == 1 and len(self._said) == _STDERR_KEPT
        return f": {one_line(lines[-1][-_END:] if is_cut else lines[-1])}" if lines else ""

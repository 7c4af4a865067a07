"""Runs a program under a time limit, hands over what it prints, and ends it, and all it started, at the limit."""

from __future__ import annotations

import errno
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from deployspec.base.ending import end

_PIECE = 64 * 1024
_POLL = 0.05
"""Seconds between two questions whether to stop."""
_PATIENCE = 10
"""How many times its limit a program may take by the clock, where only its own time counts."""
_IDLE = 0.01
"""A program that has got less of a processor than this share of its time was not kept from it by others: it hangs."""

Take = Callable[[bytes], bool]
"""Takes the next piece of output, and says whether it saw progress."""


class Kept:
    """The beginning of what a program prints: ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = bytearray()
        self.printed = 0
        """How many bytes came in all."""

    def take(self, piece: bytes) -> bool:
        """The next piece. It is never progress."""
        self.printed += len(piece)
        self._bytes += piece
        del self._bytes[self._most :]
        return False

    def __str__(self) -> str:
        return self._bytes.decode("utf-8", "replace")


def operand(path: str) -> str:
    """A path as a word that is neither an option nor, as Go's programs have it with an ``@``, a file of arguments."""
    return f"./{path}" if path.startswith(("-", "@")) else path


def run(
    argv: Sequence[str],
    timeout: float,
    output: Take | IO[bytes],
    *,
    errors: Take | None = None,
    environ: Mapping[str, str] | None = None,
    stop: Callable[[], bool] = lambda: False,
    own_time: bool = False,
    source: IO[bytes] | None = None,
) -> int | None:
    """Run a program without a shell; its exit status, or None where it was ended. Its standard input is the file
    ``source``, from where that stands; by default there is none.

    It is ended, and all it started with it, ``timeout`` seconds after its last progress, or once ``stop`` says that
    nobody wants it any more. ``output`` takes what it prints; a file does so for a program whose children may go on
    printing after its end, when a pipe would be closed. ``errors`` takes its standard error, which otherwise comes
    with its output, in the order of writing. With ``own_time`` the limit is one of processor time, so that a busy
    machine does not end it: by the clock it may take ten times as long, unless it hardly uses a processor at all.
    Where the system does not tell its processor time, the clock counts. Raises OSError where it cannot be started.
    """
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL if source is None else source,
            stdout=subprocess.PIPE if callable(output) else output,
            stderr=subprocess.PIPE if errors else subprocess.STDOUT,
            env=environ,
            bufsize=0,
            start_new_session=True,
        )
    except ValueError as error:  # a NUL in a word
        raise OSError(errno.EINVAL, str(error)) from None
    with selectors.DefaultSelector() as selector:
        try:
            for pipe, taker in ((process.stdout, output), (process.stderr, errors)):
                if pipe is not None:
                    selector.register(pipe, selectors.EVENT_READ, taker)
            return _watch(process, selector, _Limit(process.pid, timeout, own_time=own_time), stop)
        finally:
            end(process)
            for pipe in filter(None, (process.stdout, process.stderr)):
                pipe.close()


class _Limit:
    """How long a program may still take. ``timeout`` in seconds, from its last progress."""

    def __init__(self, pid: int, timeout: float, *, own_time: bool) -> None:
        self._pid, self._timeout, self._own_time = pid, timeout, own_time
        self.restart()

    def restart(self) -> None:
        """There was progress."""
        self._began, self._used = time.monotonic(), _processor_time(self._pid) if self._own_time else None

    def left(self) -> float:
        """Seconds; 0 or less where it has to end."""
        took = time.monotonic() - self._began
        if took < self._timeout or self._used is None:
            return self._timeout - took
        now = _processor_time(self._pid)
        used = 0.0 if now is None else now - self._used
        if used < took * _IDLE:
            return 0.0
        return min(self._timeout - used, self._timeout * _PATIENCE - took)


def _processor_time(pid: int) -> float | None:
    """Seconds that a process has used, without its children; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        # Linux' number of the clock of another process, as clock_getcpuclockid(3) makes it.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return None


def _watch(
    process: subprocess.Popen[bytes],
    selector: selectors.BaseSelector,
    limit: _Limit,
    stop: Callable[[], bool],
) -> int | None:
    """The exit status; None where nobody waits any longer.

    A grandchild may keep a pipe open: what counts is the end of the process itself.
    """
    while not stop() and (left := limit.left()) > 0:
        if not selector.get_map():
            try:
                return process.wait(min(_POLL, left))
            except subprocess.TimeoutExpired:
                continue
        status = process.poll()
        ready = selector.select(min(_POLL, left) if status is None else 0)
        for key, _ in ready:
            piece = key.fileobj.read(_PIECE)  # type: ignore[union-attr]
            if not piece:
                selector.unregister(key.fileobj)
            elif key.data(piece):
                limit.restart()
        if status is not None and not ready:
            break
    return process.returncode

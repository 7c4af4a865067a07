"""Starts promtool in a process group of its own, and reads it under a time limit."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

_PIECE = 64 * 1024


def start(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program; its output and its errors come through one pipe, in the order of writing."""
    return subprocess.Popen(
        list(argv),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(environ),
        bufsize=0,
        start_new_session=True,
    )


def read(process: subprocess.Popen[bytes], take: Callable[[bytes], bool], timeout: float) -> bool:
    """Hand all output to ``take`` as it comes, until the process has ended; False where the time limit passed.

    ``take`` says whether it saw progress, which begins the ``timeout`` (in seconds) anew. The pipe may stay open in a
    grandchild: what counts is the end of the process itself.
    """
    assert process.stdout is not None  # noqa: S101 - start() made the pipe
    pipe = process.stdout
    os.set_blocking(pipe.fileno(), False)
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector, pipe:
        selector.register(pipe, selectors.EVENT_READ)
        ended = False
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            ready = selector.select(min(left, 0 if ended else 0.5))
            piece = pipe.read(_PIECE) if ready else None
            if piece:
                if take(piece):
                    deadline = time.monotonic() + timeout
            elif ready and piece is not None:
                break
            elif ended:
                return True
            else:
                ended = process.poll() is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, deadline - time.monotonic()))
        return True
    return False

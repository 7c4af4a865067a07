"""Ends a program that was started in a process group of its own, and all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

_LIMIT = 10.0
"""Seconds after which what was killed counts as beyond our reach: it waits for a device."""


def end(process: subprocess.Popen[bytes]) -> None:
    """Kill its process group and wait until the process is gone. Does nothing where it was waited for already.

    Not by ``Popen.wait``: where a signal handler has raised an exception within an earlier wait, its lock may still
    be taken, and the next wait would never return.
    """
    # Until it is waited for, its number, and that of its group, is nobody else's.
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + _LIMIT
    while process.returncode is None and time.monotonic() < deadline:
        try:
            pid, status = os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has waited for it
            process.returncode = -signal.SIGKILL
            return
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
        else:
            time.sleep(0.002)

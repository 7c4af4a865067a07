"""Ends a program, and all that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time

TAG = "DEPLOYSPEC_RUN"
"""The variable of the environment by which the processes of a run are known, whatever session or parent they have."""
_ROUNDS = 20
"""How often is looked for processes that were started while others were being ended."""
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


def end_tagged(tag: str) -> None:
    """Kill every process of this user whose environment has ``TAG=tag``, but this one. Where the system does not show
    environments (anywhere but on Linux), it does nothing."""
    mark = f"{TAG}={tag}".encode()
    for _ in range(_ROUNDS):
        found = [pid for pid in _processes() if pid != os.getpid() and mark in _environment(pid)]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


def _processes() -> list[int]:
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - no pathlib in a hurry
    return []


def _environment(pid: int) -> list[bytes]:
    """Of a process that has not ended: what has, and waits to be asked for its status, has none."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123
        return file.read().split(b"\0")
    return []

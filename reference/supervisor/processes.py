"""Other processes: who they are, and signals to them. Linux' /proc, or `ps` where there is none."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def descendants(pid: int) -> list[int]:
    """Give the pids of a process' children, their children, and so on."""
    children: dict[int, list[int]] = {}
    for child, (parent, _) in _table().items():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    left = [pid]
    while left:
        for child in children.get(left.pop(), []):
            found.append(child)
            left.append(child)
    return found


def is_stopped(pid: int) -> bool:
    """Say whether a process is stopped, as by SIGSTOP. One that is gone counts: it does nothing either."""
    return _table().get(pid, (0, "T"))[1] in ("T", "t", "Z")


def mentioning(text: str) -> list[int]:
    """Give the pids of processes whose command line contains `text`, this one excepted."""
    if _PROC.is_dir():
        lines = {}
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    lines[int(entry.name)] = (entry / "cmdline").read_bytes().decode(errors="replace")
    else:
        lines = {int(pid): command for pid, command in _ps("pid=", "command=")}
    return [pid for pid, line in lines.items() if text in line and pid != os.getpid()]


def freeze(pid: int, time_limit: float) -> None:
    """Stop a process and all its descendants; return when every one of them stands still.

    Raises:
        TimeoutError: when new ones kept appearing, or one would not stop.
    """
    deadline = time.monotonic() + time_limit
    send(pid, signal.SIGSTOP)  # the parent first: a stopped parent has no more children
    while True:
        family = [pid, *descendants(pid)]
        moving = [member for member in family if not is_stopped(member)]
        if not moving:
            return
        for member in moving:
            send(member, signal.SIGSTOP)
        if time.monotonic() > deadline:
            raise TimeoutError(f"processes {moving} did not stop within {time_limit:g} s")
        time.sleep(0.005)


def thaw(pid: int) -> None:
    """Let a process and all its descendants go on; the children first, as the parent may wait for them."""
    for member in [*descendants(pid), pid]:
        send(member, signal.SIGCONT)


def kill_family(pid: int) -> None:
    """Kill a process and all its descendants, so that none is left to init, nor their shared memory.

    PostgreSQL's tools use some in /dev/shm, cannot be told not to, and have no chance to give it back.
    """
    send(pid, signal.SIGSTOP)
    family = [*descendants(pid), pid]
    shared = {path for member in family for path in _shared_memory_of(member)}
    for member in family:
        send(member, signal.SIGKILL)
    for path in shared:
        path.unlink(missing_ok=True)


def _shared_memory_of(pid: int) -> set[Path]:
    """Give PostgreSQL's files in /dev/shm that a process has mapped; none where there is no /proc to ask."""
    try:
        lines = (_PROC / str(pid) / "maps").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    return {Path(line.split()[5]) for line in lines if "/dev/shm/PostgreSQL." in line}  # noqa: S108


def _table() -> dict[int, tuple[int, str]]:
    """Give each pid's parent and state."""
    if not _PROC.is_dir():
        return {int(pid): (int(parent), state[0]) for pid, parent, state in _ps("pid=", "ppid=", "stat=")}
    table = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # "pid (name) state parent …", where the name may itself contain spaces and parentheses
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                table[int(entry.name)] = (int(fields[1]), fields[0])
    return table


def _ps(*columns: str) -> list[list[str]]:
    command = ["ps", "-A", *(word for column in columns for word in ("-o", column))]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout
    return [line.split(None, len(columns) - 1) for line in output.splitlines() if line.strip()]

"""Asking the supervisor to break a dependency, or to mend it. Needs nothing but the standard library."""

import json
import os
import socket
from pathlib import Path
from typing import Any

SOCKET = "control.sock"
TIME_LIMIT = 40.0
FAULTS = {
    "redis-stopped": "Redis has ended; connections to it are refused",
    "redis-hung": "Redis accepts connections and never answers (SIGSTOP)",
    "postgres-stopped": "PostgreSQL has shut down; connections to it are refused",
    "postgres-hung": "PostgreSQL and all its backends stand still (SIGSTOP)",
    "worker-stopped": "the Celery worker has ended, and tasks wait in the queue",
    "worker-hung": "the Celery worker stands still (SIGSTOP), and tasks wait in the queue",
}
OF_HEALTH = ("redis-stopped", "redis-hung", "postgres-stopped", "postgres-hung")
"""Those that the health endpoint is to tell of."""


class FaultError(Exception):
    """A fault could not be switched; the message says why."""


def ask(folder: Path, action: str, fault: str = "") -> dict[str, Any]:
    """Send one request to the supervisor of the deployment in `folder`, and give its answer.

    Raises:
        FaultError: the deployment is gone, took more than twenty seconds, or refused.
    """
    request = json.dumps({"do": action, "fault": fault}).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIME_LIMIT)
            _connect(connection, folder)
            connection.sendall(request)
            line = connection.makefile("rb").readline()
    except TimeoutError as error:
        raise FaultError(f"the supervisor in {folder} did not answer within {TIME_LIMIT:g} s") from error
    except OSError as error:
        raise FaultError(f"no reference deployment runs in {folder}: {error.strerror}") from error
    if not line:
        raise FaultError(f"the supervisor in {folder} ended before it answered")
    answer: dict[str, Any] = json.loads(line)
    if not answer["ok"]:
        raise FaultError(answer["error"])
    return answer


def _connect(connection: socket.socket, folder: Path) -> None:
    # A socket's path may have 107 bytes only, and a temporary folder's can be longer: go through a
    # descriptor's name where the system has one.
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        short = f"/proc/self/fd/{descriptor}/{SOCKET}"
        connection.connect(short if Path(short).exists() else str(folder / SOCKET))
    finally:
        os.close(descriptor)

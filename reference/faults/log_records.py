"""The logs' faults: what is wrong with the records of one request or task, while the fault is on.

They change no line that was written before, and leave every line a record as the guide has it.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .control import FaultError

NONE = "none"
_FILE = "log-fault"
_ACCESS = "deal_scout.access"
_TASKS = "deal_scout.tasks"


def _lose(*_: Any) -> bool:
    return False


def _without(field: str) -> Callable[[dict[str, Any]], bool]:
    def change(event: dict[str, Any]) -> bool:
        event.pop(field, None)
        return True

    return change


def _with(field: str, value: Any) -> Callable[[dict[str, Any]], bool]:
    def change(event: dict[str, Any]) -> bool:
        event[field] = value
        return True

    return change


FAULTS: dict[str, tuple[str, Callable[[dict[str, Any]], bool], str]] = {
    "access-record-missing": (_ACCESS, _lose, "Requests leave no access record"),
    "access-record-of-another-request": (
        _ACCESS,
        _with("request_id", "req_1"),
        "Access records have one and the same request id",
    ),
    "access-method-wrong": (_ACCESS, _with("method", "POST"), "Access records say POST, whatever was asked"),
    "access-path-wrong": (_ACCESS, _with("path", "/"), "Access records say /, whatever was asked for"),
    "access-status-wrong": (_ACCESS, _with("status", 500), "Access records say status 500"),
    "access-status-missing": (_ACCESS, _without("status"), "Access records have no status"),
    "access-duration-missing": (_ACCESS, _without("duration_ms"), "Access records have no duration"),
    "task-records-missing": (_TASKS, _lose, "Tasks leave no record"),
    "job-id-missing": (_TASKS, _without("snap_id"), "Records of tasks do not say which snap they are about"),
}
"""By name: whose records it changes, how (False: it loses them), and what it does, in one line."""


def turn(folder: Path, name: str) -> None:
    """Switch a fault of the logs on, or all off with the name `none`. It holds from the next record on.

    Raises:
        FaultError: there is no such fault.
    """
    if name == NONE:
        (folder / _FILE).unlink(missing_ok=True)
        return
    if name not in FAULTS:
        raise FaultError(f"there is no log fault {name!r}")
    descriptor, path = tempfile.mkstemp(prefix=_FILE, dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(name)
    Path(path).replace(folder / _FILE)


class LogFaults(logging.Filter):
    """Looks at each of Deal Scout's own records before it is written."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._path = folder / _FILE

    def install(self) -> None:
        """Stand before each of this process's log files."""
        for handler in logging.getLogger().handlers:
            handler.addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record if a fault is on; False loses it."""
        try:
            fault = FAULTS.get(self._path.read_text(encoding="utf-8"))
        except OSError:
            return True
        if fault is None or record.name != fault[0] or not isinstance(record.msg, dict):
            return True
        return fault[1](record.msg)

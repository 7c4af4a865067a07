"""The switch of the health endpoint's faults: a small file in the deployment's folder."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .control import FaultError
from .registry import health_faults

NONE = "none"
_FILE = "health-fault"


@dataclass(frozen=True)
class Setting:
    """Which fault is on, and since which turn of the switch: the same fault switched on anew starts anew."""

    name: str
    turn: tuple[int, int]


OFF = Setting(NONE, (0, 0))


def turn(folder: Path, name: str) -> None:
    """Switch a health fault on, or all off with the name `none`. It holds from the next request on.

    Raises:
        FaultError: there is no such fault, or no deployment in the folder.
    """
    if not (folder / "deployment.yaml").exists():
        raise FaultError(f"no reference deployment runs in {folder}")
    if name == NONE:
        (folder / _FILE).unlink(missing_ok=True)
        return
    if name not in health_faults():
        raise FaultError(f"there is no health fault {name!r}; `list` names them")
    # Renamed into place, so that a request never reads half a name.
    descriptor, path = tempfile.mkstemp(prefix=_FILE, dir=folder)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(name)
    Path(path).replace(folder / _FILE)


def read(folder: Path) -> Setting:
    """Read which fault is on."""
    try:
        with (folder / _FILE).open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            name = file.read().strip()
    except FileNotFoundError:
        return OFF
    return Setting(name, (status.st_ino, status.st_mtime_ns)) if name else OFF

"""The switches of the faults of the health endpoint, the traffic, the metrics and the queries: small files in the deployment's folder."""

import os
import tempfile
from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from .control import FaultError
from .metrics.faults import FAULTS as METRICS_FAULTS
from .registry import health_faults
from .traffic.faults import FAULTS

NONE = "none"


@dataclass(frozen=True)
class Setting:
    """Which fault is on, and since which turn of the switch: the same fault switched on anew starts anew."""

    name: str
    turn: tuple[int, int]

    @property
    def turned_at(self) -> float:
        """When the switch was turned, in seconds since the epoch."""
        return self.turn[1] / 1e9


OFF = Setting(NONE, (0, 0))


class Switch:
    """Holds one fault of a kind, or none."""

    def __init__(self, kind: str, names: Callable[[], Container[str]]) -> None:
        self._kind = kind
        self._names = names
        self._file = f"{kind}-fault"

    def turn(self, folder: Path, name: str) -> None:
        """Switch a fault on, or all of this kind off with the name `none`. It holds from the next request on.

        Raises:
            FaultError: there is no such fault, or no deployment in the folder.
        """
        if not (folder / "deployment.yaml").exists():
            raise FaultError(f"no reference deployment runs in {folder}")
        if name == NONE:
            (folder / self._file).unlink(missing_ok=True)
            return
        if name not in self._names():
            raise FaultError(f"there is no {self._kind} fault {name!r}; `list` names them")
        # Renamed into place, so that a request never reads half a name.
        descriptor, path = tempfile.mkstemp(prefix=self._file, dir=folder)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(name)
        Path(path).replace(folder / self._file)

    def read(self, folder: Path) -> Setting:
        """Read which fault is on."""
        try:
            with (folder / self._file).open(encoding="utf-8") as file:
                status = os.fstat(file.fileno())
                name = file.read().strip()
        except FileNotFoundError:
            return OFF
        return Setting(name, (status.st_ino, status.st_mtime_ns)) if name else OFF


HEALTH = Switch("health", health_faults)
TRAFFIC = Switch("traffic", lambda: FAULTS)
METRICS = Switch("metrics", lambda: METRICS_FAULTS)
SLOW_QUERIES = "slow-queries"
QUERIES = Switch("queries", lambda: (SLOW_QUERIES,))

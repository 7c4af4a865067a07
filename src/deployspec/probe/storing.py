"""The store of runs of a deployment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.deployment.push import RUNS, Runs
from deployspec.record.store import Store

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


def store_of(deployment: Deployment, state: Path, *, said: bool) -> Store:
    """As its file says; ``state`` says better where it is, where that was ``said`` on the command line."""
    runs = deployment.get(RUNS) or Runs()
    folder = None if said else runs.folder
    return Store(folder or state / "runs", runs.keep, runs.max_size)

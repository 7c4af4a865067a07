"""A folder that all processes of one run share, for what is measured once: pytest's own, or pytest-xdist's workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployspec.base.temporary import TemporaryFolder, remove_left
from deployspec.plugin.options import is_worker

_FOLDER: pytest.StashKey[TemporaryFolder] = pytest.StashKey()
_WORKER_FOLDER = "deployspec_shared"


def run_folder(config: pytest.Config) -> Path:
    """The folder. It goes when the run ends."""
    if is_worker(config):
        return Path(config.workerinput[_WORKER_FOLDER])  # type: ignore[attr-defined]
    known = config.stash.get(_FOLDER, None)
    if known is None:
        known = config.stash[_FOLDER] = TemporaryFolder("run")
        config.add_cleanup(known.close)
    return known.path


def is_made(config: pytest.Config) -> bool:
    """Whether anybody has wanted it yet."""
    return is_worker(config) or _FOLDER in config.stash


def pytest_configure(config: pytest.Config) -> None:
    """Remove what runs that were killed have left."""
    if not is_worker(config):
        remove_left()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where it is."""
    node.workerinput[_WORKER_FOLDER] = str(run_folder(node.config))

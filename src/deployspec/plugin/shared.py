"""A folder that all processes of one run share, for what is measured once: pytest's own, or pytest-xdist's workers."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from deployspec.plugin.options import is_worker

_FOLDER: pytest.StashKey[Path] = pytest.StashKey()
_WORKER_FOLDER = "deployspec_shared"


def shared_folder(config: pytest.Config) -> Path:
    """The folder. It goes when the run ends."""
    if is_worker(config):
        return Path(config.workerinput[_WORKER_FOLDER])  # type: ignore[attr-defined]
    known = config.stash.get(_FOLDER, None)
    if known is None:
        known = config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="deployspec-run-"))
        config.add_cleanup(lambda: shutil.rmtree(known, ignore_errors=True))
    return known


def is_made(config: pytest.Config) -> bool:
    """Whether anybody has wanted it yet."""
    return is_worker(config) or _FOLDER in config.stash


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where it is."""
    node.workerinput[_WORKER_FOLDER] = str(shared_folder(node.config))

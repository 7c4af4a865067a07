"""One deployment, several checks at a time: shared by ordinary ones, exclusive to those that inject faults or load.

The lock is taken on the deployment file itself, so that it leaves no file behind, holds between pytest-xdist's
workers and between separate runs on one machine, and ends with the process that held it.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import pytest

from deployspec.model.chapter import imported
from deployspec.model.verdict import Unmeasured
from deployspec.plugin.deployments import obtain
from deployspec.plugin.options import chapters, is_check
from deployspec.plugin.selection import wants_exclusive

PATIENCE = 300.0
"""Seconds that a check waits for its turn, beside what a load run may take. Others keep it for well under a minute."""
_POLL = 0.02
_HELD: pytest.StashKey[int] = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Wait for this check's turn with the deployment, before any fixture measures."""
    if is_check(item) and "deployment" in getattr(item, "fixturenames", ()):
        deployment = obtain(item.config)
        patience = PATIENCE + sum(
            imported(chapter.keeps)(deployment)
            for chapter in chapters(item.config).values()
            if chapter.keeps and any(deployment.parts.get(key) is not None for key in chapter.parts)
        )
        item.stash[_HELD] = acquire(deployment.path, exclusive=wants_exclusive(item), patience=patience)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Give the turn to the next one."""
    held = item.stash.get(_HELD, None)
    if held is not None:
        del item.stash[_HELD]
        os.close(held)


def acquire(path: Path, *, exclusive: bool, patience: float = PATIENCE) -> int:
    """Lock a deployment; returns the file descriptor whose closing unlocks it.

    Raises Unmeasured where others keep it for longer than ``patience`` seconds, or where it cannot be locked.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise Unmeasured(f"{path} went away during the run: {error.strerror}") from None
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(_POLL)
                continue
            os.close(descriptor)
            raise Unmeasured(
                f"another run held {path.name} for {patience:g} s (it injects faults or load); try again later"
            ) from None
        except OSError as error:
            os.close(descriptor)
            raise Unmeasured(f"{path} cannot be locked: {error.strerror}") from None
        return descriptor

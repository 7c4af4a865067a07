"""Which chapters there are: ours, and those that other packages bring by an entry point.

Also a pytest plugin, so that our own plugin, which knows no chapter, is given them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.errors import UsageError
from deployspec.chapters.alerts.chapter import CHAPTER as ALERTS
from deployspec.chapters.health.chapter import CHAPTER as HEALTH
from deployspec.chapters.logs.chapter import CHAPTER as LOGS
from deployspec.chapters.mutation.chapter import CHAPTER as MUTATION
from deployspec.chapters.slo.chapter import CHAPTER as SLO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

    from deployspec.model.chapter import Chapter

OURS = (HEALTH, LOGS, ALERTS, MUTATION, SLO)
"""In the order of the guide's chapters."""
GROUP = "deployspec.chapters"
"""The entry points' group: each names a ``deployspec.model.chapter.Chapter``."""
_PACKAGE = (".dist-info", ".egg-info")


@lru_cache(maxsize=1)
def chapters() -> tuple[Chapter, ...]:
    """All chapters, ours first.

    Raises UsageError where an entry point brings none, or one whose name is taken.
    """
    found = {chapter.name: chapter for chapter in OURS}
    for entry in _entry_points():
        said = f"the entry point {entry.name} = {entry.value} (group {GROUP})"
        try:
            chapter = entry.load()
            name = chapter.name
        except (ImportError, AttributeError) as error:
            raise UsageError(f"{said}: found {error}; expected a deployspec.model.chapter.Chapter") from None
        if found.setdefault(name, chapter) is not chapter:
            raise UsageError(
                f"{said}: found the name {name}, which another chapter has; expected a name of its own"
            )
    return tuple(found.values())


def _entry_points() -> Iterator[EntryPoint]:
    """Those of our group. ``metadata.entry_points`` would take apart those of each package that is installed."""
    if not any(map(_may_have_some, sys.path)):
        return
    from importlib import metadata

    seen = set()
    for package in metadata.distributions():
        text = package.read_text("entry_points.txt")
        if text and GROUP in text and package.name not in seen:
            # As for an import, the first one of a name is the one that counts.
            seen.add(package.name)
            yield from package.entry_points.select(group=GROUP)


def _may_have_some(place: str) -> bool:
    """Whether a package in a folder of Python's path may bring a chapter. To import ``importlib.metadata`` for the
    answer that none does would take a third of ``deployspec --help``."""
    try:
        packages = [entry.path for entry in os.scandir(place or ".") if entry.name.endswith(_PACKAGE)]
    except FileNotFoundError:
        return False
    except OSError:
        # An archive, perhaps.
        return True
    for package in packages:
        with contextlib.suppress(OSError):
            if GROUP.encode() in Path(package, "entry_points.txt").read_bytes():
                return True
    return False


def pytest_deployspec_chapters() -> tuple[Chapter, ...]:
    """Give our plugin the chapters."""
    return chapters()

"""Which chapters and sinks there are: ours, and those that other packages bring by an entry point.

Also a pytest plugin, so that our own plugin, which knows no chapter, is given them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.base.errors import UsageError
from deployspec.chapters.alerts.chapter import CHAPTER as ALERTS
from deployspec.chapters.dashboards.chapter import CHAPTER as DASHBOARDS
from deployspec.chapters.health.chapter import CHAPTER as HEALTH
from deployspec.chapters.logs.chapter import CHAPTER as LOGS
from deployspec.chapters.metrics.chapter import CHAPTER as METRICS
from deployspec.chapters.mutation.chapter import CHAPTER as MUTATION
from deployspec.chapters.slo.chapter import CHAPTER as SLO
from deployspec.sinks.ours import SINKS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

    from deployspec.deployment import Deployment
    from deployspec.model.chapter import Chapter
    from deployspec.model.sink import Sink

OURS = (METRICS, HEALTH, LOGS, ALERTS, MUTATION, SLO, DASHBOARDS)
"""In the order of the guide's chapters."""
CHAPTERS_GROUP, SINKS_GROUP = "deployspec.chapters", "deployspec.sinks"
"""The entry points' groups: each names a ``deployspec.model.chapter.Chapter``, or a ``deployspec.model.sink.Sink``."""
_GROUPS = b"[deployspec."
"""How a line begins that opens one of them: our own package names itself in other lines."""
_PACKAGE = (".dist-info", ".egg-info")


@lru_cache(maxsize=1)
def chapters() -> tuple[Chapter, ...]:
    """All chapters, ours first.

    Raises UsageError where an entry point brings none, or one whose name is taken.
    """
    return _with_others(OURS, CHAPTERS_GROUP, "name", "chapter")


@lru_cache(maxsize=1)
def sinks() -> tuple[Sink, ...]:
    """All kinds of sinks, ours first. Raises UsageError as :func:`chapters` does."""
    return _with_others(SINKS, SINKS_GROUP, "kind", "sink")


def deployment_named(name: str) -> Deployment:
    """The deployment of a name, or of a path, as its file says, seen from the working folder.

    Raises DeployspecError where there is none, or its file is faulty.
    """
    from deployspec.base.own_chapters import own_chapters
    from deployspec.base.places import Places
    from deployspec.deployment import find, load

    file = find(name, Places(Path()).deployments)
    return load(file, os.environ, chapters(), sinks(), lambda: own_chapters(Path()))


def unset_variables(name: str) -> frozenset[str]:
    """Those that the deployment of a name, or of a path, needs and the environment does not have.

    Raises DeployspecError where there is no such deployment, or its file has another fault.
    """
    from deployspec.base.own_chapters import own_chapters
    from deployspec.base.places import Places
    from deployspec.deployment import find, unset_in

    file = find(name, Places(Path()).deployments)
    return unset_in(file, os.environ, chapters(), sinks(), lambda: own_chapters(Path()))


def _with_others(ours: tuple[Any, ...], group: str, key: str, what: str) -> tuple[Any, ...]:
    found = {getattr(one, key): one for one in ours}
    for entry in _entry_points(group):
        said = f"the entry point {entry.name} = {entry.value} (group {group})"
        try:
            brought = entry.load()
            name = getattr(brought, key)
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"{said}: found {error}; expected a deployspec.model.{what}.{what.capitalize()}"
            ) from None
        if found.setdefault(name, brought) is not brought:
            raise UsageError(
                f"{said}: found the {key} {name}, which another {what} has; expected a {key} of its own"
            )
    return tuple(found.values())


def _entry_points(group: str) -> Iterator[EntryPoint]:
    """Those of a group. ``metadata.entry_points`` would take apart those of each package that is installed."""
    if not _others_may_have_some():
        return
    from importlib import metadata

    seen = set()
    for package in metadata.distributions():
        text = package.read_text("entry_points.txt")
        if text and group in text and package.name not in seen:
            # As for an import, the first one of a name is the one that counts.
            seen.add(package.name)
            yield from package.entry_points.select(group=group)


@lru_cache(maxsize=1)
def _others_may_have_some() -> bool:
    return any(map(_may_have_some, sys.path))


def _may_have_some(place: str) -> bool:
    """Whether a package in a folder of Python's path may bring a chapter or a sink. To import ``importlib.metadata`` for the
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
            if _GROUPS in Path(package, "entry_points.txt").read_bytes():
                return True
    return False


def pytest_deployspec_chapters() -> tuple[Chapter, ...]:
    """Give our plugin the chapters."""
    return chapters()


def pytest_deployspec_sinks() -> tuple[Sink, ...]:
    """Give our plugin the kinds of sinks."""
    return sinks()

"""The command line options, and the chapters that bring some of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from deployspec.base.errors import DeployspecError
from deployspec.base.places import Places

if TYPE_CHECKING:
    from deployspec.model.chapter import Chapter

_CHAPTERS: pytest.StashKey[dict[str, Chapter]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add our options, and those of the chapters."""
    group = parser.getgroup("deployspec", "the deployment under check")
    group.addoption(
        "--deployment",
        metavar="NAME",
        default=None,
        help="the deployment to check: the stem of a file in deployments/, or a path (default: $DEPLOYMENT)",
    )
    group.addoption(
        "--record",
        metavar="PATH",
        default=None,
        help="where the run record goes (default: a new file under runs/)",
    )
    for chapter in _brought(pluginmanager).values():
        for option in chapter.options:
            group.addoption(option.name, **option.settings)


def _brought(pluginmanager: pytest.PytestPluginManager) -> dict[str, Chapter]:
    try:
        found = pluginmanager.hook.pytest_deployspec_chapters()
    except DeployspecError as error:
        # So early, pytest would print an exception of its own with a traceback.
        print(f"ERROR: {error}", file=sys.stderr)
        raise SystemExit(pytest.ExitCode.USAGE_ERROR) from None
    return {chapter.name: chapter for chapters in reversed(found) for chapter in chapters}


def chapters(config: pytest.Config) -> dict[str, Chapter]:
    """By marker, the chapters of this run, in the order of the guide."""
    known = config.stash.get(_CHAPTERS, None)
    if known is None:
        known = config.stash[_CHAPTERS] = _brought(config.pluginmanager)
    return known


def places(config: pytest.Config) -> Places:
    """Where things are, seen from pytest's root folder."""
    return Places(config.rootpath)


def chapters_of(item: pytest.Item) -> list[str]:
    """The chapters that this item belongs to; empty for an ordinary test."""
    return [name for name in chapters(item.config) if item.get_closest_marker(name) is not None]


def is_check(item: pytest.Item) -> bool:
    """Whether this item is a check: one promise of the specification."""
    return bool(chapters_of(item))


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")

"""The command line options, and the chapters that bring some of them."""

from __future__ import annotations

import keyword
import re
import sys
from typing import TYPE_CHECKING

import pytest

from deployspec.base.arguments import percent
from deployspec.base.errors import DeployspecError
from deployspec.base.places import Places
from deployspec.base.problems import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deployspec.model.chapter import Chapter
    from deployspec.model.sink import Sink

GATE = "gate"
"""The marker of the checks that a pipeline asks for: see ``deployspec.plugin.gate``."""
_SETTING = "deployspec_chapters"
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
        help="write the run record there, too; that of a run that names a deployment is kept in the store of runs, others under runs/",
    )
    group.addoption(
        "--state",
        metavar="DIR",
        default=None,
        help="the state folder, with the store of runs in runs/ (default: deployspec in $XDG_STATE_HOME, or in ~/.local/state)",
    )
    group.addoption(
        "--no-store",
        action="store_true",
        help="keep the run record nowhere but where --record says, or under runs/",
    )
    group.addoption(
        "--leave-out",
        choices=("load", "faults"),
        action="append",
        default=[],
        help="select no check that makes load, or that injects faults, whatever the deployment file allows",
    )
    group.addoption(
        "--accept",
        metavar="FILE",
        default=None,
        help="the file of accepted breaches (default: accepted.yaml beside deployments/, where it is there)",
    )
    group.addoption(
        "--fail-on-flaky",
        action="store_true",
        help="fail where a check is flaky: MET only after a retry, or twice to and fro between MET and BREACHED in its last 20 runs",
    )
    group.addoption(
        "--summary-file",
        metavar="FILE",
        default=None,
        help="write a summary as Markdown there; it is appended to $GITHUB_STEP_SUMMARY, too, where that is set",
    )
    group.addoption(
        "--annotations",
        choices=("auto", "github", "none"),
        default="auto",
        help="print annotations of the files of a change: auto, where $GITHUB_ACTIONS is set (default); github, always; none",
    )
    group.addoption(
        "--code-quality", metavar="FILE", default=None, help="write GitLab's report on code quality there"
    )
    group.addoption(
        "--baseline",
        metavar="RUN",
        default=None,
        help="say what has changed since an earlier run of the deployment: a record's path or id, latest, or latest:MARKER for the newest run with that -m",
    )
    group.addoption(
        "--margin",
        metavar="PERCENT",
        type=percent,
        default=None,
        help="what is worse than the baseline by more than this has regressed (default: 5%%)",
    )
    group.addoption(
        "--fail-on-regression",
        action="store_true",
        help="fail the run where a figure has regressed, or where nothing could be compared",
    )
    parser.addini(
        _SETTING,
        "chapters of your own, one a line: the name, a colon, and what its checks make sure of",
        type="linelist",
        default=[],
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
        known = _brought(config.pluginmanager)
        for line in config.getini(_SETTING):
            chapter = _said(line, known)
            known[chapter.name] = chapter
        config.stash[_CHAPTERS] = known
    return known


def sinks(config: pytest.Config) -> list[Sink]:
    """The kinds of sinks that a deployment file may name. Raises DeployspecError."""
    return [sink for brought in reversed(config.hook.pytest_deployspec_sinks()) for sink in brought]


def _said(line: str, known: Mapping[str, Chapter]) -> Chapter:
    """A chapter of the project's own. Raises pytest.UsageError for a line that says none, or one that there is."""
    from deployspec.model.chapter import Chapter

    name, _, sentence = (part.strip() for part in line.partition(":"))
    taken = {GATE, *known, *(marker for chapter in known.values() for marker in chapter.markers)}
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or not sentence:
        raise pytest.UsageError(
            f"{_SETTING}: found {shown(line)}; expected a name in small letters, a colon and a sentence, such as "
            "shop: the shop keeps its promises."
        )
    if name in taken:
        raise pytest.UsageError(
            f"{_SETTING}: found the name {name}, which another chapter or marker has; expected a name of its own"
        )
    return Chapter(name, sentence)


def named_in(expression: str) -> set[str]:
    """The names of markers in a ``-m`` expression, whatever it says of them."""
    return set(re.findall(r"[^\s()|&]+", expression)) - {"and", "or", "not"}


def places(config: pytest.Config) -> Places:
    """Where things are, seen from pytest's root folder."""
    return Places(config.rootpath)


def chapters_of(item: pytest.Item) -> list[str]:
    """The chapters that this item belongs to; empty for an ordinary test."""
    marked = {mark.name for mark in item.iter_markers()}
    return [name for name in chapters(item.config) if name in marked]


def is_check(item: pytest.Item) -> bool:
    """Whether this item is a check: one promise of the specification."""
    return bool(chapters_of(item))


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is one of pytest-xdist's workers."""
    return hasattr(config, "workerinput")

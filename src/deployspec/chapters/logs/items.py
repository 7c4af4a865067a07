"""The items of the chapter logs: one for each source that the deployment file describes, and each promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from deployspec.chapters.logs.part import LOGS, LogSource
from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.selection import may_select

_MARKERS = {"logs"}
_PER_SOURCE: dict[str, Callable[[LogSource], object]] = {
    "log": lambda _: True,
    "dated_log": lambda source: source.freshness,
    "scoped_log": lambda source: source.request_scoped,
}
"""Fixtures that are made for each source: what it must describe for that."""
_ONCE: dict[str, Callable[[LogSource], object]] = {
    "error_log": lambda source: source.errors_of,
    "access_log": lambda source: source.access,
    "job_log": lambda source: source.jobs,
}
"""The same, of what a deployment has once: a source that does not describe it lacks nothing."""
_PART = {
    "log": "logs",
    "dated_log": "freshness",
    "scoped_log": "request_scoped",
    "error_log": "errors_of",
    "access_log": "access",
    "job_log": "jobs",
}
_NONE = "-"
"""The parameter of an item that is about to be deselected, or listed only."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment before items are made of its sources: here a faulty one still ends the run with status 4."""
    config = session.config
    if may_select(config.getoption("markexpr") or "", _MARKERS) and is_asked(config):
        obtain(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each source that a check of this chapter looks at."""
    name = next((name for name in metafunc.fixturenames if name in _PART), None)
    if name is None:
        return
    config = metafunc.config
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if not may_select(config.getoption("markexpr") or "", marks) or not is_asked(config):
        metafunc.parametrize(name, [pytest.param(_NONE, id=_NONE)], indirect=True)
        return
    sources = obtain(config).get(LOGS)
    metafunc.parametrize(name, list(_parameters(name, sources or ())), indirect=True)


def _parameters(name: str, sources: Iterable[LogSource]) -> Iterable[object]:
    part = _PART[name]
    described = [source for source in sources if {**_PER_SOURCE, **_ONCE}[name](source)]
    for source in sources:
        if source in described:
            yield pytest.param(source.name, id=source.name)
        elif name in _PER_SOURCE:
            yield _missing(source.name, f"logs.{source.name}.{part}")
    if not described and (name in _ONCE or not sources):
        yield _missing(_NONE, f"logs[].{part}" if sources else "logs")


def _missing(name: str, part: str) -> object:
    return pytest.param(_NONE, id=name, marks=[pytest.mark.not_described(part)])

"""The items of the chapter logs: one for each source that the deployment file describes, and each promise."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import pytest

from deployspec.chapters.logs.part import LOGS
from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.items import load_early, parameter, parametrize

_PARTS = {
    "log": "name",
    "leveled_log": "fields.level",
    "timed_log": "fields.timestamp",
    "dated_log": "freshness",
    "scoped_log": "request_scoped",
    "error_log": "errors_of",
    "access_log": "access",
    "job_log": "jobs",
}
"""Fixtures that are made for each source: what it must describe for that."""
_ONCE = frozenset(("error_log", "access_log", "job_log"))
"""Those of what a deployment has once: a source that does not describe it lacks nothing."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment before items are made of its sources: here a faulty one still ends the run with status 4."""
    load_early(session.config, {"logs"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each source that a check of this chapter looks at."""
    parametrize(metafunc, _PARTS, _parameters)


def _parameters(name: str, config: pytest.Config) -> Iterator[Any]:
    if not is_asked(config):
        yield parameter()
        return
    part, sources = _PARTS[name], obtain(config).get(LOGS) or ()
    described = [source for source in sources if attrgetter(part)(source)]
    for source in sources:
        if source in described:
            yield parameter(source.name, name=source.name)
        elif name not in _ONCE:
            yield parameter(name=source.name, missing=f"logs.{source.name}.{part}")
    if not described and (name in _ONCE or not sources):
        yield parameter(missing=f"logs[].{part}" if sources else "logs")

"""The items of the chapter metrics: one for each metric that is promised, and for each movement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.errors import DeployspecError
from deployspec.chapters.metrics.part import METRICS
from deployspec.plugin.deployments import REFUSED, is_asked, obtain
from deployspec.plugin.items import load_early, may_run, parameter, parametrize

if TYPE_CHECKING:
    from deployspec.chapters.metrics.judge.presence import Wanted
    from deployspec.chapters.metrics.part import Movement

_PROMISED: pytest.StashKey[tuple[Wanted, ...]] = pytest.StashKey()
_MOVEMENTS: dict[str, tuple[str, Callable[[Movement], bool]]] = {
    "requests_moved": ("path", lambda one: one.fault is None and not one.writes),
    "work_moved": ("writes", lambda one: one.fault is None and one.writes),
    "faults_moved": ("fault", lambda one: one.fault is not None),
}
"""Fixtures that are made for each movement of a kind: the key that makes it one, and which those are."""
_NAMES = ("exported", *_MOVEMENTS)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment, and the file that names its metrics, before items are made of them: here a faulty one still ends
    the run with status 4."""
    load_early(session.config, {"metrics"})
    if may_run(session.config, {"metrics"}) and is_asked(session.config):
        _promised(session.config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make the items."""
    parametrize(metafunc, _NAMES, _parameters)


def _parameters(name: str, config: pytest.Config) -> Iterator[Any]:
    if not is_asked(config):
        yield parameter()
        return
    metrics = obtain(config).get(METRICS)
    if metrics is None:
        yield parameter(missing="metrics")
    elif name == "exported":
        yield from map(_metric, _promised(config))
        if metrics.schema is None:
            yield parameter(missing="metrics.schema")
    else:
        key, is_of_kind = _MOVEMENTS[name]
        own = [one for one in metrics.movement if is_of_kind(one)]
        yield from map(_movement, own)
        if not own:
            missing = f"metrics.movement[].{key}" if metrics.movement else "metrics.movement"
            yield parameter(missing=missing)


def _metric(wanted: Wanted) -> Any:
    marks = [pytest.mark.needs("prometheus")] if wanted.in_prometheus else []
    return pytest.param(wanted, id=wanted.name, marks=marks)


def _movement(movement: Movement) -> Any:
    marks = [pytest.mark.needs("allow.write")] if movement.writes else []
    return pytest.param(movement, id=movement.name, marks=marks)


def _promised(config: pytest.Config) -> tuple[Wanted, ...]:
    """The metrics that the deployment promises, read at the first call. Raises pytest.UsageError where their file cannot be
    used."""
    known = config.stash.get(_PROMISED, None)
    if known is None:
        metrics = obtain(config).get(METRICS)
        known = ()
        if metrics is not None and metrics.schema is not None:
            from deployspec.chapters.metrics.measure.promised import read_promised

            try:
                known = read_promised(metrics.schema)
            except DeployspecError as error:
                config.stash[REFUSED] = str(error)
                raise pytest.UsageError(*str(error).splitlines()) from None
        config.stash[_PROMISED] = known
    return known

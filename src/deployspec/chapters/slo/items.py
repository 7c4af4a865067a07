"""The items of the chapter slo: one for each objective, and for each of those and each kind of request of a load run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.chapters.slo.chapter import CHAPTER
from deployspec.chapters.slo.fixtures.objectives import objectives_of
from deployspec.chapters.slo.part import LOAD
from deployspec.deployment import PROMETHEUS
from deployspec.plugin.deployments import is_asked, named, obtain
from deployspec.plugin.items import load_early, may_run, may_run_item, parameter
from deployspec.plugin.options import is_check, is_worker
from deployspec.plugin.selection import refuse_lacking

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective

_CHECKS = ({"slo"}, {"slo", "load"}, {"slo", "after_load"}, {"slo", "of_kind"})
"""The markers that the checks of this chapter have."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read the objectives before pytest-xdist starts its workers: a faulty one ends the run with status 4."""
    distributes = config.getoption("dist", "no") != "no"
    if distributes and not is_worker(config) and named(config) is not None:
        _read_early(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Read the objectives and load the deployment before items are made of them: here a fault still means status 4."""
    load_early(session.config, *_CHECKS)
    _read_early(session.config)


def _read_early(config: pytest.Config) -> None:
    if may_run(config, *_CHECKS):
        try:
            objectives_of(config)
        except ModuleNotFoundError:
            refuse_lacking([CHAPTER])
            raise


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make the items."""
    if "objective" not in metafunc.fixturenames or not is_check(metafunc.definition):
        return
    config = metafunc.config
    if not may_run_item(metafunc.definition):
        metafunc.parametrize("objective", [parameter()])
        return
    objectives = objectives_of(config)
    names = [name for name in ("objective", "traffic") if name in metafunc.fixturenames]
    if not objectives:
        made = [parameter(*([None] * len(names)), missing="slos")]
    elif "traffic" in names:
        made = list(_with_traffic(objectives, obtain(config) if is_asked(config) else None))
    else:
        kind = next((mark.args[0] for mark in metafunc.definition.iter_markers("of_kind")), None)
        made = list(_of_kind(objectives, kind, of_alerts="alert_rules" in metafunc.fixturenames))
    metafunc.parametrize(names, made)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a check of the alert rules ask the deployment where its Prometheus can tell whether they read what is there."""
    names: list[str] = getattr(item, "fixturenames", [])
    if "alert_rules" not in names or "deployment" in names or not is_check(item):
        return
    if not may_run(item.config, *_CHECKS):
        return
    if has_prometheus(item.config):
        names.append("deployment")


def has_prometheus(config: pytest.Config) -> bool:
    """Whether a deployment is named whose file describes a Prometheus."""
    return is_asked(config) and obtain(config).get(PROMETHEUS) is not None


def _of_kind(objectives: Iterable[Objective], kind: str | None, *, of_alerts: bool) -> Iterator[Any]:
    found = [one for one in objectives if kind is None or one.is_latency == (kind == "latency")]
    for objective in found:
        missing = f"an alert over {objective.name}" if of_alerts and objective.unwatched else ""
        yield parameter(objective, name=objective.name, missing=missing)
    if not found:
        yield parameter(missing=f"an objective of {kind}")


def _with_traffic(objectives: Iterable[Objective], deployment: Deployment | None) -> Iterator[Any]:
    """An objective of all requests is one of each kind, too: many quick ones hide a slow one otherwise."""
    load = None if deployment is None else deployment.get(LOAD)
    kinds = [] if load is None else [route.name for route in load.routes]
    for objective in objectives:
        if not objective.routes:
            yield parameter(objective, None, name=objective.name)
        # With one kind of requests, it would be the same verdict twice.
        for kind in objective.routes or (kinds if len(kinds) > 1 else []):
            yield parameter(objective, kind, name=f"{objective.name}, {kind}")

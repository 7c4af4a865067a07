"""The chapter dashboards' fixtures. What they need is imported when a check needs it: collecting needs nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.chapters.dashboards.items import Nothing, read_of
from deployspec.model.verdict import Unmeasured

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.verdicts import Dashboards
    from deployspec.deployment import Deployment
    from deployspec.model.judge import Judge


def _given(request: pytest.FixtureRequest) -> Any:
    if isinstance(request.param, Nothing):
        raise Unmeasured(request.param.reason)
    return request.param


@pytest.fixture(scope="session")
def dashboards(deployment: Deployment, pytestconfig: pytest.Config) -> Dashboards:
    """The dashboards of the deployment."""
    read = read_of(pytestconfig)
    if read is None:
        raise Unmeasured("the deployment file names no dashboards")
    from deployspec.chapters.dashboards.verdicts import Dashboards

    return Dashboards(read, deployment, pytestconfig)


@pytest.fixture
def dashboard_file(dashboards: Dashboards, request: pytest.FixtureRequest) -> Callable[[Judge], None]:
    """``dashboard_file(judge)``: the verdict on one file."""
    file = _given(request)
    return lambda judge: dashboards.judge_file(judge, file)


@pytest.fixture
def dashboard_query(dashboards: Dashboards, request: pytest.FixtureRequest) -> Callable[[Judge, str], None]:
    """``dashboard_query(judge, which)``: the verdict on one promise of one query."""
    item = _given(request)
    return lambda judge, which: dashboards.judge_query(judge, item, which)


@pytest.fixture
def dashboard_movement(dashboards: Dashboards, request: pytest.FixtureRequest) -> Callable[[Judge], None]:
    """``dashboard_movement(judge)``: the verdict on one movement."""
    movement = _given(request)
    return lambda judge: dashboards.judge_movement(judge, movement)

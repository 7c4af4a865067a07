"""The metrics chapter's fixtures: what is measured of the endpoint and in Prometheus, for its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deployspec.chapters.metrics.measure.measurements import Measurements, Of
    from deployspec.chapters.metrics.measure.moving import Moved
    from deployspec.deployment import Deployment


@pytest.fixture(scope="session")
def metrics(deployment: Deployment) -> Measurements:
    """What is measured of the endpoint, once a session."""
    from deployspec.chapters.metrics.measure.measurements import Measurements

    return Measurements(deployment)


@pytest.fixture
def exported(request: pytest.FixtureRequest, metrics: Measurements) -> Of:
    """One metric that is promised, and what there is of it."""
    return metrics.exported(request.param)


@pytest.fixture
def requests_moved(request: pytest.FixtureRequest, metrics: Measurements) -> Moved:
    """What requests moved that change nothing."""
    return metrics.moved(request.param)


@pytest.fixture
def work_moved(request: pytest.FixtureRequest, metrics: Measurements) -> Moved:
    """What requests moved that change something, such as those that queue a job."""
    return metrics.moved(request.param)


@pytest.fixture
def faults_moved(request: pytest.FixtureRequest, metrics: Measurements) -> Moved:
    """What a fault moved."""
    return metrics.moved(request.param)

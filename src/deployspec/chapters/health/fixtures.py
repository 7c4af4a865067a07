"""The health chapter's fixtures: what is measured of the endpoints, and the outage, for its checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from deployspec.chapters.health.measure.endpoint import HealthMeasurements
from deployspec.chapters.health.measure.outages import Outages
from deployspec.chapters.health.measure.replicas import Replicas
from deployspec.chapters.health.part import HEALTH
from deployspec.model.verdict import Verdict

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.model.judge import Judge


@pytest.fixture(scope="session")
def health_endpoints(deployment: Deployment) -> Mapping[str, HealthMeasurements]:
    """What is measured of each health endpoint, by name, once a session."""
    replicas = Replicas(deployment)
    return {
        one.name: HealthMeasurements(lambda one=one: replicas.asked(one), one.schema)  # type: ignore[misc]
        for one in deployment.require(HEALTH)
    }


@pytest.fixture(scope="session")
def health(
    health_endpoints: Mapping[str, HealthMeasurements], request: pytest.FixtureRequest
) -> HealthMeasurements:
    """What is measured of the health endpoint that the check is about."""
    return health_endpoints[getattr(request, "param", "")]


@pytest.fixture
def version_arrival(deployment: Deployment, pytestconfig: pytest.Config) -> Verdict:  # noqa: ARG001 - it is asked
    """What came of the wait for a version."""
    from deployspec.chapters.health.rollout import arrival

    return arrival(pytestconfig)


@pytest.fixture(scope="session")
def outage(
    deployment: Deployment, health_endpoints: Mapping[str, HealthMeasurements]
) -> Callable[[Judge, str], None]:
    """``outage(judge, fault)``: cause a fault, measure every endpoint, mend it, and give the verdict."""
    return Outages(deployment, health_endpoints).judge

"""The health chapter's fixtures: what is measured of the endpoint, and the outage, for its checks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from deployspec.chapters.health.measure import HealthMeasurements, Outages
from deployspec.chapters.health.model import HealthPromise
from deployspec.chapters.health.part import HEALTH
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict

if TYPE_CHECKING:
    from deployspec.deployment import Deployment


@pytest.fixture(scope="session")
def health(deployment: Deployment) -> HealthMeasurements:
    """What is measured of the health endpoint, once a session."""
    from deployspec.tools.http import Request, proxies_from

    described = deployment.require(HEALTH)
    request = Request(
        url=deployment.base_url + described.path,
        headers=deployment.headers,
        timeout=described.timeout,
        retries=described.retries,
        ca=deployment.ca,
        auth=deployment.auth,
        credentials=deployment.credentials,
        client_certificate=deployment.client_certificate,
        proxies=proxies_from(os.environ),
    )
    promise = HealthPromise(**(vars(described) | {"base_url": deployment.base_url, "schema": {}}))
    return HealthMeasurements(request, promise, described.schema)


@pytest.fixture(scope="session")
def outage(
    deployment: Deployment, health: HealthMeasurements
) -> Callable[[str, str], tuple[Verdict, tuple[Call, ...]]]:
    """``outage(fault, part)``: break one part, measure, mend it; the verdict and its calls."""
    return Outages(deployment, health).judge

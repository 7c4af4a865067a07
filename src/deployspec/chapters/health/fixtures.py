"""The health chapter's fixtures: what is measured of the endpoint, and the outage, for its checks."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from deployspec.chapters.health.judge import HealthPromise
from deployspec.chapters.health.measure import HealthMeasurements, Outages
from deployspec.chapters.health.part import HEALTH
from deployspec.model.http import Call
from deployspec.model.verdict import Verdict

if TYPE_CHECKING:
    from deployspec.chapters.health.part import Health
    from deployspec.deployment import Deployment


@pytest.fixture(scope="session")
def health(deployment: Deployment, pytestconfig: pytest.Config) -> HealthMeasurements:
    """What is measured of the health endpoint, once a session."""
    from deployspec.tools.http import Request, proxies_from

    told = deployment.require(HEALTH)
    request = Request(
        url=deployment.base_url + told.path,
        headers=deployment.headers,
        timeout=told.timeout,
        retries=told.retries,
        ca=deployment.ca,
        proxies=proxies_from(os.environ),
    )
    schema = told.schema or pytestconfig.rootpath / "schemas" / "health.schema.json"
    return HealthMeasurements(
        request, _promise(deployment.base_url, told), schema, told.calls, told.concurrency
    )


@pytest.fixture(scope="session")
def outage(
    deployment: Deployment, health: HealthMeasurements
) -> Callable[[str, str], tuple[Verdict, tuple[Call, ...]]]:
    """``outage(fault, part)``: break one part, measure, mend it; the verdict and its calls."""
    return Outages(deployment, health).judge


def _promise(base_url: str, told: Health) -> HealthPromise:
    fields = told.fields
    depth = fields.queue_depth
    return HealthPromise(
        base_url=base_url,
        path=told.path,
        timeout=told.timeout,
        max_response_time=told.max_response_time,
        expect_version=told.expect_version,
        ok=fields.ok,
        parts=fields.parts or (),
        queue_depth=depth.field if depth else None,
        queue_part=depth.part if depth else None,
        time=fields.time,
        version=fields.version,
        max_clock_skew=told.max_clock_skew,
        recovery=told.recovery,
    )

"""The fixture for checks of one's own that ask the deployment: a client of its own for each check."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.tools.http.client import DeploymentClient

CLIENT: pytest.StashKey[DeploymentClient] = pytest.StashKey()


@pytest.fixture
def deployment_client(deployment: Deployment, request: pytest.FixtureRequest) -> Iterator[DeploymentClient]:
    """An ``httpx.Client`` that asks the deployment: ``deployment_client.get("/listings")``.

    It has a total time limit of 10 s a request (``timeout=2`` for another), and one of 1 MiB for a body. What it was
    answered is the check's evidence. Each check has one of its own, so that no cookie of one check changes another.
    """
    from deployspec.tools.http.client import DeploymentClient

    with DeploymentClient(
        deployment.base_url,
        headers=deployment.headers,
        ca=deployment.ca,
        auth=deployment.auth,
        client_certificate=deployment.client_certificate,
        may_write="write" in deployment.allow,
        file=deployment.path.name,
    ) as client:
        request.node.stash[CLIENT] = client
        yield client

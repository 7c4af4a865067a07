"""What the checks of the chapter logs are given: a source, or what became of a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from deployspec.plugin.options import places

if TYPE_CHECKING:
    from deployspec.chapters.logs.measure.correlating import Followed
    from deployspec.chapters.logs.measure.reading import Log, Logs
    from deployspec.deployment import Deployment


@pytest.fixture(scope="session")
def logs(deployment: Deployment, pytestconfig: pytest.Config) -> Iterator[Logs]:
    """All sources of the deployment; each is read once."""
    from deployspec.chapters.logs.measure.reading import Logs

    there = places(pytestconfig)
    is_named = deployment.path.parent == there.deployments
    name = deployment.name if is_named else str(deployment.path)
    sources = Logs(deployment, there.log_record_schema, name)
    yield sources
    sources.close()


@pytest.fixture
def log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source."""
    return logs.of(request.param)


@pytest.fixture
def leveled_log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source whose records have a level."""
    return logs.of(request.param)


@pytest.fixture
def timed_log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source whose records have a time."""
    return logs.of(request.param)


@pytest.fixture
def dated_log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source that promises freshness."""
    return logs.of(request.param)


@pytest.fixture
def scoped_log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source with loggers whose records belong to requests."""
    return logs.of(request.param)


@pytest.fixture
def error_log(request: pytest.FixtureRequest, logs: Logs) -> Log:
    """One source that collects the errors of others."""
    return logs.of(request.param)


@pytest.fixture
def access_log(request: pytest.FixtureRequest, deployment: Deployment, logs: Logs) -> Followed:
    """One request, followed into the source that holds the access records."""
    from deployspec.chapters.logs.measure.correlating import follow_request

    return follow_request(deployment, logs.of(request.param))


@pytest.fixture
def job_log(request: pytest.FixtureRequest, deployment: Deployment, logs: Logs) -> Followed:
    """One job, followed into the source that holds the worker's records."""
    from deployspec.chapters.logs.measure.correlating import follow_job

    return follow_job(deployment, logs.of(request.param))

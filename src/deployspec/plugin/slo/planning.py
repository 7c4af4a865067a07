"""From the deployment file to what the load generator is told."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deployspec.plugin.outcomes import Unmeasured

if TYPE_CHECKING:
    from deployspec.contracts.load.plan import Plan, Route
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective


def plan_of(deployment: Deployment, objectives: Sequence[Objective], seed: int | None) -> Plan:
    """The load run of a deployment. Raises Unmeasured where it cannot be made as it is described."""
    from deployspec.contracts.load.plan import Plan
    from deployspec.objectives.load import thresholds_of
    from deployspec.tools.http import proxies_from
    from deployspec.tools.http.proxies import UnusableProxyError
    from deployspec.tools.http.tls import unusable
    from deployspec.tools.http.urls import Url

    told = deployment.load
    if told is None:  # pragma: no cover - such checks are not selected
        raise Unmeasured("the deployment file describes no load")
    if not told.requests:
        raise Unmeasured("no request of the mix may be sent: all of them write, and allow has no write")
    thresholds = thresholds_of(objectives)
    if thresholds and told.timeout < thresholds[-1] / 1e9:
        raise Unmeasured(
            f"{deployment.path}: load.timeout is {told.timeout:g} s, and an objective speaks of {thresholds[-1] / 1e9:g} s: "
            "a request has to be waited for that long; raise load.timeout"
        )
    url = Url.parse(deployment.base_url)
    try:
        proxy = proxies_from(os.environ).select(url)
    except UnusableProxyError as error:
        raise Unmeasured(str(error)) from None
    # Of processes that make load, each would find it anew.
    if url.scheme == "https" and (problem := unusable(deployment.ca)):
        raise Unmeasured(problem)
    headers = {name: value.reveal() for name, value in deployment.headers.items()}
    prefix = deployment.base_url.partition("://")[2].partition("/")[2]
    drawn = told.seed if seed is None else seed
    user, password = (None, None) if proxy is None or proxy.credentials is None else proxy.credentials
    return Plan(
        base_url=f"{url.scheme}://{url.authority}",
        routes=tuple(_routes(deployment, headers, f"/{prefix}" if prefix else "")),
        rate=told.arrival_rate,
        duration=told.duration,
        seed=secrets.randbelow(2**32) if drawn is None else drawn,
        poisson=told.poisson,
        warm_up=told.warm_up,
        warm_up_requests=told.warm_up_requests,
        timeout=told.timeout,
        max_in_flight=told.max_in_flight,
        new_connections=told.new_connections,
        processes=told.processes,
        thresholds=thresholds,
        ca=None if deployment.ca is None else str(deployment.ca.absolute()),
        proxy=None
        if proxy is None
        else (
            proxy.host,
            proxy.port,
            None if user is None else user.decode(),
            None if password is None else password.decode(),
        ),
    )


def _routes(deployment: Deployment, headers: Mapping[str, str], prefix: str) -> list[Route]:
    from deployspec import __version__
    from deployspec.contracts.load.plan import Route

    told = deployment.load
    assert told is not None  # noqa: S101 - narrows the type
    routes = []
    for request in told.requests:
        own = {name: value.reveal() for name, value in request.headers.items()}
        sent = {
            "User-Agent": f"deployspec/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        if request.body is not None:
            sent["Content-Type"] = "application/json"
        for more in (headers, own):
            replaced = {name.lower() for name in more}
            sent = {name: value for name, value in sent.items() if name.lower() not in replaced} | dict(more)
        routes.append(
            Route(
                name=request.name,
                method=request.method,
                target=prefix + request.path,
                weight=request.weight,
                headers=sent,
                body=request.body,
                keep=request.keep,
                expect_status=request.expect_status,
                expect_text=request.expect_text,
            )
        )
    return routes

"""The Prometheus that a deployment file names, ready to be asked."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from deployspec.deployment import PROMETHEUS

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.model.http import Answer, Failure
    from deployspec.tools.prometheus.asking import Prometheus


def prometheus_of(deployment: Deployment) -> Prometheus:
    """The probe that asks the deployment's Prometheus. Raises Unmeasured where the file describes none."""
    from deployspec.tools.http import Request, call, proxies_from
    from deployspec.tools.prometheus.asking import Prometheus

    part = deployment.require(PROMETHEUS)

    def send(url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        request = Request(
            url=url,
            headers=part.headers,
            timeout=timeout,
            max_body=max_body,
            ca=deployment.ca,
            auth=part.auth,
            client_certificate=part.client_certificate,
            proxies=proxies_from(os.environ),
        )
        return call(request).result

    return Prometheus(part.url, send, window=part.window)


def curl(deployment: Deployment, query: str) -> str:
    """The command that asks Prometheus by hand. The values of headers are put in by hand, too."""
    from deployspec.base.secret import MASK

    part = deployment.require(PROMETHEUS)
    words = ["curl", "--silent", "--show-error", "--get"]
    words += ["--cacert", str(deployment.ca)] if deployment.ca is not None else []
    if (own := part.client_certificate) is not None:
        words += ["--cert", str(own.certificate), *([] if own.key is None else ["--key", str(own.key)])]
    for name in (*part.headers, *([] if part.auth is None else ["Authorization"])):
        words += ["--header", f"{name}: {MASK}"]
    return shlex.join([*words, f"{part.url}/api/v1/query", "--data-urlencode", f"query={query}"])

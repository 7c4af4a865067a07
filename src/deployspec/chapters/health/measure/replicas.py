"""Who answers for the deployment: its replicas, as its file lists them, or the addresses of its name."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deployspec.chapters.health.measure.asked import Asked
from deployspec.chapters.health.model import HealthPromise
from deployspec.chapters.health.part import HEALTH, Health
from deployspec.model.verdict import Unmeasured

if TYPE_CHECKING:
    from deployspec.deployment import Deployment, Headers, Secret
    from deployspec.tools.http import Request


class Replicas:
    """Who is to be asked. It is found out once, when the first check wants to know."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._asked: dict[str, Sequence[Asked]] = {}

    def asked(self, health: Health) -> Sequence[Asked]:
        """The replicas of an endpoint. Raises Unmeasured where they could not be found out."""
        if health.name not in self._asked:
            self._asked[health.name] = [
                self._one(health, name, url, address) for name, url, address in self._places()
            ]
        return self._asked[health.name]

    @cached_property
    def _listed(self) -> tuple[str, ...] | Unmeasured:
        from deployspec.tools.replicas import replica_urls

        try:
            return replica_urls(self._deployment)
        except Unmeasured as error:
            return error  # a command that failed is not run again by each check

    @cached_property
    def _addresses(self) -> tuple[str, ...]:
        from deployspec.tools.http import addresses_of

        return addresses_of(self._request(self._deployment.base_url, self._deployment.require(HEALTH)[0], ""))

    def _places(self) -> list[tuple[str, str, str]]:
        """Name, base URL and address of each; the name is empty where there is one, and it needs none."""
        base_url = self._deployment.base_url
        if self._deployment.replicas is None:
            addresses = self._addresses
            return [(one, base_url, one) for one in addresses] if len(addresses) > 1 else [("", base_url, "")]
        if isinstance(self._listed, Unmeasured):
            raise self._listed
        hosts = [urlsplit(url).netloc for url in self._listed]
        alike = len(set(hosts)) < len(hosts)
        return [(url if alike else host, url, "") for host, url in zip(hosts, self._listed, strict=True)]

    def _one(self, health: Health, name: str, base_url: str, address: str) -> Asked:
        said = {key: value for key, value in vars(health).items() if key not in ("name", "schema")}
        promise = HealthPromise(**said, base_url=base_url)
        version_headers = _accepting(["application/json"], self._deployment.headers)
        return Asked(name, self._request(base_url, health, address), promise, version_headers)

    def _request(self, base_url: str, health: Health, address: str) -> Request:
        from deployspec.tools.http import Request, proxies_from

        deployment = self._deployment
        return Request(
            url=base_url + health.path,
            address=address,
            headers=_accepting(_types(health), deployment.headers),
            timeout=health.timeout,
            retries=health.retries,
            ca=deployment.ca,
            auth=deployment.auth,
            credentials=deployment.credentials,
            client_certificate=deployment.client_certificate,
            proxies=proxies_from(os.environ),
        )


def _types(health: Health) -> Sequence[str]:
    """The media types that an endpoint's answer may have; empty where any is right."""
    types = [one for one in health.content_type or () if not one.startswith("+")]
    return types or (["application/json"] if health.body == "json" else [])


def _accepting(types: Sequence[str], headers: Headers) -> Mapping[str, Secret | str]:
    """The headers, with an Accept that asks for what is expected, unless the user's own asks for something."""
    if any(name.lower() == "accept" for name in headers):
        return headers
    return {"Accept": ", ".join(types) or "*/*", **headers}

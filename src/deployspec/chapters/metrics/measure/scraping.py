"""Scrapes of the endpoint, each within its limits of time and size."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deployspec.chapters.metrics.part import METRICS
from deployspec.languages.exposition import Exposition, Limits, read
from deployspec.languages.exposition.media_type import MediaType, media_type
from deployspec.languages.exposition.model import Format
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Unmeasured
from deployspec.tools import process
from deployspec.tools.http import Request, call, proxies_from
from deployspec.tools.http.urls import Url

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.tools.promtool.finding import Promtool

NEGOTIATED = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus 2.42 sends as Accept."""
TEXT = "text/plain;version=0.0.4,text/plain;q=0.5,*/*;q=0.1"
IN_TIME = "metrics.answers-in-time"
"""The check that owns an answer that is not there, or is no success."""
TYPE = "metrics.content-type-is-accepted"
"""That which owns an answer in another format."""
WHOLE = "metrics.is-whole"
"""That which owns a page beyond a limit."""
_MOST_PRINTED = 1024 * 1024
_PROMTOOL = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Scrape:
    """One scrape."""

    call: Call
    media: MediaType
    page: Exposition | None
    """None without an answer of status 200 that says a format which can be read."""

    @property
    def read(self) -> Exposition:
        """The page. Raises Unmeasured where there is none."""
        if self.page is None:
            result = self.call.result
            if isinstance(result, Answer) and result.status == 200:
                raise Unmeasured(f"{self.media.trouble}, so it was not read; see {TYPE}")
            why = f"status {result.status}" if isinstance(result, Answer) else result.reason
            raise Unmeasured(f"the endpoint gave no exposition ({why}); see {IN_TIME}")
        return self.page

    @property
    def whole(self) -> Exposition:
        """The page, read to its end. Raises Unmeasured where there is none, or where a limit stopped the reading."""
        if not self.read.whole:
            raise Unmeasured(f"the page was not read to its end; see {WHOLE}")
        return self.read


class Endpoint:
    """The endpoint of a deployment. A property scrapes at its first use, and keeps what it got."""

    def __init__(self, deployment: Deployment) -> None:
        self.promise = deployment.require(METRICS)
        self._deployment = deployment

    @property
    def url(self) -> str:
        """Its address."""
        return self.promise.url or self._deployment.base_url + self.promise.path

    @property
    def is_below_base(self) -> bool:
        """Whether it stands at the base URL, and so at each replica's."""
        return self.promise.url is None

    @property
    def is_own(self) -> bool:
        """Whether it is of the same host and port as the deployment, whose headers it gets then."""
        own = Url.parse(self._deployment.base_url).origin
        return Url.parse(self.url).origin == own

    def request(self, accept: str, base_url: str = "") -> Request:
        """A scrape's request; with ``base_url``, to that replica."""
        deployment = self._deployment
        headers = {name: value for name, value in deployment.headers.items() if name.lower() != "accept"}
        return Request(
            url=base_url + self.promise.path if base_url else self.url,
            headers={**(headers if self.is_own else {}), "Accept": accept},
            timeout=self.promise.max_scrape_time,
            max_body=self.promise.max_size,
            ca=deployment.ca,
            auth=deployment.auth if self.is_own else None,
            credentials=deployment.credentials if self.is_own else "",
            client_certificate=deployment.client_certificate if self.is_own else None,
            proxies=proxies_from(os.environ),
        )

    def scrape(self, accept: str = TEXT, base_url: str = "") -> Scrape:
        """One scrape, now; with ``base_url``, of that replica."""
        made = call(self.request(accept, base_url))
        answer = made.result
        if not isinstance(answer, Answer):
            return Scrape(made, media_type(()), None)
        media = media_type(tuple(value for name, value in answer.headers if name == "content-type"))
        if answer.status != 200 or media.form is None:
            return Scrape(made, media, None)
        # More series than are promised are counted, to say how many, and not without end.
        most = Limits(size=self.promise.max_size, series=max(1_000_000, 2 * self.promise.max_series))
        return Scrape(made, media, read([answer.body], media.form, most, now=answer.received_at))

    @cached_property
    def negotiated(self) -> Scrape:
        """As Prometheus asks: with OpenMetrics, where the service has it."""
        return self.scrape(NEGOTIATED)

    @cached_property
    def plain(self) -> Scrape:
        """In the text format, which every service has."""
        first = self.negotiated
        return first if first.page is None or first.page.format is Format.TEXT else self.scrape()

    @cached_property
    def later(self) -> Scrape:
        """The same once more, for what must not change."""
        _ = self.plain
        return self.scrape()

    @property
    def pages(self) -> Sequence[Scrape]:
        """One scrape of each format that the service has."""
        first, second = self.negotiated, self.plain
        return (first,) if second is first else (first, second)

    def promtool_prints(self, promtool: Promtool) -> str:
        """What ``promtool check metrics`` prints about the page in the text format. Raises Unmeasured where it does not end."""
        _ = self.plain.read
        answer = self.plain.call.result
        assert isinstance(answer, Answer)  # noqa: S101 - there is a page
        kept = process.Kept(_MOST_PRINTED)
        with tempfile.TemporaryFile() as file:
            file.write(answer.body)
            file.seek(0)
            status = process.run(
                [promtool.path, "check", "metrics"], _PROMTOOL, kept.take, source=file, own_time=True
            )
        if status is None:
            raise Unmeasured(f"promtool check metrics did not end within {_PROMTOOL:g} s")
        return str(kept)

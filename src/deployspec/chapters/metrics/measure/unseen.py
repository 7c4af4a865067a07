"""Sends what no request had before, and scrapes around it."""

from __future__ import annotations

import os
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deployspec.chapters.metrics.judge.bounds import grown_labels
from deployspec.chapters.metrics.measure.scraping import Endpoint
from deployspec.chapters.metrics.part import UNSEEN
from deployspec.languages.exposition.model import Exposition
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Unmeasured
from deployspec.tools.http import Request, call, proxies_from

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

REQUESTS = 30
"""To each path."""
_TIMEOUT = 10.0
_MOST_WAITED = 30.0
"""Seconds."""


@dataclass(frozen=True)
class Unseen:
    """What came of it."""

    before: Exposition
    after: Exposition
    words: tuple[str, ...]
    """What was new in the requests."""
    statuses: Mapping[int, int]
    """Of the answers: how many had each."""
    paths: int
    call: Call
    """The last one."""
    control: Exposition | None
    """After as long a time in which nothing was sent; None where nothing grew that it could explain."""


def send_unseen(deployment: Deployment, endpoint: Endpoint) -> Unseen:
    """Send each path once, whose series may begin with that; scrape, send 30 more to each, and scrape again.

    Raises Unmeasured where a request brings no answer.
    """
    paths = endpoint.promise.unseen
    words: list[str] = []
    statuses: Counter[int] = Counter()

    def send() -> Call:
        made: Call | None = None
        for path in paths:
            word = f"u{uuid.uuid4().hex[:20]}"
            words.append(word)
            made = call(_request(deployment, path.replace(UNSEEN, word), word))
            if not isinstance(made.result, Answer):
                raise Unmeasured(f"a request to {path} brought no answer: {made.result.reason}")
            statuses[made.result.status] += 1
        assert made is not None  # noqa: S101 - there is a path at least
        return made

    send()
    before = endpoint.scrape().whole
    first = len(words)
    statuses.clear()
    began = time.monotonic()
    for _ in range(REQUESTS):
        last = send()
    after = endpoint.scrape().whole
    control = None
    if grown_labels(before, after, REQUESTS):
        # Something may grow by itself, or by what others send.
        time.sleep(min(time.monotonic() - began, _MOST_WAITED))
        control = endpoint.scrape().whole
    return Unseen(before, after, tuple(words[first:]), statuses, len(paths), last, control)


def _request(deployment: Deployment, path: str, word: str) -> Request:
    theirs = {name: text for name, text in deployment.headers.items() if name.lower() != "user-agent"}
    return Request(
        url=deployment.base_url + path,
        headers={**theirs, "User-Agent": f"deployspec-{word}"},
        timeout=_TIMEOUT,
        ca=deployment.ca,
        auth=deployment.auth,
        credentials=deployment.credentials,
        client_certificate=deployment.client_certificate,
        proxies=proxies_from(os.environ),
        redirects=False,
    )

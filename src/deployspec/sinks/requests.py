"""Requests of sinks: what the deployment file says of an address, and what an answer means."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from urllib.parse import urlsplit

from deployspec.base import secret
from deployspec.base.disclosure import redact
from deployspec.base.duration import parse_duration
from deployspec.base.secret import Secret
from deployspec.deployment.model import proofs_of
from deployspec.deployment.part import headers_of
from deployspec.deployment.push import Push
from deployspec.model.http import Answer, Failure
from deployspec.sinks.sending import NotSent, Waits
from deployspec.tools.http import proxies_from
from deployspec.tools.http.calling import call
from deployspec.tools.http.request import Request

_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may change."""
_MOST_REASON = 300
"""Characters of a receiver's own words that are told: of more, the first and the last, where a Pushgateway has its reason."""
_MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""
_SHORTEST_PIECE = 8
"""Characters of a piece of a URL that may be a secret of its own."""


class Refused(NotSent):
    """The receiver answered with a status that is no success."""

    def __init__(self, status: int, reason: str, after: float | None) -> None:
        super().__init__(reason, final=status not in _PASSING, after=after)
        self.status = status


class Address:
    """Where a sink of the deployment file listens, and how one asks there."""

    def __init__(self, push: Push) -> None:
        # A sink is made while the checks run: now there is time for what the first request would import.
        import_module("deployspec.tools.http.exchange")
        data = push.data
        self.url: str = data["url"]
        self._headers = headers_of(data)
        self._timeout = parse_duration(data["timeout"])
        self._ca = push.folder / data["ca"] if "ca" in data else None
        self._proofs = proofs_of(data, push.folder, f"push.{push.name}.auth")
        self._proxies = proxies_from(os.environ)
        parts = urlsplit(self.url)
        pieces = {parts.path.strip("/"), parts.query, *re.split("[/&=]", f"{parts.path}&{parts.query}")}
        self._pieces = [Secret(piece) for piece in pieces if len(piece) >= _SHORTEST_PIECE]

    def hide(self, text: str) -> str:
        """The text without what is known to be secret, and without pieces of this URL: receivers repeat a path alone."""
        return secret.redact(redact(text), self._pieces)

    def post(
        self, limit: Waits, url: str, body: bytes, headers: Mapping[str, str], *, put: bool = False
    ) -> Answer:
        """Send a body once; the answer, of a status from 200 to 299.

        Raises :class:`NotSent` for anything else: :class:`Refused`, with the receiver's own reason where it gives one, for
        another status.
        """
        found = call(
            Request(
                url=url,
                headers={**headers, **self._headers},
                timeout=limit.left(self._timeout),
                max_body=_MOST_ANSWER,
                ca=self._ca,
                proxies=self._proxies,
                redirects=False,
                post=body,
                put=put,
                **self._proofs,
            )
        ).result
        if isinstance(found, Failure):
            raise NotSent(self.hide(found.reason))
        if 200 <= found.status <= 299:
            return found
        raise Refused(found.status, f"status {found.status}{said(found, self.hide)}", retry_after(found))


def said(answer: Answer, hide: Callable[[str], str] = redact) -> str:
    """The receiver's own words without what ``hide`` hides, in one line that begins with a colon, or that they are a page;
    empty where there are none."""
    text = answer.body.decode("utf-8", "replace")
    if text.lstrip()[:1] == "<":
        return ": an HTML page, so this may not be what it is taken for"
    line = " ".join(hide(text).split())
    if not line:
        return ""
    half = _MOST_REASON // 2
    return f": {line}" if len(line) <= _MOST_REASON else f": {line[:half]} … {line[-half:]}"


def retry_after(answer: Answer) -> float | None:
    """The seconds in its header Retry-After; None where it has none that is a number."""
    value = next((value for name, value in answer.headers if name == "retry-after"), "")
    return float(value) if value.isascii() and value.isdecimal() else None

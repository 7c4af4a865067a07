"""An httpx client for checks of one's own, on the probe's network. Imported where it is used, for httpx takes a while."""

from __future__ import annotations

import base64
import contextlib
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from deployspec.base.disclosure import hide_also, redact, tells_something
from deployspec.base.secret import Secret
from deployspec.model.http import Answer, Call, Failure, FailureKind, Hop, Phase, Timings
from deployspec.model.verdict import Unmeasured
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.calling import call
from deployspec.tools.http.curl import MAX_REDIRECTS
from deployspec.tools.http.exchange import REDIRECTS, exchange
from deployspec.tools.http.proxies import Proxies, proxies_from
from deployspec.tools.http.request import DEFAULT_HEADERS, MIB, Request, Scrubber
from deployspec.tools.http.tls import TrustStore
from deployspec.tools.http.urls import Url

if TYPE_CHECKING:
    from deployspec.deployment.auth import ClientCertificate, TokenSource
    from deployspec.tools.http.auth import Tokens

TIMEOUT = 10.0
"""Seconds for a request, from the start of the name lookup to the last byte, where a check says nothing else."""
KEPT = 10
"""How many exchanges of a check are kept as evidence: the last ones."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
_SHORTEST = 6
"""In characters. A shorter credential is not hidden: it would blank out pieces of ordinary words."""
_SENDING = "deployspec"
_TIMED_OUT = {
    Phase.SEND: httpx.WriteTimeout,
    Phase.HEADERS: httpx.ReadTimeout,
    Phase.BODY: httpx.ReadTimeout,
}


class DeploymentClient(httpx.Client):
    """An ``httpx.Client`` that keeps a total time limit and a size limit, and remembers what it was answered.

    ``timeout``, here or of one request, is in seconds, from the start of the name lookup to the last byte, redirects
    included; of several values the smallest counts, and without any it is 10. ``max_body`` is in bytes, after decompression.
    ``headers``, the token of ``auth`` and the ``client_certificate`` go to the origin of ``base_url`` only, and so do a request's own headers when a redirect leaves its
    origin. A failed request raises httpx's own exception with one line that says why; a method that may change
    something raises :class:`Unmeasured`, unless ``may_write``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, Secret | str] | None = None,
        ca: Path | None = None,
        auth: TokenSource | None = None,
        client_certificate: ClientCertificate | None = None,
        proxies: Proxies | None = None,
        may_write: bool = False,
        file: str = "the deployment file",
        max_body: int = MIB,
    ) -> None:
        tokens = None
        if auth is not None:
            from deployspec.tools.http.auth import tokens_of

            tokens = tokens_of(auth, ca, call)
        self._calls: deque[Call] = deque(maxlen=KEPT)
        self._failed: tuple[Exception | None, Failure | None] = (None, None)
        self._origin = Url.parse(base_url).origin
        self._may_write = may_write
        self._file = file
        super().__init__(
            base_url=base_url,
            timeout=TIMEOUT,
            max_redirects=MAX_REDIRECTS,
            trust_env=False,
            transport=_Transport(
                Url.parse(base_url),
                headers or {},
                TrustStore(ca, client_certificate),
                proxies_from(os.environ) if proxies is None else proxies,
                max_body,
                tokens,
            ),
        )
        # What a request carries from here on is the check's own; the transport adds ours.
        self.headers.clear()

    @property
    def calls(self) -> tuple[Call, ...]:
        """The last exchanges, at most ten, in order."""
        return tuple(self._calls)

    def failure_of(self, error: BaseException) -> Failure | None:
        """What was measured, where this is the exception of the last request that failed; else None."""
        return self._failed[1] if error is self._failed[0] else None

    def status_told_by(self, error: BaseException) -> str:
        """What the deployment answered, where this is the exception of ``raise_for_status``; else an empty text."""
        if not isinstance(error, httpx.HTTPStatusError) or _SENDING not in error.request.extensions:
            return ""
        url = str(error.request.url)
        if not self.is_own(url):
            return ""
        return redact(f"status {error.response.status_code} ({error.request.method} {Url.parse(url)})")

    def is_own(self, url: str) -> bool:
        """Whether a URL is of the deployment's origin: what another host does says nothing of it."""
        try:
            return Url.parse(url).origin == self._origin
        except ValueError:
            return False

    def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        """Send a request, as ``httpx.Client.send`` does.

        Raises an httpx.RequestError where there is no complete answer, and :class:`Unmeasured` for a method that the deployment does not
        allow.
        """
        if request.method not in READING and not self._may_write:
            raise Unmeasured(
                f"{request.method} may change something, which {self._file} does not allow; to allow it, add `allow: [write]` there"
            )
        before: _Sending | None = request.extensions.get(_SENDING)
        sending = _Sending(before.left if before else False, before.url if before else None)
        request.extensions[_SENDING] = sending
        try:
            return super().send(request, **more)
        except httpx.RequestError as error:
            if isinstance(sending.result, Answer) and sending.result.status in REDIRECTS:
                # httpx's own objection to where a redirect leads.
                many = isinstance(error, httpx.TooManyRedirects)
                reason = (
                    f"more than {MAX_REDIRECTS} redirects"
                    if many
                    else f"status {sending.result.status} leads to a URL that is not valid"
                )
                seen = sending.result
                sending.result = Failure(
                    seen.url, FailureKind.REDIRECT, Phase.HEADERS, reason, seen.sent_at, seen.timings, seen.hops, seen.via, seen.method
                )  # fmt: skip
                error = type(error)(reason, request=request)
            if isinstance(sending.result, Failure):
                self._failed = (error, sending.result)
            raise error from None
        finally:
            if sending.result is not None:
                self._calls.append(Call((sending.result,)))


@dataclass
class _Sending:
    """One request of a check, with the redirects that it led to."""

    left: bool
    """Whether a redirect has left the origin that the request's headers are meant for."""
    url: Url | None
    """What was asked last."""
    hops: list[Hop] = field(default_factory=list)
    budget: Budget | None = None
    sent_at: float = 0.0
    result: Answer | Failure | None = None


class _Transport(httpx.BaseTransport):
    """Each exchange on a connection of its own, within the budget of the request that it belongs to."""

    def __init__(
        self,
        base: Url,
        headers: Mapping[str, Secret | str],
        trust: TrustStore,
        proxies: Proxies,
        max_body: int,
        tokens: Tokens | None,
    ) -> None:
        self._tokens = tokens
        self._base = base
        self._headers = headers
        self._trust = trust
        self._proxies = proxies
        self._max_body = max_body

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One exchange. Raises the httpx.RequestError that fits the failure."""
        _hide_credentials(request.headers)
        sending: _Sending = request.extensions[_SENDING]
        try:
            url = Url.parse(str(request.url))
        except ValueError as error:
            raise httpx.UnsupportedProtocol(f"cannot ask {error}", request=request) from None
        if url.scheme == "https":
            # The prober's own affair; a failure is told by the exchange.
            with contextlib.suppress(CallFailed):
                _ = self._trust.context
        given = [one for one in request.extensions.get("timeout", {}).values() if one is not None]
        if sending.url is not None and sending.url.origin != url.origin:
            sending.left = True
        is_ours = url.origin == self._base.origin and not sending.left
        headers, tokenless = dict(self._headers), None
        if self._tokens is not None and is_ours and "authorization" not in request.headers:
            try:
                headers["Authorization"] = self._tokens.header()
            except CallFailed as failed:
                tokenless = failed
        asked = Request(
            url=str(url),
            headers={**headers, **{k: v for k, v in request.headers.items() if k != "host"}},
            timeout=min(given, default=TIMEOUT),
            max_body=self._max_body,
            proxies=self._proxies,
        )
        scrubber = Scrubber(asked)
        if isinstance(sending.result, Answer):
            sending.hops.append(Hop(sending.result.status, scrubber.hide(str(url))))
        sending.url = url
        if sending.budget is None:
            sending.budget, sending.sent_at = Budget(asked.timeout), time.time()
        budget = sending.budget
        common: dict[str, Any] = {
            "url": scrubber.hide(str(url)),
            "sent_at": sending.sent_at,
            "hops": tuple(sending.hops),
            "method": request.method,
        }
        try:
            if tokenless is not None:
                raise tokenless
            proxy = self._proxies.select(url)
            common["via"] = "" if proxy is None else f"proxy {proxy}"
            reply = exchange(
                url,
                self._fields(request, url, headers if is_ours else {}, left=sending.left),
                method=request.method,
                content=_content(request, left=sending.left),
                max_body=self._max_body,
                budget=budget,
                trust=self._trust if is_ours else self._trust.for_others,
                proxy=proxy,
                reads_redirects=True,
            )
        except (CallFailed, ValueError) as error:  # UnusableProxyError among the latter
            kind = error.kind if isinstance(error, CallFailed) else FailureKind.PROBER
            reason = scrubber.line(str(error))
            failure = Failure(
                kind=kind, phase=budget.phase, reason=reason, timings=budget.timings(), **common
            )
            sending.result = failure
            raise _exception_of(failure)(reason, request=request) from None
        timings = budget.timings()
        sending.result = Answer(
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            received_at=sending.sent_at + timings.total,
            timings=timings,
            **common,
        )
        return _response(sending.result, timings)

    def _fields(
        self, request: httpx.Request, url: Url, headers: Mapping[str, Secret | str], *, left: bool
    ) -> list[tuple[bytes, bytes]]:
        """The header fields to send: ``headers``, which are the deployment's, the request's as long as it has not left its own."""
        ours = {"host": ("Host", url.authority)}
        ours |= {name.lower(): (name, value) for name, value in (DEFAULT_HEADERS | {"Accept": "*/*"}).items()}
        ours |= {
            name.lower(): (name, value.reveal() if isinstance(value, Secret) else value)
            for name, value in headers.items()
        }
        fields = [] if left else [(k, v) for k, v in request.headers.raw if k.lower() != b"host"]
        own = {name.lower().decode("latin-1") for name, _ in fields}
        return [
            *((name.encode(), value.encode("latin-1")) for low, (name, value) in ours.items() if low not in own),
            *fields,
        ]  # fmt: skip


def _hide_credentials(headers: httpx.Headers) -> None:
    """Show from here on none of what a check itself gives to prove who it is, nor a cookie that it was given."""
    for name, value in headers.multi_items():
        if name in ("authorization", "proxy-authorization"):
            scheme, _, rest = value.partition(" ")
            told = [value, rest]
            if scheme.lower() == "basic":
                with contextlib.suppress(ValueError):
                    user_and_password = base64.b64decode(rest).decode()
                    told += [user_and_password, user_and_password.partition(":")[2]]
        elif name == "cookie":
            told = [value, *(pair.partition("=")[2] for pair in value.split(";"))]
        elif tells_something(name, value):
            told = [value, *value.split()]
        else:
            continue
        for text in told:
            if len(text) >= _SHORTEST and redact(text) == text:
                hide_also(Secret(text))


def _content(request: httpx.Request, *, left: bool) -> bytes | None:
    """What is sent: to where a redirect led away, nothing that may change something."""
    if left and request.method not in READING:
        raise CallFailed(
            FailureKind.REDIRECT,
            f"the redirect leads to another host, and a {request.method} is not repeated there",
        )
    return request.read() or None


def _response(answer: Answer, timings: Timings) -> httpx.Response:
    """The answer as httpx has it: its body is decompressed already, whatever its headers say."""
    response = httpx.Response(answer.status, content=answer.body)
    response.headers = httpx.Headers(list(answer.headers))
    response.elapsed = timedelta(seconds=timings.total)
    return response


def _exception_of(failure: Failure) -> type[httpx.RequestError]:
    """httpx's own class for a failure."""
    match failure.kind:
        case FailureKind.TIMEOUT:
            return _TIMED_OUT.get(failure.phase, httpx.ConnectTimeout)
        case FailureKind.PROBER if failure.via:
            return httpx.ProxyError
        case FailureKind.CONNECT if failure.phase in (Phase.SEND, Phase.HEADERS, Phase.BODY):
            return httpx.ReadError
        case FailureKind.PROTOCOL | FailureKind.REDIRECT:
            return httpx.RemoteProtocolError
        case FailureKind.TOO_LARGE:
            return httpx.ReadError
        case FailureKind.ENCODING:
            return httpx.DecodingError
        case _:
            return httpx.ConnectError

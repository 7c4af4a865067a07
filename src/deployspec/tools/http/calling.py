"""Calls: attempts, redirects, and several calls at once."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import quote

from deployspec.base.secret import Secret
from deployspec.model.http import Answer, Call, Failure, FailureKind, Hop, Phase
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.curl import MAX_REDIRECTS
from deployspec.tools.http.request import Request, Scrubber, header_fields
from deployspec.tools.http.tls import TrustStore, trust_store
from deployspec.tools.http.urls import Url

if TYPE_CHECKING:
    from deployspec.tools.http.exchange import Reply

RETRY_PAUSE = 0.2
"""Seconds between two attempts: a server that restarts needs a moment."""
LASTING = frozenset({FailureKind.TOO_LARGE, FailureKind.ENCODING, FailureKind.REDIRECT})
"""Failures of the answer itself, not of its transport: another attempt would bring the same."""
_LOADING = threading.Lock()
_LOCATION = "%/:?#@!$&'()*+,;=~-._[]"


def call(request: Request) -> Call:
    """Ask once, and again after a transport failure as often as ``request.retries`` says.

    Whatever the network or the server does becomes an :class:`Answer` or a :class:`Failure`, each attempt within
    ``request.timeout`` and a moment.
    """
    return _call(request, _prepared(request))


def call_concurrently(request: Request, count: int) -> tuple[Call, ...]:
    """Make ``count`` calls at the same moment, each on connections of its own, and wait for all of them."""
    trust = _prepared(request)
    gate = threading.Barrier(count)
    calls: list[Call | None] = [None] * count

    def make(position: int) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            gate.wait()
            calls[position] = _call(request, trust)

    threads = [threading.Thread(target=make, args=(position,), daemon=True) for position in range(count)]
    try:
        for thread in threads:
            thread.start()
    except RuntimeError:
        gate.abort()
        failure = _own_failure(request, f"the prober can start no {count} threads")
        return (Call((failure,)),) * count
    except BaseException:
        gate.abort()
        raise
    for thread in threads:
        thread.join()
    made = tuple(one for one in calls if one is not None)
    if len(made) < count:
        raise RuntimeError(f"{count - len(made)} of {count} concurrent calls ended without a result")
    return made


def _prepared(request: Request) -> TrustStore:
    """What is the prober's own affair and must not count as the deployment's time: imports and certificates."""
    import deployspec.tools.http.exchange  # noqa: F401

    trust = trust_store(request.ca, request.client_certificate)
    if request.parsed_url.scheme == "https":
        # One thread loads, and the others wait for it, rather than load the same.
        with _LOADING, contextlib.suppress(CallFailed):  # told by the attempt that needs it
            _ = trust.context
    if request.auth is not None:
        with contextlib.suppress(CallFailed):
            _authorized(request)
    return trust


def _call(request: Request, trust: TrustStore) -> Call:
    attempts: list[Answer | Failure] = []
    for number in range(request.retries + 1):
        if number:
            time.sleep(RETRY_PAUSE)
        attempts += _attempt(request, trust)
        last = attempts[-1]
        if isinstance(last, Answer) or last.kind in LASTING:
            break
    return Call(tuple(attempts))


def _attempt(request: Request, trust: TrustStore) -> list[Answer | Failure]:
    """One attempt; where a token is refused that may have been revoked early, that and the attempt with another one."""
    try:
        sent = _authorized(request)
    except CallFailed as failed:
        return [_own_failure(request, failed.reason)]
    results = [_Attempt(sent, trust).make()]
    if request.auth is not None and request.post is None:
        from deployspec.deployment.auth import AUTHORIZATION
        from deployspec.tools.http.auth import tokens_of

        tokens = tokens_of(request.auth, request.ca, call)
        if _is_refusal(results[-1]):
            refused = sent.headers[AUTHORIZATION]
            assert isinstance(refused, Secret)  # noqa: S101 - for the types
            try:
                another = tokens.renewed(refused)
            except CallFailed as failed:
                return [*results, _own_failure(request, failed.reason)]
            if another is not None:
                again = replace(sent, headers={**sent.headers, AUTHORIZATION: another})
                results.append(_Attempt(again, trust).make())
        if isinstance(results[-1], Answer) and not _is_refusal(results[-1]):
            tokens.accepted()
    if request.credentials and _is_refusal(last := results[-1]):
        results[-1] = _refused(request, last)
    return results


def _is_refusal(result: Answer | Failure) -> TypeGuard[Answer]:
    return isinstance(result, Answer) and result.status == 401 and not result.hops


def _refused(request: Request, answer: Answer) -> Failure:
    """What an answer says that refuses the credentials of ours: nothing of what was asked for."""
    advice = "see whether they are right, and still valid" + (
        ", for others were obtained and refused as well" if request.auth is not None else ""
    )
    reason = f"the credentials of {request.credentials} were refused (status 401); {advice}"
    return Failure(
        answer.url, FailureKind.PROBER, Phase.HEADERS, reason, answer.sent_at, answer.timings, via=answer.via, method=answer.method
    )  # fmt: skip


def _authorized(request: Request) -> Request:
    """The request with its token among the headers. Raises :class:`CallFailed` where there is none."""
    if request.auth is None:
        return request
    from deployspec.deployment.auth import AUTHORIZATION
    from deployspec.tools.http.auth import tokens_of

    token = tokens_of(request.auth, request.ca, call).header()
    return replace(request, headers={**request.headers, AUTHORIZATION: token})


def _own_failure(request: Request, reason: str) -> Failure:
    timings = Budget(request.timeout).timings()
    url, method = str(request.parsed_url), request.method
    return Failure(url, FailureKind.PROBER, Phase.LOOKUP, reason, time.time(), timings, method=method)


class _Attempt:
    """One attempt: a request, and the redirects that it leads to, under one time limit."""

    def __init__(self, request: Request, trust: TrustStore) -> None:
        self._request = request
        self._trust = trust
        self._url = request.parsed_url
        self._own_origin = True
        """Whether no redirect has left the origin that the user's headers are meant for."""
        self._hops: list[Hop] = []
        self._via = ""
        self._scrubber = Scrubber(request)

    def make(self) -> Answer | Failure:
        from deployspec.tools.http.exchange import REDIRECTS

        sent_at = time.time()
        budget = Budget(self._request.timeout)
        visited = {self._url}
        failure: CallFailed | None = None
        try:
            while (reply := self._exchange(budget)).status in REDIRECTS and self._request.redirects:
                self._follow(reply.status, reply.header("location"), visited)
        except CallFailed as failed:
            failure = failed
        timings = budget.timings()
        common: dict[str, Any] = {
            "url": self._scrubber.hide(str(self._url)),
            "sent_at": sent_at,
            "timings": timings,
            "hops": tuple(self._hops),
            "via": self._via,
            "method": self._request.method,
        }
        if failure is not None:
            reason = self._scrubber.line(failure.reason)
            return Failure(kind=failure.kind, phase=budget.phase, reason=reason, **common)
        received_at = sent_at + timings.total
        return Answer(
            status=reply.status, headers=reply.headers, body=reply.body, received_at=received_at, **common
        )

    def _exchange(self, budget: Budget) -> Reply:
        from deployspec.tools.http.exchange import exchange

        try:
            proxy = self._request.proxies.select(self._url)
            fields = header_fields(self._request, self._url, own_origin=self._own_origin)
        except ValueError as error:  # UnusableProxyError among them; neither quotes a value
            raise CallFailed(FailureKind.PROBER, str(error)) from None
        own = self._request.parsed_url
        # On another port too: where http leads to https, it is this server's https that is asked, not any server's.
        address = self._request.address if self._url.host == own.host else ""
        if address and proxy is not None:
            raise CallFailed(
                FailureKind.PROBER,
                f"asked for the address {address} of {own.host}, but the proxy {proxy} would choose one itself",
            )
        self._via = "" if proxy is None else f"proxy {proxy}"
        return exchange(
            self._url,
            fields,
            method=self._request.method,
            content=self._request.post,
            max_body=self._request.max_body,
            budget=budget,
            trust=self._trust if self._own_origin else self._trust.for_others,
            proxy=proxy,
            address=address,
        )

    def _follow(self, status: int, location: str, visited: set[Url]) -> None:
        if self._request.post is not None:
            raise CallFailed(
                FailureKind.REDIRECT,
                f"status {status} redirects elsewhere, and a {self._request.method} is not repeated there",
            )
        if not location:
            raise CallFailed(FailureKind.REDIRECT, f"status {status} redirects without a Location")
        try:
            # Bytes that no URL may have are percent-encoded, as browsers do.
            url = self._url.join(quote(location.encode("latin-1"), safe=_LOCATION))
        except ValueError as error:
            raise CallFailed(FailureKind.REDIRECT, f"status {status} leads to {error}") from None
        if url in visited:
            raise CallFailed(FailureKind.REDIRECT, f"redirect loop: status {status} leads back to {url}")
        if len(self._hops) == MAX_REDIRECTS:
            raise CallFailed(
                FailureKind.REDIRECT, f"more than {MAX_REDIRECTS} redirects; the next leads to {url}"
            )
        self._hops.append(Hop(status, self._scrubber.hide(str(url))))
        self._own_origin = self._own_origin and url.origin == self._url.origin
        self._url = url
        visited.add(url)

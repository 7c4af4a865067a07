"""One request and its response, through httpcore. Imported when a call is made, for httpcore takes a while."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpcore

from deployspec.model.http import FailureKind, Phase
from deployspec.tools.http.backend import DeadlineBackend
from deployspec.tools.http.body import raw_limit, read_body, too_large
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.proxies import Proxy
from deployspec.tools.http.tls import TrustStore
from deployspec.tools.http.urls import Url

# At DEBUG, httpcore logs the headers of responses as they came: a server that repeats a token would put it into
# whatever shows the logs, where no redaction reaches.
logging.getLogger("httpcore").setLevel(logging.WARNING)

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Reply:
    """One response. The body of a redirect is read only where it is wanted."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """All values of a header, joined by a comma; empty where it is absent."""
        return ", ".join(value for key, value in self.headers if key == name)


def exchange(
    url: Url,
    fields: list[tuple[bytes, bytes]],
    *,
    method: str,
    content: bytes | None,
    max_body: int,
    budget: Budget,
    trust: TrustStore,
    proxy: Proxy | None,
    reads_redirects: bool = False,
    address: str = "",
) -> Reply:
    """Ask ``url`` once, on a connection of its own: to ``address``, if one is given.

    Raises :class:`CallFailed` for whatever goes wrong.
    """
    secure = url.scheme == "https"
    backend = DeadlineBackend(
        budget, proxy, tunnel=secure and proxy is not None, method=method, address=address
    )
    target = httpcore.URL(
        scheme=url.scheme.encode(),
        host=url.bracketed_host.encode(),
        port=url.port,
        target=url.target.encode(),
    )
    pool = httpcore.ConnectionPool(
        ssl_context=trust.context if secure else None,
        proxy=None if proxy is None else httpcore.Proxy(str(proxy), auth=proxy.credentials),
        max_connections=1,
        network_backend=backend,
    )
    try:
        with pool:
            response = pool.handle_request(httpcore.Request(method, target, headers=fields, content=content))
            try:
                if proxy is not None and response.status == 407:
                    raise CallFailed(
                        FailureKind.PROBER, f"the proxy {proxy} asks for credentials (status 407)"
                    )
                skipped = frozenset() if reads_redirects else REDIRECTS
                return _read(response, budget, max_body, skipped, is_head=method == "HEAD")
            finally:
                response.close()
    except httpcore.ProxyError as error:
        raise CallFailed(FailureKind.PROBER, f"the proxy {proxy} refused the tunnel: {error}") from None
    except httpcore.RemoteProtocolError as error:
        reason = _protocol_reason(str(error), budget.phase)
        if budget.phase is Phase.CONNECT:
            raise CallFailed(FailureKind.PROBER, f"the proxy {proxy} cannot be used: {reason}") from None
        raise CallFailed(FailureKind.PROTOCOL, reason) from None
    except httpcore.LocalProtocolError:
        # Its text may quote a header's value.
        raise CallFailed(
            FailureKind.PROBER, "the request's headers contradict one another; it was not sent"
        ) from None


def _read(
    response: httpcore.Response, budget: Budget, max_body: int, skipped: frozenset[int], *, is_head: bool
) -> Reply:
    budget.enter(Phase.BODY)
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
    )
    reply = Reply(response.status, headers, b"")
    if reply.status in skipped:
        budget.enter(Phase.HEADERS)
        return reply
    encoding = reply.header("content-encoding")
    announced = reply.header("content-length")
    limit = raw_limit(encoding, max_body)
    bodiless = is_head or reply.status in (204, 304) or reply.header("transfer-encoding")
    if announced.isdigit() and not bodiless and int(announced) > limit:
        raise too_large(max_body, f"Content-Length: {announced}")
    return Reply(reply.status, headers, read_body(_chunks(response, budget), encoding, max_body))


def _chunks(response: httpcore.Response, budget: Budget) -> Iterator[bytes]:
    """The raw body in pieces; the clock is looked at between them, for many may come out of one read."""
    for chunk in response.iter_stream():
        budget.remaining()
        budget.body_bytes += len(chunk)
        yield chunk


def _protocol_reason(text: str, phase: Phase) -> str:
    """h11's words for what is wrong with a response, made readable."""
    if text == "Receive buffer too long":
        where = "a chunk's header" if phase is Phase.BODY else "the response's head"
        return f"{where} is longer than 100 kB"
    if text.startswith("Server disconnected"):
        return "the connection was closed in the middle of the response's head"
    if short := re.search(r"received (\d+) bytes, expected (\d+)", text):
        return f"the body is shorter than announced: {short[1]} of {short[2]} bytes, then the connection was closed"
    if "incomplete chunked read" in text:
        return "the connection was closed before the body's last chunk"
    if "_SWITCH_" in text:
        return "status 101 switches to a protocol that was not asked for"
    return "the response is not valid HTTP: " + re.sub(
        r"bytearray\(b(['\"].*?)(?:\\r|\\n)*(['\"])\)", r"\1\2", text
    )

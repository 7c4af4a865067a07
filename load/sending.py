"""Sends one request and says what came of it.

By geventhttpclient's connections and parser, which are what Locust's FastHttpUser sends with. Its layers above that
(retries, redirects, cookies, an event for Locust's own table) are left out: they would hide failures, and cost two thirds
of the time of a request.
"""

from __future__ import annotations

import errno
import json
import re
import select
import socket
import ssl
import time
from typing import Any, NamedTuple

import gevent
from gevent.monkey import get_original
from geventhttpclient.client import HTTPClient
from geventhttpclient.connectionpool import ConnectionPool
from geventhttpclient.response import (
    HTTPConnectionClosed,
    HTTPParseError,
    HTTPResponse,
    HTTPSocketPoolResponse,
)

from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.tally import ON_KEPT, STATUS, WITHOUT_TEXT
from deployspec.languages.http_form import Form

_BLOCK = 16 * 1024
"""Bytes that are read at once."""
_LONGEST_IDLE = 1.5
"""Seconds that a connection may have been unused: servers close idle ones, the most impatient of the usual ones after
two seconds, and a request that meets the closing would be lost through nobody's fault."""
_POLL = get_original("select", "poll")
_NO_ANSWER, _RESET = "closed without an answer", "connection reset"
_BROKEN_OFF = "broken off in mid-answer"
_GZIP = b"\x1f\x8b"
"""How such an answer begins. None was asked for."""
_REFUSALS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: _RESET,
    errno.EPIPE: _RESET,
    errno.ETIMEDOUT: "connecting timed out",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
}
_OUR_OWN = {
    errno.EMFILE: "no file descriptors left",
    errno.ENFILE: "no file descriptors left",
    errno.EADDRNOTAVAIL: "no free port left",
    errno.ENOBUFS: "no buffers left",
    errno.ENOMEM: "no memory left",
}
"""What keeps the generator from sending: it tells nothing of the deployment."""
_RESOLVER = {socket.EAI_AGAIN: "the resolver did not answer", socket.EAI_FAIL: "the resolver failed"}


class NotSentError(Exception):
    """The generator could not send: no fault of the deployment. Its text says why."""


class Late(BaseException):
    """The request's time is up. Thrown into its greenlet."""


class Outcome(NamedTuple):
    """What came of one request."""

    status: str
    """Of a whole answer; empty where there was none."""
    error: str
    """Why it counts as failed; empty where it does not."""
    body: bytes
    is_idle_end: bool = False
    """Whether it may have failed because the server ended a connection that had been idle for too long."""


class Sender:
    """One client with its connections."""

    def __init__(self, plan: Plan, client: HTTPClient) -> None:
        self._client = client
        self._connections = client._connection_pool
        self._proxy = "" if plan.proxy is None else f"the proxy {plan.proxy[0]}:{plan.proxy[1]}"
        self._is_tunnel = plan.base_url.startswith("https:")
        _Answer.most = plan.max_body
        self._proven_idle = 0.0
        """Seconds: a kept connection that was idle for so long was still answered on."""
        self._texts = {
            route.name: None if route.expect_text is None else route.expect_text.encode()
            for route in plan.routes
        }
        self._requests = {
            (route.name, route.target): self._request(route, route.target) for route in plan.routes
        }

    def send(self, route: Route, target: str) -> Outcome:
        """Send it, and read the answer to its last byte. Raises NotSentError, and Late where that is thrown into it."""
        text = self._texts[route.name]
        request = gevent.getcurrent()
        request.wants_body = text is not None or route.keep is not None
        request.is_reused = False
        try:
            status, answer = self._exchange(route, target)
            if request.is_reused and request.idle > self._proven_idle:
                self._proven_idle = request.idle
        except (HTTPParseError, OSError, RuntimeError, ValueError) as error:
            reason = _reason(error)
            # Servers end idle connections; one that just does so looks like this, and so does one that crashes.
            on_kept = request.is_reused and reason in (_NO_ANSWER, _RESET)
            # It was not for its idleness, if longer idle ones were answered on.
            is_idle_end = on_kept and request.idle > self._proven_idle
            return Outcome("", f"{reason}{ON_KEPT}" if on_kept else reason, b"", is_idle_end)
        if status == 407 and self._proxy and not self._is_tunnel:
            raise NotSentError(f"{self._proxy} asks for credentials")
        expected = 200 <= status < 300 if route.expect_status is None else status in route.expect_status
        if not expected:
            return Outcome(str(status), f"{STATUS}{status}", answer)
        if text is not None and text not in answer:
            packed = " (it is packed by gzip)" if answer.startswith(_GZIP) else ""
            return Outcome(str(status), f"{WITHOUT_TEXT}{packed}", answer)
        return Outcome(str(status), "", answer)

    def _exchange(self, route: Route, target: str) -> tuple[int, bytes]:
        request = self._requests.get((route.name, target)) or self._request(route, target)
        sock = self._connection()
        try:
            sock.sendall(request)
        except BaseException:
            self._connections.release_socket(sock)
            raise
        gevent.getcurrent().sent = time.monotonic_ns()
        response = _Answer(sock, self._connections, block_size=_BLOCK, method=route.method)
        try:
            body = response.read()
            return response.get_code(), body
        finally:
            response.release()

    def _connection(self) -> Any:
        """One that is open. What fails on the way to a proxy tells nothing of the deployment behind it."""
        get = self._new if getattr(gevent.getcurrent(), "is_fresh", False) else self._connections.get_socket
        if not self._proxy:
            return get()
        request = gevent.getcurrent()
        request.is_through = False
        try:
            return get()
        except (OSError, RuntimeError, ValueError) as error:
            if request.is_through:
                raise
            why = _refusal(error) if isinstance(error, RuntimeError) else _reason(error)
            raise NotSentError(f"{self._proxy}: {why}") from None

    def _new(self) -> Any:
        """A connection of its own, though another may be free; it is closed after the answer (``_keep``)."""
        pool = self._connections
        pool._semaphore.acquire()
        try:
            return pool._create_socket()
        except BaseException:
            pool._semaphore.release()
            raise

    def _request(self, route: Route, target: str) -> bytes:
        """A request as it goes over the wire: made once for all that are alike, which is half of its cost."""
        body = b"" if route.body is None else route.body.encode()
        headers = {**route.headers, "X-Synthetic": "deployspec"}
        head: str = self._client._build_request(route.method, target, body=body, headers=headers)
        return head.encode("latin-1") + body


class _Answer(HTTPSocketPoolResponse):
    """An answer that may take neither more memory nor more time of this process than its share."""

    most = 0
    """Bytes, head and body together."""
    _turn = 64 * 1024
    """Bytes after which others have their turn: where a server sends without end, its socket never has to be waited
    for, and no other request, nor the watch over time limits, would come to anything."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self._fed = 0
        self._form = Form(more["method"])
        super().__init__(*args, **more)

    def feed(self, data: bytes) -> None:
        """Take what has come; an empty piece is the connection's end."""
        before, self._fed = self._fed, self._fed + len(data)
        if self._fed > self.most:
            raise _OwnError(f"an answer of more than {self.most} bytes")
        if self._fed // self._turn > before // self._turn:
            gevent.sleep(0)
        # The health checks read answers by the same rule, and with another parser behind it.
        if why := self._form.take(data):
            raise HTTPParseError(why)
        try:
            super().feed(data)
        except HTTPParseError:
            if not data and self._fed:
                raise _OwnError(_BROKEN_OFF) from None
            raise
        if not gevent.getcurrent().wants_body:
            del self._body_buffer[:]

    def _on_header_field(self, _: str) -> None:
        """Headers are parsed, and not kept: nobody asks for them."""

    def _on_header_value(self, _: str) -> None:
        """As for their names."""

    def _on_message_complete(self) -> None:
        # Another answer follows on this connection: it is not yet anybody else's.
        if self.get_code() < 200:
            HTTPResponse._on_message_complete(self)
        else:
            super()._on_message_complete()


class _OwnError(HTTPParseError):
    """What is wrong with an answer by our own rules, as its text says."""


_unused_since: dict[int, float] = {}
"""By file descriptor: when a kept connection was last used."""
_return_socket = ConnectionPool.return_socket


def _keep(pool: ConnectionPool, sock: Any) -> None:
    """Take a connection back; one that was opened on purpose would only be one more that lies idle."""
    if getattr(gevent.getcurrent(), "is_fresh", False):
        pool.release_socket(sock)
        return
    _unused_since[sock.fileno()] = time.monotonic()
    _return_socket(pool, sock)


def _is_alive(_: ConnectionPool, sock: Any) -> bool:
    """Whether a kept connection can be used.

    With poll where geventhttpclient takes select, which cannot look at descriptors above 1023.
    """
    try:
        poll = _POLL()
        poll.register(sock.fileno(), select.POLLIN)
        idle = time.monotonic() - _unused_since[sock.fileno()]
        is_alive = not poll.poll(0) and idle < _LONGEST_IDLE
    except (OSError, ValueError, KeyError):
        return False
    request = gevent.getcurrent()
    request.is_reused, request.idle = is_alive, idle
    return is_alive


ConnectionPool.return_socket = _keep
ConnectionPool._is_socket_alive = _is_alive


_open_tunnel = ConnectionPool._setup_proxy


def _tunnelled(pool: ConnectionPool, sock: Any) -> None:
    """Open a tunnel through the proxy, and note that all that follows is the deployment's."""
    _open_tunnel(pool, sock)
    gevent.getcurrent().is_through = True


ConnectionPool._setup_proxy = _tunnelled


def _refusal(error: RuntimeError) -> str:
    """Why a proxy opened no tunnel, by what geventhttpclient says of it: its words may be a stranger's."""
    status = re.search(r"HTTP/\S+ (\d{3})\b", str(error))
    return f"refused the tunnel (status {status[1]})" if status else "closed the connection"


def _reason(error: Exception) -> str:
    """Why there is no whole answer, in a few words that many requests can share. Raises NotSentError."""
    number = getattr(error, "errno", None)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS certificate: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        if number in _RESOLVER:
            raise NotSentError(_RESOLVER[number])
        return "name not found"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {(error.reason or 'failed').lower().replace('_', ' ')}"
    if isinstance(error, HTTPConnectionClosed):
        return _NO_ANSWER
    if isinstance(error, _OwnError):
        return str(error)
    if isinstance(error, HTTPParseError):
        why = str(error.args[0]) if error.args else ""
        return _BROKEN_OFF if why.startswith("connection closed") else f"not HTTP: {why}"
    if number in _OUR_OWN:
        raise NotSentError(_OUR_OWN[number])
    if isinstance(error, TimeoutError):
        return "connecting timed out"
    if isinstance(error, OSError) and number is not None:
        return _REFUSALS.get(number, f"{errno.errorcode.get(number, number)}")
    return f"{type(error).__name__}"


def kept(body: bytes, field: str) -> str | None:
    """The field of an answer's JSON object; None where there is none, or it can be no part of a path that leads to it."""
    try:
        value = json.loads(body)[field]
        if isinstance(value, bool) or not isinstance(value, str | int):
            return None
        text = str(value)
        text.encode()
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    # A path that ends in one of these is another resource's.
    return None if text in ("", ".", "..") else text

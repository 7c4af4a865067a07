"""httpcore's network, with one time limit over all of it.

httpcore hands every connect, read and write a time limit of its own; these streams ignore it and give each the time
that is left of the whole attempt. CPython counts a socket's time limit over a whole handshake and over a whole
``recv`` of an encrypted connection, not over each packet.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore

from deployspec.base.disclosure import redact
from deployspec.languages.http_form import Form
from deployspec.model.http import FailureKind, Phase
from deployspec.tools.http.budget import Budget, CallFailed
from deployspec.tools.http.lookup import look_up
from deployspec.tools.http.proxies import Proxy
from deployspec.tools.http.tls import tls_failure

READ_SIZE = 16 * 1024
"""At most so much at once: what httpcore does with it between two looks at the clock stays short."""
MIN_SHARE = 0.1
"""Seconds that each address of a name gets at least, as long as there are any left."""

_REFUSALS = {
    errno.ECONNREFUSED: "connection refused by",
    errno.ECONNRESET: "connection reset by",
    errno.EHOSTUNREACH: "no route to",
    errno.ETIMEDOUT: "the system gave up connecting to",
}
"""What tells of the deployment. Any other error of a connect, such as no descriptors or no network, is our own."""


class _Socket(socket.socket):
    """One that closes in silence where an interruption, between two instructions, has left it to nobody."""

    def __del__(self) -> None:
        self.close()


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens the connections of one attempt within its budget, through ``proxy`` if there is one.

    With ``address``, to that one, and no name is looked up.
    """

    def __init__(
        self, budget: Budget, proxy: Proxy | None, *, tunnel: bool, method: str = "GET", address: str = ""
    ) -> None:
        self._budget = budget
        self._proxy = proxy
        self._tunnel = tunnel
        """Whether a tunnel through the proxy is yet to be opened: until it is, all belongs to connecting."""
        self._method = method
        self._address = address

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the budget's instead
        local_address: str | None = None,  # noqa: ARG002 - always the system's choice
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - none are wanted
    ) -> httpcore.NetworkStream:
        host = host.strip("[]")
        with _blaming(self._proxy):
            self._budget.detour, self._budget.address = "", self._address
            self._budget.enter(Phase.LOOKUP)
            addresses = look_up(self._address or host, port, self._budget)
            self._budget.enter(Phase.CONNECT)
            sock = connect(addresses, self._budget)
        if self._tunnel:
            self._budget.detour = f" through the proxy {self._proxy}"
        proxy = self._proxy if self._tunnel else None
        peer = f"{host} port {port}" + (f" ({self._address})" if self._address else "")
        return DeadlineStream(sock, self._budget, peer, proxy, self._method)


@contextlib.contextmanager
def _blaming(proxy: Proxy | None) -> Iterator[None]:
    """What fails on the way to a proxy tells nothing of the deployment behind it."""
    try:
        yield
    except CallFailed as failed:
        if proxy is None:
            raise
        raise CallFailed(FailureKind.PROBER, f"the proxy {proxy} cannot be used: {failed.reason}") from None


def connect(addresses: list[tuple[int, tuple[Any, ...]]], budget: Budget) -> socket.socket:
    """A connection to the first address that accepts one; each gets a fair share of the time that is left.

    Raises :class:`CallFailed` where none does.
    """
    failures: list[CallFailed] = []
    for position, (family, address) in enumerate(addresses):
        left = budget.remaining()
        share = min(left, max(left / (len(addresses) - position), MIN_SHARE))
        try:
            return _connect_one(family, address, share)
        except CallFailed as failed:
            failures.append(failed)
    # The most telling kind wins: a refusal is of the deployment, an address family we don't have is not.
    for kind in (FailureKind.CONNECT, FailureKind.TIMEOUT, FailureKind.PROBER):
        if any(failed.kind is kind for failed in failures):
            break
    reason = "; ".join(failed.reason for failed in failures[:3])
    if kind is FailureKind.TIMEOUT:
        reason = f"{budget.expired().reason} ({reason})"
    raise CallFailed(kind, reason)


def _connect_one(family: int, address: tuple[Any, ...], share: float) -> socket.socket:
    where = f"{address[0]} port {address[1]}"
    try:
        sock = _Socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CallFailed(FailureKind.PROBER, f"the prober cannot open a socket: {error.strerror}") from None
    try:
        sock.settimeout(share)
        sock.connect(address)
        own = sock.getsockname() == sock.getpeername()
    except OSError as error:
        sock.close()
        if isinstance(error, TimeoutError) and error.errno is None:
            raise CallFailed(FailureKind.TIMEOUT, f"no answer from {where}") from None
        if error.errno in _REFUSALS:
            raise CallFailed(FailureKind.CONNECT, f"{_REFUSALS[error.errno]} {where}") from None
        text = error.strerror or type(error).__name__
        raise CallFailed(FailureKind.PROBER, f"the prober cannot connect to {where}: {text}") from None
    except BaseException:
        sock.close()
        raise
    if own:
        # Loopback connects a port to itself when the system happens to pick it as the source.
        sock.close()
        raise CallFailed(FailureKind.CONNECT, f"connection refused by {where}")
    return sock


class DeadlineStream(httpcore.NetworkStream):
    """A connection whose every operation ends when the attempt's time does."""

    def __init__(
        self, sock: socket.socket, budget: Budget, peer: str, proxy: Proxy | None, method: str = "GET"
    ) -> None:
        self._sock = sock
        self._budget = budget
        self._peer = peer
        self._proxy = proxy
        """The proxy, as long as its tunnel is not open."""
        self._method = method
        self._form = Form(method)
        self._head = b""
        """The first bytes received, at most five: enough to tell HTTP from anything else."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """Some bytes, or none at the end. Raises :class:`CallFailed`."""
        try:
            self._sock.settimeout(self._budget.remaining())
            data = self._sock.recv(min(max_bytes, READ_SIZE))
        except TimeoutError:
            raise self._budget.expired() from None
        except ssl.SSLError as error:
            raise tls_failure(error, self._peer) from None
        except OSError as error:
            raise self._lost(_loss(error)) from None
        if len(self._head) < 5:
            self._look_at_head(data)
        if self._proxy is None and (why := self._form.take(data)):
            if self._form.has_head:
                self._budget.enter(Phase.BODY)
            line = redact(self._form.line.decode("latin-1"))[:80]
            shown = f": {line!r}" if line else ""
            raise CallFailed(FailureKind.PROTOCOL, f"the response is not valid HTTP: {why}{shown}")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send all of it. Raises :class:`CallFailed`, or httpcore's WriteError where an answer may still be read."""
        if not buffer:
            return
        if self._proxy is None:
            self._budget.enter(Phase.SEND)
        view = memoryview(buffer)
        try:
            while view:
                self._sock.settimeout(self._budget.remaining())
                view = view[self._sock.send(view) :]
        except TimeoutError:
            raise self._budget.expired() from None
        except ssl.SSLError as error:
            raise tls_failure(error, self._peer) from None
        except OSError as error:
            # A server may refuse early: httpcore goes on and reads what it said.
            self._wait_for_headers()
            raise httpcore.WriteError(error) from None
        self._wait_for_headers()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Do the handshake, certificate verified."""
        host = (server_hostname or "").strip("[]")
        self._budget.enter(Phase.TLS)
        peer = f"{host} {self._peer.partition(' ')[2]}"
        plain = self._sock
        try:
            plain.settimeout(self._budget.remaining())
            # Wrapping takes the socket over: if it fails, it is closed.
            self._sock = ssl_context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
            self._sock.do_handshake()
        except TimeoutError:
            self.close()
            raise self._budget.expired() from None
        except OSError as error:
            self.close()
            raise tls_failure(error, peer) from None
        except BaseException:
            self.close()
            raise
        return DeadlineStream(self._sock, self._budget, peer, None, self._method)

    def close(self) -> None:
        """Close the connection; once more does no harm."""
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ARG002 - httpcore asks for TLS's choice of HTTP/2: none
        """Nothing is told."""
        return None

    def _wait_for_headers(self) -> None:
        if self._proxy is None:
            self._budget.enter(Phase.HEADERS)

    def _lost(self, what: str) -> CallFailed:
        if self._proxy is not None:
            return CallFailed(FailureKind.PROBER, f"the proxy {self._proxy} {what} the connection")
        if self._head:
            return CallFailed(
                FailureKind.PROTOCOL, f"{self._peer} {what} the connection in the middle of its answer"
            )
        return CallFailed(FailureKind.CONNECT, f"{self._peer} {what} the connection without an answer")

    def _look_at_head(self, data: bytes) -> None:
        if not data:
            if not self._head:
                raise self._lost("closed")
            return
        self._head = (self._head + data)[:5]
        if b"HTTP/"[: len(self._head)] == self._head:
            return
        # Said at once: the parser would wait for an empty line, which a server of another kind never sends.
        who = self._peer if self._proxy is None else f"the proxy {self._proxy}"
        kind = FailureKind.PROTOCOL if self._proxy is None else FailureKind.PROBER
        shown = redact(data.decode("latin-1")).splitlines()[0][:40]
        raise CallFailed(kind, f"{who} does not speak HTTP: its answer begins with {shown!r}")


def _loss(error: OSError) -> str:
    return (
        "reset"
        if error.errno in (errno.ECONNRESET, errno.EPIPE)
        else f"lost ({error.strerror or 'unknown error'})"
    )

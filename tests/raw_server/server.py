"""The listener and its connections: everything that all faults share."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

MAX_HEAD = 64 * 1024
"""A request's head longer than this many bytes is cut off; the tests' own are shorter."""


class Stopped(Exception):  # noqa: N818 - a signal within the server, no error
    """The server is shutting down, or the client has left: the handler has nothing more to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of one request, as it came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order received."""

    def header(self, name: str) -> str | None:
        """The first value of one header, or None."""
        return next((value for key, value in self.headers if key == name.lower()), None)


def health_body() -> bytes:
    """What a healthy Deal Scout answers at this moment."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
    parts = {"ok": True, "db": True, "redis": True, "queue_depth": 0, "version": "0.1.0", "time": now}
    return json.dumps(parts).encode()


class Connection:
    """One accepted connection, with the few verbs that faults are written in.

    They raise :class:`Stopped` or ``OSError`` once the client is gone or the server closes; a handler need not care.
    """

    def __init__(self, sock: socket.socket, server: Server, number: int) -> None:
        self.sock = sock
        self.server = server
        self.number = number
        """1 for the server's first connection."""

    def start_tls(self, context: ssl.SSLContext) -> None:
        """Do the server's part of a TLS handshake; everything after it is encrypted."""
        self.sock = context.wrap_socket(self.sock, server_side=True, do_handshake_on_connect=False)
        self.sock.settimeout(5)
        self.sock.do_handshake()
        self.sock.settimeout(None)

    def read_head(self) -> Head:
        """Read one request's head and remember it in ``server.requests``."""
        received = b""
        while b"\r\n\r\n" not in received and len(received) < MAX_HEAD:
            data = self.sock.recv(8192)
            if not data:
                raise Stopped
            received += data
        whole, _, self.rest = received.partition(b"\r\n\r\n")
        first, *lines = whole.decode("latin-1").split("\r\n")
        method, target, *_ = [*first.split(" "), "", ""]
        fields = [line.partition(":") for line in lines]
        head = Head(method, target, tuple((name.lower(), value.strip()) for name, _, value in fields))
        self.server.requests.append(head)
        return head

    def read_body(self, head: Head) -> bytes:
        """Read the body that a request announced."""
        while len(self.rest) < int(head.header("content-length") or 0):
            data = self.sock.recv(8192)
            if not data:
                raise Stopped
            self.rest += data
        return self.rest

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.sock.sendall(data)

    def answer(
        self,
        body: bytes | None = None,
        *,
        status: str = "200 OK",
        headers: Iterable[tuple[str, str]] = (),
        content_length: int | None = None,
    ) -> None:
        """Send a whole response: a healthy one unless told otherwise."""
        body = health_body() if body is None else body
        length = len(body) if content_length is None else content_length
        fields = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *headers]
        self.send(head_bytes(status, [*fields, ("Content-Length", str(length))]) + body)

    def drip(self, data: bytes, every: float = 0.3) -> None:
        """Send one byte at a time, ``every`` seconds."""
        for byte in data:
            self.send(bytes((byte,)))
            self.pause(every)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the server lives."""
        if self.server.stopping.wait(seconds):
            raise Stopped

    def wait_until_client_leaves(self) -> None:
        """Say nothing more, and keep the connection open until the client closes it."""
        while self.sock.recv(8192):
            pass

    def reset(self) -> None:
        """Close with RST in place of FIN, as a crashed process or a firewall does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """Close, waking whatever waits on it; closing twice is harmless."""
        self.sock.close()

    def wake(self) -> None:
        """Make a handler that waits on this connection end, from another thread."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)


def head_bytes(status: str, headers: Iterable[tuple[str, str]]) -> bytes:
    """A response's head, up to and with the empty line; always ``Connection: close``."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Handler = Callable[[Connection], None]


class Server:
    """A listener on a free loopback port, one thread a connection, counted.

    ``handler=None`` binds the port and never listens, so that connections are refused while the port stays ours.
    """

    def __init__(
        self, handler: Handler | None, *, context: ssl.SSLContext | None = None, backlog: int = 128
    ) -> None:
        self.requests: list[Head] = []
        """The heads of all requests read, in order of arrival."""
        self.connections = 0
        """How many connections were accepted."""
        self.peak = 0
        """How many were open at once, at most."""
        self.stopping = threading.Event()
        self.turn = threading.Lock()
        """For handlers that answer one connection at a time."""
        self.scheme = "http" if context is None else "https"
        self.ca_file: str = ""
        """A file with the CA that a client needs to trust this server; empty without TLS."""
        self.other: Server | None = None
        """A second server on a port of its own, where a fault needs one."""
        self._handler = handler
        self._context = context
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._fillers: list[socket.socket] = []
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        if handler is not None:
            self._listener.listen(backlog)
            threading.Thread(target=self._accept, name=f"raw-server-{self.port}", daemon=True).start()

    @property
    def base_url(self) -> str:
        """Such as ``http://127.0.0.1:8000``, without a slash at the end."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The health endpoint's URL."""
        return f"{self.base_url}/health"

    def fill_backlog(self) -> None:
        """Listen, never accept and fill the kernel's queue, so that connections hang as in a black hole (Linux)."""
        self._listener.listen(0)
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            self._fillers.append(filler)
            with contextlib.suppress(BlockingIOError):
                filler.connect(("127.0.0.1", self.port))

    def close(self) -> None:
        """Close every socket; handlers end on their own within a moment."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            connection.wake()
        for filler in self._fillers:
            filler.close()
        if self.other is not None:
            self.other.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._lock:
                self.connections += 1
                connection = Connection(sock, self, self.connections)
                self._open.add(connection)
                self.peak = max(self.peak, len(self._open))
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Connection) -> None:
        try:
            if self._context is not None:
                connection.start_tls(self._context)
            assert self._handler is not None
            self._handler(connection)
        except (OSError, Stopped):  # the client left, or we close: neither is of interest
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

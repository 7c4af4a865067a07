"""Tiny HTTP proxies, well-behaved and not: handlers for :func:`tests.raw_server.serve`."""

from __future__ import annotations

import contextlib
import socket
import threading
from urllib.parse import urlsplit

from .server import Connection, Handler

__all__ = ["Handler", "hangs_up", "never_tunnels", "proxy", "refuses_tunnel", "wants_login"]


def proxy(connection: Connection) -> None:
    """Forwards plain requests and opens tunnels for CONNECT, to whatever it is asked for."""
    head = connection.read_head()
    if head.method == "CONNECT":
        host, _, port = head.target.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5) as upstream:
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(connection.sock, upstream)
        return
    url = urlsplit(head.target)
    assert url.hostname is not None
    lines = [f"{head.method} {url.path or '/'} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in head.headers if not name.startswith("proxy-")]
    with socket.create_connection((url.hostname, url.port or 80), timeout=5) as upstream:
        upstream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        while data := upstream.recv(65536):
            connection.send(data)


def _relay(near: socket.socket, far: socket.socket) -> None:
    def pump(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    outward = threading.Thread(target=pump, args=(near, far), daemon=True)
    outward.start()
    pump(far, near)


def wants_login(connection: Connection) -> None:
    """A proxy that asks for credentials."""
    connection.read_head()
    connection.answer(b"", status="407 Proxy Authentication Required")


def refuses_tunnel(connection: Connection) -> None:
    """A proxy that forbids the tunnel."""
    connection.read_head()
    connection.answer(b"", status="403 Forbidden")


def never_tunnels(connection: Connection) -> None:
    """A proxy that accepts the connection and says nothing."""
    connection.wait_until_client_leaves()


def hangs_up(connection: Connection) -> None:
    """A proxy that closes the connection instead of answering."""
    connection.read_head()

"""The HTTP probe's name lookup and the order in which it tries addresses."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from deployspec.model.http import FailureKind, Phase
from tests.raw_server import serve
from tests.tools.http.asking import TIMEOUT, answered, ask, failed, resolver

# id, error number, kind, a piece of the reason
LOOKUP_ERRORS = [
    ("no-such-name", socket.EAI_NONAME, FailureKind.LOOKUP, "unknown host deal-scout.test"),
    ("no-address", socket.EAI_NODATA, FailureKind.LOOKUP, "unknown host deal-scout.test"),
    ("try-again", socket.EAI_AGAIN, FailureKind.PROBER, "no resolver answered for deal-scout.test"),
    ("resolver-failed", socket.EAI_FAIL, FailureKind.PROBER, "no resolver answered for deal-scout.test"),
    ("system", socket.EAI_SYSTEM, FailureKind.PROBER, "no resolver answered for deal-scout.test"),
    ("memory", socket.EAI_MEMORY, FailureKind.PROBER, "no resolver answered for deal-scout.test"),
]


@pytest.mark.parametrize(
    ("number", "kind", "reason"), [row[1:] for row in LOOKUP_ERRORS], ids=[row[0] for row in LOOKUP_ERRORS]
)
def test_lookup_errors(number: int, kind: FailureKind, reason: str) -> None:
    """A name that does not exist is the deployment's failure; a resolver that does not answer is the prober's."""

    def resolve(*_: object, **__: object) -> Any:
        raise socket.gaierror(number, "as the resolver puts it")

    failed(ask("http://deal-scout.test/", resolve=resolve), kind, Phase.LOOKUP, reason)


def test_stalled_lookup_is_abandoned() -> None:
    """A lookup that hangs ends with the time limit."""
    release = threading.Event()

    def resolve(*_: object, **__: object) -> Any:
        release.wait(30)
        return []

    try:
        result = ask("http://deal-scout.test/", resolve=resolve, timeout=TIMEOUT)
    finally:
        release.set()
    failed(result, FailureKind.TIMEOUT, Phase.LOOKUP, "ran out during the name lookup")


def test_stalled_lookup_does_not_keep_the_process() -> None:
    """A process whose lookup hangs for ever still ends."""
    script = (
        "import socket, threading\n"
        "from deployspec.tools.http import Proxies, Request, call\n"
        "request = Request(url='http://deal-scout.test/', timeout=0.2, proxies=Proxies())\n"
        "socket.getaddrinfo = lambda *a, **k: threading.Event().wait()\n"
        "print(call(request).result.kind)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True
    )
    assert ended.stdout == "timeout\n"
    assert ended.stderr == ""


def test_address_needs_no_lookup() -> None:
    """An IP address is not looked up."""

    def resolve(*_: object, **__: object) -> Any:
        raise AssertionError

    with serve() as server:
        answered(ask(server, resolve=resolve))


def test_name_without_address() -> None:
    """A name that resolves to nothing is unknown."""
    failed(
        ask("http://deal-scout.test/", resolve=resolver()),
        FailureKind.LOOKUP,
        Phase.LOOKUP,
        "deal-scout.test has no address",
    )


def test_name_that_cannot_be_one() -> None:
    """A label that is too long for DNS fails the lookup, not the prober."""
    failed(ask(f"http://{'a' * 64}.test/"), FailureKind.LOOKUP, Phase.LOOKUP, "not a valid host name")


def test_second_address_answers() -> None:
    """An address that refuses does not end the call: the next one is tried."""
    with serve("refused") as dead, serve() as server:
        resolve = resolver(("127.0.0.1", dead.port), ("127.0.0.1", server.port))
        answer = answered(ask("http://deal-scout.test/health", resolve=resolve))
        assert server.requests[0].header("host") == "deal-scout.test"
    assert answer.url == "http://deal-scout.test/health"


def test_black_hole_leaves_time_for_the_next_address() -> None:
    """An address that swallows connections gets its share of the time, and no more."""
    with serve("black-hole") as hole, serve() as server:
        resolve = resolver(("127.0.0.1", hole.port), ("127.0.0.1", server.port))
        answer = answered(ask("http://deal-scout.test/health", resolve=resolve, timeout=2))
    assert answer.timings.phases[Phase.CONNECT] < 2


def test_all_addresses_refuse() -> None:
    """Where every address refuses, the reason names each."""
    with serve("refused") as one, serve("refused") as two:
        resolve = resolver(("127.0.0.1", one.port), ("127.0.0.1", two.port))
        result = failed(
            ask("http://deal-scout.test/", resolve=resolve),
            FailureKind.CONNECT,
            Phase.CONNECT,
            f"connection refused by 127.0.0.1 port {one.port}",
        )
    assert f"connection refused by 127.0.0.1 port {two.port}" in result.reason


# id, error number of the connect, kind, a piece of the reason
CONNECT_ERRORS = [
    ("refused", errno.ECONNREFUSED, FailureKind.CONNECT, "connection refused by 192.0.2.1 port 80"),
    ("reset", errno.ECONNRESET, FailureKind.CONNECT, "connection reset by 192.0.2.1 port 80"),
    ("no-route-to-host", errno.EHOSTUNREACH, FailureKind.CONNECT, "no route to 192.0.2.1 port 80"),
    ("system-gave-up", errno.ETIMEDOUT, FailureKind.CONNECT, "the system gave up connecting to 192.0.2.1"),
    ("no-network", errno.ENETUNREACH, FailureKind.PROBER, "the prober cannot connect to 192.0.2.1 port 80"),
    ("not-permitted", errno.EPERM, FailureKind.PROBER, "the prober cannot connect to 192.0.2.1 port 80"),
    ("no-ports-left", errno.EADDRNOTAVAIL, FailureKind.PROBER, "the prober cannot connect to 192.0.2.1"),
]


@pytest.mark.parametrize(
    ("number", "kind", "reason"), [row[1:] for row in CONNECT_ERRORS], ids=[row[0] for row in CONNECT_ERRORS]
)
def test_connect_errors(monkeypatch: pytest.MonkeyPatch, number: int, kind: FailureKind, reason: str) -> None:
    """What the network says of the address is the deployment's failure; what our own side lacks is the prober's."""

    def connect(self: socket.socket, address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("socket.socket.connect", connect)
    failed(ask("http://192.0.2.1/"), kind, Phase.CONNECT, reason)


def test_no_descriptors_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A prober that can open no socket says so, and blames nobody else."""

    class Exhausted(socket.socket):
        def __init__(self, *_: object) -> None:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr("deployspec.tools.http.backend._Socket", Exhausted)
    failed(
        ask("http://192.0.2.1/"),
        FailureKind.PROBER,
        Phase.CONNECT,
        "the prober cannot open a socket: Too many open",
    )


def test_refusal_tells_more_than_a_missing_network() -> None:
    """With one address of a network we don't have and one that refuses, the refusal counts."""
    with serve("refused") as dead:
        resolve = resolver(("2001:db8::1", 80), ("127.0.0.1", dead.port))
        result = ask("http://deal-scout.test/", resolve=resolve, timeout=2)
    failed(result, FailureKind.CONNECT, Phase.CONNECT, f"connection refused by 127.0.0.1 port {dead.port}")


def test_ipv6() -> None:
    """An IPv6 address is connected to, and bracketed in the Host header."""
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    heads: list[bytes] = []

    def serve_once() -> None:
        sock, *_ = listener.accept()
        with sock:
            heads.append(sock.recv(4096))
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=serve_once, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    with listener:
        answer = answered(ask(f"http://[::1]:{port}/health"))
        thread.join(5)
    assert answer.url == f"http://[::1]:{port}/health"
    assert f"Host: [::1]:{port}\r\n".encode() in heads[0]

"""One server of several behind a name: which addresses there are, and a call of each."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployspec.base.errors import UsageError
from deployspec.model.http import FailureKind, Phase
from deployspec.tools.http import Proxies, addresses_of, call, curl_line
from tests.raw_server import Connection, serve
from tests.tools.http.asking import TIMEOUT, answered, ask, failed, request_to, resolver

THREE = ("127.0.0.1", "127.0.0.2", "127.0.0.3")


def unasked(*_: object, **__: object) -> Any:
    """A resolver that nobody may ask."""
    raise AssertionError


@contextlib.contextmanager
def replicas(*addresses: str) -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    """Servers on one port of several addresses, each of which answers with its own; the port, and what they were sent."""
    heads: list[tuple[str, bytes]] = []
    with contextlib.ExitStack() as stack:
        port = 0
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            try:
                listener = stack.enter_context(socket.create_server((address, port), family=family))
            except OSError as error:
                pytest.skip(f"{address} cannot be listened on here: {error.strerror}")
            port = listener.getsockname()[1]
            threading.Thread(target=_serve, args=(listener, address, heads), daemon=True).start()
        yield port, heads


def _serve(listener: socket.socket, address: str, heads: list[tuple[str, bytes]]) -> None:
    with contextlib.suppress(OSError):  # the listener is closed
        while True:
            sock, *_ = listener.accept()
            with sock, contextlib.suppress(OSError):
                sock.settimeout(5)
                if head := sock.recv(4096):
                    heads.append((address, head))
                    body = address.encode()
                    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def test_the_address_is_asked_in_the_hosts_name() -> None:
    """The connection goes to the address, with no lookup; the URL and the header Host are the name's."""
    with replicas(*THREE) as (port, heads):
        answer = answered(ask(f"http://atlas.test:{port}/health", address="127.0.0.2", resolve=unasked))
    assert answer.body == b"127.0.0.2"
    assert answer.url == f"http://atlas.test:{port}/health"
    assert f"Host: atlas.test:{port}\r\n".encode() in heads[0][1]


def test_an_ipv6_address_is_asked() -> None:
    """An address of the other family serves as well."""
    with replicas("::1") as (port, _):
        assert answered(ask(f"http://atlas.test:{port}/", address="::1", resolve=unasked)).body == b"::1"


@pytest.mark.parametrize("address", ["atlas.test", "[::1]", "127.1", "127.0.0.1:80", "fe80::1%lo", " "])
def test_what_is_no_address_is_refused(address: str) -> None:
    """Only an IP address will do, and the error says what was found."""
    with pytest.raises(UsageError, match="must be an IP address without brackets") as error:
        request_to("http://atlas.test/", address=address)
    assert repr(address) in str(error.value)


def test_certificate_is_checked_against_the_name() -> None:
    """TLS is with the URL's host: its certificate holds, that of another name does not, and the reason says where."""
    with serve("tls-ok") as server:
        ca = Path(server.ca_file)
        good, bad = (f"https://{name}:{server.port}/health" for name in ("deal-scout.test", "other.test"))
        answered(ask(good, address="127.0.0.1", resolve=unasked, ca=ca))
        failed(
            ask(bad, address="127.0.0.1", resolve=unasked, ca=ca),
            FailureKind.TLS,
            Phase.TLS,
            f"not valid for host other.test, presented by other.test port {server.port} (127.0.0.1)",
        )


# id, fault, URL's scheme, kind, phase, a piece of the reason
REASONS = [
    ("refused", "refused", "http", FailureKind.CONNECT, Phase.CONNECT, "refused by 127.0.0.1 port {}"),
    ("closed", "closes-without-answer", "http", FailureKind.CONNECT, Phase.HEADERS,
     "atlas.test port {} (127.0.0.1) closed the connection without an answer"),
    ("tls", "healthy", "https", FailureKind.TIMEOUT, Phase.TLS, "TLS handshake, connected to 127.0.0.1"),
    ("time-out", "drip-headers", "http", FailureKind.TIMEOUT, Phase.HEADERS,
     "ran out while waiting for the response's headers, connected to 127.0.0.1"),
    ("time-out-of-body", "drip-body", "http", FailureKind.TIMEOUT, Phase.BODY, "came), connected to 127.0.0.1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "scheme", "kind", "phase", "reason"),
    [row[1:] for row in REASONS],
    ids=[row[0] for row in REASONS],
)
def test_reasons_name_the_address(
    fault: str, scheme: str, kind: FailureKind, phase: Phase, reason: str
) -> None:
    """With several servers behind a name, a reason says which one."""
    with serve(fault) as server:
        url = f"{scheme}://atlas.test:{server.port}/health"
        result = ask(url, address="127.0.0.1", resolve=unasked, timeout=TIMEOUT)
        failed(result, kind, phase, reason.format(server.port))


@pytest.mark.parametrize("elsewhere", [False, True])
def test_redirects(*, elsewhere: bool) -> None:
    """A redirect to the same host and port stays at the address; one to another host is looked up."""
    with replicas("127.0.0.3") as (port, _):
        location = f"http://other.test:{port}/" if elsewhere else "/there"

        def handler(connection: Connection) -> None:
            here = connection.read_head().target == "/here"
            connection.send(
                f"HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
                if here
                else b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsame"
            )

        with serve(handler) as server:
            answer = answered(
                ask(
                    f"http://atlas.test:{server.port}/here",
                    address="127.0.0.1",
                    resolve=resolver(("127.0.0.3", port)) if elsewhere else unasked,
                )
            )
    assert answer.body == (b"127.0.0.3" if elsewhere else b"same")


def test_another_port_of_the_host_is_asked_at_the_address() -> None:
    """As where http leads to https: the answer is that of the server which was to be asked."""
    with replicas("127.0.0.1", "127.0.0.2") as (port, _):

        def handler(connection: Connection) -> None:
            connection.read_head()
            connection.send(
                f"HTTP/1.1 302 Found\r\nLocation: http://atlas.test:{port}/\r\nContent-Length: 0\r\n\r\n".encode()
            )

        with serve(handler) as server:
            url = f"http://atlas.test:{server.port}/"
            answer = answered(ask(url, address="127.0.0.1", resolve=resolver(("127.0.0.2", port))))
    assert answer.body == b"127.0.0.1"


def test_no_address_through_a_proxy() -> None:
    """A proxy connects to what it likes, so the request is not sent."""
    proxies = Proxies({"http": ("http_proxy", "http://proxy.test:3128")})
    result = ask("http://atlas.test/", address="127.0.0.2", proxies=proxies, resolve=unasked)
    failed(
        result,
        FailureKind.PROBER,
        Phase.LOOKUP,
        "asked for the address 127.0.0.2 of atlas.test, but the proxy http://proxy.test:3128 would choose one",
    )


@pytest.mark.parametrize(
    ("url", "address", "words"),
    [
        ("https://a.test/", "127.0.0.2", "--resolve a.test:443:127.0.0.2"),
        ("http://a.test:8000/", "::1", "--resolve 'a.test:8000:[::1]'"),
        ("http://a.test/", "127.0.0.2", "--resolve a.test:80:127.0.0.2 --resolve a.test:443:127.0.0.2"),
    ],
)
def test_curl_line_names_the_address(url: str, address: str, words: str) -> None:
    """curl is told the address as it wants it."""
    assert f" {words} " in curl_line(request_to(url, address=address))
    assert "--resolve" not in curl_line(request_to(url))


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("address", ["127.0.0.2", "::1"])
def test_curl_asks_the_address(address: str) -> None:
    """curl goes where the probe went."""
    with replicas(address) as (port, _):
        words = shlex.split(curl_line(request_to(f"http://atlas.test:{port}/", address=address)))
        ended = subprocess.run([*words, "--noproxy", "*"], capture_output=True, timeout=30, check=True)
    assert ended.stdout.endswith(address.encode())


def known(monkeypatch: pytest.MonkeyPatch, resolve: Callable[..., Any]) -> None:
    """Have names resolved so."""
    monkeypatch.setattr("socket.getaddrinfo", resolve)


def test_addresses_of_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address once, in the resolver's order."""
    with replicas(*THREE) as (port, _):
        known(
            monkeypatch,
            resolver(*((one, port) for one in ("127.0.0.2", "127.0.0.1", "127.0.0.2", "127.0.0.3"))),
        )
        assert addresses_of(request_to(f"http://atlas.test:{port}/")) == (
            "127.0.0.2",
            "127.0.0.1",
            "127.0.0.3",
        )


def test_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name with one address has that one."""
    with replicas("127.0.0.1") as (port, _):
        known(monkeypatch, resolver(("127.0.0.1", port)))
        assert addresses_of(request_to(f"http://atlas.test:{port}/")) == ("127.0.0.1",)


@pytest.mark.parametrize("first", ["::1", "127.0.0.1"])
def test_addresses_are_of_the_family_that_answers_first(monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    """A name with both families has its servers once: by the family of the first address that accepts."""
    with replicas("127.0.0.1", "::1") as (port, _):
        order = sorted(("127.0.0.1", "::1", "127.0.0.9"), key=lambda address: address != first)
        known(monkeypatch, resolver(*((address, port) for address in order)))
        expected = ("::1",) if first == "::1" else ("127.0.0.1", "127.0.0.9")
        assert addresses_of(request_to(f"http://atlas.test:{port}/")) == expected


def test_a_family_that_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that refuses does not choose the family, but is one of it where another one accepts."""
    with replicas("127.0.0.2") as (port, _):
        known(monkeypatch, resolver(*((one, port) for one in ("::1", "127.0.0.1", "127.0.0.2"))))
        assert addresses_of(request_to(f"http://atlas.test:{port}/")) == ("127.0.0.1", "127.0.0.2")


def test_a_hundred_addresses_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """More addresses than an ordinary call tries are given, up to a hundred."""
    with replicas("127.0.0.1") as (port, _):
        known(monkeypatch, resolver(*((f"127.0.0.{last}", port) for last in range(1, 151))))
        found = addresses_of(request_to(f"http://atlas.test:{port}/"))
    assert found == tuple(f"127.0.0.{last}" for last in range(1, 101))


def test_no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """None where nothing accepts, nothing is known, a proxy looks up, or there is no name."""

    def unknown(*_: object, **__: object) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    with serve("refused") as dead:
        request = request_to(f"http://atlas.test:{dead.port}/")
        known(monkeypatch, resolver(("127.0.0.1", dead.port)))
        assert addresses_of(request) == ()
    known(monkeypatch, unknown)
    assert addresses_of(request) == ()
    known(monkeypatch, unasked)
    for value in ("http://proxy.test", "ftp://proxy.test"):
        assert addresses_of(replace(request, proxies=Proxies({"http": ("http_proxy", value)}))) == ()
    assert addresses_of(request_to("http://127.0.0.1/")) == ()
    assert addresses_of(request_to("http://[::1]/")) == ()


def test_a_lookup_that_hangs_has_no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time limit holds for the lookup."""
    release = threading.Event()

    def hangs(*_: object, **__: object) -> Any:
        release.wait(30)
        return []

    known(monkeypatch, hangs)
    try:
        assert addresses_of(request_to("http://atlas.test/", timeout=0.2)) == ()
    finally:
        release.set()


def test_the_trust_store_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that trust alike share what is loaded, also where they are made at the same moment."""
    loaded: list[None] = []
    create = ssl.create_default_context

    def counting() -> ssl.SSLContext:
        loaded.append(None)
        return create()

    monkeypatch.setattr(ssl, "create_default_context", counting)
    with serve("tls-ok") as server:
        request = request_to(server)
        with ThreadPoolExecutor(4) as pool:
            for one in pool.map(call, [request] * 8):
                answered(one.result)
    assert len(loaded) == 1

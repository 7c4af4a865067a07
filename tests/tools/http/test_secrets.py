"""What the HTTP probe never tells: the values of the user's headers."""

from __future__ import annotations

import pytest

from deployspec.base.errors import UsageError
from deployspec.base.secret import Secret
from deployspec.model.http import Failure, FailureKind, Phase
from deployspec.tools.http import Proxies, Request, call
from tests.raw_server import Connection, serve
from tests.tools.http.asking import answered, ask, failed, request_to

TOKEN = "s3same-0pen-please"
HEADERS = {"Authorization": Secret(f"Bearer {TOKEN}")}


def test_repr_of_a_request() -> None:
    """A request shows no header, not even one that is not a secret."""
    request = request_to("http://a.test/", headers={**HEADERS, "X-Key": TOKEN})
    assert TOKEN not in repr(request)
    assert TOKEN not in str(request)


def test_secret_is_sent() -> None:
    """The server gets the value itself."""
    with serve() as server:
        answered(ask(server, headers=HEADERS))
        assert server.requests[0].header("authorization") == f"Bearer {TOKEN}"


# id, what the server answers with the header's value that it was sent
ECHOES = [
    ("instead-of-http", "{}\r\n"),
    ("status-line", "HTTP/1.1 {}\r\n\r\n"),
    ("header-line", "HTTP/1.1 200 OK\r\n{}\r\n\r\n"),
    ("chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n"),
    ("encoding", "HTTP/1.1 200 OK\r\nContent-Encoding: {}\r\nContent-Length: 0\r\n\r\n"),
    ("location", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/?token={}\r\nContent-Length: 0\r\n\r\n"),
    ("scheme", "HTTP/1.1 302 Found\r\nLocation: a-{}:x\r\nContent-Length: 0\r\n\r\n"),
]


@pytest.mark.parametrize("reply", [row[1] for row in ECHOES], ids=[row[0] for row in ECHOES])
@pytest.mark.parametrize("part", ["whole", "token"])
def test_server_that_repeats_the_secret(reply: str, part: str) -> None:
    """A server that answers with the credentials it was sent does not bring them into a failure."""

    def handler(connection: Connection) -> None:
        value = connection.read_head().header("authorization") or ""
        connection.send(reply.format(value if part == "whole" else value.split()[1]).encode())

    with serve(handler) as server:
        result = ask(server, headers=HEADERS)
    assert isinstance(result, Failure)
    assert TOKEN not in repr(result)


# id, name, value
UNSENDABLE = [
    ("line-break", "X-Key", f"{TOKEN}\r\nX-Other: 1"),
    ("nul", "X-Key", f"{TOKEN}\0"),
    ("not-latin-1", "X-Key", f"{TOKEN}\u2713"),
    ("name-with-space", "X Key", TOKEN),
    ("empty-name", "", TOKEN),
    ("length", "Content-Length", "5"),
    ("framing", "transfer-encoding", "chunked"),
]


@pytest.mark.parametrize(
    ("name", "value"), [row[1:] for row in UNSENDABLE], ids=[row[0] for row in UNSENDABLE]
)
def test_header_that_cannot_be_sent(name: str, value: str) -> None:
    """A header that HTTP cannot carry is the prober's failure, and its value is not told."""
    with serve() as server:
        result = ask(server, headers={name: Secret(value)})
        assert server.requests == []
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.PROBER
    assert "header" in result.reason
    assert TOKEN not in repr(result)


def test_secret_is_revealed_only_to_be_sent() -> None:
    """A request that is never sent reveals nothing."""

    class Sealed(Secret):
        def reveal(self) -> str:
            raise AssertionError

    Request(url="http://a.test/", headers={"X-Key": Sealed("x")}, timeout=1, proxies=Proxies())


def test_credentials_in_the_url_are_refused() -> None:
    """A URL with a password is a usage error that does not repeat it."""
    with pytest.raises(UsageError, match="credentials") as caught:
        request_to(f"http://me:{TOKEN}@a.test/")
    assert TOKEN not in str(caught.value)


# id, what is wrong, a piece of the error
UNUSABLE = [
    ("scheme", {"url": "ftp://a.test/"}, "scheme 'ftp'"),
    ("no-host", {"url": "http:///health"}, "without a host"),
    ("no-scheme", {"url": "a.test/health"}, "neither http nor https"),
    ("port", {"url": "http://a.test:70000/"}, "not valid"),
    ("no-time", {"timeout": 0}, "more than 0 s"),
    ("endless-time", {"timeout": float("inf")}, "more than 0 s"),
    ("not-a-time", {"timeout": float("nan")}, "more than 0 s"),
    ("retries", {"retries": -1}, "0 or more"),
    ("size", {"max_body": -1}, "0 bytes or more"),
]


@pytest.mark.parametrize(("wrong", "error"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
def test_request_that_cannot_be_made(wrong: dict[str, object], error: str) -> None:
    """A request that makes no sense is a usage error, at once."""
    with pytest.raises(UsageError, match=error):
        request_to(str(wrong.pop("url", "http://a.test/")), **wrong)


def test_long_and_odd_answers_make_short_reasons() -> None:
    """Terminal codes and a line of any length, sent by a server, end up as one short printable line."""
    raw = b"HTTP/1.1 \x1b[31m" + b"x" * 5000 + "\u202e\u2028".encode() + b"\r\n\r\n"
    with serve(lambda connection: (connection.read_head(), connection.send(raw))[0]) as server:
        result = failed(ask(server), FailureKind.PROTOCOL, Phase.HEADERS, "illegal status line")
    assert "\x1b" not in result.reason


def test_words_of_the_own_url_are_no_secrets() -> None:
    """A header that repeats a part of the URL does not make that part a secret: the answer's URL stays whole."""
    with serve("redirect-ok") as server:
        answer = answered(ask(server, headers={"X-Forwarded-Host": Secret(f"127.0.0.1:{server.port}")}))
    assert answer.url == f"{server.base_url}/status?full=1"


def test_long_urls_stay_whole() -> None:
    """However long, the URL that answered is told in full."""
    with serve() as server:
        answer = answered(ask(f"{server.url}?{'x' * 1000}"))
    assert answer.url == f"{server.url}?{'x' * 1000}"


def test_keyboard_interrupt_passes() -> None:
    """Ctrl-C ends a call: it is no failure of the deployment."""

    class Interrupting(Secret):
        def reveal(self) -> str:
            raise KeyboardInterrupt

    request = request_to("http://127.0.0.1:1/", headers={"X-Key": Interrupting("x")})
    with pytest.raises(KeyboardInterrupt):
        call(request)


def test_no_library_logs_what_a_server_repeats(caplog: pytest.LogCaptureFixture) -> None:
    """A token that a server puts into its own headers is in no log, at any level."""
    caplog.set_level("DEBUG")
    head = f"HTTP/1.1 200 OK\r\nX-Echo: {TOKEN}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with serve(lambda connection: (connection.read_head(), connection.send(head))[0]) as server:
        answered(ask(server, headers=HEADERS))
    assert TOKEN not in caplog.text

"""The HTTP probe's redirects: where they lead, what they show, and who gets no credentials."""

from __future__ import annotations

import pytest

from deployspec.base.secret import Secret
from deployspec.model.http import FailureKind, Hop, Phase
from deployspec.tools.http import curl_line
from deployspec.tools.http.urls import Url
from tests.raw_server import Connection, serve
from tests.tools.http.asking import answered, ask, failed, request_to

HEADERS = {"Authorization": Secret("Bearer sesame-open"), "X-Api-Key": "plain-but-private"}


def test_hops_are_kept() -> None:
    """Each redirect that was followed is kept with its status and where it led; the answer's URL is the last one."""
    with serve("redirect-ok") as server:
        answer = answered(ask(server))
    target = f"{server.base_url}/status?full=1"
    assert answer.hops == (Hop(307, target),)
    assert answer.url == target


def test_not_followed() -> None:
    """Where redirects are not to be followed, the redirect is the answer."""
    with serve("redirect-ok") as server:
        answer = answered(ask(server, redirects=False))
        assert len(server.requests) == 1
    assert (answer.status, answer.hops, answer.url) == (307, (), server.url)
    assert "--location" not in curl_line(request_to(server, redirects=False))


def test_hops_of_a_failure_are_kept() -> None:
    """A chain that ends in a failure tells how far it came, and which URL failed."""
    with serve("redirect-to-closed-port") as server:
        assert server.other is not None
        result = failed(ask(server), FailureKind.CONNECT, Phase.CONNECT, f"port {server.other.port}")
    assert result.hops == (Hop(302, server.other.url),)
    assert result.url == server.other.url


def test_own_origin_keeps_the_headers() -> None:
    """A redirect on the same origin is asked with the user's headers."""
    with serve("redirect-ok") as server:
        answered(ask(server, headers=HEADERS))
        seen = [head.header("authorization") for head in server.requests]
    assert seen == ["Bearer sesame-open"] * 2


def test_another_port_gets_no_headers() -> None:
    """Another origin, were it only another port, gets none of the user's headers, but ours."""
    with serve("redirect-other-host") as server:
        answered(ask(server, headers=HEADERS))
        assert server.other is not None
        (head,) = server.other.requests
    assert server.requests[0].header("authorization") == "Bearer sesame-open"
    assert head.header("authorization") is None
    assert head.header("x-api-key") is None
    assert head.header("x-synthetic") == "deployspec"
    assert head.header("host") == f"127.0.0.1:{server.other.port}"


def test_headers_never_come_back() -> None:
    """Once a chain has left the origin, it gets no headers even where it returns: another host chose that request."""
    with serve("redirect-other-host-and-back") as server:
        answer = answered(ask(server, headers=HEADERS))
        back = server.requests[-1]
    assert answer.url == f"{server.base_url}/home"
    assert back.target == "/home"
    assert back.header("authorization") is None


def test_credentials_in_a_location_are_neither_shown_nor_sent() -> None:
    """A name and password in a Location are dropped."""
    with serve("redirect-with-credentials") as server:
        answer = answered(ask(server))
        last = server.requests[-1]
    assert "hunter2" not in repr((answer.hops, answer.url))
    assert answer.hops[0].location == f"{server.base_url}/status"
    assert last.header("authorization") is None


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_statuses_that_redirect(status: int) -> None:
    """All five statuses that redirect a GET are followed."""

    def handler(connection: Connection) -> None:
        if connection.read_head().target == "/health":
            connection.answer(b"", status=f"{status} Elsewhere", headers=[("Location", "/x")])
        else:
            connection.answer()

    with serve(handler) as server:
        assert answered(ask(server)).hops[0].status == status


@pytest.mark.parametrize("status", [300, 304, 305])
def test_statuses_that_do_not_redirect(status: int) -> None:
    """Other statuses of the three hundreds are answers, Location or not."""

    def handler(connection: Connection) -> None:
        connection.read_head()
        connection.answer(b"", status=f"{status} Here", headers=[("Location", "/x")])

    with serve(handler) as server:
        assert answered(ask(server)).status == status


# id, base, Location, where it leads
JOINED = [
    ("absolute", "http://a/x", "https://b:8443/y?z=1", "https://b:8443/y?z=1"),
    ("relative", "http://a/x/y", "z", "http://a/x/z"),
    ("upwards", "http://a/x/y", "../z", "http://a/z"),
    ("host-only", "http://a/x", "//b", "http://b/"),
    ("query-only", "http://a/x?q=1", "?q=2", "http://a/x?q=2"),
    ("fragment", "http://a/x", "/y#part", "http://a/y"),
    ("default-port", "http://a/x", "https://a:443/y", "https://a/y"),
    ("upper-case", "http://a/x", "HTTP://B/Y", "http://b/Y"),
    ("space", "http://a/x", "/y z?a b", "http://a/y%20z?a%20b"),
    ("kept-escapes", "http://a/x", "/y%20z%2F", "http://a/y%20z%2F"),
    ("ipv6", "http://a/x", "http://[::1]:8080/", "http://[::1]:8080/"),
    ("trailing-dot", "http://a/x", "http://b./y", "http://b/y"),
]


@pytest.mark.parametrize(
    ("base", "location", "target"), [row[1:] for row in JOINED], ids=[row[0] for row in JOINED]
)
def test_locations_are_resolved(base: str, location: str, target: str) -> None:
    """A Location is resolved as RFC 3986 says, and percent-encoded where it was not."""
    assert str(Url.parse(base).join(location)) == target


# id, Location, a piece of the reason
NOWHERE = [
    ("mailto", "mailto:a@b", "scheme 'mailto'"),
    ("javascript", "javascript:alert(1)", "scheme 'javascript'"),
    ("no-host", "https://?x", "without a host"),
    ("port-too-large", "http://a:65536/", "not valid"),
    ("port-0", "http://a:0/", "port 0"),
    ("half-a-bracket", "http://[::1/", "not valid"),
    ("bad-ipv6", "http://[:::]/", "valid"),
    ("bad-host", "http://a b/", "not a valid name"),
    ("leading-dot", "http://.a/", "not a valid name"),
]


@pytest.mark.parametrize(
    ("location", "reason"), [row[1:] for row in NOWHERE], ids=[row[0] for row in NOWHERE]
)
def test_locations_that_lead_nowhere(location: str, reason: str) -> None:
    """A Location that is no http or https URL is a redirect failure that says why."""

    def handler(connection: Connection) -> None:
        connection.read_head()
        connection.answer(b"", status="302 Found", headers=[("Location", location)])

    with serve(handler) as server:
        failed(ask(server), FailureKind.REDIRECT, Phase.HEADERS, reason)


def test_body_of_a_redirect_is_not_read() -> None:
    """A redirect may have a body of any size: it is of no interest."""

    def handler(connection: Connection) -> None:
        if connection.read_head().target != "/health":
            connection.answer()
            return
        connection.answer(b"x", status="302 Found", headers=[("Location", "/x")], content_length=10**12)
        connection.wait_until_client_leaves()

    with serve(handler) as server:
        assert answered(ask(server)).status == 200

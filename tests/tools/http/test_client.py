"""The client for checks of one's own: its limits, whom it tells what, and how its failures are raised."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployspec.base import disclosure
from deployspec.base.secret import Secret
from deployspec.model.http import Answer, Failure, FailureKind
from deployspec.model.verdict import Unmeasured
from deployspec.tools.http import Proxies
from deployspec.tools.http.client import DeploymentClient
from tests.raw_server import Connection, Server, serve
from tests.tools.http.asking import SLACK, TIMEOUT, assert_readable

TOKEN = "Bearer sesame-open-up"


def client_of(server: Server | str, **more: Any) -> DeploymentClient:
    """A client with a secret header, which trusts the server's authority."""
    told: dict[str, Any] = {
        "headers": {"Authorization": Secret(TOKEN), "X-Key": "a-key-of-ours"},
        "proxies": Proxies(),
    }
    if isinstance(server, Server) and server.ca_file:
        told["ca"] = Path(server.ca_file)
    return DeploymentClient(server if isinstance(server, str) else server.base_url, **(told | more))


# fault: a server's; error: httpx's class; kind: ours.
@pytest.mark.parametrize(
    ("fault", "error", "kind"),
    [
        ("refused", httpx.ConnectError, FailureKind.CONNECT),
        ("black-hole", httpx.ConnectTimeout, FailureKind.TIMEOUT),
        ("stalled-tls", httpx.ConnectTimeout, FailureKind.TIMEOUT),
        ("accepts-never-answers", httpx.ReadTimeout, FailureKind.TIMEOUT),
        ("drip-headers", httpx.ReadTimeout, FailureKind.TIMEOUT),
        ("drip-body", httpx.ReadTimeout, FailureKind.TIMEOUT),
        ("closes-without-answer", httpx.ReadError, FailureKind.CONNECT),
        ("unknown-ca", httpx.ConnectError, FailureKind.TLS),
        ("not-http", httpx.RemoteProtocolError, FailureKind.PROTOCOL),
        ("short-body", httpx.RemoteProtocolError, FailureKind.PROTOCOL),
        ("body-200mb-chunked", httpx.ReadError, FailureKind.TOO_LARGE),
        ("gzip-bomb", httpx.ReadError, FailureKind.TOO_LARGE),
        ("broken-gzip", httpx.DecodingError, FailureKind.ENCODING),
        ("redirect-to-bad-url", httpx.RequestError, FailureKind.REDIRECT),
        ("redirect-to-file-scheme", httpx.UnsupportedProtocol, FailureKind.REDIRECT),
        ("redirect-loop", httpx.TooManyRedirects, FailureKind.REDIRECT),
        ("redirect-chain-6", httpx.TooManyRedirects, FailureKind.REDIRECT),
    ],
)
def test_a_failure_is_httpxs_own_exception_with_our_reason(
    fault: str, error: type[httpx.RequestError], kind: FailureKind
) -> None:
    """Within the total time limit, however small the pieces; the failure is kept."""
    timeout = TIMEOUT if kind is FailureKind.TIMEOUT else 10.0
    with serve(fault) as server, client_of(server) as client:
        began = time.monotonic()
        with pytest.raises(error) as raised:
            client.get("/health", timeout=timeout, follow_redirects=True)
        assert time.monotonic() - began <= timeout + SLACK
    failure = client.failure_of(raised.value)
    assert failure is not None
    assert failure.kind is kind
    assert_readable(failure)
    assert str(raised.value) == failure.reason
    assert client.calls[-1].result is failure


def test_one_limit_over_all_redirects() -> None:
    """The smallest of httpx's values is the total, redirects included."""
    with serve("slow-redirects") as server, client_of(server) as client:
        with pytest.raises(httpx.TimeoutException, match=r"the time limit of 0\.7 s ran out"):
            client.get("/health", timeout=httpx.Timeout(9, read=TIMEOUT), follow_redirects=True)
        (call,) = client.calls
    assert call.result.timings.total <= TIMEOUT + SLACK


def test_a_limit_always_holds() -> None:
    """``timeout=None`` is no way around it, and a client's own value is one."""
    with serve("drip-body") as server, client_of(server) as client:
        client.timeout = httpx.Timeout(TIMEOUT)
        with pytest.raises(httpx.ReadTimeout, match=r"0\.7 s"):
            client.get("/health")


def test_a_redirect_is_visible_and_followed_only_if_told() -> None:
    """Status and Location are seen; followed, the evidence tells the way."""
    with serve("redirect-ok") as server, client_of(server) as client:
        seen = client.get("/health")
        assert (seen.status_code, seen.headers["location"]) == (307, "status?full=1")
        followed = client.get("/health", follow_redirects=True)
        assert followed.status_code == 200
        assert followed.json()["ok"] is True
        assert [one.status_code for one in followed.history] == [307]
        first, second = (call.result for call in client.calls)
    assert isinstance(first, Answer)
    assert not first.hops
    assert [hop.status for hop in second.hops] == [307]
    assert second.url.endswith("/status?full=1")


def test_no_header_goes_to_another_origin() -> None:
    """Neither the deployment's nor the request's own follow a redirect there, or back; nor does a question asked there."""
    for fault in ("redirect-other-host", "redirect-other-host-and-back"):
        with serve(fault) as server, client_of(server) as client:
            client.get("/health", headers={"X-Own": "of the check"}, follow_redirects=True)
            assert server.other is not None
            names = [{name for name, _ in head.headers} for head in server.requests]
            assert {"authorization", "x-key", "x-own"} <= names[0]
            others = names[1:] + [{name for name, _ in head.headers} for head in server.other.requests]
            assert others
            assert not any({"authorization", "x-key", "x-own"} & one for one in others)
    with serve() as own, serve() as other, client_of(own) as client:
        client.get(other.url)
    assert not {"authorization", "x-key"} & {name for name, _ in other.requests[0].headers}


def test_a_redirect_followed_by_hand_takes_no_header_along() -> None:
    """As ``send(answer.next_request)`` follows it."""
    with serve("redirect-other-host") as server, client_of(server) as client:
        answer = client.get("/health", headers={"X-Own": "of the check"})
        assert answer.next_request is not None
        assert client.send(answer.next_request).status_code == 200
        assert server.other is not None
        assert "x-own" not in {name for name, _ in server.other.requests[0].headers}


def test_headers_are_ours_unless_the_deployment_or_the_check_says_otherwise() -> None:
    """The check's win over the deployment's, which win over ours."""
    with serve() as server, client_of(server, headers={"Accept": "text/html", "X-Key": "theirs"}) as client:
        client.get("/health", headers={"X-Key": "mine"})
    sent = dict(server.requests[0].headers)
    assert (sent["accept"], sent["x-key"], sent["x-synthetic"]) == ("text/html", "mine", "deployspec")
    assert len(sent) == len(server.requests[0].headers)


def test_a_compressed_body_is_read_once() -> None:
    """Its headers stay as they came."""
    with serve("gzip-ok") as server, client_of(server) as client:
        answer = client.get("/health")
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["ok"] is True
        assert answer.elapsed.total_seconds() > 0
        with client.stream("GET", "/health") as streamed:
            assert b"".join(streamed.iter_bytes()) == answer.content


def test_private_authority() -> None:
    """Trusted where it is named, and only there."""
    with serve("tls-ok") as server:
        with client_of(server) as client:
            assert client.get("/health").status_code == 200
        with client_of(server, ca=None) as client, pytest.raises(httpx.ConnectError, match="`ca:` names"):
            client.get("/health")


def test_only_reading_unless_allowed() -> None:
    """Nothing is sent; where it is allowed, the body is."""
    bodies: list[bytes] = []

    def takes(connection: Connection) -> None:
        head = connection.read_head()
        if head.method == "POST":
            bodies.append(connection.read_body(head))
        if head.method == "HEAD":
            connection.answer(b"", content_length=9)
        else:
            connection.answer()

    with serve(takes) as server:
        with client_of(server) as client:
            for method in ("POST", "PUT", "PATCH", "DELETE", "PURGE"):
                with pytest.raises(
                    Unmeasured, match=rf"^{method} may change something.*add `allow: \[write\]`"
                ):
                    client.request(method, "/health")
            assert not server.requests
            assert client.head("/health").headers["content-length"] == "9"
            assert client.options("/health").status_code == 200
        with client_of(server, may_write=True) as client:
            assert client.post("/health", json={"a": 1}).status_code == 200
    assert bodies == [b'{"a":1}']


def test_what_may_change_something_follows_no_redirect_away() -> None:
    """A body may hold what only its own host is to see."""

    def leads_away(connection: Connection) -> None:
        connection.read_head()
        connection.answer(b"", status="307 Temporary Redirect", headers=[("Location", other.url)])

    with serve() as other, serve(leads_away) as server, client_of(server, may_write=True) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="a POST is not repeated there"):
            client.post("/", json={}, follow_redirects=True)
        assert not other.requests


def test_a_proxy_that_cannot_be_used_is_the_probers_own() -> None:
    """Nothing was learnt of the deployment."""
    with serve("refused") as proxy, serve() as server:
        proxies = Proxies({"http": ("http_proxy", proxy.base_url)})
        with client_of(server, proxies=proxies) as client:
            with pytest.raises(httpx.ProxyError, match=r"the proxy .* cannot be used") as raised:
                client.get("/health")
            failure = client.failure_of(raised.value)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.PROBER


def test_the_last_ten_are_kept() -> None:
    """However many a check asks."""
    with serve() as server, client_of(server) as client:
        for number in range(12):
            client.get(f"/{number}")
        assert [call.result.url.rpartition("/")[2] for call in client.calls] == [str(n) for n in range(2, 12)]


def test_credentials_of_a_check_are_hidden_and_short_words_are_not() -> None:
    """The password of Basic too, which is sent in base64."""
    with serve() as server, client_of(server) as client:
        client.cookies.update({"sid": "abcdef-123", "dark": "yes"})
        client.get("/x", auth=("me", "swordfish-7"))
    assert disclosure.redact("swordfish-7 abcdef-123 yes me") == "*** *** yes me"

"""The HTTP probe and the proxy variables: honoured, told, and their credentials never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from deployspec.model.http import Failure, FailureKind, Phase
from deployspec.tools.http import Proxies, proxies_from
from deployspec.tools.http.proxies import UnusableProxyError
from deployspec.tools.http.urls import Url
from tests.raw_server import proxies, serve
from tests.tools.http.asking import TIMEOUT, answered, ask, failed

# id, environment, URL, the proxy (empty: none)
SELECTED = [
    ("none", {}, "http://a.test/", ""),
    ("http", {"http_proxy": "http://p:3128"}, "http://a.test/", "http://p:3128"),
    ("upper-case", {"HTTP_PROXY": "http://p:3128"}, "http://a.test/", "http://p:3128"),
    (
        "lower-case-first",
        {"HTTP_PROXY": "http://q", "http_proxy": "http://p:3128"},
        "http://a.test/",
        "http://p:3128",
    ),
    ("other-scheme", {"http_proxy": "http://p:3128"}, "https://a.test/", ""),
    ("https", {"HTTPS_PROXY": "http://p:3128/"}, "https://a.test/", "http://p:3128"),
    ("all", {"ALL_PROXY": "http://p:3128"}, "https://a.test/", "http://p:3128"),
    (
        "own-before-all",
        {"all_proxy": "http://q", "https_proxy": "http://p:1"},
        "https://a.test/",
        "http://p:1",
    ),
    (
        "all-lower-first",
        {"ALL_PROXY": "http://q", "all_proxy": "http://p:1"},
        "https://a.test/",
        "http://p:1",
    ),
    ("empty", {"http_proxy": ""}, "http://a.test/", ""),
    ("blank", {"http_proxy": " "}, "http://a.test/", ""),
    ("no-scheme", {"http_proxy": "p:3128"}, "http://a.test/", "http://p:3128"),
    ("no-port", {"http_proxy": "http://p"}, "http://a.test/", "http://p:1080"),
    ("ipv6", {"http_proxy": "http://[::1]:3128"}, "http://a.test/", "http://[::1]:3128"),
    ("credentials", {"http_proxy": "http://me:hunter2@p:3128"}, "http://a.test/", "http://p:3128"),
    ("loopback", {"http_proxy": "http://p:3128"}, "http://127.0.0.1/", "http://p:3128"),
]

# id, no_proxy, host, whether it is asked directly
EXCEPTIONS = [
    ("host", "a.test", "a.test", True),
    ("subdomain", "a.test", "www.a.test", True),
    ("leading-dot", ".a.test", "a.test", True),
    ("other-domain", "a.test", "ba.test", False),
    ("upper-case", "A.Test", "a.test", True),
    ("second-entry", "b.test, a.test", "a.test", True),
    ("spaces", "b.test a.test", "a.test", True),
    ("star", "*", "a.test", True),
    ("star-domain", "*.test", "a.test", False),
    ("empty-entry", "b.test,,", "a.test", False),
    ("address", "127.0.0.1", "127.0.0.1", True),
    ("network", "10.0.0.0/8,127.0.0.0/8", "127.0.0.1", True),
    ("other-network", "10.0.0.0/8", "127.0.0.1", False),
    ("network-and-name", "10.0.0.0/8", "a.test", False),
    ("ipv6", "[::1]", "[::1]", True),
    ("domain-of-an-address", "0.0.1", "127.0.0.1", False),
    ("blank", " ", "a.test", False),
]

# id, value of http_proxy, a piece of the reason
UNUSABLE = [
    ("socks", "socks5://p:1080", "scheme is not http"),
    ("https", "https://p:3128", "scheme is not http"),
    ("bad-port", "http://me:hunter2@p:many", "no valid URL"),
    ("no-host", "http://:3128", "names no host"),
    ("line-break", "http://p q:3128", "names no host"),
]


@pytest.mark.parametrize(
    ("environ", "url", "proxy"), [row[1:] for row in SELECTED], ids=[row[0] for row in SELECTED]
)
def test_proxy_variables(environ: dict[str, str], url: str, proxy: str) -> None:
    """The variables of the URL's scheme decide, in lower case first."""
    selected = proxies_from(environ).select(Url.parse(url))
    assert str(selected or "") == proxy


@pytest.mark.parametrize(
    ("listed", "host", "direct"), [row[1:] for row in EXCEPTIONS], ids=[row[0] for row in EXCEPTIONS]
)
@pytest.mark.parametrize("variable", ["no_proxy", "NO_PROXY"])
def test_no_proxy(variable: str, listed: str, host: str, direct: bool) -> None:
    """What ``no_proxy`` lists is asked directly, as curl reads it."""
    selected = proxies_from({"http_proxy": "http://p", variable: listed}).select(Url.parse(f"http://{host}/"))
    assert (selected is None) is direct


@pytest.mark.parametrize(("value", "reason"), [row[1:] for row in UNUSABLE], ids=[row[0] for row in UNUSABLE])
def test_unusable_proxy(value: str, reason: str) -> None:
    """A proxy that cannot be used is the prober's failure, which names the variable and not its value."""
    environ = {"http_proxy": value}
    with pytest.raises(UnusableProxyError, match="http_proxy"):
        proxies_from(environ).select(Url.parse("http://a.test/"))
    result = failed(
        ask("http://a.test/", proxies=proxies_from(environ)), FailureKind.PROBER, Phase.LOOKUP, reason
    )
    assert "hunter2" not in repr(result)


def test_plain_request_through_a_proxy() -> None:
    """A plain request goes through the proxy, with its credentials; the answer says so, without them."""
    with serve(proxies.proxy) as middle, serve() as server:
        variables = proxies_from({"http_proxy": f"http://me:p%40ss@127.0.0.1:{middle.port}"})
        answer = answered(ask(server, proxies=variables))
        (head,) = middle.requests
        assert server.connections == 1
    assert answer.via == f"proxy http://127.0.0.1:{middle.port}"
    assert head.target == server.url
    assert head.header("proxy-authorization") == "Basic " + base64.b64encode(b"me:p@ss").decode()
    assert "p@ss" not in repr((answer, variables))
    assert "p%40ss" not in repr((answer, variables))


def test_tunnel_through_a_proxy() -> None:
    """An https request goes through a tunnel: the certificate is still verified, the headers stay inside."""
    with serve(proxies.proxy) as middle, serve("tls-ok") as server:
        variables = proxies_from({"https_proxy": f"http://127.0.0.1:{middle.port}"})
        answer = answered(ask(server, proxies=variables, headers={"Authorization": "Bearer sesame-open"}))
        (head,) = middle.requests
        assert server.requests[0].header("authorization") == "Bearer sesame-open"
    assert answer.via == f"proxy http://127.0.0.1:{middle.port}"
    assert (head.method, head.target) == ("CONNECT", f"127.0.0.1:{server.port}")
    assert head.header("authorization") is None
    assert answer.timings.phases[Phase.TLS] > 0


def test_exception_goes_directly() -> None:
    """A host in ``no_proxy`` is asked directly, and nothing is said of a proxy."""
    with serve(proxies.proxy) as middle, serve() as server:
        variables = proxies_from({"http_proxy": middle.base_url, "no_proxy": "127.0.0.1"})
        assert answered(ask(server, proxies=variables)).via == ""
        assert middle.connections == 0


def test_environment_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe reads no variable by itself: what counts is in the request."""
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    with serve() as server:
        answered(ask(server, proxies=Proxies()))


# id, the proxy's behaviour, whether the URL is https, a piece of the reason
PROXY_FAULTS = [
    ("login-plain", proxies.wants_login, False, "asks for credentials (status 407)"),
    ("login-tunnel", proxies.wants_login, True, "refused the tunnel: 407"),
    ("forbidden-tunnel", proxies.refuses_tunnel, True, "refused the tunnel: 403 Forbidden"),
    ("hangs-up-tunnel", proxies.hangs_up, True, "closed the connection"),
]


@pytest.mark.parametrize(
    ("handler", "secure", "reason"), [row[1:] for row in PROXY_FAULTS], ids=[row[0] for row in PROXY_FAULTS]
)
def test_faulty_proxy(handler: proxies.Handler, secure: bool, reason: str) -> None:
    """A proxy that refuses tells nothing of the deployment: the prober's failure, which names the proxy."""
    with serve(handler) as middle, serve("tls-ok" if secure else "healthy") as server:
        environ = {"all_proxy": f"http://me:hunter2@127.0.0.1:{middle.port}"}
        result = ask(server, proxies=proxies_from(environ))
        assert server.connections == 0
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.PROBER
    assert reason in result.reason
    assert f"the proxy http://127.0.0.1:{middle.port}" in result.reason
    assert result.via == f"proxy http://127.0.0.1:{middle.port}"
    assert "hunter2" not in repr(result)


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tunnel"])
def test_proxy_that_is_not_there(secure: bool) -> None:
    """A proxy that refuses connections is the prober's failure."""
    with serve("refused") as middle, serve("tls-ok" if secure else "healthy") as server:
        result = ask(server, proxies=proxies_from({"all_proxy": middle.base_url}))
    failed(
        result,
        FailureKind.PROBER,
        Phase.CONNECT,
        f"the proxy {middle.base_url} cannot be used: connection refused",
    )


def test_silent_proxy_keeps_the_time_limit() -> None:
    """A tunnel that is never opened ends with the time limit, while connecting."""
    with serve(proxies.never_tunnels) as middle, serve("tls-ok") as server:
        result = ask(server, proxies=proxies_from({"https_proxy": middle.base_url}), timeout=TIMEOUT)
    failed(
        result, FailureKind.TIMEOUT, Phase.CONNECT, f"while connecting through the proxy {middle.base_url}"
    )


@pytest.mark.parametrize("fault", ["expired", "wrong-host", "unknown-ca", "self-signed"])
def test_certificates_are_verified_through_a_tunnel(fault: str) -> None:
    """A tunnel does not hide a bad certificate."""
    with serve(proxies.proxy) as middle, serve(fault) as server:
        ca = None if fault in ("unknown-ca", "self-signed") else Path(server.ca_file)
        result = ask(server, proxies=proxies_from({"https_proxy": middle.base_url}), ca=ca)
    failed(result, FailureKind.TLS, Phase.TLS, "certificate")

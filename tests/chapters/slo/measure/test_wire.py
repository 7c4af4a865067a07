"""What the wire can do to a request of a load run: each way has its own words, and none is lost, or a success."""

from __future__ import annotations

import gzip
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from deployspec.chapters.slo.load.plan import Route
from tests.chapters.slo.measure.making import HALF, make, requests
from tests.chapters.slo.measure.server import Reply, keeping_server
from tests.raw_server import proxies, serve

TIMEOUT = 1.0
FAILURES = [
    ("refused", "connection refused"),
    ("black-hole", "no answer within 1 s"),
    ("accepts-never-answers", "no answer within 1 s"),
    ("closes-without-answer", "closed without an answer"),
    ("reset-before-answer", "closed without an answer"),
    ("not-http", "not HTTP"),
    ("two-lengths", "not HTTP: conflicting Content-Length headers"),
    ("closes-in-headers", "broken off in mid-answer"),
    ("drip-headers", "no answer within 1 s"),
    ("status-100-forever", "no answer within 1 s"),
    ("reset-mid-body", "connection reset"),
    ("short-body", "broken off in mid-answer"),
    ("unfinished-chunks", "broken off in mid-answer"),
    ("drip-body", "no answer within 1 s"),
    ("stalls-mid-body", "no answer within 1 s"),
    ("endless-body", "an answer of more than 1048576 bytes"),
    ("expired", "TLS certificate: certificate has expired"),
    ("self-signed", "TLS certificate: self-signed certificate"),
    ("wrong-host", "not valid for"),
    ("unknown-ca", "TLS certificate: unable to get local issuer certificate"),
    ("stalled-tls", "no answer within 1 s"),
    ("no-tls", "TLS: wrong version number"),
    ("redirect-ok", "status 307"),
    ("redirect-other-host", "status 302"),
]


@pytest.mark.parametrize(("fault", "error"), FAILURES, ids=[fault for fault, _ in FAILURES])
def test_each_failure_is_counted_with_its_reason(fault: str, error: str) -> None:
    """All twenty requests have failed, for the fault's own reason, and the run ends in time."""
    began = time.monotonic()
    with serve(fault) as server:
        ca = server.ca_file if server.ca_file and fault != "unknown-ca" else None
        result = make(server.base_url, timeout=TIMEOUT, max_body=1 << 20, ca=ca)
    assert not result.trouble
    assert requests(result) == 20
    assert [error in told for told in result.total.errors] == [True], result.total.errors
    assert result.total.errors.total() == 20
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("fault", ["endless-headers", "endless-1xx", "endless-chunks"])
def test_a_flood_does_not_take_the_generator(fault: str) -> None:
    """Where a server sends without end, time limits still hold, and no memory is filled."""
    with serve(fault) as server:
        result = make(server.base_url, timeout=TIMEOUT, max_body=1 << 20)
    assert not result.trouble
    assert not result.total.statuses
    assert requests(result) + result.total.undispatched.total() == 20
    assert result.processes[0].peak < 400_000_000


def test_tls_by_a_private_authority() -> None:
    """With its certificate named, all is well."""
    with serve("tls-ok") as server:
        result = make(server.base_url, ca=server.ca_file)
    assert result.total.statuses == {"200": 20}


def test_a_client_certificate(tmp_path: Path) -> None:
    """It is shown to a server that takes no client without one."""
    import trustme

    authority = trustme.CA()
    own = tmp_path / "c.pem"
    authority.issue_cert("prober.test").private_key_and_cert_chain_pem.write_to_path(str(own))
    with serve("tls-ok") as server:
        assert server._context is not None
        authority.configure_trust(server._context)
        server._context.verify_mode = ssl.CERT_REQUIRED
        result = make(server.base_url, ca=server.ca_file, client_certificate=(str(own), None, ""))
    assert result.total.statuses == {"200": 20}


@pytest.mark.parametrize(
    ("handler", "secure", "why"),
    [
        pytest.param("refused", False, "connection refused", id="gone-plain"),
        pytest.param("refused", True, "connection refused", id="gone-tunnel"),
        pytest.param(proxies.wants_login, False, "asks for credentials", id="login-plain"),
        pytest.param(proxies.wants_login, True, "refused the tunnel (status 407)", id="login-tunnel"),
        pytest.param(proxies.refuses_tunnel, True, "refused the tunnel (status 403)", id="forbidden-tunnel"),
        pytest.param(proxies.hangs_up, True, "closed the connection", id="hangs-up-tunnel"),
    ],
)
def test_a_faulty_proxy_tells_nothing_of_the_deployment(handler: Any, secure: bool, why: str) -> None:
    """Nothing was sent, so that nothing is charged to the deployment, and the proxy is named."""
    with serve(handler) as middle, serve("tls-ok" if secure else "healthy") as server:
        proxy = ("127.0.0.1", middle.port, "me", "hunter2")
        result = make(server.base_url, ca=server.ca_file, proxy=proxy)
        assert server.connections == 0
    assert requests(result) == 0
    (told,) = result.total.undispatched
    assert told.startswith(f"the proxy 127.0.0.1:{middle.port}")
    assert why in told
    assert result.late
    assert "hunter2" not in str(result.document())


@pytest.mark.parametrize(
    ("fault", "error"), [("tls-ok", ""), ("expired", "certificate has expired"), ("no-tls", "wrong version")]
)
def test_behind_a_tunnel_it_is_the_deployments(fault: str, error: str) -> None:
    """Once the tunnel is open, what fails is what it leads to."""
    with serve(proxies.proxy) as middle, serve(fault) as server:
        url = server.base_url.replace("http:", "https:")
        result = make(url, ca=server.ca_file or None, proxy=("127.0.0.1", middle.port, None, None))
    assert requests(result) == 20
    assert result.total.undispatched.total() == 0
    assert [error in told for told in result.total.errors] == [True] * bool(error)


def test_a_late_answer_is_a_success_and_slow() -> None:
    """What spans the second in which it is counted is not lost."""
    with serve("answers-late") as server:
        result = make(server.base_url)
    assert result.total.statuses == {"200": 20}
    assert result.total.latencies.total() == 20


def test_a_packed_answer_is_named() -> None:
    """The text may be in it, and cannot be looked for."""
    body = gzip.compress(b'{"items": []}')
    with keeping_server(lambda _: Reply(body=body)) as server:
        result = make(server.url, Route("get", "GET", "/", 1.0, expect_text="items"))
    assert result.total.errors == {"an answer without the expected text (it is packed by gzip)": 20}


def test_stalls_of_10_s() -> None:
    """Answered after 10 s, within a longer limit: no request has failed, and each is slow by all of that."""
    with keeping_server(lambda _: Reply(delay=10.0)) as server:
        result = make(server.url, timeout=15.0)
    assert requests(result) == 20
    assert result.total.statuses == {"200": 20}
    assert not result.total.errors
    assert min(result.total.latencies) >= 10_000_000
    assert [sum(counts[place] for counts in result.total.bins.values()) for place in (2, 3)] == [20, 20]


def test_nothing_is_repeated_silently() -> None:
    """Two new connections were reset, so two requests failed: geventhttpclient alone would have tried again."""
    with serve("resets-then-ok") as server:
        result = make(server.base_url)
    assert result.total.errors == {"closed without an answer": 2}
    assert result.total.statuses == {"200": 18}


def test_a_name_that_does_not_exist() -> None:
    """It is the deployment's failure, as with the health checks."""
    result = make("http://no-such-host.invalid")
    assert requests(result) + result.total.undispatched.total() == 20
    assert not result.total.statuses


def test_fast_failures_are_not_quick_successes() -> None:
    """None of the refused requests tells anything of latency."""
    with serve("refused") as server:
        result = make(server.base_url)
    assert all(counts[1] == counts[0] and counts[2] == 0 for counts in result.total.bins.values())
    assert result.tally.thresholds == (HALF,)

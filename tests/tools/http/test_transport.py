"""The HTTP probe against every transport fault: which kind of failure, in which phase, and why, within its time."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from deployspec.model.http import Failure, FailureKind, Phase
from tests.raw_server import FAULTS, serve
from tests.tools.http.asking import PATIENT, TIMEOUT, answered, ask, failed

# fault, kind, phase, a piece of the reason
ENDS_BY_ITSELF = [
    ("refused", FailureKind.CONNECT, Phase.CONNECT, "connection refused by 127.0.0.1 port "),
    ("closes-without-answer", FailureKind.CONNECT, Phase.HEADERS, "closed the connection without an answer"),
    ("reset-before-answer", FailureKind.CONNECT, Phase.HEADERS, "reset the connection without an answer"),
    ("resets-then-ok", FailureKind.CONNECT, Phase.HEADERS, "reset the connection without an answer"),
    (
        "not-http",
        FailureKind.PROTOCOL,
        Phase.HEADERS,
        "does not speak HTTP: its answer begins with 'SSH-2.0-",
    ),
    ("http-0.9", FailureKind.PROTOCOL, Phase.HEADERS, 'does not speak HTTP: its answer begins with \'{"ok"'),
    ("expired", FailureKind.TLS, Phase.TLS, "the certificate has expired"),
    ("self-signed", FailureKind.TLS, Phase.TLS, "self-signed certificate"),
    ("wrong-host", FailureKind.TLS, Phase.TLS, "not valid for host 127.0.0.1"),
    ("unknown-ca", FailureKind.TLS, Phase.TLS, "issuer is not trusted"),
    ("resets-tls", FailureKind.TLS, Phase.TLS, "reset the connection during the TLS handshake"),
    ("closes-tls", FailureKind.TLS, Phase.TLS, "closed the connection during the TLS handshake"),
    ("no-tls", FailureKind.TLS, Phase.TLS, "does not speak TLS"),
    ("broken-status-line", FailureKind.PROTOCOL, Phase.HEADERS, "illegal status line: 'HTTP/1.1 okay OK'"),
    ("status-out-of-range", FailureKind.PROTOCOL, Phase.HEADERS, "illegal status line: 'HTTP/1.1 2000 OK'"),
    ("header-without-colon", FailureKind.PROTOCOL, Phase.HEADERS, "illegal header line: 'this is no header'"),
    ("two-lengths", FailureKind.PROTOCOL, Phase.HEADERS, "conflicting Content-Length"),
    ("closes-in-headers", FailureKind.PROTOCOL, Phase.HEADERS, "closed in the middle of the response's head"),
    ("endless-headers", FailureKind.PROTOCOL, Phase.HEADERS, "the response's head is longer than 100 kB"),
    ("huge-header", FailureKind.PROTOCOL, Phase.HEADERS, "the response's head is longer than 100 kB"),
    ("switches-protocols", FailureKind.PROTOCOL, Phase.HEADERS, "101 switches to a protocol"),
    ("reset-mid-body", FailureKind.PROTOCOL, Phase.BODY, "reset the connection in the middle of its answer"),
    ("short-body", FailureKind.PROTOCOL, Phase.BODY, "shorter than announced: 13 of 200 bytes"),
    ("bad-chunk", FailureKind.PROTOCOL, Phase.BODY, "illegal chunk header: 'two'"),
    ("unfinished-chunks", FailureKind.PROTOCOL, Phase.BODY, "closed before the body's last chunk"),
    ("endless-body", FailureKind.TOO_LARGE, Phase.BODY, "larger than the limit of 1 MiB (as sent)"),
    ("body-200mb", FailureKind.TOO_LARGE, Phase.BODY, "(Content-Length: 209715200)"),
    ("body-200mb-chunked", FailureKind.TOO_LARGE, Phase.BODY, "larger than the limit of 1 MiB (as sent)"),
    ("gzip-bomb", FailureKind.TOO_LARGE, Phase.BODY, "(after decompressing gzip)"),
    ("broken-gzip", FailureKind.ENCODING, Phase.BODY, "gzip cannot be decompressed: invalid"),
    ("wrong-checksum", FailureKind.ENCODING, Phase.BODY, "gzip cannot be decompressed: incorrect data check"),
    ("truncated-gzip", FailureKind.ENCODING, Phase.BODY, "gzip cannot be decompressed: it ends too early"),
    ("not-gzip", FailureKind.ENCODING, Phase.BODY, "it does not begin as gzip does"),
    ("unknown-encoding", FailureKind.ENCODING, Phase.BODY, "Content-Encoding is br"),
    ("redirect-loop", FailureKind.REDIRECT, Phase.HEADERS, "redirect loop: status 302 leads back to http://"),
    ("redirect-to-itself", FailureKind.REDIRECT, Phase.HEADERS, "redirect loop"),
    ("redirect-chain-6", FailureKind.REDIRECT, Phase.HEADERS, "more than 5 redirects"),
    ("redirect-nowhere", FailureKind.REDIRECT, Phase.HEADERS, "status 302 redirects without a Location"),
    ("redirect-to-file-scheme", FailureKind.REDIRECT, Phase.HEADERS, "scheme 'file'"),
    ("redirect-to-bad-url", FailureKind.REDIRECT, Phase.HEADERS, "a URL that is not valid"),
    ("redirect-to-closed-port", FailureKind.CONNECT, Phase.CONNECT, "connection refused by 127.0.0.1 port "),
]

# fault, phase in which the time runs out, a piece of the reason
NEVER_ENDS = [
    ("black-hole", Phase.CONNECT, "while connecting (no answer from 127.0.0.1 port "),
    ("accepts-never-answers", Phase.HEADERS, "while waiting for the response's headers"),
    ("stalled-tls", Phase.TLS, "during the TLS handshake"),
    ("drip-tls", Phase.TLS, "during the TLS handshake"),
    ("drip-headers", Phase.HEADERS, "while waiting for the response's headers"),
    ("endless-1xx", Phase.HEADERS, "while waiting for the response's headers"),
    ("status-100-forever", Phase.HEADERS, "while waiting for the response's headers"),
    ("drip-body", Phase.BODY, "while reading the body ("),
    ("stalls-mid-body", Phase.BODY, "while reading the body (13 bytes of it came)"),
    ("endless-chunks", Phase.BODY, "while reading the body ("),
]

ANSWERS = [
    "healthy",
    "answers-late",
    "answers-one-at-a-time",
    "tls-ok",
    "gzip-ok",
    "redirect-ok",
    "redirect-chain-5",
    "redirect-other-host",
    "redirect-other-host-and-back",
    "redirect-with-credentials",
    "slow-redirects",
]


@pytest.mark.parametrize(
    ("fault", "kind", "phase", "reason"), ENDS_BY_ITSELF, ids=[row[0] for row in ENDS_BY_ITSELF]
)
def test_fault_has_its_own_failure(fault: str, kind: FailureKind, phase: Phase, reason: str) -> None:
    """A fault that ends by itself gives its own kind, phase and reason, long before the time limit."""
    with serve(fault) as server:
        trusted = {"ca": None} if fault in ("self-signed", "unknown-ca") else {}
        result = failed(ask(server, **trusted), kind, phase, reason)
    assert result.timings.total < PATIENT / 2


@pytest.mark.parametrize(("fault", "phase", "reason"), NEVER_ENDS, ids=[row[0] for row in NEVER_ENDS])
def test_time_limit_is_total(fault: str, phase: Phase, reason: str) -> None:
    """A fault that would go on for ever ends with the total time limit, and says in which phase."""
    with serve(fault) as server:
        if FAULTS[fault].full and not _hangs(server.port):
            pytest.skip("this system lets connections into a full queue")
        result = failed(ask(server, timeout=TIMEOUT), FailureKind.TIMEOUT, phase, reason)
    assert f"the time limit of {TIMEOUT} s ran out" in result.reason
    assert result.timings.total >= TIMEOUT - 0.01


@pytest.mark.parametrize("fault", ANSWERS)
def test_good_server_is_answered(fault: str) -> None:
    """What is no fault of transport gives an answer with the whole body."""
    with serve(fault) as server:
        answer = answered(ask(server))
    assert answer.status == 200
    assert answer.body.startswith(b'{"ok": true')
    assert answer.header("content-type") == "application/json"


def test_every_fault_is_in_one_table() -> None:
    """No fault of the raw server goes untested."""
    tested = [row[0] for row in ENDS_BY_ITSELF] + [row[0] for row in NEVER_ENDS] + ANSWERS
    assert sorted(tested) == sorted(FAULTS)


@pytest.mark.parametrize(
    "fault",
    ["gzip-bomb", "endless-body", "body-200mb-chunked", "huge-header", "endless-headers", "endless-chunks"],
)
def test_memory_is_bounded(fault: str) -> None:
    """However much a server sends, the probe never holds more than a few megabytes."""
    with serve(fault) as server:
        ask(server, timeout=TIMEOUT)  # imports, and the server's own buffers
        tracemalloc.start()
        try:
            ask(server, timeout=TIMEOUT)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 8_000_000


def test_answer_carries_times() -> None:
    """An answer says when it was sent and received, and where the time went: the phases add up to the total."""
    before = time.time()
    with serve("answers-late") as server:
        answer = answered(ask(server))
    assert before <= answer.sent_at
    assert answer.received_at == answer.sent_at + answer.timings.total
    assert list(answer.timings.phases) == [Phase.LOOKUP, Phase.CONNECT, Phase.SEND, Phase.HEADERS, Phase.BODY]
    assert answer.timings.phases[Phase.HEADERS] >= 0.4
    assert sum(answer.timings.phases.values()) == pytest.approx(answer.timings.total)


def test_phases_are_summed_over_redirects() -> None:
    """Five redirects of 0.3 s each and the answer show up as one sum."""
    with serve("slow-redirects") as server:
        answer = answered(ask(server))
    assert answer.timings.phases[Phase.HEADERS] >= 5 * 0.3
    assert answer.timings.total >= 6 * 0.3 - 0.1


def test_redirects_share_one_time_limit() -> None:
    """A chain whose every step is in time, but which takes too long as a whole, ends with the time limit."""
    with serve("slow-redirects") as server:
        result = ask(server, timeout=TIMEOUT)
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.TIMEOUT
    assert len(result.hops) <= TIMEOUT / 0.3


def test_tls_has_a_phase_of_its_own() -> None:
    """An answer over TLS tells the handshake's time."""
    with serve("tls-ok") as server:
        answer = answered(ask(server))
    assert answer.timings.phases[Phase.TLS] > 0
    assert answer.url == server.url


def test_headers_are_lower_case_and_latin_1() -> None:
    """Header names come in lower case, values with every byte a letter, in the order received."""
    raw = b"HTTP/1.1 200 OK\r\nX-B: caf\xe9\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 2\r\n\r\n{}"
    with serve(lambda connection: (connection.read_head(), connection.send(raw))[0]) as server:
        answer = answered(ask(server))
    assert answer.headers == (("x-b", "caf\xe9"), ("x-a", "1"), ("x-a", "2"), ("content-length", "2"))
    assert answer.header("X-A") == "1, 2"


def test_request_says_who_asks() -> None:
    """The probe asks as itself, on a connection of its own, and takes compressed JSON."""
    with serve() as server:
        answered(ask(server))
        answered(ask(server))
        assert server.connections == 2
        head = server.requests[0]
    assert (head.method, head.target) == ("GET", "/health")
    assert dict(head.headers) == {
        "host": f"127.0.0.1:{server.port}",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "user-agent": "deployspec/0.1.0",
        "x-synthetic": "deployspec",
        "connection": "close",
    }


def test_own_headers_override_ours() -> None:
    """A header of the user's replaces ours of the same name, in whatever case."""
    with serve() as server:
        answered(ask(server, headers={"accept": "text/plain", "HOST": "deal-scout.test", "X-Own": "1"}))
        sent = server.requests[0].headers
    assert [value for name, value in sent if name == "accept"] == ["text/plain"]
    assert [value for name, value in sent if name == "host"] == ["deal-scout.test"]
    assert ("x-own", "1") in sent


def _hangs(port: int) -> bool:
    """Whether a connection to a full queue hangs, as it does on Linux."""
    import socket

    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return False
    except TimeoutError:
        return True
    except OSError:
        return False

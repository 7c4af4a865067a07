"""The faults by name, and ``serve``, which runs one of them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.raw_server import body_faults as body
from tests.raw_server import certificates
from tests.raw_server import connection_faults as connection
from tests.raw_server import redirect_faults as redirects

from .server import Handler, Server


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a transport misbehaves."""

    name: str
    handler: Handler | None
    """None where nobody accepts connections."""
    text: str
    """What it does, in a sentence."""
    tls: str = ""
    """The kind of certificate that it is served with; empty for plain TCP."""
    https: bool = False
    """Whether its URL says https though the handler gets the bare TCP connection."""
    other: Handler | None = None
    """The handler of a second server, where the fault needs one."""
    other_refuses: bool = False
    full: bool = False
    """Whether the listener's queue is filled, so that connections hang."""


def _fault(name: str, handler: Handler, **more: object) -> Fault:
    return Fault(name, handler, (handler.__doc__ or "").strip().replace("\n    ", " "), **more)  # type: ignore[arg-type]


_ALL = [
    _fault("healthy", connection.healthy),
    _fault("answers-late", connection.answers_late),
    _fault("answers-one-at-a-time", connection.answers_one_at_a_time),
    # The connection.
    Fault("refused", None, "Nobody listens on the port."),
    Fault(
        "black-hole", None, "Connections to the port hang: its queue is full, and nobody accepts.", full=True
    ),
    _fault("accepts-never-answers", connection.accepts_never_answers),
    _fault("closes-without-answer", connection.closes_without_answer),
    _fault("reset-before-answer", connection.reset_before_answer),
    _fault("resets-then-ok", connection.resets_then_ok),
    _fault("not-http", connection.not_http),
    _fault("http-0.9", connection.http_0_9),
    # TLS.
    Fault("tls-ok", connection.healthy, "No fault: healthy, over TLS by a private CA.", tls="ok"),
    Fault("expired", connection.healthy, "The certificate expired yesterday.", tls="expired"),
    Fault("self-signed", connection.healthy, "The certificate signed itself.", tls="self-signed"),
    Fault("wrong-host", connection.healthy, "The certificate is another host's.", tls="wrong-host"),
    Fault(
        "unknown-ca", connection.healthy, "The certificate is by a CA that nobody named.", tls="unknown-ca"
    ),
    _fault("stalled-tls", connection.stalled_tls, https=True),
    _fault("drip-tls", connection.drip_tls, https=True),
    _fault("resets-tls", connection.resets_tls, https=True),
    _fault("closes-tls", connection.closes_tls, https=True),
    _fault("no-tls", connection.no_tls, https=True),
    # The response's head.
    _fault("broken-status-line", connection.broken_status_line),
    _fault("status-out-of-range", connection.status_out_of_range),
    _fault("header-without-colon", connection.header_without_colon),
    _fault("two-lengths", connection.two_lengths),
    _fault("closes-in-headers", connection.closes_in_headers),
    _fault("drip-headers", connection.drip_headers),
    _fault("endless-headers", connection.endless_headers),
    _fault("huge-header", connection.huge_header),
    _fault("endless-1xx", connection.endless_1xx),
    _fault("status-100-forever", connection.status_100_forever),
    _fault("switches-protocols", connection.switches_protocols),
    # The body.
    _fault("reset-mid-body", body.reset_mid_body),
    _fault("short-body", body.short_body),
    _fault("drip-body", body.drip_body),
    _fault("stalls-mid-body", body.stalls_mid_body),
    _fault("endless-body", body.endless_body),
    _fault("endless-chunks", body.endless_chunks),
    _fault("body-200mb", body.body_200mb),
    _fault("body-200mb-chunked", body.body_200mb_chunked),
    _fault("bad-chunk", body.bad_chunk),
    _fault("unfinished-chunks", body.unfinished_chunks),
    _fault("gzip-ok", body.gzip_ok),
    _fault("gzip-bomb", body.gzip_bomb),
    _fault("broken-gzip", body.broken_gzip),
    _fault("wrong-checksum", body.wrong_checksum),
    _fault("truncated-gzip", body.truncated_gzip),
    _fault("not-gzip", body.not_gzip),
    _fault("unknown-encoding", body.unknown_encoding),
    # Redirects.
    _fault("redirect-ok", redirects.redirect_ok),
    _fault("redirect-loop", redirects.redirect_loop),
    _fault("redirect-to-itself", redirects.redirect_to_itself),
    _fault("redirect-chain-5", redirects.redirect_chain_5),
    _fault("redirect-chain-6", redirects.redirect_chain_6),
    _fault("redirect-other-host", redirects.redirect_other_host, other=connection.healthy),
    _fault(
        "redirect-other-host-and-back", redirects.redirect_other_host_and_back, other=redirects.back_to_first
    ),
    _fault("redirect-with-credentials", redirects.redirect_with_credentials),
    _fault("redirect-nowhere", redirects.redirect_nowhere),
    _fault("redirect-to-file-scheme", redirects.redirect_to_file_scheme),
    _fault("redirect-to-bad-url", redirects.redirect_to_bad_url),
    _fault("redirect-to-closed-port", redirects.redirect_to_closed_port, other_refuses=True),
    _fault("slow-redirects", redirects.slow_redirects),
]

FAULTS: dict[str, Fault] = {fault.name: fault for fault in _ALL}
"""Every fault by its name, in the order in which a call would meet them."""


@contextlib.contextmanager
def serve(fault: str | Handler = "healthy", *, tls: str | None = None) -> Iterator[Server]:
    """Run one fault, or a handler of one's own, until the block ends.

    ``tls`` serves it over TLS with a certificate of that kind (see ``certificates.KINDS``), whatever the fault says.
    """
    what = FAULTS[fault] if isinstance(fault, str) else _fault("own", fault)
    kind = what.tls if tls is None else tls
    with contextlib.ExitStack() as stack:
        context = None
        ca_file = ""
        if kind:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="raw-server-")))
            context, ca_path = certificates.server_context(kind, folder)
            ca_file = str(ca_path)
        server = Server(what.handler, context=context)
        stack.callback(server.close)
        server.ca_file = ca_file
        if what.https:
            server.scheme = "https"
        if what.other is not None or what.other_refuses:
            server.other = Server(what.other)
        if what.full:
            server.fill_backlog()
        yield server

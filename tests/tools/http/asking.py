"""Helpers of the HTTP probe's tests: a request with short limits, and what is asserted of every failure."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deployspec.model.http import Answer, Failure, FailureKind, Phase
from deployspec.tools.http import Proxies, Request, call
from tests.raw_server import Server

TIMEOUT = 0.7
"""Seconds; long enough for a busy machine to answer on loopback, short enough for a table of time-outs."""
PATIENT = 10.0
"""For calls that are expected to end by themselves: only a hang takes so long."""
SLACK = 1.0
"""Seconds by which an attempt may exceed its time limit."""


def request_to(server: Server | str, **more: Any) -> Request:
    """A request to a raw server's health endpoint, or to a URL, with the tests' limits."""
    told: dict[str, Any] = {
        "url": server if isinstance(server, str) else server.url,
        "timeout": PATIENT,
        "proxies": Proxies(),
    }
    if isinstance(server, Server) and server.ca_file:
        told["ca"] = Path(server.ca_file)
    return Request(**(told | more))


def ask(
    server: Server | str, *, resolve: Callable[..., Any] = socket.getaddrinfo, **more: Any
) -> Answer | Failure:
    """One call's result; it must have kept its time limit, and a failure must read well."""
    request = request_to(server, **more)
    began = time.monotonic()
    with patch("socket.getaddrinfo", resolve):
        made = call(request)
    took = time.monotonic() - began
    assert took <= (request.timeout + SLACK) * (request.retries + 1)
    for attempt in made.attempts:
        assert attempt.timings.total <= request.timeout + SLACK
        if isinstance(attempt, Failure):
            assert_readable(attempt)
    return made.result


def answered(result: Answer | Failure) -> Answer:
    """The answer; a failure is shown as its reason."""
    assert isinstance(result, Answer), result
    return result


def failed(result: Answer | Failure, kind: FailureKind, phase: Phase, reason: str) -> Failure:
    """The failure, which must be of this kind, in this phase, with this piece of a reason."""
    assert isinstance(result, Failure), result
    assert (result.kind, result.phase) == (kind, phase), result
    assert reason in result.reason
    return result


def assert_readable(failure: Failure) -> None:
    """A reason is one line for a person: no class names, no escapes, no Python values."""
    assert failure.reason.isprintable()
    assert 10 <= len(failure.reason) <= 300
    for technical in ("Error(", "errno", "Errno", "bytearray", "<class", "Traceback"):
        assert technical not in failure.reason


def resolver(*addresses: tuple[str, int]) -> Callable[..., list[tuple[Any, ...]]]:
    """A resolver that knows these addresses for every name."""

    def resolve(*_: object, **__: object) -> list[tuple[Any, ...]]:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
            for host, port in addresses
        ]

    return resolve

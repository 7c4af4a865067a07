"""Answers, failures and calls for the tests of the health contract, as far from the network as it gets."""

from __future__ import annotations

import json

from deployspec.chapters.health.model import HealthPromise
from deployspec.chapters.health.part import fields_of
from deployspec.model.http import Answer, Call, Failure, FailureKind, Phase, Timings
from tests.suite import ROOT

SCHEMA = json.loads((ROOT / "schemas" / "health.schema.json").read_text("utf-8"))
URL = "http://deal-scout.example:8000/health"
NOW = 1705314645.0
"""2024-01-15T10:30:45Z, the guide's time."""
GUIDE = {
    "ok": True,
    "db": True,
    "redis": True,
    "queue_depth": 42,
    "version": "0.1.0",
    "time": "2024-01-15T10:30:45Z",
}
REMOVED = object()
"""The value of a field that is taken out of the guide's body."""


def promise(**changes) -> HealthPromise:
    """What the guide's deployment promises, with changes: of the fields' names too, and of the part of the queue."""
    names = {"ok": "ok", "parts": ("db", "redis"), "time": "time", "version": "version"}
    names |= {name: changes.pop(name) for name in names if name in changes}
    depth, part = changes.pop("queue_depth", "queue_depth"), changes.pop("queue_part", "redis")
    said = names | {"parts": list(names["parts"]), "queue_depth": depth and {"field": depth, "part": part}}
    told = {
        "base_url": "http://deal-scout.example:8000",
        "path": "/health",
        "timeout": 2.0,
        "max_response_time": 1.0,
        "expect_version": "0.1.0",
        "retries": 0,
        "calls": 5,
        "concurrency": 5,
        "max_clock_skew": 5.0,
        "recovery": 5.0,
        "fields": fields_of(said),
        "schema": SCHEMA,
    }
    return HealthPromise(**(told | changes))


def body(**fields) -> bytes:
    """The guide's body with some fields changed, added or REMOVED."""
    return json.dumps(
        {key: value for key, value in (GUIDE | fields).items() if value is not REMOVED}
    ).encode()


def answered(
    content: bytes | None = None,
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
    url: str = URL,
    at: float = NOW,
    took: float = 0.125,
    phases: dict[Phase, float] | None = None,
    **fields,
) -> Call:
    """A call that brought an answer: the guide's, with changes."""
    timings = Timings({Phase.CONNECT: took / 8, Phase.HEADERS: took / 2} if phases is None else phases, took)
    content = body(**fields) if content is None else content
    return Call((Answer(url, status, headers, content, at, at + took, timings),))


def failed(
    kind: FailureKind = FailureKind.CONNECT,
    phase: Phase = Phase.CONNECT,
    reason: str = "connection refused by 127.0.0.1 port 8000",
    *,
    at: float = NOW,
    took: float = 0.25,
) -> Call:
    """A call that brought no complete answer."""
    return Call((Failure(URL, kind, phase, reason, at, Timings({phase: took}, took)),))


TIMED_OUT = failed(
    FailureKind.TIMEOUT,
    Phase.HEADERS,
    "the time limit of 2 s ran out while waiting for the response's headers",
    took=2.0,
)
PROBER = failed(FailureKind.PROBER, Phase.LOOKUP, "no resolver answered for deal-scout.example")
"""The prober's own side failed."""
ELSEWHERE = answered(url="https://login.example/sign-in?next=/health")
"""Answered by a login page."""
SICK = answered(status=503, ok=False, db=False)
"""Honestly unhealthy."""

"""What the load generator is told: one JSON document, written by the probe, read by each of its processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

BIN_SECONDS = 0.1
"""Requests are counted by spans of this length, by which the interval sees that neighbours fail together."""


@dataclass(frozen=True)
class Route:
    """One kind of request."""

    name: str
    method: str
    target: str
    """Path and query, which may have ``{NAME}`` in them: of a plan, as they are sent, with the prefix of ``base_url``."""
    weight: float
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Of a plan, all of them, as texts; of a deployment file, secrets, beside those of the deployment."""
    body: str | None = field(default=None, repr=False)
    """JSON."""
    keep: str | None = None
    """The field of the answer's JSON object that is kept for ``{NAME}`` in other targets."""
    expect_status: tuple[int, ...] | None = None
    """None: 200 to 299."""
    expect_text: str | None = None


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """The traffic of a load run, an open model, as a deployment file describes it. Durations are in seconds."""

    routes: tuple[Route, ...]
    rate: float
    """Arrivals a second."""
    poisson: bool = False
    """Whether they arrive at random; else at equal distances."""
    duration: float
    """Of the part that counts, after the warm-up."""
    warm_up: float = 0.0
    warm_up_requests: int = 0
    """At least as many arrive before the first one that counts."""
    seed: int | None
    """None, in a deployment file alone: each run draws one."""
    timeout: float = 10.0
    """Of one request, from its intended start to its last byte."""
    max_in_flight: int = 2000
    """Of all processes together."""
    new_connections: float = 0.0
    """The share of requests that go on a new connection each."""
    processes: int = 1


@dataclass(frozen=True, kw_only=True)
class Plan(Traffic):
    """A load run. Its origin, the moment from which everything is counted, is chosen when all processes are ready."""

    base_url: str
    """Scheme, host and port; without a path."""
    thresholds: tuple[int, ...] = ()
    """In nanoseconds: the latencies that objectives speak of. A request is slow that takes as long, or longer."""
    ca: str | None = None
    client_certificate: tuple[str, str | None, str] | None = field(default=None, repr=False)
    """The files of the certificate and of its key, None where that is the same, and the key's password."""
    proxy: tuple[str, int, str | None, str | None] | None = field(default=None, repr=False)
    """Host, port, user and password."""
    max_body: int = 16 * 1024 * 1024
    """Bytes of one answer."""

    def document(self) -> dict[str, Any]:
        """The plan as JSON data. It holds secrets."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Plan:
        """Read back what ``document`` gave."""
        routes = tuple(
            Route(**{**route, "expect_status": _tuple(route["expect_status"])})
            for route in document["routes"]
        )
        return cls(
            **{
                **document,
                "routes": routes,
                "thresholds": tuple(document["thresholds"]),
                "client_certificate": _tuple(document["client_certificate"]),
                "proxy": _tuple(document["proxy"]),
            }
        )


def _tuple(values: Sequence[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)

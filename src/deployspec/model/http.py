"""What one HTTP call measured: the data that the HTTP probe returns and the contracts judge."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """Where in a call the time went, or where it failed. In this order."""

    LOOKUP = "name lookup"
    CONNECT = "connecting"
    TLS = "TLS handshake"
    SEND = "sending the request"
    HEADERS = "waiting for the response's headers"
    BODY = "reading the body"


class FailureKind(StrEnum):
    """Why a call has no complete answer."""

    TIMEOUT = "timeout"
    """The total time limit, from name lookup to last byte, ran out."""
    LOOKUP = "lookup"
    """The name does not exist."""
    CONNECT = "connect"
    """Refused, reset or unreachable before a byte was answered."""
    TLS = "tls"
    """The handshake or the certificate failed."""
    PROTOCOL = "protocol"
    """Connection lost in mid-answer, a body shorter than announced, bytes that are not HTTP."""
    TOO_LARGE = "too large"
    """The body, raw or decompressed, went past the size limit."""
    ENCODING = "encoding"
    """A compressed body that cannot be decompressed."""
    REDIRECT = "redirect"
    """A redirect loop, too many redirects, or a redirect that leads nowhere."""
    PROBER = "prober"
    """Nothing was learnt about the deployment: the prober's own side failed (no resolver answered, no file
    descriptors left, the proxy refused)."""


@dataclass(frozen=True)
class Timings:
    """Seconds spent in each phase that was reached, summed over redirects, and in all."""

    phases: dict[Phase, float] = field(default_factory=dict)
    total: float = 0.0
    """From the start of the name lookup to the last byte (or to the failure), in seconds."""


class Hop(NamedTuple):
    """One redirect that was followed: the status and where it led (an absolute URL, without credentials)."""

    status: int
    location: str


@dataclass(frozen=True)
class Answer:
    """A complete HTTP response."""

    url: str
    """The URL that gave this answer, after redirects."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """In the order received; names in lower case."""
    body: bytes
    """Decompressed; never larger than the call's size limit."""
    sent_at: float
    """The prober's clock when the call began, in seconds since the epoch."""
    received_at: float
    """The prober's clock at the last byte, in seconds since the epoch (``sent_at`` plus elapsed monotonic time)."""
    timings: Timings
    hops: tuple[Hop, ...] = ()
    via: str = ""
    """The proxy between the prober and that URL, such as ``proxy http://proxy.example:3128``; empty without one."""
    method: str = "GET"
    """What it was asked with."""

    def header(self, name: str) -> str | None:
        """All values of one header, joined by a comma as RFC 9110 allows; None where it is absent."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None


@dataclass(frozen=True)
class Failure:
    """A call that brought no complete answer."""

    url: str
    """The URL that was being asked when it failed."""
    kind: FailureKind
    phase: Phase
    reason: str
    """One line for a person, without secrets, such as ``connection refused by 127.0.0.1 port 8000``."""
    sent_at: float
    timings: Timings
    hops: tuple[Hop, ...] = ()
    via: str = ""
    """The proxy between the prober and that URL, such as ``proxy http://proxy.example:3128``; empty without one."""
    method: str = "GET"
    """What it was asked with."""


@dataclass(frozen=True)
class Call:
    """One call with its attempts: failures that were retried and tokens that were refused, then what ended it."""

    attempts: tuple[Answer | Failure, ...]
    """At least one. All but the last are failures, or answers that refused a token."""

    @property
    def result(self) -> Answer | Failure:
        """What the last attempt brought."""
        return self.attempts[-1]

    @property
    def flaky(self) -> bool:
        """Whether an answer came only after a retry."""
        return len(self.attempts) > 1 and isinstance(self.result, Answer)

"""What a deployment promises of its health endpoint, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class QueueDepth:
    """Where the answer says how long the queue is."""

    field: str
    part: str | None
    """The part that holds the queue: the depth is null exactly when it is down. None: it is never null."""


@dataclass(frozen=True)
class HealthFields:
    """The names of the fields in the health endpoint's answer; None where the service has no such field."""

    ok: str | None
    """It says whether all is well."""
    parts: tuple[str, ...]
    """Each says of one part whether it is up. Empty where the service has no such fields."""
    queue_depth: QueueDepth | None
    time: str | None
    version: str | None


@dataclass(frozen=True, kw_only=True)
class Promised:
    """What the deployment file says of the health endpoint. Durations are in seconds."""

    path: str
    timeout: float
    """Of one attempt, from name lookup to last byte. "Within" is "at most"."""
    max_response_time: float | None
    """The slowest of the calls in a row, and of those at once, takes at most so long."""
    expect_version: str | None
    retries: int
    """Attempts after the first, after transport failures only."""
    calls: int
    """How many calls must agree with one another."""
    concurrency: int
    """How many calls at once."""
    max_clock_skew: float
    recovery: float
    """How soon after a part's return the endpoint must answer 200."""
    fields: HealthFields

    @property
    def well(self) -> str:
        """What an answer is called that ``healthy_now`` is met by: of a body that is not read, nothing is said."""
        return "healthy" if self.flags else "status 200"

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the fields that are true when all is well."""
        return self.fields.parts if self.fields.ok is None else (self.fields.ok, *self.fields.parts)


@dataclass(frozen=True, kw_only=True)
class HealthPromise(Promised):
    """What is judged by."""

    base_url: str
    """``path`` is appended to it; it may have a path of its own."""
    schema: Mapping[str, object] = field(default_factory=dict)
    """A JSON Schema, parsed. References to other files or hosts are not followed."""

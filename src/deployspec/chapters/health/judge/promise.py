"""What a deployment promises of its health endpoint, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPromise:
    """What the deployment file says of the health endpoint. All durations in seconds."""

    base_url: str
    path: str = "/health"
    """Appended to ``base_url``, which may have a path of its own."""
    timeout: float
    """A call brings a complete answer within this time, from name lookup to last byte. "Within" is "at most"."""
    max_response_time: float | None = None
    """The slowest of the steady calls, and of those at once, takes at most this long."""
    expect_version: str | None = None
    ok: str | None = "ok"
    """The name of the field that says whether all is well; None where the answer has none."""
    parts: tuple[str, ...] = ("db", "redis")
    """The names of the fields that say, each of one part, whether it is up."""
    queue_depth: str | None = "queue_depth"
    queue_part: str | None = "redis"
    """The part without which nobody can know the queue's depth; None where it hangs on none."""
    time: str | None = "time"
    version: str | None = "version"
    max_clock_skew: float = 5.0
    recovery: float = 5.0
    """After an outage, healthy again within this time of the part's return."""
    schema: Mapping[str, object] = field(default_factory=dict)
    """A JSON Schema, parsed. References to other files or hosts are not followed."""

    @property
    def well(self) -> str:
        """What an answer is called that ``healthy_now`` is met by: of a body that is not read, nothing is said."""
        return "healthy" if self.flags else "status 200"

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of the fields that are true when all is well."""
        return self.parts if self.ok is None else (self.ok, *self.parts)

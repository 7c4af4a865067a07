"""What a deployment promises of a health endpoint, as plain data.

Most are no dataclasses: to make those takes some 2 ms each, in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Scalar = str | int | float | bool
Body = Literal["json", "text", "none"]


class Pointer(NamedTuple):
    """Where a value is in a JSON document: the keys, and positions in arrays, from its top. None: the whole of it."""

    steps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What messages call it: ``components.db.status``."""
        return ".".join(self.steps) or "the body"

    def below(self, other: Pointer) -> Pointer:
        """This pointer, seen from the value at another one."""
        return Pointer((*other.steps, *self.steps))


class Flag(NamedTuple):
    """A value that says whether the service, or one of its parts, is healthy."""

    name: str
    """What messages call it: the name of the part, or of the field."""
    at: Pointer
    healthy: tuple[Scalar, ...] = (True,)
    """The values that say that it is. Any other of the same types says that it is not."""


class EachPart(NamedTuple):
    """An array or an object with one entry for each part: its parts are those that an answer has."""

    each: Pointer
    name: Pointer | None
    """Where, in an entry, the part's name is. None: its key in the object, or its position in the array."""
    at: Pointer
    """Where, in an entry, the value is that says whether the part is healthy. An entry that is an array has several."""
    healthy: tuple[Scalar, ...] = (True,)


class QueueDepth(NamedTuple):
    """Where the answer says how long the queue is."""

    at: Pointer
    part: str | None
    """The part that holds the queue: the depth is null exactly when it is down. None: it is never null."""


class Clock(NamedTuple):
    """Where the answer says what time it is."""

    at: Pointer
    format: Literal["rfc3339", "epoch_s", "epoch_ms"] = "rfc3339"


class Version(NamedTuple):
    """Where the service says which version is running."""

    at: Pointer
    path: str | None = None
    """The path that is asked for it; None: it is in the health endpoint's own answer."""


class HealthFields(NamedTuple):
    """Where the values are in the health endpoint's answer; None where it has no such value."""

    ok: Flag | None = None
    """It says whether all is well."""
    parts: tuple[Flag, ...] = ()
    """Each says of one part whether it is up. Empty where the answer has no such values, or ``each`` says where."""
    each: EachPart | None = None
    queue_depth: QueueDepth | None = None
    time: Clock | None = None
    version: Version | None = None

    @property
    def pointers(self) -> tuple[Pointer, ...]:
        """Where the endpoint's own answer has single values."""
        version = self.version if self.version is not None and self.version.path is None else None
        fields = (self.ok, self.queue_depth, self.time, version, *self.parts)
        return tuple(one.at for one in fields if one is not None)

    @property
    def says_parts(self) -> bool:
        """Whether the answer says of parts how they are."""
        return bool(self.parts) or self.each is not None


class Statuses(NamedTuple):
    """The statuses of a healthy and of an unhealthy service. No status is in both."""

    healthy: tuple[int, ...] = (200,)
    unhealthy: tuple[int, ...] = (503,)


class Outage(NamedTuple):
    """A fault that was injected, and what it is to be seen by."""

    name: str
    """The fault's name."""
    part: str | None
    """The part that is down; None: the fault is of no one part."""
    expect_status: int | None = None
    """The status of an endpoint that depends on the part; None: any of an unhealthy service."""

    @property
    def told(self) -> str:
        """When it was, in words."""
        return f"during {self.name}" if self.part is None else f"with {self.part} down"


@dataclass(frozen=True, kw_only=True)
class Promised:
    """What the deployment file says of a health endpoint. Durations are in seconds."""

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
    """How soon after a part's return the endpoint must be healthy again."""
    fields: HealthFields
    status: Statuses = field(default_factory=Statuses)
    body: Body = "json"
    content_type: tuple[str, ...] | None = ("application/json", "+json")
    """The media types that the answer may have; one that begins with ``+`` is a suffix. None: any, or none."""
    expect_text: str | None = None
    """A regular expression that the text of a healthy answer, and of no other, matches."""
    depends_on: tuple[str, ...] | None = None
    """The parts without which it answers as unhealthy; None: those that it names, or any if it names none."""

    @property
    def says_state(self) -> bool:
        """Whether the body, and not the status alone, says how the service is."""
        return self.fields.ok is not None or self.fields.says_parts or self.expect_text is not None

    @property
    def well(self) -> str:
        """What an answer is called that ``healthy_now`` is met by: of a body that is not read, nothing is said."""
        return "healthy" if self.says_state else f"status {' or '.join(map(str, self.status.healthy))}"

    def is_affected_by(self, part: str | None) -> bool:
        """Whether the endpoint is to answer as unhealthy while ``part`` is down; None: a fault of no one part."""
        if self.depends_on is not None:
            return bool(self.depends_on) and (part is None or part in self.depends_on)
        named = {one.name for one in self.fields.parts}
        return part is None or not named or part in named


@dataclass(frozen=True, kw_only=True)
class HealthPromise(Promised):
    """What is judged by."""

    base_url: str
    """``path`` is appended to it; it may have a path of its own."""
    schema: Mapping[str, object] = field(default_factory=dict)
    """A JSON Schema, parsed. References to other files or hosts are not followed."""

"""A deployment, as its file describes it. Durations are in seconds; a part that the file leaves out is None.

Without ``slots``, which would double the time that the import of this module takes in every run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployspec.base.secret import Secret, redact

Headers = Mapping[str, Secret]


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
    parts: tuple[str, ...] | None
    queue_depth: QueueDepth | None
    time: str | None
    version: str | None


@dataclass(frozen=True)
class Health:
    """The health endpoint and what is promised of it."""

    path: str
    timeout: float
    """Of one attempt, from name lookup to last byte."""
    max_response_time: float | None
    """The answer takes at most so long."""
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
    schema: Path | None
    """None: the project's own."""
    fields: HealthFields


@dataclass(frozen=True)
class Fault:
    """A deliberate misbehaviour: the commands that cause and end it, each a program and its arguments."""

    name: str
    inject: tuple[str, ...] = field(repr=False)
    """Commands may hold credentials, so they are kept out of ``repr``."""
    restore: tuple[str, ...] = field(repr=False)
    timeout: float
    """Of each of the two."""
    part: str | None


@dataclass(frozen=True)
class Prometheus:
    """The Prometheus that watches the deployment."""

    url: str
    headers: Headers
    window: float
    """How far back questions about the past look."""
    exporters: tuple[str, ...] | None = None
    """What it scrapes; None: not said, so all that is asked for is taken to be there."""


@dataclass(frozen=True)
class Rules:
    """The alert rules that the deployment's Prometheus is to have. Patterns and paths are absolute."""

    files: tuple[str, ...]
    """Glob patterns of rule files."""
    tests: tuple[str, ...]
    """Glob patterns of unit tests in promtool's format; empty where there are none."""
    runbooks: Path | None
    """A folder with one page for each alert."""
    alertmanager: Path | None
    """Alertmanager's configuration."""
    routing: Path | None
    """The routing table."""


@dataclass(frozen=True)
class Slos:
    """The deployment's objectives."""

    files: tuple[str, ...]
    """Glob patterns of OpenSLO documents, absolute."""


@dataclass(frozen=True)
class LogFields:
    """The names of the fields in a log record."""

    timestamp: str
    level: str
    logger: str
    message: str
    request_id: str
    event: str


@dataclass(frozen=True)
class LogSchemas:
    """JSON Schemas for some records alone: files by the name of the logger, or by the event."""

    logger: Mapping[str, Path]
    event: Mapping[str, Path]


@dataclass(frozen=True)
class AccessFields:
    """The names of the fields in an access record."""

    method: str
    path: str
    status: str
    duration: str
    """In milliseconds."""


@dataclass(frozen=True)
class Access:
    """How one request is found again in the source that holds the access records."""

    path: str
    """What is asked for, with GET."""
    header: str
    """Gives the request its id."""
    within: float
    fields: AccessFields


@dataclass(frozen=True)
class Jobs:
    """How one job is queued, and found again in the worker's records."""

    path: str
    """Where, with POST."""
    body: str = field(repr=False)
    """JSON."""
    id: str
    """The field of the answer that has the job's id."""
    field: str
    """The field of the worker's records that has it."""
    within: float


@dataclass(frozen=True)
class LogSource:
    """Log records and what is promised of them; of ``files``, ``command`` and ``source`` one is not None."""

    name: str
    files: tuple[str, ...] | None
    """Glob patterns of absolute paths."""
    command: tuple[str, ...] | None = field(repr=False)
    source: str | None = field(repr=False)
    """``kind:address``, for the other kinds of sources."""
    timeout: float
    """Of the command."""
    prefix: str | None
    """A regular expression for what the command puts before each record."""
    fields: LogFields
    levels: tuple[str, ...]
    """Ascending."""
    log_level: str | None
    """The least level that is logged; None: not promised."""
    error_level: str
    """The least level that belongs into an error log."""
    freshness: float | None
    errors_of: tuple[str, ...]
    """The names of the sources whose errors this one collects; empty for one that is no error log."""
    request_scoped: tuple[str, ...]
    """Loggers whose every record belongs to a request; ``name.*`` means all below it."""
    schema: Path | None
    """None: the project's own."""
    schemas: LogSchemas
    allow_secrets: tuple[str, ...]
    """Regular expressions: what one of them matches as a whole is no secret."""
    access: Access | None
    jobs: Jobs | None


@dataclass(frozen=True)
class LoadRequest:
    """One kind of request of a load run."""

    name: str
    method: str
    path: str
    weight: float
    headers: Headers
    """Beside those of the deployment."""
    body: str | None = field(repr=False)
    """JSON."""
    writes: bool
    keep: str | None
    """A field of the answer, kept for the paths of other requests."""
    expect_status: tuple[int, ...] | None
    """None: 200 to 299."""
    expect_text: str | None


@dataclass(frozen=True)
class Load:
    """The traffic of a load run, an open model. Durations are in seconds."""

    arrival_rate: float
    """Requests a second."""
    poisson: bool
    """Whether they arrive at random; else at equal distances."""
    duration: float
    """Of the part that counts, after the warm-up."""
    warm_up: float
    warm_up_requests: int
    """At least as many arrive before the first one that counts."""
    seed: int | None
    """None: each run draws one."""
    timeout: float
    """Of one request, from its intended start to its last byte."""
    max_in_flight: int
    new_connections: float
    """The share of requests that go on a new connection each."""
    processes: int
    abort_on_breach: bool
    locustfile: Path | None
    """None: the project's own."""
    requests: tuple[LoadRequest, ...]


@dataclass(frozen=True, eq=False)
class Deployment:
    """One deployment file, validated. Compared and hashed by identity, so that it can be a key."""

    name: str
    """The file's stem."""
    path: Path
    """The file."""
    base_url: str
    """Without a slash at its end: append a path, which begins with one."""
    headers: Headers
    """For requests to ``base_url``'s own host, and no other."""
    ca: Path | None
    allow: frozenset[str]
    """Of ``load``, ``write`` and ``faults``."""
    health: Health | None
    faults: Mapping[str, Fault]
    prometheus: Prometheus | None
    rules: Rules | None
    slos: Slos | None
    logs: tuple[LogSource, ...]
    load: Load | None
    known_secrets: tuple[Secret, ...] = field(default=(), repr=False)

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret value that the file or its variables brought, for :func:`redact`.

        With a header's value comes its token alone (what follows ``Bearer``), with a URL its password.
        """
        return self.known_secrets

    def redact(self, text: str) -> str:
        """``text`` without any of this deployment's secrets."""
        return redact(text, self.known_secrets)

    def describes(self, dotted: str) -> bool:
        """Whether the file, with its defaults, says something of ``dotted``.

        ``health``, ``health.max_response_time``, ``health.fields.time``, ``allow.faults``, ``faults.redis-hung``,
        ``logs.worker`` (lists of named things by name). Raises ValueError for what no deployment file can
        describe: a misspelt name must not deselect a check for ever.
        """
        from deployspec.deployment.schema import is_described

        if not is_described(dotted):
            raise ValueError(f"no deployment file can describe {dotted!r}")
        value: Any = self
        for step in dotted.split("."):
            value = _step(value, step)
            if value is None:
                return False
        return not isinstance(value, (tuple, frozenset, Mapping)) or bool(value)


def _step(value: Any, step: str) -> Any:
    """What lies below ``value`` by the name of ``step``; None where there is nothing."""
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, (tuple, frozenset)):
        return next((item for item in value if step in (item, getattr(item, "name", None))), None)
    return getattr(value, step, None)

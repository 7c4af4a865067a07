"""How the records of a log source are read: what their lines look like, and what the fields in them are called.

Knows nothing else: the deployment file's part and the judges both need it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

WRAPPERS = ("docker", "cri")
"""What a container runtime puts around each line: Docker's json-file, and the Container Runtime Interface's log files."""
WRAPPED_AT = {"docker": "docker.time", "cri": "cri.time"}
"""By wrapper, the name under which a record has the time that was put around it."""
EVERY_RECORD = "*"
"""Among ``request_scoped``: every record belongs to a request, whatever its logger."""
RFC3339 = "rfc3339"


@dataclass(frozen=True, slots=True)
class Fields:
    """Where records say what the checks ask for; None: nowhere.

    Each is the name of a field, a dotted path (``record.level.name``; a field of that whole name comes first) or a JSON
    pointer (``/log/level``).
    """

    timestamp: str | None = "timestamp"
    level: str | None = "level"
    logger: str | None = "logger"
    message: str | None = "message"
    request_id: str | None = "request_id"
    event: str | None = "event"


@dataclass(frozen=True, slots=True)
class AccessFields:
    """Where access records say what was asked and answered, as ``Fields`` has it."""

    method: str
    path: str
    status: str
    duration: str
    unit: str = "ms"
    """Of the duration, where it is a number: s, ms, us or ns."""


@dataclass(frozen=True, slots=True)
class Form:
    """How lines become records, and what their values mean. Can be pickled."""

    wrapper: str | None = None
    """One of ``WRAPPERS``."""
    syntax: str = "json"
    """``json``, ``logfmt``, or ``text``, which ``pattern`` takes apart."""
    prefix: str | None = None
    """A regular expression for what stands before each record. Its named groups become fields of the record."""
    pattern: str | None = None
    """A regular expression for a whole line of text. Its named groups are the fields of the record."""
    continuation: str | None = None
    """A regular expression for the beginning of lines that belong to the record before them."""
    name: str = ""
    """Of the format, where it has one."""
    optional: tuple[str, ...] = ()
    """Of the names in ``Fields``, those that not every record has."""
    level_names: Mapping[str, str] = field(default_factory=dict)
    """The name of a level by what records say; empty: they say its name."""
    time_format: tuple[str, ...] = (RFC3339,)
    """``rfc3339``, ``iso8601``, ``epoch``, ``epoch_ms``, ``epoch_us``, ``epoch_ns``, or patterns of strptime; one of
    them fits."""
    time_zone: str | None = None
    """Of times that say none: an IANA name, or ±hh:mm."""

    @property
    def is_plain(self) -> bool:
        """Whether each line is a record and nothing else."""
        return self.wrapper is None and self.prefix is None and self.continuation is None


def steps_of(name: str) -> tuple[str, ...]:
    """The steps from a record to a field: of a JSON pointer (RFC 6901), or of a dotted path."""
    if name.startswith("/"):
        return tuple(step.replace("~1", "/").replace("~0", "~") for step in name[1:].split("/"))
    return tuple(name.split("."))


def value_at(record: Mapping[str, Any], name: str | None) -> Any:
    """What a record says in the field of this name; None where it says nothing there."""
    if name is None:
        return None
    if name in record and not name.startswith("/"):
        return record[name]
    found: Any = record
    for step in steps_of(name):
        found = _below(found, int(step) if isinstance(found, list) and step.isdecimal() else step)
    return found


def path_to(record: Mapping[str, Any], name: str) -> list[str | int]:
    """The path from a record to the field of this name, whether it is there or not."""
    if name in record and not name.startswith("/"):
        return [name]
    path: list[str | int] = []
    found: Any = record
    for step in steps_of(name):
        is_index = isinstance(found, list) and step.isdecimal()
        path.append(int(step) if is_index else step)
        found = _below(found, path[-1])
    return path


def _below(found: Any, step: str | int) -> Any:
    try:
        return found[step]
    except (LookupError, TypeError):
        return None


def is_nested(name: str) -> bool:
    """Whether the name may lead deeper than to a field at the top of the record."""
    return name.startswith("/") or "." in name

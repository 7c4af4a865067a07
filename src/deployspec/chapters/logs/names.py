"""What the fields of log records are called. Knows nothing else: the deployment file's part and judges both need it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fields:
    """The names under which records say what the checks ask for."""

    timestamp: str = "timestamp"
    level: str = "level"
    logger: str = "logger"
    message: str = "message"
    request_id: str = "request_id"
    event: str = "event"


@dataclass(frozen=True, slots=True)
class AccessFields:
    """The names of the fields in an access record."""

    method: str
    path: str
    status: str
    duration: str
    """In milliseconds."""

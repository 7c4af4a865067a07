"""The deployment file's part ``logs``. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.deployment import Check, Part, patterns


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


def _logs(part: Sequence[Mapping[str, Any]], folder: Path) -> tuple[LogSource, ...]:
    return tuple(_log_source(source, folder) for source in part)


def _log_source(part: Mapping[str, Any], folder: Path) -> LogSource:
    files, freshness, schemas = part.get("files"), part.get("freshness"), part.get("schemas", {})
    return LogSource(
        name=part["name"],
        files=None if files is None else patterns(files, folder),
        command=tuple(part["command"]) if "command" in part else None,
        source=part.get("source"),
        timeout=parse_duration(part["timeout"]),
        prefix=part.get("prefix"),
        fields=LogFields(**part["fields"]),
        levels=tuple(part["levels"]),
        log_level=part.get("log_level"),
        error_level=part["error_level"],
        freshness=None if freshness is None else parse_duration(freshness),
        errors_of=tuple(part.get("errors_of", ())),
        request_scoped=tuple(part.get("request_scoped", ())),
        schema=folder / part["schema"] if "schema" in part else None,
        schemas=LogSchemas(
            *(
                MappingProxyType({name: folder / path for name, path in schemas.get(key, {}).items()})
                for key in ("logger", "event")
            )
        ),
        allow_secrets=tuple(part.get("allow_secrets", ())),
        access=_access(part["access"]) if "access" in part else None,
        jobs=_jobs(part["jobs"]) if "jobs" in part else None,
    )


def _access(part: Mapping[str, Any]) -> Access:
    fields = AccessFields(**part["fields"])
    return Access(part["path"], part["header"], parse_duration(part["within"]), fields)


def _jobs(part: Mapping[str, Any]) -> Jobs:
    return Jobs(**{**part, "within": parse_duration(part["within"])})


def _check(check: Check, data: Mapping[str, Any]) -> None:
    sources = data.get("logs") or ()
    check.unique_names(sources, "logs")
    for number, source in enumerate(sources):
        path = ("logs", number)
        for key in ("log_level", "error_level"):
            if source.get(key) is not None:
                advice = "" if (*path, key) in check.values.places else "; say which with error_level"
                default = f"{key}'s default, ERROR"
                check.one_of((*path, key), source[key], source["levels"], default, "levels", advice)
        for key in ("timeout", "prefix"):
            if (*path, key) in check.values.keys and "command" not in source:
                check.problems.add(
                    check.values.keys[*path, key],
                    f"{key}, and the source has no command",
                    f"{key} only beside command",
                )
        names = [other["name"] for other in sources if other is not source]
        for index, name in enumerate(source.get("errors_of", ())):
            check.one_of((*path, "errors_of", index), name, names, "", "the names of the other sources")


LOGS = Part("logs", _logs, _check)

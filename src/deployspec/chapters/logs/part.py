"""The deployment file's part ``logs``. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.chapters.logs.names import AccessFields, Fields
from deployspec.deployment import Check, Part, patterns


@dataclass(frozen=True)
class LogSchemas:
    """JSON Schemas for some records alone: files by the name of the logger, or by the event."""

    logger: Mapping[str, Path] = field(default_factory=dict)
    event: Mapping[str, Path] = field(default_factory=dict)


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


@dataclass(frozen=True, kw_only=True)
class LogSource:
    """Log records and what is promised of them; of ``files``, ``command`` and ``source`` one is not None."""

    name: str
    files: tuple[str, ...] | None = None
    """Glob patterns of absolute paths."""
    command: tuple[str, ...] | None = field(default=None, repr=False)
    source: str | None = field(default=None, repr=False)
    """``kind:address``, for the other kinds of sources."""
    timeout: float
    """Of the command."""
    prefix: str | None = None
    """A regular expression for what the command puts before each record."""
    fields: Fields
    levels: tuple[str, ...]
    """Ascending."""
    log_level: str | None = None
    """The least level that is logged; None: not promised."""
    error_level: str
    """The least level that belongs into an error log."""
    freshness: float | None = None
    errors_of: tuple[str, ...] = ()
    """The names of the sources whose errors this one collects; empty for one that is no error log."""
    request_scoped: tuple[str, ...] = ()
    """Loggers whose every record belongs to a request; ``name.*`` means all below it."""
    schema: Path | None = None
    """None: the project's own."""
    schemas: LogSchemas = field(default_factory=LogSchemas)
    allow_secrets: tuple[str, ...] = ()
    """Regular expressions: what one of them matches as a whole is not a secret."""
    access: Access | None = None
    jobs: Jobs | None = None


def _logs(part: Sequence[Mapping[str, Any]], folder: Path) -> tuple[LogSource, ...]:
    return tuple(_log_source(source, folder) for source in part)


def _log_source(part: Mapping[str, Any], folder: Path) -> LogSource:
    def paths(named: Mapping[str, str]) -> dict[str, Path]:
        return {name: folder / path for name, path in named.items()}

    read: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(("command", "levels", "errors_of", "request_scoped", "allow_secrets"), tuple),
        **dict.fromkeys(("timeout", "freshness"), parse_duration),
        "files": lambda globs: patterns(globs, folder),
        "fields": lambda names: Fields(**names),
        "schema": folder.joinpath,
        "schemas": lambda kinds: LogSchemas(**{kind: paths(named) for kind, named in kinds.items()}),
        "access": _access,
        "jobs": lambda jobs: Jobs(**{**jobs, "within": parse_duration(jobs["within"])}),
    }
    return LogSource(**{key: read[key](value) if key in read else value for key, value in part.items()})


def _access(part: Mapping[str, Any]) -> Access:
    fields = AccessFields(**part["fields"])
    return Access(part["path"], part["header"], parse_duration(part["within"]), fields)


def _check(check: Check, data: Mapping[str, Any]) -> None:
    sources = data["logs"]
    check.unique_names(sources, "logs")
    for number, source in enumerate(sources):
        path = ("logs", number)
        for key in ("log_level", "error_level"):
            if source.get(key) is not None:
                advice = "" if (*path, key) in check.values.places else "; set error_level"
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

"""The deployment file's part ``logs``. Durations are in seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.problems import listed
from deployspec.chapters.logs import formats, times
from deployspec.chapters.logs.form import EVERY_RECORD, WRAPPERS, AccessFields, Fields, Form
from deployspec.deployment import Check, Part, Steps, patterns


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
    form: Form
    """How its lines are read."""
    is_guides: bool
    """Whether the project's schema speaks of its records; a format that has a name has a schema of its own."""
    fields: Fields
    levels: tuple[str, ...]
    """Ascending."""
    log_level: str | None = None
    """The least level that is logged; None: not promised."""
    error_level: str | None
    """The least level that belongs into an error log; None: not said."""
    freshness: float | None = None
    errors_of: tuple[str, ...] = ()
    """The names of the sources whose errors this one collects; empty for one that is no error log."""
    request_scoped: tuple[str, ...] = ()
    """Loggers whose every record belongs to a request; ``name.*`` means all below it, ``*`` every record."""
    schema: Path | None = None
    """None: the project's own."""
    schemas: LogSchemas = field(default_factory=LogSchemas)
    allow_secrets: tuple[str, ...] = ()
    """Regular expressions: what one of them matches as a whole is not a secret."""
    personal_data: tuple[str, ...] = ()
    """What else is personal data: ``iban``, ``phone``, ``ip``."""
    access: Access | None = None
    jobs: Jobs | None = None


def _logs(part: Sequence[Mapping[str, Any]], folder: Path) -> tuple[LogSource, ...]:
    return tuple(source_of_data(source, folder) for source in part)


def source_of_data(part: Mapping[str, Any], folder: Path) -> LogSource:
    """What the data of one source becomes, with all that depends on its format."""

    def paths(named: Mapping[str, str]) -> dict[str, Path]:
        return {name: folder / path for name, path in named.items()}

    read: dict[str, Callable[[Any], Any]] = {
        **dict.fromkeys(("command", "errors_of", "allow_secrets", "personal_data"), tuple),
        **dict.fromkeys(("timeout", "freshness"), parse_duration),
        "files": lambda globs: patterns(globs, folder),
        "levels": lambda levels: formats.levels_of(levels)[0],
        "fields": lambda names: Fields(**names),
        "request_scoped": lambda loggers: (EVERY_RECORD,) if loggers is True else tuple(loggers),
        "schema": folder.joinpath,
        "schemas": lambda kinds: LogSchemas(**{kind: paths(named) for kind, named in kinds.items()}),
        "access": _access,
        "jobs": lambda jobs: Jobs(**{**jobs, "within": parse_duration(jobs["within"])}),
    }
    said = {
        key: read[key](value) if key in read else value for key, value in part.items() if key not in _OF_FORM
    }
    is_guides = formats.names_of(part)[1] is None and "pattern" not in part
    return LogSource(form=form_of(part), is_guides=is_guides, **said)


_OF_FORM = ("format", "syntax", "prefix", "pattern", "continuation", "time_format", "time_zone", "optional")


def form_of(part: Mapping[str, Any]) -> Form:
    """How the lines of a source are read, as its data says with all that depends on its format."""
    wrapper, name = formats.names_of(part)
    written = part["time_format"]
    return Form(
        wrapper=wrapper,
        syntax=part["syntax"],
        prefix=part.get("prefix"),
        pattern=part.get("pattern"),
        continuation=part.get("continuation"),
        name=name or "",
        optional=tuple(part.get("optional", ())),
        level_names=formats.levels_of(part["levels"])[1],
        time_format=(written,) if isinstance(written, str) else tuple(written),
        time_zone=part.get("time_zone"),
    )


def _complete(said: Sequence[Mapping[str, Any]], part: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [formats.described(*both) for both in zip(said, part, strict=True)]


def _access(part: Mapping[str, Any]) -> Access:
    fields = AccessFields(**part["fields"], unit=part["unit"])
    return Access(part["path"], part["header"], parse_duration(part["within"]), fields)


def _check(check: Check, data: Mapping[str, Any]) -> None:
    sources = data["logs"]
    check.unique_names(sources, "logs")
    for number, source in enumerate(sources):
        path = ("logs", number)
        if (*path, "timeout") in check.values.keys and "command" not in source:
            place = check.values.keys[*path, "timeout"]
            check.problems.add(place, "timeout, and the source has no command", "timeout only beside command")
        names = [other["name"] for other in sources if other is not source]
        for index, name in enumerate(source.get("errors_of", ())):
            check.one_of((*path, "errors_of", index), name, names, "", "the names of the other sources")
        check_reading(check, path, source)
    collected = {name for source in sources for name in source.get("errors_of", ())}
    for number, source in enumerate(sources):
        if "errors_of" in source or source["name"] in collected:
            check_errors(check, ("logs", number), source)


_ASCENDING = ("trace", "debug", "info", "warning", "error", "critical")


def check_reading(check: Check, path: Steps, source: Mapping[str, Any]) -> None:
    """Note what does not go together in what the data of a source says of its records."""
    levels, _ = formats.levels_of(source["levels"])
    ranked = [level for level in levels if level.casefold() in _ASCENDING]
    for lower, higher in pairwise(ranked):
        if _ASCENDING.index(lower.casefold()) > _ASCENDING.index(higher.casefold()):
            check.add((*path, "levels"), f"{lower} before {higher}", "levels in ascending order")
    for key in ("log_level", "error_level"):
        if source.get(key) is not None:
            check.one_of((*path, key), source[key], levels, "", "levels")
    _check_form(check, path, source)
    _check_fields(check, path, source)


def _check_form(check: Check, path: Steps, source: Mapping[str, Any]) -> None:
    said = source.get("format", ())
    names = [said] if isinstance(said, str) else list(said)
    known = [*WRAPPERS, *formats.FORMATS]
    for index, name in enumerate(names):
        own = (*path, "format") if isinstance(said, str) else (*path, "format", index)
        check.one_of(own, name, known, "", "the formats")
    wrappers = [name for name in names if name in WRAPPERS]
    if (
        len(wrappers) > 1
        or len(names) - len(wrappers) > 1
        or names[len(wrappers) :] != [name for name in names if name not in WRAPPERS]
    ):
        expected = f"one format; before it, if a container runtime writes the log, {' or '.join(WRAPPERS)}"
        check.add((*path, "format"), f"the formats {', '.join(names)}", expected)
    pattern = (*path, "pattern")
    if source["syntax"] != "text" and "pattern" in source:
        check.add(pattern, f"a pattern beside the format {names[-1]}", "format: text, or no pattern")
    if source["syntax"] == "text" and "pattern" not in source:
        check.add((*path, "format"), "format: text without a pattern", "a pattern with named groups")
    if "pattern" in source and not re.compile(source["pattern"]).groupindex:
        check.add(pattern, "a pattern without named groups", "(?P<message>...) and the like, for the fields")
    _check_times(check, path, source)


def _check_times(check: Check, path: Steps, source: Mapping[str, Any]) -> None:
    said, key = source["time_format"], (*path, "time_format")
    listed_ = {key: said} if isinstance(said, str) else {(*key, index): one for index, one in enumerate(said)}
    for place, one in listed_.items():
        if one not in times.NAMES:
            try:
                times.check_pattern(one)
            except ValueError as error:
                found, _, expected = str(error).rpartition("expected ")
                check.add(
                    place, f"{check.shown(place, one)}{': '[: len(found)]}{found.rstrip('; ')}", expected
                )
    if "time_zone" in source:
        place = (*path, "time_zone")
        try:
            times.zone_of(source["time_zone"])
        except ValueError as error:
            check.add(place, check.shown(place, source["time_zone"]), str(error).removeprefix("expected "))


def _check_fields(check: Check, path: Steps, source: Mapping[str, Any]) -> None:
    fields, scoped = source["fields"], source.get("request_scoped", ())
    if scoped is False:
        check.add((*path, "request_scoped"), "false", "true, or the names of loggers")
    for key, field_, is_needed in (
        ("freshness", "timestamp", "freshness" in source),
        ("log_level", "level", source.get("log_level") is not None),
        ("request_scoped", "logger", scoped is not True and bool(scoped)),
        ("request_scoped", "request_id", bool(scoped)),
        ("access", "request_id", "access" in source),
    ):
        if is_needed and fields[field_] is None:
            expected = f"where the records have their {field_.replace('_', ' ')} (fields.{field_})"
            expected += ", or request_scoped: true" if field_ == "logger" else ""
            check.add((*path, key), f"{key}, and the records have no {field_.replace('_', ' ')}", expected)


def check_errors(check: Check, path: Steps, source: Mapping[str, Any]) -> None:
    """Note what keeps the errors of a source from being told."""
    for field_ in ("timestamp", "level"):
        if source["fields"][field_] is None:
            found = f"errors are compared, and the records of {source['name']} have no {field_}"
            check.add((*path, "fields", field_), found, f"where they have it (fields.{field_})")
    if source["error_level"] is None:
        levels, _ = formats.levels_of(source["levels"])
        found = f"errors are compared, and none of the levels of {source['name']} is called ERROR"
        check.add((*path, "levels"), found, f"error_level, one of {listed(levels)}")


LOGS = Part("logs", _logs, _check, _complete)

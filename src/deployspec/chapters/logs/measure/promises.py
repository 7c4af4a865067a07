"""From the deployment file to what is read, and to what is promised of every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deployspec.chapters.logs.judge.model import Fields, LogPromise
from deployspec.chapters.logs.judge.schema import combined, following
from deployspec.chapters.logs.measure import CommandSource, FilesSource, Source, source_of
from deployspec.chapters.logs.part import LogSource
from deployspec.tools.schema_file import read_schema


def source_to_read(told: LogSource) -> Source:
    """What is read. Raises UsageError for a source of another kind whose address cannot be used."""
    if told.files is not None:
        return FilesSource(told.files)
    if told.command is not None:
        return CommandSource(told.command, prefix=told.prefix, timeout=told.timeout, name=told.name)
    return source_of(told.source or "")


def promise_of_lines(told: LogSource, project: Path, *, keep_errors: bool) -> LogPromise:
    """What is promised of every line. Raises Unmeasured or SchemaUnusableError for a JSON Schema that cannot be used."""
    names = told.fields
    fields = Fields(**asdict(names))
    base = (
        following(read_schema(project), fields, told.levels)
        if told.schema is None
        else read_schema(told.schema)
    )
    added = {names.logger: _read_all(told.schemas.logger), names.event: _read_all(told.schemas.event)}
    return LogPromise(
        schema=combined(base, {field: schemas for field, schemas in added.items() if schemas}),
        fields=fields,
        levels=told.levels,
        log_level=told.log_level,
        error_level=told.error_level,
        errors_only=bool(told.errors_of),
        keep_errors=keep_errors,
        request_scoped=told.request_scoped,
        allowed=told.allow_secrets,
    )


def _read_all(paths: Mapping[str, Path]) -> dict[str, dict[str, Any]]:
    return {name: read_schema(path) for name, path in paths.items()}

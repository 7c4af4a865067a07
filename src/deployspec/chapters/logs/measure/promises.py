"""From the deployment file to what is read, and to what is promised of every line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from deployspec.chapters.logs.judge.model import LogPromise
from deployspec.chapters.logs.judge.schema import combined, following
from deployspec.chapters.logs.measure.source import Source
from deployspec.chapters.logs.measure.sources import source_of
from deployspec.chapters.logs.measure.sources.command import CommandSource
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.names import Fields
from deployspec.chapters.logs.part import LogSchemas, LogSource
from deployspec.tools.schema_file import read_schema


def source_to_read(told: LogSource) -> Source:
    """What is read. Raises UsageError for a source of another kind whose address cannot be used."""
    if told.files is not None:
        return FilesSource(told.files)
    if told.command is not None:
        return CommandSource(told.command, prefix=told.prefix, timeout=told.timeout, name=told.name)
    return source_of(told.source or "")


def promise_of_lines(told: LogSource, project: Path, *, keep_errors: bool) -> LogPromise:
    """What is promised of every line; ``project``: the JSON Schema for sources that name none.

    Raises Unmeasured or SchemaUnusableError for a JSON Schema that cannot be used.
    """
    return LogPromise(
        schema=schema_of(told.schema, project, told.schemas, told.fields, told.levels),
        fields=told.fields,
        levels=told.levels,
        log_level=told.log_level,
        error_level=told.error_level,
        errors_only=bool(told.errors_of),
        keep_errors=keep_errors,
        request_scoped=told.request_scoped,
        allowed=told.allow_secrets,
    )


def schema_of(
    named: Path | None, project: Path, more: LogSchemas, fields: Fields, levels: Sequence[str]
) -> dict[str, Any]:
    """The schema of every record: what a person named, else the project's, and ``more`` for some of them.

    Raises Unmeasured for a file that cannot be read as a JSON Schema, SchemaUnusableError for one that is none.
    """
    base = following(read_schema(project), fields, levels) if named is None else read_schema(named)
    added = {
        name: {value: read_schema(path) for value, path in paths.items()}
        for name, paths in ((fields.logger, more.logger), (fields.event, more.event))
        if paths
    }
    return combined(base, added)

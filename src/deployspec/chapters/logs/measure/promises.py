"""From the deployment file to what is read, and to what is promised of every line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from deployspec.chapters.logs.judge.model import LogPromise
from deployspec.chapters.logs.judge.schema import combined, described, following
from deployspec.chapters.logs.measure.source import Source
from deployspec.chapters.logs.measure.sources import source_of
from deployspec.chapters.logs.measure.sources.command import CommandSource
from deployspec.chapters.logs.measure.sources.files import FilesSource
from deployspec.chapters.logs.part import LogSource
from deployspec.tools.schema_file import read_schema


def source_to_read(log_source: LogSource) -> Source:
    """What is read. Raises UsageError for a source of another kind whose address cannot be used."""
    if log_source.files is not None:
        return FilesSource(log_source.files)
    if log_source.command is not None:
        return CommandSource(log_source.command, timeout=log_source.timeout, name=log_source.name)
    return source_of(log_source.source or "")


def promise_of_lines(log_source: LogSource, project: Path, *, keep_errors: bool) -> LogPromise:
    """What is promised of every line; ``project``: the JSON Schema for sources that name none.

    Raises Unmeasured or SchemaUnusableError for a JSON Schema that cannot be used.
    """
    return LogPromise(
        schema=schema_of(log_source, project),
        fields=log_source.fields,
        form=log_source.form,
        levels=log_source.levels,
        log_level=log_source.log_level,
        error_level=log_source.error_level,
        errors_only=bool(log_source.errors_of),
        keep_errors=keep_errors,
        request_scoped=log_source.request_scoped,
        allowed=log_source.allow_secrets,
        personal_data=log_source.personal_data,
    )


def schema_of(log_source: LogSource, project: Path) -> dict[str, Any]:
    """The schema of every record: what a person named, else the project's or that of its format, and those of some.

    Raises Unmeasured for a file that cannot be read as a JSON Schema, SchemaUnusableError for one that is none.
    """
    fields, more = log_source.fields, log_source.schemas
    of_form = (fields, log_source.levels, log_source.form)
    if log_source.schema is not None:
        base = read_schema(log_source.schema)
    else:
        base = following(read_schema(project), *of_form) if log_source.is_guides else described(*of_form)
    added = {
        name: {value: read_schema(path) for value, path in paths.items()}
        for name, paths in ((fields.logger, more.logger), (fields.event, more.event))
        if paths and name is not None
    }
    return combined(base, added)

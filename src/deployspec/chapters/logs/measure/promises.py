"""From the deployment file to what is read, and to what is promised of every line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.plugin.outcomes import Unmeasured

if TYPE_CHECKING:
    from deployspec.chapters.logs.judge.model import LogPromise
    from deployspec.chapters.logs.measure import Source
    from deployspec.deployment import LogSource


def source_to_read(told: LogSource) -> Source:
    """What is read. Raises Unmeasured for a source of another kind whose address cannot be used."""
    from deployspec.base.errors import UsageError
    from deployspec.chapters.logs.measure import CommandSource, FilesSource, source_of

    if told.files is not None:
        return FilesSource(told.files)
    if told.command is not None:
        return CommandSource(told.command, prefix=told.prefix, timeout=told.timeout, name=told.name)
    try:
        return source_of(told.source or "")
    except UsageError as error:
        raise Unmeasured(str(error)) from None


def promise_of_lines(told: LogSource, project: Path, *, keep_errors: bool) -> LogPromise:
    """What is promised of every line. Raises Unmeasured for a JSON Schema that cannot be used."""
    from deployspec.chapters.logs.judge.model import Fields, LogPromise
    from deployspec.chapters.logs.judge.schema import SchemaUnusableError, combined, following

    names = told.fields
    fields = Fields(names.timestamp, names.level, names.logger, names.message, names.request_id, names.event)
    base = following(_read(project), fields, told.levels) if told.schema is None else _read(told.schema)
    added = {names.logger: _read_all(told.schemas.logger), names.event: _read_all(told.schemas.event)}
    try:
        schema = combined(base, {field: schemas for field, schemas in added.items() if schemas})
    except SchemaUnusableError as error:
        raise Unmeasured(str(error)) from None
    return LogPromise(
        schema=schema,
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
    return {name: _read(path) for name, path in paths.items()}


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except RecursionError:
        raise Unmeasured(f"the JSON Schema {path} is nested too deep") from None
    except (OSError, ValueError) as error:
        raise Unmeasured(f"the JSON Schema {path} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise Unmeasured(f"the JSON Schema {path} holds no object")
    return document

"""The body against its JSON Schema, in words for a person: where, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deployspec.base.shown import one_line, place, value
from deployspec.base.strict_json import Path
from deployspec.chapters.health.judge.reading import NUMBER_OR_NULL, TYPES, is_absent, looked_up
from deployspec.chapters.health.judge.state import each_flags, types_of
from deployspec.chapters.health.model import HealthPromise, Pointer
from deployspec.languages.json_schema import MASK, using, validator

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_ASKS_NOTHING = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "examples", "default"}
)
"""Keywords of JSON Schema that no document can break."""
_ARTICLES = {"integer": "an integer", "array": "an array", "object": "an object", "null": "null"}


def asks_nothing(promise: HealthPromise) -> bool:
    """Whether every object would fit: the schema has no keyword that one could break, and no field is named."""
    fields = promise.fields
    return not any(_asks(*said) for said in promise.schema.items()) and not (fields.pointers or fields.each)


def _asks(keyword: str, said: object) -> bool:
    """Whether an object could break a keyword of its schema."""
    match keyword, said:
        case "type", "object":
            return False
        case "type", list(types):
            return "object" not in types
        case "required", []:
            return False
        case "additionalProperties", True:
            return False
        case "properties", dict(fields):
            return any(one is not True and not _allows_all(one) for one in fields.values())
    return keyword not in _ASKS_NOTHING


def _allows_all(schema: object) -> bool:
    return isinstance(schema, dict) and schema.keys() <= _ASKS_NOTHING


def violations(document: object, promise: HealthPromise) -> tuple[str, ...]:
    """Every violation of the schema, one text each, sorted by place: ``$.db: found "yes", expected true or false``.

    Then those of the fields that the deployment file names, where the schema does not say them itself.
    """
    schema = validator(promise.schema, "the schema")
    with using("the schema"):
        errors = list(schema.iter_errors(document))
    found: dict[Path, str] = {}
    lines = []
    for error in errors:
        at, line = _placed(error)
        found[at] = line
        lines.append((list(map(str, at)), line))
    for at, line in _named_fields(document, promise):
        if at not in found:
            lines.append((list(map(str, at)), line))
    return tuple(dict.fromkeys(line for _, line in sorted(lines)))


def _placed(error: ValidationError) -> tuple[Path, str]:
    path: Path = tuple(error.instance_path)
    name = str(path[-1]) if path else ""
    match error.kind.as_dict():
        case {"property": str(missing)}:
            path = (*path, missing)
            return path, f"{place(path)} is missing"
        case {"types": list(types)}:
            return path, f"{place(path)}: found {value(error.instance, name=name)}, expected {_types(types)}"
        case _:
            message = one_line(error.message.removeprefix(MASK).strip(), 100)
            if not error.message.startswith(MASK):
                return path, f"{place(path)}: {message}"
            return path, f"{place(path)}: found {value(error.instance, name=name)}, which {message}"


def _types(types: list[str]) -> str:
    ordered = sorted(types, key=lambda kind: kind == "null")
    return " or ".join(
        "true or false" if kind == "boolean" else _ARTICLES.get(kind, f"a {kind}") for kind in ordered
    )


def _named_fields(document: object, promise: HealthPromise) -> list[tuple[Path, str]]:
    """What is wrong with the values that the deployment file names: their places, with a line for each."""
    fields = promise.fields
    expected: list[tuple[Pointer, Sequence[str]]] = []
    expected += [(one.at, types_of(one.healthy)) for one in (fields.ok, *fields.parts) if one is not None]
    if (time := fields.time) is not None:
        expected.append((time.at, ("a string",) if time.format == "rfc3339" else ("a number",)))
    if (version := fields.version) is not None and version.path is None:
        expected.append((version.at, ("a string",)))
    if (depth := fields.queue_depth) is not None:
        expected.append((depth.at, NUMBER_OR_NULL))
    lines = [line for at, types in expected if (line := _named_field(document, at, types)) is not None]
    if fields.each is None:
        return lines
    entries = looked_up(document, fields.each.each)
    at = _path(document, fields.each.each)
    if is_absent(entries):
        return [*lines, (at, f"{place(at)} is missing")]
    if not isinstance(entries, dict | list):
        return [*lines, (at, f"{place(at)}: found {value(entries)}, expected an array or an object")]
    if not entries:
        return [*lines, (at, f"{place(at)} is empty, expected an entry for each part")]
    flags = each_flags(entries, fields.each)
    return lines + [line for one in flags if (line := _named_field(document, one.at, types_of(one.healthy)))]


def _named_field(document: object, at: Pointer, types: Sequence[str]) -> tuple[Path, str] | None:
    path, found = _path(document, at), looked_up(document, at)
    if is_absent(found):
        return path, f"{place(path)} is missing"
    if any(type(found) in TYPES[one] for one in types):
        return None
    shown = value(found, name=at.steps[-1] if at.steps else "")
    return path, f"{place(path)}: found {shown}, expected {' or '.join(types)}"


def _path(document: object, at: Pointer) -> Path:
    """A pointer as a path: with numbers where arrays are."""
    path: list[str | int] = []
    for depth, step in enumerate(at.steps):
        holder = looked_up(document, Pointer(at.steps[:depth]))
        path.append(int(step) if isinstance(holder, list) and step.isdecimal() else step)
    return tuple(path)

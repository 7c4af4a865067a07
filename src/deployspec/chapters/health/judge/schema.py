"""The body against its JSON Schema, in words for a person: where, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployspec.base.shown import one_line, place, value
from deployspec.base.strict_json import Path
from deployspec.chapters.health.judge.reading import TYPES
from deployspec.chapters.health.model import HealthPromise
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
    return not any(_asks(*said) for said in promise.schema.items()) and not _named_fields({}, promise)


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


def violations(document: Mapping[str, object], promise: HealthPromise) -> tuple[str, ...]:
    """Every violation of the schema, one text each, sorted by place: ``$.db: found "yes", expected true or false``.

    Then those of the fields that the deployment file names, where the schema does not say them itself.
    """
    schema = validator(promise.schema, "the schema")
    with using("the schema"):
        errors = list(schema.iter_errors(dict(document)))
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


def _named_fields(document: Mapping[str, object], promise: HealthPromise) -> list[tuple[Path, str]]:
    expected: dict[str | None, str] = {
        **dict.fromkeys(promise.flags, "true or false"),
        **dict.fromkeys((promise.fields.time, promise.fields.version), "a string"),
    }
    if depth := promise.fields.queue_depth:
        expected[depth.field] = "a number or null"
    lines: list[tuple[Path, str]] = []
    for name, words in expected.items():
        if name is None:
            continue
        at = place((name,))
        found = document.get(name)
        if name not in document:
            lines.append(((name,), f"{at} is missing"))
        elif type(found) not in TYPES[words]:
            lines.append(((name,), f"{at}: found {value(found, name=name)}, expected {words}"))
    return lines

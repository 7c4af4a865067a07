"""The JSON Schema of a source's records: the base for all of them, and those that loggers and events add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from deployspec.chapters.logs.form import Fields, Form, is_nested, steps_of
from deployspec.chapters.logs.judge.model import LEVELS
from deployspec.languages.json_schema import SchemaUnusableError, validator

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_URN = "urn:deployspec:logs:"
_PLAIN = Form()


_RECORD: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["timestamp", "level", "logger", "message"],
    "properties": {
        "timestamp": {"type": ["string", "number"]},
        "level": {"enum": list(LEVELS)},
        "logger": {"type": "string", "minLength": 1},
        "message": {"type": ["string", "object", "array"]},
    },
}
"""Of records of which nothing is known but where they say what the checks ask for."""


def described(fields: Fields, levels: Sequence[str], form: Form) -> dict[str, Any]:
    """The schema of records in a form that has a name: of what the checks ask for, and of nothing else."""
    required = [name for name in _RECORD["required"] if name not in form.optional]
    return following({**_RECORD, "required": required}, fields, levels, form)


def following(
    schema: Mapping[str, Any], fields: Fields, levels: Sequence[str] = LEVELS, form: Form = _PLAIN
) -> dict[str, Any]:
    """The project's schema, for a source whose records have other names for what it speaks of, other levels or times.

    What it says of ``timestamp`` is then said of ``fields.timestamp``, wherever that is; what it says of a
    field that has this name itself is dropped, and what it says of a field that records do not have. A list of the
    guide's levels becomes one of ``levels``, or of what ``form`` names so. A schema that a person names for a source is
    not changed: it says what they wrote.
    """
    followed = dict(schema)
    properties, required = followed.get("properties"), followed.get("required")
    properties = dict(properties) if isinstance(properties, Mapping) else {}
    required = list(required) if isinstance(required, list) else []
    said = asdict(fields)
    level = properties.get("level")
    if isinstance(level, Mapping) and level.get("enum") == list(LEVELS):
        properties["level"] = {**level, "enum": _as_said(levels, form)}
    if form.time_format != _PLAIN.time_format and "timestamp" in properties:
        properties["timestamp"] = _RECORD["properties"]["timestamp"]
    moved = {name: called for name, called in said.items() if name != called}
    rules = [
        (called, properties.get(name, True), name in required)
        for name, called in moved.items()
        if called is not None and (name in properties or name in required)
    ]
    gone = moved.keys() | set(moved.values())
    properties = {name: says for name, says in properties.items() if name not in gone}
    required = [name for name in required if name not in moved]
    deeper = []
    for called, says, is_required in rules:
        if is_nested(called):
            deeper.append(_where(called, says, required=is_required))
        else:
            properties[called] = says
            required += [called] if is_required and called not in required else []
    followed |= {"properties": properties} if "properties" in schema else {}
    followed |= {"required": required} if "required" in schema else {}
    return {**followed, "allOf": [*schema.get("allOf", ()), *deeper]} if deeper else followed


def _as_said(levels: Sequence[str], form: Form) -> list[str | int]:
    said = list(form.level_names) or list(levels)
    return [*said, *(int(one) for one in form.level_names if one.isdecimal())]


def _where(name: str, says: Any, *, required: bool) -> dict[str, Any]:
    """That the field of a name fits ``says``: a dotted one is that of one field, or else the path to one."""
    whole = _at((name,), says, required=required)
    if not is_nested(name):
        return whole
    deep = _at(steps_of(name), says, required=required)
    return deep if name.startswith("/") else {"if": {"required": [name]}, "then": whole, "else": deep}


def _at(steps: Sequence[str], says: Any, *, required: bool) -> dict[str, Any]:
    for step in reversed(steps):
        kind = ["object", "array"] if step.isdecimal() else "object"
        says = {"properties": {step: says}} | ({"type": kind, "required": [step]} if required else {})
    found: dict[str, Any] = says
    return found


def combined(base: Mapping[str, Any], added: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """One schema for every record: it fits ``base``, and what its logger or event adds.

    ``added`` has, by the name of a field of the record (``logger``, ``event``) and by that field's value, a schema
    that records with this value fit as well. Raises SchemaUnusableError for a schema that is none; ``format`` is not
    asserted, as draft 2020-12 has it: what counts is said with ``pattern``.
    """
    rules: list[dict[str, Any]] = [_own(base, f"{_URN}base")]
    validator(rules[0], "the schema of records")
    for field, by_value in added.items():
        for number, (value, schema) in enumerate(by_value.items()):
            own = _own(schema, f"{_URN}{field}:{number}")
            validator(own, f"the schema of the {field} {value}")
            condition = _where(field, {"const": value}, required=True)
            rules.append({"if": condition, "then": own})
    identities = [identity for rule in rules for identity in _identities(rule)]
    for identity in identities:
        if identities.count(identity) > 1:
            raise SchemaUnusableError(f"two schemas have the $id {identity}; expected one for each")
    return {"$schema": DRAFT, "allOf": rules}


def of_lists(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema of a list of such records."""
    return {"$schema": DRAFT, "type": "array", "items": _own(schema, f"{_URN}record")}


def _own(schema: Mapping[str, Any], identity: str) -> dict[str, Any]:
    """The schema with an ``$id``, so that its ``#/…`` mean itself wherever it is put."""
    return {"$id": identity, **schema}


def _identities(rule: Mapping[str, Any]) -> Iterator[str]:
    for schema in (rule, rule.get("then")):
        if isinstance(schema, Mapping) and isinstance(schema.get("$id"), str):
            yield schema["$id"]

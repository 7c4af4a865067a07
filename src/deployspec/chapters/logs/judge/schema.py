"""The JSON Schema of a source's records: the base for all of them, and those that loggers and events add."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from deployspec.chapters.logs.judge.model import LEVELS
from deployspec.chapters.logs.names import Fields
from deployspec.languages.json_schema import SchemaUnusableError, validator

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_URN = "urn:deployspec:logs:"


def following(schema: Mapping[str, Any], fields: Fields, levels: Sequence[str] = LEVELS) -> dict[str, Any]:
    """The project's schema, for a source whose records have other names for what it speaks of, or other levels.

    What it says of ``timestamp`` is then said of ``fields.timestamp``, at the top of the record; what it says of a
    field that has this name itself is dropped. A list of the guide's levels becomes one of ``levels``. A schema that a
    person names for a source is not changed: it says what they wrote.
    """
    names = {name: called for name, called in asdict(fields).items() if name != called}
    taken = set(names.values())
    followed = dict(schema)
    if isinstance(followed.get("required"), list):
        followed["required"] = list(dict.fromkeys(names.get(name, name) for name in followed["required"]))
    if isinstance(followed.get("properties"), Mapping):
        followed["properties"] = {
            names.get(name, name): one
            for name, one in followed["properties"].items()
            if name in names or name not in taken
        }
        level = followed["properties"].get(fields.level)
        if isinstance(level, Mapping) and level.get("enum") == list(LEVELS):
            followed["properties"][fields.level] = {**level, "enum": list(levels)}
    return followed


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
            condition = {"properties": {field: {"const": value}}, "required": [field]}
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

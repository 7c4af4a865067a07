"""One schema of the base and of those that loggers and events add."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.chapters.logs.form import Fields
from deployspec.chapters.logs.judge.schema import (
    combined,
    following,
    of_lists,
)
from deployspec.languages.json_schema import SchemaUnusableError, validator
from tests.chapters.logs.judge.blocks import SCHEMA

BASE = {
    "required": ["logger"],
    "properties": {"logger": {"$ref": "#/$defs/name"}},
    "$defs": {"name": {"minLength": 2}},
}
ADDED = {
    "logger": {"shop": {"required": ["id"]}, "bank": {"properties": {"sum": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "number"}}}},
    "event": {"sold": {"required": ["price"]}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        ({"logger": "a"}, False),
        ({"logger": "other"}, True),
        ({"logger": "shop"}, False),
        ({"logger": "shop", "id": 1}, True),
        ({"logger": "bank", "sum": "1"}, False),
        ({"logger": "bank", "sum": 1}, True),
        ({"logger": "other", "event": "sold"}, False),
        ({"logger": "shop", "event": "sold", "id": 1, "price": 1}, True),
    ],
)
def test_combined(record: dict[str, Any], fits: bool) -> None:
    """A record fits the base, and what its logger and its event add; references mean their own schema."""
    schema = combined(BASE, ADDED)
    assert validator(schema, "it").is_valid(record) == fits
    assert validator(of_lists(schema), "it").is_valid([record]) == fits


@pytest.mark.parametrize(
    ("base", "added", "said"),
    [
        ({"type": "text"}, {}, "the schema of records cannot be used"),
        ({}, {"event": {"sold": {"minLength": "x"}}}, "the schema of the event sold cannot be used"),
        ({}, {"logger": {"a": {"$ref": "https://example.com/x"}}}, "the schema of the logger a cannot be used"),
        ({"$id": "urn:x"}, {"logger": {"a": {"$id": "urn:x"}}}, "two schemas have the $id urn:x"),
    ],
)  # fmt: skip
def test_unusable(base: dict[str, Any], added: dict[str, Any], said: str) -> None:
    """A schema that is none, or wants to be fetched, is refused by name."""
    with pytest.raises(SchemaUnusableError, match=said.replace("$", r"\$")):
        combined(base, added)


@pytest.mark.parametrize(
    ("wrong", "fits"),
    [({}, True), ({"ts": 3}, False), ({"ts": None}, False), ({"timestamp": 3}, True), ({"event": ""}, True), ({"event": 3}, False), ({"level": "INFO"}, False)],
)  # fmt: skip
def test_the_projects_schema_follows_names_and_levels(wrong: dict[str, Any], fits: bool) -> None:
    """What it says of a field is said of the name that records have for it, and of nothing else that has the name."""
    fields = Fields(timestamp="ts", message="event", event="kind")
    schema = following(SCHEMA, fields, ("info", "error"))
    record = {"ts": "2026-11-24T03:59:00.000Z", "level": "info", "logger": "a", "event": "sold"} | wrong
    record = {name: one for name, one in record.items() if one is not None}
    assert validator(schema, "it").is_valid(record) is fits
    assert following(SCHEMA, Fields()) == SCHEMA

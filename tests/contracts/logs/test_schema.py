"""One schema of the base and of those that loggers and events add."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.contracts.logs.schema import SchemaUnusableError, combined, of_lists, validator

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

"""What a schema asks for, in words."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.deployment.schema import expectation, is_described

TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            {"type": "object", "properties": {"db": TEXT, "redis": TEXT}},
            "a mapping with the keys db and redis",
        ),
        ({"type": "object", "additionalProperties": TEXT}, "a mapping of names to values"),
        ({"type": ["array", "null"], "items": TEXT}, "a list of texts, or null"),
        ({"type": "array", "items": {"type": "object", "properties": {"name": TEXT}}}, "a list of mappings"),
        (
            {
                "type": ["array", "object"],
                "items": {"type": "string", "format": "url"},
                "properties": {"command": TEXT},
            },
            "a list of URLs such as https://deal-scout.example, or a mapping with the keys command",
        ),
        ({"type": "integer", "minimum": 1, "maximum": 9}, "a whole number from 1 to 9"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "a number above 0, and at most 1"),
        ({"type": "boolean"}, "true or false"),
        ({"enum": ["load", "write"]}, "load or write"),
    ],
    ids=[
        "keys",
        "names",
        "texts-or-null",
        "mappings",
        "urls-or-mapping",
        "whole",
        "number",
        "boolean",
        "one-of",
    ],
)
def test_expectation(place: dict[str, Any], words: str) -> None:
    """Each kind of place says what belongs there."""
    assert expectation(place) == words


PROBE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "body": {"type": ["string", "null"], "enum": ["json", "text", None]},
        "fields": {"type": "object", "properties": {"ok": TEXT}},
    },
}
PLACES: dict[str, Any] = {
    "type": "object",
    "properties": {"health": {"properties": {**PROBE["properties"], "endpoints": {"additionalProperties": PROBE}}}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("dotted", "there"),
    [
        ("health.body", True),
        ("health.body.json", True),
        ("health.body.yaml", False),
        ("health.body.json.json", False),
        ("health.endpoints.liveness.body.text", True),
        ("health.endpoints.liveness.body.txt", False),
        ("health.endpoints.liveness.fields.ok", True),
        ("health.endpoints.liveness.field.ok", False),
    ],
)
def test_places_by_the_word_that_stands_there_and_by_any_name(dotted: str, there: bool) -> None:
    """A word of several is a place below its key; below a mapping of names to mappings, each name is one."""
    assert is_described(PLACES, dotted) is there

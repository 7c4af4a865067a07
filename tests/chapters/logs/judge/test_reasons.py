"""Words and places of what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.logs.judge import reasons
from deployspec.languages.json_schema import validator
from tests.trials import trials

TEXT = '{"a": [1, {"b\\n": "x"}, []], "c": null, "d":{ "e" :{}}, "": -1.5e3}'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ([], "{"),
        (["a"], "["),
        (["a", 0], "1"),
        (["a", 1, "b\n"], '"x"'),
        (["a", 2], "[]"),
        (["c"], "null"),
        (["d", "e"], "{}"),
        ([""], "-1.5e3"),
    ],
)
def test_places_in_a_text(path: list[str | int], value: str) -> None:
    """A path leads to a place in the text, and the place back to the path."""
    at = reasons.offset_of(TEXT, path)
    assert TEXT.startswith(value, at)
    assert reasons.path_at(TEXT, at) == path


def test_place_of_a_key() -> None:
    """What stands in a key belongs to its object."""
    assert reasons.path_at(TEXT, TEXT.index('e"')) == ["d"]
    assert reasons.path_at(TEXT, TEXT.index('b\\n"')) == ["a", 1]
    assert reasons.path_at(TEXT, 2) == []


@settings(max_examples=trials(100), deadline=None)
@given(st.text(max_size=60), st.integers(0, 60))
def test_any_text_has_an_excerpt(text: str, at: int) -> None:
    """Whatever a line holds, its excerpt is one short line."""
    shown = reasons.excerpt(text, min(at, len(text)))
    assert len(shown) <= 200
    assert shown.isprintable()


def test_names_that_are_told() -> None:
    """Only names that the schema knows are told, and no more than eight steps."""
    known = reasons.names_of({"allOf": [{"properties": {"a": {"required": ["b c"]}}}, {"$defs": {"x": {"properties": {"d": {}}}}}]})  # fmt: skip
    assert known == {"a", "b c", "d"}
    assert reasons.place_of(["a", 3, "b c", "secret", "d"], known) == '$.a[*]["b c"].*.d'
    assert reasons.place_of([0] * 9, known) == "$" + "[*]" * 8 + "…"


@pytest.mark.parametrize(
    ("schema", "value", "what"),
    [
        ({"type": ["string", "null"]}, 1, "expected null or string"),
        ({"const": 3}, "s3cret", "expected 3"),
        ({"pattern": "^a"}, "s3cret", "does not match ^a"),
        ({"properties": {}, "additionalProperties": False, "minProperties": 0, "patternProperties": {"^a": {}}}, {"s3cret": 1}, "a field that the schema does not know"),
        ({"additionalProperties": False}, {"s3cret": 1}, "the schema allows nothing here"),
        ({"properties": {"s3cret": False}}, {"s3cret": 1}, "the schema allows nothing here"),
        ({"propertyNames": {"maxLength": 3}}, {"s3cret": 1}, "a field's name is not one that the schema allows"),
        ({"anyOf": [{"type": "null"}]}, "s3cret", "fits none of the schema's anyOf"),
        ({"oneOf": [{"type": "string"}, True]}, "s3cret", "fits more than one of the schema's oneOf"),
        ({"multipleOf": 2}, 3, "breaks the schema's multipleOf of 2"),
        ({"not": {}}, "s3cret", "breaks the schema's not"),
        ({"maxItems": 1}, ["s3cret", 1], "breaks the schema's maxItems of 1"),
        ({"contains": {"const": 1}}, ["s3cret"], "breaks the schema's contains"),
    ],
)  # fmt: skip
def test_words(schema: dict[str, object], value: object, what: str) -> None:
    """Each keyword has its words, and none of them quotes the value."""
    (error,) = validator(schema, "the schema").iter_errors(value)
    assert reasons.of_schema(error) == what

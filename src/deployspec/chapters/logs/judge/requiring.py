"""What a JSON Schema requires of a record of which some values are left open: which of them it judges, and by what.

Where that cannot be told for sure, it is Unsure, and records are validated whole. Of the keywords, those are understood
that say of each field what it is; a record that the schema says more of is left to the validator.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deployspec.chapters.logs.judge.schema import DRAFT
from deployspec.languages.json_schema import validator

Path = tuple[str | int, ...]
Schema = Mapping[str, Any] | bool
_LOCAL = re.compile(r"#/\$defs/([^/~%]+)").fullmatch
"""A reference to one of a schema's ``$defs``, by a name that stands there as it is."""
_TELLS_NOTHING = frozenset((
    "$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "deprecated", "readOnly",
    "writeOnly", "then", "else",
))  # fmt: skip
_SIZES: dict[tuple[str, type], Callable[[int, int], bool]] = {
    ("minProperties", dict): lambda size, limit: size >= limit,
    ("maxProperties", dict): lambda size, limit: size <= limit,
    ("minItems", list): lambda size, limit: size >= limit,
    ("maxItems", list): lambda size, limit: size <= limit,
}


@dataclass(eq=False, slots=True)
class Leaf:
    """A value that is no object, no array and not null."""

    path: Path
    text: bytes
    """As it stood where it was seen."""
    kind: str
    """As schemas name it: ``string``, ``boolean``, ``integer`` (written without a point or an exponent), ``number``."""
    value: Any
    closed: bool = False
    """Whether it is always this value. Else it may be any of its kind."""
    unsigned: bool = False
    """Of a number: whether it is never below zero."""
    filled: bool = False
    """Of a string: whether it is never empty."""


class Unsure(Exception):  # noqa: N818 - no error: an answer
    """It cannot be told. ``leaf``: by closing it, perhaps it can; None: not at all."""

    def __init__(self, leaf: Leaf | None = None) -> None:
        super().__init__()
        self.leaf = leaf


class Never(Exception):  # noqa: N818 - no error: an answer
    """No value of the open ones would fit."""


@dataclass(frozen=True, slots=True)
class Need:
    """That the value of an open leaf fits a schema, which is a part of another one."""

    leaf: Leaf
    schema: Mapping[str, Any]
    root: Mapping[str, Any]

    def of_list(self) -> dict[str, Any]:
        """The schema of a list of such values."""
        definitions = {"$defs": self.root["$defs"]} if "$defs" in self.root else {}
        return {"$schema": DRAFT, "type": "array", "items": self.schema, **definitions}


def is_understood(schema: object) -> bool:
    """Whether all references in a schema lead to its own ``$defs``, and all of it is of the draft that is used here."""
    if isinstance(schema, list):
        return all(map(is_understood, schema))
    if not isinstance(schema, Mapping):
        return True
    for keyword, said in schema.items():
        if keyword == "$schema" and said != DRAFT:
            return False
        if keyword == "$ref" and not (isinstance(said, str) and _LOCAL(said)):
            return False
        if keyword in ("$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$vocabulary"):
            return False
        if not is_understood(said):
            return False
    return True


def needs(schema: Schema, value: Any, root: Mapping[str, Any]) -> Iterator[Need]:
    """What must hold of the open leaves of a value, for it to fit the schema whatever they are.

    ``value``: of dicts, lists, None, and leaves. ``root``: the schema whose ``$defs`` are meant. Raises Unsure and Never.
    """
    if isinstance(schema, bool):
        if not schema:
            raise Never
        return
    if "$id" in schema:
        root = schema
    if isinstance(value, Leaf) and not value.closed:
        if not _is_of_kind(schema, value):
            yield Need(value, schema, root)
    elif isinstance(value, dict | list):
        for keyword, said in schema.items():
            yield from _by_keyword(schema, keyword, said, value, root)
    else:
        _check_closed(schema, value.value if isinstance(value, Leaf) else None, root)


def _is_of_kind(schema: Mapping[str, Any], leaf: Leaf) -> bool:
    """Whether the schema says no more than that the value is of its kind; perhaps that a number is not negative, and a string
    not empty."""
    said = {keyword: told for keyword, told in schema.items() if keyword not in _TELLS_NOTHING}
    if not said.keys() <= {"type", "minimum", "minLength"}:
        return False
    kinds = said.get("type", leaf.kind)
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if leaf.kind not in kinds and not (leaf.kind == "integer" and "number" in kinds):
        return False
    if "minimum" in said and leaf.kind in ("integer", "number"):
        if said["minimum"] > 0 or leaf.text.startswith(b"-"):
            return False
        leaf.unsigned = True
    if "minLength" in said and leaf.kind == "string":
        if said["minLength"] > 1 or leaf.text == b'""':
            return False
        leaf.filled = True
    return True


def _check_closed(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> None:
    if schema.keys() == {"const"} and isinstance(value, str):
        fits = schema["const"] == value
    else:
        fits = validator(Need(Leaf((), b"", "", value), schema, root).of_list(), "the schema").is_valid(
            [value]
        )
    if not fits:
        raise Never


def _by_keyword(
    schema: Mapping[str, Any], keyword: str, said: Any, value: Any, root: Mapping[str, Any]
) -> Iterator[Need]:
    is_object = isinstance(value, dict)
    match keyword:
        case _ if keyword in _TELLS_NOTHING:
            pass
        case "type":
            if ("object" if is_object else "array") not in ([said] if isinstance(said, str) else said):
                raise Never
        case "required":
            if is_object and not value.keys() >= set(said):
                raise Never
        case "properties":
            for name in said.keys() & value.keys() if is_object else ():
                yield from needs(said[name], value[name], root)
        case "items" if "prefixItems" not in schema:
            for one in value if not is_object else ():
                yield from needs(said, one, root)
        case "additionalProperties" if "patternProperties" not in schema:
            for name in value.keys() - schema.get("properties", {}).keys() if is_object else ():
                yield from needs(said, value[name], root)
        case "allOf":
            for one in said:
                yield from needs(one, value, root)
        case "if":
            yield from needs(_branch(schema, value, root), value, root)
        case "$ref":
            name = _LOCAL(said)
            found = None if name is None else root.get("$defs", {}).get(name[1])
            if found is None:
                raise Unsure
            yield from needs(found, value, root)
        case "minProperties" | "maxProperties" | "minItems" | "maxItems":
            holds = _SIZES.get((keyword, type(value)))
            if holds is not None and not holds(len(value), said):
                raise Never
        case _:
            raise Unsure


def _branch(schema: Mapping[str, Any], value: Any, root: Mapping[str, Any]) -> Schema:
    """What counts of ``then`` and ``else``."""
    try:
        open_ones = list(needs(schema["if"], value, root))
    except Never:
        return schema.get("else", True)  # type: ignore[no-any-return]  # a schema
    if open_ones:
        raise Unsure(open_ones[0].leaf)
    return schema.get("then", True)  # type: ignore[no-any-return]  # a schema

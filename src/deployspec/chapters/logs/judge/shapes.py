"""The shape of a line: the bytes that its kind of lines have in common, and which values are open between them.

Loggers write few kinds of lines, over and over. Of a line that is right in every way, this makes a regular expression
that other lines match only if they are right, too: the same keys in the same order, so none twice; strings without a
quote; numbers short enough to be finite. What the expression cannot say of a value is a column: it is captured,
and judged with those of other lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from deployspec.chapters.logs.form import Fields, path_to
from deployspec.chapters.logs.judge.requiring import Leaf, Need, Path, Schema, Unsure, needs

NEUTRAL = b"\x7f"
"""What stands for an escape in the text that is matched."""
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]:,]|[ \t\r]+|[^\s{}\[\]:,"]+')
_INTEGER = rb"(?:0|[1-9]\d{0,14}+)"
_NUMBER = _INTEGER + rb"(?:\.\d{1,15}+)?(?:[eE][+-]?\d{1,2}+)?"
_STRING, _CAPTURED = b'[^"]', b'[^"' + NEUTRAL + b"]"
_SAYS_SOMETHING = rb"[!#-\[\]-~\xc3-\xe0\xe4-\xf4]"
"""Begins a text that is not blank: no such byte begins a whitespace character. Some others do not, either."""
_PIECES = 512
"""How many pieces a shape has, at most: an expression of more takes longer to make than it saves."""
_CLOSINGS = 8
"""How many values are closed, at most, to see what a schema requires of the others."""


class Column(NamedTuple):
    """What is captured of lines: the values of one field, or of those that are judged alike."""

    role: str
    """Of the names in Fields: ``timestamp``, ``level``, ``logger``; empty: none."""
    needs: tuple[Need, ...]
    """What the schema requires of the values."""
    value: bytes | None
    """Where it is always the same."""
    key: tuple[object, ...]
    """Equal where two columns are the same."""


@dataclass(slots=True)
class Shape:
    """One kind of line: pieces of a regular expression, of which some are columns."""

    pieces: list[tuple[bytes, Column | None]] = field(default_factory=list)

    @property
    def key(self) -> object:
        """Equal where two shapes are the same."""
        return tuple((pattern, column and column.key) for pattern, column in self.pieces)


def shape_of(line: bytes, schema: Schema, fields: Fields, *, scoped: bool, every: bool) -> Shape | None:
    """The shape of a line that is right by itself; None where it has none that shows other lines to be right. Raises Never,
    and RecursionError where the line is nested too deep.

    ``scoped``: whether records of some loggers belong to requests; ``every``: whether all do.
    """
    pieces: list[bytes | Leaf] = []
    record = _Opening(line, pieces).value(())
    if len(pieces) > _PIECES:
        return None
    roles = {
        role: _at(record, name)
        for role in ("timestamp", "level", "logger", "message", "request_id")
        if (name := getattr(fields, role)) is not None
    }
    filled = {id(roles.get("message"))}
    if scoped and not _opens_requests(roles, filled, every=every):
        return None
    if fields.timestamp is not None and not isinstance(roles["timestamp"], Leaf):
        return None
    found = _needs(schema, record)
    if found is None:
        return None
    wanted = ["timestamp", "level", *(["logger"] if scoped and not every else [])]
    wanted = [role for role in wanted if isinstance(roles.get(role), Leaf)]
    captured = {id(roles[role]): role for role in wanted}
    if len(captured) < len(wanted):
        return None  # one field says two things
    shape = Shape()
    for piece in pieces:
        if isinstance(piece, bytes):
            shape.pieces.append((re.escape(piece), None))
            continue
        own = tuple(one for one in found if one.leaf is piece)
        role = captured.get(id(piece), "")
        value = piece.text if piece.closed else None
        key = (role, value, *((id(one.schema), id(one.root)) for one in own))
        column = Column(role, own, value, key) if role or own else None
        shape.pieces.append((_pattern(piece, id(piece) in filled, column is not None), column))
    closed = (piece if isinstance(piece, bytes) else piece.text if piece.closed else b"" for piece in pieces)
    return None if any(b"\\" in one or NEUTRAL in one for one in closed) else shape


def _opens_requests(roles: Mapping[str, Any], filled: set[int], *, every: bool) -> bool:
    logger, request = roles.get("logger"), roles.get("request_id")
    if isinstance(request, Leaf) and request.kind == "string":
        filled.add(id(request))
    elif every:
        return False
    elif isinstance(logger, Leaf):
        # Whether it has to say more depends on its logger alone.
        logger.closed = True
        if isinstance(request, Leaf):
            request.closed = True
    return every or (isinstance(logger, Leaf) and logger.kind == "string")


def _needs(schema: Schema, record: Any) -> list[Need] | None:
    for _ in range(_CLOSINGS):
        try:
            return list(needs(schema, record, schema if isinstance(schema, Mapping) else {}))
        except Unsure as unsure:
            if unsure.leaf is None:
                return None
            unsure.leaf.closed = True
    return None


def _at(record: Any, name: str) -> Any:
    for step in path_to(record, name):
        try:
            record = record[step]
        except (LookupError, TypeError):
            return None
    return record


def _pattern(leaf: Leaf, filled: bool, captured: bool) -> bytes:
    if leaf.closed:
        pattern = re.escape(leaf.text)
    elif leaf.kind == "string":
        # What is captured must be as it stands.
        some = _CAPTURED if captured else _STRING
        pattern = b'"%b%b%b"' % (
            _SAYS_SOMETHING if filled else b"",
            some,
            b"++" if leaf.filled and not filled else b"*+",
        )
    elif leaf.kind == "boolean":
        pattern = b"(?:true|false)"
    else:
        sign = b"" if leaf.unsigned else b"-?"
        pattern = sign + (_INTEGER if leaf.kind == "integer" else _NUMBER)
    return b"(%b)" % pattern if captured else pattern


class _Opening:
    """Takes a strict JSON text apart: into the pieces between its values, and these, as leaves."""

    def __init__(self, text: bytes, pieces: list[bytes | Leaf]) -> None:
        self._tokens = iter(_TOKENS.findall(text))
        self._pieces = pieces

    def value(self, path: Path) -> Any:
        """The value that comes next. After the last one, what follows it is a piece, too."""
        found = self._value(self._next(), path)
        if not path:
            self._pieces += self._tokens
        return found

    def _next(self) -> bytes:
        for token in self._tokens:
            if not token.isspace():
                return token  # type: ignore[no-any-return]  # bytes
            self._pieces.append(token)
        raise ValueError("not a JSON text")

    def _literal(self) -> bytes:
        token = self._next()
        self._pieces.append(token)
        return token

    def _value(self, token: bytes, path: Path) -> Any:
        if token == b"{":
            return dict(self._members(path))
        if token == b"[":
            return list(self._items(path))
        if token == b"null":
            self._pieces.append(token)
            return None
        value = orjson.loads(token)
        kind = "string" if isinstance(value, str) else "boolean" if isinstance(value, bool) else "number"
        if kind == "number" and token.lstrip(b"-").isdigit():
            kind = "integer"
        leaf = Leaf(path, token, kind, value)
        self._pieces.append(leaf)
        return leaf

    def _members(self, path: Path) -> Iterator[tuple[str, Any]]:
        self._pieces.append(b"{")
        token = self._literal()
        while token != b"}":
            name = orjson.loads(token)
            self._literal()
            yield name, self._value(self._next(), (*path, name))
            token = self._literal()
            if token == b",":
                token = self._literal()

    def _items(self, path: Path) -> Iterator[Any]:
        self._pieces.append(b"[")
        number, token = 0, self._next()
        while token != b"]":
            yield self._value(token, (*path, number))
            number += 1
            token = self._literal()
            if token == b",":
                token = self._next()
            elif token == b"]":
                return
        self._pieces.append(token)


def matching(
    shapes: Sequence[Shape], string: bytes, escaped: bytes
) -> tuple[re.Pattern[bytes], list[Column]]:
    """A regular expression that matches each line of a text, with its line break, and the columns of its groups but for
    the first, which is empty, and the last: that is the whole of a line that has none of the shapes.

    ``string``: the class of the bytes of strings, less its bracket. ``escaped``: NEUTRAL, where the text may hold it.
    """
    columns: list[Column] = []
    pattern = _either([shape.pieces for shape in shapes], 0, columns)
    pattern = pattern.replace(_CAPTURED, string + escaped + b"]").replace(_STRING, string + b"]")
    whole = b"()(?:%b\n|([^\n]*+\n))" % pattern
    return re.compile(whole), columns


def _either(shapes: list[list[tuple[bytes, Column | None]]], at: int, columns: list[Column]) -> bytes:
    """The alternatives from a piece on, what they begin with in common first, and once."""
    common: list[bytes] = []
    while True:
        by_piece: dict[object, list[list[tuple[bytes, Column | None]]]] = {}
        for shape in shapes:
            pattern, column = shape[at] if at < len(shape) else (b"", None)
            by_piece.setdefault((pattern, column and column.key), []).append(shape)
        if len(by_piece) > 1:
            break
        if at == len(shapes[0]):
            return b"".join(common)
        pattern, column = shapes[0][at]
        common.append(pattern)
        if column is not None:
            columns.append(column)
        at += 1
    rest = [_either(some, at, columns) for some in by_piece.values()]
    return b"".join(common) + b"(?:" + b"|".join(rest) + b")"

"""Strict JSON: what every reader in every language understands alike, and where a text is not.

RFC 8259 leaves much to the reader, and readers differ: Python takes ``NaN``, most take a repeated key and keep
one of the two, some take a lone surrogate. A document is strict here when no two of them can disagree:

- valid UTF-8 without a byte order mark;
- exactly one value, and nothing but whitespace around it;
- no key twice in one object, at any depth;
- no ``NaN`` or ``Infinity``, and no number, whole or not, beyond the range of a double (``1e999``, 400 digits): most
  readers take it for infinity. Digits beyond a double's precision (2^63 + 1, thirty digits) are valid;
- no lone surrogate (``"\\ud800"``);
- nested at most 1024 deep.

The walker keeps its own stack, so depth is limited by that rule alone and never by the interpreter. Strings are
left to the standard library's scanner.
"""

from __future__ import annotations

import re
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from math import isinf
from typing import NamedTuple

from deployspec.base.problems import position

MAX_DEPTH = 1024

Path = tuple[str | int, ...]
"""The keys and indexes that lead from the top of a document to a place in it."""

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_WORD = re.compile(r"-?[A-Za-z]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LITERALS = {"true": True, "false": False, "null": None}
_CONSTANTS = frozenset({"NaN", "-NaN", "Infinity", "-Infinity"})


class Parsed(NamedTuple):
    """A strict document's value: dict, list, str, int, float, bool or None."""

    value: object


class Fault(NamedTuple):
    """The first thing that is not strict JSON."""

    what: str
    """What was found, and what was expected. It quotes at most one character of the document."""
    path: Path
    """Where in the document, as far as it could be read. Its keys are the document's own: mask before showing."""
    offset: int
    """Where in the decoded text, in characters; in bytes where the bytes are not UTF-8."""
    line: int
    """From 1."""
    column: int
    """In characters, from 1."""


class _FaultError(Exception):
    def __init__(self, what: str, offset: int) -> None:
        self.what = what
        self.offset = offset


class _Open:
    """A container that is not closed yet, and the place in it that is being read."""

    __slots__ = ("container", "key")

    def __init__(self, container: dict[str, object] | list[object]) -> None:
        self.container = container
        self.key = ""

    @property
    def closer(self) -> str:
        return "}" if isinstance(self.container, dict) else "]"

    @property
    def step(self) -> str | int:
        return self.key if isinstance(self.container, dict) else len(self.container)

    def add(self, value: object) -> None:
        if isinstance(self.container, dict):
            self.container[self.key] = value
        else:
            self.container.append(value)


def parse(body: bytes) -> Parsed | Fault:
    """Read a whole body as one strict JSON document. Never raises, whatever the bytes."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8", "replace")
        line, column = position(before, len(before))
        return Fault(f"byte 0x{body[error.start]:02x} is not UTF-8", (), error.start, line, column)
    walker = _Walker(text)
    try:
        return Parsed(walker.document())
    except _FaultError as fault:
        path = tuple(place.step for place in walker.open)
        line, column = position(text, fault.offset)
        return Fault(fault.what, path, fault.offset, line, column)


class _Walker:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[_Open] = []

    def document(self) -> object:
        if self.text.startswith("\ufeff"):
            raise _FaultError("the body starts with a byte order mark", 0)
        self._skip_space()
        if self.at == len(self.text):
            raise _FaultError(
                "the body is empty" if not self.text else "the body is nothing but whitespace", 0
            )
        value = self._value()
        self._skip_space()
        if self.at < len(self.text):
            raise _FaultError(f"{self._found()} follows the JSON value; expected nothing after it", self.at)
        return value

    def _value(self) -> object:
        while True:
            if (opener := self.text[self.at : self.at + 1]) in ("{", "["):
                place = self._opened({} if opener == "{" else [])
                if not self._take(place.closer):
                    if opener == "{":
                        self._key(place)
                    continue
                value: object = self.open.pop().container
            else:
                value = self._scalar()
            while self.open:
                place = self.open[-1]
                place.add(value)
                self._skip_space()
                if self._take(","):
                    self._skip_space()
                    if isinstance(place.container, dict):
                        self._key(place)
                    break
                if not self._take(place.closer):
                    raise _FaultError(f"found {self._found()}, expected ',' or '{place.closer}'", self.at)
                value = self.open.pop().container
            else:
                return value

    def _opened(self, container: dict[str, object] | list[object]) -> _Open:
        """Step into a container, up to its first value or its end."""
        if len(self.open) == MAX_DEPTH:
            raise _FaultError(f"nested more than {MAX_DEPTH} deep", self.at)
        self.at += 1
        self._skip_space()
        self.open.append(_Open(container))
        return self.open[-1]

    def _key(self, place: _Open) -> None:
        start = self.at
        if not self.text.startswith('"', start):
            raise _FaultError(f"found {self._found()}, expected a key in double quotes", start)
        place.key = self._string()
        if place.key in place.container:
            raise _FaultError("the same key appears twice", start)
        self._skip_space()
        if not self._take(":"):
            raise _FaultError(f"found {self._found()}, expected ':'", self.at)
        self._skip_space()

    def _scalar(self) -> object:
        start = self.at
        if self.text.startswith('"', start):
            return self._string()
        if number := _NUMBER.match(self.text, start):
            self.at = number.end()
            return self._number(number)
        word = _WORD.match(self.text, start)
        if word and word[0] in _LITERALS:
            self.at = word.end()
            return _LITERALS[word[0]]
        if word and word[0] in _CONSTANTS:
            raise _FaultError(f"{word[0]} is not JSON", start)
        raise _FaultError(f"found {self._found()}, expected a value", start)

    def _string(self) -> str:
        start = self.at
        try:
            value, self.at = scanstring(self.text, start + 1, True)
        except JSONDecodeError as error:
            raise _FaultError(_string_fault(error.msg), error.pos) from None
        if not value.isascii() and _SURROGATE.search(value):
            raise _FaultError("a string holds half of a surrogate pair", start)
        return str(value)

    def _number(self, number: re.Match[str]) -> int | float:
        as_double = float(number[0])
        if isinf(as_double):
            raise _FaultError("a number is too large: most readers turn it into infinity", number.start())
        if number[1] is None and number[2] is None:
            return int(number[0])
        return as_double

    def _skip_space(self) -> None:
        space = _SPACE.match(self.text, self.at)
        if space:
            self.at = space.end()

    def _take(self, character: str) -> bool:
        if self.text.startswith(character, self.at):
            self.at += 1
            return True
        return False

    def _found(self) -> str:
        return repr(self.text[self.at]) if self.at < len(self.text) else "the end of the body"


def _string_fault(message: str) -> str:
    """The standard library's message in our words: what is wrong, without its ``at``."""
    if message.startswith("Unterminated"):
        return "a string is not closed"
    if message.startswith("Invalid control"):
        return "a string holds a control character that is not escaped"
    return "a string holds an escape that JSON does not have"

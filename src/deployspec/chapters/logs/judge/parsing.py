"""Parses blocks of log lines: many lines at a time, each by itself only where something is not right.

Calls cost more than the work in them, so lines are parsed together. What is said of each line is what the strict reader
(``deployspec.base.strict_json``) says of that line alone.

Lines are parsed as one array, between them a number that nobody can foresee. If every second item of the array is
that number, and there are no more of them than were put in, none has become a part of something else: each line is
exactly one value. A repeated key is told by counting: a line that has as many ``":`` as its objects have keys has
no key twice.
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress, repeat
from typing import Any

import orjson

from deployspec.base import strict_json
from deployspec.chapters.logs.judge import reasons
from deployspec.chapters.logs.judge.searching import ends

TWICE = "the same key appears twice"
_TOGETHER = 64
"""How many lines are parsed at a time."""
_SUSPECTS = 6
"""How many faults among them are looked for, before each line is looked at by itself."""
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"[ \t\r]*(:?)')
_SPACED_COLON = (rb'"[ \t\r]+:',)
"""Perhaps a key with whitespace between it and its colon."""
_NUMBER = random.randbits(62) | (1 << 61) | 1
"""Odd and large: no float equals it."""
_BETWEEN = b",%d," % _NUMBER

Record = dict[str, Any]


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a block, without their line breaks."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def parsed(
    data: bytes, lines: Sequence[bytes], faults: list[tuple[int, str, int]]
) -> Iterator[tuple[Sequence[int], list[Record]]]:
    """The records, some at a time, with the numbers of their lines from 0: they are to be dropped while the caches
    hold them. ``faults`` gets the number of each other line, what is wrong, and the offset of that. ``data`` holds the
    lines."""
    spaced = bool(ends(_SPACED_COLON, data, once=True))
    for start in range(0, len(lines), _TOGETHER):
        numbers: list[int] = []
        records: list[Record] = []
        for number, found in _pieces(start, lines[start : start + _TOGETHER], spaced=spaced):
            if isinstance(found, list):
                numbers += range(number, number + len(found))
                records += found
            else:
                faults.append((number, *found))
        yield numbers, records


def _together(lines: Sequence[bytes], *, spaced: bool) -> list[Record] | int:
    """The records, if every line is exactly one and has no key twice.

    Where that is not sure, the index of a line that, or the one before it, is likely at fault.
    """
    joined = b"[%b]" % _BETWEEN.join(lines)
    try:
        values = orjson.loads(joined)
    except orjson.JSONDecodeError as error:
        before = (
            error.pos if joined.isascii() else len(joined.decode("utf-8", "replace")[: error.pos].encode())
        )
        return min(joined.count(_BETWEEN, 0, before), len(lines) - 1)
    count = len(lines)
    records: list[Record] = values[::2]
    if len(values) != 2 * count - 1 or values[1::2].count(_NUMBER) != count - 1:
        return 0
    if set(map(type, records)) != {dict}:
        return next(index for index, record in enumerate(records) if type(record) is not dict)
    keys = sum(map(len, records))
    separators = _separators(joined) if spaced else joined.count(b'":')
    if separators != keys:
        # An object in a record, a key twice, or a colon in a text.
        nested = compress(records, map(bytes.rfind, lines, repeat(b"{")))
        inner = list(map(_inner_keys, nested))
        keys += sum(inner)
        if -1 in inner or not (separators == keys if spaced else _is_so_many(keys, separators, joined)):
            colons = map(bytes.count, lines, repeat(b'":'))
            for index, (line, record, found) in enumerate(zip(lines, records, colons, strict=True)):
                if (spaced or found != len(record)) and not _has_keys_once(line, record, spaced=spaced):
                    return index
    return records


def _pieces(
    start: int, lines: Sequence[bytes], *, spaced: bool, suspects: int = _SUSPECTS
) -> Iterator[tuple[int, list[Record] | tuple[str, int]]]:
    """The records of lines that follow one another, or what is wrong with a line; each with its first line's number."""
    found = _together(lines, spaced=spaced)
    if isinstance(found, list):
        yield start, found
        return
    begin, end = (max(0, found - 1), found + 1) if suspects else (0, len(lines))
    if begin:
        yield from _pieces(start, lines[:begin], spaced=spaced, suspects=0)
    for number, line in enumerate(lines[begin:end], start + begin):
        yield number, _alone(line, spaced=spaced)
    if end < len(lines):
        yield from _pieces(start + end, lines[end:], spaced=spaced, suspects=suspects - 1)


def _alone(line: bytes, *, spaced: bool) -> list[Record] | tuple[str, int]:
    """The record of a line; or why it has none, and the offset of that in its text."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return reasons.of_json(error, line)
    if not isinstance(value, dict):
        return reasons.of_value(value), 0
    return [value] if _has_keys_once(line, value, spaced=spaced) else (TWICE, 0)


def _has_keys_once(line: bytes, record: Record, *, spaced: bool) -> bool:
    """Whether no object in a record has a key twice."""
    inner = _inner_keys(record)
    if inner < 0:
        return isinstance(strict_json.parse(line), strict_json.Parsed)
    keys = len(record) + inner
    return (not spaced and _is_so_many(keys, line.count(b'":'), line)) or _separators(line) == keys


def _is_so_many(keys: int, colons: int, text: bytes) -> bool:
    """Whether so many ``":`` are of so many keys, perhaps with those in texts left out."""
    return keys == colons or keys == colons - _in_texts(text)


def _in_texts(text: bytes) -> int:
    """How many ``":`` stand in texts, as JSON in JSON has them: with a backslash before. 0 where that may be the end of
    a key that ends in a backslash."""
    return 0 if b'\\\\":' in text else text.count(b'\\":')


def _inner_keys(record: Record) -> int:
    """How many keys the objects in a record have, at any depth; its own left out."""
    try:
        return _keys_in(record.values())
    except RecursionError:
        return -1  # so deep that the line is left to the strict reader


def _keys_in(values: Iterable[Any]) -> int:
    count = 0
    for value in values:
        if type(value) is dict:
            count += len(value) + _keys_in(value.values())
        elif type(value) is list:
            count += _keys_in(value)
    return count


def _separators(text: bytes) -> int:
    """How many keys a JSON text has, repeated ones included."""
    return _STRINGS.findall(text).count(b":")

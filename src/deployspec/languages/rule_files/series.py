"""Input series of unit tests: a selector such as ``up{job="api"}``, and values such as ``0+10x20 _x5 stale``.

The notation is that of Prometheus' ``parseSeriesDesc`` (promql/parser): ``a`` is one item, ``axN`` is N + 1 of them,
as are ``a+bxN`` and ``a-bxN``; ``_`` is an item without a sample, ``_xN`` are N of them; ``stale`` is the marker of
an end. What promtool reads as the same series has the same name and labels here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import repeat
from typing import NamedTuple

from deployspec.base.shown import cut

MOST_ITEMS = 20_000_000
"""Of one series. promtool keeps all of them in memory, some 90 bytes each: ``0+1x99999999999`` ends a machine."""

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_STRING = re.compile(r"\"(?:\\[^\n]|[^\"\\\n])*\"|'(?:\\[^\n]|[^'\\\n])*'|`[^`]*`")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_BLANK = re.compile(r"[ \t]*")

_DIGITS = r"[0-9]+(?:_[0-9]+)*"  # underscores since Prometheus 3
_NUMBER = rf"(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][-+]?{_DIGITS})?"
_ITEM = re.compile(
    rf"""(?P<gap>_)(?:x(?P<gaps>[0-9]+))?
    |   (?P<stale>stale)
    |   (?P<first>[-+]?{_NUMBER})(?:(?P<step>[-+]{_NUMBER})?x(?P<more>[0-9]+))?
    |   [-+]?(?i:inf|nan)(?:[-+]{_NUMBER}x(?P<further>[0-9]+))?
    |   \{{\{{[^{{}}]*\}}\}}(?:(?:[-+]\{{\{{[^{{}}]*\}}\}})?x(?P<histograms>[0-9]+))?
    """,
    re.VERBOSE,
)


class Selector(NamedTuple):
    """A series' name, empty where it has none, and its labels without ``__name__``."""

    name: str
    labels: dict[str, str]


class Items(NamedTuple):
    """How many items values have, and the indices of the last number, of the last ``stale``, and of the first item that is no
    number; -1 where there is none."""

    number: int
    last_number: int
    last_stale: int
    first_gap: int


class SeriesError(ValueError):
    """A notation that promtool does not read, or reads as something else. ``offset`` is where it is broken."""

    def __init__(self, offset: int, found: str, expected: str) -> None:
        super().__init__(f"found {found}; expected {expected}")
        self.offset = offset
        self.found = found
        self.expected = expected


def read_selector(text: str) -> Selector:
    """The name and the labels of an input series. Raises SeriesError.

    An empty label is not a label. The name before the braces is preferred to ``__name__`` inside them, as promtool does.
    """
    at = _blank(text, 0)
    name = _NAME.match(text, at)
    at = name.end() if name else at
    labels: dict[str, str] = {}
    quoted_name = ""
    if text.startswith("{", at):
        at = _blank(text, at + 1)
        while not text.startswith("}", at):
            key, at, quoted = _key(text, at)
            after = _blank(text, at)
            if quoted and not text.startswith("=", after):
                quoted_name, at = key, after
            else:
                begin, value, at = at, *_value(text, after)
                if key in labels:
                    raise SeriesError(
                        begin - len(key), f"the label {cut(key, 60)} for the second time", "each once"
                    )
                labels[key] = value
            at = _blank(text, at)
            if text.startswith(",", at):
                at = _blank(text, at + 1)
            elif not text.startswith("}", at):
                raise _broken(text, at, "`,` or `}`")
        at += 1
    end = _blank(text, at)
    if end < len(text):
        raise _broken(text, end, 'a series such as up{job="api"}, and nothing after it')
    inner = labels.pop("__name__", "")
    labels = {key: value for key, value in labels.items() if value}
    found = name[0] if name else quoted_name or inner
    if not found and not labels:
        raise SeriesError(0, "a series without a name and labels", 'a series such as up{job="api"}')
    return Selector(found, labels)


def read_items(text: str) -> Items:
    """The number of items that values cover. Raises SeriesError."""
    count, last, stale, gap = 0, -1, -1, -1
    begin, end = len(text) - len(text.lstrip(" \t")), len(text.rstrip(" \t\r\n"))
    at = begin
    while at < end:
        item = _ITEM.match(text, at, end)
        after = item.end() if item else at
        if item is None or (after < end and text[after] not in " \t"):
            raise _broken(text, at, "values such as 1 2 3, 0+10x20, _x5 or stale, on one line")
        times = item["gaps"] or item["more"] or item["further"] or item["histograms"]
        more = int(times) if times and len(times) < 19 else 0 if not times else MOST_ITEMS + 1
        size = (more if times else 1) if item["gap"] else more + 1
        if (item["gap"] or item["stale"]) and size and gap < 0:
            gap = count
        count += size
        if count > MOST_ITEMS:
            raise SeriesError(at, f"more than {MOST_ITEMS} items", "a series that fits into memory")
        if item["stale"]:
            stale = count - 1
        elif not item["gap"]:
            last = count - 1
        at = _blank(text, after)
    return Items(count, last, stale, gap)


def each_item(text: str) -> Iterator[str]:
    """The items of values that ``read_items`` reads, one by one, as texts that are equal where the items are.

    Numbers are as Prometheus adds them up. Of a histogram with a step there is what is written, and its index.
    """
    for item in _ITEM.finditer(text):
        if item["gap"]:
            yield from repeat("_", int(item["gaps"] or 1))
        elif item["first"]:
            value, step = float(item["first"]), float(item["step"] or 0)
            for _ in range(int(item["more"] or 0) + 1):
                yield str(value)
                value += step
        else:
            times = int(item["further"] or item["histograms"] or 0)
            written = item[0].rpartition("x")[0] if times else item[0]
            yield from (f"{written} {index}" for index in range(times + 1))


def _blank(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else at


def _key(text: str, at: int) -> tuple[str, int, bool]:
    plain = _LABEL.match(text, at)
    if plain:
        return plain[0], plain.end(), False
    quoted = _STRING.match(text, at)
    if quoted:
        return _unquoted(quoted[0], at), quoted.end(), True
    raise _broken(text, at, "a label's name or `}`")


def _value(text: str, at: int) -> tuple[str, int]:
    if not text.startswith("=", at) or text.startswith("=~", at):
        raise _broken(text, at, "`=`: an input series has exact labels")
    at = _blank(text, at + 1)
    quoted = _STRING.match(text, at)
    if quoted is None:
        raise _broken(text, at, "a label's value in quotes")
    return _unquoted(quoted[0], at), quoted.end()


def _unquoted(text: str, at: int) -> str:
    quote, inner = text[0], text[1:-1]
    if quote == "`" or "\\" not in inner:
        return inner
    read, last = bytearray(), 0
    for escape in _ESCAPE.finditer(inner):
        byte, octal, short, long, letter = escape.groups()
        read += inner[last : escape.start()].encode("utf-8", "replace")
        last = escape.end()
        number = int(byte or short or long or "0", 16) if octal is None else int(octal, 8)
        if letter is not None and letter != quote and letter not in _LETTERS:
            raise _broken(inner, escape.start(), "an escape that Go has, such as \\n", at + 1)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF or (octal and number > 0xFF):
            raise _broken(inner, escape.start(), "a Unicode character", at + 1)
        if letter is not None:
            read += _LETTERS.get(letter, letter).encode()
        elif byte or octal:
            read.append(number)
        else:
            read += chr(number).encode()
    return (read + inner[last:].encode("utf-8", "replace")).decode("utf-8", "replace")


def _broken(text: str, at: int, expected: str, shift: int = 0) -> SeriesError:
    rest = text[at : at + 40]
    word = re.split(r"[ \t]", rest, maxsplit=1)[0] or rest
    return SeriesError(at + shift, f"`{cut(word, 40)}`" if rest else "the end", expected)

"""Where each character of a YAML scalar's text stands in the file."""

from __future__ import annotations

import re

from deployspec.base.problems import Place
from deployspec.base.yaml_tree import Scalar

Lines = tuple[tuple[int, Place], ...]
"""Offsets in the text from which on, until the next one, character by character stands beside the other."""

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BLANK = re.compile("[ \t\n\r\x85\u2028\u2029]*")
_PROPERTIES = re.compile("(?:[&!][^ \t\n\r\x85\u2028\u2029]*[ \t\n\r\x85\u2028\u2029]+)+")
"""An anchor and a tag, which stand before the text."""
_HEX = {"x": 2, "u": 4, "U": 8}


def lines_of(node: Scalar, source: str, path: str) -> Lines:
    """The places of a scalar's pieces: of its lines, and of what follows an escape."""
    written = source[node.begin : node.end]
    before = _PROPERTIES.match(written)
    if before:
        written = written[before.end() :]
        breaks = list(_BREAK.finditer(before[0]))
        line = node.line + len(breaks)
        column = len(before[0]) - breaks[-1].end() + 1 if breaks else node.column + len(before[0])
        node = node._replace(line=line, column=column)
    if node.style == "" and written == node.text:
        if not _BREAK.search(written):
            return ((0, Place(path, node.line, node.column)),)
    elif not node.text:
        return ((0, Place(path, node.line, node.column)),)
    if node.style in ("'", '"'):
        return _quoted(node, written, path)
    return _by_lines(node, written, path)


def place_in(lines: Lines, offset: int) -> Place:
    """Where the character ``offset`` of the text stands."""
    begin, place = max((line for line in lines if line[0] <= offset), default=lines[0])
    return Place(place.file, place.line, place.column + offset - begin)


def _by_lines(node: Scalar, written: str, path: str) -> Lines:
    """Of a plain or a block scalar: each written line stands in the text as it is, whatever is between them."""
    found: list[tuple[int, Place]] = []
    at = 0
    for number, line in enumerate(_BREAK.split(written)):
        if number == 0 and node.style in ("|", ">"):
            continue  # the indicator, and perhaps a comment
        content = line.strip(" \t")
        if not content:
            continue
        begin = at
        while begin < len(node.text) and node.text[begin] in " \t\n":
            begin += 1
        # Trailing blanks belong to the text of a block scalar.
        if not node.text.startswith(content, begin):
            break
        column = len(line) - len(line.lstrip(" \t")) + (node.column if number == 0 else 1)
        at = begin + len(content)
        back = begin
        # What indents a line in the text as well as in the file stands one above the other.
        while back > 0 and column > 1 and node.text[back - 1] == " " and number:
            back, column = back - 1, column - 1
        found.append((back, Place(path, node.line + number, column)))
    return tuple(found) or ((0, Place(path, node.line, node.column)),)


def _quoted(node: Scalar, written: str, path: str) -> Lines:
    """Of a quoted scalar: a piece ends at each escape and at each line break."""
    found: list[tuple[int, Place]] = []
    text, line, begin = node.text, node.line, 1 - node.column
    at, index, end = 0, 1, len(written) - 1

    def piece() -> None:
        if at < len(text):
            found.append((at, Place(path, line, index - begin + 1)))

    piece()
    while index < end and at < len(text):
        if written[index] == "\\" and node.style == '"':
            broken = _BREAK.match(written, index + 1)
            if broken:
                index, line, begin = broken.end(), line + 1, broken.end()
                while index < end and written[index] in " \t":
                    index += 1
            else:
                index += 2 + _HEX.get(written[index + 1], 0)
                at += 1
            piece()
        elif written[index] == "'" and node.style == "'":
            index, at = index + 2, at + 1
            piece()
        elif written[index] in " \t\n\r\x85\u2028\u2029":
            blank = _BLANK.match(written, index, end)
            assert blank is not None  # noqa: S101  (it matches an empty text too)
            breaks = list(_BREAK.finditer(written, index, blank.end()))
            if not breaks:
                at, index = at + len(blank[0]), blank.end()
                continue
            at += max(1, len(breaks) - 1)
            line, begin, index = line + len(breaks), breaks[-1].end(), blank.end()
            piece()
        elif written[index] == text[at]:
            at, index = at + 1, index + 1
        else:
            break  # read otherwise than the parser did: what is known so far stays
    return tuple(found) or ((0, Place(path, node.line, node.column)),)

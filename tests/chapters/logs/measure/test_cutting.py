"""Bytes become blocks of whole lines, whatever they are and however they come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.chapters.logs.judge.model import MAX_LINE, Block, LongLine
from deployspec.chapters.logs.measure.cutting import BEGINNING, Cutter
from tests.trials import trials


def cut(*chunks: bytes) -> list[Block | LongLine]:
    """All pieces of a file that comes in these chunks."""
    cutter = Cutter("app.log", "app.log")
    pieces = [piece for chunk in chunks for piece in cutter.feed(chunk)]
    return [*pieces, *cutter.end()]


def test_whole_lines_are_a_block() -> None:
    """A line that a chunk cuts in two goes into one block, with its number."""
    one, two = cut(b"a\nb\nc", b"c\nd\n")
    assert isinstance(one, Block)
    assert isinstance(two, Block)
    assert (one.data, one.line) == (b"a\nb\n", 1)
    assert (two.data, two.line) == (b"cc\nd\n", 3)


def test_last_line_without_break() -> None:
    """What is left at the end is a line, too."""
    assert [(piece.data, piece.line) for piece in cut(b"a\nb") if isinstance(piece, Block)] == [
        (b"a\n", 1),
        (b"b", 2),
    ]


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("chunk", [1 << 16, 1 << 22], ids=["in pieces", "at once"])
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_longest_line(ending: bytes, chunk: int, extra: int) -> None:
    """A line of MAX_LINE bytes without its break is a line, one of a byte more is too long and is counted."""
    data = b"a\n" + b"x" * (MAX_LINE + extra) + ending + b"b\n"
    pieces = cut(*(data[at : at + chunk] for at in range(0, len(data), chunk)))
    long = [piece for piece in pieces if isinstance(piece, LongLine)]
    kept = b"".join(piece.data for piece in pieces if isinstance(piece, Block))
    if extra <= 0:
        assert (long, kept) == ([], data)
    else:
        assert [(one.line, one.length, one.beginning) for one in long] == [
            (2, MAX_LINE + 1, b"x" * BEGINNING)
        ]
        assert kept == b"a\nb\n"
        assert [piece.line for piece in pieces if isinstance(piece, Block)] == [1, 3]


def test_long_lines_one_after_another() -> None:
    """Each of them is counted; the short ones between are kept."""
    data = (b"x" * 300_000 + b"\n") * 3 + b"short\n" + b"y" * 300_000
    pieces = cut(data)
    assert [(piece.line, type(piece).__name__) for piece in pieces] == [
        (1, "LongLine"),
        (2, "LongLine"),
        (3, "LongLine"),
        (4, "Block"),
        (5, "LongLine"),
    ]


def test_long_line_keeps_little() -> None:
    """Of a line that never ends, only its beginning is held."""
    cutter = Cutter("app.log", "app.log")
    for _ in range(400):
        assert list(cutter.feed(b"x" * (1 << 18))) == []
        assert len(cutter.rest) <= MAX_LINE
    (line,) = cutter.end()
    assert isinstance(line, LongLine)
    assert (line.length, len(line.beginning)) == (400 << 18, BEGINNING)


def test_skipped_zeros() -> None:
    """NUL bytes that a sparse file does not hold count for the line that they are in."""
    cutter = Cutter("app.log", "app.log")
    assert list(cutter.feed(b"a\nb")) != []
    cutter.skip(1 << 40)
    (long, block) = cutter.feed(b'{"a":1}\n{}\n')
    assert isinstance(long, LongLine)
    assert isinstance(block, Block)
    assert (long.line, long.length, long.beginning[:3]) == (2, 1 + (1 << 40) + 7, b"b\0\0")
    assert (block.line, block.data) == (3, b"{}\n")


def test_few_skipped_zeros() -> None:
    """A short hole is a part of an ordinary line."""
    cutter = Cutter("app.log", "app.log")
    cutter.skip(3)
    (block,) = cutter.feed(b"{}\n")
    assert isinstance(block, Block)
    assert block.data == b"\0\0\0{}\n"


@settings(max_examples=trials(100), deadline=None)
@given(
    st.lists(
        st.sampled_from([b"a", b"\n", b"\r\n", b"\r", b"x" * (MAX_LINE - 1), b"y" * (MAX_LINE // 2)]),
        max_size=12,
    ),
    st.lists(st.integers(0, 3 * MAX_LINE), max_size=6),
)
def test_any_chunks(parts: list[bytes], cuts: list[int]) -> None:
    """However the bytes are cut into chunks, the same lines come out, with the same numbers."""
    data = b"".join(parts)
    edges = [0, *sorted(min(at, len(data)) for at in cuts), len(data)]
    expected = []
    for number, line in enumerate(data.split(b"\n"), 1):
        last = number == data.count(b"\n") + 1
        bare = line if last else line.removesuffix(b"\r")
        # The last line has no line break that a carriage return could belong to, but one may still come.
        if len(bare) - (last and bare.endswith(b"\r")) > MAX_LINE:
            expected.append((number, len(bare)))
    pieces = cut(*(data[begin:end] for begin, end in pairwise(edges)))
    assert [(piece.line, piece.length) for piece in pieces if isinstance(piece, LongLine)] == expected
    numbers = {number for number, _ in expected}
    kept = [line for number, line in enumerate(_lines(data), 1) if number not in numbers]
    assert b"".join(piece.data for piece in pieces if isinstance(piece, Block)) == b"".join(kept)
    for piece in pieces:
        if isinstance(piece, Block):
            assert data.split(b"\n")[piece.line - 1] == piece.data.split(b"\n")[0]


def _lines(data: bytes) -> list[bytes]:
    *whole, last = data.split(b"\n")
    return [*(line + b"\n" for line in whole), last]

"""Lines that a container runtime has cut into parts are whole again, at the place of their last part."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deployspec.chapters.logs.judge.model import MAX_LINE, Block, LongLine, Piece, Unfinished
from deployspec.chapters.logs.measure.joining import joined


def blocks(data: bytes, size: int, file: str = "a.log") -> Iterator[Piece]:
    """Blocks of whole lines, each of about this size."""
    lines = data.splitlines(keepends=True)
    at = 1
    while lines:
        some = [lines.pop(0)]
        while lines and sum(map(len, some)) < size:
            some.append(lines.pop(0))
        yield Block(b"".join(some), file, at, "a.log", 0.0)
        at += len(some)


def whole(pieces: Iterator[Piece]) -> list[tuple[int, bytes]]:
    """The lines, with their numbers."""
    found = []
    for piece in pieces:
        assert isinstance(piece, Block)
        found += [(number, line) for number, line in enumerate(piece.data.splitlines(), piece.line)]
    return found


def cri(stream: str, tag: str, text: str) -> bytes:
    return f"2026-11-01T00:00:00.1Z {stream} {tag} {text}\n".encode()


def docker(stream: str, text: str, *, is_last: bool = True) -> bytes:
    entry = {"log": text + "\n" * is_last, "stream": stream, "time": "2026-11-01T00:00:00.1Z"}
    return json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


SIZES = pytest.mark.parametrize("size", [1, 100, 1 << 18])


@SIZES
def test_cri_parts(size: int) -> None:
    """Parts of two streams that do not take turns; lines without parts stay as they are."""
    data = b"".join((
        cri("stdout", "F", "one"), cri("stdout", "P", "tw"), cri("stderr", "F", "other"), cri("stderr", "P", "x "),
        cri("stdout", "P", "o"), cri("stdout", "F", "!"), b"rubbish\n", cri("stderr", "F", "y"), cri("stdout", "F", "end"),
    ))  # fmt: skip
    start = b"2026-11-01T00:00:00.1Z "
    assert whole(joined(blocks(data, size), "cri")) == [
        (1, start + b"stdout F one"), (3, start + b"stderr F other"), (6, start + b"stdout F two!"), (7, b"rubbish"),
        (8, start + b"stderr F x y"), (9, start + b"stdout F end"),
    ]  # fmt: skip


@SIZES
def test_docker_parts(size: int) -> None:
    """A text without a line break at its end goes on in the next of its stream."""
    data = b"".join((
        docker("stdout", '{"a":"\n",'), docker("stdout", '{"b', is_last=False), docker("stderr", "other"),
        docker("stdout", '":"ü"', is_last=False), docker("stdout", "}"), b"rubbish\n",
    ))  # fmt: skip
    found = whole(joined(blocks(data, size), "docker"))
    assert [number for number, _ in found] == [1, 3, 5, 6]
    texts = [json.loads(line)["log"] for _, line in found[:-1]]
    assert texts == ['{"a":"\n",\n', "other\n", '{"b":"ü"}\n']


def test_parts_go_on_in_the_next_file() -> None:
    """Rotation cuts between two parts."""
    pieces = iter((*blocks(cri("stdout", "P", "a"), 1, "a.log.1"), *blocks(cri("stdout", "F", "b"), 1)))
    (block,) = joined(pieces, "cri")
    assert isinstance(block, Block)
    assert (block.file, block.line, block.data) == ("a.log", 1, cri("stdout", "F", "ab"))


def test_a_line_without_its_end_is_not_judged() -> None:
    """Its last part may be on its way."""
    found = list(joined(blocks(cri("stdout", "F", "a") + cri("stdout", "P", "b"), 1 << 18), "cri"))
    assert [type(piece) for piece in found] == [Block, Unfinished]
    assert isinstance(found[1], Unfinished)
    assert (found[1].file, found[1].line, found[1].data) == ("a.log", 2, b"b")


def test_a_whole_line_may_be_too_long() -> None:
    """A line is as long as its parts together; one that never ends is bounded in memory."""
    part = "x" * (1 << 14)
    data = cri("stdout", "P", part) * 40 + cri("stdout", "F", part) + cri("stdout", "F", "after")
    long, after = joined(blocks(data, 1 << 18), "cri")
    assert isinstance(long, LongLine)
    assert (long.line, long.beginning[:30]) == (41, b"2026-11-01T00:00:00.1Z stdout ")
    assert MAX_LINE < long.length < MAX_LINE + 4 * len(part)
    assert isinstance(after, Block)
    assert (after.line, after.data) == (42, cri("stdout", "F", "after"))

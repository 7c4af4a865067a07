"""Puts lines together that a container runtime has cut into parts, 16 KiB long: before each is judged by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import orjson

from deployspec.chapters.logs.judge.model import MAX_LINE, Block, LongLine, Piece, Unfinished
from deployspec.chapters.logs.judge.texts import CRI

_BEGINNING = 4096
_CRI_PART = re.compile(rb"^\S{1,64} std(?:out|err) P", re.MULTILINE)
_DOCKER_END = b'\\n","'
"""What no text of a record holds: its quotes are escaped."""


def joined(pieces: Iterable[Piece], wrapper: str) -> Iterator[Piece]:
    """The pieces of a source in which each line is whole. What has no end yet when all was read is Unfinished."""
    streams: dict[str, Joining] = {}
    for piece in pieces:
        if not isinstance(piece, Block):
            yield piece
            continue
        joining = streams.setdefault(piece.stream, Joining(wrapper))
        if joining.needed(piece.data):
            yield from _of_block(piece, joining)
        else:
            yield piece
        joining.last = (piece.file, piece.line + piece.data.count(b"\n") - 1)
    for joining in streams.values():
        for text in joining.rest():
            yield Unfinished(*joining.last, text)


def _of_block(block: Block, joining: Joining) -> Iterator[Block | LongLine]:
    run: list[bytes] = []
    line = block.line

    def ended() -> Iterator[Block]:
        if run:
            yield replace(block, data=b"".join(run), line=line)
            run.clear()

    for number, one in enumerate(_lines(block.data), block.line):
        whole = joining.line(one)
        if whole is None:
            yield from ended()
            line = number + 1
        elif len(whole) > MAX_LINE + 1:
            yield from ended()
            yield LongLine(block.file, number, len(whole) - 1, whole[:_BEGINNING])
            line = number + 1
        else:
            run.append(whole)
    yield from ended()


def _lines(data: bytes) -> Iterator[bytes]:
    """Each line with its line break."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield data[at:end]
        at = end


class _Part(NamedTuple):
    stream: bytes
    is_last: bool
    text: bytes


class Joining:
    """The parts that have come of the lines of one file, by the stream that the container wrote them to."""

    def __init__(self, wrapper: str) -> None:
        self._is_docker = wrapper == "docker"
        self._begun: dict[bytes, list[bytes]] = {}
        self.last = ("", 0)
        """The file and the line that were read last."""

    def needed(self, data: bytes) -> bool:
        """Whether whole lines have parts among them, or go on with what has come before."""
        if self._begun:
            return True
        if self._is_docker:
            return data.count(_DOCKER_END) < data.count(b"\n")
        return _CRI_PART.search(data) is not None

    def line(self, line: bytes) -> bytes | None:
        """The whole line, with its line break, that ends with this one; None where it goes on."""
        part = self._docker_part(line) if self._is_docker else self._cri_part(line)
        if part is None:
            return line
        if not part.is_last:
            begun = self._begun.setdefault(part.stream, [])
            # One that is longer than a line may be is told of by its beginning.
            if sum(map(len, begun)) <= MAX_LINE:
                begun.append(part.text)
            return None
        begun = self._begun.pop(part.stream, [])
        if not begun:
            return line
        text = b"".join((*begun, part.text))
        if self._is_docker:
            entry = orjson.loads(line)
            return orjson.dumps({**entry, "log": text.decode()}) + b"\n"
        return line[: len(line) - len(part.text)] + text

    def rest(self) -> Iterator[bytes]:
        """What has come of lines whose end has not."""
        for begun in self._begun.values():
            yield b"".join(begun)

    @staticmethod
    def _cri_part(line: bytes) -> _Part | None:
        found = CRI.match(line)
        if not found:
            return None
        is_last = found[3] == b"F"
        text = line[found.end() :]
        return _Part(found[2], is_last, text if is_last else text.removesuffix(b"\n").removesuffix(b"\r"))

    @staticmethod
    def _docker_part(line: bytes) -> _Part | None:
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        text = entry.get("log") if isinstance(entry, dict) else None
        if not isinstance(text, str):
            return None
        return _Part(str(entry.get("stream")).encode(), text.endswith("\n"), text.encode())

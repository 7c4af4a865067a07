"""Cuts a flow of bytes into blocks of whole lines, in memory that no line can exceed."""

from __future__ import annotations

import time
from collections.abc import Iterator

from deployspec.chapters.logs.judge.model import MAX_LINE, Block, LongLine

BLOCK = 1 << 18
"""How many bytes are read at once: larger blocks do not stay in the caches while they are judged."""
BEGINNING = 4096
"""How much is kept of a line that is too long, in bytes."""


class Cutter:
    """The lines of one file. Feed it what was read; take the blocks it gives; at the end, see what is left."""

    def __init__(self, file: str, stream: str) -> None:
        self._file, self._stream = file, stream
        self.line = 1
        """The number of the line that comes next, or has begun."""
        self.rest = b""
        """What has come of that line; only its beginning where it is too long."""
        self._length: int | None = None
        """How long the line that has begun is by now, where it is too long to be kept."""
        self._return = False
        """Whether the last byte of that line is a carriage return."""

    @property
    def begun(self) -> bool:
        """Whether there is a line without its line break."""
        return bool(self.rest)

    @property
    def too_long(self) -> bool:
        """Whether the line that has begun is too long already."""
        return self._length is not None

    def feed(self, chunk: bytes) -> Iterator[Block | LongLine]:
        """The lines that are whole now."""
        if self._length is not None:
            end = chunk.find(b"\n")
            self._length += len(chunk) if end < 0 else end
            before = chunk if end < 0 else chunk[:end]
            self._return = before.endswith(b"\r") if before else self._return
            if end < 0:
                return
            self._length -= self._return
            yield self._long_line()
            chunk = chunk[end + 1 :]
        end = chunk.rfind(b"\n") + 1
        if end:
            data = b"".join((self.rest, memoryview(chunk)[:end]))
            self.rest = chunk[end:]
            yield from self._whole(data)
        else:
            self.rest += chunk
        if len(self.rest) - self.rest.endswith(b"\r") > MAX_LINE:
            self._length, self._return = len(self.rest), self.rest.endswith(b"\r")
            self.rest = self.rest[:BEGINNING]

    def skip(self, zeros: int) -> None:
        """That many NUL bytes, which a sparse file does not even have."""
        if self._length is None and len(self.rest) + zeros <= MAX_LINE:
            self.rest += bytes(zeros)
            return
        self._length = (len(self.rest) if self._length is None else self._length) + zeros
        self.rest = (self.rest + bytes(min(zeros, BEGINNING)))[:BEGINNING]
        self._return = False

    def end(self) -> Iterator[Block | LongLine]:
        """The last line, which has no line break."""
        if self._length is not None:
            yield self._long_line()
        elif self.rest:
            data, self.rest = self.rest, b""
            yield self._block(data)

    def _whole(self, data: bytes) -> Iterator[Block | LongLine]:
        begin = at = 0
        # From the last line break of a stretch of MAX_LINE + 1 bytes to that of the next: no line between is longer.
        while len(data) - at > MAX_LINE + 1:
            end = data.rfind(b"\n", at, at + MAX_LINE + 1)
            if end < 0 and data[at + MAX_LINE : at + MAX_LINE + 2] == b"\r\n":
                end = at + MAX_LINE + 1
            if end < 0:
                if at > begin:
                    yield self._block(data[begin:at])
                end = data.index(b"\n", at)
                self._length = end - at - (data[end - 1 : end] == b"\r")
                kept, self.rest = self.rest, data[at : at + BEGINNING]
                yield self._long_line()
                self.rest = kept
                begin = end + 1
            at = end + 1
        if begin < len(data):
            yield self._block(data[begin:])

    def _block(self, data: bytes) -> Block:
        block = Block(data, self._file, self.line, self._stream, time.time())
        self.line += data.count(b"\n") + (not data.endswith(b"\n"))
        return block

    def _long_line(self) -> LongLine:
        line = LongLine(self._file, self.line, self._length or 0, self.rest[:BEGINNING])
        self.line += 1
        self.rest, self._length, self._return = b"", None, False
        return line

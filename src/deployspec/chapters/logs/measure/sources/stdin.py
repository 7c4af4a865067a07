"""Log records from standard input, compressed or not. It waits as long as its writer does."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from typing import BinaryIO

from deployspec.base.errors import UsageError
from deployspec.chapters.logs.judge.model import Piece, Trouble
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from deployspec.chapters.logs.measure.decoding import DamagedError, unpacked
from deployspec.chapters.logs.measure.source import Source

NAME = "standard input"


def from_address(rest: str) -> Source:
    """``stdin:``, which is ``-``."""
    if rest:
        raise UsageError(f"stdin:{rest}: nothing can follow stdin:")
    return StdinSource()


class StdinSource(Source):
    """Standard input, or any other stream of bytes. What has been read of it is gone."""

    label = NAME

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream

    def pieces(self) -> Iterator[Piece]:
        """All that comes until its end."""
        stream = self._stream or getattr(sys.stdin, "buffer", None)
        if stream is None:
            yield Trouble(NAME, 0, "is closed; expected log lines")
            return
        self.done, self.total = 0, _size(stream)
        cutter = Cutter(NAME, NAME)
        try:
            for chunk in unpacked(self._chunks(stream)):
                yield from cutter.feed(chunk)
        except DamagedError as damage:
            yield Trouble(NAME, cutter.line, str(damage))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it was closed"
            yield Trouble(NAME, cutter.line, f"cannot be read: {reason}")
        else:
            yield from cutter.end()

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        # What has come is judged at once, however slowly the rest comes.
        read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        while chunk := read(BLOCK):
            self.done = (self.done or 0) + len(chunk)
            yield chunk


def _size(stream: BinaryIO) -> int | None:
    """How many bytes there are, where standard input is a file."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None

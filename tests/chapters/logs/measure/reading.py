"""What the tests of reading share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from deployspec.chapters.logs.judge.model import Block, LongLine, Trouble, Unfinished
from deployspec.chapters.logs.measure.source import Source

RECORD = b'{"message":"%d"}\n'


@dataclass
class Reading:
    """All that a source gave."""

    lines: list[tuple[str, int, bytes]] = field(default_factory=list)
    """Name of the file, number, line with its break."""
    long: list[LongLine] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)

    @property
    def data(self) -> bytes:
        """Everything that is to be judged, in its order."""
        return b"".join(line for _, _, line in self.lines)


def read(source: Source) -> Reading:
    """Read all of a source."""
    reading = Reading()
    for piece in source.pieces():
        match piece:
            case Block():
                lines = piece.data.splitlines(keepends=True)
                name = Path(piece.file).name
                reading.lines += [(name, piece.line + at, line) for at, line in enumerate(lines)]
                if piece.stream not in reading.streams:
                    reading.streams.append(piece.stream)
            case LongLine():
                reading.long.append(piece)
            case Unfinished():
                reading.unfinished.append(piece)
            case Trouble():
                reading.troubles.append(piece)
    return reading


def records(*numbers: int) -> bytes:
    """A line for each number."""
    return b"".join(RECORD % number for number in numbers)

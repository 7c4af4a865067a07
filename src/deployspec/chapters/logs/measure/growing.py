"""What is written to files from a moment on, across rotation."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deployspec.base.shown import one_line
from deployspec.chapters.logs.judge.model import MAX_LINE, Block, Piece, Place
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from deployspec.chapters.logs.measure.listing import MARK, Key, LogFile, found
from deployspec.chapters.logs.measure.rotation import compressed

COUNTED = 1 << 28
"""How far into a file its lines are counted, in bytes, to tell a record's line; beyond that it is told as 0."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that was written, without its line break."""

    data: bytes
    part: Part
    number: int
    """Counted from where the part begins, from 1."""

    def place(self) -> Place:
        """Where it is, for a person; line 0 where that cannot be told."""
        before = self.part.lines_before()
        number = 0 if before is None else before + self.number
        return Place(self.part.file, number, 1, one_line(self.data.decode("utf-8", "replace")))


@dataclass(slots=True)
class Part:
    """A file from where reading it began to its end, or to where it was cut short."""

    file: str
    begin: int = 0
    fd: int = -1
    _before: int | None = None

    def lines_before(self) -> int | None:
        """How many lines the file has before this part; None where that is not known."""
        if self._before is None and self.begin == 0:
            self._before = 0
        if self._before is None and self.fd >= 0 and self.begin <= COUNTED:
            at = count = 0
            while chunk := os.pread(self.fd, min(BLOCK, self.begin - at), at):
                at += len(chunk)
                count += chunk.count(b"\n")
            self._before = count if at == self.begin else None
        return self._before


class _Growing:
    """A file that is open, and how far it has been read."""

    def __init__(self, file: LogFile, others: Iterable[_Growing] | None) -> None:
        """``others``: the files that were there before; None: what it holds now is not to be read."""
        self.file = file
        self.part = Part(file.shown)
        self.past: list[tuple[bytes, int]] = []
        """What it was before it was cut short: its mark, and how far it had been read."""
        self.tried = b""
        self.begin(_line_begin(file.fd, file.size) if others is None else _copied(file, others))

    @property
    def stands(self) -> tuple[bytes, int]:
        """Its mark, and where the next line begins."""
        return self.file.mark, self.at - (0 if self.cutter.too_long else len(self.cutter.rest))

    def begin(self, at: int) -> None:
        """Read it from there on."""
        self.part.fd = -1
        self.at, self.part = at, Part(self.file.shown, at, self.file.fd)
        self.cutter = Cutter(self.file.shown, self.file.stream)
        self.file.mark = os.pread(self.file.fd, MARK, 0)

    def close(self) -> None:
        """Let go of it."""
        self.file.close()
        self.part.fd = -1


class GrowingFiles:
    """The files that patterns match, now and later. What they hold when this is made is not read."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = patterns
        self._files: dict[Key, _Growing] = {}
        self._look(first=True)

    def close(self) -> None:
        """Let go of the files."""
        for one in self._files.values():
            one.close()
        self._files.clear()

    def grown(self, deadline: float) -> Iterator[list[Line]]:
        """The lines that were written since the last call, oldest file first. After ``deadline`` (monotonic) at most
        one block of each file."""
        self._look(first=False)
        for one in sorted(self._files.values(), key=lambda one: one.file.order):
            try:
                yield from _read(one, deadline)
            except OSError:  # gone, or no longer to be read: what it held before is known
                continue

    def _look(self, *, first: bool) -> None:
        """Note files that are there now."""
        for file in found(self._patterns)[0]:
            if compressed(file.path):
                continue
            if known := self._files.get(file.key):
                known.file.path, known.file.age = file.path, file.age
                known.file.shown = known.part.file = file.shown
                continue
            try:
                if file.open():
                    self._files[file.key] = _Growing(file, None if first else self._files.values())
            except OSError:
                file.close()


def _copied(new: LogFile, others: Iterable[_Growing]) -> int:
    """From where on a new file is new: the copy that copytruncate makes begins with what has been read."""
    for other in others if new.age.rotated else ():
        for mark, at in [other.stands, *other.past]:
            whole = len(mark) == MARK or b"\n" in mark
            if other.file.stream == new.stream and whole and os.pread(new.fd, len(mark), 0) == mark:
                return at
    return 0


def _line_begin(fd: int, size: int) -> int:
    """Where the line begins that is being written at the end of the file: what has been written of it is to be read."""
    begin = max(0, size - MAX_LINE)
    at = os.pread(fd, size - begin, begin).rfind(b"\n")
    return begin + at + 1 if at >= 0 or begin == 0 else size


def _read(one: _Growing, deadline: float) -> Iterator[list[Line]]:
    head = os.pread(one.file.fd, MARK, 0)
    size = os.fstat(one.file.fd).st_size
    if not head.startswith(one.file.mark) or (size < one.at and not one.file.age.rotated):
        one.past = [*one.past[-3:], one.stands]
        one.begin(0)
    elif len(one.file.mark) < MARK:
        one.file.mark = head
    while chunk := os.pread(one.file.fd, BLOCK, one.at):
        one.at += len(chunk)
        if lines := [line for piece in one.cutter.feed(chunk) for line in lines_of(piece, one.part)]:
            yield lines
        if time.monotonic() >= deadline:
            break
    # A writer may set its line breaks before its records.
    rest = one.cutter.rest
    if rest.endswith(b"}") and not one.cutter.too_long and rest != one.tried:
        one.tried = rest
        yield [Line(rest, one.part, one.cutter.line)]


def lines_of(piece: Piece, part: Part) -> Iterator[Line]:
    """The lines of a block that are not empty; of anything else, none."""
    if isinstance(piece, Block):
        for at, data in enumerate(piece.data.split(b"\n")):
            if data:
                yield Line(data, part, piece.line + at)

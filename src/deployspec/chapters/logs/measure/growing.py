"""What is written to files from a moment on, across rotation."""

from __future__ import annotations

import glob
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from deployspec.base.shown import one_line, printable
from deployspec.chapters.logs.judge.model import MAX_LINE, Block, LongLine, Place
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from deployspec.chapters.logs.measure.listing import MARK, Key
from deployspec.chapters.logs.measure.rotation import Age, compressed, stream_and_age

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


@dataclass(slots=True)
class _Growing:
    path: str
    stream: str
    age: Age
    at: int
    part: Part
    cutter: Cutter
    fd: int = -1
    mark: bytes = b""
    past: list[tuple[bytes, int]] = field(default_factory=list)
    """What it was before it was cut short: its mark, and how far it had been read."""
    tried: bytes = b""

    @property
    def stands(self) -> tuple[bytes, int]:
        """Its mark, and where the next line begins."""
        return self.mark, self.at - (0 if self.cutter.too_long else len(self.cutter.rest))

    def begin(self, at: int) -> None:
        """Read it from there on."""
        shown = printable(self.path)
        self.part.fd = -1
        self.at, self.part, self.cutter = at, Part(shown, at, self.fd), Cutter(shown, self.stream)
        self.mark = os.pread(self.fd, MARK, 0)


class GrowingFiles:
    """The files that patterns match, now and later. What they hold when this is made is not read."""

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self._patterns = patterns
        self._files: dict[Key, _Growing] = {}
        self._look(first=True)

    def close(self) -> None:
        """Let go of the files."""
        for one in self._files.values():
            if one.fd >= 0:
                os.close(one.fd)
            one.fd = one.part.fd = -1
        self._files.clear()

    def grown(self, deadline: float) -> Iterator[list[Line]]:
        """The lines that were written since the last call, oldest file first. After ``deadline`` (monotonic) at most
        one block of each file."""
        self._look(first=False)
        for one in sorted(self._files.values(), key=lambda one: (one.stream, one.age, one.path)):
            try:
                yield from _read(one, deadline)
            except OSError:  # gone, or no longer to be read: what it held before is known
                continue

    def _look(self, *, first: bool) -> None:
        """Note files that are there now."""
        for path in self._paths():
            try:
                status = Path(path).stat()
            except (OSError, ValueError):
                continue
            key = status.st_dev, status.st_ino
            if not stat.S_ISREG(status.st_mode) or compressed(path):
                continue
            stream, age = stream_and_age(path)
            known = self._files.get(key)
            if known is not None:
                known.path, known.age, known.part.file = path, age, printable(path)
                continue
            one = _Growing(path, stream, age, 0, Part(printable(path)), Cutter(printable(path), stream))
            try:
                one.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
                one.begin(_line_begin(one.fd, status.st_size) if first else self._copied(one))
            except OSError:
                if one.fd >= 0:
                    os.close(one.fd)
                continue
            self._files[key] = one

    def _paths(self) -> Iterator[str]:
        for pattern in self._patterns:
            if os.path.lexists(pattern):
                yield pattern
                continue
            try:
                yield from glob.glob(pattern)  # noqa: PTH207 (Path's takes no absolute pattern)
            except ValueError:  # a NUL in a folder's name
                continue

    def _copied(self, new: _Growing) -> int:
        """From where on a new file is new: the copy that copytruncate makes begins with what has been read."""
        if not new.age.rotated:
            return 0
        for other in self._files.values():
            for mark, at in [other.stands, *other.past]:
                whole = len(mark) == MARK or b"\n" in mark
                if other.stream == new.stream and whole and os.pread(new.fd, len(mark), 0) == mark:
                    return at
        return 0


def _line_begin(fd: int, size: int) -> int:
    """Where the line begins that is being written at the end of the file: what has been written of it is to be read."""
    begin = max(0, size - MAX_LINE)
    at = os.pread(fd, size - begin, begin).rfind(b"\n")
    return begin + at + 1 if at >= 0 or begin == 0 else size


def _read(one: _Growing, deadline: float) -> Iterator[list[Line]]:
    head = os.pread(one.fd, MARK, 0)
    size = os.fstat(one.fd).st_size
    if not head.startswith(one.mark) or (size < one.at and not one.age.rotated):
        one.past = [*one.past[-3:], one.stands]
        one.begin(0)
    elif len(one.mark) < MARK:
        one.mark = head
    while chunk := os.pread(one.fd, BLOCK, one.at):
        one.at += len(chunk)
        if lines := [line for piece in one.cutter.feed(chunk) for line in _lines(piece, one.part)]:
            yield lines
        if time.monotonic() >= deadline:
            break
    # A writer may set its line breaks before its records.
    rest = one.cutter.rest
    if rest.endswith(b"}") and not one.cutter.too_long and rest != one.tried:
        one.tried = rest
        yield [Line(rest, one.part, one.cutter.line)]


def _lines(piece: Block | LongLine, part: Part) -> Iterator[Line]:
    if isinstance(piece, Block):
        for at, data in enumerate(piece.data.split(b"\n")):
            if data:
                yield Line(data, part, piece.line + at)

"""Finds the files of a source and holds them open, so that a rotation takes nothing away and brings nothing twice."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from deployspec.base.shown import printable
from deployspec.chapters.logs.judge.model import Trouble
from deployspec.chapters.logs.measure.decoding import MAGIC, DamagedError, compression, unpacked
from deployspec.chapters.logs.measure.rotation import Age, stream_and_age, without_compression

HELD = 200
"""How many files are held open at most: the newest. The others are opened in their turn."""
MARK = 256
"""How many of a file's first bytes are remembered, to see whether it is still the same."""
Key = tuple[int, int]
"""Device and inode: what a file is called by when it is renamed."""


@dataclass(slots=True)
class LogFile:
    """A file as it was found."""

    path: str
    shown: str
    stream: str
    age: Age
    key: Key
    size: int
    """In bytes, when it was found: what is written later does not belong to what is read."""
    fd: int = -1
    """-1 while it is not open."""
    mark: bytes = b""
    newest: bool = False
    """Whether it is the newest of its stream: the one that is written to."""

    @property
    def order(self) -> tuple[str, Age, str]:
        """Sorts files: streams by name, in each of them the oldest first."""
        return self.stream, self.age, self.path

    def open(self) -> bool:
        """Open it; False where its name is another file's, or nobody's, by now. Raises OSError."""
        # A FIFO that took the name meanwhile must not keep us waiting.
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) != self.key or not stat.S_ISREG(found.st_mode):
                os.close(fd)
                return False
            self.mark = os.pread(fd, MARK, 0)
        except OSError:
            os.close(fd)
            raise
        self.fd = fd
        return True

    def close(self) -> None:
        """Let go of it."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def cut_short(self, length: int) -> bool:
        """Whether it no longer is what it was when it was opened, and at least that long: a copytruncate."""
        return os.fstat(self.fd).st_size < length or os.pread(self.fd, len(self.mark), 0) != self.mark


def found(patterns: Iterable[str]) -> tuple[list[LogFile], list[Trouble]]:
    """What the patterns match now, each file once: streams by name, in each of them the oldest first."""
    files: dict[Key, LogFile] = {}
    troubles: list[Trouble] = []
    for pattern in patterns:
        for path in (names := _matches(pattern)):
            one = _look(path)
            if isinstance(one, Trouble):
                troubles.append(one)
            # Of two names of one file, the one that is no link tells its stream.
            elif one.key not in files or Path(files[one.key].path).is_symlink():
                files[one.key] = one
        if not names:
            troubles.append(Trouble(printable(pattern), 0, "matches no file; expected a log file there"))
    ordered = sorted(files.values(), key=lambda one: one.order)
    for _, stream in groupby(ordered, key=lambda one: one.stream):
        *_, last = stream
        last.newest = True
    return ordered, troubles


def hold(patterns: Iterable[str]) -> tuple[list[LogFile], list[Trouble]]:
    """What the patterns match, the newest files open, all as of one moment: no rotation came between. The caller
    closes them."""
    patterns = tuple(patterns)
    for _ in range(10):
        files, troubles = found(patterns)
        complete = True
        try:
            for one in reversed(files[-HELD:]):
                try:
                    complete = one.open() and complete
                except OSError as error:
                    troubles.append(_unreadable(one.path, error))
            after, _ = found(patterns)
        except BaseException:
            _close(files)
            raise
        if complete and [(one.key, one.path) for one in after] == [(one.key, one.path) for one in files]:
            break
        _close(files)
    failed = {trouble.file for trouble in troubles}
    files = [one for one in files if one.shown not in failed]
    return _without_copies(files), troubles


def reopened(one: LogFile, patterns: Iterable[str]) -> bool:
    """Open a file that was not held, wherever rotation has moved it. Raises OSError."""
    if one.open():
        return True
    for other in found(patterns)[0]:
        if other.key == one.key:
            one.path = other.path
            return one.open()
    return False


def _matches(pattern: str) -> list[str]:
    if os.path.lexists(pattern):
        return [pattern]
    try:
        return sorted(glob.glob(pattern))  # noqa: PTH207 (Path's takes no absolute pattern)
    except ValueError:  # a NUL in a folder's name
        return []


def _look(path: str) -> LogFile | Trouble:
    try:
        status = Path(path).stat()
    except OSError as error:
        return _unreadable(path, error)
    if not stat.S_ISREG(status.st_mode):
        return Trouble(printable(path), 0, f"is {_kind(status.st_mode)}; expected a file")
    stream, age = stream_and_age(path)
    return LogFile(
        path, printable(path), printable(stream), age, (status.st_dev, status.st_ino), status.st_size
    )


def _unreadable(path: str, error: OSError) -> Trouble:
    reason = error.strerror or type(error).__name__
    if isinstance(error, FileNotFoundError):
        reason = "a symbolic link to nothing" if Path(path).is_symlink() else "it has vanished"
    return Trouble(printable(path), 0, f"cannot be read: {reason}")


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a directory"
    if stat.S_ISFIFO(mode):
        return "a FIFO"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _close(files: Iterable[LogFile]) -> None:
    for one in files:
        one.close()


def _without_copies(files: list[LogFile]) -> list[LogFile]:
    """Without those that are being compressed: while ``app.log.1.gz`` is written, ``app.log.1`` is still there."""
    plain = {one.path: one for one in files}
    kept = []
    for one in files:
        original = plain.get(without_compression(one.path))
        if original is not None and original is not one and _copies(one, original):
            one.close()
        else:
            kept.append(one)
    return kept


def _copies(packed: LogFile, original: LogFile) -> bool:
    """Whether the compressed file begins as the other does, as far as it has come."""
    if min(packed.fd, original.fd) < 0:
        return False
    head = os.pread(packed.fd, 1 << 16, 0)
    if compression(head[:MAGIC]) is None:
        return not head
    text = b""
    with suppress(DamagedError):
        for piece in unpacked(iter([head])):
            text += piece[: 1 << 16]
            if len(text) >= 1 << 16:
                break
    return os.pread(original.fd, len(text), 0) == text

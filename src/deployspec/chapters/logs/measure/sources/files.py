"""Log records from files, with what rotation made of them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence

from deployspec.base.shown import names, one_line
from deployspec.chapters.logs.judge.model import Piece, Trouble, Unfinished
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from deployspec.chapters.logs.measure.decoding import MAGIC, DamagedError, compression, unpacked
from deployspec.chapters.logs.measure.listing import LogFile, hold, reopened
from deployspec.chapters.logs.measure.rotation import compressed
from deployspec.chapters.logs.measure.source import Source

PATIENCE = 1.0
"""How long the rest of a last line is waited for, in seconds after the file was last written to."""
ENDLESS = 2.0
"""How long a last line is read that grows all the time, in seconds."""
_POLL = 0.02
_PACKED_BLOCK = 1 << 16


def from_address(rest: str) -> Source:
    """``files:PATTERN``, which is ``PATTERN``."""
    return FilesSource([rest])


class FilesSource(Source):
    """Files that glob patterns match, each of them once, with what they held when reading began.

    A stream is a file with what rotation made of it, and is read from the oldest file to the newest, gzip and zstd
    included. The files are held open: what is renamed, replaced or removed meanwhile is read nevertheless. A file that
    is cut short meanwhile (copytruncate) is a Trouble from there on. ``name`` is what a person is told of all of them.
    """

    def __init__(self, patterns: Sequence[str], *, name: str | None = None) -> None:
        self.patterns = tuple(patterns)
        self.label = name or names([one_line(pattern, 80) for pattern in self.patterns])

    def pieces(self) -> Iterator[Piece]:
        """All lines of all files, and a Trouble for each file and pattern that gives none."""
        files, troubles = hold(self.patterns)
        self.done, self.total = 0, sum(one.size for one in files)
        try:
            yield from troubles
            for one in files:
                before = self.done
                yield from self._file(one)
                self.done = before + one.size
                one.close()
        finally:
            for one in files:
                one.close()

    def _file(self, one: LogFile) -> Iterator[Piece]:
        cutter = Cutter(one.shown, one.stream)
        try:
            if one.fd < 0 and not reopened(one, self.patterns):
                yield Trouble(one.shown, 0, "was removed before its turn to be read")
                return
            head = os.pread(one.fd, MAGIC, 0)
            if compression(head) is not None:
                yield from self._packed(one, cutter)
            elif compressed(one.path) and not head:
                yield Trouble(one.shown, 0, "is empty; expected compressed data, as its name says")
            else:
                yield from self._plain(one, cutter)
        except DamagedError as damage:
            yield Trouble(one.shown, cutter.line, str(damage))
        except OSError as error:
            yield Trouble(one.shown, cutter.line, f"cannot be read: {error.strerror or type(error).__name__}")

    def _packed(self, one: LogFile, cutter: Cutter) -> Iterator[Piece]:
        for chunk in unpacked(self._chunks(one)):
            yield from cutter.feed(chunk)
        yield from cutter.end()

    def _chunks(self, one: LogFile) -> Iterator[bytes]:
        at = 0
        while chunk := os.pread(one.fd, min(_PACKED_BLOCK, one.size - at), at):
            at += len(chunk)
            self._advance(len(chunk))
            yield chunk

    def _plain(self, one: LogFile, cutter: Cutter) -> Iterator[Piece]:
        at = 0
        sparse = os.fstat(one.fd).st_blocks * 512 < one.size
        while at < one.size:
            if sparse and (hole := _hole(one.fd, at, one.size)):
                cutter.skip(hole)
                at += hole
                self._advance(hole)
                continue
            chunk = os.pread(one.fd, min(BLOCK, one.size - at), at)
            # Asked after reading: what was read before the file was cut short is what was written.
            if not chunk or one.cut_short(one.size):
                yield _cut_short(one, cutter)
                return
            at += len(chunk)
            self._advance(len(chunk))
            yield from cutter.feed(chunk)
        if cutter.begun:
            yield from _last_line(one, cutter, at)

    def _advance(self, read: int) -> None:
        self.done = (self.done or 0) + read


def _last_line(one: LogFile, cutter: Cutter, at: int) -> Iterator[Piece]:
    """The line that had no line break when reading began: its rest may be there by now, or be on its way."""
    now, written = time.monotonic(), os.fstat(one.fd).st_mtime
    waits_until, reads_until = now + min(PATIENCE, written + PATIENCE - time.time()), now + ENDLESS
    while not one.cut_short(at):
        if more := os.pread(one.fd, _PACKED_BLOCK, at):
            more = more[: more.find(b"\n") + 1] or more
            at += len(more)
            yield from cutter.feed(more)
            if not cutter.begun:
                return
            if time.monotonic() >= reads_until:
                break
        elif (
            time.monotonic() >= waits_until
            or not one.newest
            or cutter.too_long
            or _is_json(cutter.rest, objects_only=True)
        ):
            break
        else:
            time.sleep(_POLL)
    else:
        yield _cut_short(one, cutter)
        return
    if one.newest and not cutter.too_long and not _is_json(cutter.rest, objects_only=False):
        yield Unfinished(one.shown, cutter.line, cutter.rest)
    else:
        yield from cutter.end()


def _is_json(line: bytes, *, objects_only: bool) -> bool:
    """Whether the line is a whole JSON value, however loosely. Of ``12``, the rest may be missing."""
    if objects_only and not line.rstrip().endswith(b"}"):
        return False
    try:
        json.loads(line.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except RecursionError:
        return True  # it is for the judge to say
    except ValueError:
        return False
    return True


def _cut_short(one: LogFile, cutter: Cutter) -> Trouble:
    return Trouble(
        one.shown,
        cutter.line,
        "was cut short while it was read (copytruncate?); what it held from here on is unknown",
    )


def _hole(fd: int, at: int, size: int) -> int:
    """How many bytes from here on a sparse file does not hold."""
    try:
        return min(os.lseek(fd, at, os.SEEK_DATA), size) - at
    except OSError:  # no data any more
        return size - at

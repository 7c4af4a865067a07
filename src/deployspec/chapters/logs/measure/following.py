"""Waits for a record that is still to be written."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from deployspec.chapters.logs.form import Form
from deployspec.chapters.logs.judge.model import Place
from deployspec.chapters.logs.judge.syntax import Reader
from deployspec.chapters.logs.measure.growing import GrowingFiles, Line, Part, lines_of
from deployspec.chapters.logs.measure.joining import Joining
from deployspec.chapters.logs.measure.source import Source, pieces_of
from deployspec.chapters.logs.measure.sources.command import CommandSource
from deployspec.chapters.logs.measure.sources.files import FilesSource

POLL = 0.05
"""Seconds between two looks at the files."""
AGAIN = 0.2
"""Seconds between two runs of a command."""
ONCE_MORE = 5.0
"""Seconds for one more run of a command, to see where else something stands."""
REMEMBERED = 16 << 20
"""How many bytes of lines that were already seen are searched again by a later wait."""

Predicate = Callable[[dict[str, Any]], bool]


class Follower:
    """What is written to a source from now on.

    Where each file stands is noted when this is made. Files that come later are read from their beginning, renamed
    ones to their end, those cut short (copytruncate) from their beginning again. Any other source, such as a command,
    is read again and again, each time from its beginning. Use it as a context manager: it holds files open.
    """

    def __init__(self, source: Source | Sequence[str], form: Form | None = None) -> None:
        self._reader = Reader(form or Form())
        self._wrapper = None if form is None else form.wrapper
        self._joinings: dict[str, Joining] = {}
        self._source = source if isinstance(source, Source) else FilesSource(source)
        self._files = GrowingFiles(self._source.patterns) if isinstance(self._source, FilesSource) else None
        self._seen: deque[Line] = deque()
        self._size = 0

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        if self._files is not None:
            self._files.close()

    def wait(self, predicate: Predicate, timeout: float) -> tuple[dict[str, Any], Place] | None:
        """The first record written since this was made for which ``predicate`` holds, and its place; None after
        ``timeout`` seconds.

        Lines that are not a record are passed over. Each call searches from the beginning again, as far back as
        the last 16 MiB. A source that is neither files nor a command may take longer than ``timeout``.
        """
        deadline = time.monotonic() + timeout
        found = self._first(self._seen, predicate)
        if found is not None:
            return found
        for lines in self._written(deadline):
            if self._files is not None:
                self._remember(lines)
            found = self._first(lines, predicate)
            if found is not None:
                return found
        return None

    def mentions(self, text: str, where_it_should: Predicate) -> tuple[list[Place], list[Place], list[Place]]:
        """The places of ``text`` among what ``wait`` has searched: in lines that are not a record, in records that
        have it elsewhere, and in those that have it ``where_it_should``.

        A source that is not files is read once more, and may have by then what was not there in time.
        """
        wanted = text.encode()
        if self._files is None:
            lines = [line for some in self._read_again(time.monotonic() + ONCE_MORE) for line in some]
        else:
            lines = list(self._seen)
        found: tuple[list[Place], list[Place], list[Place]] = ([], [], [])
        for line in lines:
            if wanted in line.data:
                record = self._reader.record(line.data)
                found[0 if record is None else 2 if where_it_should(record) else 1].append(line.place())
        return found

    def _written(self, deadline: float) -> Iterator[list[Line]]:
        while True:
            if self._files is None:
                yield from self._read_again(deadline)
            else:
                yield from map(self._joined, self._files.grown(deadline))
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, AGAIN if self._files is None else POLL))

    def _read_again(self, deadline: float) -> Iterator[list[Line]]:
        source = self._source
        if isinstance(source, CommandSource):
            source = source.within(max(0.0, deadline - time.monotonic()))
        self._joinings.clear()
        with pieces_of(source) as pieces:
            for piece in pieces:
                if lines := self._joined(list(lines_of(piece, Part(piece.file)))):
                    yield lines
                if time.monotonic() >= deadline:
                    return

    def _joined(self, lines: list[Line]) -> list[Line]:
        """The lines that are whole, or end with one of these."""
        if self._wrapper is None:
            return lines
        joined = []
        for line in lines:
            joining = self._joinings.setdefault(line.part.file, Joining(self._wrapper))
            whole = joining.line(line.data + b"\n")
            if whole is not None:
                joined.append(replace(line, data=whole.removesuffix(b"\n")))
        return joined

    def _first(self, lines: Iterable[Line], predicate: Predicate) -> tuple[dict[str, Any], Place] | None:
        for line in lines:
            record = self._reader.record(line.data)
            if record is not None and predicate(record):
                return record, line.place()
        return None

    def _remember(self, lines: list[Line]) -> None:
        self._seen.extend(lines)
        self._size += sum(len(line.data) for line in lines)
        while self._size > REMEMBERED:
            self._size -= len(self._seen.popleft().data)

"""Reads a source once and has every line judged."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from deployspec.chapters.logs.judge.model import Block, ErrorRecord, LogPromise, LongLine, Tally, Unfinished
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.measure.crew import AHEAD, Crew, Result, Task
from deployspec.chapters.logs.measure.joining import joined
from deployspec.chapters.logs.measure.source import Source, pieces_of

Progress = Callable[[int, "int | None", int], None]
"""Called with the bytes read, the bytes there are if that is known, and the lines judged."""

Errors = Callable[[str, Sequence[ErrorRecord]], None]
"""Called with a stream's name and the error records of one of its blocks, in the order of reading."""

ALONE = 4 << 20
"""So many bytes are judged in this process alone, before others are started: they take longer to start."""
_TICK = 0.1


def measure(
    source: Source,
    promise: LogPromise,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    errors: Errors | None = None,
) -> Report:
    """Read all of a source and judge every line by ``promise``.

    ``workers`` is the number of processes that judge, this one included; the report does not depend on it.
    ``progress`` is called at most ten times a second, and at the end; ``errors`` for each block that has some, where
    ``promise.keep_errors``. Raises SchemaUnusableError for a schema that
    cannot be used, UsageError for ``promise.allowed`` that is not a regular expression.
    """
    report = Report(kept=promise.kept, personal_data=promise.personal_data)
    clock = _Clock(source, progress)
    waiting: deque[Task] = deque()
    size = 0

    def finish_first() -> None:
        result = crew.add(waiting.popleft(), report)
        if errors is not None and isinstance(result, Tally) and result.errors:
            errors(result.stream, result.errors)
        clock.tick(result)

    wrapper = promise.form.wrapper
    with Crew(promise, workers - 1) as crew, pieces_of(source) as pieces:
        for piece in pieces if wrapper is None else joined(pieces, wrapper):
            if isinstance(piece, Block):
                size += len(piece.data)
                if workers > 1 and max(size, source.total or 0) > ALONE:
                    crew.start()
            waiting.append(crew.take(piece))
            while waiting and (waiting[0].result is not None or len(waiting) > AHEAD * workers):
                finish_first()
        while waiting:
            finish_first()
    clock.tick(None)
    return report


class _Clock:
    """Tells of progress, now and then."""

    def __init__(self, source: Source, progress: Progress | None) -> None:
        self._source, self._progress = source, progress
        self._size = self._lines = 0
        self._next = time.monotonic() + _TICK

    def tick(self, result: Result | None) -> None:
        """A piece has its result; None: all have."""
        if self._progress is None:
            return
        match result:
            case Tally(lines=lines, size=size):
                self._lines, self._size = self._lines + lines, self._size + size
            case LongLine(length=length):
                self._lines, self._size = self._lines + 1, self._size + length + 1
            case Unfinished(data=data):
                self._size += len(data)
        now = time.monotonic()
        if result is None or now >= self._next:
            self._next = now + _TICK
            done = self._size if self._source.done is None else self._source.done
            self._progress(done, self._source.total, self._lines)

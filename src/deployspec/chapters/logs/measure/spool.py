"""Errors, kept until they are compared: in constant memory, by the stream that they come from."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import IO

from deployspec.chapters.logs.judge.model import ErrorRecord

_IN_MEMORY = 1 << 20
"""Bytes of a stream after which it goes to a temporary file."""


class Spool:
    """The errors of one source. Files and places repeat, so a stream is kept as pickled lists."""

    def __init__(self) -> None:
        self._streams: dict[str, IO[bytes]] = {}

    def add(self, stream: str, errors: Sequence[ErrorRecord]) -> None:
        """Keep some more of a stream, in the order of reading."""
        file = self._streams.get(stream)
        if file is None:
            file = self._streams[stream] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - till its end
        pickle.dump(list(errors), file, pickle.HIGHEST_PROTOCOL)

    def close(self) -> None:
        """Let go of what was kept."""
        for file in self._streams.values():
            file.close()

    def streams(self) -> list[Iterator[ErrorRecord]]:
        """Each stream, from its beginning. One reader at a time."""
        return [_read(file) for file in self._streams.values()]

    def merged(self) -> Iterator[ErrorRecord]:
        """All streams together, in the order of time as far as each of them has it."""
        return heapq.merge(*self.streams(), key=attrgetter("moment"))


def _read(file: IO[bytes]) -> Iterator[ErrorRecord]:
    file.seek(0)
    while True:
        try:
            yield from pickle.load(file)  # noqa: S301 - written by this process
        except EOFError:
            return

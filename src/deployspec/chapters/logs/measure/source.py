"""What a source of log records is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from deployspec.chapters.logs.judge.model import Piece


class Source(ABC):
    """Where log records come from."""

    label: str
    """One line on what it reads, for a person; without secrets."""
    done: int | None = None
    """How many bytes of ``total`` have been read, while :meth:`pieces` runs. None: what its blocks hold is counted."""
    total: int | None = None
    """How many bytes there are to read; None: not known."""

    @abstractmethod
    def pieces(self) -> Iterator[Piece]:
        """All there is, in the order of writing, in constant memory, and within a time limit where it could wait.

        What cannot be read is a Trouble, never an exception. Each call begins anew. Closing the iterator frees what
        it holds.
        """


@contextmanager
def pieces_of(source: Source) -> Iterator[Iterator[Piece]]:
    """The pieces of a source; leaving the ``with`` frees what reading them holds."""
    pieces = source.pieces()
    try:
        yield pieces
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()

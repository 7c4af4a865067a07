"""A history that is ready to be told of. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from deployspec.model.review import Cell, Week
from deployspec.review.newest import Failing, Sets, compared, failing
from deployspec.review.streams import Stream

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from deployspec.record.history import History
    from deployspec.review.timeline import Timeline

HAIR = 1e-3
"""Seconds below which a span of time is none: runs begin at whole milliseconds."""


@dataclass(frozen=True)
class Judged:
    """A history with what the sections are made of."""

    week: Week
    history: History
    streams: tuple[Stream, ...]
    states: NDArray[np.uint8]
    """Of ``streams``: a row a run, a column a check."""
    timeline: Timeline
    """Of the streams that have an interval."""

    @property
    def timed(self) -> tuple[Stream, ...]:
        """The streams of the timeline."""
        return tuple(stream for stream in self.streams if stream.timed)

    @property
    def untimed(self) -> tuple[Stream, ...]:
        """The others."""
        return tuple(stream for stream in self.streams if not stream.timed)

    @cached_property
    def failing(self) -> list[Failing]:
        """What fails at the end of the week."""
        return failing(self.history, self.streams, self.states, self.week.span.end)

    @cached_property
    def sets(self) -> Sets:
        """Which checks came and went, by their ids."""
        sets = compared(self.history, self.streams, self.states, self.week.before, self.week.span)
        return Sets(*(sorted(one, key=self.name) for one in sets))

    def name(self, check: int) -> str:
        """The id of a check."""
        return self.history.checks[check].id

    def named(self, check: int, stream: Stream) -> Cell:
        """A check where a stream makes it: a row's name."""
        name = self.name(check)
        return Cell(f"{name} at {stream.name}" if len(self.streams) > 1 else name, code=True)

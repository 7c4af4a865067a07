"""What a sink is given, and what it answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from deployspec.model.metrics import Family
    from deployspec.record.record import Run


class Report(NamedTuple):
    """A finished run, as all sinks are given it."""

    run: Run
    families: tuple[Family, ...]
    """What it says as metrics. ``deployment`` and ``location`` are not among the labels."""
    deployment: str
    location: str
    status: int
    """The probe's exit status, as far as it is known before anything is sent."""
    deadline: float
    """``time.monotonic()`` at which nothing may be waited for any longer."""

    def left(self, most: float) -> float:
        """As :meth:`Deadline.left`."""
        return Deadline(self.deadline).left(most)


class Deadline(NamedTuple):
    """When a request must have ended."""

    deadline: float
    """``time.monotonic()`` at which nothing may be waited for any longer."""

    def left(self, most: float) -> float:
        """Seconds that a request may take: ``most``, or what is left. Raises :class:`NotSent` where nothing is."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise NotSent("the time limit was reached")
        return min(most, left)


class Waits(Protocol):
    """What knows how long a request may take: :class:`Report` or :class:`Deadline`."""

    def left(self, most: float) -> float:
        """As :meth:`Deadline.left`."""


class NotSent(Exception):  # noqa: N818 - an outcome, which is counted and kept
    """A run did not arrive. Its text says why, in one line without secrets."""

    def __init__(
        self, reason: str, *, final: bool = False, after: float | None = None, memory: Any = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        """Whether another attempt would end the same: it is not made, and the run is counted as lost."""
        self.after = after
        """Seconds that the receiver asks to wait before another attempt; None where it says nothing."""
        self.memory = memory
        """What the sink is to remember although nothing was sent; None: what it remembered before."""


class Sender(Protocol):
    """What sends to one sink. Its methods run in a thread of their own. Where it has a text ``remark``, that is told beside
    a run that arrived.
    """

    def send(self, report: Report, memory: Any) -> Any:
        """Send a run once; returns what is to be remembered until the next one, as JSON.

        ``memory`` is what was returned last, or what a :class:`NotSent` gave since; None for the first time, or where it was
        lost. Raises :class:`NotSent`.
        """


class Begins(Protocol):
    """A sink that is told when a run begins, too."""

    def begin(self, report: Report) -> None:
        """Say that the run (of which only id and start are known) begins. Raises :class:`NotSent`."""

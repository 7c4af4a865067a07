"""One attempt's time, and the exception that ends it."""

from __future__ import annotations

import time

from deployspec.model.http import FailureKind, Phase, Timings

_WHILE = {
    Phase.LOOKUP: "during the name lookup",
    Phase.CONNECT: "while connecting",
    Phase.TLS: "during the TLS handshake",
    Phase.SEND: "while sending the request",
    Phase.HEADERS: "while waiting for the response's headers",
    Phase.BODY: "while reading the body",
}


class CallFailed(Exception):  # noqa: N818 - an outcome of the measurement, turned into a Failure
    """Ends an attempt with a kind and a reason of one line; the phase is the one the budget is in."""

    def __init__(self, kind: FailureKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


class Budget:
    """The total time limit of one attempt, and where its time went.

    Every blocking call of an attempt asks :meth:`remaining` for its own limit, so that all of them together keep
    the total, however small the pieces in which a server answers.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        """Seconds."""
        self.phase = Phase.LOOKUP
        self.body_bytes = 0
        """How much of a body has come, for the reason of a time-out."""
        self.detour = ""
        """What a connection is being made through, for the same."""
        self.address = ""
        """The address that was asked for in place of a lookup, for the same."""
        self._started = self._entered = time.monotonic()
        self._spent: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> None:
        """Begin a phase; the time up to now belongs to the one before."""
        now = time.monotonic()
        self._spent[self.phase] = self._spent.get(self.phase, 0.0) + now - self._entered
        self.phase = phase
        self._entered = now

    def remaining(self) -> float:
        """Seconds that are left: always more than 0. Raises :class:`CallFailed` when none are."""
        left = self._started + self.limit - time.monotonic()
        if left <= 0:
            raise self.expired()
        return left

    def expired(self) -> CallFailed:
        """The failure of a call whose time ran out in the present phase."""
        seen = ""
        if self.phase is Phase.BODY:
            seen = f" ({self.body_bytes} bytes of it came)"
        elif self.phase is Phase.CONNECT:
            seen = self.detour
        if self.address and self.phase not in (Phase.LOOKUP, Phase.CONNECT):
            seen += f", connected to {self.address}"
        reason = f"the time limit of {round(self.limit, 3):g} s ran out {_WHILE[self.phase]}{seen}"
        return CallFailed(FailureKind.TIMEOUT, reason)

    def timings(self) -> Timings:
        """Where the time went, up to now."""
        self.enter(self.phase)
        return Timings(dict(self._spent), self._entered - self._started)

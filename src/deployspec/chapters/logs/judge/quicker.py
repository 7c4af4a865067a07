"""Which of two ways to the same verdict takes less processor time: told by trying both."""

from __future__ import annotations

_TRIES = 2
"""How often each way is tried. What disturbs a machine makes some of them slower, and none quicker: the least counts."""


class Quicker:
    """Chooses, of two ways, the one that is quicker for a source; both are taken in turn until that is known."""

    def __init__(self) -> None:
        self._took: dict[bool, list[float]] = {True: [], False: []}
        self._asked: bool | None = None
        self._chosen: bool | None = None

    def is_first(self) -> bool:
        """Whether the first way is to be taken now."""
        if self._chosen is not None:
            return self._chosen
        self._asked = len(self._took[True]) <= len(self._took[False])
        return self._asked

    def took(self, cost: float) -> None:
        """Be told what the way took that was asked for since the last time, in processor time for as much work; nothing where
        none was."""
        if self._asked is None:
            return
        self._took[self._asked].append(cost)
        self._asked = None
        if min(map(len, self._took.values())) == _TRIES:
            self._chosen = min(self._took[True]) <= min(self._took[False])

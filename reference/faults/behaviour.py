"""Faults that only several calls, or a clock, can show."""

import asyncio

from .answer import Answer
from .registry import Call, Fault, behaves

SLOW = 1.2
"""Seconds: more than the second that the health endpoint may take, less than a client's two."""
HOLD = 0.6
"""Seconds: harmless alone, more than two for five calls one after the other."""


class _Every(Fault):
    """Counts the answers, and does something to every `every`th."""

    every = 1

    def __init__(self) -> None:
        self._count = 0

    def _is_due(self) -> bool:
        self._count += 1
        return self._count % self.every == 0


@behaves("flapping")
class Flapping(_Every):
    """Every 2nd answer says that the database is down."""

    every = 2

    async def answer(self, call: Call) -> Answer:
        """Give the real answer, or a plausible wrong one."""
        due = self._is_due()
        answer = await call.real()
        return answer.saying_down("db") if due else answer


@behaves("flapping-rarely")
class FlappingRarely(Flapping):
    """Every 5th answer says that the database is down."""

    every = 5


@behaves("slow")
class Slow(_Every):
    """Every answer takes 1.2 seconds."""

    async def answer(self, call: Call) -> Answer:
        """Give the real answer, late when it is due."""
        if self._is_due():
            await asyncio.sleep(SLOW)
        return await call.real()


@behaves("slow-sometimes")
class SlowSometimes(Slow):
    """Every 3rd answer takes 1.2 seconds."""

    every = 3


@behaves("hangs")
class Hangs(Fault):
    """There is no answer while the fault is on."""

    async def answer(self, call: Call) -> Answer:
        """Wait until nobody waits for the answer any more."""
        while not call.is_over():
            await asyncio.sleep(0.05)
        return await call.real()


@behaves("one-at-a-time")
class OneAtATime(Fault):
    """Calls queue behind one another, for 0.6 seconds each."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()

    async def answer(self, call: Call) -> Answer:
        """Give the real answer when it is this call's turn."""
        async with self._lock:
            await asyncio.sleep(HOLD)
            return await call.real()


@behaves("concurrent-503")
class Concurrent503(Fault):
    """With more than one call under way, each says that the database is down."""

    def __init__(self) -> None:
        self._under_way = 0
        self._generation = 0

    async def answer(self, call: Call) -> Answer:
        """Wait a moment for company; give the real answer to a call that stays alone."""
        self._under_way += 1
        self._generation += 1
        mine, crowded = self._generation, self._under_way > 1
        try:
            await asyncio.sleep(0.1)
            answer = await call.real()
        finally:
            self._under_way -= 1
        # Whoever came later came while this call was under way.
        return answer.saying_down("db") if crowded or self._generation > mine else answer

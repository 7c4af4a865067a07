"""Faults that show only while a dependency is down, or has just come back. Combine them with those."""

import asyncio
import time

from .answer import Answer
from .registry import Call, Fault, alters, behaves

LATE = 3.0
LINGERS = 8.0


@alters("blind-to-redis")
def blind_to_redis(answer: Answer) -> Answer:
    """Redis is said to be up, whatever it does."""
    return answer.saying_up("redis")


@alters("blind-to-postgres")
def blind_to_postgres(answer: Answer) -> Answer:
    """The database is said to be up, whatever it does."""
    return answer.saying_up("db")


@alters("blames-both")
def blames_both(answer: Answer) -> Answer:
    """When one part is down, both are said to be."""
    return answer.saying_down("db", "redis") if answer.status == 503 else answer


@behaves("late-with-outage")
class LateWithOutage(Fault):
    """When a part is down, the answer comes 3 seconds late."""

    async def answer(self, call: Call) -> Answer:
        """Give the real answer, and bad news late."""
        answer = await call.real()
        if answer.status == 503:
            await asyncio.sleep(LATE)
        return answer


@behaves("slow-recovery")
class SlowRecovery(Fault):
    """A part that came back is said to be down for 8 more seconds."""

    def __init__(self) -> None:
        self._back_since: dict[str, float | None] = {}

    async def answer(self, call: Call) -> Answer:
        """Give the real answer while nothing has been down, and hold on to bad news."""
        answer = await call.real()
        fields, now = answer.fields, time.monotonic()
        for part in ("db", "redis"):
            if not fields[part]:
                self._back_since[part] = None
            elif part in self._back_since:
                since = self._back_since[part] = self._back_since[part] or now
                if now - since < LINGERS:
                    answer = answer.saying_down(part)
                else:
                    del self._back_since[part]
        return answer

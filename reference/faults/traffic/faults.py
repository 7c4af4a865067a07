"""The faults of the traffic, by name. They go by counters and clocks, never by chance."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import ClassVar, Protocol, TypeVar

from ..answer import Answer

SLOWER = 0.7
"""Seconds: more than the half second that most requests may take."""
STALL_FIRST = 2.0
STALL_EVERY = 10.0
STALL_LENGTH = 3.0
"""Seconds: when the process first stands still after switching on, how often it does, and for how long."""
GLANCE = 0.02
"""Seconds between two looks at the switch by what goes on beside the requests."""
LISTINGS = ("GET", "/listings")
PRICING = ("POST", "/seller/pricing/suggest")


class Request(Protocol):
    """One request, as a fault sees it. Whichever way it is served, it is served once."""

    @property
    def target(self) -> tuple[str, str]:
        """Method and path."""

    async def pass_on(self, *, not_before: float = 0.0) -> None:
        """Let the application answer; its answer leaves `not_before` seconds after the arrival, or later."""

    async def answer(self, answer: Answer) -> None:
        """Answer in the application's stead, which never hears of the request."""

    async def cut(self) -> None:
        """Reset the connection."""

    def leave_unmeasured(self) -> None:
        """Keep the request out of the service's metrics."""


class Fault:
    """One fault. An instance lives from the moment it is switched on until it is switched off."""

    def begin(self, since: float, is_over: Callable[[], bool]) -> None:
        """Start what goes on beside the requests.

        `since` is when the switch was turned, in seconds of the monotonic clock; `is_over` says whether it has
        been turned again.
        """

    async def serve(self, request: Request) -> None:
        """Serve one request."""
        await request.pass_on()


FAULTS: dict[str, tuple[type[Fault], str]] = {}
"""By name: the class, and what the fault does, in one line."""
_Class = TypeVar("_Class", bound=type[Fault])


def _named(name: str) -> Callable[[_Class], _Class]:
    def register(kind: _Class) -> _Class:
        assert kind.__doc__ is not None and name not in FAULTS, name  # noqa: S101, PT018 - a slip in this module
        FAULTS[name] = (kind, kind.__doc__.splitlines()[0])
        return kind

    return register


def _json(status: int, **fields: str) -> Answer:
    headers = ((b"content-type", b"application/json"),)
    return Answer(status, headers, json.dumps(fields, separators=(",", ":")).encode())


class _OneRoute(Fault):
    """Does something to the requests of one route."""

    target: ClassVar[tuple[str, str]]

    async def serve(self, request: Request) -> None:
        """Serve the route's requests wrongly, and all others well."""
        if request.target == self.target:
            await self.spoil(request)
        else:
            await request.pass_on()

    async def spoil(self, request: Request) -> None:
        """Answer 0.7 s later."""
        await asyncio.sleep(SLOWER)
        await request.pass_on()


class _SevenPercent(Fault):
    """Does something to 7 of every 100 requests, the 15th, 29th, 43rd, 58th, 72nd, 86th and 100th."""

    def __init__(self) -> None:
        self._count = 0

    async def serve(self, request: Request) -> None:
        """Serve every fourteenth request or so wrongly, and all others well."""
        self._count += 1
        if self._count * 7 % 100 < 7:
            await self.spoil(request)
        else:
            await request.pass_on()

    async def spoil(self, request: Request) -> None:
        """Answer 0.7 s later."""
        await asyncio.sleep(SLOWER)
        await request.pass_on()


class _Band(Fault):
    """Every answer leaves within a narrow band of times after the arrival."""

    lowest: ClassVar[int]
    """Milliseconds; each of the 36 whole ones from here on has its turn."""

    def __init__(self) -> None:
        self._count = 0

    def due(self) -> float:
        """Say after how many seconds the next answer leaves."""
        # 13 has no factor in common with 36: neighbours lie apart, and none is left out.
        offset = self._count * 13 % 36
        self._count += 1
        return (self.lowest + offset) / 1000

    async def serve(self, request: Request) -> None:
        """Hold the answer back until it is due."""
        await request.pass_on(not_before=self.due())


@_named("slow-route")
class SlowRoute(_OneRoute):
    """GET /listings takes 0.7 s longer."""

    target = LISTINGS


@_named("one-slow-of-many")
class OneSlowOfMany(_OneRoute):
    """POST /seller/pricing/suggest takes 0.7 s longer."""

    target = PRICING


@_named("slow-seven-percent")
class SlowSevenPercent(_SevenPercent):
    """7 of every 100 requests take 0.7 s longer."""


@_named("errors-seven-percent")
class ErrorsSevenPercent(_SevenPercent):
    """7 of every 100 requests are answered 500."""

    async def spoil(self, request: Request) -> None:
        """Answer 500."""
        await request.answer(_json(500, detail="Internal Server Error"))


@_named("errors-twenty-percent")
class ErrorsTwentyPercent(Fault):
    """Every fifth request is answered 500."""

    def __init__(self) -> None:
        self._count = 0

    async def serve(self, request: Request) -> None:
        """Answer the fifth, tenth, fifteenth … 500, and pass the others on."""
        self._count += 1
        if self._count % 5:
            await request.pass_on()
        else:
            await request.answer(_json(500, detail="Internal Server Error"))


@_named("slow-600ms")
class SlowAll(Fault):
    """Every request is answered 600 ms after its arrival."""

    async def serve(self, request: Request) -> None:
        """Hold the answer back until it is due."""
        await request.pass_on(not_before=0.6)


@_named("resets")
class Resets(_SevenPercent):
    """7 of every 100 requests have their connection reset instead of an answer."""

    async def spoil(self, request: Request) -> None:
        """Reset the connection."""
        await request.cut()


@_named("band-below")
class BandBelow(_Band):
    """Every request is answered 400 to 435 ms after its arrival."""

    lowest = 400


@_named("band-above")
class BandAbove(_Band):
    """Every request is answered 505 to 540 ms after its arrival."""

    lowest = 505


@_named("error-body-200")
class ErrorBody(_OneRoute):
    """GET /listings is answered 200, with an error in the body."""

    target = LISTINGS

    async def spoil(self, request: Request) -> None:
        """Answer with an error that the status does not show."""
        await request.answer(_json(200, error="The listings could not be read."))


@_named("too-many")
class TooMany(Fault):
    """Every request is answered 429, with Retry-After."""

    async def serve(self, request: Request) -> None:
        """Turn the request away."""
        await request.answer(_json(429, detail="Too Many Requests").with_header(b"retry-after", b"5"))


@_named("stall")
class Stall(Fault):
    """The whole process stands still for 3 s of every 10 s, the first time 2 s after switching on."""

    _task: "asyncio.Task[None]"  # the event loop itself keeps no hold on it

    def begin(self, since: float, is_over: Callable[[], bool]) -> None:
        """Start to stand still now and then."""
        self._task = asyncio.get_running_loop().create_task(self._stand_still(since, is_over))

    async def _stand_still(self, since: float, is_over: Callable[[], bool]) -> None:
        while not is_over():
            elapsed = time.monotonic() - since - STALL_FIRST
            if elapsed >= 0 and elapsed % STALL_EVERY < STALL_LENGTH:
                # Blocks the event loop, and with it every route; in slices, so that it ends with the fault.
                time.sleep(GLANCE)
            else:
                await asyncio.sleep(GLANCE)


@_named("blind-metrics")
class BlindMetrics(_OneRoute):
    """Every 2nd GET /listings is missing in the service's own metrics; the answers are right."""

    target = LISTINGS

    def __init__(self) -> None:
        self._count = 0

    async def spoil(self, request: Request) -> None:
        """Answer rightly, and forget every other time that it happened."""
        self._count += 1
        if self._count % 2 == 0:
            request.leave_unmeasured()
        await request.pass_on()

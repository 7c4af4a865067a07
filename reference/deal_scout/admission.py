"""How many requests are worked on at a time, and how long others wait: too many are refused, not served late.

Without a limit, a service that gets more than it can do begins everything and ends nothing in time.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

PATIENCE = 1.0
"""Seconds that a request waits for its turn."""
SPARED = frozenset({"/health", "/metrics", "/ping"})
"""Paths that take no turn: they tell how the service is, above all when it has too much to do."""


class OverloadedError(Exception):
    """A request's turn did not come in time."""


class Admission:
    """Turns, first come, first served."""

    def __init__(self, at_once: int, patience: float = PATIENCE) -> None:
        self._at_once = at_once
        self._patience = patience
        self._turns = asyncio.Semaphore(at_once)
        self._waiting = 0
        self._last_free = time.monotonic()

    @property
    def overloaded(self) -> bool:
        """Whether one more had better not wait: no turn was free for a while, and enough wait to take the next."""
        return self._waiting >= self._at_once and time.monotonic() - self._last_free > self._patience

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of a block.

        Raises:
            OverloadedError: it did not come in time.
        """
        if not self._turns.locked():
            self._last_free = time.monotonic()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._turns.acquire()
        except TimeoutError:
            raise OverloadedError from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()


async def admitted(request: Request) -> AsyncIterator[None]:
    """Let a request have its turn until its answer is ready; its body is there already."""
    admission: Admission = request.app.state.admission
    async with admission.turn():
        yield


async def refuse(_request: Request, _error: Exception) -> JSONResponse:
    """Refuse. Only the access record tells: what a refusal costs is taken from those that are served."""
    return JSONResponse(
        {"detail": "Too many requests at a time; try again later."},
        status_code=503,
        headers={"Retry-After": "1"},
    )


class RefuseEarly:
    """Refuses, while there is too much to do, before anything is spent on a request."""

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self._app = app
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's lifespan."""
        if scope["type"] == "http" and self._admission.overloaded and scope["path"] not in SPARED:
            find_route(scope)
            answer = await refuse(Request(scope), OverloadedError())
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def find_route(scope: Scope) -> None:
    """Note a request's route, as the router does, so that the metrics count it under its path."""
    for wanted in (Match.FULL, Match.PARTIAL):
        for route in scope["app"].state.routes:
            if route.matches(scope)[0] is wanted:
                scope["route"] = route
                return

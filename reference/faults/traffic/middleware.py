"""The traffic faults' place: inside what measures the requests, so that the service's metrics see them."""

import asyncio
import time
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reference.deal_scout.admission import find_route
from reference.deal_scout.middleware import RequestMiddleware

from ..answer import Answer
from ..switch import OFF, TRAFFIC, Setting
from .connections import reset
from .faults import FAULTS, Fault

SPARED = frozenset({"/health", "/metrics", "/ping"})
"""Paths that no traffic fault touches."""
_UNMEASURED = "unmeasured"


class MeasuredTraffic(RequestMiddleware):
    """Deal Scout's own middleware, with the traffic faults between it and the routes."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        super().__init__(TrafficFaults(app, folder))

    def measure(self, scope: Scope, status: int, seconds: float) -> None:
        """Enter the request into the metrics, unless a fault keeps it out of them."""
        if _UNMEASURED not in scope:
            super().measure(scope, status, seconds)


class TrafficFaults:
    """Passes everything to the application, except while a fault is on."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._setting = OFF
        self._fault: Fault | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's lifespan."""
        arrived = time.monotonic()
        # Looked at for the spared paths, too: a fault begins with the first request, whichever that is.
        fault = self._current() if scope["type"] == "http" else None
        if fault is None or scope["path"] in SPARED:
            await self._app(scope, receive, send)
        else:
            await fault.serve(_Request(self._app, scope, receive, send, arrived))

    def _current(self) -> Fault | None:
        setting = TRAFFIC.read(self._folder)
        if setting != self._setting:
            self._setting = setting
            self._fault = None if setting == OFF else self._begun(setting)
        return self._fault

    def _begun(self, setting: Setting) -> Fault:
        fault = FAULTS[setting.name][0]()
        since = time.monotonic() - (time.time() - setting.turned_at)
        fault.begin(since, lambda: TRAFFIC.read(self._folder) != setting)
        return fault


class _Request:
    """One request to any path but the spared ones."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, arrived: float) -> None:
        self._app = app
        self._scope = scope
        self._receive = receive
        self._send = send
        self._arrived = arrived

    @property
    def target(self) -> tuple[str, str]:
        """Method and path."""
        return self._scope["method"], self._scope["path"]

    async def pass_on(self, *, not_before: float = 0.0) -> None:
        """Let the application answer, `not_before` seconds after the arrival at the earliest."""

        async def hold_back(message: Message) -> None:
            left = self._arrived + not_before - time.monotonic()
            # What is due goes out at once: even a sleep of no time would let other requests go first.
            if left > 0 and message["type"] == "http.response.start":
                await asyncio.sleep(left)
            await self._send(message)

        await self._app(self._scope, self._receive, hold_back)

    async def answer(self, answer: Answer) -> None:
        """Answer in the application's stead."""
        find_route(self._scope)
        counted = answer.with_header(b"content-length", str(len(answer.body)).encode())
        start = {"type": "http.response.start", "status": counted.status, "headers": list(counted.headers)}
        await self._send(start)
        await self._send({"type": "http.response.body", "body": counted.body})

    async def cut(self) -> None:
        """Reset the connection, and wait until the server knows: it would answer 500 before."""
        find_route(self._scope)
        reset(self._scope)
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def leave_unmeasured(self) -> None:
        """Keep the request out of the service's metrics."""
        self._scope[_UNMEASURED] = True

"""The health faults' place: around the application, between it and whoever asks."""

import asyncio
import contextlib
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answer import Answer
from .registry import Fault, health_faults
from .switch import HEALTH, OFF

HEALTH_PATH = "/health"


class HealthFaults:
    """Passes everything to the application, except while a fault is on."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._setting = OFF
        self._fault: Fault | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's lifespan."""
        fault = self._current() if scope["type"] == "http" else None
        if fault is not None and scope["path"] == HEALTH_PATH:
            call = _Call(self._app, scope, self._folder)
            watcher = asyncio.create_task(call.watch(receive))
            try:
                await _send(send, await fault.answer(call))
            finally:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher
        elif fault is not None and scope["path"] in fault.pages:
            await _send(send, fault.pages[scope["path"]])
        else:
            await self._app(scope, receive, send)

    def _current(self) -> Fault | None:
        setting = HEALTH.read(self._folder)
        if setting != self._setting:
            self._setting = setting
            self._fault = None if setting == OFF else health_faults()[setting.name][0]()
        return self._fault


class _Call:
    """One request to the health endpoint."""

    def __init__(self, app: ASGIApp, scope: Scope, folder: Path) -> None:
        self._app = app
        self._scope = scope
        self._folder = folder
        self._setting = HEALTH.read(folder)
        self._client_gone = False

    async def watch(self, receive: Receive) -> None:
        """Note when the client goes."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._client_gone = True

    def is_over(self) -> bool:
        """Say whether the client has gone, or the fault been switched off."""
        return self._client_gone or HEALTH.read(self._folder) != self._setting

    async def real(self) -> Answer:
        """Ask the application, and keep its answer instead of sending it."""
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app(dict(self._scope), receive, keep)
        headers = tuple((bytes(name).lower(), bytes(value)) for name, value in start["headers"])
        return Answer(start["status"], headers, bytes(body))


async def _send(send: Send, answer: Answer) -> None:
    counted = answer.with_header(b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": list(counted.headers)})
    await send({"type": "http.response.body", "body": answer.body})

"""The metrics faults' place: around the application, where requests come in and the page goes out."""

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..answer import Answer
from ..switch import METRICS, OFF
from .faults import FAULTS, Fault

METRICS_PATH = "/metrics"


class MetricsFaults:
    """Passes everything to the application, except while a fault is on."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._setting = OFF
        self._fault: Fault | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the application's lifespan."""
        fault = self._current() if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif scope["path"] != METRICS_PATH:
            fault.saw(scope["path"], Headers(scope=scope).get("user-agent", ""))
            await self._app(scope, receive, send)
        else:
            await fault.delay()
            if fault.text_only:
                scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept"]}
            await _send(send, fault.alter(await self._real(scope, receive)))

    def _current(self) -> Fault | None:
        setting = METRICS.read(self._folder)
        if setting != self._setting:
            self._setting = setting
            self._fault = None if setting == OFF else FAULTS[setting.name][0]()
        return self._fault

    async def _real(self, scope: Scope, receive: Receive) -> Answer:
        start: MutableMapping[str, Any] = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))

        await self._app(scope, receive, keep)
        headers = tuple((bytes(name).lower(), bytes(value)) for name, value in start["headers"])
        return Answer(start["status"], headers, bytes(body))


async def _send(send: Send, answer: Answer) -> None:
    counted = answer.with_header(b"content-length", str(len(answer.body)).encode())
    await send({"type": "http.response.start", "status": answer.status, "headers": list(counted.headers)})
    await send({"type": "http.response.body", "body": answer.body})

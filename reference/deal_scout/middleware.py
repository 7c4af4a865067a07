"""What happens around every request: its id, its access record, its metrics, its last-resort answer."""

import re
import time
import uuid

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .metrics import REQUEST_DURATION, REQUESTS

access_log = structlog.get_logger("deal_scout.access")
error_log = structlog.get_logger("deal_scout.api")

_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
CLIENT_GONE = 499


class RequestMiddleware:
    """Gives each request an id, one access record and its place in the metrics.

    It is written for ASGI itself, so that context variables set by a route are still there when the access
    record is written.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(Headers(scope=scope).get("x-request-id"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = CLIENT_GONE  # until an answer has begun

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            error_log.exception("request failed", method=scope["method"], path=scope["path"])
            if status != CLIENT_GONE:
                raise  # half an answer is out; only cutting the connection tells the client
            answer = JSONResponse(
                {"detail": "Internal Server Error", "request_id": request_id}, status_code=500
            )
            await answer(scope, receive, send_with_id)
        finally:
            seconds = time.perf_counter() - started
            self.measure(scope, status, seconds)
            _log_access(scope, status, seconds)
            structlog.contextvars.clear_contextvars()

    def measure(self, scope: Scope, status: int, seconds: float) -> None:
        """Enter one request into the metrics."""
        # Labels come from the route table and a fixed list, so that no caller can mint new series.
        method = scope["method"] if scope["method"] in _METHODS else "other"
        REQUESTS.labels(method, _route(scope), str(status)).inc()
        REQUEST_DURATION.labels(method, _route(scope), str(status)).observe(seconds)


def _request_id(given: str | None) -> str:
    """Take the caller's id if it is harmless in a log line and a header, else make one."""
    if given is not None and _SOUND_ID.fullmatch(given):
        return given
    return f"req_{uuid.uuid4().hex[:16]}"


def _route(scope: Scope) -> str:
    route: str = getattr(scope.get("route"), "path", UNMATCHED)
    return route


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    access_log.info(
        f"{scope['method']} {scope['path']} {status}",
        method=scope["method"],
        path=scope["path"],
        route=_route(scope),
        status=status,
        duration_ms=round(seconds * 1000, 1),
    )

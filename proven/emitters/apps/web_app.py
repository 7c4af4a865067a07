"""One page, one that fails, and no other: for servers of ASGI and of WSGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any


async def asgi(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Answer 200 for /orders, fail for /broken, and 404 for all else."""
    if scope["type"] == "lifespan":
        while True:
            event = (await receive())["type"]
            await send({"type": f"{event}.complete"})
            if event == "lifespan.shutdown":
                return
    if scope["path"] == "/broken":
        raise RuntimeError("no database")
    status = 200 if scope["path"] == "/orders" else 404
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as `asgi` does."""
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("no database")
    status = "200 OK" if environ["PATH_INFO"] == "/orders" else "404 Not Found"
    start_response(status, [("Content-Length", "2")])
    return [b"{}"]

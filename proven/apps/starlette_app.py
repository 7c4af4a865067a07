"""The shortest health endpoints: text, and a JSON string."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route


def _state() -> tuple[str, int]:
    return ("FAILED", 503) if Path("sick").exists() else ("OK", 200)


def text(_: Request) -> Response:
    """The word alone."""
    return PlainTextResponse(*_state())


def json(_: Request) -> Response:
    """The word as a JSON document: with quotation marks."""
    return JSONResponse(*_state())


app = Starlette(routes=[Route("/health", text), Route("/health.json", json)])

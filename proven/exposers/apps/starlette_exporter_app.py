"""Starlette with starlette-exporter."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette_exporter import PrometheusMiddleware, handle_metrics, handle_openmetrics


def item(_: Request) -> PlainTextResponse:
    """An item."""
    return PlainTextResponse("item")


app = Starlette(
    routes=[
        Route("/items/{item}", item),
        Route("/metrics", handle_metrics),
        Route("/openmetrics", handle_openmetrics),
    ]
)
app.add_middleware(PrometheusMiddleware, app_name="shop")

"""aioprometheus, which writes its page itself, in Starlette."""

from aioprometheus import Counter, Gauge, Histogram, MetricsMiddleware, Summary
from aioprometheus.asgi.starlette import metrics
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse

WORKED = Counter("shop_work_total", "Work done.")
WAITING = Gauge("shop_waiting", "Work that waits.")
TOOK = Histogram("shop_work_seconds", "How long work takes.")
SIZE = Summary("shop_work_bytes", "How large work is.")


def item(_: Request) -> PlainTextResponse:
    """An item."""
    WORKED.inc({"kind": 'a "quoted" \\ kind\n'})
    WAITING.set({}, 3)
    TOOK.observe({"kind": "small"}, 0.05)
    SIZE.observe({"kind": "small"}, 42)
    return PlainTextResponse("item")


app = Starlette()
app.add_middleware(MetricsMiddleware)
app.add_route("/items/{item}", item)
app.add_route("/metrics", metrics)

"""Python's client library in several processes of gunicorn's, as its documentation has it."""

from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Summary,
    make_wsgi_app,
    multiprocess,
)

ASKED = Counter("shop_requests", "Requests.", ["path"])
BUSY = Gauge("shop_busy", "Processes that work.", multiprocess_mode="livesum")
LAST = Gauge("shop_last", "Of each process, what it did last.")
TOOK = Histogram("shop_request_seconds", "How long they take.")
SIZE = Summary("shop_request_bytes", "How large they are.")


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The page, and everything else."""
    if environ["PATH_INFO"] == "/metrics":
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        page: Iterable[bytes] = make_wsgi_app(registry)(environ, start_response)
        return page
    with TOOK.time():
        ASKED.labels(environ["PATH_INFO"]).inc()
        BUSY.set(1)
        LAST.set_to_current_time()
        SIZE.observe(42)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done\n"]


def child_exit(_: object, worker: Any) -> None:
    """gunicorn's hook: what a process has left is taken away where it has to be."""
    multiprocess.mark_process_dead(worker.pid)

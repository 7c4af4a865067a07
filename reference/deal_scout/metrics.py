"""Metrics, in Prometheus' format.

With `PROMETHEUS_MULTIPROC_DIR` set, the API and the worker keep their numbers in that folder, and the API's
`/metrics` shows both. Without it, `/metrics` shows the API's own.
"""

import os
import time
from collections.abc import Iterable
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, disable_created_metrics
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

disable_created_metrics()  # type: ignore[no-untyped-call]

# 0.5 is the limit that the HighLatency alert asks about.
LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TASK_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

REQUESTS = Counter("deal_scout_requests_total", "HTTP requests answered.", ["method", "path", "status"])
REQUEST_DURATION = Histogram(
    "deal_scout_request_duration_seconds",
    "Time from the request's arrival to the last byte of its answer.",
    ["method", "path", "status"],
    buckets=LATENCY_BUCKETS,
)
TASKS_SENT = Counter("celery_task_sent_total", "Tasks put on the queue.", ["name"])
TASKS = Counter("celery_task_total", "Tasks by what became of them.", ["name", "state"])
TASK_DURATION = Histogram(
    "celery_task_duration_seconds", "Time that the worker spent on a task.", ["name"], buckets=TASK_BUCKETS
)
QUERY_DURATION = Histogram(
    "sqlalchemy_query_duration_seconds",
    "Time from sending a statement to its answer.",
    buckets=LATENCY_BUCKETS,
)
QUERY_ERRORS = Counter("sqlalchemy_query_errors_total", "Statements that ended in an error.")
ROLLBACKS = Counter("sqlalchemy_transaction_rollbacks_total", "Transactions rolled back.")


def observe_queries(engine: Engine) -> None:
    """Count and time what `engine` does from now on."""

    @event.listens_for(engine, "before_cursor_execute")
    def started(connection: Any, *_: Any) -> None:
        connection.info["query_started"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def finished(connection: Any, *_: Any) -> None:
        QUERY_DURATION.observe(time.perf_counter() - connection.info.pop("query_started"))

    @event.listens_for(engine, "handle_error")
    def failed(_context: Any) -> None:
        QUERY_ERRORS.inc()

    @event.listens_for(engine, "rollback")
    def rolled_back(_connection: Any) -> None:
        ROLLBACKS.inc()


class PoolCollector(Collector):
    """The state of a connection pool at the moment of the scrape."""

    def __init__(self, pool: QueuePool) -> None:
        self._pool = pool

    def collect(self) -> Iterable[Metric]:
        """Give the pool's size and use, in connections."""
        pool = self._pool
        for name, meaning, value in (
            ("sqlalchemy_pool_size", "Connections the pool keeps open at most.", pool.size()),
            ("sqlalchemy_pool_checked_out", "Connections in use.", pool.checkedout()),
            ("sqlalchemy_pool_checked_in", "Connections open and idle.", pool.checkedin()),
            ("sqlalchemy_pool_overflow", "Connections open beyond the pool's size.", max(0, pool.overflow())),
        ):
            yield GaugeMetricFamily(name, meaning, value=value)


class BrokerCollector(Collector):
    """What the broker knew just before the scrape is written: the length of the queue, and who takes tasks from it."""

    def __init__(self, queue: str, length: int, workers: int) -> None:
        self._queue = queue
        self._length = length
        self._workers = workers

    def collect(self) -> Iterable[Metric]:
        """Give the number of waiting tasks, and of workers."""
        family = GaugeMetricFamily("celery_queue_length", "Tasks waiting in the queue.", labels=["queue"])
        family.add_metric([self._queue], self._length)
        yield family
        yield GaugeMetricFamily(
            "celery_workers", "Workers that said lately that they take tasks.", value=self._workers
        )


def scrape_registry(pool: QueuePool, broker: tuple[int, int] | None) -> CollectorRegistry:
    """Gather everything for one scrape.

    `broker` is the length of the queue, and the number of workers. None (Redis is down) is left out, not made up.
    """
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        ProcessCollector(registry=registry)
    else:
        registry.register(REGISTRY)
    registry.register(PoolCollector(pool))
    if broker is not None:
        registry.register(BrokerCollector("celery", *broker))
    return registry

"""The Celery application and its tasks.

The request that queued a task lends it its request id, in the task's headers, so that one id finds the
records of both processes.
"""

import time
from functools import cache
from typing import Any

import structlog
from celery import Celery, signals
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from .beat import Beat
from .database import CONNECT_ARGS
from .logs import configure_logging
from .metrics import TASK_DURATION, TASKS, TASKS_SENT, observe_queries
from .models import Condition, Snap, SnapStatus
from .pricing import comparables, suggest
from .settings import Settings

log = structlog.get_logger("deal_scout.tasks")


def _configuration() -> dict[str, Any]:
    return {
        "broker_url": settings().redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # an outage of Redis, however long, must not end the worker
        # The worker polls for a second at a time; anything beyond three means that Redis hangs.
        "broker_transport_options": {"socket_timeout": 3, "socket_connect_timeout": 2},
        "task_ignore_result": True,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.1},
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_consumer": "reference.deal_scout.consumer:SteadyConsumer",
        # No task is acknowledged late, so this changes nothing but Celery's warning about it.
        "worker_cancel_long_running_tasks_on_connection_loss": True,
    }


@cache
def settings() -> Settings:
    """Read the settings at first use, so that importing this module needs no environment."""
    return Settings.from_environment()


@cache
def _engine() -> Engine:
    engine = create_engine(
        settings().database_url,
        connect_args={**CONNECT_ARGS, "application_name": "deal-scout-worker"},
        pool_pre_ping=True,
        pool_size=2,
    )
    observe_queries(engine)
    return engine


@cache
def _beat() -> Beat:
    return Beat(settings().redis_url)


celery_app = Celery("deal_scout")
celery_app.add_defaults(_configuration)


@celery_app.task(  # type: ignore[untyped-decorator]
    name="deal_scout.price_snap",
    autoretry_for=(OperationalError,),
    max_retries=5,
    retry_backoff=1,
    retry_backoff_max=10,
)
def price_snap(snap_id: str) -> None:
    """Find the price of a snap; a snap that its seller deleted meanwhile is let go."""
    started = time.perf_counter()
    time.sleep(settings().snap_seconds)
    with Session(_engine()) as session, session.begin():
        snap = session.get(Snap, snap_id, with_for_update=True)
        if snap is None:
            log.warning("snap is gone", snap_id=snap_id)
            return
        suggestion = suggest(session.execute(comparables(snap.category)).one(), Condition(snap.condition))
        if suggestion is None:
            snap.status = SnapStatus.FAILED
            snap.problem = "no comparable listings"
        else:
            snap.status = SnapStatus.READY
            snap.suggested_price = suggestion.price
        status = snap.status
    duration_ms = round((time.perf_counter() - started) * 1000, 1)
    log.info("snap priced", snap_id=snap_id, snap_status=str(status), duration_ms=duration_ms)


@signals.setup_logging.connect  # type: ignore[untyped-decorator]
def _worker_logging(**_: Any) -> None:
    configure_logging(settings().log_dir, "celery.log", settings().log_level_number)


@signals.worker_init.connect  # type: ignore[untyped-decorator]
def _show_all_series(**_: Any) -> None:
    # A rate needs a first value to start from: a failure must not be the moment its series is born.
    for state in ("started", "succeeded", "failed", "retried"):
        TASKS.labels(price_snap.name, state)
    TASK_DURATION.labels(price_snap.name)


@signals.worker_ready.connect  # type: ignore[untyped-decorator]
def _takes_tasks(**_: Any) -> None:
    _beat().start()


@signals.worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _takes_no_more(**_: Any) -> None:
    _beat().stop()


@signals.before_task_publish.connect  # type: ignore[untyped-decorator]
def _lend_request_id(headers: dict[str, Any], **_: Any) -> None:
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id is not None:
        headers["request_id"] = request_id


@signals.after_task_publish.connect  # type: ignore[untyped-decorator]
def _count_sent(sender: str, **_: Any) -> None:
    TASKS_SENT.labels(sender).inc()


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def _task_starts(task: Any, task_id: str, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task_id=task_id, task_name=task.name)
    request_id = task.request.get("request_id")
    if request_id is not None:
        structlog.contextvars.bind_contextvars(request_id=request_id)
    TASKS.labels(task.name, "started").inc()
    task.request.update(started_at=time.perf_counter())


@signals.task_postrun.connect  # type: ignore[untyped-decorator]
def _task_ends(task: Any, **_: Any) -> None:
    TASK_DURATION.labels(task.name).observe(time.perf_counter() - task.request.get("started_at"))
    structlog.contextvars.clear_contextvars()


@signals.task_success.connect  # type: ignore[untyped-decorator]
def _task_succeeded(sender: Any, **_: Any) -> None:
    TASKS.labels(sender.name, "succeeded").inc()


@signals.task_failure.connect  # type: ignore[untyped-decorator]
def _task_failed(sender: Any, **_: Any) -> None:
    TASKS.labels(sender.name, "failed").inc()


@signals.task_retry.connect  # type: ignore[untyped-decorator]
def _task_retried(sender: Any, **_: Any) -> None:
    TASKS.labels(sender.name, "retried").inc()

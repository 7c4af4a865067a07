"""Handing work to the Celery worker without holding up the event loop."""

import asyncio
from typing import Any

from kombu.exceptions import OperationalError

from .metrics import TASKS_SENT
from .tasks import price_snap

# A rate needs a first value to start from: the first task must not be the moment the series is born.
TASKS_SENT.labels(price_snap.name)
PUBLISH_TIME_LIMIT = 2.0
_publishing: set[asyncio.Task[Any]] = set()


class QueueUnavailableError(Exception):
    """Redis refused the task, or did not take it within its time limit."""


async def queue_snap(snap_id: str) -> None:
    """Ask the worker to price a snap.

    Raises:
        QueueUnavailableError: also after two seconds without an answer. The task may still arrive when Redis
            resumes, so whoever gives up must delete the snap: the worker lets go of snaps it cannot find.
    """
    # Celery's client blocks, hence the thread; the thread takes the request's context along.
    task = asyncio.create_task(asyncio.to_thread(price_snap.apply_async, args=(snap_id,)))
    _publishing.add(task)
    task.add_done_callback(_finished)
    done, _ = await asyncio.wait({task}, timeout=PUBLISH_TIME_LIMIT)
    if not done:
        raise QueueUnavailableError(f"no answer within {PUBLISH_TIME_LIMIT:g} s")
    try:
        task.result()
    except (OperationalError, OSError) as error:
        raise QueueUnavailableError("connection failed") from error


def _finished(task: asyncio.Task[Any]) -> None:
    _publishing.discard(task)
    if not task.cancelled():
        task.exception()

"""How the worker gets back to Redis after an outage."""

from functools import partial
from typing import Any

from celery.worker.consumer import Consumer

RETRY_SECONDS = 1


class SteadyConsumer(Consumer):  # type: ignore[misc]
    """Tries to reconnect once a second.

    Celery itself waits two seconds longer each time, up to thirty: after an outage of some minutes the queue
    would grow for another half a minute. One connection attempt a second is no burden on anyone.
    """

    def ensure_connected(self, conn: Any) -> Any:
        """Connect, however long it takes."""
        conn.ensure_connection = partial(
            conn.ensure_connection, interval_start=RETRY_SECONDS, interval_step=0, interval_max=RETRY_SECONDS
        )
        return super().ensure_connected(conn)

"""Who takes tasks: each worker says so in Redis once a second, and whoever was silent for three is no worker any more.

Celery's own way to ask (`inspect ping`) waits a second for answers that may come late, which no scrape can.
"""

import contextlib
import os
import socket
import threading
import time

from redis import Redis
from redis.exceptions import RedisError

KEY = "deal_scout:workers"
"""A sorted set: the workers' names, by when they last said that they take tasks."""
EVERY = 1.0
SILENT = 3.0
"""Seconds."""


class Beat:
    """Says it for this process, from `start` to `stop`."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=2)
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="beat", daemon=True)

    def start(self) -> None:
        """Say it, and go on in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Say that this worker takes no more tasks. Redis may be down: then the silence says it."""
        self._end.set()
        self._thread.join(timeout=5)
        with contextlib.suppress(RedisError):
            self._redis.zrem(KEY, self._name)

    def _go_on(self) -> None:
        while not self._end.is_set():
            now = time.time()
            with contextlib.suppress(RedisError):
                self._redis.pipeline().zadd(KEY, {self._name: now}).zremrangebyscore(
                    KEY, "-inf", now - 60
                ).execute()
            self._end.wait(EVERY)

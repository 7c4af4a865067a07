"""Locust as a user would take it: a closed model, in which a user waits for one answer before asking again."""

from __future__ import annotations

import itertools
import os
import time

import gevent
from locust import FastHttpUser, constant_throughput, task

PACE = float(os.environ.get("BENCH_LOAD_PACE", "1"))
"""Requests a second of each paced user."""
_number = itertools.count()


class Busy(FastHttpUser):
    """Asks again at once: as fast as it goes."""

    @task
    def get(self) -> None:
        """One request."""
        self.client.get("/")


class Paced(FastHttpUser):
    """Asks so many times a second, if the last answer has come by then."""

    wait_time = constant_throughput(PACE)

    def on_start(self) -> None:
        """Users that are spawned together would ask at the same moments for ever: spread them over the time."""
        users = self.environment.parsed_options.num_users
        gevent.sleep(next(_number) % users / users / PACE)
        # What constant_throughput counts from; the time since the spawning would be made up for.
        self._cp_last_run = time.perf_counter()

    @task
    def get(self) -> None:
        """One request."""
        self.client.get("/")

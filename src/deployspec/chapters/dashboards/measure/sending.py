"""Sends the requests of a movement: at a rate, on connections of their own, or so many once."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deployspec.chapters.dashboards.judge.moving import Sends
from deployspec.model.http import Answer
from deployspec.tools.http import Request, call, proxies_from

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.model import Sent
    from deployspec.deployment import Deployment

TIMEOUT = 5.0
"""Seconds for one request."""
AT_ONCE = 64
"""Requests under way; while so many are, no other one is sent."""
SERVER_ERROR = 500


@dataclass
class Sender:
    """Sends requests from ``start`` on until ``stop``."""

    deployment: Deployment
    sent: Sent
    _answers: list[tuple[float, int | None]] = field(default_factory=list)
    """When each was answered, by the monotonic clock, and its status; None where there was no answer."""
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to send at the rate."""
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait for what is under way."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(TIMEOUT + 1)

    def once(self, times: int) -> Sends:
        """Send so many, some at a time, and wait for their answers."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: self._send(), range(times)))
        return self.within(float("inf"))

    def within(self, seconds: float) -> Sends:
        """What was answered in the last seconds."""
        since = time.monotonic() - seconds
        statuses = [status for at, status in list(self._answers) if at >= since and status is not None]
        return Sends(len(statuses), sum(status >= SERVER_ERROR for status in statuses))

    def _go_on(self) -> None:
        began, number = time.monotonic(), 0
        room = threading.Semaphore(AT_ONCE)

        def one() -> None:
            try:
                self._send()
            finally:
                room.release()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            while not self._over.is_set():
                number += 1
                if room.acquire(blocking=False):
                    pool.submit(one)
                due = began + number / (self.sent.rate or 1.0)
                self._over.wait(max(0.0, due - time.monotonic()))

    def _send(self) -> None:
        sent, deployment = self.sent, self.deployment
        request = Request(
            url=deployment.base_url + sent.path,
            headers={**deployment.headers, **sent.headers},
            timeout=TIMEOUT,
            ca=deployment.ca,
            auth=deployment.auth,
            client_certificate=deployment.client_certificate,
            proxies=proxies_from(os.environ),
            redirects=False,
            post=sent.body.encode() if sent.body is not None else None,
        )
        result = call(request).result
        self._answers.append((time.monotonic(), result.status if isinstance(result, Answer) else None))

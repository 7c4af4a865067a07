"""What is measured of one endpoint of one replica, and of several at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from deployspec.chapters.health.judge import clock
from deployspec.chapters.health.model import HealthFields, HealthPromise, Version
from deployspec.model.http import Call, Failure, FailureKind
from deployspec.model.verdict import Outcome

if TYPE_CHECKING:
    from deployspec.deployment import Secret
    from deployspec.tools.http import Request

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 20
"""How many replicas are asked at the same time."""


def at_once(function: Callable[[T], R], of: Sequence[T], most: int = AT_ONCE) -> list[R]:
    """What the function gives for each, in order, where it waits for the network: several at a time.

    An interruption does not wait for those that are under way.
    """
    if len(of) < 2:
        return [function(one) for one in of]
    import deployspec.tools.http.exchange  # noqa: F401 - here, and not in the time of the first calls

    waiting = SimpleQueue[int]()
    for position in range(len(of)):
        waiting.put(position)
    found: dict[int, R] = {}
    raised: list[BaseException] = []

    def work() -> None:
        with suppress(Empty):
            while not raised:
                position = waiting.get_nowait()
                try:
                    found[position] = function(of[position])
                except BaseException as error:  # noqa: BLE001 - whoever waits for it raises it
                    raised.append(error)

    # Daemons: an executor's threads are waited for when the interpreter ends, however long they take.
    threads = [Thread(target=work, daemon=True) for _ in range(min(most, len(of)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException as error:
        raised.append(error)
        raise
    if raised:
        raise raised[0]
    return [found[position] for position in range(len(of))]


class kept(Generic[T]):  # noqa: N801 - used as a decorator
    """A property that keeps what it gave first, as ``functools.cached_property``, which before Python 3.12 lets no other
    object compute its own meanwhile."""

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function

    def __get__(self, one: object, _: type) -> T:
        value = one.__dict__[self._function.__name__] = self._function(one)
        return value


@dataclass(eq=False)
class Asked:
    """What is measured of one endpoint of one replica. A property asks at its first use, and keeps what it got."""

    name: str
    """The replica's; empty where there is one."""
    request: Request
    promise: HealthPromise
    version_headers: Mapping[str, Secret | str] | None = None
    """Of the request for a version that another path has; None: the same."""
    waited: float = field(default=0.0, init=False)
    """Seconds spent waiting for the service's clock to move on."""

    def ask(self) -> Call:
        """One call, now."""
        from deployspec.tools.http import call

        return call(self.request)

    @kept
    def first(self) -> Call:
        """The call that most checks share."""
        return self.ask()

    @kept
    def steady(self) -> tuple[Call, ...]:
        """Calls in a row, the first one included, each on a new connection.

        No further ones once one has brought no answer in time: the others would cost their time limit too.
        """
        return _in_a_row(self.first, self.ask, self.promise.calls)

    @kept
    def concurrent(self) -> tuple[Call, ...]:
        """Calls at the same moment; none where not even a single one is answered."""
        from deployspec.tools.http import call_concurrently

        if isinstance(self.first.result, Failure):
            return ()
        return call_concurrently(self.request, self.promise.concurrency)

    @property
    def every(self) -> tuple[Call, ...]:
        """All of these calls, the first one first."""
        return (*self.steady, *self.concurrent)

    @kept
    def later(self) -> Call:
        """A call so much after the first one that an honest clock has moved on.

        The last of the steady calls where that has seen the clock move; otherwise a call made for this.
        """
        for call in reversed(self.steady[1:]):
            if clock.time_moves_on(self.first, call, self.promise).outcome is Outcome.MET:
                return call
        pause = clock.needed_pause(self.first, self.promise)
        if pause is None:
            return self.steady[-1]
        ended = self.first.result.sent_at + self.first.result.timings.total
        # The pause is bounded: a clock that was set back must not keep us.
        remaining = min(max(ended + pause - time.time(), 0.0), pause)
        time.sleep(remaining)
        self.waited = remaining
        return self.ask()

    @kept
    def promise_of_version(self) -> HealthPromise:
        """The promise of the answer that has the version: another path's, where the deployment file says so."""
        version = self.promise.fields.version
        if version is None or version.path is None:
            return self.promise
        fields = HealthFields(version=Version(version.at))
        return replace(self.promise, path=version.path, body="json", expect_text=None, fields=fields)

    @kept
    def versions(self) -> tuple[Call, ...]:
        """The calls in a row of the endpoint that has the version."""
        return self.of_version.steady

    @property
    def of_version(self) -> Asked:
        """What is measured of the endpoint that has the version."""
        return self if self.promise_of_version is self.promise else self._elsewhere

    @kept
    def _elsewhere(self) -> Asked:
        promise = self.promise_of_version
        headers = self.request.headers if self.version_headers is None else self.version_headers
        request = replace(self.request, url=promise.base_url + promise.path, headers=headers)
        return Asked(self.name, request, promise)


def _in_a_row(first: Call, ask: Callable[[], Call], count: int) -> tuple[Call, ...]:
    calls = [first]
    while len(calls) < count and not _timed_out(calls[-1]):
        if len(calls) == 1 and isinstance(first.result, Failure):
            break
        calls.append(ask())
    return tuple(calls)


def _timed_out(call: Call) -> bool:
    return isinstance(call.result, Failure) and call.result.kind is FailureKind.TIMEOUT

"""The health chapter's measurements: each is made once a session, by the first check that wants it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.chapters.health.judge import clock, meaning, outage
from deployspec.chapters.health.model import HealthPromise
from deployspec.chapters.health.part import FAULTS
from deployspec.model.http import Call, Failure, FailureKind
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.plugin.signals import signals_to
from deployspec.tools.schema_file import read_schema

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.tools.command import CommandResult
    from deployspec.tools.http import Request

POLL = 0.1
"""Seconds between two calls while a part comes back."""


@dataclass(eq=False)
class HealthMeasurements:
    """What is measured of the health endpoint. A property asks at its first use, and keeps what it got."""

    request: Request
    promise: HealthPromise
    schema: Path | Mapping[str, object] | None
    waited: float = field(default=0.0, init=False)
    """Seconds spent waiting for the service's clock to move on."""

    def ask(self) -> Call:
        """One call, now."""
        from deployspec.tools.http import call

        return call(self.request)

    @cached_property
    def promise_of_schema(self) -> HealthPromise:
        """The promise with the JSON Schema of the answer, which one check alone needs.

        Raises Unmeasured where the schema cannot be read.
        """
        schema = read_schema(self.schema) if isinstance(self.schema, Path) else self.schema
        return replace(self.promise, schema=schema or {})

    @cached_property
    def first(self) -> Call:
        """The call that most checks share."""
        return self.ask()

    @cached_property
    def steady(self) -> tuple[Call, ...]:
        """Calls in a row, the first one included, each on a new connection.

        No further ones once one has brought no answer in time: the others would cost their time limit too.
        """
        calls = [self.first]
        while len(calls) < self.promise.calls and not _timed_out(calls[-1]):
            if len(calls) == 1 and isinstance(self.first.result, Failure):
                break
            calls.append(self.ask())
        return tuple(calls)

    @cached_property
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

    @cached_property
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

    def how(self) -> dict[str, Any]:
        """How a person repeats the measurement, for ``judge``."""
        from deployspec.tools.http import curl_line

        return {"reproduce": curl_line(self.request)}


class Outages:
    """Injects a fault, measures around it, and always ends it again."""

    def __init__(self, deployment: Deployment, health: HealthMeasurements) -> None:
        self._deployment = deployment
        self._health = health

    def judge(self, name: str, part: str) -> tuple[Verdict, tuple[Call, ...]]:
        """Break ``part`` with the deployment file's fault ``name``; the verdict, and the calls it rests on.

        Raises Unmeasured where the fault could not be injected, or not be ended.
        """
        from deployspec.tools.command import run

        promise = self._health.promise
        fault = self._deployment.require(FAULTS)[name]
        part = fault.part or part
        before = self._until_healthy(time.time())[-1]
        unknown = promise.fields.parts and part not in promise.fields.parts
        if unknown or meaning.healthy_now(before, promise).outcome is not Outcome.MET:
            # Nothing could be judged, so nothing is broken for it.
            return outage.outage_is_told(before, before, part, promise), (before,)
        during = None
        came: list[int] = []
        # A signal is noted, and raises nothing: an exception could come while a command is being started, which would
        # then go on, unknown to us, and break what has just been mended.
        with signals_to(lambda number, _: came.append(number)):
            try:
                injected = run(fault.inject, fault.timeout, stop=lambda: bool(came))
                if injected.ok and not came:
                    during = self._health.ask()
            finally:
                # Whatever happened: what may be broken is mended, and the mending is not cut short.
                restored = run(fault.restore, fault.timeout)
        if came:
            raise KeyboardInterrupt
        if not restored.ok:
            raise Unmeasured(
                f"{name} could not be ended, so the deployment may still be broken: {_ending(restored)}"
            )
        if during is None:
            raise Unmeasured(f"{name} could not be injected: {_ending(injected)}")
        restored_at = time.time()
        after = self._until_healthy(restored_at)
        verdict = outage.outage_is_told_and_over(before, during, after, part, restored_at, promise)
        return verdict, (before, during, after[-1])

    def _until_healthy(self, since: float) -> list[Call]:
        """Ask until the answer is healthy, or until ``recovery`` seconds have passed."""
        calls = [self._health.ask()]
        deadline = time.monotonic() + self._health.promise.recovery - (time.time() - since)
        while (
            meaning.healthy_now(calls[-1], self._health.promise).outcome is not Outcome.MET
            and time.monotonic() <= deadline
        ):
            time.sleep(POLL)
            calls.append(self._health.ask())
        return calls


def _ending(done: CommandResult) -> str:
    """How a command ended, on one line."""
    how = "no exit status" if done.exit_status is None else f"exit status {done.exit_status}"
    said = " ".join(done.output.split())[-300:]
    return f"{Path(done.argv[0]).name}: {how}" + (f", {said}" if said else "")


def _timed_out(call: Call) -> bool:
    return isinstance(call.result, Failure) and call.result.kind is FailureKind.TIMEOUT

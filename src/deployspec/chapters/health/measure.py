"""The health chapter's measurements: each is made once a session, by the first check that wants it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from operator import attrgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from deployspec.base.shown import names, one_line
from deployspec.chapters.health.judge import clock, meaning, outage, repeat
from deployspec.chapters.health.judge.replicas import of_each, worst_of
from deployspec.chapters.health.model import HealthFields, HealthPromise, Outage, Version
from deployspec.chapters.health.part import FAULTS
from deployspec.model.http import Call, Failure, FailureKind
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.plugin.signals import signals_to
from deployspec.tools.schema_file import read_schema

if TYPE_CHECKING:
    from deployspec.deployment import Deployment, Secret
    from deployspec.model.judge import Judge
    from deployspec.tools.command import CommandResult
    from deployspec.tools.http import Request

T = TypeVar("T")
R = TypeVar("R")
Single = Callable[[Call, HealthPromise], Verdict]
Judged = Callable[["Asked"], tuple[Verdict, *tuple[Call, ...]]]
"""Of one replica: the verdict, and after it the calls that it rests on."""
Measured = Literal["first", "steady", "later", "every", "versions"]
"""What a check looks at: a property of what was asked."""

POLL = 0.1
"""Seconds between two calls while a part comes back, at least; of many replicas it is more."""
AT_ONCE = 20
"""How many replicas are asked at the same time."""
BURSTS_AT_ONCE = 10
"""How many of them are asked concurrently at the same time: with more, the prober would measure itself."""
_BURSTS = (("steady", AT_ONCE), ("concurrent", BURSTS_AT_ONCE))
_SHOWN = 3
"""Of how many replicas the calls are shown."""


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


class HealthMeasurements:
    """What is measured of one endpoint: of each replica that answers for it."""

    def __init__(
        self, each: Callable[[], Sequence[Asked]], schema: Path | Mapping[str, object] | None
    ) -> None:
        self._each = each
        self._schema = schema

    @property
    def each(self) -> Sequence[Asked]:
        """The replicas. Raises Unmeasured where it could not be found out which there are."""
        return self._each()

    @cached_property
    def schema(self) -> Mapping[str, object]:
        """The JSON Schema of the answer, which one check alone needs. Raises Unmeasured where it cannot be read."""
        schema = read_schema(self._schema) if isinstance(self._schema, Path) else self._schema
        return schema or {}

    def with_schema(self, single: Single) -> Single:
        """``single`` with the promise that has the JSON Schema. Raises Unmeasured where that cannot be read."""
        schema = self.schema
        return lambda call, promise: single(call, replace(promise, schema=schema))

    def judge_each(self, judge: Judge, measured: Measured, single: Judged) -> None:
        """Give the verdict on all replicas: ``single`` gives that on one, and after it the calls that it rests on.

        ``measured`` is what it looks at, which is measured of all replicas first, of several at the same time. Raises
        Unmeasured where it could not be found out which there are.
        """
        from deployspec.tools.http import curl_line

        each = {one.name: one for one in self.each}
        _measure(list(each.values()), measured)
        found = {name: single(one) for name, one in each.items()}
        verdicts = {name: verdict for name, (verdict, *_) in found.items()}
        whole = of_each(verdicts)
        # Where all is well, one is as good as another.
        decide = list(worst_of(verdicts))[: 1 if whole.outcome is Outcome.MET else _SHOWN]
        shown = each[decide[0]].of_version if measured == "versions" else each[decide[0]]
        judge(
            whole,
            *(call for name in decide for call in found[name][1:]),
            reproduce=curl_line(shown.request, ours=("Accept",)),
            waited=max(one.waited for one in each.values()),
        )

    def judge_every_call(self, judge: Judge, single: Single) -> None:
        """The same of what ``single`` says of each call: the first one, those in a row and those at once."""
        self.judge_each(
            judge, "every", lambda one: (repeat.on_every_call(single, one.every, one.promise), *one.every)
        )

    def judge_version(self, judge: Judge, single: Single) -> None:
        """The same of the answers that have the version, which may be another endpoint's: then those in a row."""
        if all(one.of_version is one for one in self.each):
            self.judge_every_call(judge, single)
            return
        self.judge_each(judge, "versions", lambda one: _in_each(single, one.of_version))


def _measure(each: Sequence[Asked], measured: Measured) -> None:
    """Measure of all what a check looks at. The calls at once come after all others, for they would be in their way."""
    for name, most in _BURSTS if measured == "every" else ((measured, AT_ONCE),):
        new = [one for one in each if name not in vars(one)]
        at_once(attrgetter(name), new, most)


def _in_each(single: Single, one: Asked) -> tuple[Verdict, *tuple[Call, ...]]:
    verdict = repeat.on_every_call(meaning.of_another_path(single), one.steady, one.promise)
    # The checks that own the cause elsewhere look at another path.
    reason = re.sub(r"\(see \w+\)$", f"(GET {one_line(one.promise.path, 60)})", verdict.reason)
    return replace(verdict, reason=reason), *one.steady


class Outages:
    """Injects a fault, measures around it, and always ends it again."""

    def __init__(self, deployment: Deployment, endpoints: Mapping[str, HealthMeasurements]) -> None:
        self._deployment = deployment
        self._endpoints = endpoints

    def judge(self, judge: Judge, name: str) -> None:
        """Inject the deployment file's fault ``name``, and give the verdict on every endpoint of every replica.

        Raises Unmeasured where the fault could not be injected, or not be ended.
        """
        from deployspec.tools.command import run
        from deployspec.tools.http import curl_line

        fault = self._deployment.require(FAULTS)[name]
        out = Outage(name, fault.part, fault.expect_status)
        asked = {
            _called(endpoint, one): one for endpoint, health in self._endpoints.items() for one in health.each
        }
        _refuse_unknown(out, [one.promise for one in asked.values()])
        before = dict(zip(asked, self._until_healthy(asked.values(), time.time()), strict=True))
        sick = {
            who: verdict
            for who, calls in before.items()
            if (verdict := outage.was_healthy(calls[-1], out, asked[who].promise)).outcome is not Outcome.MET
        }
        if sick:
            # Nothing could be judged, so nothing is broken for it.
            judge(of_each(sick, "endpoint"), *(before[who][-1] for who in sick))
            return
        during: list[Call] = []
        came: list[int] = []
        # A signal is noted, and raises nothing: an exception could come while a command is being started, which would
        # then go on, unknown to us, and break what has just been mended.
        with signals_to(lambda number, _: came.append(number)):
            try:
                injected = run(fault.inject, fault.timeout, stop=lambda: bool(came))
                if injected.ok and not came:
                    during = at_once(Asked.ask, list(asked.values()))
            finally:
                # Whatever happened: what may be broken is mended, and the mending is not cut short.
                restored = run(fault.restore, fault.timeout)
        if came:
            raise KeyboardInterrupt
        if not restored.ok:
            raise Unmeasured(
                f"{name} could not be ended, so the deployment may still be broken: {_ending(restored)}"
            )
        if not during:
            raise Unmeasured(f"{name} could not be injected: {_ending(injected)}")
        restored_at = time.time()
        after = self._until_healthy(asked.values(), restored_at)
        verdicts, calls = {}, {}
        for (who, one), then, later in zip(asked.items(), during, after, strict=True):
            was = before[who][-1]
            verdicts[who] = outage.outage_is_told_and_over(was, then, later, out, restored_at, one.promise)
            calls[who] = (was, then, later[-1])
        decide = list(worst_of(verdicts))[:_SHOWN]
        judge(
            of_each(verdicts, "endpoint"),
            *(call for who in decide for call in calls[who]),
            reproduce=curl_line(asked[decide[0]].request, ours=("Accept",)),
        )

    def _until_healthy(self, asked: Iterable[Asked], since: float) -> list[list[Call]]:
        """Ask each until its answer is healthy, or until ``recovery`` seconds have passed."""
        # All at the same time: one that waited for others' answers would seem to have been sick meanwhile.
        every = list(asked)
        pause = POLL * max(1, len(every) / AT_ONCE)
        return at_once(lambda one: _until_healthy(one, since, pause), every, len(every))


def _called(endpoint: str, one: Asked) -> str:
    return " of ".join(word for word in (endpoint, one.name) if word)


def _refuse_unknown(out: Outage, promises: Sequence[HealthPromise]) -> None:
    """Raise Unmeasured for a fault of which nobody could tell: of a part that no endpoint names, though one names parts, or
    on which no endpoint depends."""
    shows = any(
        one.is_affected_by(out.part) or out.part in {part.name for part in one.fields.parts}
        for one in promises
    )
    if not shows:
        raise Unmeasured(
            f"no endpoint depends on {out.part or 'anything'}, so nothing would show that {out.name} took place; expected "
            "one that does among health.endpoints"
        )
    named = {part.name: None for promise in promises for part in promise.fields.parts}
    told = any(promise.fields.each or out.part in (promise.depends_on or ()) for promise in promises)
    if out.part is not None and named and out.part not in named and not told:
        raise Unmeasured(
            f"the deployment file names no part {out.part}; expected the fault's part to be one of {names(list(named))}"
        )


def _until_healthy(one: Asked, since: float, pause: float) -> list[Call]:
    calls = [one.ask()]
    deadline = time.monotonic() + one.promise.recovery - (time.time() - since)
    while (
        meaning.healthy_now(calls[-1], one.promise).outcome is not Outcome.MET
        and time.monotonic() <= deadline
    ):
        time.sleep(pause)
        calls.append(one.ask())
    return calls


def _ending(done: CommandResult) -> str:
    """How a command ended, on one line."""
    how = "no exit status" if done.exit_status is None else f"exit status {done.exit_status}"
    said = " ".join(done.output.split())[-300:]
    return f"{Path(done.argv[0]).name}: {how}" + (f", {said}" if said else "")


def _timed_out(call: Call) -> bool:
    return isinstance(call.result, Failure) and call.result.kind is FailureKind.TIMEOUT

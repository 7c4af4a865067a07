"""Outages: a fault is caused, every endpoint is asked, and the fault is ended again, whatever happens."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.shown import names
from deployspec.base.signals import signals_to
from deployspec.chapters.health.judge import meaning, outage
from deployspec.chapters.health.judge.replicas import of_each, worst_of
from deployspec.chapters.health.measure.asked import AT_ONCE, Asked, at_once
from deployspec.chapters.health.measure.endpoint import SHOWN, HealthMeasurements
from deployspec.chapters.health.model import HealthPromise, Outage
from deployspec.chapters.health.part import FAULTS
from deployspec.model.http import Call
from deployspec.model.verdict import Outcome, Unmeasured

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.model.judge import Judge
    from deployspec.tools.command import CommandResult

POLL = 0.1
"""Seconds between two calls while a part comes back, at least; of many replicas it is more."""


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
        kind = "endpoint" if len(self._endpoints) > 1 else "replica"
        _refuse_unknown(out, [one.promise for one in asked.values()])
        before = dict(zip(asked, self._until_healthy(asked.values(), time.time()), strict=True))
        sick = {
            who: verdict
            for who, calls in before.items()
            if (verdict := outage.was_healthy(calls[-1], out, asked[who].promise)).outcome is not Outcome.MET
        }
        if sick:
            # Nothing could be judged, so nothing is broken for it.
            judge(of_each(sick, kind), *(before[who][-1] for who in sick))
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
        decide = list(worst_of(verdicts))[:SHOWN]
        judge(
            of_each(verdicts, kind),
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
        one.is_affected_by(out.part)
        or (
            out.part is not None and (one.fields.each or out.part in {part.name for part in one.fields.parts})
        )
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

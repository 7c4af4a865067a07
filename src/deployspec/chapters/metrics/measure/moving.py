"""Does what a movement describes, and reads the series around it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from deployspec.base.shown import counted
from deployspec.base.signals import signals_to
from deployspec.chapters.metrics.judge.movement import (
    ROUNDS,
    Lowered,
    Round,
    Sums,
    is_counted,
    is_enough,
    is_lowered,
    is_settled,
    sums_on,
)
from deployspec.chapters.metrics.measure.scraping import Endpoint
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import parse
from deployspec.model.http import Answer, Call
from deployspec.model.verdict import Outcome, Unmeasured, Verdict
from deployspec.tools.command import CommandResult, run
from deployspec.tools.http import Request, call, curl_line, proxies_from
from deployspec.tools.replicas import replica_urls

if TYPE_CHECKING:
    from deployspec.chapters.metrics.part import Breaking, Movement
    from deployspec.deployment import Deployment

POLL = 0.1
"""Seconds between two looks, at least: each look at the endpoint is a scrape."""
PATIENCE = 40.0
"""Seconds that Prometheus' next scrape is waited for before anything is done."""
_TIMEOUT = 10.0
"""Seconds for one request: how quick it is has checks of its own."""
Read = Callable[[], Sums]
T = TypeVar("T")


@dataclass(frozen=True)
class Moved:
    """What came of a movement."""

    verdict: Verdict
    calls: tuple[Call, ...]
    reproduce: str


class Mover:
    """Moves a deployment's series, one movement after the other."""

    def __init__(self, deployment: Deployment, endpoint: Endpoint) -> None:
        self._deployment = deployment
        self._endpoint = endpoint
        self._came: list[int] = []
        """Signals that came while something was broken."""

    def moved(self, movement: Movement) -> Moved:
        """Do it, and give the verdict. A fault is always ended again.

        Raises Unmeasured where it could not be done, or its series could not be read.
        """
        wanted = [*(one.series for one in movement.raises), *movement.lowers]
        by_text = {text: selectors(parse(text))[0] for text in wanted}
        read = self._in_prometheus(by_text) if movement.in_prometheus else self._at_endpoint(by_text)
        request = None if movement.path is None else self._request(movement)
        reproduce = "" if request is None else curl_line(request)
        verdict: Verdict | None
        if movement.fault is None:
            verdict, calls = self._raised(movement, read, request)
            return Moved(verdict, calls, reproduce)
        before = read()

        def meanwhile() -> tuple[Verdict | None, tuple[Call, ...], Sums]:
            raised = self._raised(movement, read, request) if movement.raises else (None, ())
            during = self._until(read, lambda now: _is_lower(now, before, movement.lowers), movement.within)
            return *raised, during

        verdict, calls, during = self._while_broken(movement.fault, movement.name, meanwhile)
        if movement.lowers and (verdict is None or verdict.outcome is Outcome.MET):
            after = self._until(read, lambda now: _is_back(now, before, movement.lowers), movement.within)
            verdict = is_lowered(
                Lowered(before, during, after), movement.lowers, what=movement.name, within=movement.within
            )
        assert verdict is not None  # noqa: S101 - there is raises or lowers
        return Moved(verdict, calls, reproduce)

    def _raised(
        self, movement: Movement, read: Read, request: Request | None
    ) -> tuple[Verdict, tuple[Call, ...]]:
        exact = [one.series for one in movement.raises if one.at_least is None]
        least = {one.series: one.at_least for one in movement.raises if one.at_least is not None}
        rounds: list[Round] = []
        calls: list[Call] = []
        while not rounds or (len(rounds) < ROUNDS and not is_settled(rounds, exact)):
            # One more each time: what others send does not follow that.
            sent = movement.times + len(rounds) if request is not None else 0
            before = read()
            for _ in range(sent):
                assert request is not None  # noqa: S101 - nothing is sent without one
                calls.append(_answered(request, movement.expect_status))
            began = time.monotonic()
            rounds.append(self._round(sent, before, read, movement.within, began, exact, least))
        sent = rounds[-1].sent
        what = f"{counted(sent, 'request')} ({movement.name})" if sent else movement.name
        return (
            is_counted(rounds, exact, least, what=what, within=movement.within),
            tuple(calls[-1:]),
        )

    def _round(
        self,
        sent: int,
        before: Sums,
        read: Read,
        within: float,
        began: float,
        exact: Sequence[str],
        least: Mapping[str, float],
    ) -> Round:
        def as_round(now: Sums) -> Round:
            return Round(sent, before, now, time.monotonic() - began)

        last = self._until(read, lambda now: is_enough(as_round(now), exact, least), within)
        return as_round(last)

    def _while_broken(self, fault: Breaking, name: str, work: Callable[[], T]) -> T:
        """What the work gives while the fault lasts, which is ended whatever happens, and the ending is not cut short."""
        found: list[T] = []
        # A signal is noted, and raises nothing: an exception could come while a command is being started, which would
        # then go on, unknown to us, and break what has just been mended.
        with signals_to(lambda number, _: self._came.append(number)):
            try:
                injected = run(fault.inject, fault.timeout, stop=lambda: bool(self._came))
                if injected.ok and not self._came:
                    found.append(work())
            finally:
                restored = run(fault.restore, fault.timeout)
        if self._came:
            raise KeyboardInterrupt
        if not restored.ok:
            raise Unmeasured(
                f"{name} could not be ended, so the deployment may still be broken: {_ending(restored)}"
            )
        if not found:
            raise Unmeasured(f"{name} could not be caused: {_ending(injected)}")
        return found[0]

    def _until(self, read: Read, is_so: Callable[[Sums], bool], within: float) -> Sums:
        """The sums once they are so, or when the time is over."""
        deadline = time.monotonic() + within
        while not is_so(now := read()) and time.monotonic() < deadline and not self._came:
            time.sleep(POLL)
        return now

    def _at_endpoint(self, by_text: Mapping[str, Selector]) -> Read:
        replicas = self._deployment.replicas
        if replicas is None or not self._endpoint.is_below_base:
            return lambda: sums_on(self._endpoint.scrape().whole, by_text)
        urls = replica_urls(self._deployment)
        return lambda: _added([sums_on(self._endpoint.scrape(base_url=url).whole, by_text) for url in urls])

    def _in_prometheus(self, by_text: Mapping[str, Selector]) -> Read:
        from deployspec.chapters.metrics.measure.watching import Watching

        watching = Watching(self._deployment)

        def read() -> Sums:
            return watching.sums(by_text, patience=PATIENCE)

        return read

    def _request(self, movement: Movement) -> Request:
        deployment = self._deployment
        own = {name.lower() for name in movement.headers}
        theirs = {name: text for name, text in deployment.headers.items() if name.lower() not in own}
        return Request(
            url=f"{deployment.base_url}{movement.path}",
            headers={**theirs, **movement.headers},
            timeout=_TIMEOUT,
            ca=deployment.ca,
            auth=deployment.auth,
            credentials=deployment.credentials,
            client_certificate=deployment.client_certificate,
            proxies=proxies_from(os.environ),
            post=None if movement.body is None else movement.body.encode(),
            redirects=False,
        )


def _answered(request: Request, status: int) -> Call:
    made = call(request)
    answer = made.result
    if not isinstance(answer, Answer):
        raise Unmeasured(f"a request brought no answer, so nobody knows what it should move: {answer.reason}")
    if len(made.attempts) > 1:
        raise Unmeasured("a request had to be sent twice, so nobody knows what it should move")
    if answer.status != status:
        raise Unmeasured(
            f"a request was answered with status {answer.status}; expected {status} (expect_status), for which its "
            "series are named"
        )
    return made


def _added(sums: Sequence[Sums]) -> Sums:
    """The sums of several replicas together."""
    values: dict[str, float] = {}
    others: dict[str, float] = {}
    for one in sums:
        for text, number in one.values.items():
            values[text] = values.get(text, 0.0) + number
        for text, number in one.others.items():
            others[text] = others.get(text, 0.0) + number
    began = [one.process for one in sums if one.process is not None]
    return Sums(values, others, sum(began) if began else None)


def _is_lower(now: Sums, before: Sums, lowers: Sequence[str]) -> bool:
    return all(now.values.get(text, -1.0) < before.values.get(text, 0.0) for text in lowers)


def _is_back(now: Sums, before: Sums, lowers: Sequence[str]) -> bool:
    return all(now.values.get(text, -1.0) >= before.values.get(text, 0.0) for text in lowers)


def _ending(done: CommandResult) -> str:
    how = "no exit status" if done.exit_status is None else f"exit status {done.exit_status}"
    said = " ".join(done.output.split())[-300:]
    return f"{Path(done.argv[0]).name}: {how}" + (f", {said}" if said else "")

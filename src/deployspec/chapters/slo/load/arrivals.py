"""When which request is to be sent: an open model, the same again for the same seed."""

from __future__ import annotations

import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from deployspec.chapters.slo.load.plan import BIN_SECONDS, Plan

_NANO = 1_000_000_000
_BIN = int(BIN_SECONDS * _NANO)


class Arrival(NamedTuple):
    """One request that is to be sent."""

    number: int
    at: int
    """Nanoseconds after the run's origin."""
    route: int
    """Index into the plan's routes."""
    bin: int
    """The span of time that it is counted in; -1 during the warm-up."""
    is_fresh: bool = False
    """Whether it is to go on a new connection."""


def arrivals(plan: Plan, share: int = 0, of: int = 1) -> Iterator[Arrival]:
    """Every ``of``-th arrival of the plan, from number ``share`` on: together, the processes send the plan exactly.

    The times depend on the seed alone where they are random, and so do the routes, and the choice of those that go on a
    new connection: none changes with another, or with the number of processes.
    """
    times = _poisson(plan) if plan.poisson else _constant(plan)
    routes = random.Random(f"routes {plan.seed}")  # noqa: S311 - chooses requests, not keys
    weights = list(accumulate(route.weight for route in plan.routes))
    draw, last = routes.random, len(weights) - 1
    draw_fresh = random.Random(f"connections {plan.seed}").random  # noqa: S311
    warm_up = int(plan.warm_up * _NANO)
    duration = int(plan.duration * _NANO)
    begin = -1
    for number, at in enumerate(times):
        route = min(bisect(weights, draw() * weights[-1]), last)
        is_fresh = draw_fresh() < plan.new_connections
        if begin < 0 and at >= warm_up and number >= plan.warm_up_requests:
            # The first arrival that counts opens the measured time, whatever the warm-up took.
            begin = at
        if begin >= 0 and at - begin >= duration:
            return
        if number % of == share:
            yield Arrival(number, at, route, (at - begin) // _BIN if begin >= 0 else -1, is_fresh)


def _constant(plan: Plan) -> Iterator[int]:
    number = 0
    while True:
        # From the number, not by adding up: a rate of 3 a second would drift.
        yield round(number * _NANO / plan.rate)
        number += 1


def _poisson(plan: Plan) -> Iterator[int]:
    draw = random.Random(f"arrivals {plan.seed}").expovariate  # noqa: S311
    at = 0.0
    while True:
        yield int(at * _NANO)
        at += draw(plan.rate)


def planned(plan: Plan) -> Counter[str]:
    """How many requests that count are planned of each route, by its name."""
    counts = Counter(arrival.route for arrival in arrivals(plan) if arrival.bin >= 0)
    return Counter({route.name: counts[index] for index, route in enumerate(plan.routes)})

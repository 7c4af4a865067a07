"""What the checks of the chapter slo would do, by what ``measure`` does. Files are read here; nothing is asked or run."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.api import files_of, rule_set_of
from deployspec.chapters.slo.fixtures.objectives import objectives_of
from deployspec.chapters.slo.fixtures.planning import plan_of
from deployspec.chapters.slo.part import LOAD, SLOS
from deployspec.deployment import PROMETHEUS
from deployspec.model.plan import Planned, following, names_of, request
from deployspec.model.verdict import Unmeasured
from deployspec.tools.http.curl import MAX_REDIRECTS

if TYPE_CHECKING:
    from deployspec.chapters.slo.load.plan import Plan
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective
    from deployspec.languages.promql.selectors import Selector

_Asked = Counter[str]
"""How often each path of Prometheus is asked at most."""


def planned(
    config: Any, deployment: Deployment | None, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    objectives = objectives_of(config)
    slos = None if deployment is None else deployment.get(SLOS)
    for file in config.getoption("--slos") or (slos.files if slos else ()):
        yield Planned("file", "", file, 1, 1, "slo: objectives")
    if "slo.alerts-agree" in names_of(checks):
        yield from files_of(rule_set_of(config), "slo")
    if deployment is None:
        return
    if "slo.load-run" in names_of(checks):
        yield from _load_run(config, deployment, objectives)
    if (prometheus := deployment.get(PROMETHEUS)) is None:
        return
    for check, values in checks.items():
        objective: Objective = values["objective"]
        if check.startswith("slo.window["):
            asked = _census(objective)
        elif check.startswith("slo.buckets["):
            asked = _Asked({"query": 5, "status/buildinfo": 1})
        elif check.startswith("slo.alerts-agree["):
            asked = _Asked({"query": 1, "status/buildinfo": 1}) + _doubts(objective)
        else:
            continue
        yield from _questions(prometheus.url, asked, 1, check.partition("[")[0].replace(".", ": "))


def _questions(url: str, asked: _Asked, least: int, why: str) -> Iterator[Planned]:
    """Each measurement begins with the query for Prometheus' clock; how many others follow is for its answers to say."""
    for path, most in asked.items():
        one = request("GET", f"{url}/api/v1/{path}", least if path == "query" else 0, most, why)
        yield from following(one, MAX_REDIRECTS)


def _load_run(config: Any, deployment: Deployment, objectives: list[Objective]) -> Iterator[Planned]:
    seed, part = config.getoption("--load-seed"), deployment.require(LOAD)
    try:
        plan = plan_of(deployment, objectives, seed)
    except Unmeasured:
        return  # nor would the run make it
    of_seed = seed is not None or part.seed is not None
    counts = _exactly(plan) if of_seed else _about(plan)
    about = f"{plan.rate:g} requests a second for {plan.duration:g} s"
    why = f"slo: the load run, {about}" + (f" after {plan.warm_up:g} s of warm-up" if plan.warm_up else "")
    said = {each["name"]: each for each in deployment.data["load"]["requests"]}
    for route, (least, most) in zip(plan.routes, counts, strict=True):
        own = said[route.name]
        reads = route.method in ("GET", "HEAD", "OPTIONS")
        one = request(route.method, f"{plan.base_url}{route.target}", least, most, why)
        yield one._replace(kind="write" if own.get("writes", not reads) else "request")
    file = part.locustfile
    yield Planned("command", "", f"locust{'' if file is None else f' -f {file}'}", 1, 1, "slo: the load run")
    if file is not None:
        yield Planned("unknown", "", f"{file}: sends what its code sends", 0, 0, "slo: the load run")
    if (prometheus := deployment.get(PROMETHEUS)) is not None:
        general = [objective for objective in objectives if not objective.routes]
        compared = _Asked({"query": 1}) + (_compared(general) if general else _Asked())
        yield from _questions(prometheus.url, compared, 1, "slo: the load run beside Prometheus' own counts")


def _exactly(plan: Plan) -> list[tuple[int, int]]:
    """How often each kind of request is sent, by the plan's seed."""
    from deployspec.chapters.slo.load.arrivals import arrivals

    counts = Counter(arrival.route for arrival in arrivals(plan))
    return _with_kept(plan, [(counts[index], counts[index]) for index in range(len(plan.routes))])


def _about(plan: Plan) -> list[tuple[int, int]]:
    """The same for a seed that is yet to be drawn: all but one of 10^12 seeds keep within it."""
    from deployspec.chapters.slo.load.arrivals import arrivals

    weights = sum(route.weight for route in plan.routes)
    if plan.poisson:
        warm_up = max(plan.rate * plan.warm_up, plan.warm_up_requests)
        expected = warm_up + plan.rate * plan.duration + 1
    else:
        expected = sum(1 for _ in arrivals(plan))
    bounds = []
    for route in plan.routes:
        share = route.weight / weights
        variance = expected * share * (1 if plan.poisson else 1 - share)
        # Bernstein's inequality: the second term is for those that are rare.
        room = 0.0 if not variance else 8 * math.sqrt(variance) + 40
        most = math.ceil(expected * share + room)
        least = max(0, math.floor(expected * share - room))
        bounds.append((least, most if plan.poisson else min(int(expected), most)))
    return _with_kept(plan, bounds)


def _with_kept(plan: Plan, bounds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where a value is not there yet, the request that brings it is sent in place of the one that wants it."""
    wanting = {
        route.name: sum(
            most
            for other, (_, most) in zip(plan.routes, bounds, strict=True)
            if f"{{{route.name}}}" in other.target
        )
        for route in plan.routes
    }
    return [
        (0 if "{" in route.target else least, most + wanting[route.name])
        for route, (least, most) in zip(plan.routes, bounds, strict=True)
    ]


def _compared(objectives: Sequence[Objective]) -> _Asked:
    """The questions after a load run: of the clock and of scrapes until there is a new one, then of what was counted."""
    from deployspec.chapters.slo.fixtures.comparing import PATIENCE
    from deployspec.chapters.slo.judge.census import part_of
    from deployspec.chapters.slo.judge.reconcile import first_of_each
    from deployspec.chapters.slo.measure.window import POLL

    looks = math.floor(PATIENCE / POLL) + 2
    asked = _Asked({"query": 2 + 2 * looks + 4})
    latency, availability = first_of_each(objectives)
    for _ in ("after", "before"):
        asked += _Asked({"query": (3 if latency else 0) + (2 if availability else 0)})
        asked += _Asked() if availability is None else _doubt(part_of(availability))
    return asked


def _census(objective: Objective) -> _Asked:
    """The questions of one objective's window."""
    from deployspec.chapters.slo.judge.census import counted_by, part_of
    from deployspec.chapters.slo.measure.window import MOST_JOBS

    counters = (counted_by(objective), part_of(objective))
    asked = _Asked({"query": 7 + MOST_JOBS, "query_range": 2 * MOST_JOBS, "status/buildinfo": 1})
    # Whether its counters are counters, and by what label their series are too many.
    declared = sum(len((selector and selector.names()) or ()) for selector in map(_selector, counters))
    asked += _Asked({"query": 3 * len(counters), "rules": 1, "metadata": declared})
    return asked + _doubts(objective) + (_Asked({"query": 5}) if objective.is_latency else _Asked())


def _doubts(objective: Objective) -> _Asked:
    from deployspec.chapters.slo.judge.census import chosen_by

    return sum(map(_doubt, chosen_by(objective)), _Asked())


def _doubt(text: str) -> _Asked:
    """The questions of whether a selector finds what it means."""
    from deployspec.chapters.slo.judge.selecting import asked_labels

    selector = _selector(text)
    labels = len(asked_labels(selector, matched=False)) if selector else 0
    return _Asked({"query": 2 + labels, "label/__name__/values": 1, "labels": 1})


def _selector(text: str) -> Selector | None:
    """What PromQL makes of it; None where it cannot be read, of which nothing is asked."""
    from deployspec.chapters.slo.judge.selecting import selector_of
    from deployspec.languages.promql.syntax import PromqlError

    try:
        return selector_of(text)
    except PromqlError:
        return None

"""The deployment file's parts ``slos`` and ``load``. Durations are in seconds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.problems import shown, suggestion
from deployspec.chapters.slo.load.plan import Route, Traffic
from deployspec.deployment import Check, Deployment, Part, Steps, headers_of, patterns

LONGEST_LOAD = 7 * 24 * 3600
"""Seconds that a load run may be planned to take, warm-up included."""
MOST_REQUESTS = 50_000_000
"""Requests that a load run may have, warm-up included: what is counted of them has to fit into memory."""
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Slos:
    """The deployment's objectives."""

    files: tuple[str, ...]
    """Glob patterns of OpenSLO documents, absolute."""


@dataclass(frozen=True, kw_only=True)
class Load(Traffic):
    """The traffic of a load run, and what makes it and ends it."""

    abort_on_breach: bool
    locustfile: Path | None
    """None: the project's own."""


def placeholders(path: str) -> list[str]:
    """The names of the requests whose kept values stand in a path: ``/snap/{snap}`` has ``snap``."""
    return _PLACEHOLDER.findall(path)


def _slos(part: Mapping[str, Any] | None, folder: Path) -> Slos | None:
    """null says that there are none, as without the key."""
    return None if part is None else Slos(patterns(part["files"], folder))


def _load(part: Mapping[str, Any], folder: Path) -> Load:
    warm_up = part["warm_up"]
    as_it_is = ("warm_up_requests", "max_in_flight", "new_connections", "processes", "abort_on_breach")
    return Load(
        routes=tuple(map(_route, part["requests"])),
        rate=part["arrival_rate"],
        poisson=part["arrivals"] == "poisson",
        duration=parse_duration(part["duration"]),
        warm_up=0.0 if warm_up is None else parse_duration(warm_up),
        seed=part.get("seed"),
        timeout=parse_duration(part["timeout"]),
        locustfile=folder / part["locustfile"] if "locustfile" in part else None,
        **{name: part[name] for name in as_it_is},
    )


def _route(part: Mapping[str, Any]) -> Route:
    statuses = part.get("expect_status")
    return Route(
        part["name"],
        part["method"],
        part["path"],
        part["weight"],
        headers_of(part),
        expect_status=None if statuses is None else tuple(statuses),
        **{name: part.get(name) for name in ("body", "keep", "expect_text")},
    )


def _writes(request: Mapping[str, Any]) -> bool:
    """Whether this request of the deployment file, defaults filled in, changes something there."""
    return bool(request.get("writes", request["method"] not in _READING))


def _check_load(check: Check, data: Mapping[str, Any]) -> None:
    """A request that writes where nothing may be written, or whose path wants what no request keeps."""
    load = data["load"]
    check.unique_names(load["requests"], "load", "requests")
    own: Steps
    requests = load["requests"]
    rate, warm_up = load["arrival_rate"], load["warm_up"]
    takes = max(0.0 if warm_up is None else parse_duration(warm_up), load["warm_up_requests"] / rate)
    takes += parse_duration(load["duration"])
    own = ("load", "arrival_rate")
    if takes > LONGEST_LOAD:
        found = f"{check.shown(own, '')}, with which the load run takes {takes / 86400:.3g} days, warm-up included"
        check.add(own, found, "at most 7 days: a shorter duration, or fewer warm_up_requests")
    elif takes * rate > MOST_REQUESTS:
        found = f"{check.shown(own, '')}, with which the load run has {takes * rate:,.0f} requests, warm-up included"
        check.add(own, found, f"at most {MOST_REQUESTS:,}: a lower rate, or a shorter duration")
    if load["max_in_flight"] < load["processes"]:
        own = ("load", "max_in_flight")
        found = f"{check.shown(own, 'its default')}, which is less than processes"
        check.add(own, found, f"at least {load['processes']}: each process has a share of it")
    kept = [request["name"] for request in requests if "keep" in request]
    for index, request in enumerate(requests):
        own = ("load", "requests", index)
        if "keep" in request and placeholders(request["path"]):
            found = "a {NAME} in the path of a request that keeps something itself"
            check.add((*own, "path"), found, "a path without one: such requests could wait for each other")
        if _writes(request) and "write" not in data.get("allow", ()):
            found = f"a request that writes ({request['method']}), and allow has no write"
            check.add((*own, "method"), found, "allow: [load, write], or writes: false if it changes nothing")
        for name in placeholders(request["path"]):
            if name not in kept:
                near = suggestion(name, kept)
                hint = f"; did you mean {near}?" if near else ""
                found = f"{{{shown(name)}}}, and no request of that name keeps anything"
                check.add((*own, "path"), found, f"the name of a request with keep{hint}")


SLOS = Part("slos", _slos)
LOAD = Part("load", _load, _check_load)


def longest(deployment: Deployment) -> float:
    """The seconds for which the load run may keep a deployment to itself, twice: others may wait for one, too."""
    load = deployment.get(LOAD)
    return 0.0 if load is None else 2 * (load.warm_up + load.duration + load.timeout)

"""What the checks of the chapter metrics would do, by what ``measure`` does. Nothing is asked here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deployspec.chapters.metrics.judge.movement import ROUNDS
from deployspec.chapters.metrics.measure import moving, watching
from deployspec.chapters.metrics.measure.unseen import REQUESTS
from deployspec.chapters.metrics.part import METRICS, UNSEEN, Movement
from deployspec.deployment import PROMETHEUS
from deployspec.model.plan import Planned, following, names_of, request
from deployspec.tools.http.curl import MAX_REDIRECTS

if TYPE_CHECKING:
    from deployspec.deployment import Deployment

_OF_PAGE = frozenset(
    f"metrics.{name}"
    for name in (
        "answers-in-time", "content-type-is-accepted", "is-whole", "well-formed", "series-once", "timestamps-fresh",
        "sums-add-up", "promtool-finds-nothing", "series-are-few", "names-arrive", "nothing-is-dropped",
        "ranges-are-long-enough",
    )
)  # fmt: skip
_TWICE = frozenset({"metrics.counters-rise", "metrics.types-constant"})
_MANY = 1000
"""Questions to Prometheus of one measurement, at most: its time limit ends them earlier."""
_ASKING = {
    "metrics.is-scraped": ("targets",),
    "metrics.scrapes-are-quick": ("targets", "query"),
    "metrics.nothing-is-dropped": ("targets", "status/config", "query"),
    "metrics.growth-is-bounded": ("targets", "query", "query_range"),
    "metrics.names-arrive": ("targets", "status/config", "query", "rules", "labels", "label/__name__/values"),
    "metrics.ranges-are-long-enough": ("targets", "rules"),
}


def planned(
    _config: Any, deployment: Deployment, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    metrics = deployment.require(METRICS)
    address = metrics.url or deployment.base_url + metrics.path
    names = names_of(checks)
    wanted = [values["exported"] for values in checks.values() if "exported" in values]
    if metrics.schema is not None and wanted:
        yield Planned("file", "", str(metrics.schema), 1, 1, "metrics: schema")
    if names & (_OF_PAGE | _TWICE) or any(not one.in_prometheus for one in wanted):
        least = 1 + bool(names & _TWICE)
        scrape = request(
            "GET", address, least, least + 1, "metrics: a scrape in each format", per_process=True
        )
        yield from following(scrape, MAX_REDIRECTS)
    if "metrics.promtool-finds-nothing" in names:
        # None without a page.
        yield Planned("command", "", "promtool check metrics", 0, 1, "metrics: findings", per_process=True)
    if "metrics.labels-are-bounded" in names:
        yield from following(request("GET", address, 2, 3, "metrics: around unseen requests"), MAX_REDIRECTS)
        for path in metrics.unseen:
            one = request(
                "GET",
                deployment.base_url + path,
                REQUESTS + 1,
                REQUESTS + 1,
                f"metrics: unseen, {UNSEEN} each time another",
            )
            yield one._replace(kind="write")
    for values in checks.values():
        for name in ("requests_moved", "work_moved", "faults_moved"):
            if name in values:
                yield from _movement(deployment, address, values[name])
    yield from _asked(deployment, names, len([one for one in wanted if one.in_prometheus]))


def _movement(deployment: Deployment, address: str, movement: Movement) -> Iterator[Planned]:
    why = f"metrics: {movement.name}"
    rounds = ROUNDS if any(one.at_least is None for one in movement.raises) else 1
    if movement.path is not None:
        # One more in each round.
        most = sum(movement.times + number for number in range(rounds if movement.raises else 0))
        one = request(
            movement.method, deployment.base_url + movement.path, min(movement.times, most), most, why
        )
        yield one._replace(kind="write" if movement.writes else "request")
    looks = math.floor(movement.within / moving.POLL) + 2
    most = (
        (rounds * (looks + 1) if movement.raises else 0)
        + (2 * looks if movement.lowers else 0)
        + (2 if movement.fault else 0)
    )
    if movement.in_prometheus:
        yield from _questions(deployment, ("query",), why, _MANY)
    else:
        urls = deployment.replicas.urls if deployment.replicas is not None else ()
        path = urlsplit(address).path
        for url in [one + path for one in urls] or [address]:
            yield from following(request("GET", url, 2, most, f"{why}, scrapes around it"), MAX_REDIRECTS)
    if movement.fault is not None:
        inject, restore = shlex.join(movement.fault.inject), shlex.join(movement.fault.restore)
        limit = f"(time limit {movement.fault.timeout:g} s)"
        yield Planned("command", "", inject, 1, 1, f"{why} {limit}")
        yield Planned("command", "", restore, 1, 1, f"{why}, its end {limit}")
        yield Planned("fault", "", f"{movement.name} ({inject}; then {restore})", 1, 1, "metrics")


def _asked(deployment: Deployment, names: frozenset[str], wanted: int) -> Iterator[Planned]:
    paths: dict[str, int] = {}
    for name, asked in _ASKING.items():
        if name in names:
            for path in asked:
                paths[path] = max(paths.get(path, 0), 1)
    waits = names & {"metrics.growth-is-bounded", "metrics.names-arrive"}
    polls = math.floor(watching.PATIENCE / watching.POLL) + 2
    for path in paths:
        yield from _questions(
            deployment, (path,), "metrics: what is scraped", max(_MANY, polls * 8) if waits else _MANY
        )
    if wanted:
        yield from _questions(
            deployment,
            ("label/__name__/values", "query", "metadata"),
            "metrics: what other exporters have",
            50 * wanted,
        )


def _questions(deployment: Deployment, paths: tuple[str, ...], why: str, most: int) -> Iterator[Planned]:
    prometheus = deployment.get(PROMETHEUS)
    if prometheus is None:
        return
    for path in paths:
        one = request("GET", f"{prometheus.url}/api/v1/{path}", 0, most, why, per_process=True)
        yield from following(one, MAX_REDIRECTS)

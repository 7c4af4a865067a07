"""What the checks of the chapter health would do, by what ``measure`` does. Nothing is asked here."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deployspec.chapters.health.measure.outages import POLL
from deployspec.chapters.health.measure.rollout import ROUND
from deployspec.chapters.health.part import FAULTS, HEALTH
from deployspec.chapters.health.rollout import waited_for
from deployspec.model.plan import Planned, following, names_of, request
from deployspec.tools.http.curl import MAX_REDIRECTS
from deployspec.tools.http.urls import is_address

if TYPE_CHECKING:
    from deployspec.chapters.health.part import Health
    from deployspec.deployment import Deployment

_FIRST = frozenset({"health.answers-in-time", "health.answer-is-its-own", "health.healthy-now"})
"""They look at the first call alone."""
_STEADY = frozenset({"health.steady", "health.answers-within-max-response-time", "health.time-moves-on"})
"""They look at the calls in a row alone, the first included."""
_VERSION = frozenset({"health.version-is-stated", "health.version-is-expected"})
_ARRIVED = "health.version-arrived"
_CONCURRENT, _OUTAGE = "health.holds-under-concurrency", "health.outage-is-told"
_PRINTED = "http://replica"
"""Stands for what a command will print."""
_MOST_REPLICAS = 100
"""Of a name's addresses, or of those that a command prints."""


def planned(
    config: Any, deployment: Deployment, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    replicas = deployment.replicas
    if replicas is not None and replicas.command:
        limit = f"(time limit {replicas.timeout:g} s)"
        command = shlex.join(replicas.command)
        waits = waited_for(config)
        # A command that fails is run again in each round.
        anew = math.ceil(waits[1] / ROUND) + 2 if waits else 0
        why = f"health: which replicas there are {limit}"
        yield Planned("command", "", command, 1, 1, why, per_process=True)
        if anew:
            yield Planned("command", "", command, 1, anew, why)
    waits = waited_for(config)
    for health in deployment.require(HEALTH):
        if waits and health.fields.version is not None:
            # Of a name or a command, who the replicas are is found out anew, and each of them may be asked in each round.
            most = math.ceil(waits[1] / ROUND) + 2
            path = health.fields.version.path or health.path
            why = f"until it says version {waits[0]}"
            yield from _asked(deployment, health, path, 1, most, why, per_process=False)
        own = {one: values for one, values in checks.items() if values.get("health", "") == health.name}
        yield from _of_endpoint(deployment, health, names_of(own))
    faults = deployment.get(FAULTS) or {}
    for values in (values for one, values in checks.items() if one.startswith(f"{_OUTAGE}[")):
        fault = faults[values["fault"]]
        inject, restore = shlex.join(fault.inject), shlex.join(fault.restore)
        limit = f"(time limit {fault.timeout:g} s)"
        for health in deployment.require(HEALTH):
            # Between two asks lies POLL at least, and none begins after the recovery time is over.
            until_healthy = 2 + math.floor(health.recovery / POLL)
            why = f"before, during and after {fault.name}"
            yield from _asked(
                deployment, health, health.path, 3, 2 * until_healthy + 1, why, per_process=False
            )
        yield Planned("command", "", inject, 1, 1, f"health: fault {fault.name} {limit}")
        yield Planned("command", "", restore, 1, 1, f"health: end of {fault.name} {limit}")
        yield Planned("fault", "", f"{fault.name} ({inject}; then {restore})", 1, 1, "health")


def _of_endpoint(deployment: Deployment, health: Health, names: frozenset[str]) -> Iterator[Planned]:
    version = health.fields.version
    elsewhere = None if version is None else version.path
    own = names - _VERSION if elsewhere else names
    if calls := list(_calls(health, own)):
        least, most, whats = zip(*calls, strict=True)
        what = ", ".join(whats)
        yield from _asked(deployment, health, health.path, sum(least), sum(most), what, per_process=True)
    if elsewhere and names & _VERSION:
        what = "the version"
        yield from _asked(deployment, health, elsewhere, health.calls, health.calls, what, per_process=True)
    if "health.body-fits-schema" in names and isinstance(health.schema, Path):
        yield Planned("file", "", str(health.schema), 1, 1, "health: schema")


def _calls(health: Health, names: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """How many calls there are, of those that all checks share."""
    names -= {_ARRIVED}
    of_every = names - _FIRST - _STEADY - {_CONCURRENT, _OUTAGE}
    if names - {_OUTAGE}:
        yield 1, 1, "first call"
    if (of_every or names & (_STEADY | {_CONCURRENT})) and health.calls > 1:
        yield health.calls - 1, health.calls - 1, f"{health.calls} in a row"
    if of_every or _CONCURRENT in names:
        yield health.concurrency, health.concurrency, f"{health.concurrency} at once"
    if "health.time-moves-on" in names:
        yield 0, 1, "one later"


def _asked(
    deployment: Deployment, health: Health, path: str, least: int, most: int, what: str, *, per_process: bool
) -> Iterator[Planned]:
    attempts = health.retries + 1
    name = f"{health.name}, " if health.name else ""
    why = f"health: {name}{what}" + (f" (up to {attempts} attempts each)" if health.retries else "")
    for base_url, fewest, count in _replicas(deployment):
        whose = f"{why}; of each replica, at most {count}" if count > 1 else why
        asked = request(
            "GET", base_url + path, least * fewest, most * attempts * count, whose, per_process=per_process
        )
        if base_url == _PRINTED:
            asked = asked._replace(host="replicas that the command prints")
        yield from following(asked, MAX_REDIRECTS)


def _replicas(deployment: Deployment) -> Sequence[tuple[str, int, int]]:
    """The base URLs that are asked, and of each how many replicas may answer there: at least and at most."""
    if deployment.replicas is None:
        one = is_address(urlsplit(deployment.base_url).hostname or "")
        return [(deployment.base_url, 1, 1 if one else _MOST_REPLICAS)]
    if deployment.replicas.urls:
        return [(url, 1, 1) for url in deployment.replicas.urls]
    return [(_PRINTED, 1, _MOST_REPLICAS)]

"""The deployment file's part ``dashboards``. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.chapters.dashboards.model import Breaking, Movement, Sent, Shown, Stays
from deployspec.deployment import Check, Deployment, Part, Steps, headers_of, patterns


@dataclass(frozen=True, kw_only=True)
class Dashboards:
    """The deployment's dashboards, and what is promised of them."""

    files: tuple[str, ...]
    """Glob patterns, absolute."""
    libraries: tuple[str, ...]
    """The same, of library panels."""
    sources: frozenset[str] | None
    """Names and uids of the data sources that are the deployment's Prometheus; None: every one of that type."""
    variables: Mapping[str, tuple[str, ...]]
    scrape_interval: float
    range: float | None
    """None: the window of Prometheus, at most an hour."""
    max_query_time: float
    max_series: int
    meanings: Path | None
    unshown: tuple[str, ...]
    movement: tuple[Movement, ...]


def _dashboards(part: Mapping[str, Any] | None, folder: Path) -> Dashboards | None:
    """null says that there are none, as without the key."""
    if part is None:
        return None
    return Dashboards(
        files=patterns(part["files"], folder),
        libraries=patterns(part.get("libraries", ()), folder),
        sources=frozenset(part["datasource"]) if "datasource" in part else None,
        variables={
            name: (said,) if isinstance(said, str) else tuple(said)
            for name, said in part["variables"].items()
        },
        scrape_interval=parse_duration(part["scrape_interval"]),
        range=parse_duration(part["range"]) if "range" in part else None,
        max_query_time=parse_duration(part["max_query_time"]),
        max_series=part["max_series"],
        meanings=folder / part["meanings"] if "meanings" in part else None,
        unshown=tuple(part["unshown"]),
        movement=tuple(map(_movement, part.get("movement", ()))),
    )


def _movement(said: Mapping[str, Any]) -> Movement:
    fault = said["fault"]
    return Movement(
        said["name"],
        Breaking(tuple(fault["inject"]), tuple(fault["restore"]), parse_duration(fault["timeout"])),
        _sent(said["requests"]) if "requests" in said else None,
        parse_duration(said["settle"]) if "settle" in said else None,
        tuple(Shown(**{"query": None, **one}) for one in said["shows"]),
        tuple(Stays(**{"query": None, **one}) for one in said["stays"]),
    )


def _sent(said: Mapping[str, Any]) -> Sent:
    return Sent(
        said["path"],
        said["method"],
        said.get("body"),
        headers_of(said),
        _writes(said),
        said.get("arrival_rate"),
        said.get("times"),
    )


def _writes(said: Mapping[str, Any]) -> bool:
    return bool(said.get("writes", said["method"] == "POST"))


def _check(check: Check, data: Mapping[str, Any]) -> None:
    part = data["dashboards"]
    if part is None:
        return
    movement = part.get("movement", ())
    check.unique_names(movement, "dashboards", "movement")
    for index, one in enumerate(movement):
        at: Steps = ("dashboards", "movement", index)
        if "requests" in one:
            _check_requests(check, (*at, "requests"), one["requests"], data)
        for number, shown in enumerate(one["shows"]):
            _check_shown(check, (*at, "shows", number), shown, one)


def _check_requests(check: Check, at: Steps, said: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    if ("arrival_rate" in said) == ("times" in said):
        found = "arrival_rate beside times" if "times" in said else "neither arrival_rate nor times"
        check.add(at, found, "one of the two")
    if (said["method"] == "POST") != ("body" in said):
        if "body" in said:
            check.add((*at, "body"), "a body with GET", "method: POST")
        else:
            check.add((*at, "method"), "POST without a body", "the body that is sent")
    allowed = data.get("allow", ())
    # Where faults are not allowed, nothing is sent.
    if _writes(said) and "faults" in allowed and "write" not in allowed:
        found = f"requests that write ({said['method']}), and allow has no write"
        check.add(at, found, "allow: [write, faults], or writes: false if they change nothing")


def _check_shown(check: Check, at: Steps, shown: Mapping[str, Any], movement: Mapping[str, Any]) -> None:
    if not {"at_least", "at_most", "rises_by"} & shown.keys() and not shown["share_failed"]:
        check.add(
            at,
            "a panel of which nothing is said",
            "at_least, at_most, rises_by or share_failed: true",
        )
    least, most = shown.get("at_least"), shown.get("at_most")
    if least is not None and most is not None and least > most:
        check.add((*at, "at_least"), f"{least:g}, more than at_most", f"at most {most:g}")
    if shown["share_failed"] and "arrival_rate" not in movement.get("requests", {}):
        check.add(
            (*at, "share_failed"),
            "the share of requests that fail, and none are sent at a rate",
            "requests with arrival_rate",
        )


DASHBOARDS = Part("dashboards", _dashboards, _check)


def longest(deployment: Deployment) -> float:
    """The seconds for which the movements may keep a deployment to themselves, beside what others may."""
    part = deployment.get(DASHBOARDS)
    if part is None:
        return 0.0
    return sum(2 * one.fault.timeout + 4 * (one.settle or LONGEST_SETTLE) for one in part.movement)


LONGEST_SETTLE = 900.0
"""Seconds for which a movement without ``settle`` waits at most, before the fault and during it."""

"""The deployment file's part ``metrics``. Durations are in seconds, sizes in bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.texts import read_size
from deployspec.deployment import Check, Headers, Part, Steps, headers_of

UNSEEN = "{unseen}"
"""Stands in a path for what no request had before."""


@dataclass(frozen=True)
class Raised:
    """A sum of series that each request raises."""

    series: str
    """A selector, as PromQL."""
    at_least: float | None = None
    """By how much; None: by exactly one."""


@dataclass(frozen=True)
class Breaking:
    """How something is broken, and mended."""

    inject: tuple[str, ...] = field(repr=False)
    restore: tuple[str, ...] = field(repr=False)
    timeout: float
    """Of each of the two commands."""


@dataclass(frozen=True, kw_only=True)
class Movement:
    """Something that is done, and the series that it moves."""

    name: str
    method: str
    path: str | None
    """None: no requests are sent."""
    headers: Headers = field(repr=False)
    body: str | None = field(repr=False)
    writes: bool
    times: int
    expect_status: int
    fault: Breaking | None
    in_prometheus: bool
    """Whether the series are read there, and not at the endpoint."""
    within: float
    raises: tuple[Raised, ...]
    lowers: tuple[str, ...]
    """Selectors."""


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """An endpoint that exports metrics, and what is promised of it."""

    path: str
    url: str | None
    """The whole address, where it is not ``path`` below the base URL."""
    schema: Path | None
    max_scrape_time: float
    max_size: int
    max_series: int
    max_growth: int | None
    """In series an hour; None: not promised."""
    promtool: bool | None
    """Whether what promtool finds is a breach; None: it is not run."""
    job: str | None
    """None: the target in Prometheus is told by its address."""
    unseen: tuple[str, ...]
    """Paths, each with ``UNSEEN`` in it."""
    movement: tuple[Movement, ...]


def _metrics(part: Mapping[str, Any], folder: Path) -> Metrics:
    schema = part["schema"]
    return Metrics(
        path=part["path"],
        url=part.get("url"),
        schema=None if schema is None else folder / schema,
        max_scrape_time=parse_duration(part["max_scrape_time"]),
        max_size=read_size(part["max_size"]),
        max_series=part["max_series"],
        max_growth=part.get("max_growth"),
        promtool=part.get("promtool"),
        job=part.get("job"),
        unseen=tuple(part["unseen"]),
        movement=tuple(map(_movement, part.get("movement", ()))),
    )


def _movement(said: Mapping[str, Any]) -> Movement:
    fault = said.get("fault")
    return Movement(
        name=said["name"],
        method=said["method"],
        path=said.get("path"),
        headers=headers_of(said),
        body=said.get("body"),
        writes=_writes(said),
        times=said["times"] if "path" in said else 0,
        expect_status=said["expect_status"],
        fault=None
        if fault is None
        else Breaking(tuple(fault["inject"]), tuple(fault["restore"]), parse_duration(fault["timeout"])),
        in_prometheus=said["from"] == "prometheus",
        within=parse_duration(said["within"]),
        raises=tuple(
            Raised(one) if isinstance(one, str) else Raised(one["series"], one["at_least"])
            for one in said.get("raises", ())
        ),
        lowers=tuple(said.get("lowers", ())),
    )


def _writes(said: Mapping[str, Any]) -> bool:
    return bool(said.get("writes", said["method"] == "POST" and "path" in said))


def _check(check: Check, data: Mapping[str, Any]) -> None:
    metrics = data["metrics"]
    said = check.values.places
    if "url" in metrics and ("metrics", "path") in said:
        check.add(("metrics", "path"), "path beside url, which is the whole address", "one of the two")
    for index, path in enumerate(metrics["unseen"]):
        if UNSEEN not in path:
            found = f"{check.shown(('metrics', 'unseen', index), path)}, in which nothing unseen can be put"
            check.add(("metrics", "unseen", index), found, f"a path with {UNSEEN}, such as /{UNSEEN}")
    movement = metrics.get("movement", ())
    check.unique_names(movement, "metrics", "movement")
    for index, one in enumerate(movement):
        _check_movement(check, ("metrics", "movement", index), one, data)


def _check_movement(check: Check, at: Steps, one: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    said = check.values.places
    if "path" not in one and "fault" not in one:
        check.add(at, "neither path nor fault", "the path of requests, a fault, or both")
    if "raises" not in one and "lowers" not in one:
        check.add(at, "neither raises nor lowers", "the series that it moves")
    if "lowers" in one and "fault" not in one:
        check.add((*at, "lowers"), "lowers without a fault", "raises, or the fault that lowers them")
    if "path" not in one:
        for key in ("method", "headers", "body", "writes", "times", "expect_status"):
            if (*at, key) in said:
                check.add((*at, key), f"{key} without a path", "the path of the requests")
        for index, each in enumerate(one.get("raises", ())):
            if isinstance(each, str):
                found = "a series that is raised by one for each request, and no request is sent"
                check.add((*at, "raises", index), found, "at_least, or the path of requests")
    elif (one["method"] == "POST") != ("body" in one):
        if "body" in one:
            check.add((*at, "body"), "a body with GET", "method: POST")
        else:
            check.add((*at, "method"), "POST without a body", "the body that is sent")
    if one["from"] == "prometheus" and "prometheus" not in data:
        check.add((*at, "from"), "from: prometheus, and this file describes none", "prometheus in this file")
    for key in ("raises", "lowers"):
        for index, each in enumerate(one.get(key, ())):
            place = (*at, key, index) if isinstance(each, str) else (*at, key, index, "series")
            _check_selector(check, place, each if isinstance(each, str) else each["series"])


def _check_selector(check: Check, place: Steps, text: str) -> None:
    # Here, because few files have movements; without the library the chapter's checks do not run anyway.
    try:
        from deployspec.languages.promql.selectors import selectors
        from deployspec.languages.promql.syntax import PromqlError, parse
    except ModuleNotFoundError:
        return
    try:
        tree = parse(text)
    except (PromqlError, ModuleNotFoundError) as error:
        if isinstance(error, PromqlError):
            check.add(place, f"{check.shown(place, text)}, which is no PromQL: {error}", "a selector")
        return
    selector = selectors(tree)[0] if type(tree).__name__ == "VectorSelector" else None
    if selector is None or selector.name is None or selector.offset:
        found = f"{check.shown(place, text)}, which is no selector of one metric's series now"
        check.add(place, found, 'such as requests_total{status="200"}')


METRICS = Part("metrics", _metrics, _check)

"""What the checks of the chapter dashboards would do. Files are read here; nothing is asked or run."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.chapters.dashboards.items import read_of
from deployspec.chapters.dashboards.measure.asking import MOST_GLANCES
from deployspec.chapters.dashboards.measure.moving import SCRAPES
from deployspec.chapters.dashboards.measure.panels import (
    MOST_LABELS,
    MOST_OPERATIONS,
    MOST_SELECTORS,
    MOST_WAITS,
)
from deployspec.chapters.dashboards.measure.sending import TIMEOUT
from deployspec.chapters.dashboards.part import LONGEST_SETTLE
from deployspec.deployment import PROMETHEUS
from deployspec.languages.grafana.variables import question_of
from deployspec.model.plan import Planned, following, names_of, request
from deployspec.tools.http.curl import MAX_REDIRECTS

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.items import Read
    from deployspec.chapters.dashboards.model import Movement
    from deployspec.deployment import Deployment

_ASKED = frozenset({"dashboards.query-answers", "dashboards.query-shows-what-it-says"})
_MADE = _ASKED | {
    "dashboards.query-parses",
    "dashboards.query-is-sound",
    "dashboards.ranges-hold-four-scrapes",
    "dashboards.alert-metrics-are-shown",
    "dashboards.fault-moves-panels",
}
_SAYS = "dashboards.query-shows-what-it-says"
_MOVES = "dashboards.fault-moves-panels"


def planned(
    config: Any, deployment: Deployment, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    read = read_of(config)
    if read is None:
        return
    names = names_of(checks)
    for pattern in (*read.part.files, *read.part.libraries):
        yield Planned("file", "", pattern, 1, 1, "dashboards")
    if read.part.meanings is not None and names & _MADE:
        yield Planned("file", "", str(read.part.meanings), 1, 1, "dashboards: meanings")
    moved = [one["dashboard_movement"] for own, one in checks.items() if own.startswith(f"{_MOVES}[")]
    if names & _MADE:
        url = deployment.require(PROMETHEUS).url
        own = {own for one in checks if one.partition("[")[0] in _ASKED for own in [_item(one)]}
        for path, least, most in _questions(read, own, moved):
            asked = request(
                "GET", f"{url}/api/v1/{path}", least, most, "dashboards: their queries", per_process=True
            )
            yield from following(asked, MAX_REDIRECTS)
    for movement in moved:
        yield from _movement(deployment, read, movement)


def _item(check: str) -> str:
    return check.partition("[")[2].removesuffix("]")


def _questions(read: Read, asked: set[str], moved: list[Movement]) -> Iterator[tuple[str, int, int]]:
    """The paths that Prometheus is asked, each with how often at least and at most, in one process."""
    of_range = sum(not one.query.instant for one in read.items if one.id in asked)
    of_moment = sum(one.query.instant for one in read.items if one.id in asked)
    selectors = MOST_SELECTORS * (of_range + of_moment)
    readings = sum(_readings(read, one) for one in moved)
    # One that takes too long is asked again, and so is one of which samples are waited for.
    waits = MOST_WAITS if of_range + of_moment else 0
    yield "query_range", 0, 2 * of_range + 3 * MOST_OPERATIONS * (of_range + of_moment) + waits
    looks = selectors * (3 + MOST_LABELS)
    yield "query", 0, 2 * of_moment + looks + readings + _variables(read)["query"] + MOST_GLANCES + waits
    if not selectors:
        yield "metadata", 0, 1
    else:
        yield "label/__name__/values", 0, 1
        yield "labels", 0, selectors + _variables(read)["labels"]
        yield "metadata", 0, 2 * selectors + 1
        yield "rules", 0, 1
    for path, most in _variables(read).items():
        if path not in ("query", "labels"):
            yield path, 0, most


def _variables(read: Read) -> Counter[str]:
    """What variables ask, by path."""
    found: Counter[str] = Counter()
    for board in {item.dashboard.file: item.dashboard for item in read.items}.values():
        for variable in board.variables:
            if variable.type == "query" and variable.name not in read.part.variables:
                asked = question_of(variable.query.strip())
                paths = {
                    "label_values": f"label/{asked.label}/values",
                    "label_names": "labels",
                    "metrics": "label/__name__/values",
                    "series": "series",
                }
                found[paths.get(asked.kind, "query")] += 1
    return found


def _readings(read: Read, movement: Movement) -> int:
    """How often panels are read during a movement, at most."""
    wanted = {one.panel for one in movement.shows} | {one.panel for one in movement.stays}
    items = sum(item.title in wanted for item in read.items)
    settle = movement.settle or LONGEST_SETTLE
    rounds = 3 + math.ceil(settle / min(read.part.scrape_interval, settle))
    return items * rounds


def _movement(deployment: Deployment, read: Read, movement: Movement) -> Iterator[Planned]:
    inject, restore = shlex.join(movement.fault.inject), shlex.join(movement.fault.restore)
    limit = f"(time limit {movement.fault.timeout:g} s)"
    yield Planned("command", "", inject, 1, 1, f"dashboards: {movement.name} {limit}")
    yield Planned("command", "", restore, 1, 1, f"dashboards: end of {movement.name} {limit}")
    yield Planned("fault", "", f"{movement.name} ({inject}; then {restore})", 1, 1, "dashboards")
    sent = movement.sent
    if sent is None:
        return
    most = sent.times or 0
    if sent.rate is not None:
        settle = movement.settle or LONGEST_SETTLE
        seconds = 3 * settle + 2 * movement.fault.timeout + SCRAPES * read.part.scrape_interval + TIMEOUT
        most = math.ceil(sent.rate * seconds)
    kind = "POST" if sent.writes else "GET"
    made = request(kind, deployment.base_url + sent.path, 1, most, f"dashboards: {movement.name}")
    yield made._replace(what=made.what.replace(kind, sent.method, 1))

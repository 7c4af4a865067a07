"""What a JSON Schema cannot say: values that do not go together, and files that are not there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployspec.base.duration import format_duration, parse_duration
from deployspec.base.problems import Problems, listed, shown, suggestion
from deployspec.deployment.requests import placeholders, writes
from deployspec.deployment.values import Steps, Values

FAULTS = ("redis-stopped", "redis-hung", "postgres-stopped", "postgres-hung")
"""The faults that a check injects (``checks/test_health.py``)."""
LONGEST_LOAD = 7 * 24 * 3600
"""Seconds that a load run may be planned to take, warm-up included."""
MOST_REQUESTS = 50_000_000
"""Requests that a load run may have, warm-up included: what is counted of them has to fit into memory."""
_HEADERS: tuple[Steps, ...] = (
    ("headers",),
    ("prometheus", "headers"),
)
_FILES: tuple[Steps, ...] = (
    ("ca",),
    ("health", "schema"),
    ("rules", "alertmanager"),
    ("rules", "routing"),
    ("load", "locustfile"),
)


def check_consistency(data: Mapping[str, Any], values: Values, folder: Path, problems: Problems) -> None:
    """Note what does not go together in ``data``: those parts that are valid by the schema, defaults filled in."""
    check = _Check(data, values, problems)
    for path in _HEADERS:
        check.headers(path)
    check.unique_names("logs")
    check.unique_names("load", "requests")
    check.files(folder)
    if data.get("health") is not None:
        check.health(data["health"])
    check.faults()
    for index, source in enumerate(data.get("logs") or ()):
        check.log_source(("logs", index), source)
    if data.get("load") is not None:
        check.load(data["load"])


class _Check:
    def __init__(self, data: Mapping[str, Any], values: Values, problems: Problems) -> None:
        self.data = data
        self.values = values
        self.problems = problems

    def add(self, path: Steps, found: str, expected: str) -> None:
        """Note a problem at ``path``, or at what is nearest to it in the file if it is a default."""
        while path not in self.values.places:
            path = path[:-1]
        self.problems.add(self.values.places[path].position, found, expected)

    def shown(self, path: Steps, default: str) -> str:
        """The value at ``path`` as a message may show it."""
        place = self.values.places.get(path)
        return place.shown if place else default

    def faults(self) -> None:
        """A fault that no check injects would be a promise that nobody looks at."""
        for steps, position in self.values.keys.items():
            if len(steps) == 2 and steps[0] == "faults" and steps[1] not in FAULTS and "faults" in self.data:
                near = suggestion(str(steps[1]), FAULTS)
                hint = f"; did you mean {near}?" if near else ""
                found = f"the fault {shown(str(steps[1]))}, which no check injects"
                self.problems.add(position, found, listed(FAULTS) + hint)

    def headers(self, path: Steps) -> None:
        names: dict[str, str] = {}
        for steps, position in self.values.keys.items():
            if steps[:-1] == path and path[0] in self.data:
                name = str(steps[-1])
                first = names.setdefault(name.lower(), name)
                if first != name:
                    found = f"the header {name}, which is {first} again"
                    self.problems.add(position, found, "each header once: capitals make no difference")

    def unique_names(self, *path: str) -> None:
        items: Any = self.data
        for step in path:
            items = items.get(step) if items else None
        seen: set[str] = set()
        for index, item in enumerate(items or ()):
            if item["name"] in seen:
                own: Steps = (*path, index, "name")
                self.add(
                    own, f"the name {self.shown(own, '')} for the second time", "a name of its own for each"
                )
            seen.add(item["name"])

    def files(self, folder: Path) -> None:
        for path in _FILES:
            value: Any = self.data
            for step in path:
                value = value.get(step) if value else None
            self.file(path, value, folder)
        for index, source in enumerate(self.data.get("logs") or ()):
            own: Steps = ("logs", index)
            self.file((*own, "schema"), source.get("schema"), folder)
            for kind, by_name in source.get("schemas", {}).items():
                for name, value in by_name.items():
                    self.file((*own, "schemas", kind, name), value, folder)

    def file(self, path: Steps, value: str | None, folder: Path) -> None:
        if value is not None and not os.path.isfile(os.path.join(folder, value)):  # noqa: PTH113, PTH118
            # os.path answers False where pathlib raises: on a name that is too long.
            self.add(
                path,
                f"{self.shown(path, '')}, and there is no such file",
                "a file's path, from this file's folder",
            )

    def log_source(self, path: Steps, source: Mapping[str, Any]) -> None:
        levels = source["levels"]
        for key in ("log_level", "error_level"):
            if source.get(key) is not None:
                advice = "" if (*path, key) in self.values.places else "; say which with error_level"
                self.one_of((*path, key), source[key], levels, f"{key}'s default, ERROR", "levels", advice)
        for key in ("timeout", "prefix"):
            if (*path, key) in self.values.keys and "command" not in source:
                self.problems.add(
                    self.values.keys[*path, key],
                    f"{key}, and the source has no command",
                    f"{key} only beside command",
                )
        names = [other["name"] for other in self.data["logs"] if other is not source]
        for index, name in enumerate(source.get("errors_of", ())):
            own = (*path, "errors_of", index)
            self.one_of(own, name, names, "", "the names of the other sources")

    def load(self, load: Mapping[str, Any]) -> None:
        """A request that writes where nothing may be written, or whose path wants what no request keeps."""
        own: Steps
        requests = load["requests"]
        rate, warm_up = load["arrival_rate"], load["warm_up"]
        takes = max(0.0 if warm_up is None else parse_duration(warm_up), load["warm_up_requests"] / rate)
        takes += parse_duration(load["duration"])
        own = ("load", "arrival_rate")
        if takes > LONGEST_LOAD:
            found = f"{self.shown(own, '')}, with which the load run takes {takes / 86400:.3g} days, warm-up included"
            self.add(own, found, "at most 7 days: a shorter duration, or fewer warm_up_requests")
        elif takes * rate > MOST_REQUESTS:
            found = f"{self.shown(own, '')}, with which the load run has {takes * rate:,.0f} requests, warm-up included"
            self.add(own, found, f"at most {MOST_REQUESTS:,}: a lower rate, or a shorter duration")
        if load["max_in_flight"] < load["processes"]:
            own = ("load", "max_in_flight")
            found = f"{self.shown(own, 'its default')}, which is less than processes"
            self.add(own, found, f"at least {load['processes']}: each process has a share of it")
        kept = [request["name"] for request in requests if "keep" in request]
        for index, request in enumerate(requests):
            own = ("load", "requests", index)
            if "keep" in request and placeholders(request["path"]):
                found = "a {NAME} in the path of a request that keeps something itself"
                self.add((*own, "path"), found, "a path without one: such requests could wait for each other")
            self.headers((*own, "headers"))
            if writes(request) and "write" not in self.data.get("allow", ()):
                found = f"a request that writes ({request['method']}), and allow has no write"
                self.add(
                    (*own, "method"), found, "allow: [load, write], or writes: false if it changes nothing"
                )
            for name in placeholders(request["path"]):
                if name not in kept:
                    near = suggestion(name, kept)
                    hint = f"; did you mean {near}?" if near else ""
                    found = f"{{{shown(name)}}}, and no request of that name keeps anything"
                    self.add((*own, "path"), found, f"the name of a request with keep{hint}")

    def one_of(
        self, path: Steps, value: str, known: list[str], default: str, where: str, advice: str = ""
    ) -> None:
        if value not in known:
            near = suggestion(value, known)
            hint = f"; did you mean {near}?" if near else advice
            expected = (listed(known) if known else "another source") + hint
            self.add(path, f"{self.shown(path, default)}, which is not in {where}", expected)

    def health(self, health: Mapping[str, Any]) -> None:
        fields = health["fields"]
        parts = fields["parts"] or []
        longest, limit = health.get("max_response_time"), health["timeout"]
        if longest is not None and parse_duration(longest) > parse_duration(limit):
            own = ("health", "max_response_time")
            told = self.shown(("health", "timeout"), f"its default, {format_duration(parse_duration(limit))}")
            self.add(
                own,
                f"{self.shown(own, '')}, which is longer than timeout",
                f"at most timeout ({told}), or a longer timeout",
            )
        if health.get("expect_version") is not None and fields["version"] is None:
            found = "expect_version, and health.fields.version is null"
            self.add(("health", "expect_version"), found, "the name of the field that has the version")
        depth = fields["queue_depth"]
        if depth is not None and depth["part"] is not None:
            self.part(("health", "fields", "queue_depth", "part"), depth["part"], parts, "queue_depth")
        for name, fault in (self.data.get("faults") or {}).items():
            if fault.get("part") is not None:
                self.part(("faults", name, "part"), fault["part"], parts, "part")

    def part(self, path: Steps, part: str, parts: list[str], key: str) -> None:
        if part in parts:
            return
        shown = self.shown(path, f"{key}'s default part, {part}")
        expected = listed(parts) if parts else "no part, for health.fields.parts is null"
        near = suggestion(part, parts)
        if near:
            expected += f"; did you mean {near}?"
        if path not in self.values.places:
            expected += "; say queue_depth: null if the answer has no such field"
        self.add(path, f"{shown}, which is not in health.fields.parts", expected)

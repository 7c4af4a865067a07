"""The deployment file's parts ``health`` and ``faults``. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.duration import format_duration, parse_duration
from deployspec.base.places import Places
from deployspec.base.problems import listed, shown, suggestion
from deployspec.chapters.health.model import HealthFields, Promised, QueueDepth
from deployspec.deployment import Check, Part, Steps

INJECTED = ("redis-stopped", "redis-hung", "postgres-stopped", "postgres-hung")
"""The faults that a check of this chapter injects."""


@dataclass(frozen=True, kw_only=True)
class Health(Promised):
    """The health endpoint and what is promised of it."""

    schema: Path | Mapping[str, object] | None
    """The JSON Schema of the answer's body: its file, or itself. None: nothing is promised of the body."""


def _health(part: Mapping[str, Any], folder: Path) -> Health:
    fields = part["fields"]
    longest = part.get("max_response_time")
    return Health(
        path=part["path"],
        timeout=parse_duration(part["timeout"]),
        max_response_time=None if longest is None else parse_duration(longest),
        expect_version=part.get("expect_version"),
        retries=part["retries"],
        calls=part["calls"],
        concurrency=part["concurrency"],
        max_clock_skew=parse_duration(part["max_clock_skew"]),
        recovery=parse_duration(part["recovery"]),
        schema=folder / part["schema"] if isinstance(part.get("schema"), str) else part.get("schema"),
        fields=HealthFields(
            ok=fields["ok"],
            parts=tuple(fields["parts"] or ()),
            queue_depth=None if fields["queue_depth"] is None else QueueDepth(**fields["queue_depth"]),
            time=fields["time"],
            version=fields["version"],
        ),
    )


def _check(check: Check, data: Mapping[str, Any]) -> None:
    health = data["health"]
    fields = health["fields"]
    parts = fields["parts"] or []
    longest, limit = health.get("max_response_time"), health["timeout"]
    if longest is not None and parse_duration(longest) > parse_duration(limit):
        own = ("health", "max_response_time")
        limit_text = check.shown(
            ("health", "timeout"), f"its default, {format_duration(parse_duration(limit))}"
        )
        check.add(
            own,
            f"{check.shown(own, '')}, which is longer than timeout",
            f"at most timeout ({limit_text}), or a longer timeout",
        )
    if health.get("expect_version") is not None and fields["version"] is None:
        found = "expect_version, and health.fields.version is null"
        check.add(("health", "expect_version"), found, "the name of the field that has the version")
    depth = fields["queue_depth"]
    if depth is not None and depth["part"] is not None:
        _part(check, ("health", "fields", "queue_depth", "part"), depth["part"], parts, "queue_depth")
    for name, fault in (data.get("faults") or {}).items():
        if fault.get("part") is not None:
            _part(check, ("faults", name, "part"), fault["part"], parts, "part")


def _part(check: Check, path: Steps, part: str, parts: list[str], key: str) -> None:
    if part in parts:
        return
    shown = check.shown(path, f"{key}'s default part, {part}")
    expected = listed(parts) if parts else "no part, because health.fields.parts is null"
    near = suggestion(part, parts)
    if near:
        expected += f"; did you mean {near}?"
    if path not in check.values.places:
        expected += "; set queue_depth: null if the answer has no such field"
    check.add(path, f"{shown}, which is not in health.fields.parts", expected)


def _complete(said: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """The guide's schema is for the guide's fields; who names others promises those, and nothing else of the body."""
    if "schema" in part:
        return part
    if "fields" not in said:
        return {**part, "schema": str(Places(Path()).health_schema)}
    return {**part, "schema": {"type": "object"}} if any(part["fields"].values()) else part


HEALTH = Part("health", _health, _check, _complete)


@dataclass(frozen=True)
class Fault:
    """A deliberate misbehaviour: the commands that cause and end it, each a program and its arguments."""

    name: str
    inject: tuple[str, ...] = field(repr=False)
    """Commands may hold credentials, so they are kept out of ``repr``."""
    restore: tuple[str, ...] = field(repr=False)
    timeout: float
    """Of each of the two."""
    part: str | None


def _faults(part: Mapping[str, Any], _folder: Path) -> Mapping[str, Fault]:
    return MappingProxyType({name: _fault(name, fault) for name, fault in part.items()})


def _fault(name: str, part: Mapping[str, Any]) -> Fault:
    inject, restore = tuple(part["inject"]), tuple(part["restore"])
    return Fault(name, inject, restore, parse_duration(part["timeout"]), part.get("part"))


def _check_faults(check: Check, _data: Mapping[str, Any]) -> None:
    """A fault that no check injects would be a promise that nobody looks at."""
    for steps, position in check.values.keys.items():
        if len(steps) == 2 and steps[0] == "faults" and steps[1] not in INJECTED:
            near = suggestion(str(steps[1]), INJECTED)
            hint = f"; did you mean {near}?" if near else ""
            found = f"the fault {shown(str(steps[1]))}, which no check injects"
            check.problems.add(position, found, listed(INJECTED) + hint)


FAULTS = Part("faults", _faults, _check_faults)

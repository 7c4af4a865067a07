"""The deployment file's parts ``health`` and ``faults``. Durations are in seconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.duration import format_duration, parse_duration
from deployspec.base.places import Places
from deployspec.base.problems import did_you_mean, listed
from deployspec.chapters.health import forms
from deployspec.chapters.health.model import (
    Clock,
    EachPart,
    Flag,
    HealthFields,
    Pointer,
    Promised,
    QueueDepth,
    Statuses,
    Version,
)
from deployspec.deployment import Check, Part, Steps

GUIDE_PARTS = {
    "redis-stopped": "redis",
    "redis-hung": "redis",
    "postgres-stopped": "db",
    "postgres-hung": "db",
}
"""The guide's faults: which part each takes down, where the deployment file does not say."""
_REDIRECTS = (301, 302, 303, 307, 308)
_DURATIONS = ("timeout", "max_response_time", "max_clock_skew", "recovery")


@dataclass(frozen=True, kw_only=True)
class Health(Promised):
    """One health endpoint and what is promised of it."""

    name: str
    """Its name among several; empty where there is one."""
    schema: Path | Mapping[str, object] | None
    """The JSON Schema of the answer's body: its file, or itself. None: nothing is promised of the body."""


def _health(part: Mapping[str, Any], folder: Path) -> tuple[Health, ...]:
    if "endpoints" in part:
        return tuple(_endpoint(name, one, folder) for name, one in part["endpoints"].items())
    return (_endpoint("", part, folder),)


def _endpoint(name: str, part: Mapping[str, Any], folder: Path) -> Health:
    schema, allowed, depends_on = part.get("schema"), part.get("content_type"), part.get("depends_on")
    durations = {key: None if part.get(key) is None else parse_duration(part[key]) for key in _DURATIONS}
    return Health(
        name=name,
        path=part["path"],
        **durations,  # type: ignore[arg-type]  # those that may not be None have defaults
        expect_version=part.get("expect_version"),
        retries=part["retries"],
        calls=part["calls"],
        concurrency=part["concurrency"],
        status=Statuses(**{key: tuple(value) for key, value in part["status"].items()}),
        body=part["body"],
        content_type=None if allowed is None else tuple(allowed),
        expect_text=part.get("expect_text"),
        schema=folder / schema if isinstance(schema, str) else schema,
        fields=fields_of(part["fields"]),
        depends_on=None if depends_on is None else tuple(depends_on),
    )


def fields_of(said: Mapping[str, Any]) -> HealthFields:
    """The fields, as the deployment file says them, short forms among them."""
    parts, depth, time, version = (said[key] for key in ("parts", "queue_depth", "time", "version"))
    each = parts if isinstance(parts, Mapping) and "each" in parts else None
    if isinstance(parts, list):
        parts = {name: {"at": _escaped(name)} for name in parts}
    return HealthFields(
        ok=None if said["ok"] is None else _flag("", said["ok"]),
        parts=() if parts is None or each else tuple(_flag(name, one) for name, one in parts.items()),
        each=None if each is None else _each(each),
        queue_depth=None if depth is None else QueueDepth(_pointer(depth["field"]), depth.get("part")),
        time=None if time is None else Clock(**_placed(time)),
        version=None if version is None else Version(**_placed(version)),
    )


def _flag(name: str, said: str | Mapping[str, Any]) -> Flag:
    said = _placed(said)
    return Flag(name or said["at"].name, said["at"], tuple(said.get("healthy", (True,))))


def _each(said: Mapping[str, Any]) -> EachPart:
    name = said.get("name")
    return EachPart(
        _pointer(said["each"]),
        None if name is None else _pointer(name),
        _pointer(said.get("at", "")),
        tuple(said.get("healthy", (True,))),
    )


def _placed(said: str | Mapping[str, Any]) -> dict[str, Any]:
    said = {"at": said} if isinstance(said, str) else said
    return {**said, "at": _pointer(said["at"])}


def _pointer(text: str) -> Pointer:
    """A JSON pointer (RFC 6901), or a field's name."""
    if not text.startswith("/"):
        return Pointer((text,) if text else ())
    return Pointer(tuple(step.replace("~1", "/").replace("~0", "~") for step in text[1:].split("/")))


def _escaped(name: str) -> str:
    """A field's name as a pointer to it."""
    return f"/{name.replace('~', '~0').replace('/', '~1')}"


def _complete(said: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the file means by what it says: of each endpoint, if it has several, all keys."""
    below = forms.described(said)
    if "endpoints" not in said:
        return _completed(said, part, below)
    general = {key: value for key, value in part.items() if key not in (*forms.KEYS, "form", "endpoints")}
    endpoints = {}
    for name, one in said["endpoints"].items():
        own = "form" in one
        inherited = {key: value for key, value in general.items() if not own or key != "depends_on"}
        meant = forms.described(one, below)
        endpoints[name] = _completed(one if own else {**said, **one}, {**inherited, **one}, meant)
    return {**part, "endpoints": endpoints}


def _completed(said: Mapping[str, Any], part: Mapping[str, Any], meant: dict[str, Any]) -> dict[str, Any]:
    if "schema" not in meant:
        guides = meant["fields"] == forms.FORMS[forms.DEAL_SCOUT]["fields"] and "fields" not in said
        meant["schema"] = str(Places(Path()).health_schema) if guides else _schema(fields_of(meant["fields"]))
    if meant["body"] != "json":
        meant["schema"] = None
    return {**part, **meant}


def _schema(fields: HealthFields) -> dict[str, object] | None:
    """The type of the whole body, where fields are named: what is wrong with each is said beside the schema."""
    if any(not one.steps for one in fields.pointers):
        return {"type": ["string", "number", "boolean", "object", "array"]}
    if fields.pointers or (fields.each is not None and fields.each.each.steps):
        return {"type": "object"}
    return None if fields.each is None else {"type": ["array", "object"]}


def _check(check: Check, data: Mapping[str, Any]) -> None:
    health = data["health"]
    if "endpoints" in health:
        if ("health", "path") in check.values.places:
            found = "path beside endpoints, each of which has its own"
            check.add(("health", "path"), found, "the path in one of the endpoints")
        if not _check_general(check, health):
            for name, one in health["endpoints"].items():
                _check_endpoint(check, ("health", "endpoints", name), one)
    else:
        _check_endpoint(check, ("health",), health)
    parts, open_ = _all_parts(health)
    for name, fault in (data.get("faults") or {}).items():
        if fault.get("part") is not None and not open_:
            _known_part(check, ("faults", name, "part"), fault["part"], parts, "part")


def _check_general(check: Check, health: Mapping[str, Any]) -> bool:
    """Note what is said of all endpoints and fits none. Whether something does not fit the body that is meant there."""
    version = ("health", "expect_version")
    without = all(one["fields"]["version"] is None for one in health["endpoints"].values())
    if without and version in check.values.places:
        found = "expect_version, and no endpoint has a fields.version"
        check.add(version, found, "where the version is")
    general = forms.described(check.values.at(("health",)))
    # A status may be for endpoints that have another body.
    unfit = [one for one in _unfit(check, ("health",), general) if one[2][1] != "status"]
    for found, expected, steps in unfit:
        check.add(steps, found, expected)
    return bool(unfit)


def endpoints_of(health: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """The endpoints of the part's data, by name; by an empty one where there is one."""
    found: Mapping[str, Mapping[str, Any]] = health.get("endpoints", {"": health})
    return found


def _all_parts(health: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The parts that the endpoints name, and whether there may be others."""
    named: list[str] = []
    open_ = False
    for one in endpoints_of(health).values():
        parts = one["fields"]["parts"]
        each = isinstance(parts, Mapping) and "each" in parts
        open_ = open_ or each
        named += [] if each else [name for name in parts or () if name not in named]
        named += [name for name in one.get("depends_on") or () if name not in named]
    return named, open_


def _check_endpoint(check: Check, at: Steps, health: Mapping[str, Any]) -> None:
    fields = health["fields"]
    longest, limit = health.get("max_response_time"), health["timeout"]
    if longest is not None and parse_duration(longest) > parse_duration(limit):
        own = _own(check, at, "max_response_time")
        limit_text = check.shown(
            _own(check, at, "timeout"), f"its default, {format_duration(parse_duration(limit))}"
        )
        check.add(
            own,
            f"{check.shown(own, '')}, which is longer than timeout",
            f"at most timeout ({limit_text}), or a longer timeout",
        )
    version = (*at, "expect_version")
    if version in check.values.places and fields["version"] is None:
        found = f"expect_version, and {_dotted(at)}.fields.version is null"
        check.add(version, found, "where the version is")
    for found, expected, steps in _unfit(check, at, health):
        check.add(steps, found, expected)
    parts = fields["parts"]
    if isinstance(parts, Mapping) and "each" in parts:
        for key in parts.keys() - {"each", "name", "at", "healthy"}:
            found = f"the part {key} beside each, which says where all parts are"
            check.add((*at, "fields", "parts", key), found, f"each, or {key}")
        return
    depth = fields["queue_depth"]
    if depth is not None and depth.get("part") is not None:
        own = (*at, "fields", "queue_depth", "part")
        _known_part(check, own, depth["part"], list(parts or ()), "queue_depth")
    if parts:
        for index, part in enumerate(health.get("depends_on") or ()):
            _known_part(check, (*at, "depends_on", index), part, list(parts), "depends_on")


def _own(check: Check, at: Steps, key: str) -> Steps:
    """Where a key of an endpoint is said: by itself, or for all of them."""
    return (*at, key) if (*at, key) in check.values.places else ("health", key)


def _dotted(at: Steps) -> str:
    return ".".join(map(str, at))


def _unfit(check: Check, at: Steps, health: Mapping[str, Any]) -> Iterator[tuple[str, str, Steps]]:
    """What does not go with the kind of body, or with the other statuses."""
    said, body = check.values.places, health["body"]
    status = health["status"]
    both = [one for one in status["healthy"] if one in status["unhealthy"]]
    if both:
        found = f"the status {both[0]} as healthy and as unhealthy"
        yield found, "each status once", (*at, "status")
    if led := [one for key in ("healthy", "unhealthy") for one in status[key] if one in _REDIRECTS]:
        expected = "the status of the answer to which it leads, because redirects are followed"
        yield f"the status {led[0]}, a redirect", expected, (*at, "status")
    if body != "none" and set(status["healthy"]) <= {204, 205}:
        expected = "body: none, or another status"
        yield (
            f"a body of {body} with status {status['healthy'][0]}, which has none",
            expected,
            (*at, "status"),
        )
    if health.get("expect_text") is not None and body != "text":
        yield f"expect_text with a body of {body}", "body: text, or no expect_text", (*at, "expect_text")
    if body == "json":
        return
    own = (*at, "schema")
    if own in said and check.values.at(own) is not None:
        yield f"a JSON Schema for a body of {body}", "body: json, or no schema", own
    for key, value in health["fields"].items():
        elsewhere = key == "version" and isinstance(value, Mapping) and "path" in value
        if value is not None and not elsewhere:
            advice = "; expect_text can say what a healthy text is" if body == "text" else ""
            yield (
                f"the field {key} in a body of {body}",
                f"body: json, or null{advice}",
                (*at, "fields", key),
            )


def _known_part(check: Check, path: Steps, part: str, parts: list[str], key: str) -> None:
    if part in parts:
        return
    shown = check.shown(path, f"{key}'s default part, {part}")
    expected = listed(parts) if parts else "no part, because health.fields.parts is null"
    expected += did_you_mean(part, parts)
    if path not in check.values.places:
        expected += "; set queue_depth: null if the answer has no such field"
    check.add(path, f"{shown}, which is not in health.fields.parts", expected)


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
    """The part that it takes down; None: no one part."""
    expect_status: int | None = None


def _faults(part: Mapping[str, Any], _folder: Path) -> Mapping[str, Fault]:
    return MappingProxyType({name: _fault(name, fault) for name, fault in part.items()})


def _fault(name: str, part: Mapping[str, Any]) -> Fault:
    return Fault(
        name,
        tuple(part["inject"]),
        tuple(part["restore"]),
        parse_duration(part["timeout"]),
        part.get("part", GUIDE_PARTS.get(name)),
        part.get("expect_status"),
    )


FAULTS = Part("faults", _faults)

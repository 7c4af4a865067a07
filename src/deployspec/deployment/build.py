"""From valid data to the model."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.duration import parse_duration
from deployspec.base.secret import Secret
from deployspec.deployment import model
from deployspec.deployment.requests import writes
from deployspec.deployment.schema import Schema, below, schema
from deployspec.deployment.values import Values

_HARMLESS_HEADERS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "user-agent",
}
_HARMLESS_VALUES = {"true", "false", "null", "none"}
_TELLING_NAME = re.compile(
    r"token|secret|passw|pwd|credential|auth|api_?key|private|signature|dsn", re.IGNORECASE
)
_PASSWORD = re.compile(r"://[^/?#\s@:]*:([^/?#\s]*)@")


def with_defaults(data: Mapping[str, Any]) -> dict[str, Any]:
    """A document's valid data with the schema's defaults wherever a key is absent."""
    filled: dict[str, Any] = _filled(data, schema())
    return filled


def _filled(data: Any, place: Schema) -> Any:
    if isinstance(data, Mapping):
        absent = {
            key: sub["default"]
            for key, sub in place.get("properties", {}).items()
            if "default" in sub and key not in data
        }
        return {key: _filled(value, below(place, key)) for key, value in {**data, **absent}.items()}
    if isinstance(data, list):
        return [_filled(item, below(place, index)) for index, item in enumerate(data)]
    return data


def build(data: Mapping[str, Any], values: Values, path: Path) -> model.Deployment:
    """The deployment of valid ``data`` whose defaults are filled in."""
    folder = path.parent
    return model.Deployment(
        name=path.stem,
        path=path,
        base_url=_url(data["base_url"]).rstrip("/"),
        headers=_headers(data),
        ca=folder / data["ca"] if "ca" in data else None,
        allow=frozenset(data["allow"]),
        health=_health(data["health"], folder) if "health" in data else None,
        faults=MappingProxyType(
            {name: _fault(name, fault) for name, fault in data.get("faults", {}).items()}
        ),
        prometheus=_prometheus(data["prometheus"]) if "prometheus" in data else None,
        rules=_rules(data["rules"], folder) if data.get("rules") else None,
        slos=model.Slos(_patterns(data["slos"]["files"], folder)) if data.get("slos") else None,
        logs=tuple(_log_source(source, folder) for source in data.get("logs", ())),
        load=_load(data["load"], folder) if "load" in data else None,
        known_secrets=tuple(Secret(value) for value in sorted(_secrets(data, values))),
    )


def _url(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return scheme.lower() + separator + rest


def _headers(part: Mapping[str, Any]) -> model.Headers:
    return MappingProxyType({name: Secret(value) for name, value in part.get("headers", {}).items()})


def _health(part: Mapping[str, Any], folder: Path) -> model.Health:
    fields = part["fields"]
    longest = part.get("max_response_time")
    return model.Health(
        path=part["path"],
        timeout=parse_duration(part["timeout"]),
        max_response_time=None if longest is None else parse_duration(longest),
        expect_version=part.get("expect_version"),
        retries=part["retries"],
        calls=part["calls"],
        concurrency=part["concurrency"],
        max_clock_skew=parse_duration(part["max_clock_skew"]),
        recovery=parse_duration(part["recovery"]),
        schema=folder / part["schema"] if "schema" in part else None,
        fields=model.HealthFields(
            ok=fields["ok"],
            parts=None if fields["parts"] is None else tuple(fields["parts"]),
            queue_depth=None if fields["queue_depth"] is None else model.QueueDepth(**fields["queue_depth"]),
            time=fields["time"],
            version=fields["version"],
        ),
    )


def _fault(name: str, part: Mapping[str, Any]) -> model.Fault:
    inject, restore = tuple(part["inject"]), tuple(part["restore"])
    return model.Fault(name, inject, restore, parse_duration(part["timeout"]), part.get("part"))


def _prometheus(part: Mapping[str, Any]) -> model.Prometheus:
    exporters = part.get("exporters")
    return model.Prometheus(
        url=_url(part["url"]).rstrip("/"),
        headers=_headers(part),
        window=parse_duration(part["window"]),
        exporters=None if exporters is None else tuple(exporters),
    )


def _rules(part: Mapping[str, Any], folder: Path) -> model.Rules:
    return model.Rules(
        files=_patterns(part["files"], folder),
        tests=_patterns(part.get("tests", ()), folder),
        **{
            key: folder / part[key] if key in part else None
            for key in ("runbooks", "alertmanager", "routing")
        },
    )


def _patterns(patterns: Iterable[str], folder: Path) -> tuple[str, ...]:
    base = Path(glob.escape(str(folder.absolute())))
    return tuple(str(base / pattern) for pattern in patterns)


def _log_source(part: Mapping[str, Any], folder: Path) -> model.LogSource:
    files, freshness, schemas = part.get("files"), part.get("freshness"), part.get("schemas", {})
    return model.LogSource(
        name=part["name"],
        files=None if files is None else _patterns(files, folder),
        command=tuple(part["command"]) if "command" in part else None,
        source=part.get("source"),
        timeout=parse_duration(part["timeout"]),
        prefix=part.get("prefix"),
        fields=model.LogFields(**part["fields"]),
        levels=tuple(part["levels"]),
        log_level=part.get("log_level"),
        error_level=part["error_level"],
        freshness=None if freshness is None else parse_duration(freshness),
        errors_of=tuple(part.get("errors_of", ())),
        request_scoped=tuple(part.get("request_scoped", ())),
        schema=folder / part["schema"] if "schema" in part else None,
        schemas=model.LogSchemas(
            *(
                MappingProxyType({name: folder / path for name, path in schemas.get(key, {}).items()})
                for key in ("logger", "event")
            )
        ),
        allow_secrets=tuple(part.get("allow_secrets", ())),
        access=_access(part["access"]) if "access" in part else None,
        jobs=_jobs(part["jobs"]) if "jobs" in part else None,
    )


def _access(part: Mapping[str, Any]) -> model.Access:
    fields = model.AccessFields(**part["fields"])
    return model.Access(part["path"], part["header"], parse_duration(part["within"]), fields)


def _jobs(part: Mapping[str, Any]) -> model.Jobs:
    return model.Jobs(**{**part, "within": parse_duration(part["within"])})


def _load(part: Mapping[str, Any], folder: Path) -> model.Load:
    warm_up = part["warm_up"]
    return model.Load(
        arrival_rate=part["arrival_rate"],
        poisson=part["arrivals"] == "poisson",
        duration=parse_duration(part["duration"]),
        warm_up=0.0 if warm_up is None else parse_duration(warm_up),
        warm_up_requests=part["warm_up_requests"],
        seed=part.get("seed"),
        timeout=parse_duration(part["timeout"]),
        max_in_flight=part["max_in_flight"],
        new_connections=part["new_connections"],
        processes=part["processes"],
        abort_on_breach=part["abort_on_breach"],
        locustfile=folder / part["locustfile"] if "locustfile" in part else None,
        requests=tuple(map(_load_request, part["requests"])),
    )


def _load_request(part: Mapping[str, Any]) -> model.LoadRequest:
    statuses = part.get("expect_status")
    return model.LoadRequest(
        name=part["name"],
        method=part["method"],
        path=part["path"],
        weight=part["weight"],
        headers=_headers(part),
        body=part.get("body"),
        writes=writes(part),
        keep=part.get("keep"),
        expect_status=None if statuses is None else tuple(statuses),
        expect_text=part.get("expect_text"),
    )


def _secrets(data: Mapping[str, Any], values: Values) -> set[str]:
    """All that must not be seen: values at secret places, their telling pieces, and variables that say so."""
    variables = values.from_variables
    found = {
        value
        for name, value in variables.items()
        if name in values.secret_variables or _TELLING_NAME.search(name)
    }
    for name, value in _all_headers(data):
        if name.lower() not in _HARMLESS_HEADERS:
            found |= {value, *_credentials(value)}
    for text in _texts(data):
        found |= set(_PASSWORD.findall(text))
    return {value for value in found if value.lower() not in _HARMLESS_VALUES}


def _all_headers(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part in (data, data.get("prometheus", {}), *data.get("load", {}).get("requests", ())):
        yield from part.get("headers", {}).items()


def _credentials(value: str) -> Iterator[str]:
    """The token after ``Bearer`` or another scheme; of ``Basic`` also what it encodes, and the password in it."""
    scheme, _, token = value.partition(" ")
    if not token.strip():
        return
    yield token.strip()
    if scheme.lower() == "basic":
        import base64

        try:
            decoded = base64.b64decode(token.strip(), validate=True).decode()
        except ValueError:
            return
        yield decoded
        yield decoded.partition(":")[2]


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, (dict, list)):
        for item in data.values() if isinstance(data, dict) else data:
            yield from _texts(item)

"""From valid data to the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deployspec.base.secret import Secret
from deployspec.deployment.model import Deployment, proofs_of, replicas_of, root_url
from deployspec.deployment.part import Part, headers_of
from deployspec.deployment.schema import Schema, below
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


def with_defaults(data: Any, place: Schema) -> Any:
    """Valid data with the schema's defaults wherever a key is absent."""
    if isinstance(data, Mapping):
        absent = {
            key: sub["default"]
            for key, sub in place.get("properties", {}).items()
            if "default" in sub and key not in data
        }
        return {key: with_defaults(value, below(place, key)) for key, value in {**data, **absent}.items()}
    if isinstance(data, list):
        return [with_defaults(item, below(place, index)) for index, item in enumerate(data)]
    return data


def build(
    data: Mapping[str, Any], values: Values, path: Path, parts: Iterable[Part[Any]], schema: Schema
) -> Deployment:
    """The deployment of valid ``data`` whose defaults are filled in."""
    folder = path.parent
    return Deployment(
        name=path.stem,
        path=path,
        base_url=root_url(data["base_url"]),
        headers=headers_of(data),
        ca=folder / data["ca"] if "ca" in data else None,
        allow=frozenset(data["allow"]),
        parts=MappingProxyType(
            {part.key: part.build(data[part.key], folder) for part in parts if part.key in data}
        ),
        schema=schema,
        data=data,
        secret_variables=MappingProxyType(
            {
                name: Secret(value)
                for name, value in _secret_variables(values).items()
                if name in values.set_variables
            }
        ),
        known_secrets=tuple(Secret(value) for value in sorted(_secrets(data, values))),
        replicas=replicas_of(data),
        **proofs_of(data, folder),
    )


def _secrets(data: Mapping[str, Any], values: Values) -> set[str]:
    """All that must not be seen: values at secret places, their telling pieces, and variables that say so."""
    found = set(_secret_variables(values).values())
    for path, place in values.places.items():
        if place.schema.get("writeOnly") and isinstance(value := values.at(path), str):
            found.add(value)
    for name, value in _all_headers(data):
        if name.lower() not in _HARMLESS_HEADERS:
            found |= {value, *_credentials(value)}
    for text in _texts(data):
        found |= set(_PASSWORD.findall(text))
    return {value for value in found if value.lower() not in _HARMLESS_VALUES}


def _secret_variables(values: Values) -> dict[str, str]:
    return {
        name: value
        for name, value in values.from_variables.items()
        if name in values.secret_variables or _TELLING_NAME.search(name)
    }


def _all_headers(data: Any) -> Iterator[tuple[str, str]]:
    """Name and value of every header in the file, whatever part it stands in."""
    for name, value in data.items() if isinstance(data, dict) else ():
        if name == "headers" and isinstance(value, dict):
            yield from value.items()
        elif name == "auth" and isinstance(value, dict):
            yield from ((key, made.reveal()) for key, made in headers_of({"auth": value}).items())
        else:
            yield from _all_headers(value)
    for item in data if isinstance(data, list) else ():
        yield from _all_headers(item)


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

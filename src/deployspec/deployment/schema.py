"""The deployment file's JSON Schema, and the way through it to the place of one value.

Besides JSON Schema's own keywords, this library understands ``default`` (filled in where a key is absent),
``writeOnly`` (everything there is a secret) and the formats in ``FORMATS``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.base import duration, texts
from deployspec.base.errors import UsageError
from deployspec.base.unfit import Unfit
from deployspec.deployment import http

if TYPE_CHECKING:
    from jsonschema_rs import Validator

    from deployspec.model.sink import Sink

Schema = dict[str, Any]
FILE = Path(__file__).with_name("core.schema.json")
_URL = "a URL such as https://deal-scout.example"


def _no_objection(value: str) -> None:
    """``file``, ``folder``, ``pattern``: whether there is one depends on the disk, and is asked elsewhere, as it is whether a
    ``day`` is one."""


FORMATS: dict[str, tuple[Callable[[str], object], str]] = {
    "prometheus-duration": (duration.parse_duration, duration.EXPECTED),
    "base-url": (http.check_base_url, _URL),
    "url": (http.check_url, _URL),
    "path": (http.check_path, "a path such as /health"),
    "header-name": (http.check_header_name, "a header's name"),
    "header-value": (http.check_header_value, "a text; numbers and true need quotes"),
    "token": (http.check_token, "a text; numbers and true need quotes"),
    "file": (_no_objection, "a file's path"),
    "folder": (_no_objection, "a folder's path"),
    "pattern": (_no_objection, "a text"),
    "media-type": (http.check_media_type, "a media type such as text/plain or +json"),
    "pointer": (texts.check_pointer, "a field's name, or a JSON pointer such as /components/db/status"),
    "regex": (texts.check_regex, "a regular expression"),
    "json-text": (texts.check_json, "JSON in quotes"),
    "sink-name": (texts.check_sink_name, "a name of small letters, digits and hyphens, such as gateway"),
    "size": (texts.read_size, texts.EXPECTED_SIZE),
    "moment": (texts.read_moment, texts.EXPECTED_MOMENT),
    "day": (_no_objection, texts.EXPECTED_DAY),
    "day-or-moment": (texts.check_last, texts.EXPECTED_LAST),
    "time-zone": (texts.time_zone, texts.EXPECTED_ZONE),
    "night": (texts.read_night, texts.EXPECTED_NIGHT),
}
"""For each format: what raises :class:`Unfit` for a text that doesn't have it, and what to call it."""
PATHS = ("file", "folder", "pattern")
"""The formats that are relative to the folder of the file in which they are written."""


_PLURALS = {
    "a text": "texts",
    "a number": "numbers",
    "a whole number": "whole numbers",
    "a URL": "URLs",
    "a media type": "media types",
}


def assembled(files: Iterable[Path], sinks: Iterable[Sink] = ()) -> Schema:
    """The schema of the whole file: our own keys, those of the chapters' parts, and what each kind of sink takes, each
    with ``$ref`` followed.

    Raises UsageError where two kinds of sinks say different things of a key: one of them was brought from outside.
    """
    schema: Schema = json.loads(FILE.read_text(encoding="utf-8"))
    for file in files:
        parts = json.loads(file.read_text(encoding="utf-8"))
        schema["$defs"] |= parts.pop("$defs", {})
        schema["properties"] |= parts
    item = schema["properties"]["push"]["items"]
    for sink in sinks:
        own = json.loads(sink.schema.read_text(encoding="utf-8"))
        schema["$defs"] |= own.get("$defs", {})
        for name, place in own["properties"].items():
            if item["properties"].setdefault(name, place) != place:
                raise UsageError(
                    f"the sink {sink.kind}: found {name} in {sink.schema}, of which another sink says something else; "
                    "expected another name, or the very same schema"
                )
        item["properties"]["kind"].setdefault("enum", []).append(sink.kind)
        known = ["name", "kind", *own["properties"]]
        item.setdefault("allOf", []).append(
            {
                "if": {"properties": {"kind": {"const": sink.kind}}, "required": ["kind"]},
                "then": {"required": own.get("required", []), "propertyNames": {"enum": known}},
            }
        )
    resolved: Schema = _resolved(schema, schema.pop("$defs"))
    return resolved


def _resolved(place: Any, definitions: Schema) -> Any:
    if isinstance(place, list):
        return [_resolved(item, definitions) for item in place]
    if not isinstance(place, dict):
        return place
    found = {key: _resolved(value, definitions) for key, value in place.items() if key != "$ref"}
    if "$ref" in place:
        found = {**_resolved(definitions[place["$ref"].removeprefix("#/$defs/")], definitions), **found}
    return found


def validator(schema: Schema) -> Validator:
    """The schema, compiled."""
    import jsonschema_rs

    formats = {name: _predicate(check) for name, (check, _) in FORMATS.items()}
    return jsonschema_rs.validator_for(schema, formats=formats, validate_formats=True)


def _predicate(check: Callable[[str], object]) -> Callable[[str], bool]:
    def fits(value: str) -> bool:
        try:
            check(value)
        except Unfit:
            return False
        return True

    return fits


def below(place: Schema, step: str | int) -> Schema:
    """The schema of a key's value, or of an item; ``{}`` where nothing is known of it."""
    if isinstance(step, int):
        first = place.get("prefixItems", ())
        found: Schema = first[step] if step < len(first) else place.get("items", {})
        return found
    more = place.get("additionalProperties")
    return place.get("properties", {}).get(step) or (more if isinstance(more, dict) else {})


def types(place: Schema) -> tuple[str, ...]:
    """The JSON types allowed at ``place``; empty where any is."""
    wanted = place.get("type", ())
    return (wanted,) if isinstance(wanted, str) else tuple(wanted)


def expectation(place: Schema) -> str:
    """What is wanted at ``place``, in words."""
    from deployspec.base.problems import listed

    wanted = types(place)
    kinds = [one for one in wanted if one != "null"]
    kind = next(iter(kinds), "")
    text: str
    if "enum" in place:
        text = listed(place["enum"])
    elif len(kinds) > 1:
        each = [expectation({**place, "type": one}) for one in kinds]
        text = f"{', '.join(each[:-1])}, or {each[-1]}"
    elif kind == "string":
        text = FORMATS[place["format"]][1] if "format" in place else "a text"
    elif kind == "integer":
        text = f"a whole number from {place['minimum']} to {place['maximum']}"
    elif kind == "number":
        text = "a number"
        if "exclusiveMinimum" in place:
            text += f" above {place['exclusiveMinimum']}, and at most {place['maximum']}"
    elif kind == "boolean":
        text = "true or false"
    elif kind == "array":
        of = expectation(below(place, 0))
        if of.startswith("a mapping"):
            of = "mappings"
        for one, several in _PLURALS.items():
            of = of.replace(one, several)
        text = f"a list of {of}"
    else:
        keys = None if isinstance(place.get("additionalProperties"), dict) else place.get("properties")
        text = "a mapping with the keys " + listed(keys, "and") if keys else "a mapping of names to values"
    return f"{text}, or null" if "null" in wanted else text


def is_described(place: Schema, dotted: str) -> bool:
    """Whether ``dotted`` names a place below ``place``; items of a list are named by their ``name`` or themselves, and
    a word of several by itself."""
    return place_of(place, dotted) is not None


def place_of(place: Schema, dotted: str) -> Schema | None:
    """What is known of the place that ``dotted`` names below ``place``; None where there is no such place."""
    for step in dotted.split("."):
        if step in place.get("enum", ()):
            place = {}
            continue
        if "array" in types(place) and "object" not in types(place):
            place = below(place, 0)
            if step not in place.get("enum", (step,)):
                return None
            place = {} if "enum" in place or "properties" not in place else place
            continue
        place = below(place, step)
        if not place:
            return None
    return place

"""What the JSON Schema objects to, as problems with positions."""

from __future__ import annotations

import re
from typing import Any

from deployspec.base.problems import MOST_SHOWN, Positioned, Problems, did_you_mean, listed, suggestion
from deployspec.base.unfit import Unfit
from deployspec.deployment.schema import FORMATS, Schema, expectation, types, validator
from deployspec.deployment.values import Place, Steps, Values


def check_shape(values: Values, problems: Problems, schema: Schema) -> set[str]:
    """Note everything that the schema objects to. Returns the top-level keys that hold a problem."""
    errors = sorted(validator(schema).iter_errors(values.data), key=lambda error: _position(error, values))
    problems.not_shown += max(0, len(errors) - MOST_SHOWN)
    for error in errors[:MOST_SHOWN]:
        _Objection(error, values, problems).note()
    paths: list[Steps] = [*(tuple(error.instance_path) for error in errors), *values.spoilt]
    return {str(path[0]) for path in paths if path}


def _position(error: Any, values: Values) -> tuple[int, int]:
    return _at(values.places[tuple(error.instance_path)].position)


def _at(node: Positioned) -> tuple[int, int]:
    return node.line, node.column


NOT_READ = ("alertmanager",)
"""Keys of the design that nothing reads yet: one that was accepted would read as a promise that is kept."""


_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""A key that may be shown."""


class _Objection:
    """One error of the validator. Its own message is never used: it quotes values."""

    def __init__(self, error: Any, values: Values, problems: Problems) -> None:
        self.error = error
        self.values = values
        self.problems = problems
        self.path: Steps = tuple(error.instance_path)
        self.place: Place = values.places[self.path]

    def note(self) -> None:
        if any(self.path[: length + 1] in self.values.spoilt for length in range(len(self.path))):
            return
        kind = self.error.kind
        match kind.name:
            case "additionalProperties":
                unexpected = sorted(kind.unexpected, key=lambda key: _at(self.values.keys[*self.path, key]))
                self.problems.not_shown += max(0, len(unexpected) - MOST_SHOWN)
                for key in unexpected[:MOST_SHOWN]:
                    self.unknown_key(key)
            case "propertyNames":
                self.wrong_name(kind.error.instance)
            case "required":
                self.missing_key(kind.property)
            case "format":
                self.wrong_format(kind.format)
            case "oneOfNotValid" | "oneOfMultipleValid" | "oneOf":
                self.not_exactly_one()
            case "uniqueItems":
                self.repeated_items()
            case "minItems":
                self.add("an empty list", f"{expectation(self.place.schema)}; a list has at least one item")
            case "maxItems":
                most = self.place.schema["maxItems"]
                self.add(f"a list of {len(self.values.at(self.path))} items", f"at most {most}")
            case "minProperties":
                self.add(
                    "an empty mapping", f"{expectation(self.place.schema)}; a mapping has at least one key"
                )
            case "minLength":
                empty = self.place.shown if self.place.shown.startswith("a value from") else "an empty text"
                end = "" if self.place.schema.get("format") == "pointer" else " that is not empty"
                self.add(empty, f"{expectation(self.place.schema)}{end}")
            case _:
                self.wrong_value()

    def add(self, found: str, expected: str, position: Positioned | None = None) -> None:
        self.problems.add(position or self.place.position, found, expected)

    def unknown_key(self, key: str) -> None:
        known = self._own_keys() or list(self.place.schema.get("properties", {}))
        position = self.values.keys[*self.path, key]
        if ":" in key or "=" in key:
            # In `{heartbeat:https://…}` the missing space makes a key of the secret, so it is not quoted.
            self.add("a key with a colon or = in it", "a space after the colon, as in key: value", position)
            return
        if not self.path and key in NOT_READ:
            self.add(f"the key {key}, which this version does not read", "a file without it", position)
            return
        word = key if _WORD.fullmatch(key) else ""
        expected = f"one of the keys {listed(known)}{did_you_mean(key, known)}"
        self.add(f"the unknown key {word}".rstrip(), expected, position)

    def wrong_name(self, name: str) -> None:
        position = self.values.keys[*self.path, name]
        if "propertyNames" not in self.place.schema:
            self.key_of_another_kind(name, position)
            return
        self.values.spoilt.add((*self.path, name))
        if self.place.schema["propertyNames"].get("format"):
            try:
                FORMATS["header-name"][0](name)
            except Unfit as unfit:
                self.add(unfit.found, unfit.expected, position)
            return
        self.add(
            "a name of another form",
            "small letters and digits, joined by hyphens, as in redis-hung",
            position,
        )

    def key_of_another_kind(self, name: str, position: Positioned) -> None:
        properties = self.place.schema["properties"]
        if name not in properties:
            return  # an unknown key, which is told already
        kind = self.values.at((*self.path, "kind"))
        own = listed(self._own_keys())
        self.add(f"the key {name}, which a {kind} does not have", f"one of the keys {own}", position)

    def _own_keys(self) -> list[str]:
        """The keys of its kind; none where it is of no kind, or of an unknown one."""
        kind = self.values.at(self.path).get("kind")
        for branch in self.place.schema.get("allOf", ()):
            if branch["if"]["properties"]["kind"]["const"] == kind:
                return list(branch["then"]["propertyNames"]["enum"])
        return []

    def missing_key(self, key: str) -> None:
        known = self.place.schema["properties"]
        beside = (steps[-1] for steps in self.values.keys if steps[:-1] == self.path)
        if any(suggestion(str(name), known) == key for name in beside if name not in known):
            return  # the unknown key beside it is told already, with this one suggested
        self.add(f"no key {key}", f"{key}: {expectation(self.place.schema['properties'][key])}")

    def wrong_format(self, name: str) -> None:
        check, _ = FORMATS[name]
        try:
            check(str(self.values.at(self.path)))
        except Unfit as unfit:
            self.add(unfit.found.replace("{}", self.place.shown), unfit.expected)

    def not_exactly_one(self) -> None:
        if not isinstance(self.values.at(self.path), dict):
            return  # which is told already
        keys = [branch["required"][0] for branch in self.place.schema["oneOf"]]
        there = [key for key in keys if (*self.path, key) in self.values.keys]
        found = " and ".join(there) if there else f"neither {' nor '.join(keys)}"
        position = self.values.keys[*self.path, there[-1]] if there else None
        self.add(found, f"exactly one of the keys {listed(keys)}", position)

    def repeated_items(self) -> None:
        items = self.values.at(self.path)
        for index, item in enumerate(items):
            if item in items[:index]:
                place = self.values.places[*self.path, index]
                self.add(f"{place.shown} for the second time", "each item once", place.position)

    def wrong_value(self) -> None:
        """A wrong type, a number out of range, no word of an enum."""
        wanted = self.place.schema
        expected = expectation(wanted)
        if near := did_you_mean(self.place.shown, wanted.get("enum", ())):
            expected += near
        elif self.place.shown == "nothing":
            advice = (
                "; {} for its defaults"
                if "object" in types(wanted) and not wanted.keys() & {"required", "minProperties"}
                else ""
            )
            expected += (
                f"{advice}, or leave the key out" if self.path and isinstance(self.path[-1], str) else ""
            )
        self.add(self.place.shown, expected)

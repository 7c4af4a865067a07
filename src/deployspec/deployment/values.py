"""The tree as plain data: variables replaced, plain scalars cast to what the schema wants there."""

from __future__ import annotations

import glob
from collections.abc import Mapping as Environ
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deployspec.base.problems import Positioned, Problems, shown
from deployspec.base.scalars import cast, is_null, is_text
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence
from deployspec.deployment.interpolation import Interpolated, interpolate
from deployspec.deployment.schema import PATHS, Schema, below, types

MOST_TEXT = 1024 * 1024
"""In characters, of all values with variables in them together."""
Steps = tuple[str | int, ...]
"""The keys and indexes that lead to a value."""


@dataclass(eq=False)
class Place:
    """Where a value stands, and how it may be spoken of."""

    position: Positioned
    shown: str
    """The value as a message may show it: in words where it is, or may be, a secret."""
    schema: Schema


@dataclass(eq=False)
class Values:
    """A document's data, with a place for each of its values."""

    data: dict[str, Any] = field(default_factory=dict)
    places: dict[Steps, Place] = field(default_factory=dict)
    keys: dict[Steps, Positioned] = field(default_factory=dict)
    """The position of the key that leads to each value in a mapping."""
    spoilt: set[Steps] = field(default_factory=set)
    """Values whose problem is already noted: nothing else is said of them."""
    from_variables: dict[str, str] = field(default_factory=dict)
    """Name and value of every variable that was put in."""
    set_variables: set[str] = field(default_factory=set)
    """The names of those that are set, so that their value is no default of the file's."""
    secret_variables: set[str] = field(default_factory=set)
    """The names of those that stand at a secret place."""

    def at(self, path: Steps) -> Any:
        """The value to which these keys and indexes lead."""
        value: Any = self.data
        for step in path:
            value = value[step]
        return value


def evaluate(
    root: Mapping,
    environ: Environ[str, str] | None,
    problems: Problems,
    schema: Schema,
    folders: Environ[str, Path],
    unset: set[str] | None = None,
) -> Values:
    """The data of a whole document. What cannot be replaced or cast is noted in ``problems``.

    ``environ`` has the variables; with None, a dollar sign is one, and nothing is a variable.
    ``folders`` has, by the name of a node's file, the folder that its paths are said from; they become absolute. Those
    of other nodes stay as they are written. With a set ``unset``, values that need variables that are not set are passed
    over, and the names of these are added to it.
    """
    evaluation = _Evaluation(environ, problems, folders, unset)
    evaluation.values.data = evaluation.value(root, schema, (), secret=False)
    return evaluation.values


class _Evaluation:
    def __init__(
        self,
        environ: Environ[str, str] | None,
        problems: Problems,
        folders: Environ[str, Path],
        unset: set[str] | None,
    ) -> None:
        self.environ = environ
        self.problems = problems
        self.folders = folders
        self.unset = unset
        self.values = Values()
        self.room = MOST_TEXT

    def value(self, node: Node, schema: Schema, path: Steps, *, secret: bool) -> Any:
        secret = secret or bool(schema.get("writeOnly"))
        if node.refused:
            self.values.places[path] = Place(node, "a value", schema)
            return self.spoil(path)
        if isinstance(node, Scalar):
            return self.scalar(node, schema, path, secret=secret)
        what = "a list" if isinstance(node, Sequence) else "a mapping"
        self.values.places[path] = Place(node, what, schema)
        if isinstance(node, Sequence):
            return [
                self.value(item, below(schema, index), (*path, index), secret=secret)
                for index, item in enumerate(node.items)
            ]
        result = {}
        for name, (key, item) in node.items.items():
            self.values.keys[*path, name] = key
            result[name] = self.value(item, below(schema, name), (*path, name), secret=secret)
        return result

    def scalar(self, node: Scalar, schema: Schema, path: Steps, *, secret: bool) -> Any:
        environ = self.environ
        done = Interpolated(node.text) if environ is None else interpolate(node.text, environ, self.room)
        self.room -= len(done.text) if done.variables else 0
        self.values.from_variables.update(zip(done.variables, done.values, strict=True))
        self.values.set_variables.update(name for name in done.variables if environ and environ.get(name))
        if secret:
            self.values.secret_variables.update(done.variables)
        self.values.places[path] = Place(node, _shown(node, done.variables, schema, secret=secret), schema)
        wanted = types(schema)
        if done.problems:
            if self.unset is not None and len(done.unset) == len(done.problems):
                self.unset.update(done.unset)
                return self.spoil(path)
            for problem in done.problems:
                self.problems.add(node, *problem)
            return self.spoil(path)
        if "\0" in done.text:
            self.problems.add(node, "a NUL character", "a text without it")
            return self.spoil(path)
        # Inside { } and [ ] a ${…} cannot do without quotes, so they don't make a text of a variable's number.
        number = cast(done.text, wanted) if node.plain or done.variables else None
        if number is not None:
            return number
        if not node.plain:
            return self.located(done.text, node, schema)
        if not done.variables and is_null(done.text):
            self.values.places[path].shown = "nothing"
            return None
        if "string" in wanted and not done.variables and not is_text(done.text) and _is_free(schema):
            place = self.values.places[path]
            self.problems.add(
                node, f"{place.shown} without quotes", f"quotes around a text: {_quoted(place)}"
            )
            return self.spoil(path)
        return self.located(done.text, node, schema)

    def located(self, text: str, node: Scalar, schema: Schema) -> str:
        """A text; where it is a path of another file, from the root."""
        folder = self.folders.get(node.file)
        form = schema.get("format")
        if folder is None or form not in PATHS or not text:
            return text
        start = str(folder.absolute())
        return str(Path(glob.escape(start) if form == "pattern" else start) / text)

    def spoil(self, path: Steps) -> str:
        # An empty text stands in for it: what it has may be half a character, which the validator cannot take.
        self.values.spoilt.add(path)
        return ""


def _is_free(schema: Schema) -> bool:
    """Whether a number may be meant: formats and enums have better words for one than the advice to quote it."""
    return (
        schema.get("format", "pattern") in ("header-value", "token", "pattern", "folder", "pointer")
        and "enum" not in schema
    )


def _quoted(place: Place) -> str:
    return '"…"' if " " in place.shown else f'"{place.shown}"'


def _shown(node: Scalar, variables: tuple[str, ...], schema: Schema, *, secret: bool) -> str:
    """The value as a message may show it."""
    if variables:
        return "a value from " + " and ".join(f"${{{name}}}" for name in dict.fromkeys(variables))
    if secret:
        return "a value"
    # A secret may stand where a mapping of secrets belongs, but not where a text does.
    if not types(schema) or ("string" not in types(schema) and set(types(schema)) & {"object", "array"}):
        return "a text" if not node.plain or is_text(node.text) else "a number or a word such as true"
    text = node.text
    if "@" in text:
        return "a value with credentials" if "/" in text or ":" in text else "a value"
    # A query often carries a token.
    head, query, _ = text.partition("?")
    text = head + ("?…" if query else "")
    if not node.plain and "string" not in types(schema):
        return f"the text {shown(text)} in quotes"
    return shown(text)

"""The JSON of a dashboard: read within limits, walked with the place of each value, and taken out of what is around it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from deployspec.base.problems import shown
from deployspec.languages.grafana.model import Trouble

MOST_BYTES = 32_000_000
"""Of a file. The largest that are published have 3 MB."""
MOST_QUERIES = 10_000
"""Of a dashboard, with its variables. The largest that are published have 400."""
MOST_NESTED = 30
"""Rows in rows, layouts in layouts. Grafana has at most four."""
_MOST_TROUBLES = 50
_TOO_DEEP = "JSON that is nested too deeply to be read"
_A_DASHBOARD = "a dashboard's JSON, as Grafana exports it or its API gives it"


class NoDashboardError(Exception):
    """The file as a whole is no dashboard. Its trouble says why."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


class _ConstantError(Exception):
    """NaN or Infinity."""


class Notes:
    """The troubles of one file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.all: list[Trouble] = []
        self._more = 0

    def add(self, node: Node, found: str, expected: str = "", *, is_sound: bool = False) -> None:
        """Note a trouble at a place; beyond a few dozen they are only counted."""
        if len(self.all) < _MOST_TROUBLES:
            self.all.append(Trouble(self.file, node.path, found, expected, is_sound))
        else:
            self._more += 1

    def told(self) -> tuple[Trouble, ...]:
        """All of them, each once."""
        more = (Trouble(self.file, "", f"{self._more} more troubles", ""),) if self._more else ()
        return (*dict.fromkeys(self.all), *more)


class Node:
    """A value of the document, with its place. What has another type than is asked for is noted, and taken for missing."""

    __slots__ = ("notes", "path", "value")

    def __init__(self, value: Any, path: str, notes: Notes) -> None:
        self.value = value
        self.path = path
        self.notes = notes

    def __bool__(self) -> bool:
        return self.value is not None

    def at(self, *keys: str) -> Node:
        """The value behind these keys; one of None where one of them is missing."""
        node = self
        for key in keys:
            value = node.value.get(key) if isinstance(node.value, dict) else None
            node = Node(value, f"{node.path}.{key}" if node.path else key, self.notes)
        return node

    def text(self, *keys: str) -> str:
        """A text, or a number or a yes as text; empty where there is none."""
        value = self.at(*keys).value if keys else self.value
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value) if isinstance(value, str | int | float) else ""

    def whole(self, *keys: str) -> int | None:
        """A whole number, also one that is written as text."""
        text = self.text(*keys)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None

    def yes(self, *keys: str) -> bool:
        """Whether it is ``true``."""
        return self.at(*keys).value is True

    def each(self, *keys: str) -> Iterator[Node]:
        """The objects of a list."""
        node = self.at(*keys)
        if not isinstance(node.value, list):
            if node.value is not None:
                self.notes.add(node, _kind(node.value), "a list")
            return
        for number, value in enumerate(node.value):
            one = Node(value, f"{node.path}[{number}]", self.notes)
            if isinstance(value, dict):
                yield one
            elif value is not None:
                self.notes.add(one, _kind(value), "an object")

    def items(self, *keys: str) -> Iterator[tuple[str, Node]]:
        """The keys of an object, with what they hold."""
        node = self.at(*keys)
        if isinstance(node.value, dict):
            for key in node.value:
                yield key, node.at(key)
        elif node.value is not None:
            self.notes.add(node, _kind(node.value), "an object")

    def texts(self, *keys: str) -> tuple[str, ...]:
        """A text, or those of a list of texts, as variables have their values."""
        node = self.at(*keys)
        if isinstance(node.value, list):
            return tuple(Node(value, "", self.notes).text() for value in node.value if value is not None)
        return (node.text(),) if node.value is not None and not isinstance(node.value, dict) else ()


def load(text: str | bytes, notes: Notes) -> Node:
    """The document's value. Raises NoDashboardError for what is no JSON object, or is beyond the limits."""

    def refuse(found: str, expected: str = _A_DASHBOARD) -> NoReturn:
        raise NoDashboardError(Trouble(notes.file, "", found, expected)) from None

    if len(text) > MOST_BYTES:
        refuse(f"{len(text) / 1e6:.0f} MB", f"a dashboard of at most {MOST_BYTES // 1_000_000} MB")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            refuse(f"a byte 0x{text[error.start]:02x} at {error.start} that is not UTF-8")
    if text.startswith("\ufeff"):
        refuse("a byte order mark at the beginning", "JSON without one: Grafana provisions no file with it")
    if not text.strip():
        refuse("an empty file")
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        refuse(f"no JSON (line {error.lineno}, column {error.colno}: {error.msg})")
    except RecursionError:
        refuse(_TOO_DEEP)
    except _ConstantError as error:
        refuse(f"no JSON ({error} stands in it)")
    except ValueError:
        refuse("a number of more digits than can be read")
    if not isinstance(value, dict):
        refuse(_kind(value))
    return Node(value, "", notes)


def unwrapped(top: Node) -> Node:
    """The dashboard in what is around it: the API's ``dashboard`` beside ``meta``, and a resource's ``spec``.

    Raises NoDashboardError for an object that is none.
    """
    node = top
    for _ in range(3):
        if _is_dashboard(node):
            return node
        for key in ("dashboard", "spec"):
            if isinstance(node.at(key).value, dict):
                node = node.at(key)
                break
        else:
            break
    if _is_dashboard(node):
        return node
    raise NoDashboardError(Trouble(top.notes.file, "", _what_it_is(top), _A_DASHBOARD))


def _is_dashboard(node: Node) -> bool:
    lists = any(isinstance(node.at(key).value, list) for key in ("panels", "rows"))
    elements = isinstance(node.at("elements").value, dict)
    # One without panels has a title and at least one thing that only dashboards have.
    titled = bool(node.text("title")) and any(
        node.at(key) for key in ("schemaVersion", "templating", "layout", "timeSettings")
    )
    return lists or elements or titled


def _what_it_is(top: Node) -> str:
    if top.text("kind") and top.text("apiVersion"):
        return f"a Kubernetes resource of the kind {shown(top.text('kind'))}"
    if isinstance(top.at("groups").value, list):
        return "an object with groups, as files of rules have them"
    keys = [key for key in top.value if isinstance(key, str)]
    return f"an object with the keys {', '.join(map(shown, keys[:5]))}" if keys else "an empty object"


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(name)


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a yes or no", type(None): "null"}
    return names.get(type(value), "a number")

"""One mapping of an OpenSLO document: its keys, each asked for by what it has to be."""

from __future__ import annotations

import re
from difflib import get_close_matches
from fractions import Fraction
from typing import TypeGuard

from deployspec.base.shown import names, one_line
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null
from deployspec.languages.alertmanager.document import Problems, kind

LONGEST_DESCRIPTION = 1050
"""In characters: OpenSLO's own limit."""
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NUMBER = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,2})?"
)
"""Without leading zeros: YAML's readers do not agree whether 010 is ten or eight."""
_DURATION = re.compile(r"([1-9][0-9]{0,6})([mhdwMQY])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class Fields:
    """A mapping's values. What is not as it has to be is noted, and then None."""

    def __init__(self, node: Node | None, problems: Problems, known: tuple[str, ...], what: str) -> None:
        self.node = node
        self._problems = problems
        self._items: dict[str, Node] = {}
        self._meant: set[str] = set()
        """Keys that an unknown one was probably meant to be: that they are missing is told already."""
        if not isinstance(node, Mapping):
            problems.unexpected(node, what)
            return
        for key, (place, value) in node.items.items():
            if key in known:
                self._items[key] = value
            else:
                self._meant.update(get_close_matches(key, known, 1))
                expected = f"one of the keys {names(sorted(known))}{hint(key, known)}"
                problems.add(place, f"the unknown key {one_line(key, 40)}", expected)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def misses(self, key: str) -> bool:
        """Whether a missing key is to be told."""
        return isinstance(self.node, Mapping) and key not in self._meant

    def get(self, key: str) -> Node | None:
        """The node of a key; None where it is not there."""
        return self._items.get(key)

    def place(self, key: str) -> Node | None:
        """Where a problem with this key is told: at its value, or at the mapping."""
        return self._items.get(key, self.node)

    def add(self, key: str, found: str, expected: str) -> None:
        """Note a problem with a key."""
        self._problems.add(self.place(key), found, expected)

    def inner(self, key: str, known: tuple[str, ...]) -> Fields:
        """The mapping of a key, which has to be there."""
        what = f"{key}: a mapping with the keys {names(sorted(known))}"
        if key not in self:
            if self.misses(key):
                self.add(key, f"no key {key}", what)
            nothing = Fields(Mapping(0, 0), self._problems, known, what)
            nothing._meant.update(known)
            return nothing
        return Fields(self.get(key), self._problems, known, what)

    def text(self, key: str, expected: str, *, required: bool = True) -> str | None:
        """A text that is not empty."""
        node = self.get(key)
        if node is None:
            if required and self.misses(key):
                self.add(key, f"no key {key}", f"{key}: {expected}")
            return None
        if isinstance(node, Scalar) and not node.null and node.text:
            return node.text
        self.add(key, "an empty text" if isinstance(node, Scalar) and not node.null else kind(node), expected)
        return None

    def name(self, key: str) -> str | None:
        """A name as OpenSLO has it: RFC 1123, at most 63 characters."""
        expected = "a name of at most 63 small letters, digits and hyphens, such as api-latency"
        text = self.text(key, expected)
        if text is not None and not _NAME.fullmatch(text):
            self.add(key, f'"{one_line(text, 70)}"', expected)
            return None
        return text

    def description(self, key: str = "description") -> str:
        """A text of at most 1050 characters, which may be left out."""
        text = self.text(key, "a text", required=False) or ""
        if len(text) > LONGEST_DESCRIPTION:
            self.add(key, f"a text of {len(text)} characters", f"at most {LONGEST_DESCRIPTION}")
        return text

    def word(self, key: str, words: tuple[str, ...], *, why: str = "") -> str | None:
        """One of a few words; ``why`` the others are not taken."""
        expected = " or ".join(words) + why
        text = self.text(key, expected)
        if text is not None and text not in words:
            self.add(key, f'"{one_line(text, 40)}"', expected + hint(text, words))
            return None
        return text

    def true(self, key: str, *, why: str) -> bool:
        """Whether the boolean is true, as it has to be; ``why`` false is not taken."""
        node = self.get(key)
        if isinstance(node, Scalar) and node.style:
            self.add(key, f'"{one_line(node.text, 40)}" in quotes', f"true{why}")
            return False
        return self.word(key, ("true",), why=why) is not None

    def number(self, key: str, expected: str, *, below: int | None = None) -> Fraction | None:
        """A number above 0, and below another one, exactly as it is written."""
        text = self.text(key, expected)
        if text is None:
            return None
        node = self.get(key)
        quoted = isinstance(node, Scalar) and bool(node.style)
        number = Fraction(text) if not quoted and _NUMBER.fullmatch(text) else None
        if number is None or number <= 0 or (below is not None and number >= below):
            self.add(key, f'"{one_line(text, 40)}"' + (" in quotes" if quoted else ""), expected)
            return None
        return number

    def duration(self, key: str) -> float | None:
        """OpenSLO's shorthand, of a fixed length, in seconds."""
        expected = "a duration such as 28d or 4w"
        text = self.text(key, expected)
        if text is None:
            return None
        match = _DURATION.fullmatch(text)
        if match is None:
            self.add(key, f'"{one_line(text, 40)}"', expected)
            return None
        if match[2] not in _SECONDS:
            self.add(
                key, f'"{text}", whose length is not always the same', f"{expected} for a rolling window"
            )
            return None
        return float(int(match[1]) * _SECONDS[match[2]])

    def only_item(self, key: str, what: str) -> Node | None:
        """The one item of a list."""
        node = self.get(key)
        if node is None:
            if self.misses(key):
                self.add(key, f"no key {key}", f"{key}: a list of one {what}")
            return None
        if not isinstance(node, Sequence):
            self.add(key, kind(node), f"a list of one {what}")
            return None
        if len(node.items) != 1:
            many = f"a list of {len(node.items)}" if node.items else "an empty list"
            self.add(key, many, f"a list of one {what}; a second one is a document of its own")
            return None
        return node.items[0]

    def listed(self, key: str, what: str) -> None:
        """A list, which may be left out, and which is not read."""
        node = self.get(key)
        if node is not None and not is_null(node) and not isinstance(node, Sequence):
            self.add(key, kind(node), what)

    def texts(self, key: str, *, lists: bool = False) -> dict[str, tuple[Node, str]]:
        """A mapping of texts to texts, which may be left out: each with its node.

        ``lists``: a list of texts may stand for a text; it is not among the result.
        """
        node = self.get(key)
        if node is None or is_null(node):
            return {}
        if not isinstance(node, Mapping):
            self.add(key, kind(node), "a mapping of names to texts")
            return {}
        found: dict[str, tuple[Node, str]] = {}
        for name, (_, value) in node.items.items():
            listed = value.items if lists and isinstance(value, Sequence) else [value]
            for one in listed:
                if not _is_text(one):
                    self._problems.add(
                        one, kind(one), "a text, in quotes where it could be a number or a boolean"
                    )
                elif one is value:
                    found[name] = (one, one.text)
        return found


def hint(word: str, known: tuple[str, ...], prefix: str = "") -> str:
    """The known word that was probably meant, as the end of a sentence; empty where none is near."""
    near = get_close_matches(word, known, 1)
    return f"; did you mean {prefix}{near[0]}?" if near else ""


def _is_text(node: Node) -> TypeGuard[Scalar]:
    """Whether YAML takes it for a text, and for no number and no boolean."""
    if not isinstance(node, Scalar) or node.null:
        return False
    booleans = ("true", "false", "yes", "no", "on", "off")
    return bool(node.style) or (node.text.lower() not in booleans and _NUMBER.fullmatch(node.text) is None)

"""One mapping of an OpenSLO document: its values as OpenSLO has them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TypeGuard

from deployspec.base.problems import did_you_mean
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence
from deployspec.languages import fields
from deployspec.languages.fields import kind_of, shown

LONGEST_DESCRIPTION = 1050
"""In characters: OpenSLO's own limit."""
_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
_NUMBER = re.compile(
    r"[-+]?(?:(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,40})?|\.[0-9]{1,40})(?:[eE][-+]?[0-9]{1,2})?"
)
"""Without leading zeros: YAML's readers do not agree whether 010 is ten or eight."""
_DURATION = re.compile(r"([1-9][0-9]{0,6})([mhdwMQY])")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}


class Fields(fields.Fields):
    """A mapping's values. What is not as it has to be is noted, and then None, or empty."""

    def name(self, key: str) -> str:
        """A name as OpenSLO has it: RFC 1123, at most 63 characters."""
        expected = "a name of at most 63 small letters, digits and hyphens, such as api-latency"
        text = self.text(key, expected, required=True)
        if text and not _NAME.fullmatch(text):
            self.add(key, shown(text), expected)
            return ""
        return text

    def description(self) -> str:
        """A text of at most 1050 characters, which may be left out."""
        text = self.text("description", "a text")
        if len(text) > LONGEST_DESCRIPTION:
            self.add("description", f"a text of {len(text)} characters", f"at most {LONGEST_DESCRIPTION}")
        return text

    def word(self, key: str, words: tuple[str, ...], *, why: str = "") -> str:
        """One of a few words; ``why`` the others are not taken."""
        expected = " or ".join(words) + why
        text = self.text(key, expected, required=True)
        if text and text not in words:
            self.add(key, shown(text), expected + did_you_mean(text, words))
            return ""
        return text

    def true(self, key: str, *, why: str) -> bool:
        """Whether the boolean is true, as it has to be; ``why`` false is not taken."""
        node = self.get(key)
        if isinstance(node, Scalar) and node.style:
            self.add(key, f"{shown(node.text)} in quotes", f"true{why}")
            return False
        return bool(self.word(key, ("true",), why=why))

    def number(self, key: str, expected: str, *, below: int | None = None) -> Fraction | None:
        """A number above 0, and below another one, exactly as it is written."""
        text = self.text(key, expected, required=True)
        if not text:
            return None
        node = self.get(key)
        quoted = isinstance(node, Scalar) and bool(node.style)
        number = Fraction(text) if not quoted and _NUMBER.fullmatch(text) else None
        if number is None or number <= 0 or (below is not None and number >= below):
            self.add(key, shown(text) + (" in quotes" if quoted else ""), expected)
            return None
        return number

    def duration(self, key: str) -> float | None:
        """OpenSLO's shorthand, of a fixed length, in seconds."""
        expected = "a duration such as 28d or 4w"
        text = self.text(key, expected, required=True)
        match = _DURATION.fullmatch(text)
        if match is None:
            if text:
                self.add(key, shown(text), expected)
            return None
        if match[2] not in _SECONDS:
            self.add(
                key, f'"{text}", whose length is not always the same', f"{expected} for a rolling window"
            )
            return None
        return float(int(match[1]) * _SECONDS[match[2]])

    def only_item(self, key: str, what: str) -> Node | None:
        """The one item of a list."""
        items = self.items(key, f"a list of one {what}")
        if key not in self:
            self.require(key, f"a list of one {what}")
        elif isinstance(self.get(key), Sequence) and len(items) != 1:
            many = f"a list of {len(items)}" if items else "an empty list"
            self.add(key, many, f"a list of one {what}; a second one is a document of its own")
        return items[0] if len(items) == 1 else None

    def sure_texts(self, key: str, *, lists: bool = False) -> dict[str, Scalar]:
        """A mapping of names to what nobody takes for anything but a text, which may be left out.

        ``lists``: a list of texts may stand for a text; it is not among the result.
        """
        node = self.get(key)
        found: dict[str, Scalar] = {}
        if node is not None and not isinstance(node, Mapping):
            self.add(key, kind_of(node), "a mapping of names to texts")
        for name, (_, value) in node.items.items() if isinstance(node, Mapping) else ():
            for one in value.items if lists and isinstance(value, Sequence) else [value]:
                if not _is_text(one):
                    expected = "a text, in quotes where it could be a number or a boolean"
                    self.problems.add(one, kind_of(one), expected)
                elif one is value:
                    found[name] = one
        return found


def _is_text(node: Node) -> TypeGuard[Scalar]:
    """Whether YAML takes it for a text, and for no number and no boolean."""
    if not isinstance(node, Scalar) or node.null:
        return False
    booleans = ("true", "false", "yes", "no", "on", "off")
    return bool(node.style) or (node.text.lower() not in booleans and _NUMBER.fullmatch(node.text) is None)

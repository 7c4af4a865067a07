"""The fields of a YAML mapping, each asked for by what it has to be: what all our readers of YAML files share.

A field that is null is one that is not there. What does not fit becomes a problem at its place; nothing raises.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Self

from deployspec.base.problems import Problems, listed, suggestion
from deployspec.base.shown import cut, names, one_line
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null


class Fields:
    """The fields of one mapping. Unknown ones are problems, where it is said which are known."""

    def __init__(
        self, node: Node | None, problems: Problems, what: str, known: Collection[str] | None = None
    ) -> None:
        self.node = node
        self.problems = problems
        self.what = what
        """What it is, as messages call it: ``a rule``."""
        self.is_mapping = isinstance(node, Mapping)
        """Without it there is no field, and nothing else is to be said."""
        self._values: dict[str, Node] = {}
        self._nulls: dict[str, Node] = {}
        self._meant: set[str | None] = set()
        """Fields that an unknown one was probably meant to be: that they are missing is told already."""
        if not isinstance(node, Mapping):
            problems.add(node, kind_of(node), what)
            return
        for name, (key, value) in node.items.items():
            if known is not None and name not in known:
                near = suggestion(name, known, shortest=2)
                self._meant.add(near)
                expected = f"`{near}`" if near else listed(f"`{one}`" for one in known)
                problems.add(key, f"the unknown field `{cut(name, 60)}` in {what}", expected)
            else:
                (self._nulls if is_null(value) else self._values)[name] = value

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def get(self, name: str) -> Node | None:
        """The node of a field; None where it is not there."""
        return self._values.get(name)

    def add(self, name: str, found: str, expected: str) -> None:
        """Note a problem with a field: at its value, or at the mapping."""
        self.problems.add(self._values.get(name, self.node), found, expected)

    def misses(self, *fields: str) -> bool:
        """Whether it is to be told that these fields are missing."""
        return self.is_mapping and not self._meant.intersection(fields)

    def require(self, name: str, expected: str) -> None:
        """Note that a field is missing, unless that is told already."""
        if self.misses(name):
            self.problems.add(self.node, f"{self.what} without `{name}`", expected)

    def inner(self, name: str, known: Collection[str]) -> Self:
        """The fields of the mapping in a field, which has to be there."""
        if name in self:
            return type(self)(self.get(name), self.problems, f"`{name}`", known)
        self.require(name, f"a mapping with {names([f'`{one}`' for one in known])}")
        nothing = type(self)(Mapping(0, 0), self.problems, f"`{name}`", known)
        nothing._meant.update(known)
        return nothing

    def one_of(self, one: str, other: str) -> str | None:
        """The one of two fields that is there. None where both or none are, which is noted."""
        if (one in self) != (other in self):
            return one if one in self else other
        if one in self:
            self.add(other, f"{one} and {other}", "one of the two")
        elif self.misses(one, other):
            self.add(other, f"neither {one} nor {other}", "one of the two")
        return None

    def items(self, name: str, what: str) -> list[Node]:
        """The items of a list; none where it is not there."""
        return items_of(self.get(name), self.problems, what)

    def scalar(self, name: str, what: str) -> Scalar | None:
        """A single value, as written; None where it is not there, or none."""
        node = self.get(name)
        return None if node is None else scalar_of(node, self.problems, what)

    def text(self, name: str, what: str, *, required: bool = False, filled: bool = False) -> str:
        """A single value's text; empty where it is not there, or none. ``required``: that is noted. ``filled``: a
        field that is there and says nothing is noted, for whoever wrote it meant something."""
        scalar = self.scalar(name, what)
        if filled and name in self._nulls:
            self.problems.add(self._nulls[name], "nothing", what)
        elif filled and scalar is not None and not scalar.text:
            self.add(name, shown(""), what)
        if required and name not in self:
            self.require(name, what)
        elif required and scalar is not None and not scalar.text:
            self.add(name, shown(""), what)
        return scalar.text if scalar else ""

    def texts(self, name: str, what: str) -> dict[str, str]:
        """A mapping of names to texts; empty where it is not there."""
        node = self.get(name)
        found: dict[str, str] = {}
        if node is not None and not isinstance(node, Mapping):
            self.add(name, kind_of(node), f"{what}, names with texts")
        for label, (key, value) in node.items.items() if isinstance(node, Mapping) else ():
            if not label:
                self.problems.add(key, "an empty name", f"a name in {what}")
            scalar = scalar_of(value, self.problems, f"a text in {what}")
            if scalar is not None:
                found[label] = scalar.text
        return found


def items_of(node: Node | None, problems: Problems, what: str) -> list[Node]:
    """A list's items; none where there is nothing."""
    if isinstance(node, Sequence):
        return node.items
    if node is not None:
        problems.add(node, kind_of(node), what)
    return []


def scalar_of(node: Node, problems: Problems, what: str) -> Scalar | None:
    """A single value, as written."""
    if isinstance(node, Scalar):
        return node
    problems.add(node, kind_of(node), what)
    return None


def kind_of(node: Node | None) -> str:
    """What stands there, in words."""
    if node is None or is_null(node):
        return "nothing"
    if isinstance(node, Scalar):
        return shown(node.text)
    return "a list" if isinstance(node, Sequence) else "a mapping"


def shown(text: str) -> str:
    """A text as a message shows it: short, on one line, in quotes."""
    return f'"{one_line(text, 60)}"' if text else "an empty text"

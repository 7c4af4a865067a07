"""Reading fields out of YAML nodes. What does not fit becomes a problem at its place; nothing raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from deployspec.base.duration import read_duration
from deployspec.base.problems import Problems, suggestion
from deployspec.base.shown import cut
from deployspec.base.yaml_tree import Mapping, Node, Scalar, Sequence, is_null, read_documents
from deployspec.languages.rule_files.lines import Lines, lines_of

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,18}|0x[0-9a-fA-F_]{1,15}|0o?[0-7_]{1,20}|0b[01_]{1,62})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PLAIN_WORD = re.compile(r"[!-~]+")


class Fields:
    """Reads the nodes of one file, and notes its problems. Null fields are absent ones, as they are to promtool."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.source = text.removeprefix("\ufeff")
        self.problems = Problems(path)
        self.roots = read_documents(self.source, self.problems)
        self.broken = bool(self.problems)
        """Whether something is wrong with the YAML itself."""

    def lines(self, node: Scalar) -> Lines:
        """Where the characters of its text stand."""
        return lines_of(node, self.source, self.path)

    def mapping(self, node: Node, what: str, known: Iterable[str]) -> dict[str, Node] | None:
        """The fields of a mapping, None where it is none. Unknown ones are problems, null ones are left out."""
        if not isinstance(node, Mapping):
            self.problems.add(node, kind_of(node), what)
            return None
        known = list(known)
        fields = {}
        for name, (key, value) in node.items.items():
            if name not in known:
                near = suggestion(name, known, shortest=2)
                others = f"one of {', '.join(known)}" if len(known) > 1 else f"`{known[0]}`"
                expected = f"`{near}`" if near else others
                self.problems.add(key, f"the unknown field {shown(name)} in {what}", expected)
            elif not is_null(value):
                fields[name] = value
        return fields

    def items(self, node: Node | None, what: str) -> Iterator[Node]:
        """The items of a list; none of an absent one."""
        if node is None:
            return
        if isinstance(node, Sequence):
            yield from node.items
        else:
            self.problems.add(node, kind_of(node), what)

    def scalar(self, node: Node | None, what: str) -> Scalar | None:
        """A single value, as written."""
        if node is None or isinstance(node, Scalar):
            return node
        self.problems.add(node, kind_of(node), what)
        return None

    def text(self, node: Node | None, what: str) -> str:
        """A single value's text; empty where it is absent or none."""
        scalar = self.scalar(node, what)
        return scalar.text if scalar else ""

    def texts(self, node: Node | None, what: str) -> dict[str, str]:
        """A mapping of names to texts; empty where it is absent."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.problems.add(node, kind_of(node), f"{what}, names with texts")
            return {}
        found = {}
        for name, (key, value) in node.items.items():
            if not name:
                self.problems.add(key, "an empty name", f"a name in {what}")
            scalar = self.scalar(value, f"a text in {what}")
            if scalar is not None:
                found[name] = scalar.text
        return found

    def duration(self, node: Node | None, what: str) -> float | None:
        """Seconds, None where it is absent or no duration."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        seconds = read_duration(scalar.text)
        if seconds is None:
            self.problems.add(scalar, shown(scalar.text), f"{what} as a duration such as 30s, 5m or 1h30m")
        return seconds

    def number(self, node: Node | None, what: str) -> int | float | None:
        """A number in YAML's notation, without quotes, as promtool wants it."""
        scalar = self.scalar(node, what)
        if scalar is None:
            return None
        value = None if scalar.style else as_number(scalar.text)
        if value is None:
            found = f"the text {shown(scalar.text)}"
            expected = f"{what} as a number without quotes (infinity is .inf, not a number is .nan)"
            self.problems.add(scalar, found, expected)
        return value


def data_of(node: Node) -> Any:
    """A node as plain data: its scalars as the texts they are written as, None for null."""
    if isinstance(node, Scalar):
        return None if node.null else node.text
    if isinstance(node, Sequence):
        return [data_of(item) for item in node.items]
    return {name: data_of(value) for name, (_, value) in node.items.items()}


def as_number(text: str) -> int | float | None:
    """What Go's YAML reads from a plain scalar where a number is wanted."""
    bare = text.replace("_", "")
    if _INTEGER.fullmatch(text) and bare:
        octal = re.fullmatch(r"[-+]?0[0-7]+", bare)
        try:
            value = int(bare, 8 if octal else 0)
        except ValueError:
            return None
        return value if -(2**63) <= value < 2**63 else float(value)
    if _FLOAT.fullmatch(bare):
        value_ = float(bare)
        return value_ if value_ - value_ == 0 else None
    special = _SPECIAL.fullmatch(text)
    if special is None:
        return None
    return float("nan") if special[1] is None else float(f"{special[1]}inf")


def kind_of(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, Scalar):
        return "nothing" if node.null else f"the single value {shown(node.text)}"
    return "a list" if isinstance(node, Sequence) else "a mapping"


def shown(text: str) -> str:
    """A text as a message shows it: short, on one line, in quotes where it is not one word."""
    if not text:
        return "an empty text"
    text = cut(text, 60)
    return f"`{text}`" if _PLAIN_WORD.fullmatch(text) else f'"{text}"'

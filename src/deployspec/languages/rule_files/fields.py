"""What rule files and their unit tests have in common: a file's documents, and values as Go reads them."""

from __future__ import annotations

import re
from typing import Any

from deployspec.base.duration import read_duration
from deployspec.base.problems import Problems
from deployspec.base.yaml_tree import Node, Scalar, Sequence, read_documents
from deployspec.languages import fields
from deployspec.languages.fields import shown
from deployspec.languages.rule_files.lines import Lines, lines_of

_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,18}|0x[0-9a-fA-F_]{1,15}|0o?[0-7_]{1,20}|0b[01_]{1,62})")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,4})?")
_SPECIAL = re.compile(r"([-+]?)\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


class Documents:
    """The documents of one file, and its problems."""

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

    def fields(self, node: Node, what: str, known: tuple[str, ...]) -> Fields:
        """The fields of a mapping in it."""
        return Fields(node, self.problems, what, known)


class Fields(fields.Fields):
    """The fields of one mapping."""

    def duration(self, name: str) -> float | None:
        """Seconds, None where it is not there or no duration."""
        expected = f"`{name}` as a duration such as 30s, 5m or 1h30m"
        scalar = self.scalar(name, expected)
        seconds = read_duration(scalar.text) if scalar else None
        if scalar and seconds is None:
            self.add(name, shown(scalar.text), expected)
        return seconds

    def number(self, name: str) -> int | float | None:
        """A number in YAML's notation, without quotes, as promtool wants it."""
        expected = f"`{name}` as a number without quotes (infinity is .inf, not a number is .nan)"
        scalar = self.scalar(name, expected)
        value = None if scalar is None or scalar.style else as_number(scalar.text)
        if scalar and value is None:
            self.add(name, f"the text {shown(scalar.text)}", expected)
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

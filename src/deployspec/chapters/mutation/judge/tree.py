"""A PromQL expression as an immutable tree in which a node can be replaced.

promql-parser reads the text; its own nodes cannot be built anew from Python, so its tree is copied into these. There
is no node for parentheses: two trees are equal exactly when the expressions are, and :mod:`printing` puts back the
parentheses that are needed. Durations are in seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import promql_parser

from deployspec.languages.promql.selectors import Matcher
from deployspec.languages.promql.syntax import PromqlError, fills, parse


class UnreadableError(ValueError):
    """The expression is not PromQL, or uses what this code does not know."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """Series by name and labels; ``name`` is empty where the selector names no metric before its braces."""

    name: str
    matchers: tuple[Matcher, ...]
    offset: float = 0.0
    at: str = ""
    """As written after ``@``; empty where there is none."""
    range: float | None = None
    """Seconds in brackets, for a range of samples."""


@dataclass(frozen=True, slots=True)
class Subquery:
    """An expression, evaluated at each step over a range."""

    expr: Node
    range: float
    step: float | None
    offset: float = 0.0
    at: str = ""


@dataclass(frozen=True, slots=True)
class Negation:
    """A minus before an expression."""

    expr: Node


@dataclass(frozen=True, slots=True)
class Labels:
    """A list of labels and the word before it: by, without, on, ignoring, group_left, group_right."""

    word: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.word} ({', '.join(self.names)})"

    def less(self, name: str) -> Labels:
        """The list without one of its labels."""
        return Labels(self.word, tuple(each for each in self.names if each != name))


@dataclass(frozen=True, slots=True)
class Binary:
    """Two expressions and an operator between them."""

    op: str
    left: Node
    right: Node
    bool: bool = False
    matching: Labels | None = None
    many: Labels | None = None
    """``group_left`` or ``group_right``."""


@dataclass(frozen=True, slots=True)
class Aggregation:
    """Many series made into fewer."""

    op: str
    expr: Node
    param: Node | None = None
    grouping: Labels | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    args: tuple[Node, ...]


Node: TypeAlias = Number | Text | Selector | Subquery | Negation | Binary | Aggregation | Call
Path: TypeAlias = tuple[int, ...]

COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
SET_OPERATORS = ("and", "or", "unless")


def read(expr: str) -> Node:
    """Read PromQL. Raises UnreadableError, with the parser's words."""
    try:
        return _copy(parse(expr))
    except PromqlError as error:
        raise UnreadableError(str(error)) from None


_OPERANDS = {
    Subquery: ("expr",),
    Negation: ("expr",),
    Binary: ("left", "right"),
    Aggregation: ("expr", "param"),
}


def children(node: Node) -> tuple[Node, ...]:
    """The node's operands, in a fixed order; :func:`with_child` counts in the same one."""
    if isinstance(node, Call):
        return node.args
    operands = (getattr(node, name) for name in _OPERANDS.get(type(node), ()))
    return tuple(each for each in operands if each is not None)


def with_child(node: Node, index: int, new: Node) -> Node:
    """The node with one operand replaced."""
    if isinstance(node, Call):
        return replace(node, args=(*node.args[:index], new, *node.args[index + 1 :]))
    changed: Any = {_OPERANDS[type(node)][index]: new}
    return replace(node, **changed)


def replaced(root: Node, path: Path, new: Node) -> Node:
    """The tree with the node at ``path`` replaced."""
    if not path:
        return new
    return with_child(root, path[0], replaced(children(root)[path[0]], path[1:], new))


def selectors(node: Node) -> Iterator[Selector]:
    """Every selector of an expression, depth first."""
    if isinstance(node, Selector):
        yield node
    for child in children(node):
        yield from selectors(child)


def renamed(node: Node, names: dict[str, str]) -> Node:
    """The expression with metrics renamed."""
    if isinstance(node, Selector):
        return replace(node, name=names.get(node.name, node.name))
    for index, child in enumerate(children(node)):
        node = with_child(node, index, renamed(child, names))
    return node


_DEEPEST = 100


def _copy(expr: Any, depth: int = 0) -> Node:  # promql-parser's attributes are typed Any in parts
    if depth > _DEEPEST:
        raise UnreadableError(f"it is nested more than {_DEEPEST} deep")
    match expr:
        case promql_parser.ParenExpr():
            return _copy(expr.expr, depth + 1)
        case promql_parser.NumberLiteral():
            return Number(expr.val)
        case promql_parser.StringLiteral():
            return Text(expr.val)
        case promql_parser.VectorSelector():
            return _selector(expr)
        case promql_parser.MatrixSelector():
            return replace(_selector(expr.vector_selector), range=expr.range.total_seconds())
        case promql_parser.SubqueryExpr():
            step = None if expr.step is None else expr.step.total_seconds()
            return Subquery(
                _copy(expr.expr, depth + 1), _seconds(expr.range), step, _seconds(expr.offset), _at(expr.at)
            )
        case promql_parser.UnaryExpr():
            return Negation(_copy(expr.expr, depth + 1))
        case promql_parser.BinaryExpr():
            return _binary(expr, depth + 1)
        case promql_parser.AggregateExpr():
            param = None if expr.param is None else _copy(expr.param, depth + 1)
            return Aggregation(str(expr.op), _copy(expr.expr, depth + 1), param, _grouping(expr.modifier))
        case promql_parser.Call():
            return Call(expr.func.name, tuple(_copy(arg, depth + 1) for arg in expr.args))
    raise UnreadableError(f"unknown part {type(expr).__name__}")


_MATCH = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def _selector(expr: Any) -> Selector:
    if expr.matchers.or_matchers:
        raise UnreadableError("`or` between matchers, which Prometheus does not support")
    matchers = tuple(
        Matcher(m.name, _MATCH[str(m.op).rpartition(".")[2]], m.value) for m in expr.matchers.matchers
    )
    return Selector(expr.name or "", matchers, _seconds(expr.offset), _at(expr.at))


def _seconds(delta: Any) -> float:
    return 0.0 if delta is None else float(delta.total_seconds())


def _at(at: Any) -> str:
    if at is None:
        return ""
    word = str(at.type).rpartition(".")[2]
    return repr(at.at.timestamp()) if word == "At" else f"{word.lower()}()"


def _grouping(modifier: Any) -> Labels | None:
    if modifier is None:
        return None
    word = "by" if str(modifier.type).endswith("By") else "without"
    return Labels(word, tuple(modifier.labels)) if modifier.labels or word == "without" else None


def _binary(expr: Any, depth: int) -> Binary:
    modifier = expr.modifier
    matching = many = None
    if modifier is not None:
        if fills(expr):
            raise UnreadableError("fill modifiers, which Prometheus does not support")
        if modifier.matching is not None:
            word = "on" if str(modifier.matching.type).endswith("Include") else "ignoring"
            matching = Labels(word, tuple(modifier.matching.labels))
        card = str(modifier.card).rpartition(".")[2]
        if card in ("ManyToOne", "OneToMany"):
            many = Labels(
                "group_left" if card == "ManyToOne" else "group_right", tuple(modifier.group_labels or ())
            )
    returns_bool = modifier is not None and modifier.return_bool
    return Binary(str(expr.op), _copy(expr.lhs, depth), _copy(expr.rhs, depth), returns_bool, matching, many)

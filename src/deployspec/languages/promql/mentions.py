"""Which labels an expression mentions, and of which metrics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployspec.languages.promql.selectors import selector_of, selectors
from deployspec.languages.promql.syntax import literal, walk, walk_selectors_once

if TYPE_CHECKING:
    from promql_parser import Expr


@dataclass(frozen=True, slots=True)
class Mention:
    """A label that an expression mentions."""

    label: str
    metrics: tuple[str, ...]
    """The metrics it is about: at least one of them should have it. Empty where they cannot be listed."""
    role: str
    """``matcher``; ``by`` or ``without``; ``on`` or ``ignoring``; ``group`` for the labels of group_left and
    group_right; ``source`` for those that label_replace and label_join read. A label under ``without`` or
    ``ignoring`` that does not exist changes nothing."""


def mentioned_labels(expr: Expr) -> tuple[Mention, ...]:
    """Every label that the expression expects of a metric, each once for the metrics it is about.

    A label that the expression itself makes (label_replace, label_join, count_values) is none, above the place where
    it is made; nor are ``__name__`` and, for want of a metric, the labels of ``vector(1)``.
    """
    found = (mention for node in walk_selectors_once(expr) for mention in _mentions(node))
    return tuple(dict.fromkeys(mention for mention in found if mention.label != "__name__"))


def _mentions(node: Any) -> Iterator[Mention]:
    match type(node).__name__:
        case "VectorSelector" | "MatrixSelector":
            selector = selector_of(node)
            for matcher in (*selector.matchers, *(one for group in selector.alternatives for one in group)):
                yield Mention(matcher.label, selector.names() or (), "matcher")
        case "AggregateExpr" if node.modifier is not None:
            role = str(node.modifier.type).rpartition(".")[2].lower()
            yield from _about(node.modifier.labels, node.expr, role)
        case "BinaryExpr" if node.modifier is not None:
            yield from _of_matching(node)
        case "Call" if node.func.name in ("label_replace", "label_join"):
            sources = node.args[3:4] if node.func.name == "label_replace" else node.args[3:]
            yield from _about([literal(source) for source in sources], node.args[0], "source")


def _of_matching(node: Any) -> Iterator[Mention]:
    matching, group = node.modifier.matching, node.modifier.group_labels or ()
    if matching is not None:
        role = "on" if str(matching.type).endswith("Include") else "ignoring"
        for side in (node.lhs, node.rhs):
            yield from _about(matching.labels, side, role)
    one_side = node.lhs if str(node.modifier.card).endswith("OneToMany") else node.rhs
    yield from _about(group, one_side, "group")


def _about(labels: Any, expr: Expr, role: str) -> Iterator[Mention]:
    read = selectors(expr)
    if not read:
        return
    names = [selector.names() for selector in read]
    metrics = () if None in names else tuple(dict.fromkeys(name for some in names for name in some or ()))
    made = set(_made(expr))
    for label in labels:
        if label not in made:
            yield Mention(label, metrics, role)


def _made(expr: Expr) -> Iterator[str]:
    """The labels that an expression makes: its own series need not have them."""
    node: Any
    for node in walk(expr):
        match type(node).__name__:
            case "Call" if node.func.name in ("label_replace", "label_join"):
                yield literal(node.args[1])
            case "AggregateExpr" if str(node.op) == "count_values":
                yield literal(node.param)

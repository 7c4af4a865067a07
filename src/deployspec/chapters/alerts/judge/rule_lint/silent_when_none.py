"""``silent-when-none``: an alert for too few of something that is silent when there is none at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployspec.base.problems import Place
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_lint.expressions import few_operators
from deployspec.languages.promql.syntax import fills, is_scalar, to_text
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_FEW = frozenset(("<", "<="))
_MANY = frozenset((">", ">="))
_FILTERS = _FEW | _MANY | {"==", "!="}


def findings(rule: Rule, expr: Expr) -> Iterator[tuple[Place, str]]:
    """A finding at each comparison for few whose left side is a ``count`` or ``sum`` of a filter's result.

    Only comparisons that the alert cannot do without are judged: beside ``or`` something else may fire. And only where
    more is better: of those that are 0, or small, there may well be none.
    """
    needed = _needed(expr)
    # Between two bounds, silence at none is meant: count(…) > 0 and count(…) < 3.
    bounded = [to_text(node.lhs) for node in needed if str(node.op) in _MANY]
    for node, offset in few_operators(rule.expr, expr, _FEW | _MANY):
        if node not in needed or _is_bool(node):
            continue
        side = _aggregation(node.lhs if str(node.op) in _FEW else node.rhs)
        if side is None or to_text(side) in bounded:
            continue
        message = (
            f"{cut(to_text(side), 80)} has no value when nothing passes its filter: the alert for too few is silent "
            "when there is none at all. Count with bool, as in sum(up == bool 1), or put zero in its place: "
            "(count(…) or vector(0))"
        )
        yield rule.place_in_expr(offset), message


def _needed(expr: Any) -> list[Any]:
    """The comparisons without which there is no result."""
    found, waiting = [], [expr]
    while waiting:
        node = waiting.pop()
        match type(node).__name__:
            case "ParenExpr":
                waiting.append(node.expr)
            case "BinaryExpr" if str(node.op) == "and":
                waiting += [node.lhs, node.rhs]
            case "BinaryExpr" if str(node.op) == "unless":
                waiting.append(node.lhs)
            case "BinaryExpr" if str(node.op) in _FILTERS and not fills(node):
                found.append(node)
    return found


def _aggregation(side: Any) -> Any | None:
    """The ``count`` or ``sum`` over a filter that the side is, or is a multiple or a share of."""
    while True:
        match type(side).__name__:
            case "ParenExpr":
                side = side.expr
            case "BinaryExpr" if str(side.op) == "*" and is_scalar(side.lhs):
                side = side.rhs
            case "BinaryExpr" if str(side.op) in ("*", "/") and not fills(side):
                side = side.lhs
            case "AggregateExpr" if str(side.op) in ("count", "sum") and _is_filter(side.expr):
                return side
            case _:
                return None


def _is_filter(node: Any) -> bool:
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    return (
        type(node).__name__ == "BinaryExpr"
        and is_scalar(node.rhs)
        and not _is_bool(node)
        and (str(node.op) in _MANY or (str(node.op), to_text(node.rhs)) in (("==", "1"), ("!=", "0")))
    )


def _is_bool(node: Any) -> bool:
    return node.modifier is not None and bool(node.modifier.return_bool)

"""Whether an expression can have a result when some of what it reads is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from deployspec.languages.promql.selectors import Selector, selector_of
from deployspec.languages.promql.syntax import fills, fold, is_scalar_node

if TYPE_CHECKING:
    from promql_parser import Expr


def can_give_a_result(expr: Expr, there: Callable[[Selector], bool]) -> bool:
    """Whether the expression can have a result, ``there`` saying of a selector whether it finds any series.

    False only where the result is empty whatever the values are. ``absent`` can always have one, as series have gaps.
    """

    return fold(expr, lambda node, below: can_of_node(node, below, there))


def can_of_node(node: Any, below: tuple[bool, ...], there: Callable[[Selector], bool]) -> bool:
    """``can_give_a_result`` of a node, given that of its parts."""
    match type(node).__name__:
        case "VectorSelector":
            return there(selector_of(node))
        case "BinaryExpr" if str(node.op) == "or" or fills(node):
            return any(below)
        case "BinaryExpr" if str(node.op) == "unless":
            return below[0]
        case "Call" if node.func.name in ("absent", "absent_over_time") or is_scalar_node(node, ()):
            return True
        case _:
            return all(below)

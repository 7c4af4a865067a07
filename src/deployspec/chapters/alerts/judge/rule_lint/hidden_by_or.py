"""``hidden-by-or``: ``or`` between two counters' rises, of which the second is dropped wherever the first exists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployspec.base.problems import Place
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_lint.expressions import few_operators
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import to_text, walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_RISES = frozenset(("rate", "irate", "increase"))
_FILTERS = frozenset(("==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"))
# Two things that are there at the same time. Other pairs may be a metric's old name and its new one, of which `or`
# takes what there is.
_TOGETHER = (
    frozenset(("receive", "transmit")),
    frozenset(("received", "sent", "transmitted")),
    frozenset(("rx", "tx")),
    frozenset(("in", "out")),
    frozenset(("input", "output")),
    frozenset(("read", "write", "written")),
    frozenset(("reads", "writes")),
    frozenset(("errs", "errors", "drop", "drops", "dropped", "timeouts", "retries", "rejected")),
)
_SAME = (frozenset(("errs", "errors")), frozenset(("drop", "drops", "dropped")))


def findings(rule: Rule, expr: Expr) -> Iterator[tuple[Place, str]]:
    """A finding at each ``or`` whose sides differ in nothing but the metric, and lose its name."""
    for node, offset in few_operators(rule.expr, expr, frozenset(("or",))):
        if node.modifier is not None and node.modifier.matching is not None:
            continue
        # a or b or c is (a or b) or c: c is hidden by each of them.
        left = next((side for side in _alternatives(node.lhs) if _hides(side, node.rhs)), None)
        if left is None:
            continue
        first, second = selectors(left)[0].name or "", selectors(node.rhs)[0].name or ""
        message = (
            f"`or` drops each series of its right side whose labels the left side has, and both lose their names: "
            f"where {cut(first, 60)} exists, even at 0, {cut(second, 60)} is never seen. Add them up (… + …), or "
            "compare each side before `or`"
        )
        yield rule.place_in_expr(offset), message


def _alternatives(node: Any) -> list[Any]:
    found = []
    while type(node).__name__ == "BinaryExpr" and str(node.op) == "or":
        found.append(node.rhs)
        node = node.lhs
    return [*found, node]


def _hides(left: Any, right: Any) -> bool:
    first, second = _rise(left), _rise(right)
    if first is None or second is None or first[1] != second[1]:
        return False
    words, others = first[0].split("_"), second[0].split("_")
    if len(words) != len(others):
        return False
    differ = [{a, b} for a, b in zip(words, others, strict=True) if a != b]
    return bool(differ) and all(
        any(pair <= some for some in _TOGETHER) and not any(pair <= some for some in _SAME) for pair in differ
    )


def _rise(side: Any) -> tuple[str, str] | None:
    """The metric whose rise the side is, unfiltered, and its text without the metric's name."""
    while type(side).__name__ == "ParenExpr":
        side = side.expr
    read = selectors(side)
    if len(read) != 1 or not read[0].name:
        return None
    kinds: list[tuple[str, Any]] = [(type(node).__name__, node) for node in walk(side)]
    if not any(kind == "Call" and node.func.name in _RISES for kind, node in kinds):
        return None
    if any(kind == "BinaryExpr" and str(node.op) in _FILTERS for kind, node in kinds):
        return None
    name = read[0].name
    return name, re.sub(rf"(?<![\w:]){re.escape(name)}(?![\w:])", "", to_text(side))

"""Which labels the result of an expression can have.

Source: Prometheus' own evaluation (promql/engine.go, promql/functions.go), which is the same in 2.42 and 3 but for
the time at which ``__name__`` is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from deployspec.languages.promql.selectors import selector_of
from deployspec.languages.promql.syntax import fills, fold, is_scalar_node, literal

if TYPE_CHECKING:
    from promql_parser import Expr

KEEP_THE_NAME = frozenset(
    ("sort", "sort_desc", "sort_by_label", "sort_by_label_desc", "last_over_time", "first_over_time")
)
PICK_SERIES = frozenset(("topk", "bottomk", "limitk", "limit_ratio"))
_FILTERS = frozenset(("==", "!=", ">", "<", ">=", "<="))


@dataclass(frozen=True, slots=True)
class Labels:
    """A set of labels: either exactly some, or all but some."""

    names: frozenset[str]
    all_but: bool
    """Whether it is every label except ``names``."""

    def may_have(self, label: str) -> bool:
        """Whether a series of the result can have this label, with a value that is not empty."""
        return (label in self.names) != self.all_but

    def without(self, *labels: str) -> Labels:
        """These labels less those."""
        return self & ~_some(labels)

    def plus(self, *labels: str) -> Labels:
        """These labels and those."""
        return self | _some(labels)

    def only(self, *labels: str) -> Labels:
        """Those of the given labels that are among these."""
        return self & _some(labels)

    def __invert__(self) -> Labels:
        return Labels(self.names, not self.all_but)

    def __and__(self, other: Labels) -> Labels:
        if self.all_but and other.all_but:
            return Labels(self.names | other.names, all_but=True)
        some, others = (other, self) if self.all_but else (self, other)
        return _some(filter(others.may_have, some.names))

    def __or__(self, other: Labels) -> Labels:
        return ~(~self & ~other)


def _some(labels: Iterable[str]) -> Labels:
    return Labels(frozenset(labels), all_but=False)


NONE = _some(())
ANY = ~NONE


def result_labels(expr: Expr) -> Labels:
    """The labels that a series of the expression's result can have, ``__name__`` included.

    A label is left out only where no series can have it. What a metric's series carry is not known, nor what a
    recording rule wrote: a selector may have any label, but one that it wants empty.
    """
    return fold(expr, labels_of_node) or NONE


def labels_of_node(node: Any, below: tuple[Labels | None, ...]) -> Labels | None:
    """The labels of a node's result, given those of its parts; None: it is a scalar or a string."""
    match type(node).__name__:
        case "VectorSelector":
            empty = [one.label for one in selector_of(node).matchers if one.op == "=" and one.value == ""]
            return ANY.without(*empty)
        case "MatrixSelector" | "ParenExpr" | "SubqueryExpr":
            return below[0]
        case "UnaryExpr":
            return below[0] and below[0].without("__name__")
        case "AggregateExpr":
            return _of_aggregation(node, below[-1] or NONE)
        case "BinaryExpr":
            return _of_operation(node, *below)
        case "Call":
            return _of_call(node, below)
        case _:
            return None


def _of_aggregation(node: Any, inner: Labels) -> Labels:
    operator = str(node.op)
    if operator in PICK_SERIES:
        return inner
    if node.modifier is None:
        kept = NONE
    elif str(node.modifier.type).endswith("By"):
        kept = inner.only(*node.modifier.labels)
    else:
        kept = inner.without("__name__", *node.modifier.labels)
    return kept.plus(literal(node.param)) if operator == "count_values" else kept


def _of_operation(node: Any, left: Labels | None, right: Labels | None) -> Labels | None:
    operator, modifier = str(node.op), node.modifier
    keeps_name = operator in ("and", "or", "unless") or (
        operator in _FILTERS and not (modifier is not None and modifier.return_bool)
    )
    if left is None or right is None:
        vector = left or right
        return vector if vector is None or keeps_name else vector.without("__name__")
    if operator == "or" or fills(node):
        return left | right
    if operator == "unless":
        return left
    matched = _of_match(node, left, right)
    return matched if keeps_name else matched.without("__name__")


def _of_match(node: Any, left: Labels, right: Labels) -> Labels:
    """The labels of two vectors' match: series match when the labels that count are equal on both sides, so that one
    which the other side never has is empty."""
    modifier = node.modifier
    both = left & right
    if modifier is None:
        return _name_as_in(left, both)
    matching, card = modifier.matching, str(modifier.card).rpartition(".")[2]
    on = matching is not None and str(matching.type).endswith("Include")
    named = tuple(matching.labels) if matching is not None else ()
    if card == "OneToOne":
        return both.only(*named) if on else _name_as_in(left, both).without(*named)
    many, one = (right, left) if card == "OneToMany" else (left, right)
    if on:
        kept = many.without(*(label for label in named if not both.may_have(label)))
    else:
        ignored = [label for label in named if many.may_have(label)]
        kept = _name_as_in(many, both).without(*named).plus(*ignored)
    for label in modifier.group_labels or ():
        kept = kept.plus(label) if one.may_have(label) else kept.without(label)
    return kept


def _name_as_in(side: Labels, both: Labels) -> Labels:
    """The name never counts in matching."""
    return both.plus("__name__") if side.may_have("__name__") else both.without("__name__")


def _of_call(node: Any, below: tuple[Labels | None, ...]) -> Labels | None:
    name = node.func.name
    if is_scalar_node(node, ()):
        return None
    if name in ("absent", "absent_over_time"):
        return _of_absent(node.args[0])
    inner = reduce(or_, (labels for labels in below if labels is not None), NONE)
    if name in ("label_replace", "label_join"):
        return inner.plus(literal(node.args[1]))
    if name == "info":
        return ANY
    if name == "histogram_quantile":
        return inner.without("le", "__name__")
    return inner if name in KEEP_THE_NAME else inner.without("__name__")


def _of_absent(argument: Any) -> Labels:
    """``absent`` has the labels of its selector's ``=`` matchers, unless another matcher is on the same label."""
    while type(argument).__name__ == "ParenExpr":
        argument = argument.expr
    if type(argument).__name__ not in ("VectorSelector", "MatrixSelector"):
        return NONE
    matchers = selector_of(argument).matchers
    once = {one.label for one in matchers if [other.label for other in matchers].count(one.label) == 1}
    equal = {one.label for one in matchers if one.op == "=" and one.value and one.label != "__name__"}
    return _some(equal & once)

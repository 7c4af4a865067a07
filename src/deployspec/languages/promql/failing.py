"""Whether the evaluation of an expression can fail, on the series that there are.

Source: Prometheus' own evaluation (promql/engine.go, promql/functions.go), the same in 2.42 and 3.5. What fails without
any series, such as a label that is no name, is not asked about here: it fails at the first evaluation of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.languages.promql.labels import ANY, KEEP_THE_NAME, NONE, PICK_SERIES, Labels, labels_of_node
from deployspec.languages.promql.results import can_of_node
from deployspec.languages.promql.selectors import Selector, selector_of
from deployspec.languages.promql.syntax import fills, fold, literal

if TYPE_CHECKING:
    from promql_parser import Expr

_MOST = 1e18
"""How many series ``topk`` may be asked for: beyond an int64 it fails."""
_SMOOTHING = frozenset(("holt_winters", "double_exponential_smoothing"))
_SETS = frozenset(("and", "or", "unless"))
_FILTERS = frozenset(("==", "!=", ">", "<", ">=", "<="))


class Facts(NamedTuple):
    """Of an expression, on the series that there are; where something is not known, the worse is said."""

    labels: Labels | None
    """Those that its result can have; None: it is a scalar or a string."""
    can: bool
    """Whether it can have a result."""
    unique: bool
    """Whether no two series of the result differ in nothing but their metrics' names."""
    fails: bool
    """Whether its evaluation can fail."""

    def alike(self, labels: frozenset[str] | None, *, on: bool) -> bool:
        """Whether two series can be alike in all labels that count in matching. None: all count."""
        if not self.unique:
            return True
        if labels is None or self.labels is None:
            return False
        if on:
            return self.labels.without("__name__", *labels) != NONE
        return any(map(self.labels.may_have, labels))


def facts(expr: Expr, series: Callable[[Selector], Labels | None]) -> Facts:
    """What is known of an expression. ``series`` says which labels the series that a selector finds can have; None: it
    finds none."""

    def there(selector: Selector) -> bool:
        return series(selector) is not None

    def of_node(node: Any, below: tuple[Facts, ...]) -> Facts:
        can = can_of_node(node, tuple(one.can for one in below), there)
        labels = labels_of_node(node, tuple(one.labels for one in below))
        if type(node).__name__ == "VectorSelector":
            selector = selector_of(node)
            found = series(selector)
            # What is not there has no labels to tell of.
            labels = (labels or ANY) & (NONE if found is None else found).plus("__name__")
            names = selector.names()
            return Facts(labels, can, names is not None and len(names) == 1, fails=False)
        unique, fails = _of_node(node, below, can=can)
        return Facts(labels, can, unique, fails or any(one.fails for one in below))

    return fold(expr, of_node)


def _of_node(node: Any, below: tuple[Facts, ...], *, can: bool) -> tuple[bool, bool]:
    """Whether the result is unique, and whether this node itself can fail."""
    vectors = [one for one in below if one.labels is not None]
    unique = all(one.unique for one in vectors)
    match type(node).__name__:
        case "UnaryExpr":
            return unique, can and not unique
        case "AggregateExpr" if str(node.op) in PICK_SERIES:
            return below[-1].unique, can and not _is_count(node.param)
        case "AggregateExpr":
            modifier = node.modifier
            named = (
                modifier is not None and "__name__" in modifier.labels and str(modifier.type).endswith("By")
            )
            made = str(node.op) == "count_values" and literal(node.param) == "__name__"
            return not (named or made), False
        case "SubqueryExpr":
            # At another moment a series may have another name.
            (inner,) = below
            fixed = type(node.expr).__name__ == "VectorSelector" or not (inner.labels or NONE).may_have(
                "__name__"
            )
            return unique and fixed, False
        case "BinaryExpr" if len(vectors) == 2:
            return _of_operation(node, *vectors)
        case "BinaryExpr":
            return unique, can and not unique and not _keeps_the_name(node)
        case "Call":
            return _of_call(node, vectors, unique=unique, can=can)
        case _:
            return unique, False


def _of_call(node: Any, vectors: list[Facts], *, unique: bool, can: bool) -> tuple[bool, bool]:
    name = node.func.name
    if name in ("label_replace", "label_join"):
        made = literal(node.args[1])
        merges = (
            not unique or made == "__name__" or any((one.labels or NONE).may_have(made) for one in vectors)
        )
        return not merges, can and merges
    if name in ("absent", "absent_over_time", "histogram_quantile"):
        return True, False
    if name == "info":
        return False, can
    if name in KEEP_THE_NAME:
        return unique, False
    return unique, can and (not unique or name in _SMOOTHING)


def _of_operation(node: Any, left: Facts, right: Facts) -> tuple[bool, bool]:
    operator, modifier = str(node.op), node.modifier
    if operator in ("and", "unless"):
        return left.unique, False
    if operator == "or":
        # Of the right side only what the left side has nothing like.
        return left.unique and right.unique, False
    if fills(node):
        return False, left.can or right.can
    matching = modifier.matching if modifier is not None else None
    named = frozenset(matching.labels) if matching is not None else None
    on = matching is not None and str(matching.type).endswith("Include")
    card = str(modifier.card).rpartition(".")[2] if modifier is not None else "OneToOne"
    # Where either side has no series, the other one is not looked at.
    meet = left.can and right.can
    if card == "OneToOne":
        fails = left.alike(named, on=on) or right.alike(named, on=on)
        many = left
    else:
        many, one = (right, left) if card == "OneToMany" else (left, right)
        taken = modifier.group_labels or ()
        fails = one.alike(named, on=on) or not many.unique or any(map((many.labels or NONE).may_have, taken))
    return many.unique or not _keeps_the_name(node), meet and fails


def _keeps_the_name(node: Any) -> bool:
    operator, modifier = str(node.op), node.modifier
    return operator in _SETS or (operator in _FILTERS and not (modifier is not None and modifier.return_bool))


def _is_count(node: Any) -> bool:
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    return type(node).__name__ == "NumberLiteral" and abs(node.val) < _MOST

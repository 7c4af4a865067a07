"""What recording rules say of the metrics that they write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.judge.reading import by_name, read
from deployspec.languages.promql.labels import result_labels
from deployspec.languages.promql.selectors import Selector, selector_of, selectors
from deployspec.languages.promql.syntax import fold, is_scalar, walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_PICK_SERIES = frozenset(("topk", "bottomk", "limitk", "limit_ratio"))
_NO_SERIES = frozenset(("absent", "absent_over_time", "scalar", "vector"))


class Recorded:
    """The recording rules of some files, by the metric that they write."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = by_name(rules, "record")
        self._open: set[str] = set()
        """Metrics that are being looked at: rules may record a metric from itself."""

    def origins(self, expr: Expr) -> tuple[Selector, ...]:
        """The selectors whose series the result still has one by one.

        Empty where they were aggregated; and where that is not known: a metric with a colon in its name that no rule
        here records, or one that is recorded from itself.
        """
        return fold(expr, self._of_node)

    def _of_node(self, node: Any, below: tuple[tuple[Selector, ...], ...]) -> tuple[Selector, ...]:
        match type(node).__name__:
            case "VectorSelector":
                return self._of_selector(selector_of(node))
            case "AggregateExpr":
                return below[-1] if str(node.op) in _PICK_SERIES else ()
            case "Call" if node.func.name in _NO_SERIES:
                return ()
            case "BinaryExpr":
                return _of_operation(node, *below)
            case _:
                return tuple(dict.fromkeys(selector for some in below for selector in some))

    def _of_selector(self, selector: Selector) -> tuple[Selector, ...]:
        name = selector.name
        if name is None or name in self._open:
            return ()
        if name not in self._rules:
            return () if ":" in name else (selector,)
        self._open.add(name)
        try:
            parsed = [read(rule) for rule in self._rules[name]]
            return tuple(origin for expr in parsed if expr is not None for origin in self.origins(expr))
        finally:
            self._open.discard(name)

    def is_scraped(self, metric: str) -> bool:
        """Whether, as far as its name and these rules tell, no rule makes the metric."""
        return ":" not in metric and metric not in self._rules

    def may_have(self, expr: Expr) -> Callable[[str], bool]:
        """Whether a series of the expression's result can have a label, as far as the expression and the recording
        rules behind it tell."""
        labels, most = result_labels(expr), self._most(expr)
        return lambda label: labels.may_have(label) and (most is None or label in most)

    def _most(self, expr: Expr) -> set[str] | None:
        """All labels that there can be, where every metric is recorded with labels that are known; else None."""
        most: set[str] = {"__name__"}
        node: Any
        for node in walk(expr):
            match type(node).__name__:
                case "StringLiteral":  # the label that label_replace, label_join or count_values makes
                    most.add(node.val)
                case "Call" if node.func.name == "info":
                    return None
        for selector in selectors(expr):
            name = selector.name
            if name is None or name not in self._rules or name in self._open:
                return None
            most.update(matcher.label for matcher in selector.matchers)
            self._open.add(name)
            try:
                for rule in self._rules[name]:
                    recorded = self._labels(rule)
                    if recorded is None:
                        return None
                    most |= recorded
            finally:
                self._open.discard(name)
        return most

    def _labels(self, rule: Rule) -> set[str] | None:
        expr = read(rule)
        if expr is None:
            return None
        labels, most = result_labels(expr), self._most(expr)
        if not labels.all_but:
            return {*labels.names, *rule.labels}
        return None if most is None else {*filter(labels.may_have, most), *rule.labels}


def _of_operation(node: Any, left: tuple[Selector, ...], right: tuple[Selector, ...]) -> tuple[Selector, ...]:
    if str(node.op) in ("and", "unless"):
        return left
    if str(node.op) == "or":
        return left + right
    if is_scalar(node.lhs) or is_scalar(node.rhs):
        return left + right
    modifier = node.modifier
    card = "" if modifier is None else str(modifier.card)
    if card.endswith("ManyToOne"):
        return left
    if card.endswith("OneToMany"):
        return right
    # on(…) or ignoring(…) says which series there are; and a series that meets an aggregated one is no finer.
    chosen = modifier is not None and modifier.matching is not None
    return left + right if left and right and not chosen else ()

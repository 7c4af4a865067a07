"""``unaggregated-ratio``: a division of series one by one, where a share of the whole was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployspec.base.problems import Place
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.rule_lint.expressions import operators
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.languages.promql.labels import result_labels
from deployspec.languages.promql.selectors import Selector, metric_names, selectors
from deployspec.languages.promql.syntax import fills, is_scalar, to_text, walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_INSTEAD = "Add up both sides first: sum by (job) (rate(…)) / sum by (job) (rate(…)), with the labels to keep"
_RATES = frozenset(("rate", "irate", "increase"))
_CLAMPS = frozenset(("clamp", "clamp_min", "clamp_max"))
_MATCHERS = re.compile(r'\{(?:"(?:\\.|[^"\\])*"|[^}"])*\}|\s+', re.DOTALL)
_REQUESTS = re.compile(r"(?:^|_)requests?(?:_|$)")


def findings(rule: Rule, expr: Expr, recorded: Recorded) -> Iterator[tuple[Place, str]]:
    """A finding at each division that cannot be the share that it looks like."""
    for node, offset in operators(rule.expr, expr, frozenset("/")):
        if is_scalar(node.lhs) or is_scalar(node.rhs):
            continue
        message = _wrong(node, recorded)
        if message is not None:
            yield rule.place_in_expr(offset), message


def _wrong(node: Any, recorded: Recorded) -> str | None:
    left, right = recorded.origins(node.lhs), recorded.origins(node.rhs)
    if left and right:
        left_side, right_side = _bare(node.lhs), _bare(node.rhs)
        if _divides_itself(node, left_side, right_side):
            return (
                f"each series of {right[0].name} is divided by itself, as series match by their labels: the result "
                f"is 1, nothing or an error, whatever the share is. {_INSTEAD}"
            )
        if _is_share_of_requests(node, left_side, right_side):
            return (
                f"{left[0].name} is divided by {right[0].name} series by series: a path with two requests of which one "
                f"failed is at 50%, and the share of all requests is nowhere. {_INSTEAD}; or, where each series is "
                "meant, say so by naming its labels: / on (…)"
            )
    elif left or right:
        pinned = _pinned(node.lhs, node.rhs) if left else _pinned(node.rhs, node.lhs)
        if pinned is not None and _matches_all_labels(node):
            return (
                f"one side of the division is aggregated and has no label {cut(pinned, 40)}, the other has it in each "
                f"series: they never match, and the result is always empty. {_INSTEAD}"
            )
    return None


def _bare(expr: Any) -> Any:
    """The vector without brackets, factors, limits and filters by a number: it has the same series, or some of them."""
    while True:
        match type(expr).__name__:
            case "ParenExpr" | "UnaryExpr":
                expr = expr.expr
            case "BinaryExpr" if is_scalar(expr.rhs):
                expr = expr.lhs
            case "BinaryExpr" if is_scalar(expr.lhs):
                expr = expr.rhs
            case "Call" if expr.func.name in _CLAMPS:
                expr = expr.args[0]
            case _:
                return expr


def _divides_itself(node: Any, left: Any, right: Any) -> bool:
    """Whether series that match are one and the same: both sides differ in nothing but their matchers."""
    if not (left_one := _only(left)) or not (right_one := _only(right)) or left_one.name != right_one.name:
        return False
    if _MATCHERS.sub("", to_text(left)) != _MATCHERS.sub("", to_text(right)):
        return False
    narrow, wide = set(left_one.matchers), set(right_one.matchers)
    card = "" if node.modifier is None else str(node.modifier.card)
    # The wider side holds each series of the other, so whatever labels are matched on, a single match is the series
    # itself; unless it is the side of which many series may match one, as in all / ignoring (x) group_left one.
    if wide <= narrow and not card.endswith("OneToMany"):
        return True
    if narrow <= wide and not card.endswith("ManyToOne"):
        return True
    return _matches_all_labels(node)


def _only(side: Any) -> Selector | None:
    found = selectors(side)
    return found[0] if len(found) == 1 else None


def _matches_all_labels(node: Any) -> bool:
    return node.modifier is None or (node.modifier.matching is None and not fills(node))


def _is_share_of_requests(node: Any, left: Any, right: Any) -> bool:
    """Whether a counter's rate is divided by that of requests, in a name of their own: failures of requests.

    Other counters' ratios are often meant per series (errors per packet of each network card), and a sum divided by
    its own count is each series' mean: of those nothing is said.
    """
    if not _matches_all_labels(node) or not (_is_rate(left) and _is_rate(right)):
        return False
    (dividend, *_), (divisor, *_) = metric_names(left) or ("",), metric_names(right) or ("",)
    is_mean = dividend.endswith("_sum") and divisor == f"{dividend.removesuffix('_sum')}_count"
    return dividend != divisor and not is_mean and _REQUESTS.search(divisor) is not None


def _is_rate(side: Any) -> bool:
    return type(side).__name__ == "Call" and side.func.name in _RATES


def _pinned(single: Any, aggregated: Any) -> str | None:
    """A label that a matcher demands of each series of one side, and that the other side cannot have."""
    one = _only(single)
    calls: Any = [part for part in walk(single) if type(part).__name__ == "Call"]
    if one is None or any(call.func.name.startswith("label_") for call in calls):
        return None
    there, other = result_labels(single), result_labels(aggregated)
    demanded = [one.label for one in one.matchers if one.label != "__name__" and not one.matches("")]
    return next((label for label in demanded if there.may_have(label) and not other.may_have(label)), None)

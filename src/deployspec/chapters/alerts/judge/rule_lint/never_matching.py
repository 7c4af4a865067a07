"""``never-matching``: ``and`` or ``unless`` between series whose labels can never be equal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployspec.base.problems import Place
from deployspec.base.shown import cut, names
from deployspec.chapters.alerts.judge.reading import MADE_BY_PROMETHEUS
from deployspec.chapters.alerts.judge.rule_lint.expressions import few_operators
from deployspec.chapters.alerts.judge.rule_lint.recorded import Recorded
from deployspec.languages.promql.labels import Labels, result_labels
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import is_scalar, walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_FROM_SCRAPING = ("job", "instance")
_FOLLOWED = frozenset(
    (
        "rate",
        "irate",
        "increase",
        "delta",
        "idelta",
        "deriv",
        "predict_linear",
        "changes",
        "resets",
        "abs",
        "ceil",
    )
) | {f"{kind}_over_time" for kind in ("avg", "min", "max", "sum", "count", "last", "quantile")}


def findings(rule: Rule, expr: Expr, recorded: Recorded) -> Iterator[tuple[Place, str]]:
    """A finding at each such operator without ``on`` or ``ignoring``."""
    for node, offset in few_operators(rule.expr, expr, frozenset(("and", "unless"))):
        if node.modifier is not None and node.modifier.matching is not None:
            continue
        apart = _apart(node.lhs, node.rhs, recorded) or _apart(node.rhs, node.lhs, recorded)
        if not apart:
            continue
        follows = (
            "the result is always empty, and the rule stays silent for ever"
            if str(node.op) == "and"
            else "nothing is ever taken away"
        )
        message = (
            f"one side of `{node.op}` has {apart} in each series, and the other side has none of that: they never "
            f"match, and {follows}. Say by which labels they match: {node.op} on (…), empty for none"
        )
        yield rule.place_in_expr(offset), message


def _apart(side: Any, other: Any, recorded: Recorded) -> str:
    """What each series of one side has and none of the other can have; empty where that is not sure."""
    own, others = result_labels(side), result_labels(other)
    if others.all_but or not _is_followed(side, recorded):
        return ""
    # Nobody knows whether a label is there, but where a matcher demands it or scraping gives it. Of these two only
    # those are taken that the author names, or that meet a side without any label.
    if own.all_but and not _bare(others) and recorded.origins(side):
        return "the labels job and instance"
    given = () if own.all_but else _FROM_SCRAPING
    sure = [x for x in (*_demanded(side), *given) if own.may_have(x) and not others.may_have(x)]
    if not sure and not own.all_but and _bare(others) and not _bare(own) & _bare(others):
        sure = sorted(_bare(own))
    return f"the label {cut(names(sure), 80)}" if sure else ""


def _demanded(side: Any) -> list[str]:
    """The labels that a matcher wants in each series that the side reads."""
    first, *more = (
        {one.label for one in read.matchers if one.label != "__name__" and not one.matches("")}
        for read in selectors(side)
    )
    return sorted(first.intersection(*more))


def _bare(labels: Labels) -> frozenset[str]:
    return labels.names - {"__name__"}


def _is_followed(side: Any, recorded: Recorded) -> bool:
    """Whether its series are scraped ones, or come from them in ways that say what becomes of their labels."""
    read = selectors(side)
    scraped = bool(read) and all(
        one.name is not None and one.name not in MADE_BY_PROMETHEUS and recorded.is_scraped(one.name)
        for one in read
    )
    node: Any
    for node in walk(side):
        match type(node).__name__:
            case "Call" if node.func.name not in _FOLLOWED:
                return False
            case "BinaryExpr" if not (is_scalar(node.lhs) or is_scalar(node.rhs)):
                return False
            case "AggregateExpr" if str(node.op) == "count_values":
                return False
    return scraped

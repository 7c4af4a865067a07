"""Lints that hold a query against what is drawn of it: unit, legend, range."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import cut, names
from deployspec.languages.grafana.macros import length
from deployspec.languages.promql.labels import NONE, result_labels
from deployspec.languages.promql.selectors import selector_of, selectors
from deployspec.languages.promql.syntax import walk

if TYPE_CHECKING:
    from promql_parser import Expr

    from deployspec.languages.grafana import Dashboard, Query

LABELS_BY_VARIABLE = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*[$\[]")
"""What the result's labels are depends on what is chosen."""
NAMED_BY_LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_WITH_LEGEND = frozenset(("timeseries", "graph", "bargauge", "barchart", "piechart"))
_DRAWN = frozenset(("timeseries", "graph", "stat", "singlestat", "gauge", "bargauge"))
_NO_UNIT = frozenset(("short", "none"))
_SAYS_A_UNIT = re.compile(
    r"\b(?:seconds?|secs?|s|ms|millis\w*|µs|us|ns|bytes?|[kmgt]i?b|bps|iops?)\b|%|\(.+\)|/\s*s", re.IGNORECASE
)
_KEEP_THE_UNIT = frozenset(("sum", "avg", "min", "max", "topk", "bottomk", "quantile"))
_OVER_TIME = frozenset(
    (
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "quantile_over_time",
        "last_over_time",
        "sort",
        "sort_desc",
    )
)


_DAY = 86_400.0


def findings(
    dashboard: Dashboard,
    query: Query,
    expr: Expr,
    beside: Sequence[Query],
    read: Callable[[Query], Expr | None],
    types: Mapping[str, str],
) -> Iterator[tuple[str, str]]:
    """The names of the lints that find something in a panel's query, with what they say. ``beside`` are all queries of the
    panel, and ``read`` gives a query's tree."""
    for name, message in (
        ("percent-twice", _percent(query, expr)),
        ("ratio-in-percent", _ratio(query, expr)),
        ("missing-unit", _missing_unit(query, beside, read, types)),
        ("legend-without-label", _legend(query, expr)),
        ("irate-over-a-day", _irate(dashboard, query, expr)),
    ):
        if message:
            yield name, message


def _percent(query: Query, expr: Expr) -> str:
    if query.panel.units != ("percentunit",) or not _times_hundred(expr):
        return ""
    return (
        "the query has percent (times 100), and the panel's unit percentunit takes 1 for 100%: it shows a hundred times "
        "too much. Take the unit percent, or leave out the 100"
    )


def _missing_unit(
    query: Query, asked: Sequence[Query], read: Callable[[Query], Expr | None], types: Mapping[str, str]
) -> str:
    """Told once a panel, of its first query, where all of them have the one unit."""
    panel = query.panel
    if panel.type not in _DRAWN or set(panel.units) - _NO_UNIT or panel.transformations:
        return ""
    if asked[0] is not query or _SAYS_A_UNIT.search(" ".join([panel.title, *(one.legend for one in asked)])):
        return ""
    found = [None if expr is None else _measured(expr, types) for expr in map(read, asked)]
    first = found[0]
    if first is None or any(one is None or one[1:] != first[1:] for one in found):
        return ""
    metric, unit, grafanas = first
    return (
        f"{cut(metric, 60)} is in {unit}, and the panel shows it as a bare number. Set its unit: {grafanas}"
    )


def _measured(expr: Any, types: Mapping[str, str]) -> tuple[str, str, str] | None:
    """The metric whose unit the result has, with the unit and what Grafana calls it; None where that is not sure."""
    rated = False
    while True:
        match type(expr).__name__:
            case "ParenExpr":
                expr = expr.expr
            case "AggregateExpr" if str(expr.op) in _KEEP_THE_UNIT:
                expr = expr.expr
            case "Call" if expr.func.name in _OVER_TIME:
                expr = expr.args[-1]
            case "Call" if expr.func.name == "histogram_quantile":
                return _of_histogram(expr.args[1])
            case "Call" if expr.func.name in ("rate", "irate") and not rated:
                rated, expr = True, expr.args[0]
            case "VectorSelector" | "MatrixSelector":
                return _of_name(selector_of(expr).name or "", rated, types)
            case _:
                return None


def _of_histogram(buckets: Expr) -> tuple[str, str, str] | None:
    found = [one.name or "" for one in selectors(buckets)]
    for name in found[:1] if len(set(found)) == 1 else ():
        if name.endswith("_seconds_bucket"):
            return name, "seconds", "s"
        if name.endswith("_bytes_bucket"):
            return name, "bytes", "bytes"
    return None


def _of_name(name: str, rated: bool, types: Mapping[str, str]) -> tuple[str, str, str] | None:
    if rated and name.endswith("_bytes_total"):
        return name, "bytes a second", "Bps"
    if (
        not rated
        and name.endswith("_bytes")
        and not name.endswith("mtu_bytes")
        and types.get(name, "gauge") == "gauge"
    ):
        return name, "bytes", "bytes"
    if not rated and name.endswith("_seconds") and not name.endswith(("time_seconds", "timestamp_seconds")):
        return name, "seconds", "s"
    return None


def _irate(dashboard: Dashboard, query: Query, expr: Expr) -> str:
    nodes: Iterator[Any] = walk(expr)
    span = length(query.panel.from_) or dashboard.span or 0.0
    if (
        span < _DAY
        or query.instant
        or not any(type(one).__name__ == "Call" and one.func.name == "irate" for one in nodes)
    ):
        return ""
    return (
        "irate over a day: of each step of minutes it shows the last two samples, and what lies between is never "
        "seen, however high. Use rate with [$__rate_interval]"
    )


def _legend(query: Query, expr: Expr) -> str:
    # A panel of one number shows no legend, and a table has columns instead.
    if query.format == "table" or query.panel.transformations or query.panel.type not in _WITH_LEGEND:
        return ""
    made = result_labels(expr)
    named = tuple(dict.fromkeys(NAMED_BY_LEGEND.findall(query.legend)))
    if not named or any(map(made.may_have, named)) or LABELS_BY_VARIABLE.search(query.text):
        return ""
    # Where nothing is left of a legend, Grafana takes the labels; and one curve needs no name of its own.
    if made == NONE or not NAMED_BY_LEGEND.sub("", query.legend).strip(" -_:/,|()\n"):
        return ""
    return (
        f"the legend names {cut(names(named), 80)}, which the query's result cannot have, so that all curves have one "
        "name. Keep the label (sum by (…)), or name one that is kept"
    )


def _ratio(query: Query, expr: Any) -> str:
    while type(expr).__name__ == "ParenExpr":
        expr = expr.expr
    if query.panel.units != ("percent",) or type(expr).__name__ != "BinaryExpr" or str(expr.op) != "/":
        return ""
    nodes: Iterator[Any] = walk(expr)
    if any(type(one).__name__ == "NumberLiteral" and one.val >= 100 for one in nodes):
        return ""
    kinds = [
        {(one.name or "").rpartition("_")[2] for one in selectors(side)} for side in (expr.lhs, expr.rhs)
    ]
    if kinds[0] != kinds[1] or len(kinds[0]) != 1:
        return ""
    return (
        "the query has a ratio, 1 for all, and the panel's unit percent takes 100 for all: it shows a hundredth of what "
        "is. Take the unit percentunit, or multiply by 100"
    )


def _times_hundred(expr: Any) -> bool:
    while type(expr).__name__ == "ParenExpr":
        expr = expr.expr
    if type(expr).__name__ != "BinaryExpr":
        return False
    # 100 * a / b is (100 * a) / b.
    if str(expr.op) == "/" and type(expr.rhs).__name__ != "NumberLiteral":
        return _times_hundred(expr.lhs)
    sides = [
        side for side in (expr.lhs, expr.rhs) if type(side).__name__ == "NumberLiteral" and side.val == 100
    ]
    if str(expr.op) == "-":
        return bool(sides) and type(expr.lhs).__name__ == "NumberLiteral"
    other = expr.rhs if type(expr.lhs).__name__ == "NumberLiteral" else expr.lhs
    while type(other).__name__ == "ParenExpr":
        other = other.expr
    # Of an error budget, 100 * (availability - 0.99), the 100 is what it is divided by.
    budget = (
        type(other).__name__ == "BinaryExpr"
        and str(other.op) == "-"
        and type(other.rhs).__name__ == "NumberLiteral"
    )
    return str(expr.op) == "*" and bool(sides) and not budget

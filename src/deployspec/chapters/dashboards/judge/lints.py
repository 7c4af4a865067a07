"""Lints of dashboards: queries that Prometheus answers and Grafana draws, and that do not show what the panel says.

Each finding is one that its author would want to be told; what may be meant so is left alone. A page for each lint, by
its name, says what it finds, what follows, what to write instead, and what is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import cut, names
from deployspec.chapters.dashboards.judge import panel_lints
from deployspec.chapters.dashboards.judge.panel_lints import LABELS_BY_VARIABLE, NAMED_BY_LEGEND
from deployspec.languages.grafana import (
    Expanded,
    Kind,
    Language,
    Place,
    Scope,
    Unexpanded,
    choose,
    expand,
    options,
    scope_of,
)
from deployspec.languages.grafana.expanding import references
from deployspec.languages.grafana.model import Chosen
from deployspec.languages.promql.labels import result_labels
from deployspec.languages.promql.selectors import Selector, selector_of, selectors
from deployspec.languages.promql.syntax import PromqlError, parse, to_text, walk

if TYPE_CHECKING:
    from promql_parser import Expr

    from deployspec.languages.grafana import Dashboard, Query, Variable

_OF_COUNTERS = frozenset(("rate", "irate", "increase"))
# By name alone a type is only guessed, so these are names whose exporters say it: node_exporter, cAdvisor,
# kube-state-metrics, the client libraries, and Prometheus itself.
_GAUGE = re.compile(
    r"up|ALERTS|scrape_(?:duration_seconds|samples_scraped|samples_post_metric_relabeling|series_added)"
    r"|\w+_(?:in_progress|in_flight|inprogress)|\w+_queue_(?:length|size|depth)"
    r"|node_memory_(?:Mem|Swap)\w+_bytes|node_load(?:1|5|15)"
    r"|node_filesystem_(?:(?:avail|free|size)_bytes|files|files_free|readonly)"
    r"|process_(?:(?:resident|virtual)_memory_bytes|open_fds|max_fds|start_time_seconds)|go_goroutines|go_threads"
    r"|container_memory_(?:(?:usage|working_set)_bytes|rss|cache|swap)"
    r"|kube_[a-z]+_status_(?:phase|ready|condition|replicas\w*|capacity|allocatable)"
)
_OF_MANY = frozenset(("le", "job", "cluster", "namespace", "quantile"))
"""Labels that say where a service is: many of its series have one value of them."""


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """A query that is valid, and does not show what its author believes."""

    place: Place
    lint: str
    """Its name, which is that of its page: ``quantile-per-series`` …"""
    message: str
    """One line: what is wrong, what follows from it, and what to write instead."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message} (`deployspec explain {self.lint}`)"


def lint(dashboard: Dashboard, types: Mapping[str, str] | None = None) -> tuple[LintFinding, ...]:
    """The findings in a dashboard, each once, in the order of their places.

    ``types`` are the metrics' types by name, as Prometheus' metadata has them; without them, or for a name that is not
    there, a metric is a gauge only where its name says so. A query that cannot be read is none of the lints' business.
    """
    neutral = Neutral(dashboard)
    of_panel: dict[int, list[Query]] = {}
    for query in dashboard.queries:
        of_panel.setdefault(id(query.panel), []).append(query)
    found = {
        LintFinding(query.place, name, message)
        for query in dashboard.queries
        for name, message in _of_query(dashboard, query, of_panel[id(query.panel)], neutral, types or {})
    }
    return tuple(sorted(found))


class Neutral:
    """Values for a dashboard's variables with which its queries can be read: those of the file, or else their names."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._values: dict[str, Chosen] = {}
        self.variables = {one.name: one for one in dashboard.variables}
        for variable in dashboard.variables:
            listed = tuple(one for one in variable.current if one != "$__all") or (variable.name,)
            offered = listed if variable.type == "query" else options(variable) or listed
            chosen = choose(variable, offered, listed if variable.type == "query" else ())
            if chosen is not None:
                self._values[variable.name] = chosen

    def written(self, query: Query) -> str | Unexpanded:
        """The query with these values in place."""
        scope = scope_of(query, self._values, 0.0, 3600.0)
        written = expand(query.text, scope) if isinstance(scope, Scope) else scope
        return written.text if isinstance(written, Expanded) else written

    def read(self, query: Query) -> Expr | None:
        """The query's tree; None where it cannot be read."""
        written = self.written(query)
        try:
            return parse(written) if isinstance(written, str) else None
        except PromqlError:
            return None


def _of_query(
    dashboard: Dashboard, query: Query, beside: list[Query], neutral: Neutral, types: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if query.language is not Language.PROMQL or query.place.kind is Kind.VARIABLE:
        return
    for name in references(query.text):
        variable = neutral.variables.get(name)
        if variable is not None and (message := _one_of_many(query, variable)):
            yield "one-of-many", message
    expr = neutral.read(query)
    if expr is None:
        return
    for message in _gauges(expr, types):
        yield "rate-of-gauge", message
    for message in _quantiles(query, expr):
        yield "quantile-per-series", message
    for message in _lost_bounds(query, expr):
        yield "buckets-without-le", message
    for message in _ratios(expr):
        yield "ratio-of-itself", message
    if query.place.kind is Kind.PANEL:
        yield from panel_lints.findings(dashboard, query, expr, beside, neutral.read, types)


def _gauges(expr: Expr, types: Mapping[str, str]) -> Iterator[str]:
    # A histogram without buckets is a single metric, and may have any name.
    calls: list[Any] = [node for node in walk(expr) if type(node).__name__ == "Call"]
    if any(node.func.name.startswith("histogram_") for node in calls):
        return
    for node in calls:
        function, metric = node.func.name, _metric(node)
        told = types.get(metric, "")
        if function not in _OF_COUNTERS or not metric:
            continue
        if told == "gauge" or (told in ("", "unknown") and _GAUGE.fullmatch(metric)):
            instead = "delta" if function == "increase" else "deriv"
            yield (
                f"{function} of the gauge {cut(metric, 60)}: {function} takes each fall for a restart from zero, so "
                f"that a value that goes down and up again adds to it. Use {instead}, or changes, for a gauge"
            )


def _quantiles(query: Query, expr: Expr) -> Iterator[str]:
    """Where the legend names a label that tells series apart, or a table has a column for each, a curve for each of them is
    what is meant; and so it is where the worst of them is shown."""
    named = set(NAMED_BY_LEGEND.findall(query.legend))
    if named - _OF_MANY or query.legend == "__auto" or "table" in (query.format, query.panel.type):
        return
    for node in _calls(expr, "histogram_quantile", not_within=("max", "topk")):
        inner = node.args[1]
        if any(type(one).__name__ in ("AggregateExpr", "BinaryExpr") for one in walk(inner)):
            continue
        found = [one.name or "" for one in selectors(inner)]
        # What a rule has recorded is aggregated already, as a rule.
        if found and all(name.endswith("_bucket") and ":" not in name for name in found):
            yield (
                f"histogram_quantile of {cut(names(tuple(dict.fromkeys(found))), 120)} takes a quantile of each series: "
                "a path that gets one request in an hour has a curve like all traffic, and no curve shows what the "
                "users see. Add the buckets up first: histogram_quantile(φ, sum by (le) (rate(…))), with the labels "
                "to keep beside le"
            )


def _lost_bounds(query: Query, expr: Expr) -> Iterator[str]:
    if LABELS_BY_VARIABLE.search(query.text):
        return
    for node in _calls(expr, "histogram_quantile"):
        inner = node.args[1]
        buckets = [one for one in selectors(inner) if (one.name or "").endswith("_bucket")]
        # VictoriaMetrics' own histograms have vmrange in its place, which its histogram_quantile reads.
        if buckets and not any(map(result_labels(inner).may_have, ("le", "vmrange"))):
            yield (
                "histogram_quantile of buckets that were added up without le: their bounds are gone, and the panel "
                "stays empty. Keep the bounds: sum by (le) (rate(…))"
            )


def _ratios(expr: Expr) -> Iterator[str]:
    node: Any
    for node in walk(expr):
        if type(node).__name__ != "BinaryExpr" or str(node.op) != "/" or node.modifier is not None:
            continue
        left, made, kept = _series_by_series(node.lhs)
        right, beside, others = _series_by_series(node.rhs)
        if left is None or right is None or left.name != right.name or left.name is None:
            continue
        if (made, left.range, left.offset) != (beside, right.range, right.offset):
            continue
        more = set(left.matchers) - set(right.matchers)
        if kept != others or not more or not set(right.matchers) < set(left.matchers):
            continue
        if kept is None:
            yield (
                f"each series of {cut(left.name, 60)} is divided by itself: those of both sides match where all labels "
                "are equal, so the result is 1 whatever happens. Add both sides up: sum(rate(…)) / sum(rate(…))"
            )
        elif {one.label for one in more} <= kept:
            labels = names(sorted({one.label for one in more}))
            yield (
                f"both sides are added up by {cut(labels, 60)}, which tells the part from the whole: each sum of "
                f"{cut(left.name, 60)} is divided by itself, so the result is 1 whatever happens. Leave {cut(labels, 60)} out "
                "of by (…)"
            )


def _one_of_many(query: Query, variable: Variable) -> str:
    if not (variable.multi or variable.include_all) or query.panel.repeat == variable.name:
        return ""
    # An allValue that is no regular expression may be meant for =; several values never are.
    if not variable.multi and variable.all_value and variable.all_value.isalnum():
        return ""
    name = re.escape(variable.name)
    found = re.search(
        rf'([\w.]+)\s*(!?=)\s*"[^"$\[]*(?:\${name}(?!\w)|\$\{{{name}(?::(?:regex|pipe))?\}}|\[\[{name}\]\])[^"]*"',
        query.text,
    )
    if found is None:
        return ""
    if variable.multi or not variable.all_value:
        what = "(a|b) for several values, and a dot in a value is escaped"
    else:
        what = f"{cut(variable.all_value, 40)} for all of them"
    return (
        f'{cut(found[1], 60)}{found[2]}"${variable.name}" compares with what Grafana writes as a regular expression: '
        f"{what}. No series has such a text. Use {'=~' if found[2] == '=' else '!~'}"
    )


def _series_by_series(expr: Any) -> tuple[Selector | None, str, frozenset[str] | None]:
    """The selector whose series the expression keeps one by one, as rate does, or adds up by labels; the name of the function
    that it takes of them; and these labels. None for any other expression."""
    made, kept = "", None
    while True:
        match type(expr).__name__:
            case "ParenExpr":
                expr = expr.expr
            case "AggregateExpr" if kept is None and str(expr.op) == "sum" and _is_by(expr):
                kept, expr = frozenset(expr.modifier.labels), expr.expr
            case "Call" if expr.func.name in _OF_COUNTERS:
                made, expr = expr.func.name, expr.args[0]
            case "VectorSelector" | "MatrixSelector":
                return selector_of(expr), made, kept
            case _:
                return None, "", None


def _is_by(node: Any) -> bool:
    return node.modifier is not None and str(node.modifier.type).endswith("By")


def _calls(expr: Expr, function: str, not_within: Collection[str] = ()) -> list[Any]:
    """The calls of a function, but for those of which an aggregation that is named takes some."""
    nodes: list[Any] = list(walk(expr))
    inside = [one for one in nodes if type(one).__name__ == "AggregateExpr" and str(one.op) in not_within]
    passed = {to_text(call) for one in inside for call in _calls(one.expr, function)}
    found = [node for node in nodes if type(node).__name__ == "Call" and node.func.name == function]
    return [node for node in found if to_text(node) not in passed]


def _metric(call: Any) -> str:
    """The metric whose range the call takes; empty for a subquery."""
    argument: Any = call.args[0] if call.args else None
    while type(argument).__name__ == "ParenExpr":
        argument = argument.expr
    return selector_of(argument).name or "" if type(argument).__name__ == "MatrixSelector" else ""

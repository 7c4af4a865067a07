"""``wrong-metric-type``: a counter's function on a gauge, or a gauge's function on a counter."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from deployspec.base.problems import Place
from deployspec.base.shown import cut
from deployspec.chapters.alerts.judge.reading import read
from deployspec.chapters.alerts.judge.rule_lint.expressions import calls
from deployspec.languages.promql.selectors import selector_of
from deployspec.languages.promql.syntax import walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

_OF_COUNTERS = frozenset(("rate", "irate", "increase"))
_OF_GAUGES = frozenset(("delta", "idelta", "deriv"))
# By name alone a type is only guessed, so these are names whose exporters say it: node_exporter, kube-state-metrics,
# the client libraries, and Prometheus itself.
_GAUGE = re.compile(
    r"up|ALERTS|scrape_(?:duration_seconds|samples_scraped|samples_post_metric_relabeling|series_added)"
    r"|\w+_info|\w+_(?:in_progress|in_flight|inprogress)|\w+_queue_(?:length|size|depth)"
    r"|node_memory_\w+_bytes|node_load(?:1|5|15)|node_filesystem_(?:(?:avail|free|size)_bytes|files|files_free|readonly)"
    r"|process_(?:(?:resident|virtual)_memory_bytes|open_fds|max_fds|start_time_seconds)|go_goroutines|go_threads"
    r"|container_memory_(?:(?:usage|working_set)_bytes|rss|cache|swap)"
    r"|kube_[a-z]+_status_(?:phase|ready|condition|replicas\w*|number_\w+|capacity|allocatable)"
    r"|kube_pod_container_status_(?:waiting|running|terminated|ready|\w+_reason)"
)
_COUNTER = re.compile(r"\w+_(?:requests|errors|failures|seconds)_total")


class Used:
    """Where the rules of some files take a metric for a counter, and where for a gauge."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._functions: dict[str, set[str]] = {}
        for rule in rules:
            expr = read(rule)
            node: Any
            for node in walk(expr) if expr is not None else ():
                if type(node).__name__ == "Call" and node.func.name in _OF_COUNTERS | _OF_GAUGES:
                    self._functions.setdefault(_metric(node), set()).add(node.func.name)

    def of(self, metric: str, functions: frozenset[str]) -> str:
        """One of the functions that the rules put round the metric; empty where they put none."""
        return min(self._functions.get(metric, set()) & functions, default="")


def findings(rule: Rule, expr: Expr, used: Used) -> Iterator[tuple[Place, str]]:
    """A finding at each call of a function that is for the other type than the metric surely has."""
    # A histogram without buckets is a single metric, and may have any name.
    node: Any
    for node in walk(expr):
        if type(node).__name__ == "Call" and node.func.name.startswith("histogram_"):
            return
    for function in sorted(_OF_COUNTERS | _OF_GAUGES):
        for node, offset in calls(rule.expr, expr, function):
            message = _wrong(function, _metric(node), used)
            if message:
                yield rule.place_in_expr(offset), message


def _wrong(function: str, metric: str, used: Used) -> str:
    shown = cut(metric, 60)
    if function in _OF_GAUGES:
        rate = used.of(metric, _OF_COUNTERS) if metric.endswith("_total") else ""
        if not rate and not _COUNTER.fullmatch(metric):
            return ""
        return (
            f"{function} of the counter {shown}: each restart of the process sets it to zero, and {function} shows a "
            f"fall that never was. Use {'increase' if 'delta' in function else 'rate'}"
        )
    if metric.endswith("_total"):
        return ""
    if _GAUGE.fullmatch(metric):
        why = f"{function} of the gauge {shown}"
    elif gauge := used.of(metric, _OF_GAUGES):
        why = (
            f"{function} of {shown}, which these rules take for a gauge, too ({gauge}); if that is what it is"
        )
    else:
        return ""
    return (
        f"{why}: {function} takes each fall for a restart from zero, so that a value that goes down and up again adds "
        f"to it. Use {'delta' if function == 'increase' else 'deriv'}, or changes, for a gauge"
    )


def _metric(call: Any) -> str:
    """The metric whose range the call takes; empty for a subquery."""
    argument = call.args[0]
    while type(argument).__name__ == "ParenExpr":
        argument = argument.expr
    return selector_of(argument).name or "" if type(argument).__name__ == "MatrixSelector" else ""

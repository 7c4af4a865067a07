"""What to ask a Prometheus, to judge whether rules can fire there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.judge.reading import read
from deployspec.languages.promql.mentions import mentioned_labels
from deployspec.languages.promql.selectors import Matcher, Selector, label_text, metric_names, selectors
from deployspec.languages.promql.syntax import walk
from deployspec.languages.rule_files.model import Rule

if TYPE_CHECKING:
    from promql_parser import Expr

BOUNDS = frozenset(("le", "quantile"))
"""Labels whose values are the buckets of a histogram, or the quantiles of a summary: numbers, and no others come."""
_OF_HISTOGRAMS = re.compile(r"histogram_(quantiles?|fraction|count|sum|avg|stddev|stdvar)")


def wanted(rules: Iterable[Rule]) -> Mapping[str, frozenset[str]]:
    """The selectors whose label names are needed, each with the labels whose values are needed too.

    They select by the metric's name alone. An expression that cannot be parsed wants nothing: ``can_fire`` tells of it.
    """
    asked: dict[str, set[str]] = {}
    for rule in rules:
        expr = read(rule)
        if expr is None:
            continue
        for selector in selectors(expr):
            labels = {
                matcher.label
                for matcher in selector.matchers
                if wants_a_value(matcher) or matcher.label in BOUNDS
            }
            # The jobs tell whether a label that was not seen is the targets' or the application's.
            asked.setdefault(by_name(selector), set()).update(labels, {"job"} if labels - BOUNDS else ())
            if labels & BOUNDS:
                asked.setdefault(by_name_and_job(selector), set()).update(labels & BOUNDS)
        for metric in histograms_read(expr):
            asked.setdefault(named(metric), set()).add("le")
        for mention in mentioned_labels(expr):
            for metric in mention.metrics:
                asked.setdefault(named(metric), set())
    return {selector: frozenset(labels) for selector, labels in sorted(asked.items())}


def histograms_read(expr: Expr) -> Iterator[str]:
    """The metrics that the expression takes for histograms, as far as they can be listed."""
    node: Any
    for node in walk(expr):
        if type(node).__name__ == "Call" and _OF_HISTOGRAMS.fullmatch(node.func.name):
            inner = [part for part in walk(node) if type(part).__name__ == "Call"]
            if not any(call.func.name in ("label_replace", "label_join") for call in inner):  # type: ignore[attr-defined]
                yield from (name for part in node.args for name in metric_names(part))


def question(rule: Rule, window: str) -> str:
    """A query that shows what there is of what a rule reads, label by label; empty where it reads nothing."""
    expr = read(rule)
    if expr is None:
        return ""
    asked: dict[str, dict[str, None]] = {}
    for selector in selectors(expr):
        labels = asked.setdefault(by_name(selector), {"__name__": None})
        labels |= dict.fromkeys(matcher.label for matcher in selector.matchers)
    for mention in mentioned_labels(expr):
        for metric in mention.metrics:
            asked.setdefault(named(metric), {"__name__": None})[mention.label] = None
    return " or ".join(
        f"group by ({', '.join(map(label_text, labels))}) (last_over_time({selector}[{window}]))"
        for selector, labels in asked.items()
    )


def by_name(selector: Selector) -> str:
    """The selector of all series whose name fits."""
    if selector.name is not None:
        return named(selector.name)
    matchers = [str(matcher) for matcher in selector.matchers if matcher.label == "__name__"]
    return "{" + ",".join(matchers or ['__name__=~".+"']) + "}"


def by_name_and_job(selector: Selector) -> str:
    """The same, of the jobs that it selects where it says some: each service has buckets of its own."""
    jobs = [str(one) for one in selector.matchers if one.label == "job" and wants_a_value(one)]
    return f"{by_name(selector).removesuffix('}')}{''.join(f',{one}' for one in jobs)}}}"


def named(metric: str) -> str:
    """The selector of all series of this name, which Prometheus 3 allows to be more than a word."""
    return f"{{{Matcher('__name__', '=', metric)}}}"


def of_labels(selector: Selector) -> list[Matcher]:
    """Its matchers, but for those on the metric's name."""
    return [matcher for matcher in selector.matchers if matcher.label != "__name__"]


def wants_a_value(matcher: Matcher) -> bool:
    """Whether a series must have the label, with a value that is said: not so ``!=``, nor ``=~"|a"``."""
    return matcher.label != "__name__" and matcher.op in ("=", "=~") and not matcher.matches("")

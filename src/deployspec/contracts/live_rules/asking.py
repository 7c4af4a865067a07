"""What to ask a Prometheus, to judge whether rules can fire there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deployspec.contracts.promql import Matcher, PromqlError, Selector, mentioned_labels, parse, selectors
from deployspec.contracts.rule_files import Rule

MADE_BY_PROMETHEUS = frozenset(("ALERTS", "ALERTS_FOR_STATE"))
"""Metrics that it makes itself, and has only while an alert is active."""


def wanted(rules: Iterable[Rule]) -> Mapping[str, frozenset[str]]:
    """The selectors whose label names are needed, each with the labels whose values are needed too.

    They select by the metric's name alone. An expression that cannot be parsed wants nothing: ``can_fire`` tells of it.
    """
    asked: dict[str, set[str]] = {}
    for rule in rules:
        try:
            expr = parse(rule.expr)
        except PromqlError:
            continue
        for selector in selectors(expr):
            asked.setdefault(by_name(selector), set()).update(
                matcher.label for matcher in selector.matchers if wants_a_value(matcher)
            )
        for mention in mentioned_labels(expr):
            for metric in mention.metrics:
                asked.setdefault(named(metric), set())
    return {selector: frozenset(labels) for selector, labels in sorted(asked.items())}


def by_name(selector: Selector) -> str:
    """The selector of all series whose name fits."""
    if selector.name is not None:
        return named(selector.name)
    matchers = [str(matcher) for matcher in selector.matchers if matcher.label == "__name__"]
    return "{" + ",".join(matchers or ['__name__=~".+"']) + "}"


def named(metric: str) -> str:
    """The selector of all series of this name, which Prometheus 3 allows to be more than a word."""
    return f"{{{Matcher('__name__', '=', metric)}}}"


def wants_a_value(matcher: Matcher) -> bool:
    """Whether a series must have the label, with a value that is said: not so ``!=``, nor ``=~"|a"``."""
    return matcher.label != "__name__" and matcher.op in ("=", "=~") and not matcher.matches("")

"""An SLI: what is counted, as a histogram or as two counters of Prometheus."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from deployspec.base.shown import one_line
from deployspec.languages.fields import shown
from deployspec.languages.openslo.fields import Fields
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator
from deployspec.languages.promql.selectors import Matcher, Selector, selector_of, selector_text
from deployspec.languages.promql.syntax import PromqlError, parse

_SOURCE = ("metricSourceRef", "type", "spec")
_METRIC = re.compile(r"[^\s\"'`{}()\[\],=!<>~*+]+")
"""A name, and no expression. Prometheus 3 has names that are not words, such as ``http.duration``."""
_ALL_GOOD = Fraction(1)
"""Stands for the threshold until the objective beside the indicator says it."""


def read_indicator(document: Fields) -> LatencyIndicator | AvailabilityIndicator | None:
    """The indicator of an SLI document, or of an inline indicator; a latency's threshold is not known here."""
    spec = document.inner("spec", ("description", "thresholdMetric", "ratioMetric"))
    spec.description()
    match spec.one_of("thresholdMetric", "ratioMetric"):
        case "thresholdMetric":
            return _latency(spec)
        case "ratioMetric":
            return _availability(spec)
        case _:
            return None


def _latency(spec: Fields) -> LatencyIndicator | None:
    metric_source = _source(spec.inner("thresholdMetric", ("metricSource",)), ("histogram", "matchers"))
    expected = "the name of a histogram, without _bucket"
    histogram = metric_source.text("histogram", expected, required=True)
    matchers = metric_source.text("matchers", 'matchers such as path!="/health"', filled=True)
    if not histogram:
        return None
    if not _METRIC.fullmatch(histogram) or histogram.endswith(("_bucket", "_count", "_sum")):
        metric_source.add("histogram", shown(histogram), expected)
        return None
    selector = _selector(metric_source, "matchers", selector_text(histogram, matchers))
    if selector is None:
        return None
    if any(matcher.label == "le" for matcher in selector.matchers):
        metric_source.add("matchers", "a matcher on le", "none: the objective's value says which bucket")
        return None
    # PromQL lets a comma stand at the end; without it, more matchers can be put behind these.
    matchers = matchers.strip().rstrip(", \n")
    return LatencyIndicator(_ALL_GOOD, inclusive=False, histogram=histogram, matchers=matchers)


def _availability(spec: Fields) -> AvailabilityIndicator | None:
    ratio = spec.inner("ratioMetric", ("counter", "good", "bad", "total", "raw", "rawType"))
    ratio.true("counter", why=": counters are asked how much they increased")
    for key in ("good", "raw", "rawType"):
        if key in ratio:
            ratio.add(key, key, "bad and total: the counters of failed and of all requests")
            return None
    queries, read = [], list[Selector]()
    for key in ("bad", "total"):
        metric_source = _source(ratio.inner(key, ("metricSource",)), ("query",))
        query = metric_source.text(
            "query", 'a selector such as http_requests_total{status=~"5.."}', required=True
        )
        selector = _selector(metric_source, "query", query) if query else None
        if selector is not None:
            queries.append(query.strip())
            read.append(selector)
    if len(queries) < 2:
        return None
    bad, total = read
    if (bad.name, frozenset(bad.matchers)) == (total.name, frozenset(total.matchers)):
        ratio.add("bad", "the same counter as total", "the counter of failed requests alone")
        return None
    if bad.name == total.name and (apart := _apart(bad, total)):
        one, other = apart
        ratio.add("bad", f"{one}, where total has {other}", "failed requests that are among total's")
        return None
    return AvailabilityIndicator(*queries)


def _apart(bad: Selector, total: Selector) -> tuple[Matcher, Matcher] | None:
    """A matcher of each that no series meets together, so that none of the failed requests is one of all."""
    for one in bad.matchers:
        for other in total.matchers:
            said = [
                (said.value, of) for said, of in ((one, other), (other, one)) if said.op == "=" and said.value
            ]
            if one.label == other.label and any(not of.matches(value) for value, of in said):
                return one, other
    return None


def _source(metric: Fields, known: tuple[str, ...]) -> Fields:
    source = metric.inner("metricSource", _SOURCE)
    source.text("metricSourceRef", "a name")
    if "type" in source or "metricSourceRef" not in source:
        source.word("type", ("Prometheus",))
    return source.inner("spec", known)


def _selector(metric_source: Fields, key: str, text: str) -> Selector | None:
    """The plain selector that this is; None where it is something else, which is noted."""
    expected = "a plain selector: no function, no range, no offset"
    try:
        # In parentheses it is read as it will be where it becomes a part of a query: a comment at its end, or a
        # brace that closes too early, would swallow what comes behind it.
        tree: Any = parse(f"({text})")
    except PromqlError as error:
        metric_source.add(key, f"something that is not PromQL ({one_line(str(error), 100)})", expected)
        return None
    node = tree.expr if type(tree).__name__ == "ParenExpr" else tree
    if type(node).__name__ == "VectorSelector" and node.offset is None and node.at is None:
        selector = selector_of(node)
        if selector.alternatives:
            metric_source.add(key, "matchers with or between them", "matchers with commas between them")
            return None
        if selector.name:
            return selector
    metric_source.add(key, f"{one_line(text, 80)}, which is more than that", expected)
    return None

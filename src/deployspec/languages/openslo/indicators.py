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
_UNSAID = Fraction(0)
"""Stands for the threshold until the objective beside the indicator says it."""
_LONGEST = 10**9
"""Seconds that a threshold in a bucket's label may be below: more is no time that a request takes."""


def read_indicator(document: Fields) -> LatencyIndicator | AvailabilityIndicator | None:
    """The indicator of an SLI document, or of an inline indicator; a latency's threshold is not known here."""
    spec = document.inner("spec", ("description", "thresholdMetric", "ratioMetric"))
    spec.description()
    match spec.one_of("thresholdMetric", "ratioMetric"):
        case "thresholdMetric":
            return _latency(spec)
        case "ratioMetric":
            return _ratio(spec)
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
    return LatencyIndicator(_UNSAID, inclusive=False, histogram=histogram, matchers=matchers)


def _ratio(spec: Fields) -> LatencyIndicator | AvailabilityIndicator | None:
    ratio = spec.inner("ratioMetric", ("counter", "good", "bad", "total", "raw", "rawType"))
    ratio.true("counter", why=": counters are asked how much they increased")
    for key in ("raw", "rawType"):
        if key in ratio:
            ratio.add(key, key, "good or bad, and total: the counters of such and of all requests")
            return None
    if "good" in ratio and "bad" in ratio:
        ratio.add("good", "good and bad", "one of the two, beside total")
        return None
    which = "good" if "good" in ratio else "bad"
    queries, read = [], list[Selector]()
    for key in (which, "total"):
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
    part, total = read
    of = "failed" if which == "bad" else "good"
    if (part.name, frozenset(part.matchers)) == (total.name, frozenset(total.matchers)):
        ratio.add(which, "the same counter as total", f"the counter of {of} requests alone")
        return None
    if any(matcher.label == "le" for matcher in part.matchers):
        if which == "good" and (latency := _of_buckets(part, total)) is not None:
            return latency
        expected = 'good as one bucket (x_bucket{le="0.5"}) and total as the same histogram\'s x_count, with the same matchers'
        ratio.add(which, "a matcher on le", expected)
        return None
    if part.name == total.name and (apart := _apart(part, total)):
        one, other = apart
        ratio.add(which, f"{one}, where total has {other}", f"{of} requests that are among total's")
        return None
    return AvailabilityIndicator(queries[0], queries[1], counts_good=which == "good")


def _of_buckets(good: Selector, total: Selector) -> LatencyIndicator | None:
    """The latency that a histogram's bucket beside its count means; None where the two are something else."""
    bounds, others = _by_le(good)
    whole, rest = _by_le(total)
    histogram = (good.name or "").removesuffix("_bucket")
    # The bucket that has no end counts what the count counts.
    everything = (f"{histogram}_bucket", ["+Inf"]) if whole else (f"{histogram}_count", [])
    if (total.name, [one.value for one in whole]) != everything or frozenset(others) != frozenset(rest):
        return None
    if (
        good.name != f"{histogram}_bucket"
        or len(bounds) != 1
        or any(one.op != "=" for one in (*bounds, *whole))
    ):
        return None
    try:
        threshold = Fraction(bounds[0].value)
    except (ValueError, ZeroDivisionError):
        return None
    if not 0 < threshold < _LONGEST:
        return None
    return LatencyIndicator(
        threshold, inclusive=True, histogram=histogram, matchers=", ".join(map(str, others))
    )


def _by_le(selector: Selector) -> tuple[list[Matcher], list[Matcher]]:
    """A selector's matchers on ``le``, and the others but for the metric's name."""
    others = [one for one in selector.matchers if one.label not in ("le", "__name__")]
    return [one for one in selector.matchers if one.label == "le"], others


def _apart(part: Selector, total: Selector) -> tuple[Matcher, Matcher] | None:
    """A matcher of each that no series meets together, so that none of the one's requests is one of all."""
    for one in part.matchers:
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

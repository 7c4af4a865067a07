"""What a load run's checks show as charts: how long requests took, and how that went over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import counted, one_line
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.model.chart import Bars, Chart, Line

if TYPE_CHECKING:
    from deployspec.model.entry import Entry

_PER_DECADE = 20
"""Bars from 1 ms to 10 ms, and so on."""


def charts(entry: Entry, added: Mapping[str, Any]) -> list[Chart]:
    """The charts of one check; empty for one that rests on no load run, or where none is known."""
    check, _, parameter = entry.id.removesuffix("]").partition("[")
    document = added.get("load")
    if check != "slo.load-run" or document is None:
        return []
    result = LoadResult.from_document(document)
    kind = parameter.partition(", ")[2]
    limits = [(f"{at / 1e6:g} ms", at / 1e6) for at in result.tally.thresholds]
    if kind in result.route_names:
        histogram = result.histograms[list(result.route_names).index(kind)]
        return _distribution(histogram, one_line(kind, 40), limits)
    return [*_distribution(result.histogram, "all requests", limits), *_over_time(result, limits)]


def _distribution(histogram: Histogram, of: str, limits: Sequence[tuple[str, float]]) -> list[Chart]:
    """How many requests took how long, each known to three digits. A bar begins at each limit, so that none stands on both
    of its sides."""
    counts = {at / 1000: count for at, count in histogram.counts().items()}
    if not counts:
        return []
    first, last = (math.floor(math.log10(end) * _PER_DECADE) for end in (min(counts), max(counts)))
    steps = {10 ** (step / _PER_DECADE) for step in range(first, last + 2)}
    edges = sorted(steps | {value for _, value in limits if min(steps) < value < max(steps)})
    bars = [0] * (len(edges) - 1)
    place = 0
    for at, count in sorted(counts.items()):
        while place < len(bars) - 1 and at >= edges[place + 1]:
            place += 1
        bars[place] += count
    return [
        Chart(
            f"Latency of {of} in the load run ({counted(histogram.samples, 'request', ',')})",
            "ms, intended start to last byte",
            "requests",
            bars=Bars(tuple(edges), tuple(bars)),
            limits=tuple(limits),
        )
    ]


def _over_time(result: LoadResult, limits: Sequence[tuple[str, float]]) -> list[Chart]:
    seconds = [second for second in result.seconds if second.p50 is not None]
    if len(seconds) < 2:
        return []
    times = tuple(second.elapsed for second in seconds)
    lines = {
        "p50": [second.p50 for second in seconds],
        "p95": [second.p95 for second in seconds],
        "longest": [second.longest for second in seconds],
    }
    return [
        Chart(
            "Latency of all requests in each second of the load run, warm-up included",
            "seconds since the load run began",
            "ms",
            lines=tuple(
                Line(name, times, tuple(None if value is None else value * 1000 for value in values))
                for name, values in lines.items()
            ),
            limits=tuple(limits),
        )
    ]

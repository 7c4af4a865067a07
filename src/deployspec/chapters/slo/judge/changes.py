"""What two load runs have in common, as figures: percentiles of latencies, and shares of bad requests.

The interval of a percentile is that of the share of requests that are slower, turned back into latencies (Woodruff,
Confidence intervals for medians and other position measures, JASA 47, 1952). Of how many independent requests that
share tells is estimated as for an objective (``interval``): slow requests come together just as failed ones do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache, partial
from itertools import accumulate

from deployspec.chapters.slo.judge.interval import Counts, effective_number, ends
from deployspec.chapters.slo.load.plan import BIN_SECONDS
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import RouteTally, step_of
from deployspec.model.figure import Estimate, Figure
from deployspec.model.verdict import Proportion

PERCENTILES = (50, 95)
_OF_PLAN = {
    "arrival_rate": "arrival rate",
    "arrivals": "kind of arrivals",
    "timeout": "time limit",
    "max_in_flight": "number of requests that may wait",
    "new_connections": "share of new connections",
}
"""What has to be alike in two plans whose runs are compared."""


def objections(before: LoadResult, after: LoadResult) -> Iterator[str]:
    """Why two load runs cannot be compared, each reason on its own."""
    for which, result in (("the baseline's", before), ("this run's", after)):
        for why in (result.trouble, result.cut_short):
            if why:
                yield f"{which} load run was not made to its end: {why}"
        if result.late:
            yield f"{which} load generator was late: {result.late}"
    for key, name in _OF_PLAN.items():
        old, new = before.plan.get(key, 0.0), after.plan.get(key, 0.0)
        if old != new:
            values = (f"{one:g}" if isinstance(one, int | float) else one for one in (old, new))
            yield "the load run has another {}: {} in the baseline, {} in this run".format(name, *values)
    if before.plan["routes"] != after.plan["routes"]:
        yield "the load run sends other requests: their names, methods, paths or weights are not those of the baseline"
    if not any(route.paces for route in before.tally.routes):
        yield "the baseline's load run does not say which latencies it met when: it was made by an older version"


def latencies(before: LoadResult, after: LoadResult) -> Iterator[Figure]:
    """Percentiles of all requests, and of each kind where there are several; only where both runs had answers."""
    for name, old, new in _kinds(before, after):
        if old.latencies and new.latencies:
            one, other = _Latencies(old), _Latencies(new)
            for percentile in PERCENTILES:
                figure = f"p{percentile} of {name or 'all requests'}"
                yield Figure(figure, "latency", one.estimate(percentile), other.estimate(percentile))


def shares(
    before: LoadResult, after: LoadResult, proportions: Collection[tuple[str, Proportion, Proportion]]
) -> Iterator[Figure]:
    """Of objectives, by what they are called, the bad requests as a part of those that they allow."""
    kinds = {name: (old, new) for name, old, new in _kinds(before, after, all_of_them=True)}
    for name, then, now in proportions:
        if now.route in kinds:
            one, other = (
                _share(tally, result.tally.thresholds, proportion.slow_from)
                for tally, result, proportion in zip(
                    kinds[now.route], (before, after), (then, now), strict=True
                )
            )
            yield Figure(name, "share", one, other, 1 - now.target)


def _kinds(
    before: LoadResult, after: LoadResult, *, all_of_them: bool = False
) -> Iterator[tuple[str, RouteTally, RouteTally]]:
    """Each kind of requests in both runs, by name, and all together by an empty one."""
    yield "", before.total, after.total
    if all_of_them or len(after.route_names) > 1:
        for name in after.route_names:
            yield name, before.of(name), after.of(name)


def _share(tally: RouteTally, thresholds: Sequence[int], slow_from: int | None) -> Estimate:
    place = 0 if slow_from is None else 2 + 2 * list(thresholds).index(slow_from)
    counts = _counts(
        Counter({span: counted[place] for span, counted in tally.bins.items()}),
        Counter({span: counted[place + 1] for span, counted in tally.bins.items()}),
    )

    worth = cache(partial(effective_number, counts))

    def within(confidence: float, times: float) -> tuple[float, float]:
        return ends(counts.total * times, counts.bad * times, worth(confidence) * times, confidence)

    return Estimate(counts.bad / counts.total, counts.total, within)


def _counts(totals: Counter[int], bad: Counter[int]) -> Counts:
    spans = max((span for span, total in totals.items() if total), default=-1) + 1
    return Counts(
        totals.total(), bad.total(), tuple((totals[span], bad[span]) for span in range(spans)), BIN_SECONDS
    )


class _Latencies:
    """Those of one kind of requests in one run."""

    def __init__(self, tally: RouteTally) -> None:
        self._values = sorted(tally.latencies)
        self._ranks = list(accumulate(tally.latencies[value] for value in self._values))
        self._paces = tally.paces
        self._totals = Counter({span: pace.total() for span, pace in tally.paces.items()})

    def estimate(self, percentile: float) -> Estimate:
        """The percentile, in seconds."""
        share, total = 1 - percentile / 100, self._ranks[-1]
        value = self._at(1 - share)
        worth = cache(partial(effective_number, self._slower(step_of(value), share)))

        def within(confidence: float, times: float) -> tuple[float, float]:
            effective = min(worth(confidence), total) * times
            least, most = ends(total * times, total * times * share, effective, confidence)
            # Beyond the last sample nothing is known.
            high = self._at(1 - least) / 1e6 if least * total * times >= 1 else float("inf")
            low = self._at(1 - most) / 1e6 if (1 - most) * total * times >= 1 else 0.0
            return low, high

        return Estimate(value / 1e6, total, within)

    def _slower(self, step: int, share: float) -> Counts:
        """Those that were slower than a step, or as slow, whichever is nearer to this share of them."""
        total = self._totals.total()

        def counted(least: int) -> Counts:
            slow = {
                span: sum(count for of, count in pace.items() if of >= least)
                for span, pace in self._paces.items()
            }
            return _counts(self._totals, Counter(slow))

        return min((counted(step), counted(step + 1)), key=lambda one: abs(one.bad - share * total))

    def _at(self, share: float) -> int:
        """The latency, in microseconds, that at least this share of the requests did not exceed."""
        rank = min(max(share * self._ranks[-1], 1), self._ranks[-1])
        return self._values[bisect_left(self._ranks, rank - 1e-9)]

"""What two load runs have in common, as figures: percentiles of latencies, and shares of bad requests.

The interval of a percentile is that of the share of requests that are slower, turned back into latencies (Woodruff,
Confidence intervals for medians and other position measures, JASA 47, 1952). Of how many independent requests that
share tells is estimated as for an objective (``interval``): slow requests come together just as failed ones do.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache, partial
from itertools import accumulate, pairwise

from deployspec.chapters.slo.judge.interval import Counts, effective_number, ends
from deployspec.chapters.slo.load.plan import BIN_SECONDS
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import RouteTally, step_of
from deployspec.model.figure import Estimate, Figure
from deployspec.model.verdict import Proportion

PERCENTILES = (50, 95)
BLOCKS = (8, 20)
"""Into how many a run is divided, at least and at most, to see whether its parts differ: few enough for long waves,
enough to tell anything."""
BLOCK_SECONDS = 7.5
"""How long blocks are at least, where that leaves enough of them."""
_OF_PLAN = {
    "arrival_rate": "arrival rate",
    "arrivals": "kind of arrivals",
    "timeout": "time limit",
    "max_in_flight": "number of requests that may wait",
    "new_connections": "share of new connections",
    "warm_up": "warm-up",
    "warm_up_requests": "number of requests that warm it up",
    "proxy": "proxy",
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
            values = (f"{one:g}" if isinstance(one, int | float) else one or "none" for one in (old, new))
            yield "the load run has another {}: {} in the baseline, {} in this run".format(name, *values)
    if before.plan["routes"] != after.plan["routes"]:
        yield "the load run sends other requests: their names, methods, paths or weights are not those of the baseline"
    if any(route.latencies and not route.paces for route in before.tally.routes):
        yield "the baseline's load run does not say which latencies it met when: it was made by an older version"


def latencies(before: LoadResult, after: LoadResult) -> Iterator[Figure]:
    """Percentiles of all requests, and of each kind where there are several; only where both runs had answers."""
    for name, old, new in _kinds(before, after):
        if old.latencies and new.latencies:
            one, other = _Latencies(old), _Latencies(new)
            for percentile in PERCENTILES:
                figure = f"p{percentile} of {name or 'all requests'}"
                yield Figure(figure, "latency", one.estimate(percentile), other.estimate(percentile))


def vanished(before: LoadResult, after: LoadResult) -> Iterator[str]:
    """Of which requests one of the two runs knows no latency, so that nothing tells how theirs have changed."""
    for name, old, new in _kinds(before, after):
        if bool(old.latencies) != bool(new.latencies):
            which = "this run" if old.latencies else "the baseline"
            yield f"percentiles of {name or 'all requests'}: {which} has no latency of any"


def shares(
    before: LoadResult, after: LoadResult, proportions: Collection[tuple[str, Proportion, Proportion]]
) -> Iterator[Figure]:
    """Of objectives, by what they are called, the bad requests as a part of those that they allow."""
    kinds = {name: (old, new) for name, old, new in _kinds(before, after, all_of_them=True)}
    for name, then, now in proportions:
        if now.route in kinds:
            results = zip(kinds[now.route], (before, after), (then, now), strict=True)
            both = [_bad(tally, result.tally.thresholds, one.slow_from) for tally, result, one in results]
            if all(counts.total for counts in both):
                worth = cache(partial(_least_worth, both))
                one, other = (_share(counts, worth) for counts in both)
                yield Figure(name, "share", one, other, 1 - now.target)


def _kinds(
    before: LoadResult, after: LoadResult, *, all_of_them: bool = False
) -> Iterator[tuple[str, RouteTally, RouteTally]]:
    """Each kind of requests in both runs, by name, and all together by an empty one."""
    yield "", before.total, after.total
    if all_of_them or len(after.route_names) > 1:
        for name in after.route_names:
            yield name, before.of(name), after.of(name)


def _bad(tally: RouteTally, thresholds: Sequence[int], slow_from: int | None) -> Counts:
    place = 0 if slow_from is None else 2 + 2 * list(thresholds).index(slow_from)
    return _counts(
        Counter({span: counted[place] for span, counted in tally.bins.items()}),
        Counter({span: counted[place + 1] for span, counted in tally.bins.items()}),
    )


def _least_worth(both: Sequence[Counts], confidence: float) -> float:
    """As a part of all requests: a run that met no bad one does not know how they come together, but the other does."""
    return min(_worth(counts, confidence) / counts.total for counts in both)


def _share(counts: Counts, worth: Callable[[float], float]) -> Estimate:
    def within(confidence: float, times: float) -> tuple[float, float]:
        total = counts.total * times
        return ends(total, counts.bad * times, total * worth(confidence), confidence)

    return Estimate(counts.bad / counts.total, counts.total, within)


def _counts(totals: Counter[int], bad: Counter[int]) -> Counts:
    spans = max((span for span, total in totals.items() if total), default=-1) + 1
    return Counts(
        totals.total(), bad.total(), tuple((totals[span], bad[span]) for span in range(spans)), BIN_SECONDS
    )


def _worth(counts: Counts, confidence: float) -> float:
    """How many independent requests would tell as much, also by the few long blocks that a run has.

    Where a whole run is one wave of a busy machine, spans of 0.1 s hardly show it. The mean of few blocks has Student's
    distribution (batch means: Schmeiser, Batch size effects in the analysis of simulation output, Operations Research 30,
    1982), so that a run of few seconds is worth little where its parts differ.
    """
    effective = effective_number(counts, confidence)
    if not 0 < counts.bad < counts.total:
        return effective
    from scipy.special import ndtri, stdtrit

    share = counts.bad / counts.total
    least, most = BLOCKS
    blocks = min(max(int(len(counts.bins) * counts.bin_seconds / BLOCK_SECONDS), least), most)
    residuals = [bad - share * many for many, bad in counts.bins]
    edges = [len(residuals) * place // blocks for place in range(blocks + 1)]
    squares = sum(sum(residuals[start:end]) ** 2 for start, end in pairwise(edges))
    if not squares:
        return effective
    variance = squares * blocks / (blocks - 1)
    tail = (1 - confidence) / 2
    student = float(ndtri(tail) / stdtrit(blocks - 1, tail)) ** 2
    return min(effective, counts.total**2 * share * (1 - share) / variance * student)


class _Latencies:
    """Those of one kind of requests in one run."""

    def __init__(self, tally: RouteTally) -> None:
        self._values = sorted(tally.latencies)
        self._ranks = list(accumulate(tally.latencies[value] for value in self._values))
        import numpy as np

        paces = [(span, *item) for span, pace in tally.paces.items() for item in pace.items()]
        self._spans, self._steps, self._many = np.array(paces, np.int64).reshape(-1, 3).T

    def estimate(self, percentile: float) -> Estimate:
        """The percentile, in seconds."""
        share, total = 1 - percentile / 100, self._ranks[-1]
        value = self._at(1 - share)
        worth = cache(partial(_worth, self._slower(step_of(value), share)))

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
        import numpy as np

        total = int(self._many.sum())
        totals = np.bincount(self._spans, self._many).astype(np.int64).tolist()

        def counted(least: int) -> Counts:
            slow = np.bincount(self._spans, self._many * (self._steps >= least)).astype(np.int64).tolist()
            return Counts(total, sum(slow), tuple(zip(totals, slow, strict=True)), BIN_SECONDS)

        return min((counted(step), counted(step + 1)), key=lambda one: abs(one.bad - share * total))

    def _at(self, share: float) -> int:
        """The latency, in microseconds, that at least this share of the requests did not exceed."""
        rank = min(max(share * self._ranks[-1], 1), self._ranks[-1])
        return self._values[bisect_left(self._ranks, rank - 1e-9)]

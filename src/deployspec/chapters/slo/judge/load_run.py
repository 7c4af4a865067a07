"""What a load run says of an objective."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from deployspec.base import shown
from deployspec.chapters.slo.judge.interval import Counts, Interval, floor, interval, more_needed
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.plan import BIN_SECONDS
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import NO_ANSWER, TURNED_AWAY, RouteTally
from deployspec.languages.openslo.model import LatencyIndicator, Objective, percent
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_NANO = 1_000_000_000


def threshold_of(objective: Objective) -> int | None:
    """The first latency, in whole nanoseconds, that is too slow; None where the objective is not of latency."""
    if not isinstance(objective.indicator, LatencyIndicator):
        return None
    exact = objective.indicator.threshold * _NANO
    return int(exact) + 1 if objective.indicator.inclusive or exact.denominator != 1 else int(exact)


def thresholds_of(objectives: Sequence[Objective]) -> tuple[int, ...]:
    """What a plan needs so that all of these can be judged."""
    return tuple(sorted({at for objective in objectives if (at := threshold_of(objective)) is not None}))


@dataclass(frozen=True)
class _Measured:
    """Of the requests that count for an objective."""

    counts: Counts
    lost: Counter[int]
    """Arrivals of which nothing is known, by span of time: the generator did not send them, or the run was ended before
    they were answered."""
    unanswered: int
    """How many the latter are."""
    certain: Counter[int]
    """Those that are bad whatever the generator did, by span of time."""
    errors: Counter[str]
    limit: Fraction
    """The share of bad ones that is the objective's."""

    def at_worst(self) -> Counts:
        """As if each request of which nothing is known had been a bad one."""
        return _counts(self._totals + self.lost, self._bad + self.lost)

    def at_best(self, *, late: bool) -> Counts:
        """As if each of them had been a good one, and all that lateness of the generator can explain, where it was late."""
        return _counts(self._totals + self.lost, self._bad & self.certain if late else self._bad)

    @property
    def _totals(self) -> Counter[int]:
        return Counter({span: total for span, (total, _) in enumerate(self.counts.bins)})

    @property
    def _bad(self) -> Counter[int]:
        return Counter({span: bad for span, (_, bad) in enumerate(self.counts.bins)})


def judge_load(objective: Objective, result: LoadResult, route: str | None = None) -> Verdict:
    """Whether the requests of a load run, or those of one route, keep an objective.

    By the interval at 95%: MET where all of it is on the good side, BREACHED where all of it is on the bad side.
    A generator that was late, or did not send all, can only have made things look worse: MET stands, if it would stand
    with every request that was not sent as a bad one; BREACHED, if it would stand with all of them as good ones, each
    answer that is bad by no more than the generator's lateness too; anything else is UNMEASURED then, and names the
    generator. So it is with requests that were still unanswered when a run was ended early.

    A breach needs no least number of requests, only two bad ones: where the interval is all above the limit it is one.

    The requests that were chosen for new connections are a random sample of what newcomers meet, which the others hide:
    a breach by their own interval is one, whatever all together say.
    """
    what = objective.name if route is None else f"{objective.name}, {route}"
    limit = objective.promise
    if result.trouble:
        return unmeasured(f"{what}: {result.trouble}", limit=limit)
    if route is not None and route not in result.route_names:
        kinds = shown.names(tuple(result.route_names))
        return unmeasured(
            f"{what}: the load run has no request of that name, but {kinds} (deployspec/routes at {objective.source})",
            limit=limit,
        )
    measured = _measured(objective, result, _tallies(objective, result, route))
    counts = measured.counts
    cut = f" (cut short: {result.cut_short})" if result.cut_short else ""
    cut += f"; {result.disagreement}" if result.disagreement else ""
    if not counts.total:
        return unmeasured(f"{what}: {_nothing(measured, result, route)}{cut}", limit=limit)
    least = floor(objective.target)
    found = interval(counts)
    told, how = (
        _told(objective, counts, found) + _beside(objective, result, route),
        _share(counts, found, measured.limit),
    )
    reason = f"{what}: {told}; promised: {limit}{cut}"
    newcomers = _newcomers(objective, result, route)
    if _is_breach(objective, counts, found):
        best = measured.at_best(late=bool(result.late))
        at_best = interval(best)
        if _is_breach(objective, best, at_best):
            cause = _cause(objective, measured, result, route)
            if newcomers is not None and newcomers.are_alone:
                cause += f"; on new connections {newcomers.told}"
            if result.late:
                cause += (
                    f"; the load generator was late, but that cannot explain it ({result.late}): without all that it may "
                    f"have added, {_told(objective, best, at_best)}"
                )
            return breached(reason + cause, measured=how, limit=limit)
    if newcomers is not None:
        late = (
            f"; the load generator was late, but that cannot explain it ({result.late})"
            if result.late
            else ""
        )
        return breached(
            f"{what}: on new connections {newcomers.told}; all together {told}; promised: {limit}{cut}{late}",
            measured=newcomers.measured,
            limit=limit,
        )
    if counts.total < least:
        more = more_needed(counts, measured.limit, measured=found)
        more = None if more is None else max(more, least - counts.total)
        settle = _settle(more, counts.total, result)
        return unmeasured(
            f"{what}: too few samples: {told}; {least} are the least by which {percent(objective.target)} can be settled; "
            f"{settle}{cut}",
            measured=how,
            limit=limit,
        )
    if _all_good(objective, found) and (
        not measured.lost or _all_good(objective, interval(measured.at_worst()))
    ):
        return met(reason, measured=how, limit=limit)
    if result.late:
        return unmeasured(
            f"{what}: the load generator was late, so that it, and not the deployment, may be the cause: {result.late}; "
            f"{told}; promised: {limit}{cut}",
            measured=how,
            limit=limit,
        )
    if _all_good(objective, found) or _all_bad(objective, found):
        return unmeasured(
            f"{what}: {_unknown(measured)}, and that could have changed the verdict; {told}; promised: {limit}{cut}",
            measured=how,
            limit=limit,
        )
    settle = _settle(more_needed(counts, measured.limit, measured=found), counts.total, result)
    return unmeasured(
        f"{what}: too few samples: {told}; promised: {limit}; at this share {settle}{cut}",
        measured=how,
        limit=limit,
    )


def certainly_breached(objective: Objective, result: LoadResult, route: str | None, planned: int) -> bool:
    """Whether the objective is breached by what was measured so far, and no request to come can make up for it.

    Of ``planned`` requests of this kind, the bad ones so far are too many even if all others were good ones. Without
    that, looking again and again would find a breach in any run, sooner or later; and so it would by few requests, which
    one stall may have hit all.
    """
    # First what costs least and is nearly always the answer: this is asked again and again in mid-run.
    place = _place(objective, result) + 1
    bad = sum(span[place] for tally in _tallies(objective, result, route) for span in tally.bins.values())
    if objective.is_met_by(planned - bad, planned):
        return False
    measured = _measured(objective, result, _tallies(objective, result, route))
    best = measured.at_best(late=bool(result.late))
    return (
        not objective.is_met_by(planned - best.bad, planned)
        and measured.counts.total >= floor(objective.target)
        and _all_bad(objective, interval(measured.counts))
        and _all_bad(objective, interval(best))
    )


@dataclass(frozen=True)
class _Newcomers:
    """A breach among the requests that were chosen for new connections."""

    told: str
    measured: str
    are_alone: bool
    """Whether all others keep the objective."""


def _newcomers(objective: Objective, result: LoadResult, route: str | None) -> _Newcomers | None:
    """What those on new connections met, where that is a breach by itself.

    Those that needed one are left out: they come when the deployment is busy already, and are no sample of newcomers.
    """
    chosen = _measured(objective, result, _of(objective, result, route, result.tally.chosen))
    best = chosen.at_best(late=bool(result.late))
    found = interval(chosen.counts)
    if not (_is_breach(objective, chosen.counts, found) and _is_breach(objective, best, interval(best))):
        return None
    place = _place(objective, result)
    total, bad = (
        sum(
            span[place + more] for tally in _tallies(objective, result, route) for span in tally.bins.values()
        )
        - sum(span[more] for span in chosen.counts.bins)
        for more in (0, 1)
    )
    others = "there are no others"
    if total:
        verb = "failed" if threshold_of(objective) is None else "were too slow"
        others = f"{shown.percentage(Fraction(bad, total), 1 - objective.target)} of all others {verb}"
    return _Newcomers(
        f"{_told(objective, chosen.counts, found)}{_why(_telling(objective, chosen.errors))}; {others}",
        f"on new connections {_share(chosen.counts, found, chosen.limit)}",
        bool(total) and objective.is_met_by(total - bad, total),
    )


def _tallies(objective: Objective, result: LoadResult, route: str | None) -> list[RouteTally]:
    """What was counted of the requests that an objective speaks of."""
    return _of(objective, result, route, result.tally.routes)


def _of(
    objective: Objective, result: LoadResult, route: str | None, tallies: list[RouteTally]
) -> list[RouteTally]:
    """Of one tally for each route, those that an objective speaks of."""
    if route is None and not objective.routes:
        return tallies
    wanted = objective.routes if route is None else (route,)
    return [tallies[result.route_names.index(name)] for name in wanted if name in result.route_names]


def _place(objective: Objective, result: LoadResult) -> int:
    """Where its requests stand in a span's counts; the bad ones stand next."""
    threshold = threshold_of(objective)
    return 0 if threshold is None else 2 + 2 * list(result.tally.thresholds).index(threshold)


def _measured(objective: Objective, result: LoadResult, tallies: list[RouteTally]) -> _Measured:
    place = _place(objective, result)
    totals, bad, lost, certain, errors = (
        Counter[int](),
        Counter[int](),
        Counter[int](),
        Counter[int](),
        Counter[str](),
    )
    unanswered = 0
    for tally in tallies:
        for span, counts in tally.bins.items():
            totals[span] += counts[place]
            bad[span] += counts[place + 1]
        lost.update(tally.undispatched_bins)
        for span, waiting in tally.unfinished.items():
            lost[span] += waiting[place // 2]
            unanswered += waiting[place // 2]
        for span, known in tally.certain.items():
            certain[span] += known[place // 2]
        errors.update(tally.errors)
    return _Measured(_counts(totals, bad), +lost, unanswered, certain, errors, 1 - objective.target)


def _counts(totals: Counter[int], bad: Counter[int]) -> Counts:
    spans = max((span for span, total in totals.items() if total), default=-1) + 1
    bins = tuple((totals[span], bad[span]) for span in range(spans))
    return Counts(totals.total(), bad.total(), bins, BIN_SECONDS)


def _all_good(objective: Objective, found: Interval) -> bool:
    """Whether every share of bad ones in the interval keeps the objective."""
    limit = 1 - objective.target
    return found.high < limit if objective.strict else found.high <= limit


def _all_bad(objective: Objective, found: Interval) -> bool:
    limit = 1 - objective.target
    return found.low >= limit if objective.strict else found.low > limit


def _is_breach(objective: Objective, counts: Counts, found: Interval) -> bool:
    """Whether these are one, and may say so: one bad request that is no more than one of few tells nothing of a share."""
    return _all_bad(objective, found) and (counts.bad > 1 or counts.total >= floor(objective.target))


def _told(objective: Objective, counts: Counts, found: Interval) -> str:
    """This run's exact share, and the interval."""
    good = counts.total - counts.bad
    if isinstance(objective.indicator, LatencyIndicator):
        words = "at most" if objective.indicator.inclusive else "less than"
        did = f"took {words} {float(objective.indicator.threshold):g} s"
        share, low, high, of = good, 1 - found.high, 1 - found.low, objective.target
    else:
        did = "failed"
        share, low, high, of = counts.bad, found.low, found.high, 1 - objective.target
    return (
        f"{shown.percentage(Fraction(share, counts.total), of)} of {_requests(counts.total)} {did} "
        f"(95% interval {shown.percentage(low, of)} to {shown.percentage(high, of)}{_together(counts, found)})"
    )


def _together(counts: Counts, found: Interval) -> str:
    """Why so many requests tell so little, where that is so."""
    if found.effective > counts.total / 2:
        return ""
    return f", for neighbours fail together: as much is told by {found.effective:,.0f} independent requests"


def _beside(objective: Objective, result: LoadResult, route: str | None) -> str:
    """The 95th percentile of the requests that it speaks of, and how long it was measured."""
    asked = objective.routes if route is None else (route,)
    named = zip(result.route_names, result.histograms, strict=True)
    p95 = Histogram.merged([one for name, one in named if not asked or name in asked]).at(95)
    shown_p95 = "" if p95 is None else f"p95 {shown.seconds(p95 / 1e6, _limit_of_time(objective))}, "
    return f", {shown_p95}in {result.elapsed:.0f} s"


def _limit_of_time(objective: Objective) -> float | None:
    return float(objective.indicator.threshold) if isinstance(objective.indicator, LatencyIndicator) else None


def _share(counts: Counts, found: Interval, limit: Fraction) -> str:
    """Short, for the summary: the share of bad ones, and the interval beside the limit that it is held against."""
    low, high = (shown.percentage(end, limit, 1) for end in (found.low, found.high))
    return f"{counts.bad:,} of {counts.total:,} bad ({low} to {high})"


def _requests(count: int) -> str:
    return f"{count:,} request{'' if count == 1 else 's'}"


def _settle(more: int | None, so_far: int, result: LoadResult) -> str:
    if more is None:
        return "no number of them would settle it, for the share is the limit itself"
    return _more(more, so_far, result)


def _more(more: int, so_far: int, result: LoadResult) -> str:
    """How many more, and how long they take at the rate at which these came."""
    text = f"{more:,} more would settle it"
    if result.elapsed > 0 and so_far:
        text += f" (about {_time(more / (so_far / result.elapsed))} more at this rate)"
    return text


def _time(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 1 else "1 s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


def _nothing(measured: _Measured, result: LoadResult, route: str | None) -> str:
    """Why no request counts."""
    if route is not None and not measured.lost:
        path = next(told["path"] for told in result.plan["routes"] if told["name"] == route)
        wanted = [name for name in result.route_names if f"{{{name}}}" in path]
        if wanted and not measured.errors:
            return (
                f"no request was sent in the time that counts: its path wants what answers to {shown.names(tuple(wanted))} "
                "bring, and none had the field that is to be kept"
            )
    if measured.errors:
        return f"no request was answered as expected{_why(measured.errors)}"
    if measured.unanswered:
        return f"no request was answered before the run was ended; {_unknown(measured)}"
    if measured.lost:
        return f"the load generator sent none of the {_requests(measured.lost.total())}: {result.late}"
    return "no request was sent in the time that counts"


def _unknown(measured: _Measured) -> str:
    """Of which requests nothing is known."""
    unsent = measured.lost.total() - measured.unanswered
    told = [f"the load generator did not send {_requests(unsent)}"] if unsent else []
    if measured.unanswered:
        told.append(f"{_requests(measured.unanswered)} had no answer yet when the run was ended")
    return ", and ".join(told)


def _cause(objective: Objective, measured: _Measured, result: LoadResult, route: str | None) -> str:
    """What has made a breach, as the end of a sentence."""
    threshold = threshold_of(objective)
    why = _why(_telling(objective, measured.errors))
    if threshold is None:
        return why
    kinds = (
        []
        if route is not None
        else [
            (name, p95 / 1e6)
            for name, p95 in slowest(result)
            if (not objective.routes or name in objective.routes) and p95 * 1000 >= threshold
        ]
    )
    told = ", ".join(
        f"{shown.one_line(name, 80)} (p95 {shown.seconds(p95, _limit_of_time(objective))})"
        for name, p95 in kinds[:3]
    )
    return why + (f"; slowest: {told}" if told and len(result.route_names) > 1 else "")


def _telling(objective: Objective, errors: Counter[str]) -> Counter[str]:
    """Those that speak of an objective: of latency, such as are slow whenever they come. Others may have been quick, and
    then counted for nothing."""
    if threshold_of(objective) is None:
        return errors
    return Counter({why: n for why, n in errors.items() if why == TURNED_AWAY or why.startswith(NO_ANSWER)})


def _why(errors: Counter[str]) -> str:
    """The most frequent errors, as the end of a sentence."""
    if not errors:
        return ""
    most = errors.most_common(3)
    text = ", ".join(f"{count:,} times {shown.one_line(error, 80)}" for error, count in most)
    others = errors.total() - sum(count for _, count in most)
    return f" ({text}{f', {others:,} times others' if others else ''})"


def slowest(result: LoadResult) -> Iterator[tuple[str, int]]:
    """The routes by their 95th percentile, in microseconds, the slowest first."""
    told = [
        (name, at)
        for name, histogram in zip(result.route_names, result.histograms, strict=True)
        if (at := histogram.at(95)) is not None
    ]
    yield from sorted(told, key=lambda item: -item[1])

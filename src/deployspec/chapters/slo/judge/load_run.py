"""What a load run says of an objective."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial

from deployspec.base import shown
from deployspec.chapters.slo.judge.interval import Counts, floor, interval, more_needed
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.plan import BIN_SECONDS
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import NO_ANSWER, TURNED_AWAY, RouteTally
from deployspec.languages.openslo.model import Objective, percent
from deployspec.model.verdict import Proportion, Verdict, breached, met, unmeasured

_NANO = 1_000_000_000


def threshold_of(objective: Objective) -> int | None:
    """The first latency, in whole nanoseconds, that is too slow; None where the objective is not of latency."""
    if not objective.is_latency:
        return None
    exact = objective.latency.threshold * _NANO
    return int(exact) + 1 if objective.latency.inclusive or exact.denominator != 1 else int(exact)


def thresholds_of(objectives: Sequence[Objective]) -> tuple[int, ...]:
    """What a plan needs so that all of these can be judged."""
    return tuple(sorted({at for objective in objectives if (at := threshold_of(objective)) is not None}))


@dataclass(frozen=True)
class _Measured:
    """Of the requests that count for an objective."""

    totals: Counter[int]
    """By span of time, as all that follow."""
    bad: Counter[int]
    lost: Counter[int]
    """Arrivals of which nothing is known: the generator did not send them, or the run was ended before
    they were answered."""
    unanswered: int
    """How many the latter are."""
    certain: Counter[int]
    """Those that are bad whatever the generator did."""
    errors: Counter[str]

    @cached_property
    def counts(self) -> Counts:
        """Those that were answered, or given up."""
        return _counts(self.totals, self.bad)

    def at_worst(self) -> Counts:
        """As if each request of which nothing is known had been a bad one."""
        return _counts(self.totals + self.lost, self.bad + self.lost)

    def at_best(self, *, late: bool) -> Counts:
        """As if each of them had been a good one, and all that lateness of the generator can explain, where it was late."""
        return _counts(self.totals + self.lost, self.bad & self.certain if late else self.bad)


def _counts(totals: Counter[int], bad: Counter[int]) -> Counts:
    spans = max((span for span, total in totals.items() if total), default=-1) + 1
    bins = tuple((totals[span], bad[span]) for span in range(spans))
    return Counts(totals.total(), bad.total(), bins, BIN_SECONDS)


class _Found:
    """Counts, the interval of their share of bad ones, and what both say of an objective."""

    def __init__(self, objective: Objective, counts: Counts, route: str | None = None) -> None:
        self._objective = objective
        self._route = route
        self.counts = counts
        self.interval = interval(counts)

    @property
    def all_good(self) -> bool:
        """Whether every share of bad ones in the interval keeps the objective."""
        high, limit = self.interval.high, self._objective.limit
        return high < limit if self._objective.strict else high <= limit

    @property
    def all_bad(self) -> bool:
        """Whether none does."""
        low, limit = self.interval.low, self._objective.limit
        return low >= limit if self._objective.strict else low > limit

    @property
    def is_breach(self) -> bool:
        """Whether these are one, and may say so: one bad request that is no more than one of few tells nothing of a share."""
        return self.all_bad and (self.counts.bad > 1 or self.counts.total >= floor(self._objective.target))

    @property
    def text(self) -> str:
        """This run's exact share, and the interval."""
        share, low, high, of = self.counts.bad, self.interval.low, self.interval.high, self._objective.limit
        did = "failed"
        if self._objective.is_latency:
            words = "at most" if self._objective.latency.inclusive else "less than"
            did = f"took {words} {self._objective.threshold:g} s"
            share, low, high, of = self.counts.total - share, 1 - high, 1 - low, self._objective.target
        return (
            f"{shown.percentage(Fraction(share, self.counts.total), of)} of {shown.counted(self.counts.total, 'request', ',')} {did} "
            f"(95% interval {shown.percentage(low, of)} to {shown.percentage(high, of)}{self._together})"
        )

    @property
    def proportion(self) -> Proportion:
        """The same in numbers."""
        counts, interval = self.counts, self.interval
        return Proportion(
            self._objective.name,
            "load",
            counts.total - counts.bad,
            counts.total,
            float(self._objective.target),
            1 - interval.high,
            1 - interval.low,
            self._route or "",
            threshold_of(self._objective),
        )

    @property
    def _together(self) -> str:
        """Why so many requests tell so little, where that is so."""
        if self.interval.effective > self.counts.total / 2:
            return ""
        return f"; failures are clustered: worth about {self.interval.effective:,.0f} independent requests"

    @property
    def short(self) -> str:
        """For the summary: the share of bad ones, and the interval beside the limit that it is held against."""
        low, high = (
            shown.percentage(end, self._objective.limit, 1) for end in (self.interval.low, self.interval.high)
        )
        return f"{self.counts.bad:,} of {self.counts.total:,} bad ({low} to {high})"


@dataclass(frozen=True)
class _Asked:
    """An objective, and the requests of a load run that it is asked about: all that it speaks of, or those of a route."""

    objective: Objective
    result: LoadResult
    route: str | None

    @property
    def names(self) -> Sequence[str]:
        """The kinds of requests."""
        return (self.objective.routes or self.result.route_names) if self.route is None else (self.route,)

    @property
    def place(self) -> int:
        """Where its requests stand in a span's counts; the bad ones stand next."""
        threshold = threshold_of(self.objective)
        return 0 if threshold is None else 2 + 2 * list(self.result.tally.thresholds).index(threshold)

    def total(self, *, bad: bool) -> int:
        """How many there are, or how many bad ones."""
        return sum(tally.total(self.place + bad) for tally in self._of(self.result.tally.routes))

    def best(self, measured: _Measured) -> _Found:
        """What is left of them with all that the generator can explain, or that is not known, as good ones."""
        return _Found(self.objective, measured.at_best(late=bool(self.result.late)))

    def _of(self, tallies: list[RouteTally]) -> list[RouteTally]:
        """Of one tally for each route, those that are asked about."""
        known = self.result.route_names
        return [tallies[known.index(name)] for name in self.names if name in known]

    def measured(self, tallies: list[RouteTally]) -> _Measured:
        """What was counted of them in these tallies: of all, or of those that were chosen for new connections."""
        place = self.place
        totals, bad, lost, unanswered, certain = (Counter[int]() for _ in range(5))
        errors = Counter[str]()
        for tally in self._of(tallies):
            for span, counts in tally.bins.items():
                totals[span] += counts[place]
                bad[span] += counts[place + 1]
            lost.update(tally.undispatched_bins)
            for span, waiting in tally.unfinished.items():
                unanswered[span] += waiting[place // 2]
            for span, known in tally.certain.items():
                certain[span] += known[place // 2]
            errors.update(tally.errors)
        return _Measured(totals, bad, lost + unanswered, unanswered.total(), certain, errors)


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
    asked = _Asked(objective, result, route)
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
    measured = asked.measured(result.tally.routes)
    counts = measured.counts
    cut = f" (cut short: {result.cut_short})" if result.cut_short else ""
    cut += f"; {result.disagreement}" if result.disagreement else ""
    if not counts.total:
        return unmeasured(f"{what}: {_nothing(measured, result, route)}{cut}", limit=limit)
    found = _Found(objective, counts, route)
    return replace(_weighed(what, asked, measured, found, cut), proportion=found.proportion)


def _weighed(what: str, asked: _Asked, measured: _Measured, found: _Found, cut: str) -> Verdict:
    """What these counts say; ``cut`` is what has to be said of the run beside."""
    objective, result, counts, limit = asked.objective, asked.result, found.counts, asked.objective.promise
    text = found.text + _beside(asked)
    promised = f"{text}; promised: {limit}{cut}"
    late = f"; the load generator was late, but that cannot explain it ({result.late})" if result.late else ""
    newcomers = _newcomers(asked)
    if found.is_breach and (best := asked.best(measured)).is_breach:
        cause = _cause(asked, measured)
        if newcomers is not None and newcomers.are_alone:
            cause += f"; on new connections {newcomers.text}"
        if late:
            cause += f"{late}: without all that it may have added, {best.text}"
        return breached(f"{what}: {promised}{cause}", measured=found.short, limit=limit)
    if newcomers is not None:
        reason = f"{what}: on new connections {newcomers.text}; all together {promised}{late}"
        return breached(reason, measured=newcomers.measured, limit=limit)
    unknown = partial(unmeasured, measured=found.short, limit=limit)
    least = floor(objective.target)
    if counts.total < least:
        more = more_needed(counts, objective.limit, measured=found.interval)
        more = None if more is None else max(more, least - counts.total)
        return unknown(
            f"{what}: too few samples: {text}; it takes at least {least} to settle {percent(objective.target)}; "
            f"{_settle(more, counts.total, result)}{cut}"
        )
    if found.all_good and (not measured.lost or _Found(objective, measured.at_worst()).all_good):
        return met(f"{what}: {promised}", measured=found.short, limit=limit)
    if result.late:
        return unknown(
            f"{what}: the load generator was late, so that it, and not the deployment, may be the cause: {result.late}; "
            f"{promised}"
        )
    if found.all_good or found.all_bad:
        return unknown(f"{what}: {_unknown(measured)}, and that could have changed the verdict; {promised}")
    settle = _settle(more_needed(counts, objective.limit, measured=found.interval), counts.total, result)
    return unknown(f"{what}: too few samples: {text}; promised: {limit}; at this share {settle}{cut}")


def certainly_breached(objective: Objective, result: LoadResult, route: str | None, planned: int) -> bool:
    """Whether the objective is breached by what was measured so far, and no request to come can make up for it.

    Of ``planned`` requests of this kind, the bad ones so far are too many even if all others were good ones. Without
    that, looking again and again would find a breach in any run, sooner or later; and so it would by few requests, which
    one stall may have hit all.
    """
    # First what costs least and is nearly always the answer: this is asked again and again in mid-run.
    asked = _Asked(objective, result, route)
    if objective.is_met_by(planned - asked.total(bad=True), planned):
        return False
    measured = asked.measured(result.tally.routes)
    best = asked.best(measured)
    return (
        not objective.is_met_by(planned - best.counts.bad, planned)
        and measured.counts.total >= floor(objective.target)
        and _Found(objective, measured.counts).all_bad
        and best.all_bad
    )


@dataclass(frozen=True)
class _Newcomers:
    """A breach among the requests that were chosen for new connections."""

    text: str
    measured: str
    are_alone: bool
    """Whether all others keep the objective."""


def _newcomers(asked: _Asked) -> _Newcomers | None:
    """What those on new connections met, where that is a breach by itself.

    Those that needed one are left out: they come when the deployment is busy already, and are no sample of newcomers.
    """
    objective, chosen = asked.objective, asked.measured(asked.result.tally.chosen)
    found = _Found(objective, chosen.counts)
    if not (found.is_breach and asked.best(chosen).is_breach):
        return None
    total = asked.total(bad=False) - chosen.counts.total
    bad = asked.total(bad=True) - chosen.counts.bad
    others = "there are no others"
    if total:
        verb = "were too slow" if objective.is_latency else "failed"
        others = f"{shown.percentage(Fraction(bad, total), objective.limit)} of all others {verb}"
    return _Newcomers(
        f"{found.text}{_why(_telling(objective, chosen.errors))}; {others}",
        f"on new connections {found.short}",
        bool(total) and objective.is_met_by(total - bad, total),
    )


def _beside(asked: _Asked) -> str:
    """The 95th percentile of the requests that it speaks of, and how long it was measured."""
    named = zip(asked.result.route_names, asked.result.histograms, strict=True)
    p95 = Histogram.merged([one for name, one in named if name in asked.names]).at(95)
    shown_p95 = "" if p95 is None else f"p95 {shown.seconds(p95 / 1e6, asked.objective.threshold)}, "
    return f", {shown_p95}in {asked.result.elapsed:.0f} s"


def _settle(more: int | None, so_far: int, result: LoadResult) -> str:
    """How many more, and how long they take at the rate at which these came."""
    if more is None:
        return "no number of requests would settle it, because the share equals the limit"
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
        path = next(planned["path"] for planned in result.plan["routes"] if planned["name"] == route)
        wanted = [name for name in result.route_names if f"{{{name}}}" in path]
        if wanted and not measured.errors:
            return (
                f"no request was sent in the time that counts: its path needs a value kept from answers to {shown.names(tuple(wanted))}"
                ", and no answer had that field"
            )
    if measured.errors:
        return f"no request was answered as expected{_why(measured.errors)}"
    if measured.unanswered:
        return f"no request was answered before the run was stopped; {_unknown(measured)}"
    if measured.lost:
        return f"the load generator sent none of the {shown.counted(measured.lost.total(), 'request', ',')}: {result.late}"
    return "no request was sent in the time that counts"


def _unknown(measured: _Measured) -> str:
    """Of which requests nothing is known."""
    unsent = measured.lost.total() - measured.unanswered
    causes = [f"the load generator did not send {shown.counted(unsent, 'request', ',')}"] if unsent else []
    if measured.unanswered:
        causes.append(
            f"{shown.counted(measured.unanswered, 'request', ',')} had no answer yet when the run was stopped"
        )
    return ", and ".join(causes)


def _cause(asked: _Asked, measured: _Measured) -> str:
    """What has made a breach, as the end of a sentence."""
    threshold = threshold_of(asked.objective)
    why = _why(_telling(asked.objective, measured.errors))
    if threshold is None or asked.route is not None or len(asked.result.route_names) == 1:
        return why
    kinds = [
        f"{shown.one_line(name, 80)} (p95 {shown.seconds(p95 / 1e6, asked.objective.threshold)})"
        for name, p95 in slowest(asked.result)
        if name in asked.names and p95 * 1000 >= threshold
    ]
    return why + (f"; slowest: {', '.join(kinds[:3])}" if kinds else "")


def _telling(objective: Objective, errors: Counter[str]) -> Counter[str]:
    """Those that speak of an objective: of latency, such as are slow whenever they come. Others may have been quick, and
    then counted for nothing."""
    if not objective.is_latency:
        return errors
    return Counter({why: n for why, n in errors.items() if why == TURNED_AWAY or why.startswith(NO_ANSWER)})


def _why(errors: Counter[str]) -> str:
    """The most frequent errors, as the end of a sentence."""
    if not errors:
        return ""
    most = errors.most_common(3)
    text = ", ".join(f"{count:,} times {shown.one_line(error, 80)}" for error, count in most)
    others = errors.total() - sum(count for _, count in most)
    return f" ({text}{f', {others:,} others' if others else ''})"


def slowest(result: LoadResult) -> Iterator[tuple[str, int]]:
    """The routes by their 95th percentile, in microseconds, the slowest first."""
    failures = [
        (name, at)
        for name, histogram in zip(result.route_names, result.histograms, strict=True)
        if (at := histogram.at(95)) is not None
    ]
    yield from sorted(failures, key=lambda item: -item[1])

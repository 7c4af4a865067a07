"""What Prometheus has counted in a window, judged by an objective.

The counts are a census of the window and no sample, so they are compared as they are, without an interval.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from deployspec.base import shown
from deployspec.languages.openslo.model import Objective, percent
from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.promql.selectors import selector_text
from deployspec.model.verdict import Proportion, Verdict, breached, met, unmeasured

COVERED = 0.95
"""The share of the window for which there has to be data."""
_BOUNDARY = re.compile(r"[0-9]+([.][0-9]+)?(e[+-]?[0-9]+)?|[+]Inf")
_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
_NOISE = 1e-9
"""By how much a sum of floats may be off, relatively."""
_SHOWN = 3
"""How many series a reason names."""


@dataclass(frozen=True)
class Census:
    """Requests of a window, as Prometheus' ``increase`` has them: no whole numbers, since it extrapolates."""

    good: float
    total: float
    covered: float
    """The share of the window for which there is data, from 0 to 1."""
    without_bucket: tuple[str, ...] = ()
    """Series of the histogram that have no bucket at the threshold, or had none in the window."""
    p95: float | None = None
    """In seconds: ``histogram_quantile``'s estimate, which interpolates within a bucket."""
    began_good: float = 0.0
    """Good requests that series had counted when they were scraped for the first time, if that was in the window.
    ``increase`` leaves them out, or a part of them."""
    began_total: float = 0.0
    """All such requests."""
    boundaries: tuple[str, ...] = ()
    """Where buckets end, as Prometheus writes it; known only where some have none at the threshold."""
    bucket_for_a_time: tuple[str, ...] = ()
    """Series of the histogram whose bucket at the threshold was there for a part of their samples only."""
    doubts: tuple[str, ...] = ()
    """Why selectors, or what they find, do not say what the objective means: sentences."""
    least: str = ""
    """Which target, or job, has the least data; empty where there is nothing to tell apart."""
    native: tuple[str, ...] = ()
    """Series of the histogram that have no buckets to ask for, for they are native."""
    split_by: str = ""
    """The label that makes most of the series that began within the window, with how many values."""


@dataclass(frozen=True)
class Buckets:
    """The buckets of a histogram's series."""

    series: int
    without: tuple[str, ...]
    """Those that have no bucket at the threshold."""
    boundaries: tuple[str, ...]
    """All that there are, as Prometheus writes them."""
    native: tuple[str, ...] = ()
    """The histogram's series that are native, and have no buckets to ask for."""


def window_of(objective: Objective, asked: float) -> float:
    """The window that is looked at: the objective's, or the shorter one that the deployment file asks for. Seconds."""
    return min(objective.window, asked)


def duration(seconds: float) -> str:
    """As PromQL writes it, in its largest unit that leaves no rest: ``28d`` is ``4w``, ``90s`` is ``90s``."""
    milliseconds = max(1, round(seconds * 1000))
    unit, size = next((unit, size) for unit, size in _UNITS if milliseconds % size == 0)
    return f"{milliseconds // size}{unit}"


def le_matcher(objective: Objective) -> str:
    """The matcher of the bucket at the threshold, in every spelling: a client writes 1 as ``1`` or ``1.0``."""
    return f'le=~"{_spellings(float(objective.latency.threshold))}"'


def _spellings(number: float) -> str:
    """A regular expression of every way to write a number, which needs no escaping: ``0.5``, ``0.50``, ``1``, ``1.0``."""
    _, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - narrows the type
    text = "".join(map(str, digits))
    whole, rest = (text + "0" * exponent, "") if exponent >= 0 else (text[:exponent], text[exponent:])
    rest = "0" * (-exponent - len(text)) + rest
    plain = f"0*{whole}" + (f"[.]{rest}0*" if rest else "([.]0*)?")
    power = len(text) - 1 + exponent
    if -3 <= power < 6:
        return plain
    # Where clients write 1e-05, 1e+06 or 1.0E7.
    mantissa = f"{text[0]}[.]{text[1:]}0*" if text[1:] else f"{text[0]}([.]0*)?"
    return f"{plain}|{mantissa}[eE]{'-' if power < 0 else '[+]?'}0*{abs(power)}"


def counted_by(objective: Objective) -> str:
    """The selector of the counter of all requests that count."""
    if objective.is_latency:
        return selector_text(f"{objective.latency.histogram}_count", objective.latency.matchers)
    return objective.availability.total


def bucket_of(objective: Objective, *more: str) -> str:
    """The selector of the histogram's buckets, with more matchers."""
    matchers = ", ".join(filter(None, (objective.latency.matchers, *more)))
    return selector_text(f"{objective.latency.histogram}_bucket", matchers)


def part_of(objective: Objective) -> str:
    """The selector of the counter of good requests where the objective ``counts_good``, else of bad ones."""
    if objective.is_latency:
        return bucket_of(objective, le_matcher(objective))
    return objective.availability.part


ALL, PART = "all", "part"
"""What the label ``counts`` of the two sums says."""


def without_bucket_query(objective: Objective, window: float | None = None) -> str:
    """The series that have no bucket at the threshold; with a window, those too that have vanished since."""
    every, wanted = counted_by(objective), bucket_of(objective, le_matcher(objective))
    if window is not None:
        # One that has ended has its requests in the window's count, too.
        every, wanted = (f"last_over_time({one}[{duration(window)}])" for one in (every, wanted))
    return f"sum without (le) ({every}) unless sum without (le) ({wanted})"


def chosen_by(objective: Objective) -> tuple[str, ...]:
    """The selectors of all requests that count and, of an objective of availability, of the bad or good ones."""
    if objective.is_latency:
        return (counted_by(objective),)
    return (counted_by(objective), part_of(objective))


@dataclass(frozen=True)
class Asked:
    """What is asked of Prometheus for an objective over a window: PromQL."""

    objective: Objective
    window: float
    """In seconds."""

    @property
    def span(self) -> str:
        """The window, as PromQL writes it."""
        return duration(self.window)

    @property
    def counters(self) -> tuple[str, str]:
        """The selectors of all requests that count, and of the good ones or, unless ``counts_good``, of the bad ones."""
        return counted_by(self.objective), part_of(self.objective)

    def increase(self, selector: str) -> str:
        """How many requests a counter has counted."""
        return f"sum(increase({selector}[{self.span}]))"

    def counts(self) -> str:
        """Both counters' in one question: a scrape that ends between two would be counted in one of them alone."""
        sums = zip(map(self.increase, self.counters), (ALL, PART), strict=True)
        return " or ".join(f'label_replace({one}, "counts", "{name}", "", "")' for one, name in sums)

    def share(self) -> str:
        """The share of them that was good where the objective ``counts_good``, else of bad ones."""
        every, part = map(self.increase, self.counters)
        return f"{part} / {every}"

    def began(self, selector: str) -> str:
        """What series that began within the window had counted when they were scraped for the first time.

        A counter appears with its first request, or with all that came before it was scraped: ``increase`` only knows
        what came after.
        """
        return f"sum(min_over_time({selector}[{self.span}]) unless {selector} offset {self.span})"

    def never_increased(self, selector: str, most: int) -> str:
        """Those of them that have kept that count."""
        same = f"min_over_time({selector}[{self.span}]) == max_over_time({selector}[{self.span}])"
        return f"topk({most}, {same} unless {selector} offset {self.span})"

    def quantile(self) -> str:
        """The 95th percentile's estimate."""
        return f"histogram_quantile(0.95, sum by (le) (increase({bucket_of(self.objective)}[{self.span}])))"

    def native(self) -> str:
        """The histogram's series that are native and have no count beside them, which no other question sees."""
        latency = self.objective.latency
        series = selector_text(latency.histogram, latency.matchers)
        # histogram_count gives nothing for what is not a native histogram; of last_over_time it gives nothing in Prometheus 2.42.
        every = f"histogram_count(last_over_time({series}[{self.span}])) or histogram_count({series})"
        return f"({every}) unless last_over_time({counted_by(self.objective)}[{self.span}])"

    def bucket_for_a_time(self) -> str:
        """How many samples of series have no bucket at the threshold, where others have. One scrape brings both; two that
        differ may be on their way."""
        every, wanted = (f"sum without (le) (count_over_time({one}[{self.span}]))" for one in self.counters)
        return f"{every} - {wanted} > 2"

    def all(self) -> list[str]:
        """What a person asks to see the same numbers."""
        queries = [*map(self.increase, self.counters), *map(self.began, self.counters)]
        if self.objective.is_latency:
            queries += [
                self.quantile(),
                without_bucket_query(self.objective, self.window),
                self.bucket_for_a_time(),
            ]
        return queries

    def names(self) -> list[str]:
        """What a person asks to see how many series the selectors find."""
        return [f"count(last_over_time({selector}[{self.span}]))" for selector in chosen_by(self.objective)]


def judge_census(objective: Objective, census: Census | Unavailable, *, asked_window: float) -> Verdict:
    """Whether the requests of the window keep the objective. UNMEASURED says what is missing for an answer."""
    limit = objective.promise
    if isinstance(census, Unavailable):
        return unmeasured(f"{objective.name}: {census.reason}", limit=limit)
    window = window_of(objective, asked_window)
    span = f"the last {duration(window)}"
    if window < objective.window:
        span += f" (of the objective's {duration(objective.window)})"
    why = _objection(objective, census, window)
    if why:
        return unmeasured(f"{objective.name}: {why}", limit=limit)
    return replace(_weighed(objective, census, span), proportion=_proportion(objective, census))


def _proportion(objective: Objective, census: Census) -> Proportion:
    good = min(census.good, census.total)
    return Proportion(objective.name, "window", good, census.total, float(objective.target))


def _weighed(objective: Objective, census: Census, span: str) -> Verdict:
    """What the counts of that span say."""
    limit = objective.promise
    good, total = min(census.good, census.total), census.total
    if objective.is_latency:
        # le is "at most": the bucket includes requests of exactly the threshold, which the promise may not.
        bound = f"{objective.threshold:g} s"
        did, share, of = f"took at most {bound} (le)", Fraction(good) / Fraction(total), objective.target
    else:
        did, share, of = "failed", 1 - Fraction(good) / Fraction(total), objective.limit
    share_text = f"{shown.percentage(share, of)} of {total:,.0f} requests in {span} {did}"
    if census.p95 is not None and math.isfinite(census.p95):
        # Beside the share, which is exact at the boundary of a bucket.
        share_text += f", p95 about {shown.seconds(census.p95, objective.threshold)} (histogram_quantile, interpolated within a bucket)"
    measured = f"{shown.percentage(share, of)} of {total:,.0f}"
    began_bad = max(0.0, census.began_total - census.began_good)
    worst = objective.is_met_by(good, total + began_bad)
    best = objective.is_met_by(good + census.began_good, total + census.began_good)
    if worst != best:
        return unmeasured(
            f"{objective.name}: {share_text}, but series that began within that time had counted {census.began_good:,.0f} good "
            f"and {began_bad:,.0f} bad requests when they were scraped first, which increase leaves out, and which could "
            f"have changed the verdict{_split(census)}; promised: {limit}",
            measured=measured,
            limit=limit,
        )
    verdict = met if objective.is_met_by(good, total) else breached
    return verdict(f"{objective.name}: {share_text}; promised: {limit}", measured=measured, limit=limit)


def _objection(objective: Objective, census: Census, window: float) -> str:
    """Why the counts tell nothing; empty where they do."""
    if why := uncountable(objective, census, window):
        return why
    if not 0 <= census.covered <= 1:
        return f"Prometheus answers with a share of {census.covered} of the window that has data, which is impossible"
    numbers = (census.good, census.total, census.began_good, census.began_total)
    if not all(map(math.isfinite, numbers)) or min(numbers) < 0:
        return f"Prometheus answers with {census.good} good ones of {census.total} requests, which is impossible for counters"
    if not census.covered and not census.total:
        return f"Prometheus has no data for {counted_by(objective)} in the last {duration(window)}"
    if census.covered < COVERED:
        return (
            f"there is data for {shown.percentage(Fraction(census.covered), Fraction(COVERED), 1)} of the {duration(window)} asked about"
            f"{f', of {census.least}' if census.least else ''}; expected {COVERED:.0%} "
            "(prometheus.window sets a shorter window)"
        )
    if not census.total:
        return f"Prometheus has counted no request in the last {duration(window)}{_split(census)}"
    least = math.ceil(1 / objective.limit)
    # Where it would be a breach with all that is missing as good ones, and one of the bad ones, none decides.
    best = census.good + least - census.total + 1
    if census.total < least and objective.is_met_by(best, least):
        return (
            f"Prometheus has counted {_below(census.total, least)} request{'' if census.total == 1 else 's'} in the last {duration(window)}; expected "
            f"{least:,} at least, so that no single request decides about {percent(objective.target)}{_split(census)}"
        )
    if census.good > census.total * (1 + _NOISE):
        return f"Prometheus answers with {census.good:.1f} good ones of {census.total:.1f} requests, which is impossible"
    return ""


def uncountable(objective: Objective, census: Census, window: float) -> str:
    """Why what Prometheus has is no count of good and bad requests, however much of it there is; empty where it is."""
    if census.native:
        return _natively(objective, census.native)
    if census.doubts:
        return "; ".join(census.doubts)
    if census.without_bucket:
        return (
            f"{len(census.without_bucket)} series of the histogram {_have(len(census.without_bucket))} no bucket that ends at the threshold, so the "
            f"share is not known: {_series(census.without_bucket)}{_nearest(objective, census.boundaries)}"
        )
    if census.bucket_for_a_time:
        return (
            f"the bucket that ends at {objective.threshold:g} s was missing for a part of the last "
            f"{duration(window)}, while the count went on, so the share is not known: {_series(census.bucket_for_a_time)}"
        )
    return ""


def judge_buckets(objective: Objective, buckets: Buckets | Unavailable) -> Verdict:
    """Whether every series of the objective's histogram has a bucket that ends at its threshold."""
    boundary = f"{objective.threshold:g}"
    limit = f'le="{boundary}" on every series'
    if isinstance(buckets, Unavailable):
        return unmeasured(f"{objective.name}: {buckets.reason}", limit=limit)
    if buckets.native:
        return unmeasured(f"{objective.name}: {_natively(objective, buckets.native)}", limit=limit)
    if not buckets.series:
        return unmeasured(
            f"{objective.name}: Prometheus has no series of {bucket_of(objective)}, so nothing is known about its buckets",
            limit=limit,
        )
    measured = f"{buckets.series - len(buckets.without)} of {buckets.series} series"
    if buckets.without:
        there = ", ".join(buckets.boundaries) or "none"
        return breached(
            f"{objective.name}: {len(buckets.without)} of {buckets.series} series of {objective.latency.histogram} "
            f"{_have(len(buckets.without))} no bucket that ends at {boundary} s: {_series(buckets.without)}; there are: {there}",
            measured=measured,
            limit=limit,
        )
    return met(
        f"{objective.name}: {'all' if buckets.series > 1 else 'the'} {buckets.series} series of "
        f"{objective.latency.histogram} {_have(buckets.series)} a bucket that ends at "
        f"{boundary} s",
        measured=measured,
        limit=limit,
    )


def _natively(objective: Objective, series: tuple[str, ...]) -> str:
    return (
        f"{len(series)} series of {shown.one_line(objective.latency.histogram, 120)} are native histograms there, in which no "
        f"bucket ends at the threshold for certain, so the share is not known: {_series(series)} "
        "(with always_scrape_classic_histograms, or scrape_classic_histograms before Prometheus 3, both are kept)"
    )


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def _series(series: tuple[str, ...]) -> str:
    text = ", ".join(shown.one_line(one, 120) for one in series[:_SHOWN])
    return text + (f" and {len(series) - _SHOWN} more" if len(series) > _SHOWN else "")


def _split(census: Census) -> str:
    """Which label makes a series of nearly every request, as the end of a sentence."""
    label = f"; the label {census.split_by} splits them into series that never increase"
    return label if census.split_by else ""


def _nearest(objective: Objective, boundaries: tuple[str, ...]) -> str:
    """The boundaries next to the threshold, as the end of a sentence."""
    threshold = float(objective.latency.threshold)
    known = sorted((float(text), text) for text in boundaries if _BOUNDARY.fullmatch(text))
    nearest = [text for value, text in known if value < threshold][-1:]
    nearest += [text for value, text in known if value > threshold][:1]
    return f"; there are next to it: {', '.join(nearest)}" if nearest else ""


def _below(count: float, limit: int) -> str:
    """A count of less than the limit: short, and never rounded onto it."""
    for digits in (0, 1, 2, 4, 8):
        text = f"{count:,.{digits}f}"
        if float(text.replace(",", "")) < limit:
            return text
    return f"just less than {limit:,}"

"""What was counted for an objective in the past, piece by piece: pieces of at most an hour, none of which is partly in a day,
in the week or in maintenance. All figures of a review are sums of them."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from deployspec.chapters.slo.judge.census import ALL, PART, Census, counted_by, duration, part_of
from deployspec.languages.openslo.model import Objective
from deployspec.model.review import Span, Week

HOUR = 3600.0
DAYS = 28
"""Of the longer of the two times that stand side by side, unless the week itself is longer."""
FINE = 300.0
"""Seconds of the pieces in which a breach is looked for while an alert fires."""
MINUTE = 60.0


class Piece(NamedTuple):
    """A piece of time."""

    span: Span
    paused: bool
    """Whether it is in a maintenance window."""
    hour: bool
    """Whether it is a whole hour of the grid, which is asked about with all others at once."""


class Count(NamedTuple):
    """Requests that count. Prometheus extrapolates, so they need not be whole numbers."""

    total: float
    bad: float

    @property
    def good(self) -> float:
        """Those that were not bad."""
        return self.total - self.bad


@dataclass(frozen=True)
class Past:
    """What a Prometheus knows of an objective."""

    objective: Objective
    pieces: tuple[Piece, ...]
    counts: tuple[Count | None, ...]
    """By piece; None where nothing was counted."""
    fine: tuple[tuple[float, Count], ...] = ()
    """Of pieces of ``FINE`` seconds of the week and the hour before it, at which alerts look that fire when the week begins: when
    each ends, and what was counted in it. Without those that have no data."""
    gaps: tuple[Span, ...] = ()
    """When no series of its counter had a sample; in order."""
    newest: float | None = None
    """When its newest sample was taken, in seconds since 1970; None where there is none."""
    buckets: Mapping[float, tuple[float, ...]] = field(default_factory=dict)
    """Of a histogram: by a bucket's upper end, in seconds, its count (and that of all below it) by piece, 0 where there is none."""
    census: Census | None = None
    """Of the time that it is judged by, maintenance included: what casts doubt on the counts."""


def long_span(week: Week) -> Span:
    """The four weeks until the week's end, by the calendar of its zone; the week itself where that is longer."""
    end = datetime.fromtimestamp(week.span.end, week.zone)
    begin = (end - timedelta(days=DAYS)).replace(fold=0).timestamp()
    return Span(min(begin, week.span.begin), week.span.end)


def whole_span(week: Week) -> Span:
    """All that is asked about: the four weeks, and the week before the week."""
    return Span(min(long_span(week).begin, week.before.begin), week.span.end)


def pieces_of(week: Week, paused: Sequence[Span]) -> tuple[Piece, ...]:
    """The whole time in pieces: cut at each hour by the clocks of the zone, at each midnight, where the week, the week before and
    the four weeks begin, and where a maintenance window begins or ends."""
    whole = whole_span(week)
    days = week.days(whole)
    # Midnight need not be at a full hour of UTC.
    phase = days[-1].begin % HOUR
    first = math.floor((whole.begin - phase) / HOUR) * HOUR + phase
    grid = [first + step * HOUR for step in range(math.ceil((whole.end - first) / HOUR) + 1)]
    others = {*whole, *week.before, long_span(week).begin, *(day.begin for day in days)}
    others |= {edge for span in paused for edge in span}
    cuts = sorted(edge for edge in {*grid, *others} if whole.begin <= edge <= whole.end)
    hours = set(grid)
    return tuple(
        Piece(
            Span(begin, end),
            any(span.begin <= begin and end <= span.end for span in paused),
            begin in hours and end - begin == HOUR,
        )
        for begin, end in pairwise(cuts)
    )


def within(span: Span, of: Span) -> bool:
    """Whether one lies in the other, with both ends."""
    return of.begin <= span.begin and span.end <= of.end


def total_of(past: Past, span: Span, *, paused: bool = False) -> Count:
    """What was counted in a span whose ends are those of pieces, outside of maintenance; or inside of it."""
    own = [
        count
        for piece, count in zip(past.pieces, past.counts, strict=True)
        if count is not None and piece.paused == paused and within(piece.span, span)
    ]
    return Count(math.fsum(count.total for count in own), math.fsum(count.bad for count in own))


def time_of(past: Past, span: Span) -> float:
    """Seconds of a span outside of maintenance."""
    return math.fsum(
        piece.span.seconds for piece in past.pieces if not piece.paused and within(piece.span, span)
    )


def missing_of(past: Past, span: Span) -> float:
    """Seconds of a span outside of maintenance for which there is no data."""
    open_ = [piece.span for piece in past.pieces if not piece.paused and within(piece.span, span)]
    return overlap(open_, past.gaps)


def overlap(some: Iterable[Span], others: Iterable[Span]) -> float:
    """Seconds that both have in common. Neither has spans that overlap each other."""
    first, second = sorted(some), sorted(others)
    common, place = 0.0, 0
    for span in first:
        while place < len(second) and second[place].end <= span.begin:
            place += 1
        for other in second[place:]:
            if other.begin >= span.end:
                break
            common += min(span.end, other.end) - max(span.begin, other.begin)
    return common


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in spans that do not touch, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.begin <= found[-1].end:
            found[-1] = Span(found[-1].begin, max(found[-1].end, span.end))
        else:
            found.append(span)
    return tuple(found)


def lasts(interval: float) -> float:
    """For how many seconds a sample is looked for where one comes every ``interval`` seconds: a single scrape that fails is no
    gap. At most as long as Prometheus itself looks back."""
    return min(300.0, 2.5 * interval)


def gaps_of(span: Span, present: Iterable[float], interval: float) -> tuple[Span, ...]:
    """When there were no samples, to the minute.

    ``present`` has those moments, a minute apart until the end of the span, that had a sample within the time that it
    ``lasts``. A sample stands for the interval after it.
    """
    steps = int(span.seconds // MINUTE)
    there = {round((span.end - moment) / MINUTE) for moment in present}
    # A minute's sample is on average half a minute old where the last one is still seen, and the next one no longer.
    late = interval - lasts(interval) - MINUTE / 2
    found: list[Span] = []
    begun: float | None = None
    for back in range(steps, -1, -1):
        moment = span.end - back * MINUTE
        if back in there:
            if begun is not None and moment > begun:
                found.append(Span(begun, moment))
            begun = None
        elif begun is None:
            begun = span.begin if back == steps else max(span.begin, moment + late)
    if begun is not None and span.end > begun:
        found.append(Span(begun, span.end))
    return merged(found)


def packed(pieces: Sequence[tuple[int, Span]], objective: Objective) -> str:
    """One question about several pieces of any length: the counts of all requests and of the part, by the number of the piece."""
    sums = []
    for number, span in pieces:
        for selector, name in zip((counted_by(objective), part_of(objective)), (ALL, PART), strict=True):
            one = f"sum({increase_at(selector, span)})"
            one = f'label_replace({one}, "counts", "{name}", "", "")'
            sums.append(f'label_replace({one}, "piece", "{number}", "", "")')
    return " or ".join(sums)


def increase_at(selector: str, span: Span) -> str:
    """How much counters have counted in a span."""
    return f"increase({selector}[{duration(span.seconds)}] @ {span.end:.3f})"


def is_breach(objective: Objective, count: Count) -> bool | None:
    """Whether more than the allowed share was bad; None where so few requests cannot tell: where a single one would decide."""
    if count.total < math.ceil(1 / objective.limit):
        return None
    return not objective.is_met_by(count.good, count.total)


def allowed(objective: Objective, count: Count) -> float:
    """How many bad ones the objective allows of so many requests."""
    return float(objective.limit * Fraction(count.total))


def burn_rate(objective: Objective, count: Count) -> float | None:
    """How many times as fast as allowed the budget is spent; None without a request."""
    return count.bad / allowed(objective, count) if count.total > 0 else None


def quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """As PromQL's ``histogram_quantile`` estimates it, of counts of requests up to each upper end: linear within a bucket, the
    last finite end for what is beyond it. None without a request, or without the bucket of all."""
    ends = sorted(buckets)
    if len(ends) < 2 or ends[-1] != math.inf:
        return None
    counts: list[float] = []
    for end in ends:  # what is a hair less than the one before is the same
        counts.append(max(buckets[end], counts[-1] if counts else 0.0))
    if not counts[-1] > 0:
        return None
    rank = q * counts[-1]
    place = bisect_left(counts, rank)
    if place >= len(ends) - 1:
        return ends[-2]
    if place == 0 and ends[0] <= 0:
        return ends[0]
    begin, before = (ends[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    return begin + (ends[place] - begin) * (rank - before) / (counts[place] - before)


def buckets_of(past: Past, span: Span) -> dict[float, float]:
    """The counts of a histogram in a span, outside of maintenance, up to each upper end."""
    own = [place for place, piece in enumerate(past.pieces) if not piece.paused and within(piece.span, span)]
    return {end: math.fsum(counts[place] for place in own) for end, counts in past.buckets.items()}

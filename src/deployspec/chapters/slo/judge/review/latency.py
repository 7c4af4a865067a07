"""What a review says of how long requests took, by the buckets that Prometheus has counted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import bucket_of, duration
from deployspec.chapters.slo.judge.past import buckets_of, quantile
from deployspec.chapters.slo.judge.review.cells import NONE
from deployspec.chapters.slo.judge.review.objective import Reviewed, date_of, day_name
from deployspec.model.chart import Bars, Chart, Line
from deployspec.model.review import Cell, Column, Figure, Section, Source, Table, Tone, Week

_DAY = 86400.0


def latency(told: Sequence[Reviewed], week: Week) -> Section | None:
    """How long requests took: the 95th percentile by day, and the distribution, with the week before; None where no objective is
    of latency."""
    own = [one for one in told if one.objective.is_latency and one.counted]
    if not own:
        return None
    parts: list[str | Table | Figure] = []
    sources = []
    for one in own:
        parts += [*_p95(one), *_distributions(one)]
        query = f"histogram_quantile(0.95, sum by (le) (increase({bucket_of(one.objective)}[1d])))"
        sources.append(
            Source(
                f"q-{one.name}-p95", f"{one.name}: p95 of a day, asked at its end", query, at=week.span.end
            )
        )
        query = f"sum by (le) (increase({bucket_of(one.objective)}[{duration(week.span.seconds)}]))"
        sources.append(Source(f"q-{one.name}-le", f"{one.name}: requests by bucket", query, at=week.span.end))
    return Section("latency", "How long requests took", tuple(parts), sources=tuple(sources), rank=20)


def _p95(one: Reviewed) -> Iterator[Table | Figure]:
    week = one.week
    then = {date_of(day, week): quantile(0.95, buckets_of(one.past, day)) for day in week.days(week.before)}
    days = [(day, quantile(0.95, buckets_of(one.past, day))) for day in week.days()]
    backs = [date_of(day, week) - timedelta(days=round(week.span.seconds / _DAY) or 1) for day, _ in days]
    source = f"q-{one.name}-p95"
    whole = [quantile(0.95, buckets_of(one.past, span)) for span in (week.span, week.before)]
    rows: list[tuple[Cell, ...]] = [
        (
            Cell(day_name(day, week), day.begin),
            _latency(one, p95, source),
            _latency(one, then[back], source) if back in then else NONE,
        )
        for (day, p95), back in zip(days, backs, strict=True)
    ]
    rows.append((Cell("all of it"), *(_latency(one, p95, source) for p95 in whole)))
    yield Table(
        f"p95-{one.name}",
        f"p95 by day, {one.name}",
        (Column("day"), Column("p95", True), Column("the week before", True)),
        tuple(rows),
        note="95 of 100 requests took at most as long: as histogram_quantile has it, within a bucket as if requests were spread "
        "evenly.",
        source=source,
    )
    if not any(p95 is not None for _, p95 in days):
        return
    moments = tuple(day.begin for day, _ in days)
    chart = Chart(
        f"p95 by day, {one.name}",
        "day",
        "s",
        lines=(
            Line("this week", moments, tuple(p95 for _, p95 in days)),
            Line("the week before", moments, tuple(map(then.get, backs))),
        ),
        limits=((f"{one.objective.threshold:g} s", one.objective.threshold or 0.0),),
        zone=week.zone_name,
    )
    now, before = (
        shown.lasting(p95)
        if p95 and p95 >= 60
        else "not known"
        if p95 is None
        else shown.seconds(round(p95, 3))
        for p95 in whole
    )
    yield Figure(
        f"p95-{one.name}", chart, f"The p95 of the week was {now}, that of the week before {before}.", source
    )


def _latency(one: Reviewed, p95: float | None, source: str) -> Cell:
    if p95 is None:
        return Cell("no data", tone=Tone.UNKNOWN)
    threshold = one.objective.threshold
    # As p95 has to do with the promise only where that is of 95%.
    tone = (
        Tone.BAD
        if one.objective.target == Fraction(95, 100) and threshold and p95 > threshold
        else Tone.PLAIN
    )
    return Cell(shown.seconds(p95, threshold) if p95 < 60 else shown.lasting(p95), p95, tone, source)


def _distributions(one: Reviewed) -> Iterator[Figure]:
    for key, name, span in (
        ("now", "this week", one.week.span),
        ("then", "the week before", one.week.before),
    ):
        found = bars(buckets_of(one.past, span))
        if found is None:
            continue
        total = sum(found.counts)
        limit = (one.objective.threshold or 0.0) * 1000
        chart = Chart(
            f"Latency {name}, {one.name} ({shown.counted(total, 'request', ',')})",
            "ms",
            "requests",
            bars=found,
            limits=((f"{limit:g} ms", limit),),
        )
        most = max(range(len(found.counts)), key=lambda place: found.counts[place])
        low, high = found.edges[most], found.edges[most + 1]
        says = (
            f"Of {total:,} requests, most ({found.counts[most]:,}) took between {low:g} and {high:g} ms. The first bar has all that "
            "were quicker, the last one all that were slower."
        )
        yield Figure(f"latency-{key}-{one.name}", chart, says, f"q-{one.name}-le")


def bars(buckets: Mapping[float, float]) -> Bars | None:
    """A histogram's buckets, in milliseconds. The first bar begins at half of its end, as it has no beginning that a logarithm
    knows; the last one, of what is beyond all ends, ends at twice its beginning."""
    ends = [end for end in sorted(buckets) if end > 0]
    if len(ends) < 2 or ends[-1] != math.inf or not buckets[math.inf] > 0:
        return None
    counts, before = [], 0.0
    for end in ends:
        counts.append(max(0, round(buckets[end] - before)))
        before = max(before, buckets[end])
    edges = [ends[0] / 2, *ends[:-1], ends[-2] * 2]
    if not counts[-1]:
        edges, counts = edges[:-1], counts[:-1]
    return Bars(tuple(edge * 1000 for edge in edges), tuple(counts)) if sum(counts) else None

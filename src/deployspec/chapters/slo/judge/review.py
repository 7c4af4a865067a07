"""What a review says of objectives, by what Prometheus has counted: the budget, its burn, and how long requests took."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TypeVar

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import COVERED, Asked, bucket_of, duration, uncountable
from deployspec.chapters.slo.judge.past import (
    HOUR,
    Count,
    Past,
    allowed,
    buckets_of,
    burn_rate,
    long_span,
    missing_of,
    overlap,
    quantile,
    time_of,
    total_of,
    within,
)
from deployspec.languages.openslo.model import Objective
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.chart import Bars, Chart, Line
from deployspec.model.review import (
    Cell,
    Change,
    Column,
    Figure,
    Fold,
    Section,
    Source,
    Span,
    Table,
    Tone,
    Week,
)
from deployspec.model.verdict import Outcome

_T = TypeVar("_T")
_DAY = 86400.0
_MOST_OPEN = 3
"""Objectives whose numbers are shown without being asked for."""
_MOST_SAID = 3
"""Reasons that the head of the page has room for."""
_NONE = Cell("—", tone=Tone.MUTED)
_TONES = {Outcome.MET: Tone.GOOD, Outcome.BREACHED: Tone.BAD, Outcome.UNMEASURED: Tone.UNKNOWN}


@dataclass(frozen=True)
class Told:
    """What is said of one objective in a week."""

    past: Past
    week: Week
    judged: Span
    """The time by which it is MET or BREACHED."""

    @property
    def objective(self) -> Objective:
        """What was promised."""
        return self.past.objective

    @property
    def name(self) -> str:
        """The objective's."""
        return self.objective.name

    def verdict(self) -> tuple[Outcome, str]:
        """Whether it was kept, and why it is not known."""
        if why := _unknown(self.past, self.judged):
            return Outcome.UNMEASURED, why
        count = total_of(self.past, self.judged)
        met = self.objective.is_met_by(count.good, count.total)
        return (Outcome.MET if met else Outcome.BREACHED), ""

    @property
    def counted(self) -> bool:
        """Whether what there is are counts of good and bad requests."""
        census = self.past.census
        return census is None or not uncountable(self.objective, census, self.judged.seconds)


def judged_span(week: Week, asked_window: float, objective: Objective) -> Span:
    """The time by which an objective is judged: the four weeks where its own window and the one that the deployment file sets
    for Prometheus are longer than the week, else the week."""
    longer = min(objective.window, asked_window) > week.span.seconds
    return long_span(week) if longer else week.span


def _unknown(past: Past, span: Span) -> str:
    """Why it is not known whether an objective was kept; empty where it is."""
    objective, open_ = past.objective, time_of(past, span)
    if past.census is not None and (why := uncountable(objective, past.census, span.seconds)):
        return why
    if not open_:
        return f"all of the {length(span)} were maintenance"
    count, missing = total_of(past, span), missing_of(past, span)
    if missing > (1 - COVERED) * open_:
        gaps = [gap for gap in past.gaps if overlap([span], (gap,))]
        if len(gaps) == 1 and gaps[0].begin <= span.begin and gaps[0].end < span.end:
            # Such as of a deployment that has just been booted.
            known = shown.lasting(max(1.0, span.end - gaps[0].end))
            return f"data for the last {known} of {shown.lasting(span.seconds)} alone"
        return f"no data for {shown.lasting(missing)} of {shown.lasting(open_)}"
    if not count.total > 0:
        return f"no request in {length(span)}"
    least = math.ceil(1 / objective.limit)
    if count.total < least and objective.is_met_by(least - count.bad, least):
        return f"{count.total:,.0f} requests in {length(span)}, so few that a single one would decide"
    if past.census is not None:
        began = max(0.0, past.census.began_total), max(0.0, past.census.began_good)
        worst = objective.is_met_by(count.good, count.total + max(0.0, began[0] - began[1]))
        best = objective.is_met_by(count.good + began[1], count.total + began[1])
        if worst != best:
            return (
                f"series that began within {length(span)} had counted {began[0]:,.0f} requests when they were scraped "
                "first, which increase leaves out, and which could have changed the verdict"
            )
    return ""


def length(span: Span) -> str:
    """How long it is, in words: whole days of the calendar are not hours."""
    days = round(span.seconds / _DAY)
    # A day on which clocks are set is one all the same.
    if days and abs(span.seconds - days * _DAY) <= HOUR:
        return shown.counted(days, "day")
    return shown.lasting(span.seconds)


def objectives(told: Sequence[Told], failed: Sequence[tuple[Objective, Unavailable]], week: Week) -> Section:
    """Each objective's budget in the week and in the four weeks."""
    spans = (week.span, long_span(week))
    rows, changes = [], list[Change]()
    breached, unmeasured = dict[str, list[str]](), dict[str, list[str]]()
    parts: list[str | Table | Figure] = []
    sources: list[Source] = []
    shown_open = 0
    for one in told:
        outcome, why = one.verdict()
        if outcome is Outcome.BREACHED:
            said = f"{_good(one, one.judged).text} good in {length(one.judged)}"
            breached.setdefault(said, []).append(one.name)
        missing, open_ = missing_of(one.past, week.span), time_of(one.past, week.span)
        if outcome is Outcome.UNMEASURED:
            unmeasured.setdefault(why, []).append(one.name)
        elif missing > (1 - COVERED) * open_:
            # Four weeks may be known well enough, of which one day is not.
            without = f"{shown.lasting(missing)} of {shown.lasting(open_)} without data"
            unmeasured.setdefault(without, []).append(one.name)
        rows.append(_once(_row(one, outcome, why, spans), 3, spans))
        sources += _sources(one)
        if one.counted:
            is_open = outcome is not Outcome.MET and shown_open < _MOST_OPEN
            shown_open += is_open
            fold = Fold(f"{one.name}: {outcome}", _TONES[outcome], is_open)
            parts.append(replace(_table(one, spans), fold=fold))
            parts += [replace(figure, fold=fold) for figure in _burn(one)]
            parts.append(replace(_days(one), fold=fold))
            changes += _changes(one)
    for objective, unavailable in failed:
        unmeasured.setdefault(unavailable.reason, []).append(objective.name)
        cells = (
            Cell(objective.name, code=True, note=objective.promise),
            Cell("UNMEASURED", tone=Tone.UNKNOWN, note=unavailable.reason),
            *(_NONE,) * 6,
        )
        rows.append(_once(cells, 3, spans))
    a, b = map(length, spans)
    overview = Table(
        "objectives",
        "Error budgets",
        _once(
            (
                Column("objective"),
                Column("verdict"),
                Column(f"good in {a}", True),
                Column(f"good in {b}", True),
                Column(f"budget spent in {a}", True),
                Column(f"budget left of {b}", True),
                Column("days until it is spent", True),
                Column(f"no data in {a}", True),
            ),
            3,
            spans,
        ),
        tuple(rows),
        "No objective.",
        "The budget is the share of requests that the promise allows to be bad, of those that were counted. Maintenance is left "
        "out of all figures.",
    )
    return Section(
        "objectives",
        "Objectives",
        (overview, *parts),
        tuple(_together(breached)),
        tuple(_together(unmeasured)),
        tuple(changes),
        tuple(sources),
        rank=10,
    )


def _once(cells: tuple[_T, ...], place: int, spans: tuple[Span, Span]) -> tuple[_T, ...]:
    """Cells without the one at a place, where the two times that stand side by side are the same one."""
    return cells if spans[0] != spans[1] else cells[:place] + cells[place + 1 :]


def _together(groups: Mapping[str, list[str]]) -> Iterator[str]:
    """Objectives of which the same is to be said; all of them at once where there is too much to say."""
    if len(groups) > _MOST_SAID:
        groups = {f"for {len(groups)} reasons": [name for names in groups.values() for name in names]}
    for said, names in groups.items():
        if len(names) == 1:
            yield f"objective {names[0]} ({said})"
        else:
            more = f" and {len(names) - 1} more" if len(names) > 2 else f" and {names[1]}"
            yield f"objectives {names[0]}{more} ({said})"


def _row(one: Told, outcome: Outcome, why: str, spans: tuple[Span, Span]) -> tuple[Cell, ...]:
    week, weeks = spans
    figures: tuple[Cell, ...] = (_NONE,) * 5
    if one.counted:
        figures = (
            _good(one, week),
            _good(one, weeks),
            _spent(one, week),
            _left(one, weeks),
            _until(one, week, weeks),
        )
    return (
        Cell(one.name, code=True, note=one.objective.promise),
        Cell(outcome.value, tone=_TONES[outcome], note=why or f"by {length(one.judged)}"),
        *figures,
        _missing(one, week),
    )


def _table(one: Told, spans: tuple[Span, Span]) -> Table:
    week, weeks = spans
    rows: list[tuple[Cell, ...]] = [
        (Cell("good requests"), *(_good(one, span) for span in spans)),
        (Cell("requests"), *(_number(total_of(one.past, span).total, _source(one, span)) for span in spans)),
        (Cell("bad requests"), *(_number(total_of(one.past, span).bad, _source(one, span)) for span in spans)),
        (Cell("bad requests allowed"), *(_number(allowed(one.objective, total_of(one.past, span))) for span in spans)),
        (Cell("budget spent"), *(_spent(one, span) for span in spans)),
        (Cell("budget left"), *(_left(one, span) for span in spans)),
        (Cell("days until it is spent", note=f"at the rate of the last {length(week)}"), _NONE, _until(one, week, weeks)),
        (Cell("no data"), *(_missing(one, span) for span in spans)),
        (Cell("maintenance, left out"), *(_paused(one, span) for span in spans)),
        (Cell("newest data"), _NONE, _newest(one)),
    ]  # fmt: skip
    census = one.past.census
    note = f"Promised: {one.objective.promise}."
    if census is not None and census.least and census.covered < 1:
        least = shown.percentage(Fraction(census.covered), Fraction(1), 1)
        note += f" There is data for {least} of {length(one.judged)} of {shown.one_line(census.least, 120)}."
    return Table(
        f"objective-{one.name}",
        f"{one.name}, {' and '.join(dict.fromkeys(map(length, spans)))}",
        _once((Column(""), *(Column(length(span), True) for span in spans)), 1, spans),
        tuple(_once(cells, 1, spans) for cells in rows),
        note=note,
    )


def _good(one: Told, span: Span) -> Cell:
    count = total_of(one.past, span)
    if not count.total > 0:
        return Cell(
            "no request" if missing_of(one.past, span) < time_of(one.past, span) else "no data",
            tone=Tone.UNKNOWN,
        )
    share, target = Fraction(count.good) / Fraction(count.total), one.objective.target
    tone = Tone.GOOD if one.objective.is_met_by(count.good, count.total) else Tone.BAD
    if tone is Tone.GOOD and _unknown(one.past, span):
        tone = Tone.UNKNOWN
    return Cell(shown.percentage(share, target), float(share), tone, _source(one, span))


def _number(number: float, source: str = "") -> Cell:
    return Cell(
        f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:,.1f}",
        number,
        source=source,
    )


def _budget(one: Told, span: Span) -> Fraction | None:
    """The share of the budget of a span that is spent; None without a request."""
    count = total_of(one.past, span)
    if not count.total > 0:
        return None
    return Fraction(count.bad) / (one.objective.limit * Fraction(count.total))


def _spent(one: Told, span: Span) -> Cell:
    spent = _budget(one, span)
    if spent is None:
        return Cell("no data", tone=Tone.UNKNOWN)
    tone = Tone.BAD if spent > 1 else Tone.PLAIN
    return Cell(shown.percentage(spent, 1, 1), float(spent), tone, _source(one, span))


def _left(one: Told, span: Span) -> Cell:
    spent = _budget(one, span)
    if spent is None:
        return Cell("no data", tone=Tone.UNKNOWN)
    left = 1 - spent
    if left < 0:
        return Cell(f"none, {shown.percentage(-left, 0, 1)} over", float(left), Tone.BAD, _source(one, span))
    return Cell(shown.percentage(left, 0, 1) if left else "none", float(left), Tone.PLAIN, _source(one, span))


def _until(one: Told, week: Span, weeks: Span) -> Cell:
    """What is left of the four weeks' budget, by what was spent of it in a day of the week."""
    own, all_ = total_of(one.past, week), total_of(one.past, weeks)
    if not all_.total > 0 or not own.total > 0:
        return Cell("no data", tone=Tone.UNKNOWN)
    left = allowed(one.objective, all_) - all_.bad
    if left <= 0:
        return Cell("spent", 0.0, Tone.BAD)
    a_day = own.bad / ((time_of(one.past, week) - missing_of(one.past, week)) / _DAY or math.inf)
    if not a_day > 0:
        return Cell("never", None, Tone.GOOD, note="no bad request in the week")
    days = left / a_day
    return Cell(f"{days:,.1f}" if days < 10 else f"{days:,.0f}", days, Tone.BAD if days < 7 else Tone.PLAIN)


def _missing(one: Told, span: Span) -> Cell:
    missing, of = missing_of(one.past, span), time_of(one.past, span)
    if not missing:
        return Cell(f"none of {shown.lasting(of)}", 0.0, Tone.MUTED)
    return Cell(f"{shown.lasting(missing)} of {shown.lasting(of)}", missing, Tone.UNKNOWN)


def _paused(one: Told, span: Span) -> Cell:
    seconds = math.fsum(
        piece.span.seconds for piece in one.past.pieces if piece.paused and within(piece.span, span)
    )
    if not seconds:
        return Cell("none", 0.0, Tone.MUTED)
    count = total_of(one.past, span, paused=True)
    note = f"{count.total:,.0f} requests, {count.bad:,.0f} of them bad"
    return Cell(shown.lasting(seconds), seconds, Tone.MUTED, note=note)


def _newest(one: Told) -> Cell:
    if one.past.newest is None:
        return Cell("none", tone=Tone.UNKNOWN)
    age = max(0.0, one.week.span.end - one.past.newest)
    return Cell(f"{shown.lasting(age)} before the end", age, Tone.UNKNOWN if age > HOUR else Tone.PLAIN)


def _changes(one: Told) -> Iterator[Change]:
    now, then = (_budget(one, span) for span in (one.week.span, one.week.before))
    if now is None or then is None or then == now:
        return
    text = f"{one.name}: {shown.percentage(now, 1, 1)} of the week's budget spent, after {shown.percentage(then, 1, 1)}"
    if (now > 1) != (then > 1):
        yield Change(text, Tone.BAD if now > 1 else Tone.GOOD)
    elif max(now, then) > Fraction(1, 10) and not Fraction(1, 2) <= now / max(then, Fraction(1, 10**9)) <= 2:
        yield Change(text)


def _hours(one: Told) -> Iterator[tuple[Span, Count | None]]:
    for piece, count in zip(one.past.pieces, one.past.counts, strict=True):
        if within(piece.span, one.week.span):
            yield piece.span, None if piece.paused else count


def _burn(one: Told) -> list[Figure]:
    rates = [
        (span.begin, None if count is None else burn_rate(one.objective, count))
        for span, count in _hours(one)
    ]
    known = [(rate, moment) for moment, rate in rates if rate is not None]
    if not known:
        return []
    highest, moment = max(known, key=lambda pair: (pair[0], -pair[1]))
    above = sum(rate > 1 for rate, _ in known)
    says = f"Burn rate of {one.name} by the hour: above 1 in {above or 'none'} of {shown.counted(len(known), 'hour')} with requests"
    says += f", at most {highest:.3g} ({one.week.told(moment)})." if highest else "; no bad request."
    chart = Chart(
        f"Burn rate of {one.name} by the hour",
        "time",
        "burn rate",
        lines=(Line(one.name, tuple(at for at, _ in rates), tuple(rate for _, rate in rates)),),
        limits=(("1: the budget just lasts", 1.0),),
        zone=one.week.zone_name,
    )
    return [Figure(f"burn-{one.name}", chart, says, f"q-{one.name}-hour")]


def _days(one: Told) -> Table:
    rows = []
    for day in one.week.days():
        count = total_of(one.past, day)
        rate = burn_rate(one.objective, count)
        rows.append(
            (
                Cell(day_name(day, one.week), day.begin),
                _number(count.total),
                _number(count.bad),
                _good(one, day),
                _NONE if rate is None else Cell(f"{rate:.2f}", rate, Tone.BAD if rate > 1 else Tone.PLAIN),
                _missing(one, day),
                _paused(one, day),
            )
        )
    return Table(
        f"days-{one.name}",
        f"{one.name}, day by day",
        (
            Column("day"),
            Column("requests", True),
            Column("bad", True),
            Column("good", True),
            Column("burn rate", True),
            Column("no data", True),
            Column("maintenance", True),
        ),
        tuple(rows),
        source=f"q-{one.name}-hour",
    )


def _source(one: Told, span: Span) -> str:
    return f"q-{one.name}-{'week' if span == one.week.span else 'weeks' if span == long_span(one.week) else 'hour'}"


def _sources(one: Told) -> Iterator[Source]:
    end = one.week.span.end
    for key, span in (("week", one.week.span), ("weeks", long_span(one.week))):
        asked = Asked(one.objective, span.seconds)
        what = f"{one.name}: good or bad requests, and all, in {length(span)} as one; the figure is the sum of hours, without maintenance"
        yield Source(f"q-{one.name}-{key}", what, asked.share(), at=end)
    yield Source(
        f"q-{one.name}-hour",
        f"{one.name}: what each hour had counted at its end",
        Asked(one.objective, HOUR).counts(),
        at=end,
    )


def day_name(day: Span, week: Week) -> str:
    """``Mon 2026-03-23``."""
    return f"{datetime.fromtimestamp(day.begin, week.zone):%a %Y-%m-%d}"


def date_of(day: Span, week: Week) -> date:
    """A day's date, by the clocks of the zone."""
    return datetime.fromtimestamp(day.begin, week.zone).date()


def latency(told: Sequence[Told], week: Week) -> Section | None:
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


def _p95(one: Told) -> Iterator[Table | Figure]:
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
            _latency(one, then[back], source) if back in then else _NONE,
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


def _latency(one: Told, p95: float | None, source: str) -> Cell:
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


def _distributions(one: Told) -> Iterator[Figure]:
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

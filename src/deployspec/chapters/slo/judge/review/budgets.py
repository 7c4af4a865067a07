"""What a review says of objectives' error budgets, by what Prometheus has counted: what is left, and how fast it burns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import COVERED, Asked
from deployspec.chapters.slo.judge.past import (
    HOUR,
    Count,
    allowed,
    burn_rate,
    long_span,
    missing_of,
    time_of,
    total_of,
    within,
)
from deployspec.chapters.slo.judge.review.cells import (
    NONE,
    TONES,
    good_cell,
    left_cell,
    missing_cell,
    newest_cell,
    number_cell,
    paused_cell,
    share_spent,
    source_key,
    spent_cell,
    until_spent_cell,
)
from deployspec.chapters.slo.judge.review.objective import Reviewed, day_name, length
from deployspec.languages.openslo.model import Objective
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.chart import Chart, Line
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
_MOST_OPEN = 3
"""Objectives whose numbers are shown without being asked for."""
_MOST_SAID = 3
"""Reasons that the head of the page has room for."""


def objectives(
    told: Sequence[Reviewed], failed: Sequence[tuple[Objective, Unavailable]], week: Week
) -> Section:
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
            said = f"{good_cell(one, one.judged).text} good in {length(one.judged)}"
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
            fold = Fold(f"{one.name}: {outcome}", TONES[outcome], is_open)
            parts.append(replace(_table(one, spans), fold=fold))
            parts += [replace(figure, fold=fold) for figure in _burn(one)]
            parts.append(replace(_days(one), fold=fold))
            changes += _changes(one)
    for objective, unavailable in failed:
        unmeasured.setdefault(unavailable.reason, []).append(objective.name)
        cells = (
            Cell(objective.name, code=True, note=objective.promise),
            Cell("UNMEASURED", tone=Tone.UNKNOWN, note=unavailable.reason),
            *(NONE,) * 6,
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


def _row(one: Reviewed, outcome: Outcome, why: str, spans: tuple[Span, Span]) -> tuple[Cell, ...]:
    week, weeks = spans
    figures: tuple[Cell, ...] = (NONE,) * 5
    if one.counted:
        figures = (
            good_cell(one, week),
            good_cell(one, weeks),
            spent_cell(one, week),
            left_cell(one, weeks),
            until_spent_cell(one, week, weeks),
        )
    return (
        Cell(one.name, code=True, note=one.objective.promise),
        Cell(outcome.value, tone=TONES[outcome], note=why or f"by {length(one.judged)}"),
        *figures,
        missing_cell(one, week),
    )


def _table(one: Reviewed, spans: tuple[Span, Span]) -> Table:
    week, weeks = spans
    rows: list[tuple[Cell, ...]] = [
        (Cell("good requests"), *(good_cell(one, span) for span in spans)),
        (Cell("requests"), *(number_cell(total_of(one.past, span).total, source_key(one, span)) for span in spans)),
        (Cell("bad requests"), *(number_cell(total_of(one.past, span).bad, source_key(one, span)) for span in spans)),
        (Cell("bad requests allowed"), *(number_cell(allowed(one.objective, total_of(one.past, span))) for span in spans)),
        (Cell("budget spent"), *(spent_cell(one, span) for span in spans)),
        (Cell("budget left"), *(left_cell(one, span) for span in spans)),
        (Cell("days until it is spent", note=f"at the rate of the last {length(week)}"), NONE, until_spent_cell(one, week, weeks)),
        (Cell("no data"), *(missing_cell(one, span) for span in spans)),
        (Cell("maintenance, left out"), *(paused_cell(one, span) for span in spans)),
        (Cell("newest data"), NONE, newest_cell(one)),
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


def _changes(one: Reviewed) -> Iterator[Change]:
    now, then = (share_spent(one, span) for span in (one.week.span, one.week.before))
    if now is None or then is None or then == now:
        return
    text = f"{one.name}: {shown.percentage(now, 1, 1)} of the week's budget spent, after {shown.percentage(then, 1, 1)}"
    if (now > 1) != (then > 1):
        yield Change(text, Tone.BAD if now > 1 else Tone.GOOD)
    elif max(now, then) > Fraction(1, 10) and not Fraction(1, 2) <= now / max(then, Fraction(1, 10**9)) <= 2:
        yield Change(text)


def _hours(one: Reviewed) -> Iterator[tuple[Span, Count | None]]:
    for piece, count in zip(one.past.pieces, one.past.counts, strict=True):
        if within(piece.span, one.week.span):
            yield piece.span, None if piece.paused else count


def _burn(one: Reviewed) -> list[Figure]:
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


def _days(one: Reviewed) -> Table:
    rows = []
    for day in one.week.days():
        count = total_of(one.past, day)
        rate = burn_rate(one.objective, count)
        rows.append(
            (
                Cell(day_name(day, one.week), day.begin),
                number_cell(count.total),
                number_cell(count.bad),
                good_cell(one, day),
                NONE if rate is None else Cell(f"{rate:.2f}", rate, Tone.BAD if rate > 1 else Tone.PLAIN),
                missing_cell(one, day),
                paused_cell(one, day),
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


def _sources(one: Reviewed) -> Iterator[Source]:
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

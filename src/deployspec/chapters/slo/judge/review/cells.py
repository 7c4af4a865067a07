"""An objective's figures of one span of time, as cells of a table."""

from __future__ import annotations

import math
from fractions import Fraction

from deployspec.base import shown
from deployspec.chapters.slo.judge.past import HOUR, allowed, long_span, missing_of, time_of, total_of, within
from deployspec.chapters.slo.judge.review.objective import Reviewed, why_unknown
from deployspec.model.review import Cell, Span, Tone
from deployspec.model.verdict import Outcome

_DAY = 86400.0
NONE = Cell("—", tone=Tone.MUTED)
TONES = {Outcome.MET: Tone.GOOD, Outcome.BREACHED: Tone.BAD, Outcome.UNMEASURED: Tone.UNKNOWN}


def good_cell(one: Reviewed, span: Span) -> Cell:
    count = total_of(one.past, span)
    if not count.total > 0:
        return Cell(
            "no request" if missing_of(one.past, span) < time_of(one.past, span) else "no data",
            tone=Tone.UNKNOWN,
        )
    share, target = Fraction(count.good) / Fraction(count.total), one.objective.target
    tone = Tone.GOOD if one.objective.is_met_by(count.good, count.total) else Tone.BAD
    if tone is Tone.GOOD and why_unknown(one.past, span):
        tone = Tone.UNKNOWN
    return Cell(shown.percentage(share, target), float(share), tone, source_key(one, span))


def number_cell(number: float, source: str = "") -> Cell:
    return Cell(
        f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:,.1f}",
        number,
        source=source,
    )


def share_spent(one: Reviewed, span: Span) -> Fraction | None:
    """The share of the budget of a span that is spent; None without a request."""
    count = total_of(one.past, span)
    if not count.total > 0:
        return None
    return Fraction(count.bad) / (one.objective.limit * Fraction(count.total))


def spent_cell(one: Reviewed, span: Span) -> Cell:
    spent = share_spent(one, span)
    if spent is None:
        return Cell("no data", tone=Tone.UNKNOWN)
    tone = Tone.BAD if spent > 1 else Tone.PLAIN
    return Cell(shown.percentage(spent, 1, 1), float(spent), tone, source_key(one, span))


def left_cell(one: Reviewed, span: Span) -> Cell:
    spent = share_spent(one, span)
    if spent is None:
        return Cell("no data", tone=Tone.UNKNOWN)
    left = 1 - spent
    if left < 0:
        return Cell(
            f"none, {shown.percentage(-left, 0, 1)} over", float(left), Tone.BAD, source_key(one, span)
        )
    return Cell(
        shown.percentage(left, 0, 1) if left else "none", float(left), Tone.PLAIN, source_key(one, span)
    )


def until_spent_cell(one: Reviewed, week: Span, weeks: Span) -> Cell:
    """What is left of the four weeks' budget, by what was spent of it in a day of the week."""
    own, all_ = total_of(one.past, week), total_of(one.past, weeks)
    if not own.total > 0:
        return Cell("no data", tone=Tone.UNKNOWN)
    left = allowed(one.objective, all_) - all_.bad
    if left <= 0:
        return Cell("spent", 0.0, Tone.BAD)
    a_day = own.bad / ((time_of(one.past, week) - missing_of(one.past, week)) / _DAY or math.inf)
    if not a_day > 0:
        return Cell("never", None, Tone.GOOD, note="no bad request in the week")
    days = left / a_day
    return Cell(f"{days:,.1f}" if days < 10 else f"{days:,.0f}", days, Tone.BAD if days < 7 else Tone.PLAIN)


def missing_cell(one: Reviewed, span: Span) -> Cell:
    missing, of = missing_of(one.past, span), time_of(one.past, span)
    if not missing:
        return Cell(f"none of {shown.lasting(of)}", 0.0, Tone.MUTED)
    return Cell(f"{shown.lasting(missing)} of {shown.lasting(of)}", missing, Tone.UNKNOWN)


def paused_cell(one: Reviewed, span: Span) -> Cell:
    seconds = math.fsum(
        piece.span.seconds for piece in one.past.pieces if piece.paused and within(piece.span, span)
    )
    if not seconds:
        return Cell("none", 0.0, Tone.MUTED)
    count = total_of(one.past, span, paused=True)
    note = f"{count.total:,.0f} requests, {count.bad:,.0f} of them bad"
    return Cell(shown.lasting(seconds), seconds, Tone.MUTED, note=note)


def newest_cell(one: Reviewed) -> Cell:
    if one.past.newest is None:
        return Cell("none", tone=Tone.UNKNOWN)
    age = max(0.0, one.week.span.end - one.past.newest)
    return Cell(f"{shown.lasting(age)} before the end", age, Tone.UNKNOWN if age > HOUR else Tone.PLAIN)


def source_key(one: Reviewed, span: Span) -> str:
    return f"q-{one.name}-{'week' if span == one.week.span else 'weeks' if span == long_span(one.week) else 'hour'}"

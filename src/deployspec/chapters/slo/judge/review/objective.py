"""What a review says of one objective, and the words for its times."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime

from deployspec.base import shown
from deployspec.chapters.slo.judge.census import COVERED, uncountable
from deployspec.chapters.slo.judge.past import (
    HOUR,
    Past,
    long_span,
    missing_of,
    overlap,
    time_of,
    total_of,
)
from deployspec.languages.openslo.model import Objective
from deployspec.model.review import Span, Week
from deployspec.model.verdict import Outcome

_DAY = 86400.0


@dataclass(frozen=True)
class Reviewed:
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
        if why := why_unknown(self.past, self.judged):
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


def why_unknown(past: Past, span: Span) -> str:
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
        gone, whole = shown.lasting(missing), shown.lasting(open_)
        return f"no data in {whole}" if gone == whole else f"no data for {gone} of {whole}"
    if not count.total > 0:
        return f"no request in {length(span)}"
    least = math.ceil(1 / objective.limit)
    if count.total < least and objective.is_met_by(least - count.bad, least):
        requests = shown.counted(round(count.total), "request", ",")
        return f"{requests} in {length(span)}, so few that a single one would decide"
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


def day_name(day: Span, week: Week) -> str:
    """``Mon 2026-03-23``."""
    return f"{datetime.fromtimestamp(day.begin, week.zone):%a %Y-%m-%d}"


def date_of(day: Span, week: Week) -> date:
    """A day's date, by the clocks of the zone."""
    return datetime.fromtimestamp(day.begin, week.zone).date()

"""Which alerts fired in a week, how often, for how long, and at night. By the minute."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from deployspec.base import shown
from deployspec.model.review import Cell, Column, Section, Source, Span, Table, Tone, Week

STEP = 60.0
"""Seconds between two looks."""
QUERY = 'ALERTS{alertstate="firing"}'
ID = "q-alerts"
_OWN = frozenset(("__name__", "alertname", "alertstate"))


class Firing(NamedTuple):
    """One time that an alert fired for one set of labels."""

    alert: str
    labels: tuple[tuple[str, str], ...]
    """Without its name and state; in order."""
    span: Span
    minutes: tuple[float, ...]
    """Moments, a minute apart, at which it was seen firing, outside of maintenance. None where all of it was within."""
    paused: float
    """Seconds of it in maintenance."""

    def label(self, name: str) -> str:
        """A label's value; empty where it has no such label."""
        return dict(self.labels).get(name, "")


@dataclass(frozen=True)
class Fired:
    """What a Prometheus knows of the alerts of a week."""

    firings: tuple[Firing, ...]
    """By when they began, then by name and labels."""
    others: int = 0
    """How many alerts fired that no rule file of the deployment has."""
    known: float = math.inf
    """Seconds of the week in which Prometheus had any sample of what it scrapes."""

    def named(self) -> Mapping[str, list[Firing]]:
        """By the alert's name, in order."""
        ordered = sorted(self.firings, key=lambda one: one.alert)
        return {name: list(own) for name, own in groupby(ordered, key=lambda one: one.alert)}


def firings_of(labels: Mapping[str, str], moments: Sequence[float], week: Week) -> list[Firing]:
    """The times that a series was firing, by the moments, a minute apart, at which it was. Moments that follow each other by a
    minute are one time."""
    own = tuple(sorted((name, value) for name, value in labels.items() if name not in _OWN))
    found = []
    begin = 0
    for place in range(1, len(moments) + 1):
        if place < len(moments) and moments[place] - moments[place - 1] <= 1.5 * STEP:
            continue
        some = moments[begin:place]
        # A look tells of the minute until it.
        span = Span(max(some[0] - STEP, week.span.begin), some[-1])
        outside = tuple(moment for moment in some if not in_maintenance(moment, week))
        found.append(
            Firing(labels.get("alertname", ""), own, span, outside, (len(some) - len(outside)) * STEP)
        )
        begin = place
    return found


def in_maintenance(moment: float, week: Week) -> bool:
    """Whether the minute until a moment was in a maintenance window."""
    return any(span.begin < moment <= span.end for _, span in week.maintenance)


def in_order(firings: Iterable[Firing]) -> tuple[Firing, ...]:
    """By when they began, then by name and labels."""
    return tuple(sorted(firings, key=lambda one: (one.span.begin, one.alert, one.labels)))


def section(fired: Fired, week: Week) -> Section:
    """All that fired, an alert a row."""
    rows = tuple(_row(name, own, week) for name, own in fired.named().items())
    missing = max(0.0, week.span.seconds - fired.known)
    # Its samples are looked for in five minutes, so less is no gap.
    unmeasured: tuple[str, ...] = ()
    parts: list[str | Table] = []
    if missing >= 300:
        text = f"{shown.lasting(missing)} of {shown.lasting(week.span.seconds)}"
        parts.append(
            f"Prometheus has no samples of what it scrapes for {text}: whether an alert would have fired then is not known."
        )
        unmeasured = (f"alerts ({text} without a sample in Prometheus)",)
    parts.append(
        Table(
            "alerts",
            "Alerts that fired",
            (
                Column("alert"),
                Column("times", True),
                Column("for", True),
                Column("longest", True),
                Column("times at night", True),
                Column("at night", True),
                Column("in maintenance", True),
            ),
            rows,
            "No alert fired." if missing < 300 else "No alert is known to have fired.",
            "To the minute. Where several series of an alert fired at once, that time counts once. Times that fell into maintenance as a "
            "whole are not counted.",
            ID,
        )
    )
    if fired.others:
        parts.append(
            f"Left out: {shown.counted(fired.others, 'alert')} that fired and that the deployment's rule files do not have."
        )
    return Section("alerts", "Alerts", tuple(parts), unmeasured=unmeasured, sources=(source(week),), rank=40)


def source(week: Week) -> Source:
    """What was asked."""
    return Source(ID, "alerts that were firing, looked at each minute of the week", QUERY, at=week.span.end)


def _row(name: str, own: Sequence[Firing], week: Week) -> tuple[Cell, ...]:
    outside = [one for one in own if one.minutes]
    at_night = [one for one in outside if week.is_night(one.minutes[0])]
    minutes = {moment for one in outside for moment in one.minutes}
    dark = sum(week.is_night(moment) for moment in minutes)
    longest = max((len(one.minutes) for one in outside), default=0)
    paused = math.fsum(one.paused for one in own)
    return (
        Cell(shown.one_line(name, 80), source=ID, code=True),
        Cell(f"{len(outside):,}", len(outside), Tone.BAD if outside else Tone.MUTED),
        _time(len(minutes) * STEP),
        _time(longest * STEP),
        Cell(f"{len(at_night):,}", len(at_night), Tone.BAD if at_night else Tone.MUTED),
        _time(dark * STEP),
        _time(paused),
    )


def _time(seconds: float) -> Cell:
    return Cell(shown.lasting(seconds), seconds, Tone.PLAIN if seconds else Tone.MUTED)

"""What a Prometheus says of a week's alerts: when they fired, and how near the values of their expressions came."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deployspec.base.shown import lasting
from deployspec.chapters.alerts.judge.fired import QUERY, STEP, Fired, Firing, firings_of, in_order
from deployspec.chapters.alerts.judge.thresholds import Seen, Threshold, day_values
from deployspec.languages.prometheus.model import Unavailable
from deployspec.tools.prometheus.ranges import series_over

if TYPE_CHECKING:
    from deployspec.model.review import Week
    from deployspec.tools.prometheus.asking import Prometheus, Questions

TIMEOUT = 30.0
"""Seconds for one question: each is about a day or a week."""
TIME_LIMIT = 180.0
"""Seconds for all questions about alerts, and for those about one threshold."""
ALL_THRESHOLDS = 300.0
"""Seconds after which no other threshold is asked about."""
_A_DAY = 1440
"""Points that are asked for at once, as there may be many series."""
_LOOKED = 300.0
"""Seconds between two looks at whether Prometheus scrapes at all: for as long a sample is seen."""


def fired(prometheus: Prometheus, week: Week, names: Collection[str] | None) -> Fired | Unavailable:
    """The alerts that fired, of these names (None: whatever their names are), and for this deployment as far as they tell of one."""
    span = week.span

    def ask(questions: Questions) -> Fired:
        connection = questions.connection
        steps = int(span.seconds // STEP)
        # From a minute after it began, as each look tells of the minute before it.
        series = series_over(connection, QUERY, span.end - max(0, steps - 1) * STEP, span.end, STEP, _A_DAY)
        found: list[Firing] = []
        others = set()
        for one in series:
            name = one.labels.get("alertname", "")
            if one.labels.get("deployment", week.deployment) != week.deployment:
                continue
            if names is not None and name not in names:
                others.add(name)
                continue
            found += firings_of(one.labels, [moment for moment, _ in one.points], week)
        looks = int(span.seconds // _LOOKED)
        begin = span.end - max(0, looks - 1) * _LOOKED
        scraped = series_over(connection, "group(last_over_time(up[5m]))", begin, span.end, _LOOKED)
        seen = sum(len(one.points) for one in scraped)
        known = span.seconds if seen >= looks else seen * _LOOKED
        return Fired(in_order(found), len(others), known)

    return _patient(prometheus).measured(ask)


def all_seen(prometheus: Prometheus, thresholds: Iterable[Threshold], week: Week) -> Iterator[Seen]:
    """How near each threshold's value came, until the time for all of them is over: the rest is not asked about."""
    end = time.monotonic() + ALL_THRESHOLDS
    for one in thresholds:
        if time.monotonic() < end:
            yield seen(prometheus, one, week)
        else:
            why = f"not asked about, as those before it took more than {lasting(ALL_THRESHOLDS)}"
            yield Seen(one, (None,) * len(week.days()), why)


def seen(prometheus: Prometheus, threshold: Threshold, week: Week) -> Seen:
    """How near a threshold's value came, day by day."""

    def ask(questions: Questions) -> tuple[float | None, ...]:
        steps = int(week.span.seconds // threshold.step)
        begin = week.span.end - max(0, steps - 1) * threshold.step
        series = series_over(questions.connection, threshold.query, begin, week.span.end, threshold.step)
        points: Sequence[tuple[float, float]] = [point for one in series for point in one.points]
        return day_values(threshold, points, week, [span for _, span in week.maintenance])

    days = _patient(prometheus).measured(ask)
    if isinstance(days, Unavailable):
        return Seen(threshold, (None,) * len(week.days()), days.reason)
    return Seen(threshold, days)


def _patient(prometheus: Prometheus) -> Prometheus:
    return replace(prometheus, timeout=TIMEOUT, time_limit=TIME_LIMIT)

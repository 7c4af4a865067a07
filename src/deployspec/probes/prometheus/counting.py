"""What a Prometheus has counted, asked for by PromQL; few points, aggregated to one series wherever a sum will do."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from deployspec.contracts.shown import one_line
from deployspec.objectives.census import (
    Buckets,
    Census,
    began_query,
    bucket_of,
    counted_by,
    duration,
    part_of,
    part_query,
    quantile_query,
    total_query,
    window_of,
    without_bucket_query,
)
from deployspec.objectives.model import LatencyIndicator, Objective
from deployspec.objectives.reconcile import Seen

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

MOST_POINTS = 1000
"""Of a question over a range."""
_FINEST = 0.25
"""Seconds between two of them, at least."""
_MISSED = 3
"""Two scrapes may be so many intervals apart without a gap between them."""
_LOOKBACK = 300.0
"""Seconds for which a sample counts at most, as in Prometheus itself."""
_INCLUDED = 0.002
"""Seconds by which a range is longer, to have its first sample in it: Prometheus 3 leaves that out at its very edge."""


class UnexpectedError(Exception):
    """An answer that is not of the form that the question has. Its text ends a sentence about Prometheus."""


class Counting:
    """Questions about sums, at one moment of Prometheus' own clock."""

    def __init__(self, connection: PrometheusConnect, at: float | None = None) -> None:
        self._connection = connection
        self.at = self.now() if at is None else at

    def now(self) -> float:
        """Its clock, in seconds since the epoch."""
        return _number(self._connection.custom_query("time()"))

    def census(self, objective: Objective, asked_window: float) -> Census:
        """The requests that count for an objective, in its window, and the good ones of them."""
        window = window_of(objective, asked_window)
        total = self._sum(total_query(objective, window)) or 0.0
        part = self._sum(part_query(objective, window))
        began = self._sum(began_query(counted_by(objective), window)) or 0.0
        began_part = self._sum(began_query(part_of(objective), window)) or 0.0
        covered = self._covered(objective, window)
        if not isinstance(objective.indicator, LatencyIndicator):
            good, began_good = total - (part or 0.0), began - began_part
            return Census(good, total, covered, began_good=began_good, began_total=began)
        without = self._series(without_bucket_query(objective, window))
        p95 = self._sum(quantile_query(objective, window))
        return Census(
            part or 0.0,
            total,
            covered,
            without_bucket=without,
            p95=p95 if p95 is not None and math.isfinite(p95) else None,
            began_good=began_part,
            began_total=began,
            boundaries=self._boundaries(objective) if without else (),
        )

    def buckets(self, objective: Objective) -> Buckets:
        """The series of a latency objective's histogram, and those without a bucket at its threshold."""
        series = self._sum(f"count({counted_by(objective)})") or 0.0
        without = self._series(without_bucket_query(objective))
        return Buckets(round(series), without, self._boundaries(objective))

    def _boundaries(self, objective: Objective) -> tuple[str, ...]:
        found = self._ask(f"group by (le) ({bucket_of(objective)})")
        return tuple(sorted((str(_labels(one).get("le", "")) for one in found), key=_boundary))

    def seen(self, latency: Objective | None, availability: Objective | None) -> Seen:
        """All that the counters of two objectives have counted up to this moment."""
        requests, failed, within, timed = 0.0, None, None, None
        if latency is not None:
            requests = timed = self._total(counted_by(latency))
            # A share of which some series know nothing is none.
            within = None if self._series(without_bucket_query(latency)) else self._total(part_of(latency))
        if availability is not None:
            requests, failed = self._total(counted_by(availability)), self._total(part_of(availability))
        return Seen(requests, failed, within, timed)

    def _total(self, selector: str) -> float:
        """All that its series have counted; a counter that is not there has counted nothing."""
        return self._sum(f"sum({selector})") or 0.0

    def newest(self, objective: Objective) -> float | None:
        """When its counters were scraped last, each of them, in seconds since the epoch."""
        return self._sum(f"min(timestamp({counted_by(objective)}))")

    def resets(self, objective: Objective, begin: float) -> float:
        """How often its counters began anew since ``begin``, in seconds since the epoch."""
        # From the scrape before it: otherwise an instance that is restarted before the next one has not been another.
        before = Counting(self._connection, begin)._sum(f"min(timestamp({counted_by(objective)}))")
        seconds = self.at - (begin if before is None else min(before, begin)) + _INCLUDED
        return self._sum(f"sum(resets({counted_by(objective)}[{duration(seconds)}]))") or 0.0

    def ended(self, objective: Objective, begin: float) -> float:
        """How many of the series that counted at ``begin``, in seconds since the epoch, are no longer there."""
        counted = counted_by(objective)
        return self._sum(f"count({counted} offset {duration(self.at - begin)} unless {counted})") or 0.0

    def interval(self, objective: Objective, seconds: float) -> float | None:
        """How long it takes from one scrape to the next, in seconds, on average."""
        scrapes = self._sum(f"max(count_over_time({counted_by(objective)}[{duration(seconds)}]))")
        return seconds / scrapes if scrapes else None

    def _covered(self, objective: Objective, window: float) -> float:
        """The share of the window in which its targets were scraped: the mean of ``up`` over all of it.

        Metrics that are pushed have no ``up``: for them it is the share in which there were any. Looking back for
        5 minutes, as Prometheus does by itself, would hide every gap of a short window: a sample counts for as long
        as three scrapes take.
        """
        counted, span = counted_by(objective), duration(window)
        jobs = self._ask(f"group by (job) (last_over_time({counted}[{span}]))")
        names = "|".join(
            re.escape(job).replace("\\", "\\\\").replace('"', '\\"')
            for job in sorted(str(_labels(one).get("job", "")) for one in jobs)
            if job
        )
        up = f'up{{job=~"{names}"}}'
        scrapes = self._sum(f"min(count_over_time({up}[{span}]))") if names else None
        # Of the target that is scraped the least often.
        least = scrapes or self._sum(f"min(count_over_time({counted}[{span}]))")
        if least is None:
            return 0.0
        lasts = duration(min(_LOOKBACK, max(_FINEST, _MISSED * window / least)))
        query = (
            f"avg(last_over_time({up}[{lasts}]) == bool 1)"
            if scrapes
            else f"clamp_max(count(last_over_time({counted}[{lasts}])), 1)"
        )
        start, end, step = grid(self.at, window)
        moment = datetime.datetime.now(datetime.UTC)  # is not used: see below
        found = self._connection.custom_query_range(
            query,
            moment,
            moment,
            f"{step / 1000:.3f}",
            # The library rounds to whole seconds, which is much of a short window.
            params={"start": f"{start / 1000:.3f}", "end": f"{end / 1000:.3f}"},
        )
        if not isinstance(found, list) or len(found) > 1:
            raise UnexpectedError("answers a question over a range with what is no single series")
        values = [_value(pair) for one in found for pair in one["values"]]
        # Points that are missing count as 0, and so does what is no number.
        asked_for = (end - start) // step + 1
        return min(1.0, sum(value for value in values if math.isfinite(value)) / asked_for)

    def _ask(self, query: str) -> list[Any]:
        found = self._connection.custom_query(query, params={"time": f"{self.at:.3f}"})
        if not isinstance(found, list):
            raise UnexpectedError(f"answers {one_line(query, 80)} with what is no list of series")
        return found

    def _sum(self, query: str) -> float | None:
        """The one value of a sum; None where there was nothing to add up."""
        found = self._ask(query)
        if len(found) > 1:
            raise UnexpectedError(f"answers {one_line(query, 80)} with {len(found)} series; expected one")
        return _value(found[0]["value"]) if found else None

    def _series(self, query: str) -> tuple[str, ...]:
        """The labels of every series, as PromQL writes them."""
        return tuple(
            "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(_labels(one).items())) + "}"
            for one in self._ask(query)
        )


def grid(at: float, window: float) -> tuple[int, int, int]:
    """The first and the last point of a question over a window, and their distance, in milliseconds.

    Counted in whole milliseconds, as Prometheus does: a rounded step would lose a point, which is much of a few.
    """
    end, length = round(at * 1000), round(window * 1000)
    step = max(round(_FINEST * 1000), -(-length // MOST_POINTS))
    points = max(1, length // step)
    return end - (points - 1) * step, end, step


def _number(found: Any) -> float:
    """A scalar's value: prometheus-api-client gives the pair itself."""
    return _value(found)


def _value(pair: Any) -> float:
    try:
        return float(pair[1])
    except (TypeError, ValueError, LookupError, KeyError):
        raise UnexpectedError("answers with what is no value at a time") from None


def _labels(series: Any) -> Mapping[str, str]:
    labels = series.get("metric") if isinstance(series, dict) else None
    if not isinstance(labels, dict):
        raise UnexpectedError("answers with what is no series")
    return {name: str(value) for name, value in labels.items() if name != "__name__"}


def _boundary(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.inf

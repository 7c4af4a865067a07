"""What a Prometheus has counted over four weeks, asked for piece by piece, within its limits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from deployspec.chapters.slo.judge.census import ALL, PART, Asked, Census, bucket_of, counted_by, duration
from deployspec.chapters.slo.judge.past import (
    FINE,
    HOUR,
    MINUTE,
    Count,
    Past,
    Piece,
    gaps_of,
    increase_at,
    lasts,
    packed,
    whole_span,
)
from deployspec.chapters.slo.measure.window import Counting
from deployspec.languages.prometheus.model import Unavailable
from deployspec.tools.prometheus.asking import Failed, Questions
from deployspec.tools.prometheus.ranges import Series, series_over

if TYPE_CHECKING:
    from deployspec.languages.openslo.model import Objective
    from deployspec.model.review import Span, Week
    from deployspec.tools.prometheus.asking import Prometheus

TIMEOUT = 30.0
"""Seconds for one question: some are about four weeks."""
TIME_LIMIT = 180.0
"""Seconds for all that is asked of one objective."""
MOST_PIECES = 1000
"""Pieces that are no whole hours, which are asked about one by one."""
_PACKED = 8
"""How many of them in one question, which is an address, and may not be too long."""
_T = TypeVar("_T")


def past_of(
    prometheus: Prometheus, objective: Objective, week: Week, pieces: Sequence[Piece], judged: float
) -> Past | Unavailable:
    """Ask for all that a review tells of an objective. ``judged`` is the time until the week's end by which it is judged, in
    seconds."""
    odd = sum(not piece.hour for piece in pieces)
    if odd > MOST_PIECES:
        return Unavailable(
            f"maintenance windows cut the time asked about into {odd:,} pieces that are no whole hours; at most "
            f"{MOST_PIECES:,} are asked about"
        )

    def ask(questions: Questions) -> Past:
        try:
            return _Asking(questions, objective, week, pieces).past(judged)
        except (LookupError, TypeError, ValueError):
            raise Failed("answers in an unexpected form") from None

    return patient(prometheus).measured(ask)


def patient(prometheus: Prometheus) -> Prometheus:
    """The same, with the limits of time that four weeks need."""
    return replace(prometheus, timeout=TIMEOUT, time_limit=TIME_LIMIT)


class _Asking:
    def __init__(
        self, questions: Questions, objective: Objective, week: Week, pieces: Sequence[Piece]
    ) -> None:
        self._connection = questions.connection
        self._counting = Counting(questions, week.span.end)
        self._objective, self._week, self._pieces = objective, week, tuple(pieces)
        self._grid = [place for place, piece in enumerate(pieces) if piece.hour]
        self._odd = [(place, piece.span) for place, piece in enumerate(pieces) if not piece.hour]

    def past(self, judged: float) -> Past:
        census = self._counting.census(replace(self._objective, window=judged), judged)
        interval = self._interval()
        gaps, newest = self._gaps(interval)
        return Past(
            self._objective,
            self._pieces,
            self._counts() if gaps != (whole_span(self._week),) else (None,) * len(self._pieces),
            self._fine(),
            gaps,
            newest,
            self._buckets() if self._objective.is_latency else {},
            census if isinstance(census, Census) else None,
        )

    def _over(self, query: str, begin: float, end: float, step: float) -> list[Series]:
        return series_over(self._connection, query, begin, end, step)

    def _interval(self) -> float:
        """Seconds from one sample to the next, at the best of times."""
        end = self._week.span.end
        hours = max(0, math.floor(self._week.span.seconds / HOUR) - 1)
        query = f"max(count_over_time({counted_by(self._objective)}[1h]))"
        found = self._over(query, end - hours * HOUR, end, HOUR)
        most = max((value for one in found for _, value in one.points), default=0.0)
        # Prometheus 2 counts the samples at both ends of the hour.
        return math.ceil(HOUR / most) if most >= 1 else 300.0

    def _gaps(self, interval: float) -> tuple[tuple[Span, ...], float | None]:
        """When there were no samples, and when the newest one was taken."""
        span = whole_span(self._week)
        query = f"group(last_over_time({counted_by(self._objective)}[{duration(lasts(interval))}]))"
        steps = int(span.seconds // MINUTE)
        found = self._over(query, span.end - steps * MINUTE, span.end, MINUTE)
        present = [moment for one in found for moment, _ in one.points]
        newest = self._counting.newest(self._objective, "max")
        if newest is None and present:
            newest = max(present) - lasts(interval) + MINUTE / 2
        return gaps_of(span, present, interval), newest

    def _counts(self) -> tuple[Count | None, ...]:
        sums: dict[int, dict[str, float]] = {}
        # By when each of them ends.
        ends = {round(self._pieces[place].span.end * 1000): place for place in self._grid}
        for of, place, value in self._by_hour(Asked(self._objective, HOUR).counts(), "counts", ends):
            sums.setdefault(place, {})[of] = value
        for chunk in _chunks(self._odd, _PACKED):
            for labels, value in self._at_once(packed(chunk, self._objective)):
                sums.setdefault(int(labels["piece"]), {})[labels["counts"]] = value
        return tuple(self._count(sums.get(place, {})) for place in range(len(self._pieces)))

    def _count(self, sums: dict[str, float]) -> Count | None:
        total = sums.get(ALL)
        if total is None or not math.isfinite(total):
            return None
        part = min(max(sums.get(PART, 0.0), 0.0), total)
        return Count(total, total - part if self._objective.counts_good else part)

    def _fine(self) -> tuple[tuple[float, Count], ...]:
        span = self._week.span
        steps = int((HOUR + span.seconds) // FINE)
        sums: dict[float, dict[str, float]] = {}
        for one in self._over(
            Asked(self._objective, FINE).counts(), span.end - (steps - 1) * FINE, span.end, FINE
        ):
            for moment, value in one.points:
                sums.setdefault(moment, {})[one.labels.get("counts", "")] = value
        counts = ((moment, self._count(own)) for moment, own in sorted(sums.items()))
        return tuple((moment, count) for moment, count in counts if count is not None)

    def _buckets(self) -> dict[float, tuple[float, ...]]:
        selector = bucket_of(self._objective)
        found: dict[float, list[float]] = {}

        def add(end: str, place: int, value: float) -> None:
            # Of several spellings of one end, 1 and 1.0, all count.
            counts = found.setdefault(float(end), [0.0] * len(self._pieces))
            counts[place] += value if math.isfinite(value) else 0.0

        begin = self._week.before.begin
        own = [place for place in self._grid if self._pieces[place].span.begin >= begin]
        ends = {round(self._pieces[place].span.end * 1000): place for place in own}
        for end, place, value in self._by_hour(f"sum by (le) (increase({selector}[1h]))", "le", ends):
            add(end, place, value)
        for chunk in _chunks([one for one in self._odd if one[1].begin >= begin], _PACKED):
            query = " or ".join(
                f'label_replace(sum by (le) ({increase_at(selector, span)}), "piece", "{number}", "", "")'
                for number, span in chunk
            )
            for labels, value in self._at_once(query):
                add(labels["le"], int(labels["piece"]), value)
        return {end: tuple(counts) for end, counts in sorted(found.items())}

    def _by_hour(self, query: str, label: str, ends: dict[int, int]) -> Iterator[tuple[str, int, float]]:
        """What a query gives at the ends of whole hours: the label's value, the piece's number, and the value."""
        if not ends:
            return
        for one in self._over(query, min(ends) / 1000, max(ends) / 1000, HOUR):
            for moment, value in one.points:
                if (place := ends.get(round(moment * 1000))) is not None:
                    yield one.labels.get(label, ""), place, value

    def _at_once(self, query: str) -> Iterator[tuple[dict[str, str], float]]:
        answer: Any = self._connection.custom_query(query, params={"time": f"{self._week.span.end:.3f}"})
        for one in answer:
            yield one["metric"], float(one["value"][1])


def _chunks(items: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]

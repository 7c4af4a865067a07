"""A question over a span of time, however long: asked in as many pieces as Prometheus' limit of points wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import one_line
from deployspec.tools.prometheus.asking import Failed

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect

MOST_POINTS = 10_000
"""Of one question. Prometheus refuses more than 11,000."""
_NOT_USED = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Series:
    """One series over the span."""

    labels: Mapping[str, str]
    points: list[tuple[float, float]] = field(default_factory=list)
    """Moments, in seconds since 1970, and values; those only that there are. Values may be NaN or infinite."""


def series_over(
    connection: PrometheusConnect, query: str, begin: float, end: float, step: float, most: int = MOST_POINTS
) -> list[Series]:
    """What a query gives at ``begin``, each ``step`` seconds after it, and no later than ``end``; at most ``most`` points of
    each series are asked for at once.

    Raises:
        Failed: when a question has no answer that can be used.
    """
    # In whole milliseconds, as Prometheus counts: else a rounded step would lose a point.
    first, last, between = (round(moment * 1000) for moment in (begin, end, step))
    found: dict[tuple[tuple[str, str], ...], Series] = {}
    while first <= last:
        until = min(last, first + (most - 1) * between)
        try:
            answer = connection.custom_query_range(
                query,
                _NOT_USED,
                _NOT_USED,
                f"{between / 1000:.3f}",
                # The library rounds to whole seconds.
                params={"start": f"{first / 1000:.3f}", "end": f"{until / 1000:.3f}"},
            )
        except (LookupError, TypeError):  # as the library takes apart what may be anything
            raise Failed(
                f"answers {one_line(query, 80)} with something other than series over time"
            ) from None
        for one in _read(answer, query):
            key = tuple(sorted(one.labels.items()))
            found.setdefault(key, Series(one.labels)).points.extend(one.points)
        first += most * between
    return [found[key] for key in sorted(found)]


def _read(answer: Any, query: str) -> list[Series]:
    try:
        return [
            Series(
                {str(name): str(value) for name, value in one["metric"].items()},
                [(float(moment), float(value)) for moment, value in one["values"]],
            )
            for one in answer
        ]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Failed(f"answers {one_line(query, 80)} with something other than series over time") from None

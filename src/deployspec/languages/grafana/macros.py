"""Grafana's own variables of time, and the distance of two points on a panel.

As Grafana's backend has them for Prometheus (``pkg/promlib/models/query.go``, ``pkg/promlib/intervalv2`` and the SDK's
``gtime``, Grafana 12):

=======================  ==========================================================================================
``$__interval``          the step: the range by the number of points, at least the least step, rounded to a "nice"
                         length, at least the range by 11,000; times ``intervalFactor``. In its largest unit, cut off
``$__interval_ms``       the same in milliseconds
``$__rate_interval``     the larger of the step plus the scrape interval, and of four scrape intervals. A query's own
                         least step takes the place of the scrape interval; where that is ``$__rate_interval`` itself,
                         it is the step, too, and no factor counts
``$__range``, ``_s``     the range in whole seconds, with ``s`` behind it and without
``$__range_ms``          in milliseconds
``$__from``, ``$__to``   the ends of the range in milliseconds since 1970; ``${__from:date:…}`` as a date in UTC
=======================  ==========================================================================================
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from deployspec.base.duration import format_duration
from deployspec.languages.grafana.model import Scope

POINTS = 1000
"""Of a panel that does not say how many it wants: about what a panel over the width of a window has."""
_MOST_POINTS = 11_000
"""Prometheus refuses to answer with more."""
_SECONDS = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
    "M": 2_592_000.0,
    "y": 31_536_000.0,
}
_NICE = (
    (0.01, 0.001), (0.015, 0.01), (0.035, 0.02), (0.075, 0.05), (0.15, 0.1), (0.35, 0.2), (0.75, 0.5), (1.5, 1),
    (3.5, 2), (7.5, 5), (12.5, 10), (17.5, 15), (25, 20), (45, 30), (90, 60), (210, 120), (450, 300), (750, 600),
    (1050, 900), (1500, 1200), (2700, 1800), (5400, 3600), (9000, 7200), (16_200, 10_800), (32_400, 21_600),
    (86_400, 43_200), (604_800, 86_400), (1_814_400, 604_800), (3_628_800, 2_592_000),
)  # fmt: skip
"""A length below the first becomes the second; beyond the last, a year."""
_LENGTH = re.compile(r"\s*>?\s*(\d{1,12}(?:\.\d{1,6})?)\s*(ms|[smhdwMy])?\s*")
_FORMS = re.compile(r"YYYY|YY|MM|M|DD|D|HH|H|mm|m|ss|s|SSS|\[[^\]]*\]")
_LATEST = 253_402_300_799.0
"""The last second of the year 9999."""


def length(text: str) -> float | None:
    """A length of time as dashboards have it, in seconds: ``30s``, ``>10s``, ``1M``, ``1.5h``; a bare number is seconds.

    None for any other text, and for 0.
    """
    match = _LENGTH.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2] or "s"] or None if match else None


def step(span: float, points: int | None = None, least: float = 15.0, factor: int = 1) -> float:
    """The distance of two points, in seconds, for a range of ``span`` seconds."""
    wanted = span / max(points or POINTS, 1)
    return max(least if wanted < least else _nice(wanted), _nice(span / _MOST_POINTS)) * max(factor, 1)


def _nice(seconds: float) -> float:
    return float(next((nice for below, nice in _NICE if seconds < below), _SECONDS["y"]))


def auto_interval(span: float, count: int, least: float) -> str:
    """What Grafana chooses of a variable of intervals: ``count`` of them make the range, and one is at least so long."""
    return _in_largest_unit(max(_nice(span / max(count, 1)), least))


def rate_interval(step: float, scrape: float) -> float:
    """``$__rate_interval``: four samples at least, and one step with a sample before it."""
    return max(step + scrape, 4 * scrape)


def backend_macro(name: str, scope: Scope) -> str | None:
    """What Grafana's backend puts in the place of ``$name`` and ``${name}``; None where it knows no such name."""
    span = scope.end - scope.begin
    rate = scope.rate or rate_interval(scope.step, scope.scrape)
    match name:
        case "__interval":
            return _in_largest_unit(scope.step * scope.factor)
        case "__interval_ms":
            return str(round(scope.step * scope.factor * 1000))
        case "__rate_interval":
            return format_duration(rate, "h")
        case "__rate_interval_ms":
            return str(round(rate * 1000))
        case "__range":
            return f"{round(span)}s"
        case "__range_s":
            return str(round(span))
        case "__range_ms":
            return str(round(span * 1000))
        case _:
            return None


def moment(name: str, form: str, scope: Scope) -> str | None:
    """What stands for ``$__from`` and ``$__to``, with what is behind the colon; None for another name."""
    if name not in ("__from", "__to"):
        return None
    at = scope.begin if name == "__from" else scope.end
    kind, _, how = form.partition(":")
    if kind != "date" or how == "ms":
        return str(round(at * 1000))
    if how == "seconds":
        return str(round(at))
    when = datetime.fromtimestamp(min(max(at, 0.0), _LATEST), UTC)
    if how in ("", "iso"):
        return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    parts = {
        "YYYY": f"{when:%Y}",
        "YY": f"{when:%y}",
        "MM": f"{when:%m}",
        "M": str(when.month),
        "DD": f"{when:%d}",
        "D": str(when.day),
        "HH": f"{when:%H}",
        "H": str(when.hour),
        "mm": f"{when:%M}",
        "m": str(when.minute),
        "ss": f"{when:%S}",
        "s": str(when.second),
        "SSS": f"{when.microsecond // 1000:03}",
    }
    return _FORMS.sub(lambda found: parts.get(found[0], found[0][1:-1]), how)


def _in_largest_unit(seconds: float) -> str:
    for unit in ("y", "d", "h", "m", "s"):
        if seconds >= _SECONDS[unit]:
            return f"{int(seconds // _SECONDS[unit])}{unit}"
    return f"{max(round(seconds * 1000), 1)}ms"

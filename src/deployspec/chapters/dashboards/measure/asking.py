"""Asks the deployment's Prometheus one thing at a time, and says how each question ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from deployspec.base import shown
from deployspec.chapters.dashboards.model import Answer, Curve, Kind
from deployspec.languages.prometheus.model import LoadedRules
from deployspec.model.http import FailureKind
from deployspec.tools.prometheus.asking import Failed, Prometheus

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.part import Dashboards

LONGEST_RANGE = 3600.0
"""Seconds that are looked at, where the file does not say how many."""
POINTS = 250
"""Of a series in one answer, at most: Grafana asks for as many as the panel has pixels."""
MOST_GLANCES = 5
"""How often it is asked whether Prometheus answers at all, where it did not answer a question."""
_SUFFIXES = ("_bucket", "_count", "_sum", "_total")
_REFUSED = (400, 422)
_TOO_MUCH = ("too many samples", "maximum resolution", "exceeds the limit")


@dataclass
class Asking:
    """Questions to the deployment's Prometheus. Once it does not answer the simplest one, it is asked nothing more: a
    dashboard of hundreds of queries does not wait for each of them."""

    part: Dashboards
    prometheus: Prometheus
    window: float
    """Seconds within which a series counts as there."""
    _gone: str = ""
    """Why nothing more is asked."""
    _glances: int = 0

    def __post_init__(self) -> None:
        """A query that takes longer than its limit is waited for a moment longer, to say so."""
        self.prometheus.timeout = max(self.prometheus.timeout, self.part.max_query_time + 1.0)

    @property
    def range(self) -> float:
        """The seconds that are looked at."""
        return self.part.range or min(self.window, LONGEST_RANGE)

    @property
    def step(self) -> float:
        """The seconds between two points."""
        return max(self.part.scrape_interval, self.range / POINTS)

    @property
    def longest(self) -> float:
        """The seconds within which a series is looked for."""
        return max(self.window, self.range)

    def data(self, path: str) -> object:
        """The data of an answer. Raises Failed."""
        if self._gone:
            raise Failed(self._gone)
        try:
            return self.prometheus.answer(path)
        except Failed as failed:
            if failed.kind not in (None, FailureKind.TOO_LARGE) and not self._answers_at_all():
                raise Failed(self._gone, FailureKind.CONNECT) from None
            raise

    def _answers_at_all(self) -> bool:
        if self._glances < MOST_GLANCES:
            self._glances += 1
            try:
                self.prometheus.answer("query?query=1")
            except Failed as failed:
                self._gone = failed.reason
        return not self._gone

    def query(self, text: str, *, instant: bool = False, end: float | None = None) -> Answer:
        """What a query gives: over the range, or at this moment. ``end`` says another one than now, since 1970."""
        end = time.time() if end is None else end
        values = {"query": text}
        if instant:
            path = f"query?{urlencode(values | {'time': f'{end:.3f}'})}"
        else:
            span = {"start": f"{end - self.range:.3f}", "end": f"{end:.3f}", "step": f"{self.step:.3f}"}
            path = f"query_range?{urlencode(values | span)}"
        began = time.monotonic()
        try:
            data = self.data(path)
        except Failed as failed:
            return self._failed(failed, time.monotonic() - began)
        seconds = time.monotonic() - began
        try:
            return Answer(Kind.ANSWERED, seconds, _curves(data))
        except (LookupError, TypeError, ValueError, AttributeError):
            return Answer(
                Kind.UNAVAILABLE,
                seconds,
                reason=f"{self.prometheus.who} answers with something other than series",
            )

    def _failed(self, failed: Failed, seconds: float) -> Answer:
        reason = failed.reason
        limit = shown.seconds(self.part.max_query_time)
        timed_out = failed.status == 503 and "timed out" in reason
        if failed.kind is FailureKind.TIMEOUT or timed_out:
            return Answer(
                Kind.SLOW, seconds, reason=f"no answer within {shown.seconds(seconds)}, and it has {limit}"
            )
        if failed.kind is FailureKind.TOO_LARGE or any(text in reason for text in _TOO_MUCH):
            return Answer(Kind.TOO_MUCH, seconds, reason=reason)
        # Only Prometheus itself says what is wrong with a query: what stands before it may refuse anything.
        if failed.status in _REFUSED and failed.error:
            return Answer(Kind.REFUSED, seconds, reason=reason)
        return Answer(Kind.UNAVAILABLE, seconds, reason=f"{self.prometheus.who} {reason}")

    @cached_property
    def names(self) -> frozenset[str]:
        """All names of metrics in the window. Raises Failed."""
        return frozenset(texts(self.data(f"label/__name__/values?{self.since}")))

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The types of all metrics, as targets declare them; empty where Prometheus does not say."""
        try:
            found = self.data("metadata?limit_per_metric=1")
        except Failed:
            return {}
        return {
            str(name): str(declared[0].get("type", ""))
            for name, declared in (found.items() if isinstance(found, dict) else ())
            if isinstance(declared, list) and declared and isinstance(declared[0], dict)
        }

    @cached_property
    def recorded(self) -> frozenset[str]:
        """The names that loaded rules record; none where Prometheus does not say."""
        loaded = None if self._gone else self.prometheus.loaded_rules()
        return loaded.recorded if isinstance(loaded, LoadedRules) else frozenset()

    @property
    def since(self) -> str:
        """The beginning of the window, as a parameter. No end: its clock may be ahead of ours, and what it has just seen
        counts."""
        return urlencode({"start": f"{time.time() - self.longest:.3f}"})

    def type(self, name: str) -> str:
        """What its targets declare a metric to be; empty where nobody does. Raises Failed."""
        if not name:
            return ""
        bases = [name, *(name.removesuffix(end) for end in _SUFFIXES if name.endswith(end))]
        for base in bases:
            found: Any = self.data(f"metadata?{urlencode({'metric': base, 'limit': 1})}")
            declared = found.get(base) if isinstance(found, dict) else None
            if isinstance(declared, list) and declared and isinstance(declared[0], dict):
                return str(declared[0].get("type", ""))
        return ""


def _curves(data: Any) -> tuple[Curve, ...]:
    kind, result = data["resultType"], data["result"]
    if kind in ("scalar", "string"):
        return (Curve({}, ((float(result[0]), float(result[1])),)),)
    return tuple(
        Curve(
            {str(name): str(value) for name, value in one["metric"].items()},
            tuple((float(moment), float(value)) for moment, value in _points(one, several=kind == "matrix")),
        )
        for one in result
    )


def _points(one: Any, *, several: bool) -> list[tuple[Any, Any]]:
    """The points of a series: its values, and of a native histogram how much it has counted."""
    values, histograms = ("values", "histograms") if several else ("value", "histogram")
    plain, counted = (one.get(key) for key in (values, histograms))
    if not several:
        plain, counted = ([found] if found else [] for found in (plain, counted))
    found = [(moment, value) for moment, value in plain or ()]
    found += [(moment, histogram["count"]) for moment, histogram in counted or ()]
    if not found:
        raise ValueError("a series without points")
    return sorted(found, key=lambda point: float(point[0]))


def texts(found: object) -> list[str]:
    """The texts of a list; none of anything else."""
    return [str(one) for one in found] if isinstance(found, list) else []

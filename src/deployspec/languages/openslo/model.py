"""An objective (an SLO), as its OpenSLO document states it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class LatencyIndicator:
    """The share of requests that take less than a threshold."""

    threshold: Fraction
    """In seconds, exactly as written. Above 0, except in an indicator whose objective has not yet said it."""
    inclusive: bool
    """Whether a request that takes exactly the threshold is good (``lte``), or not (``lt``)."""
    histogram: str
    """The histogram's name in Prometheus, without ``_bucket``."""
    matchers: str
    """PromQL matchers, without braces, that choose the requests that count; may be empty."""


@dataclass(frozen=True)
class AvailabilityIndicator:
    """The share of requests that do not fail: no 5xx status, and an answer at all."""

    part: str
    """A PromQL selector of the counter of failed requests, or, where ``counts_good``, of those that did not fail."""
    total: str
    """A PromQL selector of the counter of all requests."""
    counts_good: bool = False
    """Whether the document has ``good`` beside ``total``, and not ``bad``."""


@dataclass(frozen=True)
class Objective:
    """Of all requests that count, the share of good ones is at least ``target`` (or above it, where ``strict``)."""

    name: str
    """``metadata.name``: small letters, digits and hyphens."""
    indicator: LatencyIndicator | AvailabilityIndicator
    target: Fraction
    """A share from 0 to 1, both excluded, exactly as written."""
    strict: bool
    """Whether exactly ``target`` is a breach: "fewer than 5% fail"."""
    window: float
    """The rolling time window, in seconds."""
    routes: tuple[str, ...]
    """Names of the load run's requests that the objective speaks of; empty: of all together, and of each."""
    alerts: tuple[str, ...]
    """Names of the alert rules whose thresholds have to agree with it."""
    description: str
    source: str
    """``file:line`` of the document."""
    unwatched: bool = False
    """Whether the document says that no alert watches over it."""

    def is_met_by(self, good: float, total: float) -> bool:
        """Whether this many good ones of this many are enough, compared exactly. ``total`` is above 0."""
        share = Fraction(good) / Fraction(total)
        return share > self.target if self.strict else share >= self.target

    @property
    def limit(self) -> Fraction:
        """The share of bad requests that it is held against."""
        return 1 - self.target

    @property
    def is_latency(self) -> bool:
        """Whether it speaks of how long requests take, and not of their failures."""
        return isinstance(self.indicator, LatencyIndicator)

    @property
    def latency(self) -> LatencyIndicator:
        """Its indicator, where it is one of latency."""
        assert isinstance(self.indicator, LatencyIndicator)  # noqa: S101 - asked for of such alone
        return self.indicator

    @property
    def availability(self) -> AvailabilityIndicator:
        """Its indicator, where it is one of availability."""
        assert isinstance(self.indicator, AvailabilityIndicator)  # noqa: S101 - asked for of such alone
        return self.indicator

    @property
    def counts_good(self) -> bool:
        """Whether its second counter is that of good requests, and not that of bad ones."""
        return self.is_latency or self.availability.counts_good

    @property
    def threshold(self) -> float | None:
        """In seconds; None where it is not of latency."""
        return float(self.latency.threshold) if self.is_latency else None

    @property
    def promise(self) -> str:
        """In words: ``at least 95% of requests take less than 0.5 s``."""
        if self.is_latency:
            words = "at most" if self.latency.inclusive else "less than"
            how_many = "more than" if self.strict else "at least"
            return f"{how_many} {percent(self.target)} of requests take {words} {self.threshold:g} s"
        return f"{'fewer than' if self.strict else 'at most'} {percent(self.limit)} of requests fail"


def percent(share: Fraction) -> str:
    """An exact share as a percentage: ``95%``, ``99.95%``."""
    return f"{float(share * 100):.10g}%"

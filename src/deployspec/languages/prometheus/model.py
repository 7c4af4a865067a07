"""What a Prometheus says: which metrics it has, and which rules it evaluates. Times are in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A question that Prometheus did not answer, or not in a way that can be understood: nothing was measured."""

    reason: str
    """One line, without secrets."""


@dataclass(frozen=True)
class Observed:
    """What Prometheus has seen of the metrics that were asked about."""

    metrics: frozenset[str]
    """The names of all metrics that it had in the window."""
    labels: Mapping[str, frozenset[str]] = field(repr=False)
    """The label names of the series of each selector that was asked about, such as ``{__name__="up"}``; none where it
    has no series."""
    values: Mapping[tuple[str, str], frozenset[str]] = field(repr=False)
    """The values of a label in the series of a selector, for the pairs that were asked about. A label that has more
    than can be told is left out."""
    window: float
    """How far back was looked. Prometheus answers by blocks of data, so it may tell of some hours more."""
    native: frozenset[str] = frozenset()
    """Of the metrics that a rule takes for histograms and that have no ``le``: those that are native histograms."""


@dataclass(frozen=True)
class LoadedRule:
    """A rule as Prometheus has it, and how its last evaluation went."""

    kind: str
    """``alert`` or ``record``."""
    name: str
    expr: str
    """In Prometheus' own spelling."""
    for_: float
    keep_firing_for: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    health: str
    """``ok``, ``err``, or ``unknown`` where it was not evaluated yet."""
    last_error: str


@dataclass(frozen=True)
class LoadedGroup:
    """A group of rules as Prometheus has it."""

    name: str
    file: str
    """Its path there."""
    interval: float
    rules: tuple[LoadedRule, ...]


@dataclass(frozen=True)
class LoadedRules:
    """All rules that a Prometheus has loaded."""

    groups: tuple[LoadedGroup, ...]

    @property
    def recorded(self) -> frozenset[str]:
        """The names of the metrics that its recording rules make."""
        return frozenset(rule.name for group in self.groups for rule in group.rules if rule.kind == "record")

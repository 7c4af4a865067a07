"""What is known of a query of a dashboard: where it stands, what is asked for it, what the answer was, what is to move it.

Durations are in seconds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deployspec.base.secret import Secret
    from deployspec.languages.grafana import Dashboard, Query, Trouble
    from deployspec.languages.promql.selectors import Selector


@dataclass(frozen=True)
class File:
    """A file that is to hold a dashboard."""

    path: str
    """As a person reads it."""
    dashboard: Dashboard | None
    """None where the file is none."""
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True)
class Item:
    """One query of one dashboard, written in PromQL, to the deployment's Prometheus."""

    id: str
    """``dashboard/panel/query``: stable as long as the titles are."""
    dashboard: Dashboard
    query: Query

    @property
    def title(self) -> str:
        """Of its panel, as a person sees it."""
        return self.query.panel.title or self.query.place.name


@dataclass(frozen=True, slots=True)
class Curve:
    """One series of an answer."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]
    """Moments, in seconds since 1970, and values."""

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


class Kind(Enum):
    """How a question to Prometheus ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Prometheus says that it cannot be asked so."""
    SLOW = "slow"
    TOO_MUCH = "too much"
    """The answer is larger than is read, or Prometheus would have to read too many samples."""
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Answer:
    """What Prometheus gave for a query over the range."""

    kind: Kind
    seconds: float = 0.0
    """How long it took."""
    curves: tuple[Curve, ...] = ()
    reason: str = ""
    """Where it was not answered: why, in a line."""

    @property
    def shows_numbers(self) -> bool:
        """Whether there is a value that is a number."""
        return not all(math.isnan(value) for curve in self.curves for _, value in curve.points)


@dataclass(frozen=True, slots=True)
class Made:
    """A query as Prometheus gets it, or why there is none."""

    text: str = ""
    names: tuple[str, ...] = ()
    """What could not be put in place, as it is written."""
    reason: str = ""
    """Why not, where more is known than the names."""

    @property
    def is_made(self) -> bool:
        """Whether there is a text to ask."""
        return not self.names and not self.reason


@dataclass(frozen=True)
class Known:
    """What Prometheus knows of a selector that selects nothing, or of which it is not known whether it does."""

    selector: Selector
    selects: bool
    """Whether a series of the window meets it."""
    named: bool = True
    """Whether there are series of its name in the window."""
    past: bool = False
    """Whether a series met it within the window, and none did in the range that is looked at."""
    recorded: bool = False
    """Whether a loaded rule records the name."""
    type: str = ""
    """Of the metric, as its targets declare it, with series or without: ``counter``; empty where nobody does."""
    names: frozenset[str] = field(default=frozenset(), repr=False)
    """All that there are, of a name that there is not."""
    values: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """Of the labels that its matchers name: the values that its metric has. None: the metric does not have the label."""
    labels: frozenset[str] = frozenset()
    """The labels that its metric has."""


@dataclass(frozen=True)
class Breaking:
    """How something is broken, and mended."""

    inject: tuple[str, ...] = field(repr=False)
    """Commands may hold credentials, so they are kept out of ``repr``."""
    restore: tuple[str, ...] = field(repr=False)
    timeout: float
    """Of each of the two commands."""


@dataclass(frozen=True)
class Sent:
    """The requests of a movement: at a rate, or so many once."""

    path: str
    method: str
    body: str | None = field(repr=False)
    headers: Mapping[str, Secret] = field(repr=False)
    writes: bool
    rate: float | None
    """A second."""
    times: int | None


@dataclass(frozen=True)
class Shown:
    """What a panel is to show during a movement. None: nothing is promised of it."""

    panel: str
    query: str | None
    at_least: float | None = None
    at_most: float | None = None
    share_failed: bool = False
    rises_by: float | None = None
    tolerance: float = 0.0


@dataclass(frozen=True)
class Stays:
    """A panel that is not to move during a movement by more than ``within``."""

    panel: str
    query: str | None
    within: float


@dataclass(frozen=True)
class Movement:
    """A fault, and what panels show of it."""

    name: str
    fault: Breaking
    sent: Sent | None
    settle: float | None
    """None: as long as the ranges of the panels' queries ask for."""
    shows: tuple[Shown, ...]
    stays: tuple[Stays, ...]

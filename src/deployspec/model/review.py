"""A review of a week as data: sections of sentences, tables and figures, which whoever writes the page draws.

Chapters and the review itself make sections; the page, the Markdown and the message to a chat are made of them alone, so
no number is worked out twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from deployspec.model.chart import Chart


class Tone(StrEnum):
    """What a word or a number is to a reader, before it is read. Never told by colour alone: the text says it as well."""

    PLAIN = ""
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"
    """Nothing is known: no data, or UNMEASURED."""
    MUTED = "muted"


class Span(NamedTuple):
    """From ``begin`` until just before ``end``, in seconds since 1970."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is. Time that passes, whatever clocks on the wall are set to meanwhile."""
        return self.end - self.begin


def days_between(span: Span, zone: tzinfo) -> list[Span]:
    """The days of the zone's calendar that ``span`` has a part of, cut to it, in order. One on which clocks are set has 23 or
    25 hours."""
    days, begin = [], span.begin
    while begin < span.end:
        noon = datetime.fromtimestamp(begin, zone).replace(hour=12, minute=0, second=0, microsecond=0, fold=0)
        midnight = (noon + timedelta(days=1)).replace(hour=0).timestamp()
        days.append(Span(begin, min(midnight, span.end)))
        begin = midnight
    return days


@dataclass(frozen=True)
class Week:
    """What a review is of: any length, a week as a rule."""

    deployment: str
    span: Span
    zone: tzinfo
    """In which its days begin, and its moments are told."""
    zone_name: str = "UTC"
    night: tuple[int, int] = (22 * 60, 7 * 60)
    """Minutes of the day, in that zone, at which the night begins and ends."""
    maintenance: tuple[tuple[str, Span], ...] = ()
    """Windows by name, cut to ``before`` and ``span``; in ascending order. They may overlap."""

    @property
    def before(self) -> Span:
        """As long a time, until it begins."""
        return Span(self.span.begin - self.span.seconds, self.span.begin)

    def days(self, of: Span | None = None) -> list[Span]:
        """The days of ``of`` (the week), as :func:`days_between` gives them."""
        return days_between(of or self.span, self.zone)

    def told(self, moment: float) -> str:
        """A moment by the clocks of the zone; with its offset where they show it twice."""
        clock = datetime.fromtimestamp(moment, self.zone)
        text = f"{clock:%Y-%m-%d %H:%M}"
        if clock.replace(fold=0).utcoffset() != clock.replace(fold=1).utcoffset():
            text += clock.isoformat()[-6:]
        return text

    def is_night(self, moment: float) -> bool:
        """Whether a moment is in the night, by the clocks of the zone."""
        clock = datetime.fromtimestamp(moment, self.zone)
        minute, (begin, end) = clock.hour * 60 + clock.minute, self.night
        return begin <= minute < end if begin <= end else minute >= begin or minute < end


@dataclass(frozen=True)
class Cell:
    """One cell of a table."""

    text: str
    """As it is read, free of secrets: ``99.95%``, ``7 h 12 min of 168 h``."""
    value: float | None = None
    """The number behind the text, in base units (seconds, shares from 0 to 1); None where there is none."""
    tone: Tone = Tone.PLAIN
    source: str = ""
    """The ``id`` of the source that it comes from: empty where it is the table's own."""
    code: bool = False
    """Whether it is an id or an expression, and not a sentence."""
    note: str = ""
    """More about it, in small letters."""


class Column(NamedTuple):
    """A column of a table."""

    name: str
    is_number: bool = False


class Fold(NamedTuple):
    """What tables and figures in a row stand under, that a page shows when it is asked to."""

    title: str
    tone: Tone = Tone.PLAIN
    is_open: bool = False
    """Whether it is shown without being asked for."""


@dataclass(frozen=True)
class Table:
    """A table, which says what there is to see where it has no row."""

    key: str
    """A name that lasts: ``objectives``. With those of rows and columns, tests and programs find a number by it."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...] = ()
    """The first cell is the row's name."""
    none: str = "Nothing to show."
    """What stands there where it has no rows."""
    note: str = ""
    source: str = ""
    fold: Fold | None = None


@dataclass(frozen=True)
class Figure:
    """A chart, and the table of its numbers behind it."""

    key: str
    chart: Chart
    says: str
    """What one sees, in a sentence, for whoever does not see it."""
    source: str = ""
    fold: Fold | None = None


class Source(NamedTuple):
    """Where numbers come from."""

    id: str
    """Within a review: ``q-api-latency-7d``."""
    what: str
    query: str = ""
    """PromQL, as it can be sent again; empty where it is none."""
    run: str = ""
    """The id of a run in the store; empty where it is none."""
    path: str = ""
    """The run's record."""
    at: float | None = None
    """The moment at which a query was asked of, in seconds since 1970."""


class Change(NamedTuple):
    """What has changed since the week before, in a line."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Section:
    """A part of a review under a heading."""

    key: str
    title: str
    parts: Sequence[str | Table | Figure] = ()
    """In their order. A text is a paragraph."""
    breached: tuple[str, ...] = ()
    """What was not as promised in the week: short, for the sentence at the head of the page (``objective api-latency``)."""
    unmeasured: tuple[str, ...] = ()
    """What is not known of the week."""
    changes: tuple[Change, ...] = ()
    sources: tuple[Source, ...] = ()
    advice: tuple[str, ...] = ()
    """What a team might do, a sentence each."""
    rank: int = 50
    """Sections stand in ascending order: what a team is asked about first, first."""


@dataclass(frozen=True)
class Review:
    """All of it."""

    week: Week
    verdict: str
    """MET, BREACHED or UNMEASURED: of the whole week."""
    sentence: str
    changes: tuple[Change, ...]
    sections: tuple[Section, ...]
    made: datetime
    """When; the only thing in which two reviews of the same week differ."""

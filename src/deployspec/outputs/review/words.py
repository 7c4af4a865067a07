"""How a text, a moment and a span of a review are written."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import NamedTuple

from deployspec.base.disclosure import redact
from deployspec.base.shown import printable
from deployspec.model.review import Review, Source, Span, Tone, Week

MADE = "made"
"""The key of the section that says how a review was made, which is shown with all sources."""
SIGNS = {Tone.GOOD: "✓", Tone.BAD: "✗", Tone.UNKNOWN: "?"}
VERDICTS = {"MET": Tone.GOOD, "BREACHED": Tone.BAD}
"""Of any other word, the tone is that of what is not known."""
# By ourselves, for `strftime` goes by the machine's language.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def shown(text: str) -> str:
    """A text on one line, as it can be read, whatever signs it has; what is known to be secret is hidden."""
    return printable(redact(text))


def lines(text: str) -> list[str]:
    """The same of a text of several lines."""
    return [printable(line) for line in redact(text).splitlines()]


def tone_of(verdict: str) -> Tone:
    """The tone of a verdict."""
    return VERDICTS.get(verdict, Tone.UNKNOWN)


def day(moment: float, zone: tzinfo) -> str:
    """``Mon 23 Nov``."""
    at = datetime.fromtimestamp(moment, zone)
    return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]}"


def at(moment: float, zone: tzinfo) -> str:
    """``Mon 2026-11-23 00:00``."""
    clock = datetime.fromtimestamp(moment, zone)
    return f"{_DAYS[clock.weekday()]} {clock:%Y-%m-%d %H:%M}"


def span(of: Span, zone: tzinfo) -> str:
    """From when until when: of one day, its name once."""
    begin, end = at(of.begin, zone), at(of.end, zone)
    same = begin.rpartition(" ")[0] == end.rpartition(" ")[0]
    return f"{begin} to {end.rpartition(' ')[2] if same else end}"


def heading(name: str) -> str:
    """A name as the head of a column or a row: ``Budget spent``, but ``p95``."""
    return name if name[1:2].isdigit() else name[:1].upper() + name[1:]


def period(week: Week) -> str:
    """What a review is of."""
    return f"{span(week.span, week.zone)} ({shown(week.zone_name)})"


def left_out(week: Week) -> list[str]:
    """The windows of maintenance in the week itself, a line each."""
    return [
        f"{shown(name)}: {span(window, week.zone)}"
        for name, window in week.maintenance
        if window.end > week.span.begin and window.begin < week.span.end
    ]


class Cited(NamedTuple):
    """A source, and what it is called on the page."""

    number: int
    source: Source


def cited(review: Review) -> dict[str, Cited]:
    """All sources of a review by their ids, numbered in the order of its sections."""
    found: dict[str, Cited] = {}
    for section in review.sections:
        for source in section.sources:
            found.setdefault(source.id, Cited(len(found) + 1, source))
    return found

"""What the review's own sections say in the same way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from deployspec.base.problems import listed
from deployspec.base.shown import lasting
from deployspec.model.review import Cell, Source, Tone, Week
from deployspec.review.streams import stream_name

if TYPE_CHECKING:
    from deployspec.record.history import Row

_MOST_NAMED = 5
TONES = {"MET": Tone.GOOD, "BREACHED": Tone.BAD, "UNMEASURED": Tone.UNKNOWN}


def at(moment: float, week: Week, source: str = "") -> Cell:
    """A moment in a table."""
    return Cell(week.told(moment), moment, source=source)


def time(seconds: float, tone: Tone = Tone.PLAIN) -> Cell:
    """A span of time in a table: with its tone only where there is any."""
    return Cell(lasting(seconds), float(seconds), tone if seconds else Tone.MUTED)


def number(count: int, tone: Tone = Tone.PLAIN) -> Cell:
    """How many, in a table: with its tone only where there are any."""
    return Cell(f"{count:,}", float(count), tone if count else Tone.MUTED)


def verdict(word: str, *, accepted: bool = False) -> Cell:
    """A verdict in a table."""
    # What a team lives with is no news.
    return Cell(word, tone=Tone.MUTED, note="accepted") if accepted else Cell(word, tone=TONES[word])


def some(names: Sequence[str], most: int = _MOST_NAMED) -> str:
    """Names in a sentence, no more of them than one reads."""
    if len(names) <= most:
        return listed(names, "and")
    return listed([*names[:most], f"{len(names) - most} more"], "and")


def source_id(row: Row) -> str:
    """The id of a run among the sources."""
    return f"run-{row.id or row.path.stem}"


def _kind(row: Row) -> str:
    return f"probe at {row.location}" if row.kind == "probe" and row.location else stream_name(row)


def sources_of(rows: Iterable[Row], week: Week) -> tuple[Source, ...]:
    """The runs that figures come from, each once."""
    return tuple(
        {
            source_id(row): Source(
                source_id(row),
                f"{_kind(row)}, begun {week.told(row.started)}",
                run=row.id,
                path=str(row.path),
            )
            for row in rows
        }.values()
    )

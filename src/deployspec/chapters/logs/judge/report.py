"""What was found in a source: the tallies of its blocks, added up in the order of reading, in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from deployspec.chapters.logs.judge.model import (
    BACKWARDS,
    KEPT_PLACES,
    MAX_LINE,
    TOLERANCE,
    Counts,
    Found,
    LongLine,
    Place,
    Reason,
    Tally,
    Trouble,
    Unfinished,
    most_often,
)

TOO_LONG = Reason("length", "$", f"longer than {MAX_LINE // 1024} KiB")


@dataclass(slots=True)
class Report(Counts):
    """What was found in a source. It grows with the number of files and of reasons, not with that of lines.

    Lines that are too long are among those read and the invalid ones; the unfinished ones are in neither.
    """

    levels: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    """Records at or above the error level, where they are kept to be compared."""
    newest: float | None = None
    """The latest time of all records, in seconds since the epoch; None: no record has a readable time."""
    oldest: float | None = None
    troubles: list[Trouble] = field(default_factory=list)
    unfinished: int = 0
    """Last lines that are still being written; they were not judged."""
    kept: int = KEPT_PLACES
    """How many places of a reason are kept: the first ones."""
    personal_data: tuple[str, ...] = ()
    """What excerpts hide besides secrets: ``iban``, ``phone``, ``ip``."""
    _highest: dict[str, float] = field(default_factory=dict)

    @property
    def valid(self) -> int:
        """Lines that are strict JSON objects and fit the schema."""
        return self.lines - self.invalid

    def add(self, result: Tally | LongLine | Unfinished | Trouble) -> float | None:
        """Add what comes next in the order of reading.

        A number is the latest time of the stream so far, by which records of this block are too old: they are to be
        looked for, and handed to :meth:`add_backwards`.
        """
        match result:
            case Tally():
                return self._add_tally(result)
            case LongLine():
                self._add_long(result)
            case Unfinished():
                self.unfinished += 1
            case Trouble():
                self.troubles.append(result)
        return None

    def add_backwards(self, found: Mapping[Reason, Found]) -> None:
        """Add the records that are too old, of the block whose addition asked for them."""
        self._merge(found, self.found)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; src/deployspec/schemas/log-report.schema.json describes it."""
        return {
            "lines": self.lines,
            "valid": self.valid,
            "invalid": self.invalid,
            "bytes": self.size,
            "oldest": _time(self.oldest),
            "newest": _time(self.newest),
            "levels": dict(self.levels),
            "reasons": _listed(self.found),
            "unread": _listed(self.unread),
            "troubles": [asdict(trouble) for trouble in self.troubles],
            "unfinished": self.unfinished,
        }

    def _add_tally(self, tally: Tally) -> float | None:
        self.lines += tally.lines
        self.invalid += tally.invalid
        self.size += tally.size
        self.continued += tally.continued
        self.scoped += tally.scoped
        self.errors += len(tally.errors) + tally.undated
        self.undated += tally.undated
        self.levels.update(tally.levels)
        again = None
        if tally.times is not None:
            highest = self._highest.get(tally.stream)
            if highest is not None and highest - tally.times.lowest > TOLERANCE:
                again = highest
            self._highest[tally.stream] = max(tally.times.highest, highest or tally.times.highest)
            self.newest = max(tally.times.highest, self.newest or tally.times.highest)
            self.oldest = min(tally.times.lowest, self.oldest or tally.times.lowest)
        sure = {
            reason: one for reason, one in tally.found.items() if again is None or reason.check != BACKWARDS
        }
        self._merge(sure, self.found)
        self._merge(tally.unread, self.unread)
        return again

    def _add_long(self, line: LongLine) -> None:
        from deployspec.chapters.logs.judge.reasons import excerpt

        self.lines += 1
        self.invalid += 1
        self.size += line.length + 1
        text = line.beginning.decode("utf-8", "replace")
        place = Place(line.file, line.line, 1, excerpt(text, 0, self.personal_data))
        self._merge({TOO_LONG: Found(1, [place])}, self.found)

    def _merge(self, found: Mapping[Reason, Found], into: dict[Reason, Found]) -> None:
        for reason, more in found.items():
            mine = into.setdefault(reason, Found())
            mine.count += more.count
            mine.places += more.places[: self.kept - len(mine.places)]


def _listed(found: Mapping[Reason, Found]) -> list[dict[str, Any]]:
    return [
        {**asdict(reason), "count": one.count, "first": [asdict(place) for place in one.places]}
        for reason, one in most_often(found)
    ]


def _time(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

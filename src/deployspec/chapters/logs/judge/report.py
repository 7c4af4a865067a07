"""What was found in a source: the tallies of its blocks, added up in the order of reading, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from deployspec.chapters.logs.judge.model import (
    KEPT_PLACES,
    MAX_LINE,
    TOLERANCE,
    Found,
    LongLine,
    Place,
    Reason,
    Tally,
    Trouble,
    Unfinished,
)

BACKWARDS = "backwards"
"""The check of times that go back: no block shows all of them alone."""
TOO_LONG = Reason("length", "$", f"longer than {MAX_LINE // 1024} KiB")


@dataclass(slots=True)
class Report:
    """What was found in a source. It grows with the number of files and of reasons, not with that of lines."""

    lines: int = 0
    """All that were read, those that are too long included; the unfinished ones are not."""
    invalid: int = 0
    """Lines that are no strict JSON object, do not fit the schema, or are too long."""
    size: int = 0
    """Bytes, line breaks included."""
    scoped: int = 0
    """Records of loggers that belong to requests."""
    found: dict[Reason, Found] = field(default_factory=dict)
    unread: dict[Reason, Found] = field(default_factory=dict)
    """What records do not say, or not so that it can be read: no breach, but what hides one."""
    errors: int = 0
    """Records at or above the error level, where they are kept to be compared."""
    undated: int = 0
    """Those of them that have no time that can be read, and cannot be compared."""
    levels: dict[str, int] = field(default_factory=dict)
    """How many records have each of the promised levels."""
    newest: float | None = None
    """The latest time of all records, in seconds since the epoch; None: no record has a readable time."""
    oldest: float | None = None
    troubles: list[Trouble] = field(default_factory=list)
    unfinished: int = 0
    """Last lines that are still being written; they were not judged."""
    kept: int = KEPT_PLACES
    """How many places of a reason are kept: the first ones."""
    _highest: dict[str, float] = field(default_factory=dict)

    @property
    def valid(self) -> int:
        """Lines that are strict JSON objects and fit the schema."""
        return self.lines - self.invalid

    def add(self, result: Tally | LongLine | Unfinished | Trouble) -> float | None:
        """Add what comes next in the order of reading.

        A number is the latest time of the stream so far, by which records of this block are too old: look for those
        with :meth:`deployspec.chapters.logs.judge.judging.LineJudge.times`, and hand them to :meth:`add_backwards`.
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

    def add_backwards(self, found: dict[Reason, Found]) -> None:
        """Add the records that are too old, of the block whose addition asked for them."""
        self._merge(found)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON has it; src/deployspec/schemas/log-report.schema.json describes it."""
        return {
            "lines": self.lines,
            "valid": self.valid,
            "invalid": self.invalid,
            "bytes": self.size,
            "oldest": _time(self.oldest),
            "newest": _time(self.newest),
            "levels": self.levels,
            "reasons": _listed(self.found),
            "unread": _listed(self.unread),
            "troubles": [
                {"file": trouble.file, "line": trouble.line, "reason": trouble.reason}
                for trouble in self.troubles
            ],
            "unfinished": self.unfinished,
        }

    def _add_tally(self, tally: Tally) -> float | None:
        self.lines += tally.lines
        self.invalid += tally.invalid
        self.size += tally.size
        self.scoped += tally.scoped
        self.errors += len(tally.errors) + tally.undated
        self.undated += tally.undated
        for level, count in tally.levels.items():
            self.levels[level] = self.levels.get(level, 0) + count
        again = None
        if tally.times is not None:
            highest = self._highest.get(tally.stream)
            if highest is not None and highest - tally.times.lowest > TOLERANCE:
                again = highest
            self._highest[tally.stream] = max(tally.times.highest, highest or tally.times.highest)
            self.newest = max(tally.times.highest, self.newest or tally.times.highest)
            self.oldest = min(tally.times.lowest, self.oldest or tally.times.lowest)
        self._merge(tally.found if again is None else _but_backwards(tally.found))
        self._merge(tally.unread, self.unread)
        return again

    def _add_long(self, line: LongLine) -> None:
        from deployspec.chapters.logs.judge.reasons import excerpt

        self.lines += 1
        self.invalid += 1
        self.size += line.length + 1
        found = self.found.setdefault(TOO_LONG, Found())
        found.count += 1
        if len(found.places) < self.kept:
            text = line.beginning.decode("utf-8", "replace")
            found.places.append(Place(line.file, line.line, 1, excerpt(text, 0)))

    def _merge(self, found: dict[Reason, Found], into: dict[Reason, Found] | None = None) -> None:
        for reason, more in found.items():
            mine = (self.found if into is None else into).setdefault(reason, Found())
            mine.count += more.count
            mine.places += more.places[: self.kept - len(mine.places)]


def _listed(found: dict[Reason, Found]) -> list[dict[str, Any]]:
    return [
        {
            "check": reason.check,
            "place": reason.place,
            "what": reason.what,
            "count": one.count,
            "first": [
                {"file": place.file, "line": place.line, "column": place.column, "excerpt": place.excerpt}
                for place in one.places
            ],
        }
        for reason, one in sorted(found.items(), key=lambda item: (-item[1].count, item[0]))
    ]


def _but_backwards(found: dict[Reason, Found]) -> dict[Reason, Found]:
    return {reason: one for reason, one in found.items() if reason.check != BACKWARDS}


def _time(moment: float | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

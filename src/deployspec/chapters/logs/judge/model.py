"""What is read of logs, what is promised of them, and what was found: the values that pass between the rings.

A source is read once, block by block, in constant memory. Each block is judged by itself, possibly in another
process, into a :class:`Tally`; tallies are added up in the order of reading into a :class:`Report`; each check judges
its part of the report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from deployspec.chapters.logs.form import Fields, Form

MAX_LINE = 256 * 1024
"""The longest line that is a log record, in bytes without its line break."""
TOLERANCE = 2.0
"""Seconds by which a record may be older than one before it, or ahead of the reader's clock: writers of several
threads and processes do not take turns, and no two clocks agree."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
"""The guide's levels ("Log Levels"), ascending."""
BACKWARDS = "backwards"
"""The check of times that go back: no block shows all of them alone."""
KEPT_PLACES = 3
"""How many places of a reason are kept, where nothing else is asked for."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of one file, in their order; none of them longer than ``MAX_LINE``."""

    data: bytes
    """Each line with its line break; at the end of a file the last may have none."""
    file: str
    """As a person is told of it."""
    line: int
    """The number of the first line in that file, from 1."""
    stream: str
    """The file's name less what rotation appended: records of one stream follow one another in time."""
    read_at: float
    """When it was read, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class LongLine:
    """A line longer than ``MAX_LINE``: counted, never held in memory."""

    file: str
    line: int
    length: int
    """In bytes, without its line break."""
    beginning: bytes
    """Its first 4 KiB at most."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The last line of a file that is still written to: it has no line break yet, and is not JSON. It is not judged."""

    file: str
    line: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something could not be read. What was read before it, and the other files, count."""

    file: str
    line: int
    """The line from which on nothing is known; 0 where nothing was read."""
    reason: str
    """A clause without a full stop, without secrets: what was found, what was expected, what to do."""


Piece = Block | LongLine | Unfinished | Trouble
"""What a source yields."""


@dataclass(frozen=True)
class LogPromise:
    """What is promised of every line of a source. Can be pickled."""

    schema: Mapping[str, Any]
    """One JSON Schema for every record: the base, and conditionally those of loggers and events."""
    fields: Fields = field(default_factory=Fields)
    form: Form = field(default_factory=Form)
    levels: tuple[str, ...] = LEVELS
    """Ascending."""
    log_level: str | None = None
    """The least level that may be logged; None: not promised."""
    error_level: str | None = "ERROR"
    """The least level that belongs into an error log; None: not said, and not asked for."""
    errors_only: bool = False
    """Whether the source is an error log: nothing below ``error_level`` belongs into it."""
    keep_errors: bool = False
    """Whether the records at or above ``error_level`` are to be kept, to compare an error log with its sources."""
    request_scoped: tuple[str, ...] = ()
    """Loggers whose every record belongs to a request; a name ending in ``.*`` means all below it, ``*`` any record."""
    secrets: bool = True
    """Whether lines are searched for secrets and personal data."""
    allowed: tuple[str, ...] = ()
    """Regular expressions; what one of them matches as a whole is not a secret."""
    personal_data: tuple[str, ...] = ()
    """What else is personal data: ``iban``, ``phone``, ``ip``."""
    kept: int = KEPT_PLACES
    """How many places of a reason are kept: the first ones."""


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """One kind of thing that is wrong. A million different values have one reason."""

    check: str
    """Which check it belongs to: ``json``, ``schema``, ``message``, ``level``, ``below-log-level``, ``future``, ``backwards``,
    ``not-an-error``, ``stack-trace``, ``request-id``, ``secret``, ``length``; of what could not be read: ``time``,
    ``logger``."""
    place: str
    """Where in the record: ``$.duration_ms``, ``$.frames[*].line``; ``$`` for the whole of it."""
    what: str
    """What is wrong there, without the value: ``expected a number``. Bounded by the schema and by the code: never made
    of what a log says."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was found."""

    file: str
    line: int
    column: int
    """In characters, from 1."""
    excerpt: str
    """The text there, everything secret masked, control characters shown, at most 200 characters."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Found:
    """How often a reason was found, and where first."""

    count: int = 0
    places: list[Place] = field(default_factory=list)
    """The first ones."""


class ErrorRecord(NamedTuple):
    """A record at or above the error level, as an error log and its sources have it in common."""

    moment: float
    """Seconds since the epoch."""
    digest: bytes
    """Of the record, whatever the order of its keys: 8 bytes."""
    file: str
    line: int


@dataclass(slots=True)
class Times:
    """When the records of one block were made: seconds since the epoch; records without a readable time left out."""

    highest: float
    lowest: float


@dataclass(slots=True)
class Counts:
    """What was found in a block, or in all blocks of a source."""

    lines: int = 0
    """Empty lines included: an empty line is not JSON."""
    invalid: int = 0
    """Lines that are not strict JSON objects, or do not fit the schema. What the other checks find does not count here."""
    size: int = 0
    """Bytes, line breaks included."""
    found: dict[Reason, Found] = field(default_factory=dict)
    unread: dict[Reason, Found] = field(default_factory=dict)
    """What records do not say, or not so that it can be read: no breach, but what hides one."""
    continued: int = 0
    """Lines that belong to a record before them."""
    levels: dict[str, int] = field(default_factory=dict)
    """How many records have each of the promised levels."""
    scoped: int = 0
    """Records of loggers that belong to requests."""
    undated: int = 0
    """Errors that would be kept, had they a time that can be read."""


@dataclass(slots=True)
class Tally(Counts):
    """What was found in one block."""

    stream: str = ""
    times: Times | None = None
    """None: no record with a readable time."""
    errors: list[ErrorRecord] = field(default_factory=list)
    """Only where the promise keeps them."""


def most_often(found: Mapping[Reason, Found]) -> list[tuple[Reason, Found]]:
    """What was found, the most frequent first."""
    return sorted(found.items(), key=lambda item: (-item[1].count, item[0]))

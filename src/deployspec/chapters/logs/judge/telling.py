"""What the records of a block say of their level, their time and their request, and whether that is as promised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from hashlib import blake2b
from itertools import compress, repeat
from typing import Any

import orjson

from deployspec.chapters.logs.form import EVERY_RECORD, WRAPPED_AT, is_nested, path_to, value_at
from deployspec.chapters.logs.judge import reasons, stamps
from deployspec.chapters.logs.judge.model import (
    BACKWARDS,
    TOLERANCE,
    ErrorRecord,
    LogPromise,
    Reason,
    Tally,
)
from deployspec.chapters.logs.judge.noting import Noting
from deployspec.chapters.logs.judge.plainly import Plain


@dataclass(slots=True)
class Said:
    """What the records of a block say: lists of one length."""

    numbers: list[int] = field(default_factory=list)
    """Of their lines, from 0."""
    levels: list[Any] = field(default_factory=list)
    stamps: list[object] = field(default_factory=list)
    loggers: list[Any] = field(default_factory=list)
    """Empty, as the next, where nothing is promised of requests."""
    requests: list[Any] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    """Where names may lead deeper than to their top: to tell the place of what is found. Empty where some are those of
    lines that were passed over."""


class Telling:
    """Judges what records say by a promise.

    Raises ValueError for a level that is none of its ``levels``, and for times that cannot be read as it says.
    """

    def __init__(self, promise: LogPromise, known: frozenset[str]) -> None:
        self._promise, self._known = promise, known
        self._rank = {level: number for number, level in enumerate(promise.levels)}
        for level in (promise.log_level, promise.error_level):
            asked = level is promise.log_level or promise.errors_only or promise.keep_errors
            if asked and level is not None and level not in self._rank:
                raise ValueError(f"the level {level} is not one of {', '.join(promise.levels)}")
        self._clock = stamps.Clock(promise.form.time_format, promise.form.time_zone)
        fields = promise.fields
        self._nested = any(name is not None and is_nested(name) for name in astuple(fields))
        self._of_each = [
            _reader(name)
            for name in (fields.level, fields.timestamp, fields.message, fields.logger, fields.request_id)
        ]
        self._every = EVERY_RECORD in promise.request_scoped
        names = promise.form.level_names
        self._level_names: dict[Any, str] = {
            **names,
            **{int(said): name for said, name in names.items() if said.isdecimal()},
        }
        self._least = 0 if promise.log_level is None else self._rank[promise.log_level]
        self._error = self._rank.get(promise.error_level or "", len(self._rank))
        least = max(self._least, self._error) if promise.errors_only else self._least
        self._allowed = frozenset(promise.levels[least:])
        self._errors = frozenset(promise.levels[self._error :])
        compared = promise.errors_only or promise.keep_errors
        self._may_be_error = compared and "level" in promise.form.optional
        """Whether a record that says no level, and need not, has to be told: it may be an error."""

    def take(self, numbers: Sequence[int], records: list[dict[str, Any]], said: Said) -> None:
        """Keep what some records say."""
        levels, moments, messages, loggers, requests = self._of_each
        said.numbers += numbers
        said.levels += map(self._named, levels(records)) if self._level_names else levels(records)
        said.stamps += moments(records)
        said.messages += messages(records)
        if self._promise.request_scoped:
            said.loggers += loggers(records)
            said.requests += requests(records)
        if self._nested:
            said.records += records

    def _named(self, level: Any) -> Any:
        """The name of what a record says; what has none is no level, though it may be the name of another."""
        if type(level) in (str, int):
            return self._level_names.get(level, _UNNAMED)
        return level

    def keep_errors(
        self, numbers: Sequence[int], records: list[dict[str, Any]], said: Said, noting: Noting, tally: Tally
    ) -> None:
        """Keep those of these records, the last that were taken, that are errors, where that is promised."""
        if not self._promise.keep_errors:
            return
        block = noting.block
        first = len(said.levels) - len(records)
        for index, level in enumerate(said.levels[first:]):
            if type(level) is not str or level not in self._errors:
                continue
            moment = self._clock.moment(said.stamps[first + index], block.read_at)
            if moment is None:
                tally.undated += 1
                continue
            number = numbers[index]
            digest = _digest(records[index], noting.texts.lines[number])
            tally.errors.append(ErrorRecord(moment, digest, block.file, block.line + number))

    def allowed_level(self, level: Any) -> str | None:
        """The name of a level that a record may have."""
        name = self._named(level) if self._level_names else level
        return name if type(name) is str and name in self._allowed else None

    def is_kept(self, level: str) -> bool:
        """Whether the records of a level are kept."""
        return self._promise.keep_errors and level in self._errors

    def judge(
        self, said: Said, tally: Tally, noting: Noting, unread: Noting, plain: Plain | None = None
    ) -> None:
        """Judge all that the records of a block say; ``unread`` notes what they do not say. ``plain``: what others say, in
        which nothing but their times can be wrong."""
        fields = self._promise.fields
        self._judge_traces(said, noting)
        if fields.message is not None:
            self._judge_messages(said, noting)
        if fields.level is not None:
            self._judge_levels(said, tally, noting, unread)
        if fields.timestamp is not None:
            self._judge_times(said if plain is None else _with(plain, said), tally, noting, unread)
        self._judge_requests(said, tally, noting, unread)
        if plain is not None:
            counts = plain.levels + Counter(tally.levels)
            tally.levels = {level: counts[level] for level in self._rank if counts[level]}
            tally.scoped += plain.scoped

    def judge_late(self, said: Said, highest: float, noting: Noting) -> None:
        """Note only the times that go back; ``highest``: the latest before these records."""
        ordered = stamps.ordered(said.stamps, noting.block.read_at, highest, self._clock)
        self._note_times(said, BACKWARDS, _BACKWARDS, ordered.backwards, noting)

    def _note(self, said: Said, check: str, name: str | None, what: str, index: int, noting: Noting) -> None:
        """Note something of the field of this name in the record at an index; None: of the record."""
        number = said.numbers[index]
        record: dict[str, Any] = {}
        if self._nested:
            record = said.records[index] if said.records else orjson.loads(noting.texts.lines[number])
        path: reasons.Path = [] if name is None else path_to(record, name) if self._nested else [name]
        noting.note(Reason(check, reasons.place_of(path, self._known), what), number, path)

    def _note_times(self, said: Said, check: str, what: str, which: list[int], noting: Noting) -> None:
        for index in which:
            self._note(said, check, self._promise.fields.timestamp, what, index, noting)

    def _judge_traces(self, said: Said, noting: Noting) -> None:
        """A pattern may fit any line, those of a stack trace too; and the journal has a record for each line."""
        form, named = self._promise.form, self._promise.fields.message is not None
        if form.syntax != "text" and form.name != "journald":
            return
        for number, message in zip(said.numbers, said.messages, strict=True):
            text = (
                message.encode() if isinstance(message, str) else b"" if named else noting.texts.lines[number]
            )
            if (form.syntax == "text" or b"\n" not in text) and reasons.STACK_TRACE_IN_RECORD.search(text):
                noting.note(reasons.OF_STACK_TRACE, number, 0)

    def _judge_messages(self, said: Said, noting: Noting) -> None:
        with suppress(TypeError):  # not all of them are texts
            if all(said.messages) and not any(map(str.isspace, said.messages)):
                return
        for index, message in enumerate(said.messages):
            if message == "" or _is_blank(message):
                self._note(
                    said, "message", self._promise.fields.message, "empty: it says nothing", index, noting
                )

    def _judge_levels(self, said: Said, tally: Tally, noting: Noting, unread: Noting) -> None:
        levels = said.levels
        try:
            counts = Counter(levels)
        except TypeError:  # an array or an object
            counts = Counter(one for one in levels if type(one) is str)
            odd = [type(one) is not str or one not in self._allowed for one in levels]
        else:
            wrong = counts.keys() - self._allowed
            odd = list(map(wrong.__contains__, levels)) if wrong else []
        tally.levels = {level: counts[level] for level in self._rank if counts[level]}
        for index in compress(range(len(levels)), odd):
            for check, what in self._wrong(levels[index]):
                self._note(said, check, self._promise.fields.level, what, index, noting)
            if levels[index] is None and self._may_be_error:
                self._note(said, "level", self._promise.fields.level, "missing", index, unread)

    def _wrong(self, level: object) -> Iterable[tuple[str, str]]:
        """What is wrong with a level that is not allowed: the check, and why."""
        if level is None:
            if "level" not in self._promise.form.optional:
                yield "level", "missing"
        elif not isinstance(level, str) or level not in self._rank:
            yield "level", f"expected one of {', '.join(self._promise.form.level_names or self._rank)}"
        else:
            if self._rank[level] < self._least:
                yield "below-log-level", f"{level} is below {self._promise.log_level}"
            if self._promise.errors_only and self._rank[level] < self._error:
                yield "not-an-error", f"{level} is below {self._promise.error_level}"

    def _judge_times(self, said: Said, tally: Tally, noting: Noting, unread: Noting) -> None:
        read_at = noting.block.read_at
        ordered = stamps.ordered(said.stamps, read_at, clock=self._clock)
        tally.times = ordered.times
        self._note_times(said, "future", f"more than {TOLERANCE:g} s in the future", ordered.future, noting)
        self._note_times(said, BACKWARDS, _BACKWARDS, ordered.backwards, noting)
        for index in ordered.unread:
            what = self._clock.why_not(said.stamps[index], read_at)
            self._note(said, "time", self._promise.fields.timestamp, what, index, unread)

    def _judge_requests(self, said: Said, tally: Tally, noting: Noting, unread: Noting) -> None:
        fields, loggers = self._promise.fields, said.loggers
        if self._every:
            tally.scoped = len(loggers)
            loggers = [EVERY_RECORD] * len(loggers)
        elif set(map(type, loggers)) - {str}:
            loggers = loggers.copy()
            for index in [index for index, one in enumerate(loggers) if type(one) is not str]:
                what = "missing" if loggers[index] is None else "expected a logger's name"
                self._note(said, "logger", fields.logger, what, index, unread)
                loggers[index] = None
        scoped = {one for one in set(loggers) if one is not None and self.is_scoped(one)}
        if not scoped:
            return
        if self._promise.form.syntax == "text":
            # Where a line has a place for it, a hyphen says that there is none.
            said.requests = ["" if one == "-" else one for one in said.requests]
        requests = list(compress(said.requests, map(scoped.__contains__, loggers)))
        tally.scoped = len(requests)
        with suppress(TypeError):  # not all of them are texts
            if all(requests) and not any(map(str.isspace, requests)):
                return
        for index, (logger, request) in enumerate(zip(loggers, said.requests, strict=True)):
            if logger in scoped and (not request or (type(request) is str and request.isspace())):
                what = "missing" if request is None else "empty"
                self._note(said, "request-id", fields.request_id, what, index, noting)

    def is_scoped(self, logger: str) -> bool:
        """Whether the records of a logger belong to requests."""
        return any(
            logger == name or (name.endswith(".*") and logger.startswith(name[:-1]))
            for name in self._promise.request_scoped
        )


def _with(plain: Plain, said: Said) -> Said:
    """The times of all records, in the order of their lines."""
    numbers, moments = plain.stamps_among(said.numbers, said.stamps)
    return Said(numbers=numbers, stamps=moments)


def _reader(name: str | None) -> Callable[[list[dict[str, Any]]], Iterable[Any]]:
    """What gives what each of some records says in the field of this name."""
    if name is None or is_nested(name):
        return lambda records: (value_at(record, name) for record in records)
    return lambda records: map(dict.get, records, repeat(name))


def _is_blank(message: object) -> bool:
    return type(message) is str and message.isspace()


_UNNAMED = object()
_WRAPPED = frozenset(WRAPPED_AT.values())
_BACKWARDS = f"more than {TOLERANCE:g} s older than a record before it"


def _digest(record: dict[str, Any], line: bytes) -> bytes:
    # When a line came to a container's log is not the same for another log.
    if not _WRAPPED.isdisjoint(record):
        record = {name: value for name, value in record.items() if name not in _WRAPPED}
    try:
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than it writes
        text = line.strip()
    return blake2b(text, digest_size=8).digest()

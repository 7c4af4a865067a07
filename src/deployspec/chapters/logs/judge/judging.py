"""Judges blocks of log lines: every line by itself, many lines at a time.

Calls cost more than the work in them, so lines are parsed and validated together, and looked at one by one only where
something is not right. The verdict on each line is that of the strict reader (``deployspec.base.strict_json``)
and of the schema on that line alone.

Lines are parsed as one array, between them a number that nobody can foresee. If every second item of the array is
that number, and there are no more of them than were put in, none has become a part of something else: each line is
exactly one value. A repeated key is told by counting: a line that has as many ``":`` as its objects have keys has
no key twice.
"""

from __future__ import annotations

import re
import secrets as random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from itertools import compress, islice, repeat
from typing import TYPE_CHECKING, Any

import orjson

from deployspec.base import strict_json
from deployspec.chapters.logs.judge import reasons, stamps
from deployspec.chapters.logs.judge.model import (
    TOLERANCE,
    Block,
    ErrorRecord,
    Found,
    LogPromise,
    Place,
    Reason,
    Tally,
)
from deployspec.chapters.logs.judge.report import BACKWARDS
from deployspec.chapters.logs.judge.schema import of_lists, validator
from deployspec.chapters.logs.judge.secrets import SecretScanner

if TYPE_CHECKING:
    import hyperscan
    from jsonschema_rs import ValidationError, Validator

_TOGETHER = 64
"""How many lines are parsed at a time."""
_SUSPECTS = 6
"""How many faults among them are looked for, before each line is looked at by itself."""
_VALIDATED = 16
"""How many records are validated at a time."""
_ERRORS = 50
"""How many breaches of the schema are told of one record, or of as many as are validated at a time."""
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"[ \t\r]*(:?)')

_TWICE = "the same key appears twice"
_TOO_DEEP_TO_TELL = Reason("schema", "$", "does not fit, and is nested too deep to tell where")

Record = dict[str, Any]


class LineJudge:
    """Judges the blocks of one source, in the order of reading, for one report.

    Raises SchemaUnusableError for a schema that cannot be used, AllowListError for ``allowed`` that is no regular
    expression, ValueError for a level that is none of ``levels``.
    """

    def __init__(self, promise: LogPromise) -> None:
        self._promise = promise
        self._one = validator(promise.schema, "the schema of records")
        self._list_schema = of_lists(promise.schema)
        self._many = validator(self._list_schema, "the schema of records")
        self._scanner = SecretScanner(promise.allowed) if promise.secrets else None
        fields = promise.fields
        self._known = reasons.names_of(promise.schema) | {
            fields.timestamp, fields.level, fields.logger, fields.message, fields.request_id, fields.event,
        }  # fmt: skip
        self._levels = _Levels(promise)
        self._number = random.randbits(62) | (1 << 61) | 1  # odd and large: no float equals it
        self._between = b",%d," % self._number
        self._placed: Counter[Reason] = Counter()

    def judge(self, block: Block) -> Tally:
        """Judge every line of a block."""
        lines = _lines(block)
        tally = Tally(block.stream, lines=len(lines), size=len(block.data))
        noting = _Noting(tally.found, block, lines, self._placed, self._promise.kept)
        unread = _Noting(tally.unread, block, lines, self._placed, self._promise.kept)
        faults: list[tuple[int, str, int]] = []
        said = _Said()
        for numbers, records in self._parsed(block.data, lines, faults):
            tally.invalid += self._misfits(numbers, records, noting)
            levels = self._take(numbers, records, said)
            if self._promise.keep_errors:
                self._keep_errors(numbers, records, levels, noting, tally)
        for number, what, at in faults:
            noting.note(Reason("json", "$", what), number, None if what is _TWICE else at)
            if reasons.STACK_TRACE.search(lines[number]):
                noting.note(Reason("stack-trace", "$", "a line of a stack trace"), number, 0)
        tally.invalid += len(faults)
        self._judge_levels(said, tally, noting)
        self._judge_times(said, tally, noting, unread)
        self._judge_requests(said, tally, noting, unread)
        if self._scanner is not None:
            self._scan({number for number, *_ in faults}, noting)
        return tally

    def times(self, block: Block, highest: float) -> dict[Reason, Found]:
        """The records of a block that are too old beside ``highest``, the latest time before them, or one another."""
        lines = _lines(block)
        said = _Said()
        for numbers, records in self._parsed(block.data, lines, []):
            self._take(numbers, records, said)
        found: dict[Reason, Found] = {}
        noting = _Noting(found, block, lines, Counter(), self._promise.kept)
        self._note_backwards(said, stamps.ordered(said.stamps, block.read_at, highest).backwards, noting)
        return found

    # Strict JSON

    def _parsed(
        self, data: bytes, lines: Sequence[bytes], faults: list[tuple[int, str, int]]
    ) -> Iterator[tuple[Sequence[int], list[Record]]]:
        """The records, some at a time, with the numbers of their lines from 0: they are to be dropped while the caches
        hold them. ``faults`` gets the number of each other line, what is wrong, and the offset of that."""
        spaced = _has_spaced_colons(data)
        for start in range(0, len(lines), _TOGETHER):
            some = lines[start : start + _TOGETHER]
            found = self._together(some, spaced=spaced)
            if isinstance(found, list):
                yield range(start, start + len(some)), found
            else:
                yield self._apart(start, some, found, faults, spaced=spaced)

    def _together(self, lines: Sequence[bytes], *, spaced: bool) -> list[Record] | int:
        """The records, if every line is exactly one and has no key twice.

        Where that is not sure, the index of a line that, or the one before it, is likely at fault.
        """
        joined = b"[" + self._between.join(lines) + b"]"
        try:
            values = orjson.loads(joined)
        except orjson.JSONDecodeError as error:
            before = (
                error.pos
                if joined.isascii()
                else len(joined.decode("utf-8", "replace")[: error.pos].encode())
            )
            return min(joined.count(self._between, 0, before), len(lines) - 1)
        count = len(lines)
        records: list[Record] = values[::2]
        if len(values) != 2 * count - 1 or values[1::2].count(self._number) != count - 1:
            return 0
        if set(map(type, records)) != {dict}:
            return next(index for index, record in enumerate(records) if type(record) is not dict)
        keys = sum(map(len, records))
        separators = _separators(joined) if spaced else joined.count(b'":')
        if separators != keys:
            # An object in a record, a key twice, or a colon in a text.
            nested = compress(records, map(bytes.rfind, lines, repeat(b"{")))
            inner = list(map(_inner_keys, nested))
            if -1 in inner or separators != keys + sum(inner):
                for index in range(count):
                    if not _has_keys_once(lines[index], records[index], spaced=spaced):
                        return index
        return records

    def _apart(
        self,
        start: int,
        lines: Sequence[bytes],
        suspect: int,
        faults: list[tuple[int, str, int]],
        *,
        spaced: bool,
    ) -> tuple[list[int], list[Record]]:
        """The records of lines of which some are none, or have a key twice, and the numbers of their lines."""
        numbers: list[int] = []
        records: list[Record] = []

        def take(first: int, last: int) -> None:
            if last - first > 1 and isinstance(
                found := self._together(lines[first:last], spaced=spaced), list
            ):
                records.extend(found)
                numbers.extend(range(start + first, start + last))
                return
            for index in range(first, last):
                alone = _alone(lines[index], spaced=spaced)
                if isinstance(alone, dict):
                    records.append(alone)
                    numbers.append(start + index)
                else:
                    faults.append((start + index, *alone))

        first = 0
        for _ in range(_SUSPECTS):
            at = first + suspect
            begin = max(first, at - 1)
            if begin > first:
                take(first, begin)
            for index in range(begin, at + 1):
                take(index, index + 1)
            first = at + 1
            if first >= len(lines):
                return numbers, records
            found = self._together(lines[first:], spaced=spaced)
            if isinstance(found, list):
                records += found
                numbers += range(start + first, start + len(lines))
                return numbers, records
            suspect = found
        for index in range(first, len(lines)):
            take(index, index + 1)
        return numbers, records

    # The schema

    def _misfits(self, numbers: Sequence[int], records: list[Record], noting: _Noting) -> int:
        """Note what does not fit the schema; returns how many records do not."""
        misfits = 0
        for start in range(0, len(records), _VALIDATED):
            some = records[start : start + _VALIDATED]
            if self._many.is_valid(some):
                continue
            by_record: dict[int, list[tuple[list[str | int], str]]] = {}
            errors = _first_errors(self._many, some)
            if errors is not None and len(errors) < _ERRORS:
                for error in errors:
                    index, *path = error.instance_path
                    what = reasons.of_schema(error, self._list_schema)
                    by_record.setdefault(int(index), []).append((path, what))
            else:
                for index, record in enumerate(some):
                    if not self._one.is_valid(record):
                        errors = _first_errors(self._one, record) or []
                        by_record[index] = [
                            (list(error.instance_path), reasons.of_schema(error, self._promise.schema))
                            for error in errors
                        ]
            for index in sorted(by_record):
                misfits += 1
                self._note_misfit(numbers[start + index], by_record[index], noting)
        return misfits

    def _note_misfit(self, number: int, errors: list[tuple[list[str | int], str]], noting: _Noting) -> None:
        told: dict[Reason, list[str | int]] = {}
        for path, what in errors:
            told.setdefault(Reason("schema", reasons.place_of(path, self._known), what), path)
        for reason, path in told.items():
            noting.note(reason, number, path)
        if not told:
            noting.note(_TOO_DEEP_TO_TELL, number, 0)

    # Levels, times, requests

    def _take(self, numbers: Sequence[int], records: list[Record], said: _Said) -> Sequence[Any]:
        """Keep what the records say; returns their levels."""
        fields = self._promise.fields

        def of_each(name: str) -> list[Any]:
            return list(map(dict.get, records, repeat(name)))

        levels = of_each(fields.level)
        said.numbers += numbers
        said.levels += levels
        said.stamps += of_each(fields.timestamp)
        if self._promise.request_scoped:
            said.loggers += of_each(fields.logger)
            said.requests += of_each(fields.request_id)
        return levels

    def _judge_levels(self, said: _Said, tally: Tally, noting: _Noting) -> None:
        name, levels = self._promise.fields.level, self._levels
        try:
            counts = Counter(said.levels)
        except TypeError:  # an array or an object
            counts = Counter(one for one in said.levels if type(one) is str)
            odd = [
                index
                for index, one in enumerate(said.levels)
                if type(one) is not str or one not in levels.allowed
            ]
        else:
            wrong = counts.keys() - levels.allowed
            odd = (
                list(compress(range(len(said.levels)), map(wrong.__contains__, said.levels))) if wrong else []
            )
        tally.levels = {level: counts[level] for level in levels.rank if counts[level]}
        for index in odd:
            for check, what in levels.wrong(said.levels[index]):
                noting.note(Reason(check, self._place(name), what), said.numbers[index], [name])

    def _keep_errors(
        self,
        numbers: Sequence[int],
        records: list[Record],
        levels: Sequence[Any],
        noting: _Noting,
        tally: Tally,
    ) -> None:
        stamp, errors, block = self._promise.fields.timestamp, self._levels.errors, noting.block
        for index in compress(range(len(levels)), map(errors.__contains__, levels)):
            moment = stamps.seconds(records[index].get(stamp))
            if moment is None:
                tally.undated += 1
                continue
            number = numbers[index]
            digest = _digest(records[index], noting.lines[number])
            tally.errors.append(ErrorRecord(moment, digest, block.file, block.line + number))

    def _judge_times(self, said: _Said, tally: Tally, noting: _Noting, unread: _Noting) -> None:
        ordered = stamps.ordered(said.stamps, noting.block.read_at)
        tally.times = ordered.times
        name = self._promise.fields.timestamp
        for index in ordered.future:
            what = f"more than {TOLERANCE:g} s in the future"
            noting.note(Reason("future", self._place(name), what), said.numbers[index], [name])
        self._note_backwards(said, ordered.backwards, noting)
        self._note_unread("time", name, "an RFC 3339 time", said.stamps, ordered.unread, said, unread)

    def _note_unread(
        self,
        check: str,
        name: str,
        expected: str,
        values: Sequence[object],
        which: Iterable[int],
        said: _Said,
        unread: _Noting,
    ) -> None:
        for index in which:
            what = "missing" if values[index] is None else f"expected {expected}"
            unread.note(Reason(check, self._place(name), what), said.numbers[index], [name])

    def _note_backwards(self, said: _Said, backwards: list[int], noting: _Noting) -> None:
        name = self._promise.fields.timestamp
        for index in backwards:
            what = f"more than {TOLERANCE:g} s older than a record before it"
            noting.note(Reason(BACKWARDS, self._place(name), what), said.numbers[index], [name])

    def _judge_requests(self, said: _Said, tally: Tally, noting: _Noting, unread: _Noting) -> None:
        name = self._promise.fields.request_id
        if set(map(type, said.loggers)) - {str}:
            which = [index for index, one in enumerate(said.loggers) if type(one) is not str]
            logger = self._promise.fields.logger
            self._note_unread("logger", logger, "a logger's name", said.loggers, which, said, unread)
            said.loggers = [one if type(one) is str else None for one in said.loggers]
        loggers = set(said.loggers)
        scoped = {one for one in loggers if type(one) is str and self._is_scoped(one)}
        if not scoped:
            return
        requests = list(compress(said.requests, map(scoped.__contains__, said.loggers)))
        tally.scoped = len(requests)
        if set(map(type, requests)) == {str} and all(requests) and not any(map(str.isspace, requests)):
            return
        for index, (logger, request) in enumerate(zip(said.loggers, said.requests, strict=True)):
            if logger in scoped and (not request or (type(request) is str and request.isspace())):
                what = "missing" if request is None else "empty"
                noting.note(Reason("request-id", self._place(name), what), said.numbers[index], [name])

    def _is_scoped(self, logger: str) -> bool:
        return any(
            logger == name or (name.endswith(".*") and logger.startswith(name[:-1]))
            for name in self._promise.request_scoped
        )

    # Secrets

    def _scan(self, faulty: set[int], noting: _Noting) -> None:
        assert self._scanner is not None  # noqa: S101 - only called with one
        data = noting.block.data
        number = start = 0
        told: set[tuple[int, Reason]] = set()
        for match in self._scanner.scan(data):
            number += data.count(b"\n", start, match.start)
            start = data.rfind(b"\n", 0, match.start) + 1
            text = noting.lines[number].decode("utf-8", "replace")
            at = len(data[start : match.start].decode("utf-8", "replace"))
            path = [] if number in faulty else reasons.path_at(text, at)
            reason = Reason("secret", reasons.place_of(path, self._known), match.kind)
            if (number, reason) not in told:
                told.add((number, reason))
                noting.note(reason, number, at)

    def _place(self, name: str) -> str:
        return reasons.place_of([name], self._known)


@dataclass(slots=True)
class _Said:
    """What the records of a block say: lists of one length."""

    numbers: list[int] = field(default_factory=list)
    """Of their lines, from 0."""
    levels: list[Any] = field(default_factory=list)
    stamps: list[object] = field(default_factory=list)
    loggers: list[Any] = field(default_factory=list)
    """Empty, as the next, where nothing is promised of requests."""
    requests: list[Any] = field(default_factory=list)


class _Levels:
    """What the levels of a promise mean."""

    def __init__(self, promise: LogPromise) -> None:
        self.rank = {level: number for number, level in enumerate(promise.levels)}
        for level in (promise.log_level, promise.error_level):
            asked = level is promise.log_level or promise.errors_only or promise.keep_errors
            if asked and level is not None and level not in self.rank:
                raise ValueError(f"the level {level} is none of {', '.join(promise.levels)}")
        self._least = 0 if promise.log_level is None else self.rank[promise.log_level]
        self._error = self.rank.get(promise.error_level, len(self.rank))
        self._promise = promise
        least = max(self._least, self._error) if promise.errors_only else self._least
        self.allowed = frozenset(promise.levels[least:])
        self.errors = promise.levels[self._error :]

    def wrong(self, level: object) -> Iterable[tuple[str, str]]:
        """What is wrong with a level that is not allowed: the check, and why."""
        if level is None:
            yield "level", "missing"
        elif not isinstance(level, str) or level not in self.rank:
            yield "level", f"expected one of {', '.join(self.rank)}"
        else:
            if self.rank[level] < self._least:
                yield "below-log-level", f"{level} is below {self._promise.log_level}"
            if self._promise.errors_only and self.rank[level] < self._error:
                yield "not-an-error", f"{level} is below {self._promise.error_level}"


class _Noting:
    """Notes what is found in a block."""

    def __init__(
        self,
        found: dict[Reason, Found],
        block: Block,
        lines: Sequence[bytes],
        placed: Counter[Reason],
        kept: int,
    ) -> None:
        self._found, self._placed, self._kept = found, placed, kept
        self.block, self.lines = block, lines

    def note(self, reason: Reason, number: int, at: int | list[str | int] | None) -> None:
        """Count a reason. ``at``: where in the line, as an offset in characters or as a path into its record; None:
        where the strict reader finds a fault."""
        found = self._found.get(reason)
        if found is None:
            found = self._found[reason] = Found()
        found.count += 1
        # Places are dear. Those of earlier blocks come first; but which times go back, later ones may change.
        before = 0 if reason.check == BACKWARDS else self._placed[reason]
        if len(found.places) >= self._kept or before >= self._kept:
            return
        self._placed[reason] += 1
        text = self.lines[number].decode("utf-8", "replace")
        match at:
            case int():
                offset = at
            case None:
                fault = strict_json.parse(self.lines[number])
                offset = fault.offset if isinstance(fault, strict_json.Fault) else 0
            case _:
                offset = reasons.offset_of(text, at)
        found.places.append(
            Place(self.block.file, self.block.line + number, offset + 1, reasons.excerpt(text, offset))
        )


def _lines(block: Block) -> list[bytes]:
    lines = block.data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _alone(line: bytes, *, spaced: bool) -> Record | tuple[str, int]:
    """The record of a line; or why it has none, and the offset of that in its text."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return reasons.of_json(error, line)
    if not isinstance(value, dict):
        return reasons.of_value(value), 0
    return value if _has_keys_once(line, value, spaced=spaced) else (_TWICE, 0)


def _has_keys_once(line: bytes, record: Record, *, spaced: bool) -> bool:
    """Whether no object in a record has a key twice."""
    inner = _inner_keys(record)
    if inner < 0:
        return isinstance(strict_json.parse(line), strict_json.Parsed)
    keys = len(record) + inner
    return (not spaced and line.count(b'":') == keys) or _separators(line) == keys


def _first_errors(one: Validator, value: object) -> list[ValidationError] | None:
    """The first breaches; None where the value is nested deeper than jsonschema-rs can tell them."""
    try:
        return list(islice(one.iter_errors(value), _ERRORS))
    except ValueError:
        return None


def _inner_keys(record: Record) -> int:
    """How many keys the objects in a record have, at any depth; its own left out."""
    try:
        return _keys_in(record.values())
    except RecursionError:
        return -1  # so deep that the line is left to the strict reader


def _keys_in(values: Iterable[Any]) -> int:
    count = 0
    for value in values:
        if type(value) is dict:
            count += len(value) + _keys_in(value.values())
        elif type(value) is list:
            count += _keys_in(value)
    return count


def _separators(text: bytes) -> int:
    """How many keys a JSON text has, repeated ones included."""
    return _STRINGS.findall(text).count(b":")


def _digest(record: Record, line: bytes) -> bytes:
    try:
        text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # nested deeper than it writes
        text = line.strip()
    return blake2b(text, digest_size=8).digest()


def _has_spaced_colons(data: bytes) -> bool:
    """Whether there may be a key with whitespace between it and its colon."""
    found = False

    def take(*_: object) -> bool:
        nonlocal found
        found = True
        return True

    try:
        _spaced_colons().scan(data, match_event_handler=take)
    except _terminated():
        return True
    return found


@cache
def _spaced_colons() -> hyperscan.Database:
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(expressions=[rb'"[ \t\r]+:'], ids=[0], elements=1, flags=[hyperscan.HS_FLAG_SINGLEMATCH])
    return database


@cache
def _terminated() -> type[Exception]:
    import hyperscan

    error: type[Exception] = hyperscan.ScanTerminated
    return error

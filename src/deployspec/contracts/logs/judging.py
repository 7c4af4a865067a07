"""Judges blocks of log lines: every line by itself, many lines at a time.

Calls cost more than the work in them, so lines are parsed and validated together, and looked at one by one only where
something is not right. The verdict on each line is that of the strict reader (``deployspec.contracts.strict_json``)
and of the schema on that line alone.

Lines are parsed as one array, between them a number that nobody can foresee. If every second item of the array is
that number, and there are no more of them than were put in, none has become a part of something else: each line is
exactly one value. A repeated key is told by counting: a line that has as many ``":`` as its objects have keys has
no key twice.
"""

from __future__ import annotations

import re
import secrets as random
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

import orjson

from deployspec.contracts import strict_json
from deployspec.contracts.logs import reasons, stamps
from deployspec.contracts.logs.model import (
    KEPT_PLACES,
    TOLERANCE,
    Block,
    ErrorRecord,
    Found,
    LogPromise,
    Place,
    Reason,
    Tally,
)
from deployspec.contracts.logs.report import BACKWARDS
from deployspec.contracts.logs.schema import of_lists, validator
from deployspec.contracts.logs.secrets import SecretScanner

if TYPE_CHECKING:
    import hyperscan

_TOGETHER = (64, 8, 1)
"""How many lines are parsed at a time: where something is not right among them, fewer, and at last each alone."""
_VALIDATED = 16
"""How many records are validated at a time."""
_ERRORS = 50
"""How many breaches of the schema are told of one record."""
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"[ \t\r]*(:?)')

Record = dict[str, Any]


class LineJudge:
    """Judges the blocks of one source, in the order of reading, for one report.

    Raises SchemaUnusableError for a schema that cannot be used, AllowListError for ``allowed`` that is no regular
    expression, ValueError for a level that is none of ``levels``.
    """

    def __init__(self, promise: LogPromise) -> None:
        self._promise = promise
        self._one = validator(promise.schema, "the schema of records")
        self._many = validator(of_lists(promise.schema), "the schema of records")
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
        noting = _Noting(tally.found, block, lines, self._placed)
        numbers, records, faults = self._parsed(block.data, lines)
        for number, what, at in faults:
            noting.note(Reason("json", "$", what), number, at)
            if reasons.STACK_TRACE.search(lines[number]):
                noting.note(Reason("stack-trace", "$", "a line of a stack trace"), number, 0)
        tally.invalid = len(faults)
        if records:
            tally.invalid += self._fit(numbers, records, noting)
            self._judge_levels(numbers, records, tally, noting)
            self._judge_times(numbers, records, tally, noting)
            self._judge_requests(numbers, records, tally, noting)
        if self._scanner is not None:
            self._scan(block, lines, {number for number, *_ in faults}, noting)
        return tally

    def times(self, block: Block, highest: float) -> dict[Reason, Found]:
        """The records of a block that are too old beside ``highest``, the latest time before them, or one another."""
        lines = _lines(block)
        numbers, records, _ = self._parsed(block.data, lines)
        found: dict[Reason, Found] = {}
        noting = _Noting(found, block, lines, Counter())
        ordered = stamps.ordered(self._stamps(records), block.read_at, highest)
        self._note_backwards(numbers, ordered.backwards, noting)
        return found

    # Strict JSON

    def _parsed(
        self, data: bytes, lines: Sequence[bytes]
    ) -> tuple[Sequence[int], list[Record], list[tuple[int, str, int]]]:
        """The records, the numbers of their lines from 0, and for each other line its fault and the offset of that."""
        spaced = _has_spaced_colons(data)
        records: list[Record] = []
        numbers: list[int] = []
        faults: list[tuple[int, str, int]] = []

        def take(start: int, end: int, level: int) -> None:
            size = _TOGETHER[level]
            for at in range(start, end, size):
                stop = min(end, at + size)
                if size == 1:
                    fault = _alone(lines[at])
                    if isinstance(fault, dict):
                        records.append(fault)
                        numbers.append(at)
                    else:
                        faults.append((at, *fault))
                elif (found := self._together(lines[at:stop], spaced=spaced)) is not None:
                    records.extend(found)
                    numbers.extend(range(at, stop))
                else:
                    take(at, stop, level + 1)

        take(0, len(lines), 0)
        return numbers, records, faults

    def _together(self, lines: Sequence[bytes], *, spaced: bool) -> list[Record] | None:
        """The records, if every line is exactly one and has no key twice; None where that is not sure."""
        joined = b"[" + self._between.join(lines) + b"]"
        try:
            values = orjson.loads(joined)
        except orjson.JSONDecodeError:
            return None
        count = len(lines)
        records: list[Record] = values[::2]
        if (
            len(values) != 2 * count - 1
            or values[1::2].count(self._number) != count - 1
            or set(map(type, records)) != {dict}
        ):
            return None
        keys = sum(map(len, records)) if joined.count(b"{") == count else sum(map(_keys, records))
        if (spaced or joined.count(b'":') != keys) and _separators(joined) != keys:
            return None
        return records

    # The schema

    def _fit(self, numbers: Sequence[int], records: list[Record], noting: _Noting) -> int:
        """Note what does not fit the schema; returns how many records do not."""
        invalid = 0
        for start in range(0, len(records), _VALIDATED):
            some = records[start : start + _VALIDATED]
            if self._many.is_valid(some):
                continue
            for number, record in zip(numbers[start : start + _VALIDATED], some, strict=True):
                if not self._one.is_valid(record):
                    invalid += 1
                    self._note_misfit(number, record, noting)
        return invalid

    def _note_misfit(self, number: int, record: Record, noting: _Noting) -> None:
        told: dict[Reason, list[str | int]] = {}
        for error in islice(self._one.iter_errors(record), _ERRORS):
            path = list(error.instance_path)
            told.setdefault(
                Reason("schema", reasons.place_of(path, self._known), reasons.of_schema(error)), path
            )
        for reason, path in told.items():
            noting.note(reason, number, path)

    # Levels, times, requests

    def _judge_levels(
        self, numbers: Sequence[int], records: list[Record], tally: Tally, noting: _Noting
    ) -> None:
        name, levels = self._promise.fields.level, self._levels
        said = [record.get(name) for record in records]
        try:
            counts = Counter(said)
        except TypeError:  # an array or an object
            counts = Counter(one for one in said if isinstance(one, str))
            clean = False
        else:
            clean = counts.keys() <= levels.allowed
        tally.levels = {level: counts[level] for level in levels.rank if counts[level]}
        if not clean:
            for number, level in zip(numbers, said, strict=True):
                if not isinstance(level, str) or level not in levels.allowed:
                    for check, what in levels.wrong(level):
                        noting.note(Reason(check, self._place(name), what), number, [name])
        if self._promise.keep_errors and not levels.errors.isdisjoint(counts):
            tally.errors = list(self._errors(numbers, records, said, noting))

    def _errors(
        self, numbers: Sequence[int], records: list[Record], said: list[Any], noting: _Noting
    ) -> Iterable[ErrorRecord]:
        for number, record, level in zip(numbers, records, said, strict=True):
            if isinstance(level, str) and level in self._levels.errors:
                moment = stamps.seconds(record.get(self._promise.fields.timestamp))
                if moment is not None:
                    digest = _digest(record, noting.lines[number])
                    yield ErrorRecord(moment, digest, noting.block.file, noting.block.line + number)

    def _judge_times(
        self, numbers: Sequence[int], records: list[Record], tally: Tally, noting: _Noting
    ) -> None:
        ordered = stamps.ordered(self._stamps(records), noting.block.read_at)
        tally.times = ordered.times
        name = self._promise.fields.timestamp
        for index in ordered.future:
            what = f"more than {TOLERANCE:g} s in the future"
            noting.note(Reason("future", self._place(name), what), numbers[index], [name])
        self._note_backwards(numbers, ordered.backwards, noting)

    def _note_backwards(self, numbers: Sequence[int], backwards: list[int], noting: _Noting) -> None:
        name = self._promise.fields.timestamp
        for index in backwards:
            what = f"more than {TOLERANCE:g} s older than a record before it"
            noting.note(Reason(BACKWARDS, self._place(name), what), numbers[index], [name])

    def _stamps(self, records: list[Record]) -> list[object]:
        name = self._promise.fields.timestamp
        return [record.get(name) for record in records]

    def _judge_requests(
        self, numbers: Sequence[int], records: list[Record], tally: Tally, noting: _Noting
    ) -> None:
        if not self._promise.request_scoped:
            return
        fields = self._promise.fields
        loggers = [record.get(fields.logger) for record in records]
        scoped = {name for name in {one for one in loggers if isinstance(one, str)} if self._is_scoped(name)}
        if not scoped:
            return
        for number, record, logger in zip(numbers, records, loggers, strict=True):
            if isinstance(logger, str) and logger in scoped:
                tally.scoped += 1
                said = record.get(fields.request_id)
                if not said or (isinstance(said, str) and said.isspace()):
                    what = "missing" if said is None else "empty"
                    noting.note(
                        Reason("request-id", self._place(fields.request_id), what),
                        number,
                        [fields.request_id] if fields.request_id in record else [],
                    )

    def _is_scoped(self, logger: str) -> bool:
        return any(
            logger == name or (name.endswith(".*") and logger.startswith(name[:-1]))
            for name in self._promise.request_scoped
        )

    # Secrets

    def _scan(self, block: Block, lines: Sequence[bytes], faulty: set[int], noting: _Noting) -> None:
        assert self._scanner is not None  # noqa: S101 - only called with one
        matches = self._scanner.scan(block.data)
        if not matches:
            return
        starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        told: set[tuple[int, Reason]] = set()
        for match in matches:
            number = bisect_right(starts, match.start) - 1
            at = len(lines[number][: match.start - starts[number]].decode("utf-8", "replace"))
            path = [] if number in faulty else reasons.path_at(lines[number].decode("utf-8", "replace"), at)
            reason = Reason("secret", reasons.place_of(path, self._known), match.kind)
            if (number, reason) not in told:
                told.add((number, reason))
                noting.note(reason, number, at)

    def _place(self, name: str) -> str:
        return reasons.place_of([name], self._known)


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
        self.errors = frozenset(promise.levels[self._error :])

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
        self, found: dict[Reason, Found], block: Block, lines: Sequence[bytes], placed: Counter[Reason]
    ) -> None:
        self._found, self._placed = found, placed
        self.block, self.lines = block, lines

    def note(self, reason: Reason, number: int, at: int | list[str | int]) -> None:
        """Count a reason. ``at``: where in the line, as an offset in characters or as a path into its record."""
        found = self._found.get(reason)
        if found is None:
            found = self._found[reason] = Found()
        found.count += 1
        # Places are dear. Those of earlier blocks come first; but which times go back, later ones may change.
        before = 0 if reason.check == BACKWARDS else self._placed[reason]
        if len(found.places) >= KEPT_PLACES or before >= KEPT_PLACES:
            return
        self._placed[reason] += 1
        text = self.lines[number].decode("utf-8", "replace")
        offset = at if isinstance(at, int) else reasons.offset_of(text, at)
        found.places.append(
            Place(self.block.file, self.block.line + number, offset + 1, reasons.excerpt(text, offset))
        )


def _lines(block: Block) -> list[bytes]:
    lines = block.data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _alone(line: bytes) -> Record | tuple[str, int]:
    """The record of a line; or why it has none, and the offset of that in its text."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return reasons.of_json(error, line)
    if not isinstance(value, dict):
        return reasons.of_value(value), 0
    if _separators(line) != _keys(value):
        fault = strict_json.parse(line)
        at = fault.offset if isinstance(fault, strict_json.Fault) else 0
        return "the same key appears twice", at
    return value


def _keys(record: Record) -> int:
    """How many keys a record's objects have, at any depth."""
    count = 0
    rest: list[Any] = [record]
    while rest:
        value = rest.pop()
        if type(value) is dict:
            count += len(value)
            value = value.values()
        rest += [one for one in value if type(one) is dict or type(one) is list]
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

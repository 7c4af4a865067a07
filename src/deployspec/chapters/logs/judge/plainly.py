"""Passes over the lines of a block that are plainly right: those of the shapes that lines before them had.

One regular expression goes over the whole block, and nothing else is done with most lines: no object is made of them. What
it does not match is judged as ever, and so is what it matches where a column holds a value that is not right. So a line
that is passed over here is one that would have nothing noted but its time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, compress, count
from random import Random
from typing import Any, Protocol

import orjson

from deployspec.chapters.logs.form import EVERY_RECORD
from deployspec.chapters.logs.judge.model import LogPromise
from deployspec.chapters.logs.judge.parsing import lines_of
from deployspec.chapters.logs.judge.quicker import Quicker
from deployspec.chapters.logs.judge.requiring import Never, is_understood
from deployspec.chapters.logs.judge.searching import ends
from deployspec.chapters.logs.judge.shapes import NEUTRAL, Column, Shape, matching, shape_of
from deployspec.languages.json_schema import SchemaUnusableError, validator

_SHAPES = 24
"""How many shapes are known, at most."""
_SAMPLES = 128
"""How many lines of a block are looked at to learn their shapes."""
_TRIES = 16
"""How many of them may have no shape that others have, too."""
_LEAST = 1 << 14
"""Nothing is learned from a block of fewer bytes: that takes as long as to judge it."""
AFTER = 1 << 20
"""Nor from the first bytes of a source: to learn takes as long as to judge some hundred KiB."""
_FEW, _MOST = 0.1, 0.8
"""The share of lines without a known shape that is no reason to learn; and that for which shapes are of no use."""
_RARELY = 64
"""After how many blocks shapes are learned again, at most."""
_KNOWN = 256
"""How many values of a column are remembered."""
_CONTROL = (rb"[\x00-\x09\x0b-\x1f]",)
_ESCAPE = re.compile(
    rb'\\(?:["\\/bfnrt]|u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}'
    rb"|[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}))"
)
_STRING, _STRING_AMONG_CONTROLS = b'[^"', b'[^"\\x00-\\x1f'


@dataclass(slots=True)
class Plain:
    """What the lines say that are passed over, and which are not."""

    lines: int
    """All of them."""
    rest: list[int]
    """The numbers, from 0, of those that are to be judged."""
    levels: Counter[str]
    errors: list[int]
    """The numbers of those of them that are to be kept."""
    scoped: int
    """Records of loggers that belong to requests."""
    stamps: list[Any]
    """Of those passed over; empty where no time is asked for."""

    def stamps_among(self, numbers: Sequence[int], stamps: Sequence[Any]) -> tuple[list[int], list[Any]]:
        """All numbers and times in the order of lines: with these, of those that were judged and are records."""
        judged = dict(zip(numbers, stamps, strict=True))
        all_numbers: list[int] = []
        all_stamps: list[Any] = []
        at = passed = 0
        for number in (*self.rest, self.lines):
            all_numbers += range(at, number)
            all_stamps += self.stamps[passed : passed + number - at]
            passed += number - at
            at = number + 1
            if number in judged:
                all_numbers.append(number)
                all_stamps.append(judged[number])
        return all_numbers, all_stamps


class Meanings(Protocol):
    """What levels and loggers mean."""

    def allowed_level(self, level: Any) -> str | None:
        """The name of a level that a record may have."""

    def is_kept(self, level: str) -> bool:
        """Whether the records of a level are kept."""

    def is_scoped(self, logger: str) -> bool:
        """Whether the records of a logger belong to requests."""


class Passing:
    """Learns the shapes of one source's lines, and passes over those that have one."""

    def __init__(
        self,
        promise: LogPromise,
        meanings: Meanings,
        is_right: Callable[[bytes], bool],
        quicker: Quicker | None = None,
    ) -> None:
        """``is_right``: whether a line by itself has nothing noted, but for its time, and for secrets. ``quicker``: says of each
        block whether to pass over lines, once shapes are known; None: always."""
        self._promise, self._meanings, self._is_right = promise, meanings, is_right
        self._quicker = quicker
        self._every = EVERY_RECORD in promise.request_scoped
        form = promise.form
        self._can = form.is_plain and form.syntax == "json" and form.name != "journald"
        self._can = self._can and is_understood(promise.schema)
        self._shapes: dict[object, Shape] = {}
        self._matches: dict[tuple[bytes, bytes], re.Pattern[bytes]] = {}
        self._columns: list[Column] = []
        self._judges: dict[object, _Cells] = {}
        self._seen = 0
        self._blocks, self._learns_at, self._pause = 0, 1, 1

    def over(self, data: bytes, lines: Sequence[bytes]) -> Plain | None:
        """What can be passed over in a block of these lines; None: nothing."""
        self._seen += len(data)
        learns = len(data) >= _LEAST and self._seen > AFTER
        if not self._can or not (learns or self._shapes) or not _is_text(data):
            return None
        if self._shapes and learns and self._quicker is not None and not self._quicker.is_first():
            return None
        self._blocks += learns
        text = _without_escapes(data)
        string = _STRING_AMONG_CONTROLS if ends(_CONTROL, text, once=True) else _STRING
        found = self._match(text, string, len(lines))
        if (
            learns
            and self._blocks >= self._learns_at
            and (found is None or len(found.rest) > _FEW * found.lines)
        ):
            self._learn(lines, text, found)
            self._pause = min(_RARELY, 4 * self._pause)
            self._learns_at = self._blocks + self._pause
            found = self._match(text, string, len(lines))
            if found is not None and len(found.rest) > _MOST * found.lines:
                self._shapes.clear()
        return found

    def _learn(self, whole: Sequence[bytes], text: bytes, found: Plain | None) -> None:
        """Add the shapes of some of the lines that have none."""
        if len(self._shapes) >= _SHAPES:
            self._shapes.clear()
            self._judges.clear()
            found = None
        lines = list(zip(whole, lines_of(text), strict=True))
        if found is not None:
            lines = [lines[number] for number in found.rest]
        # By chance, and the same every time: kinds of lines may take turns.
        some = Random(0).sample(lines, min(_SAMPLES, len(lines)))  # noqa: S311
        tries = 0
        while some and len(self._shapes) < _SHAPES and tries < _TRIES:
            line = some[0][0]
            shape = self._shape_of(line)
            if shape is None:
                some, tries = some[1:], tries + 1
                continue
            pattern, _ = matching([shape], _STRING_AMONG_CONTROLS, NEUTRAL)
            others = [one for one in some[1:] if pattern.findall(one[1] + b"\n")[0][-1]]
            if len(others) < len(some) - 1:
                self._shapes[shape.key] = shape
            else:
                tries += 1
            some = others
        self._matches.clear()

    def _shape_of(self, line: bytes) -> Shape | None:
        if not self._is_right(line):
            return None
        try:
            return shape_of(
                line,
                self._promise.schema,
                self._promise.fields,
                scoped=bool(self._promise.request_scoped),
                every=self._every,
            )
        except (Never, SchemaUnusableError, RecursionError):
            return None

    def _match(self, text: bytes, string: bytes, lines: int) -> Plain | None:
        if not self._shapes:
            return None
        pattern = self._matching(string, NEUTRAL if NEUTRAL in text else b"")
        # In this list, the groups of each line follow what is before it: nothing, since every line matches.
        said, step = pattern.split(text), pattern.groups + 1
        if len(said) // step < lines:
            # A string that has no end goes on in the next line.
            return self._match(text, _STRING_AMONG_CONTROLS, lines) if string == _STRING else None
        columns = [(one, said[2 + at :: step]) for at, one in enumerate(self._columns)]
        # Of each group, most lines have none: what is left is a fraction of it.
        held = [list(filter(None, cells)) for _, cells in columns]
        rest = list(compress(count(), said[step - 1 :: step]))
        wrong: set[int] = set()
        for (column, cells), values in zip(columns, held, strict=True):
            if bad := self._judges[column.key].bad(values):
                wrong.update(compress(count(), map(bad.__contains__, cells)))
        if wrong:
            rest = sorted(wrong.union(rest))
            for (_, cells), values in zip(columns, held, strict=True):
                for number in wrong:
                    if cells[number] is not None:
                        values.remove(cells[number])
                        cells[number] = None
        levels: Counter[str] = Counter()
        errors: list[int] = []
        scoped = lines - len(rest) if self._every else 0
        for (column, cells), values in zip(columns, held, strict=True):
            if column.role == "level":
                if kept := self._count(values, levels):
                    errors += compress(count(), map(kept.__contains__, cells))
            elif column.role == "logger":
                loggers = Counter(values) if column.value is None else {column.value: len(values)}
                scoped += sum(times for one, times in loggers.items() if self._is_scoped(one))
        moments = [cells for column, cells in columns if column.role == "timestamp"]
        stamps = _values(filter(None, chain.from_iterable(zip(*moments, strict=True))))
        return Plain(lines, rest, levels, sorted(errors), scoped, stamps)

    def _count(self, values: Sequence[bytes], levels: Counter[str]) -> set[bytes]:
        """Count the levels; those whose records are kept."""
        kept = set()
        for level, times in Counter(values).items():
            name = self._meanings.allowed_level(orjson.loads(level))
            if name is not None:
                levels[name] += times
                if self._meanings.is_kept(name):
                    kept.add(level)
        return kept

    def _matching(self, string: bytes, escaped: bytes) -> re.Pattern[bytes]:
        if (string, escaped) not in self._matches:
            found, self._columns = matching(list(self._shapes.values()), string, escaped)
            self._matches[string, escaped] = found
            for column in self._columns:
                self._judges.setdefault(column.key, _Cells(column, self._meanings))
        return self._matches[string, escaped]

    def _is_scoped(self, logger: bytes) -> bool:
        return self._meanings.is_scoped(orjson.loads(logger))


class _Cells:
    """Judges the values of a column."""

    def __init__(self, column: Column, meanings: Meanings) -> None:
        self._lists = [validator(need.of_list(), "the schema") for need in column.needs]
        self._level_of = meanings.allowed_level if column.role == "level" else None
        self._known: set[bytes] | None = None if column.role == "timestamp" else set()
        """Values that are right; None: there are too many of them."""

    def bad(self, values: Sequence[bytes]) -> frozenset[bytes]:
        """Those that are not right."""
        if not self._lists and self._level_of is None:
            return frozenset()
        new = values if self._known is None else list(set(values) - self._known)
        bad = frozenset(self._bad(new, _values(new)))
        if self._known is not None:
            self._known = None if len(self._known) > _KNOWN else self._known.union(new) - bad
        return bad

    def _bad(self, cells: Sequence[bytes], values: list[Any]) -> Iterator[bytes]:
        """Those of some values that are not right: by halves, since most are."""
        if not values or self._are_right(values):
            return
        if len(values) == 1:
            yield cells[0]
            return
        half = len(values) // 2
        yield from self._bad(cells[:half], values[:half])
        yield from self._bad(cells[half:], values[half:])

    def _are_right(self, values: list[Any]) -> bool:
        return all(one.is_valid(values) for one in self._lists) and (
            self._level_of is None or None not in map(self._level_of, values)
        )


def _values(cells: Iterable[bytes]) -> list[Any]:
    values: list[Any] = orjson.loads(b"[%b]" % b",".join(cells))
    return values


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _without_escapes(data: bytes) -> bytes:
    """The lines, each with its line break, and without a backslash: one that is no escape becomes quotes that no right line
    has, in a string or beside it."""
    text = data if data.endswith(b"\n") else data + b"\n"
    return _ESCAPE.sub(NEUTRAL, text).replace(b"\\", b'"""') if b"\\" in text else text

"""Judges blocks of log lines: every line by itself, many lines at a time.

The verdict on each line is that of the strict reader (``deployspec.base.strict_json``) and of the schema on that line
alone, however many lines are parsed (:mod:`.parsing`), validated (:mod:`.fitting`) and compared (:mod:`.telling`) at a
time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import astuple
from operator import attrgetter

import orjson

from deployspec.chapters.logs.form import WRAPPED_AT, steps_of
from deployspec.chapters.logs.judge import reasons
from deployspec.chapters.logs.judge.fitting import Fitting
from deployspec.chapters.logs.judge.model import Block, Found, LogPromise, Reason, Tally
from deployspec.chapters.logs.judge.noting import Noting
from deployspec.chapters.logs.judge.parsing import TWICE, lines_of
from deployspec.chapters.logs.judge.plainly import Passing, Plain
from deployspec.chapters.logs.judge.quicker import Quicker
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.secrets import SecretScanner
from deployspec.chapters.logs.judge.syntax import Fault, records_of, syntax_of
from deployspec.chapters.logs.judge.telling import Said, Telling
from deployspec.chapters.logs.judge.texts import Unwrapping

_FAR = 4_102_444_800.0
"""The year 2100, in seconds since the epoch: by then, no time is ahead."""


class LineJudge:
    """Judges the blocks of one source, in the order of reading, for one report.

    ``clock``: this thread's processor time in seconds, by which the quicker of two ways to the same verdict is chosen; None:
    lines are passed over by their shapes wherever that can be.
    Raises SchemaUnusableError for a schema that cannot be used, AllowListError for ``allowed`` that is no regular
    expression, ValueError for a level that is none of ``levels``, and for a form that cannot be used.
    """

    def __init__(self, promise: LogPromise, clock: Callable[[], float] | None = None) -> None:
        self._kept, self._personal = promise.kept, promise.personal_data
        named = (steps_of(name) for name in astuple(promise.fields) if name is not None)
        self._known = reasons.names_of(promise.schema).union(filter(None, astuple(promise.fields)), *named)
        # A schema of one's own knows no field that is not asked for.
        timed = promise.fields.timestamp == WRAPPED_AT.get(promise.form.wrapper or "")
        self._unwrapping, self._syntax = Unwrapping(promise.form, timed=timed), syntax_of(promise.form)
        self._fitting = Fitting(promise.schema, self._known)
        self._telling = Telling(promise, self._known)
        self._scanner = SecretScanner(promise.allowed, promise.personal_data) if promise.secrets else None
        self._placed: Counter[Reason] = Counter()
        self._clock = clock
        self._quicker = None if clock is None else Quicker()
        self._passing = Passing(promise, self._telling, self._is_right, self._quicker)

    def judge(self, block: Block) -> Tally:
        """Judge every line of a block."""
        lines = lines_of(block.data)
        began = self._clock() if self._clock else 0.0
        plain = self._passing.over(block.data, lines)
        tally, noting, faulty = self._judged(block, lines, self._placed, plain)
        if self._clock and self._quicker:
            self._quicker.took((self._clock() - began) / max(1, len(block.data)))
        self._scan(faulty, noting)
        return tally

    def _is_right(self, line: bytes) -> bool:
        """Whether a line has nothing noted, whenever it is read, but for secrets."""
        tally, *_ = self._judged(Block(line, "", 1, "", _FAR), [line], Counter(), None)
        return not (tally.found or tally.unread)

    def _judged(
        self, block: Block, whole: Sequence[bytes], placed: Counter[Reason], plain: Plain | None
    ) -> tuple[Tally, Noting, set[int]]:
        """All but the secrets; and the numbers of lines that are no records. ``whole``: the block's lines; ``plain``: what was
        passed over."""
        texts = self._unwrapping.texts(block.data, whole)
        lines = texts.lines
        tally = Tally(len(lines), size=len(block.data), stream=block.stream)
        noting = Noting(tally.found, block, texts, self._syntax, placed, self._kept, self._personal)
        unread = Noting(tally.unread, block, texts, self._syntax, placed, self._kept, self._personal)
        faults: list[Fault] = []
        said = Said()
        for numbers, records in records_of(
            self._syntax, texts, faults, None if plain is None else plain.rest
        ):
            tally.invalid += self._fitting.misfits(numbers, records, noting)
            self._telling.take(numbers, records, said)
            self._telling.keep_errors(numbers, records, said, noting, tally)
        if plain is not None and plain.errors:
            records, kept = orjson.loads(b"[%b]" % b",".join(map(lines.__getitem__, plain.errors))), Said()
            self._telling.take(plain.errors, records, kept)
            self._telling.keep_errors(plain.errors, records, kept, noting, tally)
            tally.errors.sort(key=attrgetter("line"))
        for number, what, at in faults:
            noting.note(Reason("json", "$", what), number, None if what is TWICE else at)
            if reasons.STACK_TRACE.search(lines[number]):
                noting.note(reasons.OF_STACK_TRACE, number, 0)
        tally.continued = len(texts.goes_on)
        for number in sorted(texts.goes_on):
            if reasons.STACK_TRACE.search(lines[number]):
                noting.note(reasons.OF_STACK_TRACE, number, 0)
        tally.invalid += len(faults)
        self._telling.judge(said, tally, noting, unread, plain)
        return tally, noting, {*texts.goes_on, *(number for number, *_ in faults)}

    def add(self, block: Block, tally: Tally, report: Report) -> None:
        """Add the tally of a block to the report, in the order of reading.

        That a time is behind one of an earlier block, no block shows alone: the report knows how late it was before,
        and the block is then looked at once more, for its times only.
        """
        highest = report.add(tally)
        if highest is None:
            return
        texts, said = self._unwrapping.texts(block.data, lines_of(block.data)), Said()
        for numbers, records in records_of(self._syntax, texts, []):
            self._telling.take(numbers, records, said)
        found: dict[Reason, Found] = {}
        noting = Noting(found, block, texts, self._syntax, Counter(), self._kept, self._personal)
        self._telling.judge_late(said, highest, noting)
        report.add_backwards(found)

    def _scan(self, faulty: set[int], noting: Noting) -> None:
        """Note every secret, once for each line and reason."""
        texts, data = noting.texts, noting.texts.data
        # Offsets in whole lines begin before the text; those in rewritten ones, with it.
        begins = texts.begins if data is noting.block.data else ()
        number = start = 0
        noted: set[tuple[int, Reason]] = set()
        for match in self._scanner.scan(data) if self._scanner else ():
            number += data.count(b"\n", start, match.start)
            start = data.rfind(b"\n", 0, match.start) + 1
            text = texts.lines[number].decode("utf-8", "replace")
            at = len(data[start : match.start].decode("utf-8", "replace")) - (begins[number] if begins else 0)
            path = [] if number in faulty or at < 0 else self._syntax.path_at(text, at)
            reason = Reason("secret", reasons.place_of(path, self._known, tells=True), match.kind)
            if (number, reason) not in noted:
                noted.add((number, reason))
                noting.note(reason, number, at)

"""From the texts of a block to its records: JSON, logfmt, or text that a regular expression takes apart."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from deployspec.chapters.logs.form import Form
from deployspec.chapters.logs.judge import parsing, reasons
from deployspec.chapters.logs.judge.reasons import Path
from deployspec.chapters.logs.judge.texts import Texts, Unwrapping

_MATCHED = 8192
"""How far a pattern is matched, in characters: a bound for slow ones. What follows is a part of no field."""
_TOGETHER = 64

Record = dict[str, Any]
Fault = tuple[int, str, int]
"""The number of a line from 0, what is wrong with its text, and the offset of that."""


class Syntax(ABC):
    """One way to write a record."""

    @abstractmethod
    def records(
        self, texts: Texts, lines: Sequence[bytes], faults: list[Fault]
    ) -> Iterator[tuple[Sequence[int], list[Record]]]:
        """The records of some of the texts, a few at a time, with their numbers; ``faults`` gets what has none."""

    @abstractmethod
    def offset_of(self, text: str, path: Path) -> int:
        """Where the value at a path stands in the text of a record, in characters; 0 where there is none."""

    @abstractmethod
    def path_at(self, text: str, offset: int) -> Path:
        """The path of the value that stands at an offset."""


class Json(Syntax):
    """One strict JSON object a line."""

    def records(
        self, texts: Texts, lines: Sequence[bytes], faults: list[Fault]
    ) -> Iterator[tuple[Sequence[int], list[Record]]]:
        return parsing.parsed(texts.data, lines, faults)

    def offset_of(self, text: str, path: Path) -> int:
        return reasons.offset_of(text, path)

    def path_at(self, text: str, offset: int) -> Path:
        return reasons.path_at(text, offset)


class _Pairs(Syntax):
    """Text with values that stand in it as they are."""

    @abstractmethod
    def spans(self, text: str) -> dict[str, tuple[int, int]] | None:
        """Where the value of each field stands; None where the text is no record."""

    @abstractmethod
    def value(self, text: str) -> str:
        """What a value means."""

    what: str
    """What is wrong with a text that is no record."""

    def records(
        self, texts: Texts, lines: Sequence[bytes], faults: list[Fault]
    ) -> Iterator[tuple[Sequence[int], list[Record]]]:
        del texts
        for start in range(0, len(lines), _TOGETHER):
            numbers: list[int] = []
            records: list[Record] = []
            for number, line in enumerate(lines[start : start + _TOGETHER], start):
                try:
                    text = line.decode()
                except UnicodeDecodeError as fault:
                    at = len(line[: fault.start].decode("utf-8", "replace"))
                    faults.append((number, "the line is not UTF-8", at))
                    continue
                spans = self.spans(text)
                if spans is None:
                    faults.append((number, "the line is empty" if not text.strip() else self.what, 0))
                    continue
                numbers.append(number)
                records.append({name: self.value(text[begin:end]) for name, (begin, end) in spans.items()})
            yield numbers, records

    def offset_of(self, text: str, path: Path) -> int:
        return (self.spans(text) or {}).get(str(path[0]) if path else "", (0, 0))[0]

    def path_at(self, text: str, offset: int) -> Path:
        spans = self.spans(text) or {}
        return next(([name] for name, (begin, end) in spans.items() if begin <= offset < end), [])


class Logfmt(_Pairs):
    """``key=value key="a value" flag``, as Go's libraries write it."""

    what = "the line is not logfmt: expected key=value, values with blanks in quotes"

    def spans(self, text: str) -> dict[str, tuple[int, int]] | None:
        spans: dict[str, tuple[int, int]] = {}
        at = 0
        pairs = False
        while at < len(text):
            pair = _PAIR.match(text, at)
            if pair is None:
                return None
            if pair["key"]:
                pairs = pairs or pair["value"] is not None
                spans[pair["key"]] = (
                    pair.span("value") if pair["value"] is not None else (pair.end("key"),) * 2
                )
            at = pair.end()
        return spans if pairs else None

    def value(self, text: str) -> str:
        if not text.startswith('"'):
            return text
        return _ESCAPE.sub(lambda found: _LETTERS.get(found[1], found[1]), text[1:-1])


_PAIR = re.compile(r'[ \t\r]*(?:(?P<key>[^\s="]+)(?:=(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]*))?)?(?:[ \t\r]+|$)')
_ESCAPE = re.compile(r"\\(.)")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r"}


class Text(_Pairs):
    """Lines that a regular expression describes; raises ValueError for one that cannot be used."""

    def __init__(self, pattern: str, name: str) -> None:
        try:
            self._fits = re.compile(pattern).fullmatch
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"pattern: not a regular expression: {error}") from None
        self.what = f"the line is not as {name} writes it" if name else "the line does not match the pattern"

    def spans(self, text: str) -> dict[str, tuple[int, int]] | None:
        found = self._fits(text, 0, min(len(text) - text.endswith("\r"), _MATCHED))
        if found is None:
            return None
        return {name: found.span(name) for name in found.groupdict() if found.start(name) >= 0}

    def value(self, text: str) -> str:
        return text


class Reader:
    """Reads single lines, less strictly than they are judged. Raises ValueError for a form that cannot be used."""

    def __init__(self, form: Form) -> None:
        self._is_json = form.is_plain and form.syntax == "json"
        self._unwrapping, self._syntax = Unwrapping(form), syntax_of(form)

    def record(self, line: bytes) -> Record | None:
        """The record of a whole line; None where it is none."""
        if self._is_json:
            try:
                found = orjson.loads(line)
            except orjson.JSONDecodeError:
                return None
            return found if isinstance(found, dict) else None
        texts = self._unwrapping.texts(line, [line])
        return next((records[0] for _, records in records_of(self._syntax, texts, []) if records), None)


def syntax_of(form: Form) -> Syntax:
    """How a form writes its records. Raises ValueError for a pattern that cannot be used."""
    if form.syntax == "text":
        return Text(form.pattern or "", form.name)
    return Logfmt() if form.syntax == "logfmt" else Json()


def records_of(
    syntax: Syntax, texts: Texts, faults: list[Fault], kept: Sequence[int] | None = None
) -> Iterator[tuple[Sequence[int], list[Record]]]:
    """The records of a block's texts, with what stands beside them; lines that belong to a record before are left out.

    ``kept``: the numbers of the texts that are looked at; None: all of them.
    """
    faults += [(number, what, 0) for number, what in texts.faults.items()]
    if texts.goes_on or texts.faults:
        kept = [n for n in range(len(texts.lines)) if n not in texts.goes_on and n not in texts.faults]
    if kept is None:
        found = syntax.records(texts, texts.lines, faults)
    else:
        own: list[Fault] = []
        found = syntax.records(texts, [texts.lines[number] for number in kept], own)
    for numbers, records in found:
        if kept is not None:
            numbers = [kept[number] for number in numbers]
            faults += [(kept[number], *rest) for number, *rest in own]  # type: ignore[misc]
            own.clear()
        if texts.said:
            records = [{**texts.said[n], **record} for n, record in zip(numbers, records, strict=True)]
        yield numbers, records

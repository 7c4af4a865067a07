"""What promtool prints about a test file that it failed, line by line. One line that is not understood spoils it all.

Source: ``cmd/promtool/unittest.go`` of Prometheus 2.42, 2.53 and 3.5. Annotations and labels are printed quoted, so a
line break can only come from a group's name, an alert's name or an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deployspec.languages.promtool.golang import unquote

_LABEL = r'(?:[^\s"={},]+|"(?:[^"\\]|\\.)*")="(?:[^"\\]|\\.)*"'
_PAIR = re.compile(r'([^\s"={},]+|"(?:[^"\\]|\\.)*")="((?:[^"\\]|\\.)*)"')
_LABELS = rf"\{{(?:{_LABEL}(?:, {_LABEL})*)?\}}"
_ANNOUNCED = re.compile(r"Unit Testing:  .*")
_NAME = re.compile(r"    name: .*,")
_ALERT = re.compile(r"    alertname: .*, time: \w+, ")
_EXPR = re.compile(r'(    expr: "(?:[^"\\]|\\.)*", time: \w+),(?: err: (.+))?')
_NUMBER = re.compile(r"            (\d+):")
_ALERT_LABELS = re.compile(rf"              Labels:({_LABELS})")
_ANNOTATIONS = re.compile(rf"              Annotations:({_LABELS})(,?)")
_SAMPLES = re.compile(r"        (exp|got): (.+)")
_SAMPLE = re.compile(rf"({_LABELS}) ([^ {{,]+|\{{\{{.*?\}}\}})(?:, |$)")


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert, expected or found firing: labels and annotations as printed."""

    labels: str
    annotations: str


@dataclass(frozen=True, slots=True)
class Block:
    """What is printed about one failed case."""

    header: str
    """The lines, or the beginning of the line, that tell which case it is."""
    text: str
    alerts: tuple[tuple[Alert, ...], tuple[Alert, ...]] | None = None
    """Expected and got, of an alert case."""
    samples: tuple[str, str] | None = None
    """Expected and got, of an expression."""
    error: str = ""
    """Of an expression that could not be evaluated, or not be compared."""


class _NotUnderstoodError(Exception):
    pass


class _Lines:
    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self.at = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = self.maybe(pattern)
        if found is None:
            raise _NotUnderstoodError
        return found

    def maybe(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.fullmatch(self._lines[self.at]) if self.at < len(self._lines) else None
        self.at += found is not None
        return found

    def exactly(self, *lines: str) -> bool:
        there = tuple(self._lines[self.at : self.at + len(lines)]) == lines
        self.at += len(lines) if there else 0
        return there

    def since(self, begin: int) -> str:
        return "\n".join(self._lines[begin : self.at])

    def done(self) -> bool:
        return not any(self._lines[self.at :])


def blocks(printed: str) -> tuple[Block, ...] | None:
    """The failed cases that promtool's output about one file tells of; None where a line is not understood."""
    lines = _Lines(printed)
    try:
        lines.maybe(_ANNOUNCED)
        if not lines.exactly("  FAILED:"):
            return None
        return tuple(_blocks(lines))
    except _NotUnderstoodError:
        return None


def samples(printed: str) -> list[tuple[str, str]] | None:
    """Labels and value of each sample in a line of them; None where it is not understood."""
    found: list[tuple[str, str]] = []
    at = 0
    if printed == "nil":
        return found
    while at < len(printed):
        sample = _SAMPLE.match(printed, at)
        if sample is None:
            return None
        found.append((sample[1], sample[2]))
        at = sample.end()
    return found


def labels(printed: str) -> dict[str, str]:
    """Names and values of what is printed as ``{name="value"}``."""
    return {unquote(name.strip('"')): unquote(value) for name, value in _PAIR.findall(printed)}


def _blocks(lines: _Lines) -> Iterator[Block]:
    while not lines.done():
        begin = lines.at
        if expr := lines.maybe(_EXPR):
            block = _expr(lines, begin, expr[1], expr[2])
        else:
            lines.maybe(_NAME)
            lines.take(_ALERT)
            header = lines.since(begin)
            expected = _alerts(lines, "        exp:[", "], ")
            got = _alerts(lines, "        got:[", "]")
            block = Block(header, lines.since(begin), (expected, got))
        if not lines.exactly(""):
            raise _NotUnderstoodError
        yield block


def _expr(lines: _Lines, begin: int, header: str, error: str | None) -> Block:
    if error:
        return Block(header, lines.since(begin), error=error)
    expected, got = lines.take(_SAMPLES), lines.take(_SAMPLES)
    if (expected[1], got[1]) != ("exp", "got"):
        raise _NotUnderstoodError
    return Block(header, lines.since(begin), samples=(expected[2], got[2]))


def _alerts(lines: _Lines, begin: str, end: str) -> tuple[Alert, ...]:
    if lines.exactly(begin + end):
        return ()
    if not lines.exactly(begin):
        raise _NotUnderstoodError
    alerts: list[Alert] = []
    more = ","
    while more:
        if lines.take(_NUMBER)[1] != str(len(alerts)):
            raise _NotUnderstoodError
        of_labels, annotations = lines.take(_ALERT_LABELS), lines.take(_ANNOTATIONS)
        alerts.append(Alert(of_labels[1], annotations[1]))
        more = annotations[2]
    if not lines.exactly(f"            {end}"):
        raise _NotUnderstoodError
    return tuple(alerts)

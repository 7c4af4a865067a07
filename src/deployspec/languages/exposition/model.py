"""What an exposition of metrics says, and what is wrong with it. Lines and columns count from 1, sizes are in bytes."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property


class Format(StrEnum):
    """The form that the answer says it has."""

    TEXT = "text 0.0.4"
    OPENMETRICS = "OpenMetrics 1.0"


class Effect(StrEnum):
    """What becomes of a scrape, in the words of a reason."""

    NOTHING = "takes it as it is"
    LOSES = "loses the sample without a word"
    ALTERS = "stores something else"
    UNSEEN = "stores it where no query for now sees it"
    REFUSES = "refuses the whole scrape"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One place that is not as the format has it, or that a Prometheus does not take as it is meant."""

    rule: str
    """Its id, a key of :data:`deployspec.languages.exposition.rules.RULES`."""
    line: int
    column: int
    """1 where it is about the whole line, or about the page."""
    text: str
    """What was found and what is expected, in a few words. What is quoted from the page is cut, and may hold a secret."""
    old: Effect
    """What Prometheus 2.42 makes of it."""
    new: Effect
    """What Prometheus 3.5 makes of it."""

    @property
    def servers(self) -> str:
        """What both make of it, as the end of a reason."""
        if self.old is self.new:
            return (
                f"Prometheus {self.old}"
                if self.old is not Effect.NOTHING
                else "Prometheus takes it all the same"
            )
        return f"Prometheus 2.42 {self.old}, 3.5 {self.new}"


@dataclass(frozen=True, slots=True)
class Family:
    """The samples that stand together under a name."""

    name: str
    """As TYPE or HELP has it; a sample's own where neither stands before it."""
    type: str
    """``untyped`` (text) or ``unknown`` (OpenMetrics) where there is no TYPE."""
    help: str | None
    """None where there is no HELP."""
    unit: str
    line: int
    """Where it begins."""
    first: int
    last: int
    """Its samples are those numbered ``first`` to ``last - 1`` among all of the page."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series, with the value of its sample."""

    name: str
    """The sample's: of a histogram also ``…_bucket``, ``…_sum``, ``…_count``."""
    labels: Mapping[str, str]
    """With ``le`` and ``quantile`` as they are written."""
    value: float
    line: int
    timestamp: float | None
    """Seconds since 1970; None where it is left to the scraper."""


@dataclass(frozen=True)
class Exposition:
    """A page, as far as it was read."""

    format: Format
    families: tuple[Family, ...]
    troubles: tuple[Trouble, ...]
    """In the order of lines. The first of each rule, and not more than a few hundred in all."""
    counts: Mapping[str, int]
    """By the rule, how many troubles there are in all."""
    size: int
    """Bytes that were read."""
    whole: bool
    """False where reading stopped at a limit: then the trouble whose rule begins with ``limit`` says which."""
    index: Mapping[bytes, int] = field(repr=False)
    """The number of each series, by its canonical text: the name, then the labels in the order of their names,
    ``http_requests_total{method="GET",status="200"}``. In the order of the page. A sample whose series the page has
    already is not here."""
    values: array[float] = field(repr=False)
    lines: array[int] = field(repr=False)
    timestamps: Mapping[int, float] = field(repr=False)
    """By the series' number; most pages have none."""

    def value(self, text: bytes) -> float | None:
        """The value of a series by its canonical text; None where the page has none."""
        number = self.index.get(text)
        return None if number is None else self.values[number]

    @cached_property
    def texts(self) -> tuple[bytes, ...]:
        """The canonical texts of the series, by their numbers."""
        return tuple(self.index)

    @cached_property
    def named(self) -> Mapping[str, tuple[Family, ...]]:
        """The families of each name: more than one only where a counter of OpenMetrics stands beside a gauge."""
        found: dict[str, tuple[Family, ...]] = {}
        for family in self.families:
            found[family.name] = (*found.get(family.name, ()), family)
        return found

    def series(self, family: Family | None = None) -> Iterator[Series]:
        """The series of a family, or of the whole page."""
        for text in self.texts if family is None else self.texts[family.first : family.last]:
            yield self.series_of(text)

    def series_of(self, text: bytes) -> Series:
        """A series by its canonical text. Raises KeyError where the page has none."""
        number = self.index[text]
        name, labels = taken_apart(text)
        return Series(name, labels, self.values[number], self.lines[number], self.timestamps.get(number))

    def family_of(self, name: str) -> Family | None:
        """The family that has samples of that name, or else has it as its own."""
        own = self.named.get(name, ())
        for family in own:
            if family.last > family.first and (family.type != "counter" or self.format is Format.TEXT):
                return family
        for suffix in SUFFIXES:
            for family in self.named.get(name.removesuffix(suffix), ()) if name.endswith(suffix) else ():
                if family.type not in ("untyped", "unknown", "gauge", "stateset"):
                    return family
        return own[0] if own else None


SUFFIXES = ("_total", "_bucket", "_count", "_sum", "_created", "_info", "_gcount", "_gsum")
"""What a sample's name may have behind its family's."""

_PAIR = re.compile(r'(?:"((?:[^"\\]|\\.)*)"|([^"{,=]+))(?:="((?:[^"\\]|\\.)*)")?,?', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def unescaped(text: str) -> str:
    """A label's value as it is meant."""
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: {"n": "\n", '"': '"', "\\": "\\"}.get(found[1], found[0]), text)


def name_of(text: bytes) -> str:
    """The name in a series' canonical text, also where it stands in quotes."""
    plain = text.partition(b"{")[0]
    return plain.decode("utf-8", "replace") if plain else taken_apart(text)[0]


def taken_apart(text: bytes) -> tuple[str, dict[str, str]]:
    """Name and labels of a series' canonical text."""
    name, brace, rest = text.decode("utf-8", "replace").partition("{")
    labels = {}
    if brace:
        for quoted, plain, value in _PAIR.findall(rest[:-1]):
            key = unescaped(quoted) or plain
            if not name:
                name = key
            else:
                labels[key] = unescaped(value)
    return name, labels


@dataclass(frozen=True, slots=True)
class Limits:
    """Where reading stops."""

    size: int = 50_000_000
    line: int = 1_000_000
    series: int = 1_000_000
    families: int = 100_000
    label_sets: int = 10_000
    """How many sets of labels' names histograms and summaries may have, by family: each of them costs memory."""
    unreadable: int = 20_000
    """Lines that cannot be read: with more of them, it is no exposition."""
    troubles: int = 200
    """How many troubles are kept, beside the first of each rule; the rest is counted."""

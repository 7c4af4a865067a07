"""Rule files and their unit tests, as data. Durations and times are in seconds; a place is where a person looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from deployspec.base.problems import Place, Problem
from deployspec.languages.rule_files.lines import Lines, place_in
from deployspec.languages.rule_files.series import each_item


@dataclass(frozen=True)
class Rule:
    """An alerting or a recording rule."""

    kind: str
    """``alert`` or ``record``."""
    name: str
    """The alert's name, or the recorded metric's."""
    expr: str
    for_: float
    """How long the expression must hold before the alert fires; 0 for a recording rule."""
    keep_firing_for: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    group: str
    places: Mapping[str, Place] = field(repr=False)
    """Of the rule itself (``""``), and of its values: ``name``, ``expr``, ``for``, ``labels.severity``,
    ``annotations.summary`` …; only those that the file says."""
    expr_lines: Lines = field(default=(), repr=False)
    """Offset in ``expr`` at which each of its lines begins, and where that is in the file."""

    @property
    def place(self) -> Place:
        """Where the rule begins."""
        return self.places[""]

    def place_in_expr(self, offset: int) -> Place:
        """Where the character ``offset`` of ``expr`` stands in the file."""
        return place_in(self.expr_lines, offset)


@dataclass(frozen=True)
class RuleGroup:
    """Rules that are evaluated one after the other."""

    name: str
    interval: float | None
    """Seconds between evaluations; None: Prometheus' ``evaluation_interval``."""
    rules: tuple[Rule, ...]
    place: Place
    data: Mapping[str, Any] = field(repr=False)
    """The group as the file has it, to be written elsewhere."""


@dataclass(frozen=True)
class RuleFile:
    """A file of rules: Prometheus' own format, or Kubernetes ``PrometheusRule`` documents."""

    path: str
    groups: tuple[RuleGroup, ...]
    plain: bool
    """Whether promtool can read it as it is: one document in Prometheus' own format."""
    problems: tuple[Problem, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules, in the file's order."""
        return tuple(rule for group in self.groups for rule in group.rules)


@dataclass(frozen=True)
class Series:
    """An input series of a unit test."""

    text: str
    """As written: ``up{job="api"}``."""
    name: str
    """The metric's name; empty where the selector names none."""
    labels: Mapping[str, str]
    """Without ``__name__``."""
    items: int
    """How many scrapes its values cover: numbers, ``_`` and ``stale`` alike."""
    last_number: int
    """The index of the last item that is a number, from 0; -1 where there is none."""
    last_stale: int
    """The same of ``stale``."""
    place: Place
    first_gap: int = -1
    """The index of the first item that is no number (``_`` or ``stale``), from 0; -1 where there is none."""
    values: str = ""
    """As written: ``0+10x20``; empty where they cannot be read."""

    def first(self, number: int) -> tuple[str, ...]:
        """The first items, at most this many, as texts that are the same where the items are."""
        return tuple(islice(each_item(self.values), number))


@dataclass(frozen=True)
class Expected:
    """An alert that a case expects to fire."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One expectation of a unit test: an alert at a time, or an expression at a time."""

    kind: str
    """``alert`` or ``expr``."""
    subject: str
    """The alert's name, or the expression."""
    eval_time: float
    eval_time_text: str
    """As written, such as ``10m``."""
    expected: tuple[Expected, ...]
    """The alerts that an alert case expects; empty: silence. Always empty for an expression."""
    group: int
    """The index of its group in the file."""
    group_name: str
    number: int
    """Its index among the cases of its kind in its group."""
    place: Place


@dataclass(frozen=True)
class TestGroup:
    """Input series, and the cases that look at them."""

    __test__ = False  # it is no test of pytest's

    index: int
    name: str
    """Empty where it has none."""
    interval: float
    """Seconds between two items of a series."""
    series: tuple[Series, ...]
    cases: tuple[Case, ...]
    """In the file's order: alert cases, then expressions."""
    place: Place
    data: Mapping[str, Any] = field(repr=False)
    """The group as the file has it, to be written elsewhere."""
    timed: bool = True
    """Whether it says its interval."""


@dataclass(frozen=True)
class RuleFileEntry:
    """An entry of ``rule_files``: a path or a pattern, relative to the test file's folder."""

    text: str
    place: Place


@dataclass(frozen=True)
class TestFile:
    """A file in the format of ``promtool test rules``."""

    __test__ = False

    path: str
    rule_files: tuple[RuleFileEntry, ...]
    evaluation_interval: float
    groups: tuple[TestGroup, ...]
    problems: tuple[Problem, ...]
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The document as the file has it, to be written elsewhere."""

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases, in the file's order."""
        return tuple(case for group in self.groups for case in group.cases)

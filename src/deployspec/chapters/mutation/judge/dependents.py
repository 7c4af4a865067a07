"""Which rules and cases a change of one rule can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from deployspec.chapters.mutation.judge.tree import UnreadableError, read, selectors
from deployspec.languages.rule_files.model import Case, Rule, RuleFile, TestFile

ALERT_SERIES = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
"""The series that Prometheus itself makes of every alert."""


@dataclass(frozen=True)
class Reach:
    """What a change of one rule can have an effect on, among the rules that a test file loads."""

    alerts: frozenset[str]
    metrics: frozenset[str]
    """Recorded names."""
    needed: frozenset[str]
    """Recorded names that these rules need, themselves included."""
    apart: bool
    """Whether rules can stand beside their own mutants under other names, and nothing would see the difference."""


def loads(rule_files: Iterable[RuleFile], rule: Rule) -> bool:
    """Whether the rule is one of these files'."""
    return any(
        each.name == rule.name and each.place == rule.place for file in rule_files for each in file.rules
    )


def reach(rule: Rule, rule_files: Sequence[RuleFile]) -> Reach:
    """Follow the rule's name through the expressions of all rules."""
    rules = [each for file in rule_files for each in file.rules]
    seen = {id(each): metrics_of(each.expr) for each in rules}
    blind = any(names is None or names & ALERT_SERIES for names in seen.values())

    def seeing(known: frozenset[_Key]) -> frozenset[_Key]:
        products = _products(known)
        return frozenset(_key(each) for each in rules if _sees(seen[id(each)], products))

    def read_by(known: frozenset[_Key]) -> frozenset[_Key]:
        names = frozenset().union(*(seen[id(each)] or () for each in rules if _key(each) in known))
        return frozenset(_key(each) for each in rules if each.kind == "record" and each.name in names)

    reached = _grown(frozenset({_key(rule)}), seeing)
    texts = (
        text
        for each in rules
        if _key(each) in reached
        for text in (*each.labels.values(), *each.annotations.values())
    )
    return Reach(
        _named(reached, "alert"),
        _named(reached, "record"),
        _named(_grown(reached, read_by), "record"),
        apart=not blind and not any("query" in text for text in texts),
    )


_Key: TypeAlias = tuple[str, str]


def _key(rule: Rule) -> _Key:
    return rule.kind, rule.name


def _named(keys: Iterable[_Key], kind: str) -> frozenset[str]:
    return frozenset(name for own, name in keys if own == kind)


def _grown(known: frozenset[_Key], more: Callable[[frozenset[_Key]], frozenset[_Key]]) -> frozenset[_Key]:
    while not (found := more(known)) <= known:
        known |= found
    return known


def touching(test_file: TestFile, reached: Reach) -> tuple[Case, ...]:
    """The cases that look at what was reached."""
    products = reached.metrics | (ALERT_SERIES if reached.alerts else frozenset())
    return tuple(
        case
        for case in test_file.cases
        if (
            case.subject in reached.alerts
            if case.kind == "alert"
            else _sees(metrics_of(case.subject), products)
        )
    )


def separable(test_file: TestFile, reached: Reach, cases: Sequence[Case]) -> bool:
    """Whether the rules' mutants can stand side by side in this test file (see :class:`Reach`)."""
    if not reached.apart:
        return False
    groups = {case.group for case in cases}
    names = {series.name for group in test_file.groups if group.index in groups for series in group.series}
    mentions = [metrics_of(case.subject) for case in cases if case.kind == "expr"]
    return not (
        names & (reached.metrics | ALERT_SERIES | {""})
        or any(each is None or each & ALERT_SERIES for each in mentions)
    )


def metrics_of(expr: str) -> frozenset[str] | None:
    """The metrics that an expression names; None where it may look at any, or cannot be read."""
    try:
        names = frozenset(each.name for each in selectors(read(expr)))
    except UnreadableError:
        return None
    return None if "" in names else names


def _products(keys: Iterable[_Key]) -> frozenset[str]:
    return frozenset().union(*({name} if kind == "record" else ALERT_SERIES for kind, name in keys))


def _sees(names: frozenset[str] | None, products: frozenset[str]) -> bool:
    return names is None or bool(names & products)

"""How long an expression still sees a series that has ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.judge.reading import read
from deployspec.chapters.alerts.judge.rule_tests.rules import LoadedRules
from deployspec.chapters.alerts.judge.rule_tests.times import last_item, last_number
from deployspec.languages.promql.selectors import Selector, selector_of
from deployspec.languages.promql.syntax import fold
from deployspec.languages.rule_files.model import Rule, Series, TestGroup

if TYPE_CHECKING:
    from promql_parser import Expr

LOOKBACK = 300.0
"""Seconds for which an instant selector finds the last sample: promtool's, whatever the server's flag says."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A selector, and how long its series are seen after their last sample, in seconds."""

    selector: Selector
    sample: float
    """After a number."""
    stale: float
    """After a number that ``stale`` follows: only ranges look past the marker."""

    def later(self, seconds: float) -> Reach:
        """The same, where something looks back at the result."""
        return Reach(self.selector, self.sample + seconds, self.stale + seconds)

    def end(self, series: Series, group: TestGroup) -> float:
        """The first time, in milliseconds, at which the series is out of reach; negative: it never was in reach.

        Labels are not looked at: a decoy is there while a selector without its matchers would see it, and of labels that
        are wrong the guards on what is unmatched tell. A sample of exactly the range's age is in it, as in Prometheus 2; 3 has it out.
        """
        if last_number(series, group) < 0 or not self.selector.matches_name(series.name):
            return -1
        ended = series.last_stale > series.last_number
        return last_number(series, group) + 1000 * (self.stale if ended else self.sample) + 1


def reaches(expr: Expr, rules: LoadedRules) -> tuple[Reach, ...]:
    """What the expression sees, directly and through rules that make what it reads."""
    return _of_expr(expr, rules, {})


def reaches_of(alerts: Iterable[Rule], rules: LoadedRules) -> tuple[Reach, ...]:
    """What alerts see. One that ``keep_firing_for`` holds sees its data for that much longer."""
    known: dict[int, tuple[Reach, ...]] = {}
    return tuple(reach for rule in alerts for reach in _of_rule(rule, rules, known))


def data_end(group: TestGroup, seen: Iterable[Reach]) -> float:
    """The first time, in milliseconds, at which no series of the group has an item or is in reach.

    Gaps and ``stale`` are items: who writes them means that time.
    """
    known = tuple(seen)
    return max(
        (
            end
            for series in group.series
            for end in (last_item(series, group) + 1, *(reach.end(series, group) for reach in known))
        ),
        default=0,
    )


def _of_rule(rule: Rule, rules: LoadedRules, known: dict[int, tuple[Reach, ...]]) -> tuple[Reach, ...]:
    """What a rule sees: of each selector the longest. ``known`` has the rules that were looked at, each once."""
    if id(rule) not in known:
        known[id(rule)] = ()  # while it is looked at: rules may read each other in a circle
        expr = read(rule)
        longest: dict[Selector, Reach] = {}
        for reach in _of_expr(expr, rules, known) if expr is not None else ():
            held = longest.get(reach.selector, reach)
            longest[reach.selector] = Reach(
                reach.selector, max(held.sample, reach.sample), max(held.stale, reach.stale)
            )
        known[id(rule)] = tuple(reach.later(rule.keep_firing_for) for reach in longest.values())
    return known[id(rule)]


def _of_expr(expr: Expr, rules: LoadedRules, known: dict[int, tuple[Reach, ...]]) -> tuple[Reach, ...]:
    def seen(node: Any, below: tuple[tuple[Reach, ...], ...]) -> tuple[Reach, ...]:
        kind = type(node).__name__
        if kind == "SubqueryExpr":
            back = _pinned(node) or node.range.total_seconds() + (
                node.offset.total_seconds() if node.offset else 0
            )
            return tuple(reach.later(back) for some in below for reach in some)
        if kind not in ("VectorSelector", "MatrixSelector"):
            return tuple(dict.fromkeys(reach for some in below for reach in some))
        selector = selector_of(node)
        pinned = _pinned(node if kind == "VectorSelector" else node.vector_selector)
        # When a rule's result ends, Prometheus marks the series that it made as stale.
        stale = pinned or (selector.range or 0) + selector.offset
        sample = stale if selector.range is not None else stale + LOOKBACK
        made = (
            reach.later(stale) for rule in rules.makers(selector) for reach in _of_rule(rule, rules, known)
        )
        return (Reach(selector, sample, stale), *made)

    return fold(expr, seen)


def _pinned(node: Any) -> float:
    """Endless where ``@`` fixes the time that is looked at."""
    return inf if node.at is not None else 0

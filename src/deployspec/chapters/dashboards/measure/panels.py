"""What the queries of dashboards give, asked as Grafana would ask, and why they give nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from deployspec.base import shown
from deployspec.chapters.dashboards.judge.nothing import (
    leaves_out,
    meet_in_time,
    to_look_at,
    unmatched,
    why_nothing,
)
from deployspec.chapters.dashboards.measure.asking import Asking, texts
from deployspec.chapters.dashboards.measure.choosing import Choosing
from deployspec.chapters.dashboards.model import Answer, Curve, Item, Kind, Known, Made
from deployspec.languages.grafana import Kind as What
from deployspec.languages.grafana import Unexpanded, expand
from deployspec.languages.grafana.expanding import references
from deployspec.languages.grafana.variables import question_of, scope_of
from deployspec.languages.promql.selectors import Matcher, Selector, label_text
from deployspec.languages.promql.syntax import to_text
from deployspec.tools.prometheus.asking import Failed, Prometheus

if TYPE_CHECKING:
    from deployspec.chapters.dashboards.judge.meanings import Event
    from deployspec.chapters.dashboards.judge.nothing import Reason
    from deployspec.chapters.dashboards.part import Dashboards

MOST_OPERATIONS = 5
"""Of a query: of so many operations without a result it is asked whether their sides meet."""
MOST_SELECTORS = 20
"""Of one query, that are looked at on their own."""
MOST_LABELS = 20
"""Of one selector, whose values are asked for."""
MOST_WAITS = 6
"""For a second sample, of half a scrape interval each, for all queries together."""
_LONGEST_WAIT = 7.5
"""Seconds: half of a usual scrape interval."""


@dataclass
class Panels:
    """The queries of the dashboards, each asked once, by the first check that wants it."""

    part: Dashboards
    prometheus: Prometheus
    window: float
    """Seconds within which a series counts as there."""
    events: Sequence[Event] = ()
    _made: dict[str, Made] = field(default_factory=dict)
    _answers: dict[str, Answer] = field(default_factory=dict)
    _reasons: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    _known: dict[Selector, Known] = field(default_factory=dict)
    _mismatch: dict[str, str] = field(default_factory=dict)
    _waits: int = field(default=0, init=False)

    @cached_property
    def asking(self) -> Asking:
        """The questions."""
        return Asking(self.part, self.prometheus, self.window)

    @cached_property
    def _choosing(self) -> Choosing:
        return Choosing(self.asking)

    @property
    def types(self) -> Mapping[str, str]:
        """The types of all metrics, as targets declare them; empty where Prometheus does not say."""
        return self.asking.types

    def made(self, item: Item) -> Made:
        """The query as Prometheus gets it."""
        if item.id not in self._made:
            self._made[item.id] = self._make(item)
        return self._made[item.id]

    def answer(self, item: Item) -> Answer:
        """What it gives over the range. Only of one that is made."""
        if item.id not in self._answers:
            text, instant = self.made(item).text, item.query.instant
            found = self.asking.query(text, instant=instant)
            # A busy moment, here or there, is not the query's own.
            if found.kind is Kind.ANSWERED and found.seconds > self.part.max_query_time:
                again = self.asking.query(text, instant=instant)
                found = again if again.kind is Kind.ANSWERED and again.seconds < found.seconds else found
            while found.kind is Kind.ANSWERED and not found.curves and self._may_still_come(text):
                self._waits += 1
                time.sleep(min(self.part.scrape_interval / 2, _LONGEST_WAIT))
                found = self.asking.query(text, instant=instant)
            self._answers[item.id] = found
        return self._answers[item.id]

    def _may_still_come(self, text: str) -> bool:
        """Whether a query shows nothing of series that are there, and not enough was waited yet: what has just been booted has
        one sample in each range."""
        if self._waits == MOST_WAITS or leaves_out(text):
            return False
        try:
            return all(self.known(one).selects for one in to_look_at(text, shows=False)[:MOST_SELECTORS])
        except Failed:
            return False

    def now(self, item: Item) -> Answer:
        """What it gives at this moment, asked anew."""
        return self.asking.query(self.made(item).text, instant=True)

    def reasons(self, item: Item) -> tuple[Reason, ...]:
        """Why selectors of the query select nothing, of those where the answer leaves it open. Raises Failed."""
        if item.id not in self._reasons:
            looked = to_look_at(self.made(item).text, shows=self.answer(item).shows_numbers)
            known = [self.known(one) for one in looked[:MOST_SELECTORS]]
            self._reasons[item.id] = tuple(why_nothing(one, self.events) for one in known if not one.selects)
        return self._reasons[item.id]

    def mismatch(self, item: Item) -> str:
        """Which two sides of an operation both have series, of which none meet; empty where there are none such."""
        if item.id not in self._mismatch:
            self._mismatch[item.id] = self._find_mismatch(item)
        return self._mismatch[item.id]

    def _make(self, item: Item) -> Made:
        whole, lacking = self._choosing.scope(item.dashboard)
        scope = scope_of(item.query, whole.values, whole.begin, whole.end, self.part.scrape_interval)
        if isinstance(scope, Unexpanded):
            return _unmade(scope, lacking)
        expanded = expand(item.query.text, scope)
        if isinstance(expanded, Unexpanded):
            return _unmade(expanded, lacking)
        variable = item.dashboard.variable(item.query.place.name)
        if item.query.place.kind is not What.VARIABLE or variable is None:
            return Made(expanded.text)
        # Of the series that a variable's values are read from, one thing is wanted: that there are some.
        asked = question_of(variable.query.strip())
        return Made(expanded.text if asked.kind == "query" else f"group({expanded.text})")

    def known(self, selector: Selector) -> Known:
        """What Prometheus knows of a selector: no more than is needed to say why it selects nothing. Raises Failed."""
        if selector not in self._known:
            self._known[selector] = self._look(selector)
        return self._known[selector]

    def _look(self, selector: Selector) -> Known:
        text, asking = _plain(selector), self.asking
        back = f" offset {selector.offset * 1000:.0f}ms" if selector.offset else ""
        within, window = _milliseconds(asking.range), _milliseconds(asking.longest)
        for query in (f"count({text}{back})", f"count(last_over_time({text}[{within}]{back}))"):
            if self._has(query):
                return Known(selector, selects=True)
        past = (back or window != within) and self._has(f"count(last_over_time({text}[{window}]))")
        if past:
            return Known(selector, selects=False, past=True, type=asking.type(selector.name or ""))
        names = asking.names
        if not any(map(selector.matches_name, names)):
            name = selector.name or ""
            return Known(
                selector,
                selects=False,
                named=False,
                recorded=name in asking.recorded,
                type=asking.type(name),
                names=names,
            )
        by_name = _by_name(selector)
        match = urlencode({"match[]": by_name})
        labels = frozenset(texts(asking.data(f"labels?{match}&{asking.since}")))
        wanted = dict.fromkeys(one.label for one in selector.matchers if one.label != "__name__")
        values: dict[str, frozenset[str] | None] = {}
        for label in list(wanted)[:MOST_LABELS]:
            values[label] = self._values_of(label, by_name, window) if label in labels else None
        return Known(
            selector,
            selects=False,
            type=asking.type(selector.name or ""),
            values=values,
            labels=labels - {"__name__"},
        )

    def _has(self, query: str) -> bool:
        answer = self.asking.query(query, instant=True)
        if answer.kind is not Kind.ANSWERED:
            raise Failed(answer.reason)
        return bool(answer.curves)

    def _values_of(self, label: str, by_name: str, window: str) -> frozenset[str]:
        answer = self.asking.query(
            f"group by ({label_text(label)}) (last_over_time({by_name}[{window}]))", instant=True
        )
        if answer.kind is not Kind.ANSWERED:
            raise Failed(answer.reason)
        return frozenset(curve.labels[label] for curve in answer.curves if label in curve.labels)

    def _find_mismatch(self, item: Item) -> str:
        answer = self.answer(item)
        if answer.kind is not Kind.ANSWERED:
            return ""
        # At the same moments, so that what is there at different times is not taken for what never meets.
        end = time.time()
        for number, (node, left, right) in enumerate(
            unmatched(self.made(item).text, shows=answer.shows_numbers)
        ):
            if number == MOST_OPERATIONS:
                break
            sides = [self.asking.query(to_text(side), end=end).curves for side in (left, right)]
            if not meet_in_time(*sides):
                continue
            whole = self.asking.query(to_text(node), end=end)
            if whole.kind is Kind.ANSWERED and not whole.curves:
                told = " and ".join(_labels(side[0]) for side in sides)
                return (
                    f"both sides of `{shown.one_line(str(getattr(node, 'op', '')), 8)}` have series, and none of one meets one of "
                    f"the other: they have {told}"
                )
        return ""


def _unmade(what: Unexpanded, lacking: Mapping[str, str]) -> Made:
    named = {name for one in what.names for name in references(one)}
    reasons = [shown.one_line(why, 160) for name, why in lacking.items() if name in named]
    return Made(names=tuple(what.names), reason="; ".join(reasons))


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def _labels(curve: Curve) -> str:
    names = sorted(name for name in curve.labels if name != "__name__")
    return f"({', '.join(names)})" if names else "no labels"


def _plain(selector: Selector) -> str:
    """The selector without range and offset."""
    named = [] if selector.name is None else [Matcher("__name__", "=", selector.name)]
    others = [one for one in selector.matchers if one.label != "__name__" or selector.name is None]
    return f"{{{','.join(map(str, (*named, *others)))}}}"


def _by_name(selector: Selector) -> str:
    if selector.name is not None:
        return f"{{{Matcher('__name__', '=', selector.name)}}}"
    named = [str(one) for one in selector.matchers if one.label == "__name__"]
    return "{" + ",".join(named or ['__name__=~".+"']) + "}"

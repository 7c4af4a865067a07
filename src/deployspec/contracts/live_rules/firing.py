"""Whether a rule can fire on what a Prometheus has: a name that does not exist there is silence for ever."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deployspec.contracts import shown
from deployspec.contracts.live_rules.asking import MADE_BY_PROMETHEUS, by_name, named, wants_a_value
from deployspec.contracts.live_rules.model import LoadedRules, Observed, Unavailable
from deployspec.contracts.promql import (
    Matcher,
    Mention,
    PromqlError,
    Selector,
    can_give_a_result,
    mentioned_labels,
    parse,
    result_labels,
    selectors,
)
from deployspec.contracts.promql.syntax import parts
from deployspec.contracts.rule_files import Rule, RuleFile
from deployspec.contracts.verdict import Verdict, breached, met, unmeasured

if TYPE_CHECKING:
    from promql_parser import Expr

_SHOWN = 3
"""How many faults, values not seen and seen values a reason lists."""
_CANDIDATES = 1000
"""Among how many names the nearest is looked for letter by letter."""


def can_fire(
    rule: Rule,
    files: Sequence[RuleFile],
    observed: Observed | Unavailable,
    loaded: LoadedRules | Unavailable | None = None,
) -> Verdict:
    """BREACHED where the rule names a metric, or a label of a metric, that does not exist there.

    - A metric is there when Prometheus had it in the window. One that is not, but that a recording rule of ``files``
      makes, counts when that rule can record; one that a rule of ``loaded`` makes counts, too.
    - Label *values* that were not seen, such as ``status="500"``, are listed in the reason and fail nothing.
    - A metric or label that only ``absent()`` or ``absent_over_time()`` asks for may be missing: to tell so is what they
      are for, and a misspelt one is loud, not silent, for such an alert fires at once. It is listed.
    - A matcher that a series without the label meets (``a!="b"``, ``a!~"b"``) needs its label too, for it excludes
      nothing without; not so ``a=""`` and ``a=~"|b"``, which allow for its absence.
    - ``ALERTS`` and ``ALERTS_FOR_STATE`` are Prometheus' own, and there only while an alert is active.

    UNMEASURED where Prometheus told nothing, has no metric at all, or the expression cannot be parsed.
    """
    if isinstance(observed, Unavailable):
        return unmeasured(observed.reason)
    if not observed.metrics:
        return unmeasured(
            f"the Prometheus there had no metric at all in the last {_duration(observed.window)}"
        )
    recorded = loaded.recorded if isinstance(loaded, LoadedRules) else frozenset()
    recording: dict[str, list[Rule]] = {}
    for file in files:
        for one in file.rules:
            if one.kind == "record":
                recording.setdefault(one.name, []).append(one)
    try:
        found = _Judge(observed, recording, recorded).look(rule)
    except _NotParsedError as error:
        return unmeasured(str(error))
    limit = "every metric and label exists there"
    notes = f"; {_listed(found.notes)}" if found.notes else ""
    if not found.faults:
        what = "every metric and label of it exists there" if found.names else "it names no metric"
        return met(f"{rule.name} can fire: {what}{notes}", limit=limit)
    if found.possible:
        head = f"a part of {rule.name} does not work"
    else:
        head = "this alert can never fire" if rule.kind == "alert" else "this rule can never record anything"
    return breached(f"{head}: {_listed(found.faults)}{notes}", limit=limit)


class _NotParsedError(Exception):
    pass


@dataclass
class _Findings:
    """What was found of one rule, in the order of its text."""

    possible: bool = True
    """Whether the expression can have a result."""
    names: bool = False
    """Whether it names anything."""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Judge:
    def __init__(
        self, observed: Observed, recording: dict[str, list[Rule]], recorded: Collection[str]
    ) -> None:
        self._observed = observed
        self._recording = recording
        self._recorded = recorded
        self._looked: dict[int, _Findings] = {}

    def look(self, rule: Rule) -> _Findings:
        """Judge a rule. One that is met again while it is being looked at, for it records what it reads, is possible."""
        if id(rule) in self._looked:
            return self._looked[id(rule)]
        findings = self._looked[id(rule)] = _Findings()
        try:
            expr = parse(rule.expr)
        except PromqlError as error:
            reason = shown.one_line(str(error), 160)
            raise _NotParsedError(f"the expression of {rule.name} cannot be parsed: {reason}") from None
        faults: dict[str, None] = {}
        notes: dict[str, None] = {}
        for selector, absent in _read(expr):
            findings.names = True
            missing = dict.fromkeys(self._missing(selector))
            if absent:
                notes |= dict.fromkeys(f"absent() holds, for {fault}" for fault in missing)
            else:
                faults |= missing
            notes |= dict.fromkeys(self._unseen(selector))
        for mention in mentioned_labels(expr):
            faults |= dict.fromkeys(self._mentioned(mention))
        findings.possible = can_give_a_result(expr, self._there)
        findings.faults, findings.notes = list(faults), list(notes)
        return findings

    def _there(self, selector: Selector) -> bool:
        """Whether the selector can find a series, its values aside."""
        return self._exists(selector) and not any(
            not matcher.matches("") and not self._has(selector, matcher.label)
            for matcher in _of_labels(selector)
        )

    def _exists(self, selector: Selector) -> bool:
        name = selector.name
        if name is None:
            return bool(self._observed.labels.get(by_name(selector)))
        if name in self._observed.metrics or name in MADE_BY_PROMETHEUS:
            return True
        return name in self._recorded or any(
            self.look(rule).possible for rule in self._recording.get(name, ())
        )

    def _has(self, selector: Selector, label: str) -> bool:
        return self._may_have(selector.name, by_name(selector), label)

    def _may_have(self, metric: str | None, asked: str, label: str) -> bool:
        """Whether a series has the label, as far as is known: of a metric that is not there yet, its rule tells."""
        if label in self._observed.labels.get(asked, ()):
            return True
        if metric is None or metric in self._observed.metrics:
            return metric in MADE_BY_PROMETHEUS
        rules = self._recording.get(metric, ())
        return not rules or any(
            label in rule.labels or result_labels(parse(rule.expr)).may_have(label) for rule in rules
        )

    def _missing(self, selector: Selector) -> Iterator[str]:
        """What a selector names that is not there."""
        if not self._exists(selector):
            yield self._no_metric(selector)
            return
        for matcher in _of_labels(selector):
            if not self._has(selector, matcher.label) and not _allows_absence(matcher):
                what = f", so {_code(matcher)} excludes nothing" if matcher.matches("") else ""
                yield self._no_label(matcher.label, by_name(selector), selector.name or "the series") + what

    def _no_metric(self, selector: Selector) -> str:
        if selector.name is None:
            return f"no metric there matches {_code(selector.text)}"
        name = selector.name
        for rule in self._recording.get(name, ()):
            why = self.look(rule).faults
            if why:
                return f"metric {_code(name)} is not recorded there, for {why[0]}"
        return f"metric {_code(name)} does not exist there{_nearest(name, self._observed.metrics | set(self._recording))}"

    def _no_label(self, label: str, asked: str, metric: str) -> str:
        there = self._observed.labels.get(asked, frozenset()) - {"__name__"}
        return f"label {_code(label)} does not exist there on {_code(metric)}{_nearest(label, there)}"

    def _mentioned(self, mention: Mention) -> Iterator[str]:
        """The labels that the expression expects elsewhere than in matchers."""
        there = [metric for metric in mention.metrics if self._exists_by_name(metric)]
        if mention.role == "matcher" or not there:
            return  # matchers were looked at; what is not there at all has been told
        if not any(self._may_have(metric, named(metric), mention.label) for metric in there):
            clause = {"group": "group_left or group_right", "source": "label_replace or label_join"}
            yield (
                f"{self._no_label(mention.label, named(there[0]), ', '.join(there[:_SHOWN]))}"
                f" ({clause.get(mention.role, mention.role)})"
            )

    def _exists_by_name(self, metric: str) -> bool:
        return metric in self._observed.metrics or metric in self._recording or metric in MADE_BY_PROMETHEUS

    def _unseen(self, selector: Selector) -> Iterator[str]:
        """The matchers whose values were not seen, and recorded metrics that nothing was recorded of."""
        name = selector.name
        recorded = name in self._recording and name not in self._observed.metrics
        if recorded and self._exists(selector):
            yield f"{_code(name)} has a recording rule and no data yet"
        for matcher in _of_labels(selector):
            seen = self._observed.values.get((by_name(selector), matcher.label))
            if seen is None or not wants_a_value(matcher) or any(map(matcher.matches, seen)):
                continue
            some = [shown.one_line(value, 40) for value in sorted(seen)[:_SHOWN]]
            more = f" and {len(seen) - _SHOWN} more" if len(seen) > _SHOWN else ""
            unseen = f"{name or ''}{{{matcher}}}"
            yield f"not seen yet: {_code(unseen)} (seen: {', '.join(some)}{more})"


def _read(expr: Expr) -> Iterator[tuple[Selector, bool]]:
    """Each selector, and whether it is only asked for its absence."""
    waiting: list[Any] = [expr]
    while waiting:
        node = waiting.pop()
        kind = type(node).__name__
        if kind == "Call" and node.func.name in ("absent", "absent_over_time"):
            yield from ((selector, True) for selector in selectors(node))
        elif kind in ("VectorSelector", "MatrixSelector"):
            yield from ((selector, False) for selector in selectors(node))
        else:
            waiting.extend(reversed(parts(node)))


def _of_labels(selector: Selector) -> list[Matcher]:
    return [matcher for matcher in selector.matchers if matcher.label != "__name__"]


def _allows_absence(matcher: Matcher) -> bool:
    return matcher.op in ("=", "=~") and matcher.matches("")


def _nearest(name: str, there: Collection[str]) -> str:
    if len(there) > _CANDIDATES:  # a thorough look at a hundred thousand names would take many seconds
        pieces = {name[start : start + 3] for start in range(max(1, len(name) - 2))}

        def likeness(other: str) -> float:
            return sum(piece in other for piece in pieces) - abs(len(other) - len(name)) / 4

        there = heapq.nlargest(_CANDIDATES, there, key=likeness)
    found = difflib.get_close_matches(name, there, 1)
    return f"; nearest is {_code(found[0])}" if found else ""


def _listed(found: Sequence[str]) -> str:
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more


def _code(text: object) -> str:
    return f"`{shown.one_line(str(text), 120)}`"


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"

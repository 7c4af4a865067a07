"""Whether a rule can fire on what a Prometheus has: a name that does not exist there is silence for ever."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from deployspec.base import shown
from deployspec.base.duration import format_duration
from deployspec.chapters.alerts.judge.live_rules.asking import (
    by_name,
    histograms_read,
    named,
    of_labels,
)
from deployspec.chapters.alerts.judge.live_rules.telling import SHOWN, code
from deployspec.chapters.alerts.judge.live_rules.values import Values
from deployspec.chapters.alerts.judge.reading import MADE_BY_PROMETHEUS
from deployspec.chapters.alerts.judge.reading import by_name as rules_by_name
from deployspec.chapters.alerts.judge.words import listed
from deployspec.languages.prometheus.model import LoadedRules, Observed, Unavailable
from deployspec.languages.prometheus.targets import Targets
from deployspec.languages.promql.labels import result_labels
from deployspec.languages.promql.mentions import Mention, mentioned_labels
from deployspec.languages.promql.results import can_give_a_result
from deployspec.languages.promql.selectors import Selector, selectors
from deployspec.languages.promql.syntax import PromqlError, fold, parse, parts
from deployspec.languages.rule_files.model import Rule, RuleFile
from deployspec.model.verdict import Verdict, breached, met, unmeasured

if TYPE_CHECKING:
    from promql_parser import Expr


def can_fire(
    rule: Rule,
    files: Sequence[RuleFile],
    observed: Observed | Unavailable,
    targets: Targets | Unavailable,
    loaded: LoadedRules | Unavailable | None = None,
) -> Verdict:
    """BREACHED where the rule names a metric, a label of a metric, a bucket or a target that does not exist there.

    - A metric is there when Prometheus had it in the window. One that is not, but that a recording rule of ``files``
      makes, counts when that rule can record; one that a rule of ``loaded`` makes counts, too.
    - Label *values* that were not seen, such as ``status="500"``, are listed in the reason and fail nothing, where the
      application sets them. Buckets (``le``, ``quantile``) are those that are there: Prometheus 3 stores ``1`` as
      ``1.0``. So are the labels that targets bring: a ``job`` comes from the scrape configuration. One that is
      configured and has no target now is listed.
    - What ``absent()`` asks for without an end, for no target or bucket has it, makes it hold for ever.
    - A metric or label that only ``absent()`` or ``absent_over_time()`` asks for may be missing: to tell so is what they
      are for, and a misspelt one is loud, not silent, for such an alert fires at once. It is listed.
    - A matcher that a series without the label meets (``a!="b"``, ``a!~"b"``) needs its label too, for it excludes
      nothing without; not so ``a=""`` and ``a=~"|b"``, which allow for its absence.
    - ``ALERTS`` and ``ALERTS_FOR_STATE`` are Prometheus' own, and there only while an alert is active.

    UNMEASURED where Prometheus told nothing, has no metric at all, or the expression cannot be parsed; and where a
    target's label was not seen, and it cannot be told whether it may come.
    """
    if isinstance(observed, Unavailable):
        return unmeasured(observed.reason)
    if not observed.metrics:
        return unmeasured(
            f"the Prometheus there had no metric at all in the last {format_duration(observed.window)}"
        )
    recorded = loaded.recorded if isinstance(loaded, LoadedRules) else frozenset()
    recording = rules_by_name((one for file in files for one in file.rules), "record")
    try:
        found = _Judge(observed, targets, recording, recorded).look(rule)
    except _NotParsedError as error:
        return unmeasured(str(error))
    limit = "every metric, label, bucket and target exists there"
    notes = f"; {listed(found.notes, SHOWN)}" if found.notes else ""
    if not found.faults and found.unknown:
        return unmeasured(
            f"it is not known whether {rule.name} can fire: {listed(found.unknown, SHOWN)}{notes}",
            limit=limit,
        )
    if not found.faults:
        what = "every metric and label that it needs exists there" if found.names else "it names no metric"
        return met(f"{rule.name} can fire: {what}{notes}", limit=limit)
    if found.always:
        head = "this alert always fires" if rule.kind == "alert" else "this rule always records"
    elif found.possible:
        head = f"a part of {rule.name} does not work"
    else:
        head = "this alert can never fire" if rule.kind == "alert" else "this rule can never record anything"
    return breached(f"{head}: {listed(found.faults, SHOWN)}{notes}", limit=limit)


class _NotParsedError(Exception):
    pass


@dataclass
class _Findings:
    """What was found of one rule, in the order of its text."""

    possible: bool = True
    """Whether the expression can have a result."""
    names: bool = False
    """Whether it names anything."""
    faults: dict[str, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    always: bool = False
    """Whether the expression has a result whatever happens, for what it asks for the absence of can never be there."""
    unknown: dict[str, None] = field(default_factory=dict)
    """What cannot be told."""


@dataclass
class _Judge:
    observed: Observed
    targets: Targets | Unavailable
    recording: Mapping[str, Sequence[Rule]]
    """The recording rules of the files, by name."""
    recorded: Collection[str]
    """What others record."""
    looked: dict[int, _Findings] = field(default_factory=dict)

    @cached_property
    def values(self) -> Values:
        return Values(self.observed, self.targets, self.recording.keys() | self.recorded)

    def look(self, rule: Rule) -> _Findings:
        """Judge a rule. One that is met again while it is being looked at, for it records what it reads, is possible."""
        if id(rule) in self.looked:
            return self.looked[id(rule)]
        findings = self.looked[id(rule)] = _Findings()
        try:
            expr = parse(rule.expr)
        except PromqlError as error:
            reason = shown.one_line(str(error), 160)
            raise _NotParsedError(f"the expression of {rule.name} cannot be parsed: {reason}") from None
        faults, notes = findings.faults, findings.notes
        for selector, absent in _read(expr):
            findings.names = True
            for missing in self._missing(selector):
                into, holds = (notes, "absent() holds, because ") if absent else (faults, "")
                into[holds + missing] = None
            for found in self.values.of(selector):
                always = "absent() always holds, because " if absent and found.never else ""
                into = findings.unknown if not found.known else faults if found.fault else notes
                into[always + found.text] = None
            notes |= dict.fromkeys(self._without_data(selector))
        for mention in mentioned_labels(expr):
            faults |= dict.fromkeys(self._mentioned(mention))
        faults |= dict.fromkeys(self._no_histogram(expr))
        findings.possible = can_give_a_result(expr, self._there)
        findings.always = fold(expr, partial(_always, self._never))
        return findings

    def _there(self, selector: Selector) -> bool:
        """Whether the selector can find a series, its values aside."""
        return (
            self._exists(selector)
            and not any(
                not matcher.matches("") and not self._has(selector, matcher.label)
                for matcher in of_labels(selector)
            )
            and not self._never(selector)
        )

    def _never(self, selector: Selector) -> bool:
        """Whether the selector finds nothing for ever, for its buckets or targets are not there."""
        return any(found.never for found in self.values.of(selector))

    def _exists(self, selector: Selector) -> bool:
        name = selector.name
        if name is None:
            return bool(self.observed.labels.get(by_name(selector)))
        if name in self.observed.metrics or name in MADE_BY_PROMETHEUS:
            return True
        return name in self.recorded or any(self.look(rule).possible for rule in self.recording.get(name, ()))

    def _has(self, selector: Selector, label: str) -> bool:
        return self._may_have(selector.name, by_name(selector), label)

    def _may_have(self, metric: str | None, asked: str, label: str) -> bool:
        """Whether a series has the label, as far as is known: of a metric that is not there yet, its rule tells."""
        if label in self.observed.labels.get(asked, ()):
            return True
        if metric is None or metric in self.observed.metrics:
            return metric in MADE_BY_PROMETHEUS
        rules = self.recording.get(metric, ())
        return not rules or any(
            label in rule.labels or result_labels(parse(rule.expr)).may_have(label) for rule in rules
        )

    def _missing(self, selector: Selector) -> Iterator[str]:
        """What a selector names that is not there."""
        if not self._exists(selector):
            yield self._no_metric(selector)
            return
        for matcher in of_labels(selector):
            allows_absence = matcher.op in ("=", "=~") and matcher.matches("")
            if not allows_absence and not self._has(selector, matcher.label):
                what = f", so {code(matcher)} excludes nothing" if matcher.matches("") else ""
                yield self._no_label(matcher.label, by_name(selector), selector.name or "the series") + what

    def _no_metric(self, selector: Selector) -> str:
        if selector.name is None:
            return f"no metric there matches {code(selector.text)}"
        name = selector.name
        for rule in self.recording.get(name, ()):
            why = self.look(rule).faults
            if why:
                return f"metric {code(name)} is not recorded there, because {next(iter(why))}"
        return f"metric {code(name)} does not exist there{shown.nearest(name, self.observed.metrics | set(self.recording))}"

    def _no_label(self, label: str, asked: str, metric: str) -> str:
        there = self.observed.labels.get(asked, frozenset()) - {"__name__"}
        return f"label {code(label)} does not exist there on {code(metric)}{shown.nearest(label, there)}"

    def _mentioned(self, mention: Mention) -> Iterator[str]:
        """The labels that the expression expects elsewhere than in matchers."""
        there = [metric for metric in mention.metrics if self._exists_by_name(metric)]
        if mention.label == "le" and any(metric in self.observed.native for metric in there):
            return  # `by (le)` serves buckets, and does no harm to native histograms
        if mention.role == "matcher" or not there:
            return  # matchers were looked at; what is not there at all has been told
        if not any(self._may_have(metric, named(metric), mention.label) for metric in there):
            clause = {"group": "group_left or group_right", "source": "label_replace or label_join"}
            yield (
                f"{self._no_label(mention.label, named(there[0]), ', '.join(there[:SHOWN]))}"
                f" ({clause.get(mention.role, mention.role)})"
            )

    def _exists_by_name(self, metric: str) -> bool:
        return metric in self.observed.metrics or metric in self.recording or metric in MADE_BY_PROMETHEUS

    def _no_histogram(self, expr: Expr) -> Iterator[str]:
        for metric in histograms_read(expr):
            labels = self.observed.labels.get(named(metric))
            if labels and "le" not in labels and metric not in self.observed.native:
                yield f"{code(metric)} is not a histogram there: it has no label `le`, and is not a native one"

    def _without_data(self, selector: Selector) -> Iterator[str]:
        """Recorded metrics that nothing was recorded of."""
        name = selector.name
        recorded = name in self.recording and name not in self.observed.metrics
        if recorded and self._exists(selector):
            yield f"{code(name)} has a recording rule and no data yet"


def _always(never: Callable[[Selector], bool], node: Any, below: tuple[bool, ...]) -> bool:
    match type(node).__name__:
        case "Call" if node.func.name in ("absent", "absent_over_time"):
            found = selectors(node)
            return type(node.args[0]).__name__ in ("VectorSelector", "MatrixSelector") and any(
                map(never, found)
            )
        case "ParenExpr":
            return below[0]
        case "BinaryExpr" if str(node.op) == "or":
            return any(below)
        case _:
            return False


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

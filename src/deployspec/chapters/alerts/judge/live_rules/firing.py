"""Whether a rule can fire on what a Prometheus has: a name that does not exist there is silence for ever."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from deployspec.base import shown
from deployspec.chapters.alerts.judge.live_rules.asking import (
    BOUNDS,
    MADE_BY_PROMETHEUS,
    by_name,
    by_name_and_job,
    histograms_read,
    named,
    wants_a_value,
)
from deployspec.languages.prometheus.model import LoadedRules, Observed, Unavailable
from deployspec.languages.prometheus.targets import MADE_BY_SCRAPES, Targets
from deployspec.languages.promql import (
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
from deployspec.languages.promql.syntax import fold, parts
from deployspec.languages.rule_files import Rule, RuleFile
from deployspec.model.verdict import Verdict, breached, met, unmeasured

if TYPE_CHECKING:
    from promql_parser import Expr

_SHOWN = 3
"""How many faults, values not seen and seen values a reason lists."""


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
            f"the Prometheus there had no metric at all in the last {_duration(observed.window)}"
        )
    recorded = loaded.recorded if isinstance(loaded, LoadedRules) else frozenset()
    recording: dict[str, list[Rule]] = {}
    for file in files:
        for one in file.rules:
            if one.kind == "record":
                recording.setdefault(one.name, []).append(one)
    try:
        found = _Judge(observed, targets, recording, recorded).look(rule)
    except _NotParsedError as error:
        return unmeasured(str(error))
    limit = "every metric, label, bucket and target exists there"
    notes = f"; {_listed(found.notes)}" if found.notes else ""
    if not found.faults and found.unknown:
        return unmeasured(
            f"it is not known whether {rule.name} can fire: {_listed(found.unknown)}{notes}", limit=limit
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
    always: bool = False
    """Whether the expression has a result whatever happens, for what it asks for the absence of can never be there."""
    unknown: list[str] = field(default_factory=list)
    """What cannot be told."""


class _Judge:
    def __init__(
        self,
        observed: Observed,
        targets: Targets | Unavailable,
        recording: dict[str, list[Rule]],
        recorded: Collection[str],
    ) -> None:
        self._observed = observed
        self._targets = targets
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
        unknown: dict[str, None] = {}
        for selector, absent in _read(expr):
            findings.names = True
            missing = dict.fromkeys(self._missing(selector))
            if absent:
                notes |= dict.fromkeys(f"absent() holds, for {fault}" for fault in missing)
            else:
                faults |= missing
            for found in self._values(selector):
                if found.known:
                    always = "absent() always holds, for " if absent and found.never else ""
                    (faults if found.fault else notes)[always + found.text] = None
                else:
                    unknown[found.text] = None
            notes |= dict.fromkeys(self._without_data(selector))
        for mention in mentioned_labels(expr):
            faults |= dict.fromkeys(self._mentioned(mention))
        faults |= dict.fromkeys(self._no_histogram(expr))
        findings.possible = can_give_a_result(expr, self._there)
        findings.always = fold(expr, partial(_always, self._never))
        findings.faults, findings.notes, findings.unknown = list(faults), list(notes), list(unknown)
        return findings

    def _there(self, selector: Selector) -> bool:
        """Whether the selector can find a series, its values aside."""
        return (
            self._exists(selector)
            and not any(
                not matcher.matches("") and not self._has(selector, matcher.label)
                for matcher in _of_labels(selector)
            )
            and not self._never(selector)
        )

    def _never(self, selector: Selector) -> bool:
        """Whether the selector finds nothing for ever, for its buckets or targets are not there."""
        return any(found.never for found in self._values(selector))

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
        return f"metric {_code(name)} does not exist there{shown.nearest(name, self._observed.metrics | set(self._recording))}"

    def _no_label(self, label: str, asked: str, metric: str) -> str:
        there = self._observed.labels.get(asked, frozenset()) - {"__name__"}
        return f"label {_code(label)} does not exist there on {_code(metric)}{shown.nearest(label, there)}"

    def _mentioned(self, mention: Mention) -> Iterator[str]:
        """The labels that the expression expects elsewhere than in matchers."""
        there = [metric for metric in mention.metrics if self._exists_by_name(metric)]
        if mention.label == "le" and any(metric in self._observed.native for metric in there):
            return  # `by (le)` serves buckets, and does no harm to native histograms
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

    def _no_histogram(self, expr: Expr) -> Iterator[str]:
        for metric in histograms_read(expr):
            labels = self._observed.labels.get(named(metric))
            if labels and "le" not in labels and metric not in self._observed.native:
                yield f"{_code(metric)} is no histogram there: it has no label `le`, and is no native one"

    def _without_data(self, selector: Selector) -> Iterator[str]:
        """Recorded metrics that nothing was recorded of."""
        name = selector.name
        recorded = name in self._recording and name not in self._observed.metrics
        if recorded and self._exists(selector):
            yield f"{_code(name)} has a recording rule and no data yet"

    def _values(self, selector: Selector) -> Iterator[_Value]:
        """The matchers whose values were not seen, or were written otherwise, and what follows."""
        found = list(self._values_one_by_one(selector))
        together = None if any(one.fault or not one.known for one in found) else self._together(selector)
        yield from found if together is None else [*found, together]

    def _values_one_by_one(self, selector: Selector) -> Iterator[_Value]:
        for matcher in _of_labels(selector):
            seen = self._observed.values.get((by_name(selector), matcher.label))
            if not seen:
                continue
            own = self._observed.values.get((by_name_and_job(selector), matcher.label)) or seen
            bounds = _numbers(own) if matcher.label in BOUNDS else None
            if bounds is not None:
                found = _of_bounds(matcher, bounds, open_=self._is_recorded(selector.name))
                if found is not None:
                    yield found
                    continue
            if not wants_a_value(matcher) or any(map(matcher.matches, seen)):
                continue
            unseen = f"{selector.name or ''}{{{matcher}}}"
            yield self._of_targets(selector, matcher) or _Value(
                f"not seen yet: {_code(unseen)} (seen: {_some(sorted(seen))})"
            )

    def _is_recorded(self, name: str | None) -> bool:
        return name in self._recording or name in self._recorded

    def _of_targets(self, selector: Selector, matcher: Matcher) -> _Value | None:
        """What is known of a value that was not seen, where it would come from a target; None where it would not."""
        name, label, targets = selector.name, matcher.label, self._targets
        if name is None or self._is_recorded(name) or name in MADE_BY_PROMETHEUS:
            return None
        scraped = name in MADE_BY_SCRAPES
        what = f"no series of {_code(name)} has {_code(matcher)}"
        if isinstance(targets, Unavailable):
            if not scraped and label not in ("job", "instance"):
                return None
            return _Value(
                f"{what}, and whether a target may bring it cannot be told: {targets.reason}", known=False
            )
        jobs = self._observed.values.get((by_name(selector), "job"), frozenset())
        if not scraped and not targets.bring(label, jobs):
            return None
        there = targets.values(label)
        if any(map(matcher.matches, there)):
            return None
        if job := targets.without_target(matcher):
            return _Value(
                f"no target now: job {_code(job)} is configured there, and none of its targets has {_code(matcher)}"
            )
        beside = shown.nearest(matcher.value, there) or f" (targets there have: {_some(sorted(there))})"
        if why := _may_come(selector, targets, [label]):
            return _Value(
                f"{what}, and no target now{beside}; it cannot be told whether one will: {why}", known=False
            )
        return _Value(f"no target there has {_code(matcher)}{beside}", fault=True, never=True)

    def _together(self, selector: Selector) -> _Value | None:
        """What is known of values that targets have, and none has together; None where one has, or may have had."""
        name, targets = selector.name, self._targets
        if (
            isinstance(targets, Unavailable)
            or name is None
            or self._is_recorded(name)
            or name in MADE_BY_PROMETHEUS
        ):
            return None
        jobs = self._observed.values.get((by_name(selector), "job"), frozenset())
        wanted = [
            one
            for one in _of_labels(selector)
            if wants_a_value(one) and (name in MADE_BY_SCRAPES or targets.bring(one.label, jobs))
        ]
        if targets.together(wanted) or not all(targets.together([one]) for one in wanted):
            return None
        told = " and ".join(map(_code, wanted))
        if why := _may_come(selector, targets, [one.label for one in wanted]):
            return _Value(
                f"no target now has {told} together; it cannot be told whether one will: {why}", known=False
            )
        return _Value(f"no target there has {told} together", fault=True, never=True)


def _may_come(selector: Selector, targets: Targets, labels: Sequence[str]) -> str:
    """How a series may come whose labels no target has now; empty where none may."""
    if targets.elsewhere:
        return targets.elsewhere
    if selector.name in MADE_BY_SCRAPES and targets.federating:
        return f"job {_code(targets.federating)} takes over those of another Prometheus"
    of_job = [one for one in _of_labels(selector) if one.label == "job"]
    job = next(filter(None, (targets.may_come(label, of_job) for label in labels)), "")
    return job and f"job {_code(job)} may discover targets that bring {'it' if len(labels) == 1 else 'them'}"


@dataclass(frozen=True)
class _Value:
    """What was found of a matcher's value that was not seen."""

    text: str
    fault: bool = False
    never: bool = False
    """Whether no series can ever meet the matcher."""
    known: bool = True


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


def _of_bounds(matcher: Matcher, bounds: dict[str, float], *, open_: bool) -> _Value | None:
    """What is wrong with a matcher on buckets, which are those that there are; None where nothing is.

    ``open_``: others may come, as a recording rule may give its series any label.
    """
    wanted = _alternatives(matcher)
    otherwise = []
    for word, number in wanted.items():
        written = [bound for bound in sorted(bounds) if bounds[bound] == number]
        others = [bound for bound in written if matcher.matches(bound) != matcher.matches(word)]
        found = f'{matcher.label}="{word}"'
        if written and others == written:
            otherwise.append(f"{_code(found)} is stored as {_quoted(written[0])} there")
        elif others:
            # After an update to Prometheus 3, the spelling of before stays in the window.
            return _Value(
                f"{_code(found)} is stored there as {' and as '.join(map(_quoted, written))}, and which of them is still "
                f"written is not known; a regular expression of both finds either",
                known=False,
            )
    excludes = matcher.op.startswith("!")
    if excludes:
        if not matcher.matches("") or not wanted:
            return None
        if otherwise:
            return _Value(f"{_listed(otherwise)}, so {_code(matcher)} does not exclude it", fault=True)
        if open_ or not all(map(matcher.matches, bounds)):
            return None
        return _Value(f"{_no_bound(matcher, wanted, bounds)}, so it excludes nothing", fault=True)
    if not wants_a_value(matcher):
        return None
    never = not any(map(matcher.matches, bounds))
    if otherwise:
        return _Value(_listed(otherwise), fault=True, never=never)
    if open_ or not never:
        return None
    return _Value(_no_bound(matcher, wanted, bounds), fault=True, never=True)


def _quoted(text: str) -> str:
    return _code(f'"{text}"')


def _no_bound(matcher: Matcher, wanted: dict[str, float], bounds: dict[str, float]) -> str:
    kind = "bucket" if matcher.label == "le" else "quantile"
    ordered = sorted(bounds, key=lambda bound: bounds[bound])
    if not wanted:
        return f"no {kind} there matches {_code(matcher)} (there: {_some(ordered)})"
    number = next(iter(wanted.values()))
    finite = [bound for bound in ordered if math.isfinite(bounds[bound])] or ordered
    nearest = min(finite, key=lambda bound: abs(bounds[bound] - number))
    return f"no {kind} there matches {_code(matcher)}; nearest is {_code(nearest)}"


def _alternatives(matcher: Matcher) -> dict[str, float]:
    """The numbers that a matcher names: of ``=`` and of ``=~"0.5|1"``, where it is a list of numbers."""
    if matcher.op in ("=", "!="):
        words = [matcher.value]
    else:
        text = matcher.value
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].removeprefix("?:")
        words = [word.replace("\\.", ".").replace("\\+", "+") for word in text.split("|")]
    return {word: number for word in words for number in (_number(word),) if number is not None}


def _numbers(values: Collection[str]) -> dict[str, float] | None:
    """The values as numbers; None where one of them is none."""
    found = {value: number for value in values for number in (_number(value),) if number is not None}
    return found if len(found) == len(values) else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


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


def _some(values: Sequence[str]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(shown.one_line(value, 40) for value in values[:_SHOWN]) + more or "none"


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

"""Whether alert rules say what the objective says that they watch over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from deployspec.base.shown import names, one_line
from deployspec.chapters.slo.judge.selecting import selector_of
from deployspec.languages.openslo.model import Objective, percent
from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.promql.selectors import Matcher, Selector, selector_text
from deployspec.languages.promql.selectors import selector_of as selector_of_node
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_NEGATED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FORMS = (
    "only two forms are understood: a histogram_quantile, and a counter's rate (or increase) divided by another's, "
    "each compared with a number"
)


def agrees(objective: Objective, rules: Sequence[Rule], doubts: Sequence[str] | Unavailable = ()) -> Verdict:
    """Whether each alert of the objective compares with its numbers, and reads its metrics with its matchers.

    Every rule that has the name of such an alert is asked. BREACHED names every difference, with where both stand.
    UNMEASURED: the objective names no alert, or there is no difference to be seen, and an expression has a form that
    is not understood; or they agree, and ``doubts`` say why the deployment's Prometheus does not have what both
    read, or that it gave no answer. Whether an expression adds up what belongs together is not asked here.
    """
    limit = f"{objective.promise} ({objective.source})"
    if not objective.alerts:
        return unmeasured(
            f"{objective.name} ({objective.source}) names no alert; name those that watch it in the annotation deployspec/alerts, or say none there if none is to",
            limit=limit,
        )
    agreeing, differing, unknown = list[str](), list[str](), list[str]()
    for name in objective.alerts:
        asked = [rule for rule in rules if rule.kind == "alert" and rule.name == name]
        if not asked:
            differing.append(f"names {name}, which no rule file has")
        for rule in asked:
            where = f"{name} ({rule.places['expr']})" if "expr" in rule.places else name
            try:
                condition = _condition(parse(rule.expr))
                differences = list(
                    (_of_latency if objective.is_latency else _of_availability)(objective, condition)
                )
            except PromqlError as error:
                unknown.append(f"{where} cannot be read: {one_line(str(error))}")
            except _UnknownFormError as error:
                unknown.append(f"{where}: {error}; {_FORMS}")
            else:
                differing += [f"{where} {one}" for one in differences]
                agreeing += [] if differences else [f"{where} fires at {condition}"]
    begin = f"{objective.name} ({objective.source})"
    if differing:
        return breached(f"{begin}: {'; '.join(differing + unknown)}", limit=limit)
    if unknown:
        return unmeasured(f"{begin}: {'; '.join(unknown)}", limit=limit)
    if isinstance(doubts, Unavailable):
        return unmeasured(
            f"{begin}: the files agree, but it is not known whether Prometheus has what they read: {doubts.reason}",
            limit=limit,
        )
    if doubts:
        return unmeasured(f"{begin}: the files agree with each other, but {'; '.join(doubts)}", limit=limit)
    agree = f"{names(list(objective.alerts))} agree{'s' if len(objective.alerts) == 1 else ''}"
    return met(
        f"{begin}: {agree} in thresholds, metrics and matchers: {'; '.join(agreeing)}",
        measured=agree,
        limit=limit,
    )


class _UnknownFormError(ValueError):
    """An expression of which it cannot be said what it compares."""


@dataclass(frozen=True)
class _Rate:
    """How quickly a counter grows, of one series or added up."""

    counter: Selector
    function: str
    """``rate`` or ``increase``."""

    def __str__(self) -> str:
        return f"the {self.function} of {_plain(self.counter)}"


@dataclass(frozen=True)
class _Quantile:
    quantile: Fraction
    buckets: Selector

    def __str__(self) -> str:
        return f"the quantile {_shown(self.quantile)} of {_plain(self.buckets)}"


@dataclass(frozen=True)
class _Share:
    part: Selector
    whole: Selector
    rest: bool
    """Whether it is what is missing to the whole: ``1 - part / whole``."""

    def __str__(self) -> str:
        return f"{'1 - ' if self.rest else ''}{_plain(self.part)} / {_plain(self.whole)}"


@dataclass(frozen=True)
class _Condition:
    """At what an alert fires."""

    compared: _Rate | _Quantile | _Share
    op: str
    number: Fraction

    def __str__(self) -> str:
        return f"{self.compared} {self.op} {_shown(self.number)}"


def _of_latency(objective: Objective, condition: _Condition) -> Iterator[str]:
    indicator, compared = objective.latency, condition.compared
    requests = selector_of(selector_text(f"{indicator.histogram}_bucket", indicator.matchers))
    if isinstance(compared, _Quantile):
        yield from _fires(condition, ">", indicator.threshold, "s")
        if compared.quantile != objective.target:
            yield f"takes the quantile {_shown(compared.quantile)}; expected {_shown(objective.target)}"
        if not _same(compared.buckets, requests):
            yield f"reads {_plain(compared.buckets)}; expected {_plain(requests)}"
    elif isinstance(compared, _Share):
        # The other way to ask the same: the share at the bucket's boundary.
        yield from _fires_at_share(condition, objective.target, rest=compared.rest)
        # As clients of Prometheus write it: le="1", and since Prometheus 3 le="1.0".
        written = {_shown(indicator.threshold), repr(float(indicator.threshold))}
        boundaries = [Matcher("le", "=", text) for text in sorted(written)]
        if not any(_same(compared.part, _with(requests, boundary)) for boundary in boundaries):
            yield f"reads {_plain(compared.part)}; expected {_plain(_with(requests, boundaries[0]))}"
        everything = selector_of(selector_text(f"{indicator.histogram}_count", indicator.matchers))
        last = _with(requests, Matcher("le", "=", "+Inf"))
        if not _same(compared.whole, everything) and not _same(compared.whole, last):
            yield f"divides by {_plain(compared.whole)}; expected {_plain(everything)}"
    else:
        yield f"compares {compared}, which is not a latency; expected the quantile {_shown(objective.target)}"


def _of_availability(objective: Objective, condition: _Condition) -> Iterator[str]:
    compared = condition.compared
    part, total = selector_of(objective.availability.part), selector_of(objective.availability.total)
    good = objective.counts_good
    if not isinstance(compared, _Share):
        yield f"compares {compared}, which is not a share; expected {_plain(part)} / {_plain(total)}"
        return
    share = objective.target if good else objective.limit
    yield from _fires_at_share(condition, share, rest=compared.rest, above=not good)
    others = [
        one for one in (compared.part, compared.whole) if not _same(one, part) and not _same(one, total)
    ]
    if others:
        yield f"reads {names([_plain(one) for one in others])}; expected {_plain(part)} and {_plain(total)}"
    elif not _same(compared.part, part) or not _same(compared.whole, total):
        yield (
            f"divides {_plain(compared.part)} by {_plain(compared.whole)}; "
            f"expected {_plain(part)} divided by {_plain(total)}"
        )


def _fires_at_share(
    condition: _Condition, share: Fraction, *, rest: bool, above: bool = False
) -> Iterator[str]:
    """``above``: whether the alert has to fire above the share, or below it. ``rest`` turns both around."""
    yield from _fires(condition, ">" if above != rest else "<", 1 - share if rest else share, "")


def _fires(condition: _Condition, wanted: str, threshold: Fraction, unit: str) -> Iterator[str]:
    op, number = condition.op, condition.number
    if op != wanted or number != threshold:
        unit, share = (f" {unit}", "") if unit else ("", f" ({percent(threshold)})")
        yield f"fires at {op} {_shown(number)}{unit}; expected {wanted} {_shown(threshold)}{unit}{share}"


def _condition(tree: Any) -> _Condition:
    """What is compared with which number, as if the number stood to its right.

    Nothing may stand around the comparison (``absent(…)``, ``… unless …``): it would make another condition of it.
    """
    node = _bare(tree)
    if _kind(node) != "BinaryExpr" or str(node.op) not in _NEGATED:
        raise _UnknownFormError("its expression is not one comparison with a number")
    if getattr(node.modifier, "return_bool", False):
        raise _UnknownFormError("a comparison with bool has a result, and so fires, whatever the numbers are")
    right, left = _number(node.rhs), _number(node.lhs)
    if right is not None and left is None:
        return _Condition(_compared(node.lhs), str(node.op), right)
    if left is not None and right is None:
        return _Condition(_compared(node.rhs), _NEGATED[str(node.op)], left)
    raise _UnknownFormError("its expression is not one comparison with a number")


def _compared(tree: Any) -> _Rate | _Quantile | _Share:
    node = _bare(tree)
    if _kind(node) == "Call" and node.func.name == "histogram_quantile":
        quantile = _number(node.args[0])
        if quantile is None:
            raise _UnknownFormError("its quantile is not a number")
        return _Quantile(quantile, _rate(node.args[1]).counter)
    if _kind(node) == "BinaryExpr" and str(node.op) == "-" and _number(node.lhs) == 1:
        share = _compared(node.rhs)
        if isinstance(share, _Share) and not share.rest:
            return _Share(share.part, share.whole, rest=True)
        raise _UnknownFormError("it subtracts from 1 something that is not a share")
    if _kind(node) == "BinaryExpr" and str(node.op) == "/":
        part, whole = _rate(node.lhs), _rate(node.rhs)
        if (part.function, part.counter.range) != (whole.function, whole.counter.range):
            raise _UnknownFormError("it divides counters over different times, or by different functions")
        return _Share(part.counter, whole.counter, rest=False)
    return _rate(node)


def _rate(tree: Any) -> _Rate:
    node = _bare(tree)
    while _kind(node) == "AggregateExpr" and str(node.op) == "sum":
        node = _bare(node.expr)
    text = one_line(" ".join(tree.prettify().split()), 100)
    is_rate = _kind(node) == "Call" and node.func.name in ("rate", "increase")
    series = _bare(node.args[0]) if is_rate else None
    if series is None or _kind(series) != "MatrixSelector":
        raise _UnknownFormError(f"{text} is not understood")
    if series.vector_selector.offset is not None or series.vector_selector.at is not None:
        raise _UnknownFormError("it looks at a time other than now (offset or @)")
    return _Rate(selector_of_node(series), node.func.name)


def _bare(node: Any) -> Any:
    while _kind(node) == "ParenExpr":
        node = node.expr
    return node


def _kind(node: Any) -> str:
    return type(node).__name__


def _number(tree: Any) -> Fraction | None:
    node = _bare(tree)
    if _kind(node) != "NumberLiteral":
        return None
    try:
        # By its shortest text: 0.05 is 1/20, and not the binary fraction that is nearest to it.
        return Fraction(repr(float(node.val)))
    except ValueError:
        return None


def _same(one: Selector, other: Selector) -> bool:
    """Whether both choose the same series; the order of matchers tells nothing."""
    first, second = ((each.name, frozenset(each.matchers), each.alternatives) for each in (one, other))
    return first == second


def _with(selector: Selector, matcher: Matcher) -> Selector:
    return replace(selector, matchers=(*selector.matchers, matcher))


def _plain(selector: Selector) -> str:
    groups = [group for group in (selector.matchers, *selector.alternatives) if group]
    inner = " or ".join(", ".join(sorted(map(str, group))) for group in groups)
    return one_line(selector_text(selector.name, inner), 120)


def _shown(number: Fraction) -> str:
    """Short, but never as another number."""
    text = f"{float(number):g}"
    return text if Fraction(text) == number else repr(float(number))

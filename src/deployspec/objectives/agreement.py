"""Whether alert rules say what the objective says that they watch over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from deployspec.contracts.promql.selectors import Matcher, Selector, selectors
from deployspec.contracts.promql.syntax import PromqlError, parse, walk
from deployspec.contracts.rule_files import Rule
from deployspec.contracts.shown import names, one_line
from deployspec.contracts.verdict import Verdict, breached, met, unmeasured
from deployspec.objectives.model import AvailabilityIndicator, LatencyIndicator, Objective, percent

_NEGATED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def agrees(objective: Objective, rules: Sequence[Rule]) -> Verdict:
    """Whether each alert of the objective compares with its numbers, and reads its metrics with its matchers.

    BREACHED names every difference, with where both stand. UNMEASURED: the objective names no alert, or an expression
    has a form that is not understood.
    """
    limit = f"{objective.promise} ({objective.source})"
    if not objective.alerts:
        return unmeasured(
            f"{objective.name} names no alert; say which watch over it with the annotation deployspec/alerts",
            limit=limit,
        )
    by_name = {rule.name: rule for rule in rules if rule.kind == "alert"}
    missing = [name for name in objective.alerts if name not in by_name]
    if missing:
        return breached(
            f"{objective.name} is watched over by {names(missing)}, which no rule file has ({objective.source})",
            limit=limit,
        )
    differences = []
    for name in objective.alerts:
        rule = by_name[name]
        where = f"{name} ({rule.places['expr']})" if "expr" in rule.places else name
        try:
            differences += [f"{where} {one}" for one in _differences(objective, parse(rule.expr))]
        except PromqlError as error:
            return unmeasured(f"{where} cannot be read: {one_line(str(error))}", limit=limit)
        except _UnknownFormError as error:
            return unmeasured(f"{where}: {error}", limit=limit)
    if differences:
        return breached(f"{objective.name} ({objective.source}): {'; '.join(differences)}", limit=limit)
    told = f"{names(list(objective.alerts))} agree{'s' if len(objective.alerts) == 1 else ''}"
    return met(f"{objective.name}: {told} in thresholds, metrics and matchers", measured=told, limit=limit)


class _UnknownFormError(ValueError):
    """An expression whose numbers cannot be told apart."""


def _differences(objective: Objective, tree: Any) -> Iterator[str]:
    comparisons = list(_comparisons(tree))
    if len(comparisons) != 1:
        raise _UnknownFormError(
            f"its expression compares {len(comparisons)} times with a number; expected once, to know which is the threshold"
        )
    op, number = comparisons[0]
    if isinstance(objective.indicator, LatencyIndicator):
        yield from _of_latency(objective, objective.indicator, tree, op, number)
    else:
        yield from _of_availability(objective, objective.indicator, tree, op, number)


def _of_latency(
    objective: Objective, indicator: LatencyIndicator, tree: Any, op: str, number: Fraction
) -> Iterator[str]:
    quantiles = [_number(node.args[0]) for node in walk(tree) if _is_call(node, "histogram_quantile")]
    bucket = f"{indicator.histogram}_bucket"
    if quantiles:
        yield from _compared(op, number, ">", indicator.threshold, "s")
        for quantile in quantiles:
            if quantile != objective.target:
                yield f"takes the quantile {_shown(quantile)}; expected {float(objective.target):g}"
        yield from _reads(tree, {bucket: _matchers(f"{bucket}{{{indicator.matchers}}}")})
        return
    # The other way to ask the same: the share at the bucket's boundary.
    yield from _compared(op, number, "<", objective.target, "")
    count = f"{indicator.histogram}_count"
    boundary = Matcher("le", "=", f"{float(indicator.threshold):g}")
    matchers = _matchers(f"{bucket}{{{indicator.matchers}}}")
    yield from _reads(tree, {bucket: matchers | {boundary}, count: matchers})


def _of_availability(
    objective: Objective, indicator: AvailabilityIndicator, tree: Any, op: str, number: Fraction
) -> Iterator[str]:
    yield from _compared(op, number, ">", 1 - objective.target, "")
    bad, total = (selectors(parse(text))[0] for text in (indicator.bad, indicator.total))
    expected = {(one.name, frozenset(one.matchers)) for one in (bad, total)}
    others = [one for one in selectors(tree) if (one.name, frozenset(one.matchers)) not in expected]
    if others:
        yield f"reads {names([_plain(one) for one in others])}; expected {indicator.bad} and {indicator.total}"
        return
    found = {(one.name, frozenset(one.matchers)) for one in selectors(tree)}
    for one in (bad, total):
        if (one.name, frozenset(one.matchers)) not in found:
            yield f"does not read {one.text}"


def _compared(op: str, number: Fraction, wanted: str, threshold: Fraction, unit: str) -> Iterator[str]:
    if op != wanted or number != threshold:
        unit = f" {unit}" if unit else ""
        share = f" ({percent(threshold)})" if not unit else ""
        yield f"fires at {op} {_shown(number)}{unit}; expected {wanted} {_shown(threshold)}{unit}{share}"


def _reads(tree: Any, wanted: dict[str, frozenset[Matcher]]) -> Iterator[str]:
    for one in selectors(tree):
        if one.name not in wanted:
            yield f"reads {_plain(one)}; expected {names(sorted(wanted))}"
        elif frozenset(one.matchers) != wanted[one.name]:
            matchers = ", ".join(sorted(map(str, wanted[one.name])))
            yield f"reads {_plain(one)}; expected {one.name}{{{matchers}}}"


def _plain(selector: Selector) -> str:
    return one_line(f"{selector.name}{{{', '.join(sorted(map(str, selector.matchers)))}}}", 120)


def _matchers(selector: str) -> frozenset[Matcher]:
    return frozenset(selectors(parse(selector))[0].matchers)


def _comparisons(tree: Any) -> Iterator[tuple[str, Fraction]]:
    """Every comparison with a number, as if the number stood to its right."""
    for node in walk(tree):
        if not hasattr(node, "lhs") or str(node.op) not in _NEGATED:
            continue
        right, left = _number(node.rhs), _number(node.lhs)
        if right is not None:
            yield str(node.op), right
        elif left is not None:
            yield _NEGATED[str(node.op)], left


def _number(node: Any) -> Fraction | None:
    import promql_parser

    while isinstance(node, promql_parser.ParenExpr):
        node = node.expr
    if not isinstance(node, promql_parser.NumberLiteral):
        return None
    try:
        # By its shortest text: 0.05 is 1/20, and not the binary fraction that is nearest to it.
        return Fraction(repr(float(node.val)))
    except ValueError:
        return None


def _is_call(node: Any, name: str) -> bool:
    return getattr(getattr(node, "func", None), "name", None) == name


def _shown(number: Fraction | None) -> str:
    return "an expression" if number is None else f"{float(number):.10g}"

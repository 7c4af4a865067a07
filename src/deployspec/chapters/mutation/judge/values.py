"""Which values an expression can have, as far as that is certain or the naming conventions of Prometheus say it.

Known well enough to leave out a mutant that no sensible test could kill: `up == 0` and `up <= 0` are the same, as `up`
is 0 or 1. Where nothing is known, every value is possible and no mutant is left out.
Source of the names: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from deployspec.chapters.mutation.judge.printing import tidy
from deployspec.chapters.mutation.judge.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Node,
    Number,
    Selector,
)


@dataclass(frozen=True, slots=True)
class Values:
    """All numbers from ``low`` to ``high``, or the whole ones among them."""

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False


ANY = Values()
_POSITIVE = Values(0.0)
_COUNTED = Values(0.0, whole=True)
_AT_LEAST_ONE = Values(1.0, whole=True)
_ONE = Values(1.0, 1.0, whole=True)
_SWITCH = Values(0.0, 1.0, whole=True)

_OF_METRICS = {
    re.compile(r"(.+_)?(up|readonly|probe_success)"): _SWITCH,
    # Ours, and what rules record of them.
    re.compile(r"(.+:)?deployspec_(check_verdict|check_accepted|in_maintenance|run_speaks)(:.+)?"): _SWITCH,
    re.compile(r".+_(bytes|count|bucket|length|connections)"): _COUNTED,
    re.compile(r".+_(total|ratio|size|sum|info)"): _POSITIVE,
}
_OF_AGGREGATIONS = {
    **dict.fromkeys(("count", "count_values"), _AT_LEAST_ONE),
    **dict.fromkeys(("stddev", "stdvar"), _POSITIVE),
    "group": _ONE,
}
_OF_CALLS = {
    **dict.fromkeys(("absent", "absent_over_time", "present_over_time"), _ONE),
    **dict.fromkeys(("changes", "resets"), _COUNTED),
    **dict.fromkeys(("rate", "increase", "irate", "abs", "time", "timestamp", "sqrt"), _POSITIVE),
    "count_over_time": _AT_LEAST_ONE,
}
_KEEPS = ("min_over_time", "max_over_time", "last_over_time", "first_over_time", "sort", "sort_desc", "scalar", "vector", "label_replace", "label_join")  # fmt: skip


def of(node: Node) -> Values:
    """What the expression's samples can be."""
    match node:
        case Number(value=value):
            return Values(value, value, whole=value.is_integer())
        case Selector(name=name):
            return next((known for names, known in _OF_METRICS.items() if names.fullmatch(name)), ANY)
        case Aggregation(op=op, expr=expr):
            return _of_aggregation(op, of(expr))
        case Call(name=name, args=args):
            return _of_call(name, args)
        case Binary():
            return _of_binary(node)
    return ANY


def _of_aggregation(op: str, inner: Values) -> Values:
    if op in ("min", "max", "topk", "bottomk", "limitk", "limit_ratio"):
        return inner
    if op == "sum":
        return Values(0.0 if inner.low >= 0 else -math.inf, whole=inner.whole)
    if op in ("avg", "quantile"):
        return replace(inner, whole=False)
    return _OF_AGGREGATIONS.get(op, ANY)


def _of_call(name: str, args: tuple[Node, ...]) -> Values:
    if name in _OF_CALLS or not args:
        return _OF_CALLS.get(name, ANY)
    if name in _KEEPS:
        return of(args[0])
    if name in ("avg_over_time", "sum_over_time"):
        return _of_aggregation(name.removesuffix("_over_time"), of(args[0]))
    return ANY


def _of_binary(node: Binary) -> Values:
    left, right = of(node.left), of(node.right)
    if node.bool:
        return _SWITCH
    if node.op in ("and", "unless"):
        return left
    if node.op in COMPARISONS:
        return right if node.op == "==" and isinstance(node.right, Number) else left
    if node.op == "or":
        return Values(min(left.low, right.low), max(left.high, right.high), left.whole and right.whole)
    low = 0.0 if left.low >= 0 and right.low >= 0 else -math.inf
    if node.op in ("+", "*"):
        return Values(low, whole=left.whole and right.whole)
    if node.op == "-":
        return Values(whole=left.whole and right.whole)
    return Values(low) if node.op in ("/", "%") else ANY


_HOLDS = {
    "==": operator.eq, "!=": operator.ne, ">": operator.gt,
    "<": operator.lt, ">=": operator.ge, "<=": operator.le,
}  # fmt: skip


def difference(values: Values, one: tuple[str, float], other: tuple[str, float]) -> float | None:
    """A value that two comparisons, each an operator and a limit, judge differently; None where there is none."""
    probes = _probes(values, (one[1], other[1]))
    return next(
        (value for value in probes if _HOLDS[one[0]](value, one[1]) != _HOLDS[other[0]](value, other[1])),
        None,
    )


def _probes(values: Values, limits: tuple[float, float]) -> Iterable[float]:
    """Values at, between and just beside the limits, and far from them: enough to tell two comparisons apart."""
    step = max(1e-6, *(abs(limit) * 1e-6 for limit in limits))
    probes = [*limits, sum(limits) / 2, min(limits) - 1, max(limits) + 1]
    probes += [limit + offset for limit in limits for offset in (-step, step)]
    probes = [value for value in probes if math.isfinite(value)]
    if values.whole:
        probes = [float(edge) for value in probes for edge in (math.floor(value), math.ceil(value))]
    probes += [edge for edge in (values.low, values.high) if math.isfinite(edge)]
    return (tidy(value) for value in probes if values.low <= value <= values.high)

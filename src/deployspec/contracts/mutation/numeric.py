"""Changes of numbers: thresholds, the comparisons around them, constants, quantiles, counts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from deployspec.contracts.mutation import values
from deployspec.contracts.mutation.change import Change
from deployspec.contracts.mutation.context import Context, is_scalar
from deployspec.contracts.mutation.printing import number, to_text
from deployspec.contracts.mutation.tree import COMPARISONS, Aggregation, Binary, Call, Negation, Node, Number

_QUANTILES = (0.5, 0.9, 0.95, 0.99)
_MIRRORED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "^": "*"}


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of this node's own numbers and of the operators between numbers."""
    match node:
        case Binary(op=op) if op in COMPARISONS:
            yield from _comparison(node, here)
            if here.valued or not node.bool:
                yield from _thresholds(node)
        case Binary(op=op) if op in _ARITHMETIC and here.valued:
            new = _ARITHMETIC[op]
            yield Change(
                "arithmetic",
                f"{op} → {new}",
                f"its value differs when {op} becomes {new}",
                replace(node, op=new),
            )
        case Negation(expr=expr) if here.valued:
            yield Change("negation", f"-{to_text(expr)} → {to_text(expr)}", "the sign has an effect", expr)
        case Number():
            yield from _number(node, here)


def _comparison(node: Binary, here: Context) -> Iterator[Change]:
    op = node.op
    limit = _limit(node)
    scalars = is_scalar(node.left) and is_scalar(node.right)
    for new in COMPARISONS:
        if new == op or (node.bool and not here.valued):
            continue
        if limit is not None:
            domain, value, mirrored = limit
            old_op, new_op = (_MIRRORED[op], _MIRRORED[new]) if mirrored else (op, new)
            if not values.distinguishable(domain, (old_op, value), (new_op, value)):
                continue
        yield Change("comparison", f"{op} → {new}", _where_they_differ(op, new, node), replace(node, op=new))
    if node.bool and not scalars:
        yield Change(
            "bool",
            f"{op} bool → {op}",
            "the comparison is false, and 0 is its value",
            replace(node, bool=False),
        )
    elif not node.bool:
        yield Change(
            "bool",
            f"{op} → {op} bool",
            "the comparison is false, and nothing is there",
            replace(node, bool=True),
        )


def _where_they_differ(op: str, new: str, node: Binary) -> str:
    left, right = to_text(node.left), to_text(node.right)
    limit = (
        right
        if isinstance(node.right, Number)
        else left
        if isinstance(node.left, Number)
        else "where both sides are equal"
    )
    told = f"`{op}` from `{new}`"
    if {op, new} in ({">", ">="}, {"<", "<="}, {">=", "=="}, {"<=", "=="}, {"!=", ">"}, {"!=", "<"}):
        side = {frozenset((">=", "==")): "above", frozenset(("<=", "==")): "below", frozenset(("!=", ">")): "below", frozenset(("!=", "<")): "above"}.get(frozenset((op, new)))  # fmt: skip
        where = f"{side} the threshold {limit}" if side else f"exactly at the threshold {limit}"
        return f"tells {told}: add one {where}"
    return f"tells {told}: add one below, one at and one above the threshold {limit}"


def _limit(node: Binary) -> tuple[values.Values, float, bool] | None:
    """What is compared with a number: its values, the number, and whether the number stands on the left."""
    if isinstance(node.right, Number):
        return values.of(node.left), node.right.value, False
    if isinstance(node.left, Number):
        return values.of(node.right), node.left.value, True
    return None


def _thresholds(node: Binary) -> Iterator[Change]:
    limit = _limit(node)
    if limit is None or not math.isfinite(limit[1]) or is_scalar(node):
        return
    domain, old, mirrored = limit
    op = _MIRRORED[node.op] if mirrored else node.op
    for new in _around(old):
        never = domain.whole and not new.is_integer() and op in ("==", "!=")
        if never or not values.distinguishable(domain, (op, old), (op, new)):
            continue
        changed = replace(node, left=Number(new)) if mirrored else replace(node, right=Number(new))
        low, high = sorted((old, new))
        test = f"has a value from {number(low)} to {number(high)}, where the two thresholds judge differently"
        yield Change("threshold", f"threshold {number(old)} → {number(new)}", test, changed)


def _around(old: float) -> list[float]:
    """A small step and a large one, both ways; for whole numbers one more and one less."""
    if old == 0:
        return [0.01, -0.01, 1.0, -1.0]
    steps = [old * 1.01, old * 0.99, old * 2, old / 2]
    if old.is_integer():
        steps += [old + 1, old - 1]
    return list(dict.fromkeys(_tidy(step) for step in steps))


def _number(node: Number, here: Context) -> Iterator[Change]:
    old, parent, index = node.value, here.parent, here.path[-1] if here.path else 0
    if not math.isfinite(old) or not here.valued:
        return
    match parent:
        case Binary(op=op) if op in COMPARISONS and not is_scalar(parent):
            return  # a threshold
        case Aggregation(op=op) if op in ("topk", "bottomk", "limitk"):
            for new in (old + 1, old - 1):
                if new >= 1:
                    what = f"{op}({number(old)}, …) → {op}({number(new)}, …)"
                    yield Change("count", what, f"has more than {number(old)} series", Number(new))
            return
        case Aggregation(op="quantile") | Call(name="histogram_quantile" | "quantile_over_time") if (
            index == _quantile_at(parent)
        ):
            for new in _QUANTILES:
                if new != old:
                    what = f"quantile {number(old)} → {number(new)}"
                    yield Change(
                        "quantile",
                        what,
                        "has the two quantiles on different sides of the threshold",
                        Number(new),
                    )
            return
    if here.scale != "exact" and isinstance(parent, Binary) and parent.op in ("*", "/"):
        return
    for new in _constants(old):
        yield Change(
            "constant",
            f"{number(old)} → {number(new)}",
            f"has a result that the constant {number(old)} decides",
            Number(new),
        )


def _quantile_at(parent: Node | None) -> int:
    return 1 if isinstance(parent, Aggregation) else 0


def _constants(old: float) -> list[float]:
    if old == 0:
        return [1.0, -1.0]
    if old.is_integer() and abs(old) < 100:
        return list(dict.fromkeys([old + 1, old - 1, old * 2]))
    return [_tidy(old * 1.01), _tidy(old * 0.99), _tidy(old * 2)]


def _tidy(value: float) -> float:
    """Without the noise of binary fractions: 0.05 * 1.01 is 0.0505."""
    return float(f"{value:.12g}")

"""Changes of numbers that are no thresholds, and of the arithmetic between them: constants, quantiles, counts."""

from __future__ import annotations

import math
from collections.abc import Iterator

from deployspec.chapters.mutation.judge.change import Change, swap
from deployspec.chapters.mutation.judge.context import Context, is_scalar
from deployspec.chapters.mutation.judge.printing import number, tidy, to_text
from deployspec.chapters.mutation.judge.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Negation,
    Node,
    Number,
)

_QUANTILES = (0.5, 0.9, 0.95, 0.99)
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "^": "*"}


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of this node's own numbers and of the operators between numbers."""
    match node:
        case Binary(op=op) if op in _ARITHMETIC and here.valued:
            new = _ARITHMETIC[op]
            yield swap("arithmetic", node, "op", new, f"its value differs when {op} becomes {new}")
        case Negation(expr=expr) if here.valued:
            yield Change("negation", f"-{to_text(expr)} → {to_text(expr)}", "the sign has an effect", expr)
        case Number():
            yield from _number(node, here)


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
                    test = "has the two quantiles on different sides of the threshold"
                    yield Change("quantile", what, test, Number(new))
            return
    if here.scale != "exact" and isinstance(parent, Binary) and parent.op in ("*", "/"):
        return
    for new in _constants(old):
        test = f"has a result that the constant {number(old)} decides"
        yield Change("constant", f"{number(old)} → {number(new)}", test, Number(new))


def _quantile_at(parent: Node | None) -> int:
    return 1 if isinstance(parent, Aggregation) else 0


def _constants(old: float) -> list[float]:
    if old == 0:
        return [1.0, -1.0]
    if old.is_integer() and abs(old) < 100:
        return list(dict.fromkeys([old + 1, old - 1, old * 2]))
    return [tidy(old * 1.01), tidy(old * 0.99), tidy(old * 2)]

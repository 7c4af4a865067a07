"""Changes of numbers and of what is done with them: comparisons, thresholds, arithmetic, constants, quantiles."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from deployspec.chapters.mutation.judge import values
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

_MIRRORED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}
_QUANTILES = (0.5, 0.9, 0.95, 0.99)
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "^": "*"}


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of this node's own numbers and of the operators between numbers."""
    match node:
        case Binary(op=op) if op in COMPARISONS:
            yield from _comparison(node, here)
        case Binary(op=op) if op in _ARITHMETIC and here.valued:
            new = _ARITHMETIC[op]
            yield swap("arithmetic", node, "op", new, f"its value differs when {op} becomes {new}")
        case Negation(expr=expr) if here.valued:
            yield Change("negation", f"-{to_text(expr)} → {to_text(expr)}", "the sign has an effect", expr)
        case Number():
            yield from _number(node, here)


def _comparison(node: Binary, here: Context) -> Iterator[Change]:
    """Its operator, its threshold, ``bool``."""
    if here.valued or not node.bool:
        limit = _limit(node)
        yield from _without_number(node) if limit is None else _with_number(node, *limit)
    if not node.bool or not is_scalar(node):
        what = f"{node.op} bool → {node.op}" if node.bool else f"{node.op} → {node.op} bool"
        new = replace(node, bool=not node.bool)
        yield Change("bool", what, "has data of which the comparison is false", new)


def _without_number(node: Binary) -> Iterator[Change]:
    test = "has sides of which the left one is the smaller, the equal and the greater"
    for new in COMPARISONS:
        if new != node.op:
            yield swap("comparison", node, "op", new, test)


def _with_number(node: Binary, domain: values.Values, old: float, mirrored: bool) -> Iterator[Change]:
    """The operators and thresholds that judge some value otherwise than the rule and than one another."""

    def turned(op: str) -> str:
        return _MIRRORED[op] if mirrored else op

    made = [(turned(node.op), old)]
    candidates = [("comparison", op, old) for op in COMPARISONS if op != node.op]
    if math.isfinite(old) and not is_scalar(node):
        candidates += [("threshold", node.op, new) for new in _around(old)]
    for operator, op, new in candidates:
        judges = (turned(op), new)
        if any(values.difference(domain, judges, other) is None for other in made):
            continue
        made.append(judges)
        differ = values.difference(domain, made[0], judges)
        words = f"`{made[0][0]} {number(old)}` and `{judges[0]} {number(new)}`"
        test = f"compares {number(differ if differ is not None else old)}, which {words} judge differently"
        what = f"{node.op} → {op}" if operator == "comparison" else f"threshold {number(old)} → {number(new)}"
        moved = replace(node, left=Number(new)) if mirrored else replace(node, right=Number(new))
        yield Change(operator, what, test, replace(moved, op=op))


def _limit(node: Binary) -> tuple[values.Values, float, bool] | None:
    """What is compared with a number: its values, the number, and whether the number stands on the left."""
    if isinstance(node.right, Number):
        return values.of(node.left), node.right.value, False
    if isinstance(node.left, Number):
        return values.of(node.right), node.left.value, True
    return None


def _around(old: float) -> list[float]:
    """A small step and a large one, both ways; for whole numbers one more and one less."""
    if old == 0:
        return [0.01, -0.01, 1.0, -1.0]
    steps = [old * 1.01, old * 0.99, old * 2, old / 2]
    if old.is_integer():
        steps += [old + 1, old - 1]
    return list(dict.fromkeys(tidy(step) for step in steps))


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

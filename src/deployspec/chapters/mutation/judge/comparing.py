"""Changes of comparisons and their thresholds."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from deployspec.chapters.mutation.judge import values
from deployspec.chapters.mutation.judge.change import Change, swap
from deployspec.chapters.mutation.judge.context import Context, is_scalar
from deployspec.chapters.mutation.judge.printing import number, tidy
from deployspec.chapters.mutation.judge.tree import COMPARISONS, Binary, Node, Number

_MIRRORED = {"==": "==", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of a comparison: its operator, its threshold, ``bool``."""
    if not isinstance(node, Binary) or node.op not in COMPARISONS:
        return
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

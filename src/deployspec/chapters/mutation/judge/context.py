"""What of a node's result has an effect on its rule: where nothing does, a mutant would be equivalent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from deployspec.chapters.mutation.judge import values
from deployspec.chapters.mutation.judge.tree import (
    COMPARISONS,
    Aggregation,
    Binary,
    Call,
    Node,
    Number,
    Path,
    Selector,
    children,
)


@dataclass(frozen=True, slots=True)
class Context:
    """Where a node stands."""

    path: Path = ()
    parent: Node | None = None
    valued: bool = True
    """Whether its value has an effect, and not just whether there is one."""
    scale: str = "exact"
    """``exact``; ``proportion``: multiplying all values by one number changes nothing; ``sign``: only whether a value
    is 0 has an effect."""
    labels: frozenset[str] | None = None
    """The only labels that have an effect on which series there are; None: all of them."""


_VALUELESS_CALLS = frozenset({"present_over_time", "count_over_time", "timestamp"})
_ITSELF = frozenset({"sum", "min", "max"})
"""Aggregations that, done twice, may as well be done once."""


def nodes(node: Node, here: Context) -> Iterator[tuple[Node, Context]]:
    """The node and all below it, with the context of each."""
    yield node, here
    for index, child in enumerate(children(node)):
        below = replace(_below(node, index, here), path=(*here.path, index), parent=node)
        yield from nodes(child, below)


def _below(node: Node, index: int, here: Context) -> Context:
    match node:
        case Binary(op=op):
            return _operand(node, op, index, here)
        case Aggregation(op=op, grouping=grouping):
            if index == 1:
                return Context()
            inner = replace(here, labels=None)
            if op in ("count", "group"):
                return replace(inner, valued=False, scale="exact")
            if op in ("topk", "bottomk"):
                return Context()
            if op not in ("sum", "min", "max", "avg"):
                return replace(inner, scale="exact")
            if grouping is None or grouping.word == "by":
                # How an inner sum of a sum is grouped has no effect beyond the labels of the outer one.
                child = children(node)[0]
                if op in _ITSELF and isinstance(child, Aggregation) and child.op == op:
                    return replace(inner, labels=frozenset(grouping.names if grouping else ()))
            return inner
        case Call(name="histogram_quantile") if index == 1:
            return replace(here, scale="proportion")
        case Call(name=name) if name in ("absent", "absent_over_time"):
            return Context(valued=False, labels=frozenset())
        case Call(name=name) if name in _VALUELESS_CALLS:
            return replace(here, valued=False, scale="exact")
        case Call(name=name) if name not in ("rate", "irate", "increase", "delta", "deriv"):
            return replace(here, scale="exact")
    return here


def _operand(node: Binary, op: str, index: int, here: Context) -> Context:
    if op in COMPARISONS:
        if node.bool and not here.valued:
            return here
        other = children(node)[1 - index]
        mine = children(node)[index]
        scale = "exact"
        if other == Number(0.0) and not (here.valued and not node.bool):
            scale = "sign" if values.of(mine).low >= 0 else "proportion"
        return replace(here, valued=True, scale=scale, labels=None)
    if op == "or":
        return replace(here, labels=None)
    if op in ("and", "unless"):
        if index == 0:
            return replace(here, labels=None)
        on = node.matching is not None and node.matching.word == "on"
        names = frozenset(node.matching.names) if on and node.matching else None
        return Context(valued=False, labels=names)
    return replace(here, labels=None, scale="exact")


def is_scalar(node: Node) -> bool:
    """Whether the expression is a number and no set of series."""
    match node:
        case Number():
            return True
        case Selector() | Aggregation():
            return False
        case Call(name=name):
            return name in ("scalar", "time", "pi")
    return bool(children(node)) and all(is_scalar(child) for child in children(node))

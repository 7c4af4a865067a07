"""Changes of what is made of many series: aggregations, functions, matching, set operators."""

from __future__ import annotations

from collections.abc import Iterator

from deployspec.chapters.mutation.judge import values
from deployspec.chapters.mutation.judge.change import Change, swap
from deployspec.chapters.mutation.judge.context import Context
from deployspec.chapters.mutation.judge.printing import to_text
from deployspec.chapters.mutation.judge.tree import SET_OPERATORS, Aggregation, Binary, Call, Labels, Node

_AGGREGATIONS = {
    "sum": ("avg", "max", "min", "count"),
    "avg": ("sum", "max", "min"),
    "max": ("min", "avg", "sum"),
    "min": ("max", "avg", "sum"),
    "count": ("sum",),
    "stddev": ("stdvar", "avg"),
    "stdvar": ("stddev", "avg"),
    "topk": ("bottomk",),
    "bottomk": ("topk",),
}
_SAME_BUT_FOR_SCALE = {
    "proportion": ({"sum", "avg"}, {"rate", "increase"}),
    "sign": ({"sum", "avg", "max"}, {"rate", "increase"}),
    "exact": (),
}
"""Of the values 0 and more, where only that has an effect: docs/mutation.md, "Equivalent by construction"."""

_FUNCTIONS = {
    "rate": ("increase", "irate", "deriv"),
    "irate": ("rate", "idelta"),
    "increase": ("rate", "delta"),
    "delta": ("increase", "idelta"),
    "idelta": ("delta", "irate"),
    "deriv": ("rate", "delta"),
    "avg_over_time": ("max_over_time", "min_over_time", "last_over_time"),
    "max_over_time": ("min_over_time", "avg_over_time", "last_over_time"),
    "min_over_time": ("max_over_time", "avg_over_time", "last_over_time"),
    "sum_over_time": ("avg_over_time", "max_over_time", "count_over_time"),
    "count_over_time": ("sum_over_time",),
    "last_over_time": ("max_over_time", "min_over_time", "avg_over_time"),
    "stddev_over_time": ("stdvar_over_time", "avg_over_time"),
    "changes": ("resets",),
    "resets": ("changes",),
    "clamp_min": ("clamp_max",),
    "clamp_max": ("clamp_min",),
    "ceil": ("floor",),
    "floor": ("ceil",),
}
_PRESENCE = {"absent_over_time": "present_over_time", "present_over_time": "absent_over_time"}
_REMOVED = ("absent", "abs", "ceil", "floor", "round", "clamp", "clamp_min", "clamp_max", "sqrt", "exp", "ln", "log2", "log10", "label_replace", "label_join", "timestamp")  # fmt: skip
_REGROUPED = {"by": "without", "without": "by", "on": "ignoring", "ignoring": "on"}


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of an aggregation, a function, or of how two sides are matched."""
    match node:
        case Aggregation():
            yield from _aggregation(node, here)
        case Call():
            yield from _call(node, here)
        case Binary():
            yield from _matching(node)
            if node.op in SET_OPERATORS:
                yield from _set_operator(node)


def _same(old: str, new: str, here: Context) -> bool:
    return any({old, new} <= alike for alike in _SAME_BUT_FOR_SCALE[here.scale])


def _aggregation(node: Aggregation, here: Context) -> Iterator[Change]:
    inner = values.of(node.expr)
    for new in _AGGREGATIONS.get(node.op, ()) if here.valued else ():
        all_one = {node.op, new} == {"sum", "count"} and inner.low == inner.high == 1
        if not all_one and not _same(node.op, new, here):
            test = f"has several series in one group, so that {node.op} and {new} differ"
            yield swap("aggregation", node, "op", new, test)
    if node.grouping is not None:
        yield from _grouping(node, node.grouping, here.labels)
    if node.param is None and here.labels is None:
        what = f"{to_text(node)} → {to_text(node.expr)}"
        yield Change("aggregation-removed", what, "has several series in one group", node.expr)


def _grouping(node: Aggregation, grouping: Labels, known: frozenset[str] | None) -> Iterator[Change]:
    word, names = grouping.word, grouping.names
    for name in names:
        if known is None or name in known:
            rest = grouping.less(name)
            new = rest if rest.names or word == "without" else None
            test = f"has series that differ in {name} alone, or shows {name} among the labels"
            yield swap("grouping", node, "grouping", new, test)
    if len(names) > 1 and (known is None or known & set(names)):
        test = f"has series that differ in {' and '.join(names)}"
        yield swap("grouping", node, "grouping", None, test)
    if known is None or known:
        swapped = Labels(_REGROUPED[word], names)
        yield swap("grouping", node, "grouping", swapped, f"shows the labels that `{word}` leaves")


def _call(node: Call, here: Context) -> Iterator[Change]:
    name, args = node.name, node.args
    if here.valued:
        for new in _FUNCTIONS.get(name, ()):
            if not _same(name, new, here):
                test = f"has values whose {name} and {new} differ enough: {_UNLIKE.get(name, _UNLIKE[''])}"
                yield swap("function", node, "name", new, test)
    if name in _PRESENCE:
        yield swap("function", node, "name", _PRESENCE[name], _WITH_AND_WITHOUT)
    if name in _REMOVED and args and (here.valued or name == "absent"):
        test = _WITH_AND_WITHOUT if name == "absent" else f"has values that {name} changes"
        yield Change("function-removed", f"{to_text(node)} → {to_text(args[0])}", test, args[0])


_WITH_AND_WITHOUT = "has one group with the data and one without"
_UNLIKE = {
    "rate": "a burst in a part of the range, and a counter reset",
    "increase": "a counter reset",
    "": "a rise and a fall in one range",
}


def _matching(node: Binary) -> Iterator[Change]:
    if node.matching is not None:
        for name in node.matching.names:
            test = f"has several series on each side that differ in {name}"
            yield swap("matching", node, "matching", node.matching.less(name), test)
        swapped = Labels(_REGROUPED[node.matching.word], node.matching.names)
        yield swap(
            "matching", node, "matching", swapped, "has sides whose labels differ, with several series"
        )
    if node.many is not None:
        yield swap("matching", node, "many", None, "has several series on the one side for one on the other")
        for name in node.many.names:
            yield swap("matching", node, "many", node.many.less(name), f"shows the label {name}")


def _set_operator(node: Binary) -> Iterator[Change]:
    for new in SET_OPERATORS:
        if new != node.op:
            yield swap("set-operator", node, "op", new, f"has a group in which {node.op} and {new} differ")
    for kept, dropped in ((node.left, node.right), (node.right, node.left)):
        what = f"{node.op}: {to_text(dropped)} dropped"
        yield Change("operand-dropped", what, f"depends on `{to_text(dropped)}`", kept)

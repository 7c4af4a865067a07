"""Changes of what is selected: matchers, ranges, offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from deployspec.base.duration import format_duration
from deployspec.chapters.mutation.judge.change import Change
from deployspec.chapters.mutation.judge.context import Context
from deployspec.chapters.mutation.judge.tree import Node, Selector, Subquery
from deployspec.languages.promql.selectors import Matcher

NOWHERE = "no-such-value"
"""A value that no series has."""

_NEGATED = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_OTHER_SYNTAX = {"=": "=~", "=~": "=", "!=": "!~", "!~": "!="}
_PLAIN = re.compile(r"[^.*+?()\[\]{}|^$\\]*")


def changes(node: Node, here: Context) -> Iterator[Change]:
    """All changes of a selector or a subquery's range."""
    match node:
        case Selector():
            yield from _matchers(node)
            yield from _range(node)
            yield from _offset(node)
        case Subquery(step=step):
            yield from _range(node)
            if step is not None and here.valued:
                what = f"step {format_duration(step)} → {format_duration(step * 2)}"
                test = "has a peak that only the finer step sees"
                yield Change("step", what, test, replace(node, step=step * 2))
            yield from _offset(node)


def _range(node: Selector | Subquery) -> Iterator[Change]:
    old = node.range
    if old is None:
        return
    for new in (old / 2, old * 2):
        low, high = format_duration(min(old, new)), format_duration(max(old, new))
        test = f"has a change between {low} and {high} before the case's time"
        yield Change(
            "range", f"range {format_duration(old)} → {format_duration(new)}", test, replace(node, range=new)
        )


def _offset(node: Selector | Subquery) -> Iterator[Change]:
    if node.offset:
        what = f"offset {'-' if node.offset < 0 else ''}{format_duration(abs(node.offset))} → none"
        yield Change("offset", what, "has different values now and at the offset", replace(node, offset=0.0))


def _matchers(node: Selector) -> Iterator[Change]:
    for index, matcher in enumerate(node.matchers):
        if matcher.label == "__name__":
            continue
        for operator, new, test in _of_matcher(matcher):
            rest = (*node.matchers[:index], *([] if new is None else [new]), *node.matchers[index + 1 :])
            if not node.name and not rest:
                continue
            what = f"{_text(matcher)} → {'none' if new is None else _text(new)}"
            yield Change(operator, what, test, replace(node, matchers=rest))


def _of_matcher(matcher: Matcher) -> Iterator[tuple[str, Matcher | None, str]]:
    text, op, value = _text(matcher), matcher.op, matcher.value
    if op == "=~" and value == ".*":
        return  # every series matches
    decides = f"has a series that `{text}` lets in and that decides"
    alone = "and whose values alone would change the result"
    yield "matcher-dropped", None, f"has a series that only `{text}` keeps out, {alone}"
    yield "matcher-negated", replace(matcher, op=_NEGATED[op]), decides
    if op in ("=", "=~") and value != NOWHERE:
        yield "matcher-value", replace(matcher, op="=", value=NOWHERE), decides
    if op in ("=", "!=") and not _PLAIN.fullmatch(value):
        test = f"has a series whose {matcher.label} is another text that the pattern {value} matches"
        yield "matcher-regex", replace(matcher, op=_OTHER_SYNTAX[op]), test
    if op in ("=~", "!~"):
        for left_out, rest in _alternatives(value):
            test = f"has a series whose {matcher.label} is {left_out}, {alone}"
            yield "matcher-alternative", replace(matcher, value=rest), test


def _alternatives(pattern: str) -> Iterator[tuple[str, str]]:
    """Each alternative of ``a|b|c``, and the pattern without it; nothing where `|` stands in a group or a class."""
    parts = pattern.split("|")
    if len(parts) < 2 or any(char in pattern for char in "()[]\\"):
        return
    for index, part in enumerate(parts):
        yield part, "|".join(parts[:index] + parts[index + 1 :])


def _text(matcher: Matcher) -> str:
    return f'{matcher.label}{matcher.op}"{matcher.value}"'

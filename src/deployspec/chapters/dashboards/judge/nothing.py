"""Why a query shows nothing: a name that is not there, matchers that no series meets, or nothing has happened yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from deployspec.base import shown
from deployspec.base.problems import suggestion
from deployspec.chapters.dashboards.model import Known
from deployspec.languages.promql.selectors import Matcher, Selector, selectors
from deployspec.languages.promql.syntax import is_scalar, parse, parts, walk

if TYPE_CHECKING:
    from promql_parser import Expr

    from deployspec.chapters.dashboards.judge.meanings import Event

_COUNTING = ("counter", "histogram", "summary")
_COUNTERS = ("_total", "_count", "_sum", "_bucket")
OF_TARGETS = frozenset({"job", "instance"})
"""Labels that the scrape gives: no request, no error brings another value of them."""
MADE_BY_PROMETHEUS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
_OF_NUMBERS = frozenset({"le", "quantile"})
"""Labels whose values are numbers; Prometheus 3 writes each as a number with a point: 1 as 1.0."""
_NOT = frozenset({"in", "un", "im", "dis", "non", "not", "no"})
_CODES = frozenset(map(str, range(100, 600)))
_CLASSES = tuple(frozenset(f"{first}{end}" for first in range(1, 6)) for end in ("xx", "XX"))
"""How servers name all codes that begin with a digit: HAProxy, prometheus-fastapi-instrumentator."""
_DIGITS = re.compile(r"\d+")
_ARITHMETIC = frozenset("+-*/%^")


class Why(Enum):
    """Why a selector selects nothing."""

    UNKNOWN = "unknown"
    """There is no metric of the name."""
    NO_MATCH = "no match"
    """There is one, and no series of it can meet the matchers."""
    NOT_YET = "not yet"
    """A series that meets them comes with an event that has not happened."""
    UNTOLD = "untold"
    """It is not known whether one may come."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a selector selects nothing, in words."""

    why: Why
    text: str


def to_look_at(text: str, *, shows: bool) -> tuple[Selector, ...]:
    """The selectors of a query of which the answer does not tell whether they select anything, each once.

    Of an answer without series these are all. Of one with series they are those beside an ``or``, behind an ``unless``,
    in ``absent()``, and those of a name that other selectors could stand in for: ``x or vector(0)`` always shows a number.
    """
    tree = parse(text)
    found = selectors(tree) if not shows else tuple(_hidden(tree))
    return tuple(dict.fromkeys(found))


def _hidden(tree: Expr) -> Iterator[Selector]:
    node: Any
    for node in walk(tree):
        kind = type(node).__name__
        if (kind == "BinaryExpr" and str(node.op) in ("or", "unless")) or (
            kind == "Call" and str(node.func.name).startswith("absent")
        ):
            yield from selectors(node)


def why_nothing(known: Known, events: Sequence[Event] = ()) -> Reason:
    """Why a selector selects nothing. ``events`` are what users say may come."""
    selector, name = known.selector, known.selector.name or ""
    if name in MADE_BY_PROMETHEUS:
        return Reason(Why.NOT_YET, f"Prometheus makes {_code(name)} itself, while an alert is active")
    event = next((one for one in events if one.may_bring(selector)), None)
    if not known.named:
        return _unnamed(known, name, event)
    if event is not None:
        return Reason(Why.NOT_YET, f"{_code(selector.text)} has no series yet: {event.told}")
    counts = known.type in _COUNTING or (not known.type and name.endswith(_COUNTERS))
    wanted = [one for one in selector.matchers if one.label != "__name__"]
    for matcher in wanted:
        if found := _of_matcher(name, matcher, known, counts=counts):
            return found
    told = _code(selector.text)
    if counts and any(one.label not in OF_TARGETS for one in wanted):
        return Reason(
            Why.NOT_YET,
            f"{told} has no series yet: each matcher fits some, and such a count begins with its first event",
        )
    return Reason(Why.UNTOLD, f"each matcher of {told} fits a series, and none fits all")


def _unnamed(known: Known, name: str, event: Event | None) -> Reason:
    if known.recorded:
        return Reason(Why.NOT_YET, f"a loaded rule records {_code(name)}, and has no result now")
    if event is not None:
        return Reason(Why.NOT_YET, f"{_code(name)} has no series yet: {event.told}")
    if known.type in _COUNTING:
        return Reason(
            Why.NOT_YET,
            f"{_code(name)} has no series yet: a target declares this {known.type}, whose series begin with an event",
        )
    if not name:
        return Reason(Why.UNKNOWN, f"no metric there has a name that {_code(known.selector.text)} fits")
    near = shown.nearest(name, known.names)
    return Reason(Why.UNKNOWN, f"there is no metric {_code(name)}{near}")


def _of_matcher(name: str, matcher: Matcher, known: Known, *, counts: bool) -> Reason | None:
    """What one matcher alone keeps out; None where a series meets it."""
    if matcher.label not in known.values:
        return None
    seen = known.values[matcher.label]
    if matcher.matches("") and not seen:
        return None
    if seen is None:
        near = shown.nearest(matcher.label, known.labels)
        return Reason(Why.NO_MATCH, f"no series of {_code(name)} has a label {_code(matcher.label)}{near}")
    if any(map(matcher.matches, seen)):
        return None
    there = f"(there: {_some(seen)})"
    what = f"no series of {_code(name)} has {_code(matcher)}"
    if matcher.label in OF_TARGETS:
        return Reason(Why.NO_MATCH, f"{what} {there}")
    if matcher.op in ("!=", "!~"):
        if counts:
            return Reason(
                Why.NOT_YET,
                f"every series of {_code(name)} is left out by {_code(matcher)}, and others begin with an event",
            )
        return Reason(Why.UNTOLD, f"every series of {_code(name)} is left out by {_code(matcher)} {there}")
    if counts and _is_code(matcher, seen):
        return Reason(
            Why.NOT_YET,
            f"{what} yet: the label has status codes, it asks for such ones, and each begins with its first event {there}",
        )
    if matcher.label in _OF_NUMBERS and (same := _same_number(matcher, seen)):
        return Reason(
            Why.NO_MATCH,
            f"{what}; did you mean {same}? Prometheus 3 writes numbers in this label with a point, and 2 as they come {there}",
        )
    meant = [
        near
        for word in matcher.words() or ()
        for near in [suggestion(word, seen, 2)]
        if near is not None and not _is_another(word, near)
    ]
    if meant:
        return Reason(Why.NO_MATCH, f"{what}; did you mean {meant[0]}? {there}")
    return Reason(
        Why.UNTOLD,
        f"{what}, and it is not known whether one may come {there}; `events` in dashboards.meanings can say so",
    )


def _is_code(matcher: Matcher, seen: frozenset[str]) -> bool:
    """Whether the label's values are status codes, or their classes (2xx), and the matcher asks for some of that form."""
    return any(
        all(one in form for one in seen) and any(map(matcher.meets, form)) for form in (_CODES, *_CLASSES)
    )


def _is_another(word: str, near: str) -> bool:
    """Whether two words that look alike are no slip of one another: another number, version or address, or the opposite."""
    if _DIGITS.sub("", word) == _DIGITS.sub("", near):
        return True
    shorter, longer = sorted((word.lower(), near.lower()), key=len)
    return longer.endswith(shorter) and longer.removesuffix(shorter).strip("_- ") in _NOT


def _same_number(matcher: Matcher, seen: frozenset[str]) -> str:
    """A value that is the number that the matcher asks for, written in another way; empty where there is none."""
    numbers = {_number(value): value for value in sorted(seen)}
    wanted = [_number(word) for word in matcher.words() or ()]
    return next((numbers[one] for one in wanted if one is not None and one in numbers), "")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def unmatched(tree: Expr) -> Iterator[tuple[Expr, Expr, Expr]]:
    """Each arithmetic operation between two vectors, outermost first, with its sides: where both sides have series and the
    operation has none, no series of one fits one of the other."""
    node: Any
    for node in walk(tree):
        if type(node).__name__ == "BinaryExpr" and str(node.op) in _ARITHMETIC:
            left, right = parts(node)
            if not is_scalar(left) and not is_scalar(right):
                yield node, left, right


def _some(values: frozenset[str]) -> str:
    ordered = sorted(values)
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""
    return ", ".join(shown.one_line(value, 40) for value in ordered[:3]) + more or "none"


def _code(text: object) -> str:
    return f"`{shown.one_line(str(text), 120)}`"

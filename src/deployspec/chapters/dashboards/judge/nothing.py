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
from deployspec.languages.promql.syntax import is_scalar, parse, parts, to_text, walk

if TYPE_CHECKING:
    from promql_parser import Expr

    from deployspec.chapters.dashboards.judge.meanings import Event
    from deployspec.chapters.dashboards.model import Curve

_COUNTING = ("counter", "histogram", "summary")
_COUNTERS = ("_total", "_count", "_sum", "_bucket")
OF_TARGETS = frozenset({"job", "instance"})
"""Labels that the scrape gives: no request, no error brings another value of them."""
MADE_BY_PROMETHEUS = frozenset({"ALERTS", "ALERTS_FOR_STATE"})
_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "^", "atan2"))
_LEAVE_OUT = frozenset(("==", "!=", "<", ">", "<=", ">=", "and", "unless"))
_CODE = re.compile(r"[1-5](?:\d\d|[xX]{2})")
"""A status code, or a class of them."""
_KNOWN_SETS = tuple(
    frozenset(one.split())
    for one in (
        "GET POST PUT PATCH DELETE HEAD OPTIONS CONNECT TRACE",
        (
            "OK Canceled Unknown InvalidArgument DeadlineExceeded NotFound AlreadyExists PermissionDenied ResourceExhausted "
            "FailedPrecondition Aborted OutOfRange Unimplemented Internal Unavailable DataLoss Unauthenticated"
        ),
        "trace debug info notice warning error critical fatal panic",
        "success failure",
        "succeeded failed",
        "ok error",
        "hit miss",
        "true false",
    )
)
"""Values that labels have: HTTP's methods, gRPC's codes, levels of logs, ends. One that was not seen begins with its event."""


SHORTEST = 3
"""Letters of a word, or a part of one, that is too short to be a slip: another letter is another thing."""
MOST_LETTERS = 2
"""By which a slip differs from what was meant."""
_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"[-_.:/ ]")
_OF_NUMBERS = frozenset({"le", "quantile"})
"""Labels whose values are numbers; Prometheus 3 writes each as a number with a point: 1 as 1.0."""
_NOT = frozenset({"in", "un", "im", "dis", "non", "not", "no"})


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

    Of an answer without a number these are all. Of one with numbers they are those beside an ``or``, behind an ``unless``,
    in ``absent()`` and ``scalar()``: ``x or vector(0)`` always shows a number.
    """
    tree = parse(text)
    found = selectors(tree) if not shows else (one for node in _hidden(tree) for one in selectors(node))
    return tuple(dict.fromkeys(found))


def _hidden(tree: Expr) -> Iterator[Expr]:
    """The parts of a query that may be empty while it shows a number."""
    node: Any
    for node in walk(tree):
        kind = type(node).__name__
        if (kind == "BinaryExpr" and str(node.op) in ("or", "unless")) or (
            kind == "Call" and str(node.func.name) in ("absent", "absent_over_time", "scalar")
        ):
            yield node


def leaves_out(text: str) -> bool:
    """Whether the query leaves series out on purpose: by a comparison, by ``and`` and ``unless``, in ``absent()``. Any other
    one whose selectors all select something shows something."""
    return any(map(_leaves_out, walk(parse(text))))


def _leaves_out(node: Any) -> bool:
    if type(node).__name__ == "Call":
        return str(node.func.name).startswith("absent")
    if type(node).__name__ != "BinaryExpr" or str(node.op) not in _LEAVE_OUT:
        return False
    return node.modifier is None or not node.modifier.return_bool


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
    if known.past:
        return _past(selector, counts=counts and any(one.label not in OF_TARGETS for one in wanted))
    by_name = ", ".join(str(one) for one in selector.matchers if one.label == "__name__")
    for matcher in wanted:
        if found := _of_matcher(name or f"{{{by_name}}}", matcher, known, counts=counts):
            return found
    told = _code(selector.text)
    if counts and any(one.label not in OF_TARGETS for one in wanted):
        return Reason(
            Why.NOT_YET,
            f"{told} has no series yet: each matcher fits some, and such a count begins with its first event",
        )
    if not wanted:
        return Reason(Why.UNTOLD, f"{told} was there before, and has no series in the window")
    return Reason(Why.UNTOLD, f"each matcher of {told} fits a series, and none fits all")


def _past(selector: Selector, *, counts: bool) -> Reason:
    told = _code(selector.text)
    if counts:
        return Reason(
            Why.NOT_YET,
            f"{told} had series in the window, and such a count begins again with its first event",
        )
    when = "so long ago" if selector.offset else "in the range"
    return Reason(Why.UNTOLD, f"{told} has series in the window, and none {when}")


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
            f"{what} yet: the label has status codes, it asks for others, and each begins with its first event {there}",
        )
    if matcher.label in _OF_NUMBERS and (same := _same_number(matcher, seen)):
        return Reason(
            Why.NO_MATCH,
            f"{what}; did you mean {same}? Prometheus 3 writes numbers in this label with a point, and 2 as they come {there}",
        )
    words = matcher.words() or ()
    meant = [like for word in words if (like := suggestion(word, seen, 2)) and _is_slip(word, like)]
    if counts and not meant and any(seen | {word} <= closed for closed in _KNOWN_SETS for word in words):
        return Reason(
            Why.NOT_YET,
            f"{what} yet: it is one of a few known values, and each begins with its first event {there}",
        )
    if meant:
        return Reason(Why.NO_MATCH, f"{what}; did you mean {meant[0]}? {there}")
    return Reason(
        Why.UNTOLD,
        f"{what}, and it is not known whether one may come {there}; `events` in dashboards.meanings can say so",
    )


def _is_code(matcher: Matcher, seen: frozenset[str]) -> bool:
    """Whether the label's values are status codes, or classes of them, and the matcher asks for some."""
    if not all(map(_CODE.fullmatch, seen)):
        return False
    classes = [
        f"{number}{end}" for number in range(1, 6) for end in ("xx", "XX") if any(end in one for one in seen)
    ]
    codes = map(str, range(100, 600)) if any(one.isdigit() for one in seen) else ()
    return any(map(matcher.meets, (*codes, *classes)))


def _is_slip(word: str, near: str) -> bool:
    """Whether a value is another one misspelt, and no other value: ``sdb`` is none of ``sda``, nor ``v1.2.4`` of ``v1.2.3``."""
    if word.lower() == near.lower():
        return True
    if _DIGITS.sub("", word) == _DIGITS.sub("", near) or _is_opposite(word, near):
        return False
    tokens = [_PARTS.split(one) for one in (word, near)]
    if len(tokens[0]) == len(tokens[1]):
        other = [pair for pair in zip(*tokens, strict=True) if pair[0] != pair[1]]
        if len(other) == 1 and max(map(len, other[0])) <= SHORTEST:
            return False
    return _distance(word, near) <= MOST_LETTERS


def _is_opposite(word: str, near: str) -> bool:
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


def _distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many, or stand in each other's place."""
    rows = [list(range(len(other) + 1))]
    for row, letter in enumerate(one, 1):
        rows.append([row])
        for column, against in enumerate(other, 1):
            costs = [
                rows[row - 1][column] + 1,
                rows[row][column - 1] + 1,
                rows[row - 1][column - 1] + (letter != against),
            ]
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                costs.append(rows[row - 2][column - 2] + 1)
            rows[row].append(min(costs))
    return rows[-1][-1]


def unmatched(text: str, *, shows: bool) -> Iterator[tuple[Expr, Expr, Expr]]:
    """Each arithmetic operation between two vectors that may be empty, outermost first, with its sides: where both sides
    have series and the operation has none, no series of one fits one of the other.

    Of a query that shows a number, only those of which it does not tell: beside an ``or``, and the like.
    """
    tree = parse(text)
    found: dict[str, tuple[Expr, Expr, Expr]] = {}
    node: Any
    for within in _hidden(tree) if shows else (tree,):
        for node in walk(within):
            if type(node).__name__ == "BinaryExpr" and str(node.op) in _ARITHMETIC:
                left, right = parts(node)
                if not is_scalar(left) and not is_scalar(right):
                    found.setdefault(to_text(node), (node, left, right))
    yield from found.values()


def meet_in_time(left: Sequence[Curve], right: Sequence[Curve]) -> bool:
    """Whether there is a moment at which both have a series."""
    moments = [{moment for curve in side for moment, _ in curve.points} for side in (left, right)]
    return bool(moments[0] & moments[1])


def _some(values: frozenset[str]) -> str:
    ordered = sorted(values)
    more = f" and {len(ordered) - 3} more" if len(ordered) > 3 else ""
    return ", ".join(shown.one_line(value, 40) for value in ordered[:3]) + more or "none"


def _code(text: object) -> str:
    return f"`{shown.one_line(str(text), 120)}`"

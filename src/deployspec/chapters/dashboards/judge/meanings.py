"""What titles and units promise: a list that users extend, read from YAML."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deployspec.base import shown
from deployspec.chapters.dashboards.model import Answer, Item, Kind
from deployspec.languages.promql.selectors import Matcher, Selector
from deployspec.languages.promql.syntax import parse
from deployspec.model.verdict import Verdict, breached, met, unmeasured

KEEP_VALUES = frozenset(
    [
        "concatenate",
        "convertFieldType",
        "formatTime",
        "joinByField",
        "joinByLabels",
        "labelsToFields",
        "limit",
        "merge",
        "organize",
        "partitionByValues",
        "prepareTimeSeries",
        "renameByRegex",
        "seriesToColumns",
        "seriesToRows",
        "sortBy",
    ]
)
"""Transformations after which a panel shows the values that it was given, in another order or under another name."""


@dataclass(frozen=True)
class Meaning:
    """What a panel promises whose title and unit are such."""

    name: str
    title: str | None
    """A regular expression, looked for in the title, whatever its letters' case; None: any title."""
    not_title: str | None
    units: frozenset[str] | None
    """The panel's unit is one of them, in which ``*`` stands for anything; None: any. The empty text is a panel that names
    none."""
    not_units: frozenset[str]
    at_least: float | None
    at_most: float | None
    not_constant: float | None
    """The value that it does not have throughout."""
    why: str

    def fits(self, item: Item) -> bool:
        """Whether it is a promise of this query's panel."""
        units = item.query.panel.units or ("",)
        if self.title is not None and not re.search(self.title, item.title, re.IGNORECASE):
            return False
        if self.not_title is not None and re.search(self.not_title, item.title, re.IGNORECASE):
            return False
        # Overrides and axes name further units, and which series has which is not told.
        fit = self.units is None or all(_is_one_of(unit, self.units) for unit in units)
        return fit and not any(_is_one_of(unit, self.not_units) for unit in units)

    @property
    def limit(self) -> str:
        """What is expected, in words."""
        said = []
        if self.at_least is not None:
            said.append(f"at least {self.at_least:g}")
        if self.at_most is not None:
            said.append(f"at most {self.at_most:g}")
        if self.not_constant is not None:
            said.append(f"not always {self.not_constant:g}")
        return ", ".join(said)


@dataclass(frozen=True)
class Event:
    """Series that come with an event, and are no fault while they are not there."""

    metric: str
    """A name; ``*`` stands for anything."""
    labels: Mapping[str, str]
    """Values that may come, by label; ``*`` stands for anything."""
    why: str

    @property
    def told(self) -> str:
        """How it is known."""
        return self.why or "dashboards.meanings says that they come with an event"

    def may_bring(self, selector: Selector) -> bool:
        """Whether series that the selector selects may come by it."""
        if selector.name is None or not fnmatchcase(selector.name, self.metric):
            return False
        of = [one for one in selector.matchers if one.label in self.labels]
        return all(_may_meet(self.labels[one.label], one) for one in of) and bool(of or not self.labels)


@dataclass(frozen=True)
class Meanings:
    """A list: those of a user first, then ours."""

    meanings: tuple[Meaning, ...] = ()
    events: tuple[Event, ...] = ()

    def beside(self, ours: Meanings) -> Meanings:
        """This list and ours: one of the same name takes the place of ours."""
        own = {one.name for one in self.meanings}
        kept = tuple(one for one in ours.meanings if one.name not in own)
        return Meanings((*self.meanings, *kept), (*self.events, *ours.events))


class MeaningsError(ValueError):
    """A list that is none. Its text says what is wrong, in a line."""


def read_meanings(document: object) -> Meanings:
    """Make the list of a YAML document. Raises MeaningsError."""
    root = _mapping(document if document is not None else {}, "the file", ("meanings", "events"))
    return Meanings(
        tuple(_meaning(one, f"meanings[{index}]") for index, one in enumerate(_list(root, "meanings"))),
        tuple(_event(one, f"events[{index}]") for index, one in enumerate(_list(root, "events"))),
    )


_KEYS = ("name", "title", "not_title", "unit", "not_unit", "at_least", "at_most", "not_constant", "why")


def _meaning(said: object, where: str) -> Meaning:
    one = _mapping(said, where, _KEYS)
    name = _text(one, "name", where)
    if name is None:
        raise MeaningsError(f"{where}: found no name; expected one, which tells it from others")
    where = f"{where} ({shown.one_line(name, 40)})"
    for key in ("title", "not_title"):
        _pattern(one, key, where)
    numbers = {key: _number(one, key, where) for key in ("at_least", "at_most", "not_constant")}
    promises = any(number is not None for number in numbers.values())
    if not promises and "at_least" not in one:
        raise MeaningsError(
            f"{where}: found nothing that is promised; expected at_least, at_most or not_constant, or at_least: null to promise nothing"
        )
    return Meaning(
        name,
        _text(one, "title", where),
        _text(one, "not_title", where),
        _texts(one, "unit", where),
        _texts(one, "not_unit", where) or frozenset(),
        numbers["at_least"],
        numbers["at_most"],
        numbers["not_constant"],
        _text(one, "why", where) or "",
    )


def _event(said: object, where: str) -> Event:
    one = _mapping(said, where, ("metric", "labels", "why"))
    metric = _text(one, "metric", where)
    labels = one.get("labels") or {}
    if metric is None:
        raise MeaningsError(f"{where}: found no metric; expected its name, in which * stands for anything")
    if not isinstance(labels, Mapping) or not all(
        isinstance(part, str) for pair in labels.items() for part in pair
    ):
        raise MeaningsError(
            f"{where}: found labels that are no texts; expected a value for each label, in quotes"
        )
    return Event(metric, labels, _text(one, "why", where) or "")


def _mapping(said: object, where: str, keys: Sequence[str]) -> Mapping[str, Any]:
    if not isinstance(said, Mapping):
        raise MeaningsError(
            f"{where}: found {shown.value(said)}; expected a mapping with {shown.names(list(keys))}"
        )
    for key in said:
        if key not in keys:
            raise MeaningsError(
                f"{where}: found the key {shown.one_line(str(key), 40)}; expected one of {shown.names(list(keys))}"
            )
    return said


def _list(root: Mapping[str, Any], key: str) -> list[object]:
    found = root.get(key) or []
    if not isinstance(found, list):
        raise MeaningsError(f"{key}: found {shown.value(found)}; expected a list")
    return found


def _text(one: Mapping[str, Any], key: str, where: str) -> str | None:
    found = one.get(key)
    if found is not None and not isinstance(found, str):
        raise MeaningsError(f"{where}.{key}: found {shown.value(found)}; expected a text")
    return found


def _texts(one: Mapping[str, Any], key: str, where: str) -> frozenset[str] | None:
    found = one.get(key)
    if found is None:
        return None
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(text, str) for text in listed):
        raise MeaningsError(
            f"{where}.{key}: found {shown.value(found)}; expected a unit of Grafana's, or a list of them"
        )
    return frozenset(listed)


def _pattern(one: Mapping[str, Any], key: str, where: str) -> None:
    text = _text(one, key, where)
    try:
        re.compile(text or "")
    except re.error as error:
        raise MeaningsError(
            f"{where}.{key}: found no regular expression ({error}); expected one in Python's syntax"
        ) from None


def _number(one: Mapping[str, Any], key: str, where: str) -> float | None:
    found = one.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise MeaningsError(f"{where}.{key}: found {shown.value(found)}; expected a number")
    return float(found)


def is_mirrored(text: str) -> bool:
    """Whether the query draws its values below zero on purpose, as of bytes that are sent below those that are received."""
    return _is_negated(parse(text))


def _is_negated(tree: Any) -> bool:
    match type(tree).__name__:
        case "ParenExpr":
            return _is_negated(tree.expr)
        case "UnaryExpr":
            return not _is_negated(tree.expr)
        case "NumberLiteral":
            return bool(tree.val < 0)
        case "BinaryExpr" if str(tree.op) in ("*", "/"):
            return _is_negated(tree.lhs) != _is_negated(tree.rhs)
        case "BinaryExpr" if str(tree.op) == "-":
            return getattr(tree.lhs, "val", None) == 0
    return False


def shows_what_it_says(
    item: Item, answer: Answer, meanings: Meanings, nothing: str, *, mirrored: bool = False
) -> Verdict:
    """BREACHED where a value of the range is not what the panel's title and unit promise.

    ``nothing`` says why the query shows nothing without a fault; empty where it shows something, or that is a fault.
    ``mirrored`` says that its values are drawn below zero on purpose.
    """
    fitting = [one for one in meanings.meanings if one.fits(item)]
    limit = "; ".join(f"{one.name}: {one.limit}" for one in fitting if one.limit)
    if not any(one.limit for one in fitting):
        return met(f'the list has no promise for "{shown.one_line(item.title, 60)}"')
    if item.query.hidden:
        return met("it is hidden, and shows nothing by itself", limit=limit)
    if changed := [one for one in item.query.panel.transformations if one not in KEEP_VALUES]:
        return unmeasured(
            f"the panel shows what its transformation {shown.one_line(changed[0], 40)} makes of it, which is not known here; "
            "dashboards.meanings can take the promise back",
            limit=limit,
        )
    if answer.kind is not Kind.ANSWERED:
        return unmeasured("query-answers tells why there is nothing to judge", limit=limit)
    if not answer.shows_numbers:
        if nothing:
            return met(f"it shows nothing now, so nothing else than it says: {nothing}", limit=limit)
        return unmeasured("it shows no number; query-answers tells why", limit=limit)
    sign = -1 if mirrored else 1
    values = [sign * value for curve in answer.curves for _, value in curve.points if not math.isnan(value)]
    measured = f"from {min(values):.6g} to {max(values):.6g}"
    for meaning in fitting:
        if found := _objection(meaning, answer, values):
            why = f" ({meaning.why})" if meaning.why else ""
            title = shown.one_line(item.title, 60)
            return breached(
                f'"{title}" {found}, and {meaning.name} is {meaning.limit}{why}',
                measured=measured,
                limit=limit,
            )
    return met(
        f"every value is what {shown.names([one.name for one in fitting])} may be",
        measured=measured,
        limit=limit,
    )


def _may_meet(pattern: str, matcher: Matcher) -> bool:
    if matcher.op in ("!=", "!~"):
        # The pattern stands for a value that fits it.
        return matcher.matches(pattern)
    return any(fnmatchcase(word, pattern) for word in matcher.words() or (matcher.value,))


def _is_one_of(unit: str, units: Collection[str]) -> bool:
    return any(fnmatchcase(unit, one) for one in units)


def _objection(meaning: Meaning, answer: Answer, values: Sequence[float]) -> str:
    least, most = min(values), max(values)
    if meaning.at_least is not None and least < meaning.at_least:
        return f"shows {least:.6g}"
    if meaning.at_most is not None and most > meaning.at_most:
        return f"shows {most:.6g}"
    constant = meaning.not_constant
    if constant is not None and len(values) > 1 and all(value == constant for value in values):
        return f"shows {constant:g} at each moment, in {_series(answer)}"
    return ""


def _series(answer: Answer) -> str:
    return "one series" if len(answer.curves) == 1 else f"each of {len(answer.curves)} series"

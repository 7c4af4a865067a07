"""Whether what an objective's selectors find is what they mean: "nothing found" is 0 only where something could be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from deployspec.base.shown import nearest, one_line
from deployspec.languages.openslo.model import Objective
from deployspec.languages.promql.selectors import Matcher, Selector, metric_names, selector_text, selectors
from deployspec.languages.promql.syntax import PromqlError, parse, walk

_NUMBERS = re.compile(r"(?:\\d|[0-9.|(){},?:+*^$\[\]-])+")
"""A value, or a regular expression of values, that are made of digits alone."""
_DIGIT = re.compile(r"[0-9]")
_RATES = frozenset(
    [
        "rate",
        "irate",
        "increase",
        "delta",
        "idelta",
        "deriv",
        "predict_linear",
        "holt_winters",
        "double_exponential_smoothing",
        "histogram_quantile",
        "avg_over_time",
        "quantile_over_time",
    ]
)
"""Functions whose results fall as well as they rise."""
_NAMED_RATE = re.compile(
    r":([^:]*_)?(i|[0-9]*)(rate|increase|ratio|quantile|p[0-9]{2})([0-9][0-9a-z]*)?(?=:|$|_(?![^:]*total$)[^:]*$)"
)
"""In ``level:metric:operations``, an operation whose result is not a counter, as a word: not in ``http_operations``."""
_FALLS = 0.1
"""The share of a series' samples that may be smaller than the one before, as after a restart."""


@dataclass(frozen=True)
class Found:
    """What a Prometheus has where a selector looks."""

    selector: Selector
    """As the objective has it."""
    matched: bool
    """Whether it has found any series in the window."""
    beside: Selector
    """The series among which it chooses."""
    there: bool
    """Whether there are any of those."""
    values: Mapping[str, frozenset[str]]
    """Of those series, the values of each label that the selector's matchers name; none: no series has the label."""
    known: frozenset[str] = frozenset()
    """Names that there are instead: of their labels; of all metrics, where there are no such series."""


def selector_of(text: str) -> Selector:
    """A plain selector, taken apart."""
    return selectors(parse(text))[0]


def written(selector: Selector, *more: str) -> str:
    """As PromQL, with more matchers."""
    return selector_text(selector.name, ", ".join([*map(str, selector.matchers), *more])).removesuffix("{}")


def beside(objective: Objective, selector: Selector, matched: bool) -> Selector:
    """The series among which a selector chooses.

    If it has found some, those that it finds without the matchers that a missing label meets (``!=``, ``!~``). If not,
    for the selector of bad requests the series of all requests, or of its own metric with the matchers that both have;
    for any other, all of the metric.
    """
    if matched:
        return replace(selector, matchers=tuple(one for one in selector.matchers if not one.matches("")))
    if objective.is_latency:
        return replace(selector, matchers=())
    total = selector_of(objective.availability.total)
    if selector == total:
        return replace(selector, matchers=tuple(one for one in selector.matchers if one.label == "__name__"))
    if selector.name == total.name:
        return total
    shared = tuple(one for one in selector.matchers if one in total.matchers or one.label == "__name__")
    return replace(selector, matchers=shared)


def asked_labels(selector: Selector, matched: bool) -> tuple[str, ...]:
    """The labels that have to be there: where it has found something, only those of matchers that need none."""
    asked = [one for one in selector.matchers if one.label != "__name__" and (not matched or one.matches(""))]
    return tuple(dict.fromkeys(one.label for one in asked))


def no_counter(
    name: str,
    recorded: Mapping[str, Sequence[str]],
    kinds: frozenset[str],
    falls: float,
    samples: float,
) -> str:
    """Why a metric is not a counter, as a sentence; empty where nothing tells so.

    ``recorded`` has the expressions of recording rules by the name that they record, ``kinds`` the types that its
    exporters declare, ``falls`` how often its values were smaller than the ones before, of so many ``samples``.
    """
    rule = _recorded_rate(name, recorded, frozenset())
    if rule:
        return f"{_code(name)} is not a counter: a rule records it as {_code(rule)}"
    if _NAMED_RATE.search(name):
        return f"{_code(name)} is not a counter by its name, which is that of a recorded rate or ratio"
    if kinds and kinds <= {"gauge", "gaugehistogram"}:
        return (
            f"{_code(name)} is not a counter: its exporters declare it as a {' and a '.join(sorted(kinds))}"
        )
    if samples and falls > samples * _FALLS:
        return f"{_code(name)} is not a counter: its values fell {falls:,.0f} times in {samples:,.0f} samples"
    return ""


def _recorded_rate(name: str, recorded: Mapping[str, Sequence[str]], seen: frozenset[str]) -> str:
    """The expression that makes a rate of it, of its own rule or of a rule that this one reads."""
    for text in recorded.get(name, ()) if name not in seen else ():
        try:
            tree = parse(text)
        except PromqlError:
            continue
        if any(_is_rate(node) for node in walk(tree)):
            return text
        for read in metric_names(tree):
            if rule := _recorded_rate(read, recorded, seen | {name}):
                return rule
    return ""


def _is_rate(node: Any) -> bool:
    match type(node).__name__:
        case "Call":
            return node.func.name in _RATES
        case "BinaryExpr":
            return str(node.op) == "/" and type(node.rhs).__name__ != "NumberLiteral"
    return False


def doubt(found: Found) -> str:
    """Why what was found says nothing, as a sentence; empty where it does."""
    selector, text = found.selector, _code(written(found.selector))
    if not found.there:
        hint = nearest(selector.name, found.known) if selector.name else ""
        if selector == found.beside:
            return f"Prometheus has no data for {one_line(written(selector), 120)} in the window{hint}"
        return f"{text} selects nothing, as there is no series of {_code(written(found.beside))}{hint}"
    for label in asked_labels(selector, found.matched):
        if not found.values.get(label):
            selects = "selects" if found.matched else "selects nothing"
            return (
                f"{text} {selects} by the label {_code(label)}, which no series of {_code(written(found.beside))} has"
                f"{nearest(label, found.known)}"
            )
    if found.matched:
        return ""
    for matcher in selector.matchers:
        values = found.values.get(matcher.label)
        meant = _meant(matcher, values) if values else ""
        if meant:
            return f"{text} selects nothing, and of {_code(matcher.label)} there are no such values: {meant}"
    return ""


def _meant(matcher: Matcher, values: frozenset[str]) -> str:
    """What a matcher that no value meets seems to mean instead; empty where such a value may still come.

    A number may come where there are other numbers (a status), and a word that is like none that is there. A word that
    is nearly one that is there is misspelt, and digits alone are no value where values are words (``2xx``).
    """
    if matcher.op not in ("=", "=~") or any(map(matcher.matches, values)):
        return ""
    some = ", ".join(map(_code, sorted(values)[:3])) + (", …" if len(values) > 3 else "")
    if _NUMBERS.fullmatch(matcher.value):
        may_come = any(value.isdigit() or any(map(matcher.matches, _siblings(value))) for value in values)
        return "" if may_come else f"found {some}"
    for word in matcher.words() or ():
        alike = {value.lower(): value for value in values}
        for near in get_close_matches(word.lower(), alike, 1):
            # 5xx is like 2xx, and another value all the same.
            if _DIGIT.sub("0", word) != _DIGIT.sub("0", alike[near]):
                return f"nearest to {_code(word)} is {_code(alike[near])}"
    return ""


def _siblings(value: str) -> list[str]:
    """The value with every digit as another one: of ``2xx``, ``0xx`` to ``9xx``. Of long ones, none."""
    if len(_DIGIT.findall(value)) > 3:
        return []
    made = [""]
    for letter in value:
        made = [one + other for one in made for other in ("0123456789" if _DIGIT.match(letter) else letter)]
    return made


def _code(text: str) -> str:
    return f"`{one_line(text, 120)}`"

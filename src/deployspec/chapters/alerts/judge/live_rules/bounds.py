"""Matchers on buckets and quantiles: these are those that there are, and written as Prometheus writes them."""

from __future__ import annotations

import math
from collections.abc import Collection

from deployspec.chapters.alerts.judge.live_rules.asking import wants_a_value
from deployspec.chapters.alerts.judge.live_rules.telling import SHOWN, Value, code, some
from deployspec.chapters.alerts.judge.words import listed
from deployspec.languages.promql.selectors import Matcher


def of_bounds(matcher: Matcher, bounds: dict[str, float], *, open_: bool) -> Value | None:
    """What is wrong with a matcher on buckets, which are those that there are; None where nothing is.

    ``open_``: others may come, as a recording rule may give its series any label.
    """
    wanted = _alternatives(matcher)
    otherwise = []
    for word, number in wanted.items():
        written = [bound for bound in sorted(bounds) if bounds[bound] == number]
        others = [bound for bound in written if matcher.matches(bound) != matcher.matches(word)]
        found = f'{matcher.label}="{word}"'
        if written and others == written:
            otherwise.append(f"{code(found)} is stored as {_quoted(written[0])} there")
        elif others:
            # After an update to Prometheus 3, the spelling of before stays in the window.
            return Value(
                f"{code(found)} is stored there as {' and as '.join(map(_quoted, written))}, and which of them is still "
                f"written is not known; a regular expression that matches both finds either",
                known=False,
            )
    excludes = matcher.op.startswith("!")
    if excludes:
        if not matcher.matches("") or not wanted:
            return None
        if otherwise:
            return Value(f"{listed(otherwise, SHOWN)}, so {code(matcher)} does not exclude it", fault=True)
        if open_ or not all(map(matcher.matches, bounds)):
            return None
        return Value(f"{_no_bound(matcher, wanted, bounds)}, so it excludes nothing", fault=True)
    if not wants_a_value(matcher):
        return None
    never = not any(map(matcher.matches, bounds))
    if otherwise:
        return Value(listed(otherwise, SHOWN), fault=True, never=never)
    if open_ or not never:
        return None
    return Value(_no_bound(matcher, wanted, bounds), fault=True, never=True)


def _quoted(text: str) -> str:
    return code(f'"{text}"')


def _no_bound(matcher: Matcher, wanted: dict[str, float], bounds: dict[str, float]) -> str:
    kind = "bucket" if matcher.label == "le" else "quantile"
    ordered = sorted(bounds, key=lambda bound: bounds[bound])
    if not wanted:
        return f"no {kind} there matches {code(matcher)} (there: {some(ordered)})"
    number = next(iter(wanted.values()))
    finite = [bound for bound in ordered if math.isfinite(bounds[bound])] or ordered
    nearest = min(finite, key=lambda bound: abs(bounds[bound] - number))
    return f"no {kind} there matches {code(matcher)}; nearest is {code(nearest)}"


def _alternatives(matcher: Matcher) -> dict[str, float]:
    """The numbers that a matcher names: of ``=`` and of ``=~"0.5|1"``, where it is a list of numbers."""
    if matcher.op in ("=", "!="):
        words = [matcher.value]
    else:
        text = matcher.value
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].removeprefix("?:")
        words = [word.replace("\\.", ".").replace("\\+", "+") for word in text.split("|")]
    return {word: number for word in words for number in (_number(word),) if number is not None}


def numbers(values: Collection[str]) -> dict[str, float] | None:
    """The values as numbers; None where one of them is none."""
    found = {value: number for value in values for number in (_number(value),) if number is not None}
    return found if len(found) == len(values) else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number

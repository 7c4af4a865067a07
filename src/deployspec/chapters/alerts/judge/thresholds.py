"""Whether the week's values say anything of alerts' thresholds: never approached, or nearly met every day."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployspec.base import shown
from deployspec.chapters.alerts.judge.reading import read
from deployspec.languages.promql.syntax import to_text, walk
from deployspec.languages.rule_files.model import Rule
from deployspec.model.review import Cell, Column, Section, Source, Span, Table, Tone, Week

HALF, TENTH = 0.5, 0.1
HEADROOM = 1.5
"""The number that is suggested is so many times the highest value, which is then at two thirds of it: neither below half nor
within a tenth. Of alerts on low values, the lowest by as much."""
_TURNED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}


@dataclass(frozen=True)
class Threshold:
    """A comparison of an alert with a number."""

    rule: Rule
    left: str
    """What is compared, as PromQL."""
    number: float
    above: bool
    """Whether it fires above the number, or below it."""
    whole: float | None
    """The most that the value can be, where that is known: 1 of a share, 100 of a percentage."""
    twin: int = 0
    """How many alerts of the same name come before it."""

    @property
    def query(self) -> str:
        """The value that is nearest to firing, of all series."""
        return f"{'max' if self.above else 'min'}({self.left})"

    @property
    def step(self) -> float:
        """Seconds between two looks: what is shorter than the rule's ``for`` would not fire."""
        return min(300.0, max(60.0, self.rule.for_))

    @property
    def id(self) -> str:
        """Of its source."""
        return f"q-threshold-{self.rule.name}{f'-{self.twin + 1}' if self.twin else ''}"


def threshold_of(rule: Rule) -> Threshold | None:
    """The comparison that an alert's expression is; None where it is none with a number other than 0."""
    tree: Any = read(rule)
    node = _bare(tree)
    if type(node).__name__ != "BinaryExpr" or str(node.op) not in _TURNED:
        return None
    if getattr(node.modifier, "return_bool", False):
        return None
    op, left, number = str(node.op), node.lhs, _number(node.rhs)
    if number is None:
        op, left, number = _TURNED[op], node.rhs, _number(node.lhs)
    if number is None or not math.isfinite(number) or number <= 0 or _number(left) is not None:
        return None
    return Threshold(rule, to_text(left), number, op in (">", ">="), _whole(left, number))


def _whole(left: Any, number: float) -> float | None:
    """A percentage has a 100 in it. What is compared with 1 at most may be a share: nothing is lost where it is not."""
    if number <= 1:
        return 1.0
    nodes: Iterable[Any] = walk(left)
    percentage = number < 100 and any(
        type(node).__name__ == "BinaryExpr"
        and str(node.op) == "*"
        and 100.0 in (_number(node.lhs), _number(node.rhs))
        for node in nodes
    )
    return 100.0 if percentage else None


def _bare(node: Any) -> Any:
    while type(node).__name__ == "ParenExpr":
        node = node.expr
    return node


def _number(node: Any) -> float | None:
    """The value of a number, or of numbers that are worked out; None of anything else."""
    node = _bare(node)
    match type(node).__name__:
        case "NumberLiteral":
            return float(node.val)
        case "UnaryExpr":
            below = _number(node.expr)
            return None if below is None else -below
        case "BinaryExpr":
            left, right = _number(node.lhs), _number(node.rhs)
            if left is None or right is None:
                return None
            match str(node.op):
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case "/":
                    return left / right if right else None
    return None


@dataclass(frozen=True)
class Seen:
    """The values of one threshold in a week."""

    threshold: Threshold
    days: tuple[float | None, ...]
    """Of each day the highest value (the lowest, where it fires below), outside of maintenance; None without any."""
    trouble: str = ""
    """Why it was not asked for."""

    @property
    def nearest(self) -> float | None:
        """The nearest of all days; None without any."""
        known = [value for value in self.days if value is not None]
        return (max if self.threshold.above else min)(known) if known else None

    @property
    def finding(self) -> str:
        """``far``: never approached by half. ``near``: closer than a tenth each day. Else empty."""
        nearest, number = self.nearest, self.threshold.number
        if nearest is None:
            return ""
        above = self.threshold.above
        if nearest < number * HALF if above else nearest > number / HALF:
            return "far"
        limit = number * (1 - TENTH) if above else number * (1 + TENTH)
        near = [value is not None and (value >= limit if above else value <= limit) for value in self.days]
        return "near" if len(near) > 1 and all(near) else ""

    @property
    def suggested(self) -> tuple[float, str] | None:
        """The number that the week suggests, to two digits, and how it was worked out; None where it suggests none."""
        nearest = self.nearest
        if not self.finding or nearest is None or nearest <= 0:
            return None
        whole = self.threshold.whole
        if self.threshold.above:
            number, how = nearest * HEADROOM, f"{HEADROOM:g} times the highest, {nearest:.3g}"
            if whole is not None and nearest < whole and (nearest + whole) / 2 < number:
                number, how = (nearest + whole) / 2, f"half way from the highest, {nearest:.3g}, to {whole:g}"
        else:
            number, how = nearest / HEADROOM, f"the lowest, {nearest:.3g}, divided by {HEADROOM:g}"
        return float(f"{number:.2g}"), how


def day_values(
    threshold: Threshold, points: Sequence[tuple[float, float]], week: Week, paused: Sequence[Span]
) -> tuple[float | None, ...]:
    """The nearest value of each day, outside of these spans. What is no number is none."""
    pick = max if threshold.above else min
    days = []
    for day in week.days():
        own = [
            value
            for moment, value in points
            if day.begin < moment <= day.end
            and math.isfinite(value)
            and not any(span.begin < moment <= span.end for span in paused)
        ]
        days.append(pick(own) if own else None)
    return tuple(days)


def section(seen: Sequence[Seen], others: Sequence[str], week: Week) -> Section:
    """Each threshold beside the week's values, and what a team might do."""
    rows = tuple(map(_row, seen))
    parts: list[str | Table] = [
        Table(
            "thresholds",
            "Thresholds beside the week's values",
            (
                Column("alert"),
                Column("fires at", True),
                Column("nearest", True),
                Column("days with data", True),
                Column("days within a tenth", True),
                Column("found"),
                Column("the week suggests", True),
            ),
            rows,
            "No alert compares something with a number.",
            "Nearest: the highest value of all series, or the lowest where an alert fires below its number. Where an objective says the same "
            "number as its alert, both change together.",
        )
    ]
    if others:
        parts.append(
            f"Not looked at, as their expression is no comparison with a number above 0: {shown.names(list(others))}."
        )
    sources = [
        Source(
            one.threshold.id,
            f"{one.threshold.rule.name}: looked at every {one.threshold.step:g} s",
            one.threshold.query,
            at=week.span.end,
        )
        for one in seen
    ]
    trouble = tuple(f"threshold of {one.threshold.rule.name} ({one.trouble})" for one in seen if one.trouble)
    return Section(
        "thresholds",
        "Thresholds",
        tuple(parts),
        unmeasured=trouble,
        sources=tuple({one.id: one for one in sources}.values()),
        advice=tuple(filter(None, map(advice, seen))),
        rank=50,
    )


def advice(seen: Seen) -> str:
    """What to do about a threshold, in a sentence; empty where nothing."""
    if not seen.finding or seen.nearest is None:
        return ""
    one, nearest = seen.threshold, f"{seen.nearest:.3g}"
    most = "at most" if one.above else "at least"
    begin = f"{one.rule.name} fires {'above' if one.above else 'below'} {one.number:g}"
    if seen.finding == "far":
        text = f"{begin}, and the week's values were {most} {nearest}: it is not even half way there"
    else:
        text = f"{begin}, and every day came closer than a tenth to it, {'up' if one.above else 'down'} to {nearest}"
    if seen.suggested is None:
        return f"{text}. The week suggests no number."
    number, how = seen.suggested
    return f"{text}. The week suggests {number:g} ({how})."


def _row(seen: Seen) -> tuple[Cell, ...]:
    one, nearest, suggested = seen.threshold, seen.nearest, seen.suggested
    with_data = [value for value in seen.days if value is not None]
    limit = one.number * (1 - TENTH if one.above else 1 + TENTH)
    near = sum(value >= limit if one.above else value <= limit for value in with_data)
    found = {"far": "never half way there", "near": "within a tenth every day"}.get(seen.finding, "")
    return (
        Cell(shown.one_line(one.rule.name, 80), source=one.id, code=True),
        Cell(f"{'above' if one.above else 'below'} {one.number:g}", one.number),
        Cell("no data", tone=Tone.UNKNOWN, note=seen.trouble)
        if nearest is None
        else Cell(f"{nearest:.3g}", nearest, source=one.id),
        Cell(
            f"{len(with_data)} of {len(seen.days)}",
            len(with_data),
            Tone.PLAIN if len(with_data) == len(seen.days) else Tone.UNKNOWN,
        ),
        Cell(str(near), near),
        Cell(
            found or ("not known" if nearest is None else "nothing"), tone=Tone.BAD if found else Tone.MUTED
        ),
        Cell(f"{suggested[0]:g}", suggested[0], note=suggested[1])
        if suggested
        else Cell("—", tone=Tone.MUTED),
    )


def by_alert(rules: Sequence[Rule]) -> tuple[list[Threshold], list[str]]:
    """The thresholds of alerts, and the names of those that have none; in the order of their names."""
    found: dict[str, list[Threshold | None]] = {}
    for rule in rules:
        found.setdefault(rule.name, []).append(threshold_of(rule))
    known = [
        replace(one, twin=twin)
        for _, several in sorted(found.items())
        for twin, one in enumerate(filter(None, several))
    ]
    return known, [name for name, several in sorted(found.items()) if not any(several)]

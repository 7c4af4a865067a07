"""Whether the number of series is bounded: it does not grow by what callers send, nor for ever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from deployspec.base.shown import counted, one_line, seconds
from deployspec.languages.exposition.model import Exposition, Series
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_LEAST = 5
"""Scrapes from which on growth is told from a step."""


def labels_are_bounded(
    before: Exposition, after: Exposition, words: Sequence[str], sent: int, paths: int
) -> Verdict:
    """What was unseen made no series: none has a word of ours, and no label took so many new values.

    ``words`` is what was unseen in the requests, ``sent`` how many there were in all, to each of ``paths`` paths alike.
    """
    limit = "no new series by what callers send"
    new = [after.series_of(text) for text in after.index if text not in before.index]
    marked: Counter[str] = Counter()
    example: dict[str, str] = {}
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for series in new:
        for label, text in series.labels.items():
            if any(word in text for word in words):
                marked[label] += 1
                example.setdefault(
                    label, f"{series.name}{{{label}={one_line(text, 60)!r}}} in line {series.line}"
                )
            elif label not in ("le", "quantile"):
                values[series.name, label].add(text)
    if marked:
        label, number = marked.most_common(1)[0]
        reason = (
            f"{counted(sent, 'request')} that nobody had sent before made {counted(number, 'new series')}, by the label "
            f"{one_line(label, 60)}: {example[label]}; expected the route, or one value for all others"
        ).replace("new seriess", "new series")
        return breached(reason, measured=f"{number} new series", limit=limit)
    each = sent // paths
    seen = {key: {series.labels.get(key[1]) for series in _of(before, key[0])} for key in values}
    grown = [(key, found - seen[key]) for key, found in values.items()]
    grown = [(key, found) for key, found in grown if 2 * len(found) >= each]
    if grown:
        (name, label), found = max(grown, key=lambda one: len(one[1]))
        reason = (
            f"{counted(sent, 'request')} that nobody had sent before gave the label {one_line(label, 60)} of {one_line(name, 120)} "
            f"{len(found)} new values, such as {one_line(min(found), 60)!r}; expected none"
        )
        return breached(reason, measured=f"{len(new)} new series", limit=limit)
    theirs = f"; {len(new)} began meanwhile, by what others sent" if new else ""
    return met(
        f"{counted(sent, 'request')} with unseen paths and user agents made no new series{theirs}",
        measured="0 new series",
        limit=limit,
    )


def _of(page: Exposition, name: str) -> list[Series]:
    family = page.family_of(name)
    return [] if family is None else [one for one in page.series(family) if one.name == name]


def series_are_few(page: Exposition, most: int) -> Verdict:
    """The endpoint has at most so many series."""
    limit = f"at most {most:,} series"
    number = len(page.index)
    if number <= most and not page.whole:
        return unmeasured("the page was not read to its end; see metrics.is-whole", limit=limit)
    if number > most:
        sizes = sorted(page.families, key=lambda one: one.first - one.last)
        largest = ", ".join(f"{one_line(one.name, 80)} {one.last - one.first:,}" for one in sizes[:3])
        more = "" if page.whole else " at least"
        reason = f"there are {number:,} series{more}; expected at most {most:,} (max_series); most of them: {largest}"
        return breached(reason, measured=f"{number:,} series", limit=limit)
    return met(f"there are {number:,} series", measured=f"{number:,} series", limit=limit)


def growth_is_bounded(points: Sequence[tuple[float, float]], most: int) -> Verdict:
    """In each quarter of the window, the number of series grew by less than the limit allows it: one step is no growth.

    ``points`` are moments in seconds, and how many samples a scrape had then.
    """
    limit = f"at most {most:,} series an hour"
    if len(points) < _LEAST or points[-1][0] <= points[0][0]:
        return unmeasured(
            f"Prometheus has {counted(len(points), 'scrape')} of the endpoint in its window; {_LEAST} tell growth from a step",
            limit=limit,
        )
    begin, end = points[0][0], points[-1][0]
    marks = [_at(points, begin + (end - begin) * part / 4) for part in range(5)]
    rates = [
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 3600
        for earlier, later in pairwise(marks)
        if later[0] > earlier[0]
    ]
    least = min(rates)
    whole = (points[-1][1] - points[0][1]) / (end - begin) * 3600
    if least > most:
        reason = (
            f"the series grew from {points[0][1]:g} to {points[-1][1]:g} in {seconds(round(end - begin, 3))}, in each quarter of it by more "
            f"than {most:,} an hour; expected at most {most:,} (max_growth)"
        )
        return breached(reason, measured=f"{whole:,.0f} an hour", limit=limit)
    step = " in a step, not steadily" if whole > most else ""
    return met(
        f"the series went from {points[0][1]:g} to {points[-1][1]:g} in {seconds(round(end - begin, 3))}{step}",
        measured=f"{whole:,.0f} an hour",
        limit=limit,
    )


def _at(points: Sequence[tuple[float, float]], moment: float) -> tuple[float, float]:
    return min(points, key=lambda one: abs(one[0] - moment))

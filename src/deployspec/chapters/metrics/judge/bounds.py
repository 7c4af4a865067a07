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
    before: Exposition,
    after: Exposition,
    words: Sequence[str],
    sent: int,
    paths: int,
    control: Exposition | None = None,
) -> Verdict:
    """What was unseen made no series: none has a word of ours, and no label took so many new values.

    ``words`` is what was unseen in the requests, ``sent`` how many there were in all, to each of ``paths`` paths alike;
    ``control`` is a scrape after as long a time in which nothing was sent.
    """
    limit = "no new series by what callers send"
    new = new_series(before, after)
    marked: Counter[str] = Counter()
    example: dict[str, str] = {}
    for series in new:
        for label, text in series.labels.items():
            if any(word in text for word in words):
                marked[label] += 1
                example.setdefault(
                    label, f"{series.name}{{{label}={one_line(text, 60)!r}}} in line {series.line}"
                )
    if marked:
        label, number = marked.most_common(1)[0]
        reason = (
            f"{counted(sent, 'request')} that nobody had sent before made {counted(number, 'new series')}, by the label "
            f"{one_line(label, 60)}: {example[label]}; expected the route, or one value for all others"
        ).replace("new seriess", "new series")
        return breached(reason, measured=f"{number} new series", limit=limit)
    grown = grown_labels(before, after, sent // paths)
    if control is not None:
        alone = grown_labels(after, control, sent // paths)
        grown = {key: found for key, found in grown.items() if key not in alone}
    if grown:
        (name, label), found = max(grown.items(), key=lambda one: len(one[1]))
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


def new_series(before: Exposition, after: Exposition) -> list[Series]:
    """The series that began between two scrapes."""
    return [after.series_of(text) for text in after.index if text not in before.index]


def grown_labels(before: Exposition, after: Exposition, each: int) -> dict[tuple[str, str], set[str]]:
    """By the names of a metric and of a label: the values that are new, where they are at least half as many as ``each``."""
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for series in new_series(before, after):
        for label, text in series.labels.items():
            if label not in ("le", "quantile"):
                values[series.name, label].add(text)
    few = {key: found for key, found in values.items() if 2 * len(found) >= each}
    names = {name for name, _ in few}
    known: dict[tuple[str, str], set[str]] = defaultdict(set)
    for key in before.index if few else ():
        if key.partition(b"{")[0].decode("utf-8", "replace") in names:
            series = before.series_of(key)
            for label, found in series.labels.items():
                known[series.name, label].add(found)
    fresh = {key: found - known[key] for key, found in few.items()}
    return {key: found for key, found in fresh.items() if 2 * len(found) >= each}


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

"""Whether the number of series is bounded: it does not grow by what callers send, nor for ever."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from deployspec.base.problems import listed
from deployspec.base.shown import counted, lasting, one_line
from deployspec.languages.exposition.model import Exposition, Series, name_of
from deployspec.model.verdict import Verdict, breached, met, unmeasured

_BUSY = frozenset({429, 502, 503, 504})
_FORBIDDEN = frozenset({401, 403, 407})
"""Statuses of answers that need not come from the service, but from what stands before it."""
LEAST_POINTS = 5
"""Scrapes from which on growth is told from a step."""


def labels_are_bounded(
    before: Exposition,
    after: Exposition,
    words: Sequence[str],
    statuses: Mapping[int, int],
    paths: int,
    control: Exposition | None = None,
) -> Verdict:
    """What was unseen made no series: none has a word of ours, and no label took so many new values.

    ``words`` is what was unseen in the requests, ``statuses`` how many answers had which, to each of ``paths`` paths alike;
    ``control`` is a scrape after as long a time in which nothing was sent.
    """
    limit = "no new series by what callers send"
    sent = sum(statuses.values())
    new = new_series(before, after)
    named = [series for series in new if any(word in series.name for word in words)]
    if named:
        reason = (
            f"{counted(sent, 'request')} that nobody had sent before made {_new(len(named))}, named after them: "
            f"{one_line(named[0].name, 120)} in line {named[0].line}; expected one name for all"
        )
        return breached(reason, measured=_new(len(named)), limit=limit)
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
            f"{counted(sent, 'request')} that nobody had sent before made {_new(number)}, by the label "
            f"{one_line(label, 60)}: {example[label]}; expected the route, or one value for all others"
        )
        return breached(reason, measured=_new(number), limit=limit)
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
        return breached(reason, measured=_new(len(new)), limit=limit)
    said = listed([str(status) for status in sorted(statuses)], "and")
    turned = sum(number for status, number in statuses.items() if status in _BUSY)
    if turned or statuses.keys() <= _FORBIDDEN:
        return unmeasured(
            f"{turned or sent} of {counted(sent, 'request')} were turned away (status {said}), perhaps before the service counts them, so "
            "nothing is known of what they would have made",
            limit=limit,
        )
    theirs = f"; {len(new)} began meanwhile, by what others sent" if new else ""
    return met(
        f"{counted(sent, 'request')} with unseen paths and user agents made no new series{theirs}; the answers had the status {said}",
        measured=_new(0),
        limit=limit,
    )


def _new(number: int) -> str:
    return f"{number:,} new series"


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
        if name_of(key) in names:
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


def growth_is_bounded(points: Sequence[tuple[float, float]], most: int, window: float) -> Verdict:
    """In the calmest quarter of the window, the number of series grew by no more than the limit allows: one step is no growth.

    ``points`` are moments in seconds, and how many samples a scrape had then; ``window`` is how many seconds Prometheus was
    asked about. Where it has known the endpoint for a part of them only, series that begin with a service look like a leak.
    """
    limit = f"at most {most:,} series an hour in the calmest quarter of the window"
    if len(points) < LEAST_POINTS or points[-1][0] <= points[0][0]:
        return unmeasured(
            f"Prometheus has {counted(len(points), 'scrape')} of the endpoint in its window that went well; {LEAST_POINTS} tell growth from a step",
            limit=limit,
        )
    begin, end = points[0][0], points[-1][0]
    span = end - begin
    marks = [_at(points, begin + span * part / 4) for part in range(5)]
    rates = [
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 3600
        for earlier, later in pairwise(marks)
        if later[0] > earlier[0]
    ]
    least = min(rates)
    whole = (points[-1][1] - points[0][1]) / span * 3600
    went = f"the series went from {points[0][1]:g} to {points[-1][1]:g} in {lasting(span)}"
    wanted = telling_span(most, window)
    if whole > most and span < 0.9 * wanted:
        return unmeasured(
            f"{went}, and Prometheus has known the endpoint no longer: a start looks like that, and so does a leak; "
            f"{lasting(wanted)} tell them apart",
            limit=limit,
        )
    calmest = f"{_rate(least, most)} an hour in the calmest quarter"
    if least > most:
        reason = f"{went}, and in each quarter of it by more than {most:,} an hour; expected at most {most:,} (max_growth)"
        return breached(reason, measured=calmest, limit=limit)
    step = f", in a step: {calmest}" if whole > most else ""
    return met(f"{went}{step}", measured=calmest, limit=limit)


def telling_span(most: int, window: float) -> float:
    """For how many seconds the endpoint has to be known before growth beyond ``most`` series an hour is judged: ten minutes,
    and so long that the limit is one series or more in each quarter, but no longer than the window."""
    return min(window, max(600.0, 4 * 3600 / max(most, 1)))


def _rate(found: float, most: int) -> str:
    """Series an hour; never rounded onto or across the limit."""
    digits = next((one for one in range(9) if (round(found, one) > most) == (found > most)), 9)
    return f"{round(found, digits) + 0.0:,.{digits}f}"


def _at(points: Sequence[tuple[float, float]], moment: float) -> tuple[float, float]:
    return min(points, key=lambda one: abs(one[0] - moment))

"""Which runs did not come, when nothing is known, and what was released: what the section on runs shows. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

from deployspec.base.shown import one_line
from deployspec.model.review import Span, Week
from deployspec.review.streams import LATE, NOT_THERE, Stream

if TYPE_CHECKING:
    from deployspec.review.judged import Judged


class Release(NamedTuple):
    """Another version than in the run before."""

    what: str
    before: str
    after: str
    moment: float
    """When the first run began that knows of it."""
    run: int
    places: tuple[str, ...]
    """The streams that know of it."""


def missed(stream: Stream, week: Week) -> list[float]:
    """The moments of the week, outside of maintenance, at which a run was due that did not come: each interval from a run's
    start on, until one and a half before the next run, or before the week's end."""
    due = []
    known = stream.within(Span(-math.inf, week.span.end))
    ends = [*known.starts[1:], week.span.end]
    for start, interval, end in zip(known.starts, known.intervals, ends, strict=True):
        # Half an interval of its own is not yet late.
        for count in range(1, math.floor((end - start) / interval - (LATE - 1)) + 1):
            moment = float(start + count * interval)
            if moment >= week.span.begin and not _is_open(moment, week):
                due.append(moment)
    return due


def silent(judged: Judged, stream: Stream) -> list[Span]:
    """When no verdict of a location holds, outside of maintenance."""
    told_something = (judged.states[stream.runs] != NOT_THERE).any(axis=1)
    week = judged.week
    spans, known = [], week.span.begin
    for start, interval in zip(stream.starts[told_something], stream.intervals[told_something], strict=True):
        if start > known:
            spans.append(Span(known, float(min(start, week.span.end))))
        known = max(float(start + LATE * interval), week.span.begin)
        if start >= week.span.end:
            break
    spans.append(Span(known, week.span.end))
    return [piece for span in spans for piece in _without(span, week)]


def _without(span: Span, week: Week) -> Iterator[Span]:
    """A span without the windows, in pieces."""
    begin = span.begin
    for _, window in week.maintenance:
        if window.end <= begin or window.begin >= span.end:
            continue
        if window.begin > begin:
            yield Span(begin, window.begin)
        begin = window.end
    if begin < span.end:
        yield Span(begin, span.end)


def _is_open(moment: float, week: Week) -> bool:
    return any(span.begin <= moment < span.end for _, span in week.maintenance)


def releases(judged: Judged) -> list[Release]:
    """Changes of deployspec's version, and of the deployment's own where runs know it, in the order of their moments. What
    several places tell alike, each as often, is one change."""
    week, history = judged.week, judged.history
    # Thousands of runs tell of a few versions.
    in_words = cache(partial(one_line, limit=80))
    found: dict[tuple[str, str, str, int], list[tuple[float, int, str]]] = {}
    for stream in judged.streams:
        for what in ("deployspec", history.deployment or "the deployment"):
            seen: Counter[tuple[str, str]] = Counter()
            before = ""
            for place in stream.runs:
                row = history.runs[place]
                version = in_words(row.version if what == "deployspec" else row.deployed.strip('"'))
                if version and before and version != before:
                    seen[before, version] += 1
                    if week.span.begin <= row.started < week.span.end:
                        key = (what, before, version, seen[before, version])
                        found.setdefault(key, []).append((row.started, int(place), stream.name))
                before = version or before
    merged = []
    for (what, before, after, _), each in found.items():
        moment, run, _ = min(each)
        merged.append(Release(what, before, after, moment, run, tuple(name for _, _, name in sorted(each))))
    return sorted(merged, key=lambda one: (one.moment, one.what))

"""What a review needs of the store and of chapters, read and asked for: the pure modules judge it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from deployspec.base.errors import DeployspecError, UsageError
from deployspec.deployment.review import REVIEW, Clocks
from deployspec.deployment.windows import between
from deployspec.model.chapter import Chapter, imported, lacking
from deployspec.model.review import Section, Span, Week
from deployspec.record.history import (
    History,
)
from deployspec.record.store import read

if TYPE_CHECKING:
    from deployspec.deployment import Deployment
    from deployspec.model.entry import Entry
    from deployspec.review.judged import Judged


def clocks_of(deployment: Deployment | None) -> Clocks:
    """Those that a deployment's file names, or the default's."""
    said = deployment.get(REVIEW) if deployment else None
    return said or Clocks()


def week_of(name: str, deployment: Deployment | None, span: Span) -> Week:
    """The week of a deployment, with the windows of its file (None: it has none)."""
    clocks = clocks_of(deployment)
    before = Span(span.begin - span.seconds, span.begin)
    windows = deployment.maintenance_windows if deployment else ()
    return Week(
        name,
        span,
        clocks.zone,
        clocks.zone_name,
        clocks.night,
        tuple(
            (one.window.name, Span(max(one.start, before.begin), min(one.end, span.end)))
            for one in between(windows, before.begin, span.end)
        ),
    )


def entries_of(judged: Judged, chapters: Iterable[Chapter]) -> dict[tuple[int, int], Entry]:
    """What the records say of that which fails now, by run and check: each of them is read once. One that cannot be read
    any more says nothing."""
    known = tuple(chapters)
    found: dict[tuple[int, int], Entry] = {}
    for run in sorted({one.run for one in judged.failing}):
        try:
            record = read(judged.history.runs[run].path, known)
        except UsageError:
            continue
        by_id = {entry.id: entry for entry in record.entries.values()}
        for one in judged.failing:
            if one.run == run and (entry := by_id.get(judged.name(one.check))):
                found[run, one.check] = entry
    return found


def sections_of(
    week: Week, deployment: Deployment | None, history: History, chapters: Iterable[Chapter]
) -> tuple[list[Section], Mapping[str, str], list[str]]:
    """What the chapters say of a week. The mapping has each of them that was asked, and why one could not say anything, which
    is empty for those that did; the list, what is not known of the week for it: of those that had something to tell of."""
    sections: list[Section] = []
    asked: dict[str, str] = {}
    unknown: list[str] = []
    for chapter in chapters:
        if not chapter.reviews:
            continue
        asked[chapter.name] = lacking(chapter)
        if why := asked[chapter.name]:
            if deployment is not None and chapter.parts.keys() & deployment.data.keys():
                unknown.append(f"what {chapter.name} has to tell ({why})")
            continue
        try:
            sections += imported(chapter.reviews)(week, deployment, history)
        except DeployspecError as error:
            asked[chapter.name] = str(error)
            unknown.append(f"what {chapter.name} has to tell ({error})")
    return sections, asked, unknown

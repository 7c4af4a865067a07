"""A review, put together of the store's own sections and those of chapters. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deployspec.model.review import Review, Section, Week
from deployspec.review import checks, made, runs
from deployspec.review.headline import headline
from deployspec.review.judged import Judged
from deployspec.review.streams import (
    ACCEPTED_BREACHED,
    ACCEPTED_UNMEASURED,
    MAINTENANCE,
    states_of,
    streams_of,
)
from deployspec.review.timeline import timeline

if TYPE_CHECKING:
    from deployspec.model.entry import Entry
    from deployspec.record.history import History


class Making(NamedTuple):
    """By what a review is made, for its last section."""

    moment: datetime
    version: str
    """Of deployspec."""
    store: str
    asked: tuple[str, ...] = ()
    """The chapters that were."""
    left_out: tuple[str, ...] = ()
    """What was not, each with its reason."""
    unknown: tuple[str, ...] = ()
    """What is not known of the week for it."""


def judged(week: Week, history: History) -> Judged:
    """A history of the week and the one before, ready to be told of."""
    streams, states = streams_of(history), states_of(history, week)
    timed = tuple(stream for stream in streams if stream.timed)
    return Judged(week, history, streams, states, timeline(history, week, timed, states))


def review(
    found: Judged,
    entries: Mapping[tuple[int, int], Entry],
    chapters: Iterable[Section],
    making: Making,
) -> Review:
    """The whole review. ``entries`` are of what fails now, by run and check; ``chapters`` are their sections."""
    week = found.week
    sections = [*chapters, checks.section(found, entries), runs.section(found)]
    sections.sort(key=lambda one: one.rank)
    own = np.concatenate(
        [np.zeros(0, np.intp), *(stream.within(week.span).runs for stream in found.streams)]
    ).astype(np.intp)
    states = found.states[own]
    counting = states > MAINTENANCE
    accepted = (states == ACCEPTED_BREACHED) | (states == ACCEPTED_UNMEASURED)
    last = made.section(found, making.version, making.store, making.asked, making.left_out, sections)
    last = replace(last, unmeasured=making.unknown)
    head = headline(
        week,
        (*sections, last),
        runs=int(counting.any(axis=1).sum()),
        checks=int(counting.any(axis=0).sum()),
        accepted=int(accepted.any(axis=0).sum()),
    )
    return Review(week, head.verdict, head.sentence, head.changes, (*sections, last), making.moment)

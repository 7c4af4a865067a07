"""Every figure of the store's own sections, in each week of a simulated month, against what was worked out second by second."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

import pytest

from deployspec.model.review import Review, Section, Span, Table
from deployspec.record.record import Run
from deployspec.review.assembly import Making, judged, review
from tests.review.histories import history_of
from tests.review.month import runs, weeks
from tests.review.truth import Figures, Truth

MADE = datetime(2026, 11, 2, tzinfo=UTC)
WEEKS = list(weeks())


@lru_cache
def month() -> list[Run]:
    """Made once: it is not changed."""
    return runs()


@lru_cache
def reviewed(number: int) -> Review:
    """The review of a week of it."""
    week = WEEKS[number]
    span = Span(week.before.begin, week.span.end)
    found = judged(week, history_of(month(), span))
    return review(found, {}, (), Making(MADE, "0.3.0", "/store"))


@lru_cache
def truth(number: int) -> Truth:
    """Of the same week."""
    return Truth(month(), WEEKS[number])


def section(of: Review, key: str) -> Section:
    """One of its sections."""
    return next(one for one in of.sections if one.key == key)


def tables(one: Section) -> dict[str, Table]:
    """Those of a section by key."""
    return {part.key: part for part in one.parts if isinstance(part, Table)}


def figures(of: Review) -> Figures:
    """All numbers of the tables of checks and runs."""
    found: Figures = {}
    for key in ("checks", "runs"):
        for table in tables(section(of, key)).values():
            for row in table.rows:
                assert len(row) == len(table.columns)
                for column, cell in zip(table.columns[1:], row[1:], strict=True):
                    if cell.value is not None:
                        place = table.key, row[0].text, column.name
                        assert place not in found, "a row's name is its own"
                        found[place] = cell.value
            if table.key == "releases":
                for row in table.rows:
                    found.pop((table.key, row[0].text, "When"), None)
    return found


@pytest.mark.parametrize("number", range(4))
def test_every_figure_is_the_truth(number: int) -> None:
    """All tables, all rows, all columns: none more, and none less."""
    found, expected = figures(reviewed(number)), truth(number).figures()
    assert sorted(found.keys() ^ expected.keys()) == []
    wrong = {
        place: (found[place], expected[place])
        for place in expected
        if abs(found[place] - expected[place]) > 1e-6
    }
    assert wrong == {}

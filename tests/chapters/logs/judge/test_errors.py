"""An error log against its sources."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deployspec.chapters.logs.judge.errors import WINDOW, Comparison, compare
from deployspec.chapters.logs.judge.model import ErrorRecord


def error(moment: float, name: str = "") -> ErrorRecord:
    """An error of that time; those of one name and time are twins."""
    return ErrorRecord(moment, f"{moment}{name}".encode(), "app.log", int(moment))


def compared(log: list[ErrorRecord], *sources: list[ErrorRecord], **more: float) -> Comparison:
    """What comes of it, where nothing was rotated away and reading began much later."""
    return compare(log, sources, **{"until": 1e9, "since": 0.0, **more})


def test_all_are_there() -> None:
    """Each error of each source has its twin; more in the error log is no fault."""
    one, two = [error(1), error(3)], [error(2), error(3, "b")]
    done = compared([*one, *two, error(9)], one, two)
    assert (done.compared, done.missing, done.extra) == (4, 0, 1)


def test_missing() -> None:
    """What is not there is missing, with its first places."""
    done = compared([error(5)], [error(moment) for moment in range(1, 8)])
    assert (done.compared, done.missing) == (7, 6)
    assert [one.line for one in done.places] == [1, 2, 3]


def test_as_often() -> None:
    """An error that a source has twice must be there twice."""
    assert compared([error(1)], [error(1), error(1)]).missing == 1
    assert compared([error(1), error(1)], [error(1)], [error(1)]).missing == 0


@pytest.mark.parametrize(("apart", "missing"), [(WINDOW, 0), (WINDOW + 3, 1)])
def test_window(apart: float, missing: int) -> None:
    """Twins meet across other records of the same window, and no further."""
    twin = error(100)
    done = compare([error(100 + apart), twin], [[twin, error(100 + apart)]], until=1e9, since=0.0)
    assert done.missing + done.unordered + done.late >= missing
    assert (done.missing == 0) == (missing == 0)


@pytest.mark.parametrize(("moment", "missing"), [(12.0, 0), (12.001, 1), (97.999, 1), (98.001, 0)])
def test_time_that_both_cover(moment: float, missing: int) -> None:
    """The error log covers the time from 2 s after its first record to 2 s before it was read."""
    done = compare([error(10)], [[error(moment)]], until=100.0)
    assert (done.missing, done.outside) == (missing, 1 - missing)


def test_empty_error_log() -> None:
    """An error log without a record covers no time that is known."""
    done = compare([], [[error(5)]], until=100.0)
    assert (done.since, done.missing, done.outside) == (None, 0, 1)


def test_constant_memory() -> None:
    """Streams are read side by side: no more of one is taken than the window needs."""
    ahead = 0

    def stream(step: int) -> Iterator[ErrorRecord]:
        nonlocal ahead
        for number in range(20_000):
            ahead += step
            assert abs(ahead) < 100
            yield error(float(number))

    done = compare(stream(1), [stream(-1)], until=1e9, since=0.0)
    assert (done.compared, done.missing) == (20_000, 0)

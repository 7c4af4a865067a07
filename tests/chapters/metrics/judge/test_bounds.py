"""Limits of series: just below, at and just above."""

from __future__ import annotations

import pytest

from deployspec.chapters.metrics.judge.bounds import growth_is_bounded, labels_are_bounded, series_are_few
from deployspec.languages.exposition import Exposition, read
from deployspec.languages.exposition.model import Format

WORDS = [f"u{number}" for number in range(30)]


def page(*series: str) -> Exposition:
    """A page with these series."""
    return read([b"# TYPE shop gauge\n" + "".join(f"{one} 1\n" for one in series).encode()], Format.TEXT)


BEFORE = page('shop{path="other"}')


@pytest.mark.parametrize(
    ("after", "verdict", "reason"),
    [
        pytest.param(['shop{path="other"}'], "MET", "made no new series", id="none"),
        pytest.param(['shop{path="other"}', 'shop{path="/orders"}'], "MET", "1 began meanwhile", id="what-others-sent"),
        pytest.param(['shop{path="other"}', 'shop{path="/u7"}'], "BREACHED", "by the label path", id="one-of-ours"),
        pytest.param([f'shop{{path="other",client="{number:x}"}}' for number in range(14)], "MET", "", id="fewer-than-half"),
        pytest.param([f'shop{{path="other",client="{number:x}"}}' for number in range(15)], "BREACHED", "the label client of shop 15 new values", id="half"),
    ],
)  # fmt: skip
def test_what_unseen_requests_made(after: list[str], verdict: str, reason: str) -> None:
    """A word of ours in a label, or as many new values as half of the requests."""
    found = labels_are_bounded(BEFORE, page(*after), WORDS, 30, 1)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_what_grows_by_itself_is_not_ours() -> None:
    """It grew as much while nothing was sent."""
    after = page(*(f'shop{{visit="{number}"}}' for number in range(20)))
    control = page(*(f'shop{{visit="{number}"}}' for number in range(40)))
    assert labels_are_bounded(BEFORE, after, WORDS, 30, 1, control).outcome == "MET"
    assert labels_are_bounded(BEFORE, after, WORDS, 30, 1, after).outcome == "BREACHED"


@pytest.mark.parametrize(("most", "verdict"), [(2, "BREACHED"), (3, "MET"), (4, "MET")])
def test_how_many_series(most: int, verdict: str) -> None:
    """Exactly as many are allowed."""
    assert series_are_few(page("a", "b", "c"), most).outcome == verdict


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param([100] * 9, "MET", id="constant"),
        pytest.param([100, 100, 100, 900, 900, 900, 900, 900, 900], "MET", id="a-step"),
        pytest.param([100, 110, 120, 130, 140, 150, 160, 170, 180], "BREACHED", id="a-leak"),
        pytest.param([100, 110, 120, 130, 20, 30, 40, 50, 60], "MET", id="a-restart"),
        pytest.param([100, 200], "UNMEASURED", id="too-few"),
    ],
)
def test_growth(values: list[float], verdict: str) -> None:
    """In each quarter more than 10 a second, which is 36,000 an hour, where 35,999 are allowed."""
    points = [(float(second), float(value)) for second, value in enumerate(values)]
    assert growth_is_bounded(points, 35_999).outcome == verdict


def test_growth_of_exactly_the_limit_is_allowed() -> None:
    """It says: at most."""
    points = [(float(second), 100.0 + 10 * second) for second in range(9)]
    assert growth_is_bounded(points, 36_000).outcome == "MET"

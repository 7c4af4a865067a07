"""Limits of series: just below, at and just above."""

from __future__ import annotations

import pytest

from deployspec.chapters.metrics.judge.bounds import (
    growth_is_bounded,
    labels_are_bounded,
    series_are_few,
    telling_span,
)
from deployspec.languages.exposition import Exposition, Limits, read
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
        pytest.param(['shop{path="other"}', "shop_u7_total"], "BREACHED", "named after them: shop_u7_total", id="a-name-of-ours"),
        pytest.param([f'shop{{path="other",client="{number:x}"}}' for number in range(14)], "MET", "", id="fewer-than-half"),
        pytest.param([f'shop{{path="other",client="{number:x}"}}' for number in range(15)], "BREACHED", "the label client of shop 15 new values", id="half"),
    ],
)  # fmt: skip
def test_what_unseen_requests_made(after: list[str], verdict: str, reason: str) -> None:
    """A word of ours in a label, or as many new values as half of the requests."""
    found = labels_are_bounded(BEFORE, page(*after), WORDS, {404: 30}, 1)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_what_grows_by_itself_is_not_ours() -> None:
    """It grew as much while nothing was sent."""
    after = page(*(f'shop{{visit="{number}"}}' for number in range(20)))
    control = page(*(f'shop{{visit="{number}"}}' for number in range(40)))
    assert labels_are_bounded(BEFORE, after, WORDS, {404: 30}, 1, control).outcome == "MET"
    assert labels_are_bounded(BEFORE, after, WORDS, {404: 30}, 1, after).outcome == "BREACHED"


@pytest.mark.parametrize("name", ["shop{", '{"my.shop",'])
@pytest.mark.parametrize(("known", "verdict"), [(1, "MET"), (0, "BREACHED")])
def test_a_value_that_was_known_is_not_new(name: str, known: int, verdict: str) -> None:
    """Fifteen values, of which one stood in another series: fourteen are fewer than half of thirty."""
    there = [f'{name}path="x",client="{number:x}"}}' for number in range(known)]
    new = [f'{name}path="other",client="{number:x}"}}' for number in range(15)]
    before, after = page('shop{path="other"}', *there), page('shop{path="other"}', *there, *new)
    assert labels_are_bounded(before, after, WORDS, {404: 30}, 1).outcome == verdict


def test_the_largest_metrics_are_named() -> None:
    """Each by how many series it has, the largest first."""
    found = series_are_few(page("a", 'b{x="1"}', 'b{x="2"}'), 2)
    assert "expected at most 2 (max_series); most of them: b 2, a 1" in found.reason, found.reason


@pytest.mark.parametrize(("most", "verdict"), [(2, "BREACHED"), (3, "MET"), (4, "MET")])
def test_how_many_series(most: int, verdict: str) -> None:
    """Exactly as many are allowed."""
    assert series_are_few(page("a", "b", "c"), most).outcome == verdict


@pytest.mark.parametrize(
    ("most", "verdict", "reason"),
    [(1, "BREACHED", "2 series at least"), (2, "UNMEASURED", "metrics.is-whole")],
)
def test_how_many_series_of_a_page_that_was_not_read_to_its_end(most: int, verdict: str, reason: str) -> None:
    """Too many are too many; few may be more."""
    found = series_are_few(read([b"a 1\nb 1\nc 1\n"], Format.TEXT, Limits(size=9)), most)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


@pytest.mark.parametrize(
    ("statuses", "verdict", "reason"),
    [
        pytest.param({404: 29, 200: 1}, "MET", "had the status 200 and 404", id="answered"),
        pytest.param({404: 29, 429: 1}, "UNMEASURED", "1 of 30 requests were turned away (status 404 and 429)", id="one-too-many"),
        pytest.param({503: 30}, "UNMEASURED", "30 of 30 requests were turned away (status 503)", id="busy"),
        pytest.param({401: 30}, "UNMEASURED", "30 of 30 requests were turned away (status 401)", id="forbidden"),
        pytest.param({404: 1, 401: 29}, "MET", "", id="not-all-forbidden"),
    ],
)  # fmt: skip
def test_what_was_turned_away_made_no_series(statuses: dict[int, int], verdict: str, reason: str) -> None:
    """It may never have reached the service. A series that began is a breach whatever the answers were."""
    found = labels_are_bounded(BEFORE, BEFORE, WORDS, statuses, 1)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason
    assert labels_are_bounded(BEFORE, page('shop{path="/u7"}'), WORDS, statuses, 1).outcome == "BREACHED"


DAY = 86_400.0


def grown(values: list[float], span: float, most: int, window: float = DAY) -> tuple[str, str, str]:
    """The verdict, what was measured, and the reason, of as many scrapes in so many seconds."""
    points = [(span * number / (len(values) - 1), float(value)) for number, value in enumerate(values)]
    found = growth_is_bounded(points, most, window)
    return found.outcome, found.measured, found.reason


@pytest.mark.parametrize(
    ("values", "verdict", "measured"),
    [
        pytest.param([100] * 9, "MET", "0 an hour in the calmest quarter", id="constant"),
        pytest.param([100, 100, 100, 900, 900, 900, 900, 900, 900], "MET", "0 an hour in the calmest quarter", id="a-step"),
        pytest.param([100, 110, 120, 130, 140, 150, 160, 170, 180], "BREACHED", "80 an hour in the calmest quarter", id="a-leak"),
        pytest.param([100, 110, 120, 130, 20, 30, 40, 50, 60], "MET", "-400 an hour in the calmest quarter", id="a-restart"),
        pytest.param([10_000] * 9, "MET", "0 an hour in the calmest quarter", id="more-series-than-seconds"),
        pytest.param([100, 100, 150, 200, 250], "MET", "0 an hour in the calmest quarter", id="calm-at-first"),
        pytest.param([100, 150, 150, 200, 250], "MET", "0 an hour in the calmest quarter", id="calm-in-the-second"),
        pytest.param([100, 150, 200, 200, 250], "MET", "0 an hour in the calmest quarter", id="calm-in-the-third"),
        pytest.param([100, 150, 200, 250, 250], "MET", "0 an hour in the calmest quarter", id="calm-at-last"),
        pytest.param([100, 200], "UNMEASURED", "", id="too-few"),
        pytest.param([100] * 4, "UNMEASURED", "", id="one-too-few"),
        pytest.param([100] * 5, "MET", "0 an hour in the calmest quarter", id="just-enough"),
    ],
)  # fmt: skip
def test_growth(values: list[float], verdict: str, measured: str) -> None:
    """Over an hour, of which 79 are allowed: what is judged is what is said."""
    assert grown(values, 3600, 79)[:2] == (verdict, measured)


def test_scrapes_of_one_moment_tell_no_growth() -> None:
    """However many they are."""
    assert growth_is_bounded([(0.0, 100.0)] * 5, 79, DAY).outcome == "UNMEASURED"


def test_a_step_is_said_to_be_one() -> None:
    """It is more than the limit in all, and the text says why that is no breach."""
    verdict, _, reason = grown([100, 100, 100, 900, 900, 900, 900, 900, 900], 3600, 79)
    assert (verdict, reason) == (
        "MET",
        "the series went from 100 to 900 in 1 h, in a step: 0 an hour in the calmest quarter",
    )


@pytest.mark.parametrize(("most", "verdict"), [(79, "BREACHED"), (80, "MET")])
def test_growth_of_exactly_the_limit_is_allowed(most: int, verdict: str) -> None:
    """It says: at most."""
    assert grown([100, 110, 120, 130, 140, 150, 160, 170, 180], 3600, most)[0] == verdict


def test_growth_is_not_rounded_onto_its_limit() -> None:
    """80.08 beside 80 would be a verdict that contradicts its figures."""
    verdict, measured, _ = grown([100, 120, 140, 160, 180], 3596.4, 80)
    assert (verdict, measured) == ("BREACHED", "80.1 an hour in the calmest quarter")


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        pytest.param([100] * 9, "MET", id="constant"),
        pytest.param([100, 110, 120, 130, 140, 150, 160, 170, 180], "UNMEASURED", id="steadily"),
        pytest.param([100, 100, 100, 180, 180, 180, 180, 180, 180], "UNMEASURED", id="in-a-step"),
        pytest.param([100, 100, 100, 100, 100, 100, 100, 100, 180], "UNMEASURED", id="at-last"),
    ],
)
@pytest.mark.parametrize("span", [60.0, 539.0])
def test_who_is_known_for_a_minute_may_have_begun(values: list[float], verdict: str, span: float) -> None:
    """A start and a leak look alike then; ten minutes tell them apart, and so does a shorter window that someone chose."""
    found = grown(values, span, 79)
    assert found[0] == verdict
    assert verdict == "MET" or "10 min tell them apart" in found[2]
    assert grown(values, span, 79, window=span)[0] != "UNMEASURED"
    assert grown(values, 540.0, 79)[0] != "UNMEASURED"


@pytest.mark.parametrize(
    ("most", "window", "expected"),
    [
        (20_000, DAY, 600),
        (24, DAY, 600),
        (10, DAY, 1440),
        (0, DAY, 14_400),
        (1, 3600.0, 3600),
        (1000, 10.0, 10),
    ],
)
def test_how_long_it_takes_to_tell_growth(most: int, window: float, expected: float) -> None:
    """So long that the limit is a series in each quarter, from ten minutes to the window."""
    assert telling_span(most, window) == expected

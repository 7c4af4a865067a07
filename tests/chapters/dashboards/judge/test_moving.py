"""What panels are to show of a fault, at the limit and just beyond it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from deployspec.chapters.dashboards.judge.moving import Reading, Sends, is_shown, wilson
from deployspec.chapters.dashboards.model import Breaking, Movement, Shown, Stays
from deployspec.model.verdict import Outcome, Verdict

MOVEMENT = Movement("it breaks", Breaking((), (), 1.0), None, None, (), ())


def shown(reading: Reading, **wanted: Any) -> Verdict:
    """The verdict on one panel that is to show something."""
    return is_shown(MOVEMENT, [(Shown("P", None, **wanted), reading)], [])


def stayed(before: float | None, during: float | None, within: float = 0.5) -> Verdict:
    """The verdict on one panel that is not to move."""
    return is_shown(MOVEMENT, [], [(Stays("P", None, within), Reading('"P"', before, during))])


@pytest.mark.parametrize(
    ("during", "outcome"),
    [
        (0.15, Outcome.MET),
        (0.25, Outcome.MET),
        (0.1499, Outcome.BREACHED),
        (0.2501, Outcome.BREACHED),
        (None, Outcome.BREACHED),
    ],
)
def test_bounds(during: float | None, outcome: Outcome) -> None:
    """Both are inside."""
    assert shown(Reading('"P"', 0.0, during), at_least=0.15, at_most=0.25).outcome is outcome


@pytest.mark.parametrize(
    ("before", "during", "outcome"),
    [
        (0.49, 0.9, Outcome.MET),
        (0.5, 0.9, Outcome.UNMEASURED),
        (0.9, 0.9, Outcome.UNMEASURED),
        (0.9, 0.4, Outcome.BREACHED),
        (None, 0.9, Outcome.MET),
    ],
)
def test_what_was_shown_before_the_fault_is_not_of_the_fault(
    before: float | None, during: float, outcome: Outcome
) -> None:
    """A panel that stands still shows no fault, however high it stands."""
    assert shown(Reading('"P"', before, during), at_least=0.5).outcome is outcome
    assert shown(Reading('"P"', before, during), at_most=0.3).outcome is Outcome.BREACHED


STOOD = "before the fault as well"


@pytest.mark.parametrize(
    ("before", "wanted", "outcome"),
    [
        (0.31, {"at_most": 0.3}, Outcome.MET),
        (0.3, {"at_most": 0.3}, Outcome.UNMEASURED),
        (0.0, {"at_most": 0.3}, Outcome.UNMEASURED),
        (None, {"at_most": 0.3}, Outcome.MET),
        (0.0, {"at_least": 0.1, "at_most": 0.3}, Outcome.MET),
        (0.5, {"at_least": 0.1, "at_most": 0.3}, Outcome.UNMEASURED),
        # 16 of 80: from 0.127 to 0.3005.
        (0.126, {"share_failed": True}, Outcome.MET),
        (0.128, {"share_failed": True}, Outcome.UNMEASURED),
        (0.3, {"share_failed": True}, Outcome.UNMEASURED),
        (0.301, {"share_failed": True}, Outcome.MET),
        (0.126, {"share_failed": True, "at_most": 0.25}, Outcome.MET),
        (0.25, {"share_failed": True, "at_most": 0.25}, Outcome.UNMEASURED),
        (0.26, {"share_failed": True, "at_most": 0.25}, Outcome.MET),
        (0.1, {"rises_by": 0.1, "at_most": 0.3}, Outcome.MET),
    ],
)
def test_a_panel_that_was_there_before_shows_no_fault(
    before: float | None, wanted: dict[str, Any], outcome: Outcome
) -> None:
    """Whichever way it is to move; a rise is told from where it stood."""
    verdict = shown(Reading('"P"', before, 0.2, Sends(80, 16)), **wanted)
    assert (verdict.outcome, STOOD in verdict.reason) == (outcome, outcome is Outcome.UNMEASURED), verdict


def test_each_series_counts() -> None:
    """The largest of them may hide what another one does."""
    reading = Reading('"P"', 100.0, 100.0, series=((100.0, 100.0), (0.0, 50.0)))
    assert shown(reading, rises_by=50.0).outcome is Outcome.MET
    low = shown(reading, rises_by=40.0)
    assert low.outcome is Outcome.BREACHED
    assert '"P" rises by 50, the series that rises most, and not by 40' in low.reason
    verdict = is_shown(MOVEMENT, [], [(Stays("P", None, 49.0), reading)])
    assert verdict.outcome is Outcome.BREACHED
    assert '"P" moves from 0 to 50' in verdict.reason
    assert is_shown(MOVEMENT, [], [(Stays("P", None, 50.0), reading)]).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("before", "during", "tolerance", "outcome"),
    [
        (3.0, 53.0, 0.0, Outcome.MET),
        (3.0, 52.0, 0.0, Outcome.BREACHED),
        (3.0, 52.0, 1.0, Outcome.MET),
        (3.0, 51.9, 1.0, Outcome.BREACHED),
        (None, 50.0, 0.0, Outcome.UNMEASURED),
    ],
)
def test_rises(before: float | None, during: float, tolerance: float, outcome: Outcome) -> None:
    """By so much, above what was shown before."""
    assert shown(Reading('"P"', before, during), rises_by=50, tolerance=tolerance).outcome is outcome


def test_the_share_of_failed_requests_is_held_against_the_requests() -> None:
    """Within their interval it is MET; of none that failed nothing is known."""

    def share(value: float, failed: int) -> Outcome:
        return shown(Reading('"P"', 0.0, value, Sends(80, failed)), share_failed=True).outcome

    low, high = wilson(16, 80)
    assert (round(low, 4), round(high, 4)) == (0.127, 0.3005)
    assert share(0.2, 16) is Outcome.MET
    assert share(low - 0.001, 16) is Outcome.BREACHED
    assert share(high + 0.001, 16) is Outcome.BREACHED
    assert share(0.2, 0) is Outcome.UNMEASURED


@given(some.integers(1, 10_000), some.data())
def test_the_interval_holds_its_share(answered: int, data: some.DataObject) -> None:
    """It lies around the share, within what a share can be, and is narrower for more requests."""
    failed = data.draw(some.integers(0, answered))
    low, high = wilson(failed, answered)
    assert 0 <= low <= failed / answered + 1e-12
    assert failed / answered - 1e-12 <= high <= 1
    more = wilson(10 * failed, 10 * answered)
    assert more[1] - more[0] < high - low


def test_what_is_not_to_move() -> None:
    """By so much it may; a panel that shows nothing, and then nothing, has not moved."""
    assert stayed(1.0, 1.5).outcome is Outcome.MET
    assert stayed(1.0, 1.51).outcome is Outcome.BREACHED
    assert stayed(1.0, 0.49).outcome is Outcome.BREACHED
    assert stayed(None, None).outcome is Outcome.MET
    for verdict, when in ((stayed(None, 1.0), "before"), (stayed(1.0, None), "during the fault")):
        assert (verdict.outcome, verdict.reason) == (
            Outcome.UNMEASURED,
            f'it breaks: "P" showed no number {when}',
        )


@pytest.mark.parametrize(
    ("wanted", "limit"),
    [
        ({"at_least": 0.1, "at_most": 0.3}, "P: at least 0.1, at most 0.3"),
        ({"share_failed": True}, "P: the share of requests that fail"),
        ({"rises_by": 5.0}, "P: 5 more"),
        ({"rises_by": 5.0, "tolerance": 0.5}, "P: 5 more, give or take 0.5"),
    ],
)
def test_what_is_expected_is_told(wanted: dict[str, Any], limit: str) -> None:
    """All of it, and nothing else."""
    assert shown(Reading('"P"', 0.0, 0.2, Sends(80, 16)), **wanted).limit == limit
    assert stayed(1.0, 1.0).limit == "P: as before, give or take 0.5"


def test_all_that_is_wrong_is_told() -> None:
    """Of each panel once; what is not known beside it is no reason."""
    low, gone = Reading('"P"', None, 0.1), Reading('"Q"', None, 1.0)
    wanted = Shown("P", None, at_least=0.5, rises_by=1.0)
    verdict = is_shown(MOVEMENT, [(wanted, low), (wanted, low)], [(Stays("Q", None, 1.0), gone)])
    assert (verdict.outcome, verdict.reason) == (
        Outcome.BREACHED,
        'it breaks: "P" shows 0.1, less than 0.5',
    )
    assert verdict.measured == '"P": no number, then 0.1; "Q": no number, then 1'

"""The time in the answer: is it now, and does it move on?"""

from __future__ import annotations

import pytest

from deployspec.chapters.health.judge.clock import needed_pause, time_is_current, time_moves_on
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import NOW, REMOVED, TIMED_OUT, answered, promise


# The call lasts from 10:30:45 to 10:30:47. A stamp in whole seconds may be up to a second old when it is made.
@pytest.mark.parametrize(
    ("time", "outcome", "measured"),
    [
        pytest.param("2024-01-15T10:30:45Z", Outcome.MET, "no skew", id="when-sent"),
        pytest.param("2024-01-15T10:30:47Z", Outcome.MET, "no skew", id="when-received"),
        pytest.param("2024-01-15T10:30:44Z", Outcome.MET, "no skew", id="cut-off-second"),
        pytest.param("2024-01-15T10:30:44.5Z", Outcome.MET, "0.4 s behind", id="behind-by-less-than-its-precision-allows"),
        pytest.param("2024-01-15T11:30:45+01:00", Outcome.MET, "no skew", id="another-offset"),
        pytest.param("2024-01-15T10:30:39Z", Outcome.MET, "5 s behind", id="behind-at-the-limit"),
        pytest.param("2024-01-15T10:30:38Z", Outcome.BREACHED, "6 s behind", id="behind"),
        pytest.param("2024-01-15T10:30:39.999998Z", Outcome.BREACHED, "5.000001 s behind", id="behind-just-above"),
        pytest.param("2024-01-15T10:30:40.000001Z", Outcome.MET, "4.999998 s behind", id="behind-just-below"),
        pytest.param("2024-01-15T10:30:52Z", Outcome.MET, "5 s ahead", id="ahead-at-the-limit"),
        pytest.param("2024-01-15T10:30:52.001Z", Outcome.BREACHED, "5.001 s ahead", id="ahead-just-above"),
        pytest.param("2024-01-15T10:30:52.0000000001Z", Outcome.BREACHED, "5.0000000001 s ahead", id="ahead-by-a-hair"),
        pytest.param("2024-01-15T10:30:51.999Z", Outcome.MET, "4.999 s ahead", id="ahead-just-below"),
        pytest.param("2024-01-15T09:30:45Z", Outcome.BREACHED, "3599 s behind", id="local-time-said-to-be-utc"),
        pytest.param("9999-12-31T23:59:59Z", Outcome.BREACHED, "s ahead", id="end-of-time"),
        pytest.param("0000-01-01T00:00:00Z", Outcome.BREACHED, "s behind", id="beginning-of-time"),
    ],
)  # fmt: skip
def test_time_is_current(time, outcome, measured):
    """The smallest skew that round trip and precision allow is at most 5 s, exactly."""
    verdict = time_is_current(answered(time=time, at=NOW, took=2.0), promise())
    assert verdict.outcome is outcome
    assert verdict.measured.endswith(measured)
    if outcome is Outcome.BREACHED:
        assert verdict.reason == f"time is {verdict.measured}, expected at most 5 s from the prober's clock"


@pytest.mark.parametrize("time", ["2024-01-15T10:30:45", "now", "", "1705314645", "2024-01-15T24:00:00Z"])
def test_a_time_in_another_form_is_breached(time):
    """What RFC 3339 does not know is breached here, and leaves the clock's moving on unmeasured."""
    call = answered(time=time)
    verdict = time_is_current(call, promise())
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason.endswith("expected RFC 3339 with an offset")
    moves = time_moves_on(call, call, promise())
    assert moves.outcome is Outcome.UNMEASURED
    assert "(see health.time-is-current)" in moves.reason
    assert needed_pause(call, promise()) is None


# gap: seconds between the first call's end and the second call's start; the first call ends at 10:30:45.125.
@pytest.mark.parametrize(
    ("first", "later", "gap", "outcome", "reason"),
    [
        pytest.param("10:30:45Z", "10:30:46Z", 1.02, Outcome.MET, "time moved on by 1 s", id="moved"),
        pytest.param("10:30:45Z", "10:30:46Z", 0, Outcome.MET, "time moved on by 1 s", id="moved-however-soon"),
        pytest.param("10:30:45Z", "11:30:46+01:00", 1.02, Outcome.MET, "time moved on by 1 s", id="moved-at-another-offset"),
        pytest.param("10:30:45.123Z", "10:30:45.124Z", 0, Outcome.MET, "time moved on by 0.001 s", id="moved-by-a-millisecond"),
        pytest.param("10:30:45Z", "10:30:45Z", 1.03, Outcome.BREACHED, "time stood still for 1.03 s", id="stood-still"),
        pytest.param("10:30:45Z", "10:30:45Z", 1.01, Outcome.UNMEASURED, "1.01 s apart; this clock needs 1.02 s", id="too-soon"),
        pytest.param("10:30:45.000Z", "10:30:45.000Z", 0.9, Outcome.UNMEASURED, "needs 1.02 s", id="zeros-are-no-precision"),
        pytest.param("10:30:45.123Z", "10:30:45.123Z", 0.022, Outcome.BREACHED, "time stood still", id="milliseconds-stood-still"),
        pytest.param("10:30:45.123Z", "10:30:45.123Z", 0.02, Outcome.UNMEASURED, "needs 0.021 s", id="milliseconds-too-soon"),
        pytest.param("10:30:45Z", "10:30:44Z", 0, Outcome.BREACHED, "time went back by 1 s", id="went-back"),
        pytest.param("10:30:45.124Z", "10:30:45.123Z", 0, Outcome.BREACHED, "went back by 0.001 s", id="went-back-a-millisecond"),
        pytest.param("10:30:45.9Z", "10:30:45Z", 0, Outcome.UNMEASURED, "needs 1.02 s", id="coarser-stamp-too-soon"),
        pytest.param("10:30:45.9Z", "10:30:45Z", 1.03, Outcome.BREACHED, "stood still", id="coarser-stamp-stood-still"),
        pytest.param("10:30:45.9Z", "10:30:44Z", 0, Outcome.BREACHED, "went back by 1.9 s", id="coarser-stamp-went-back"),
        pytest.param("10:30:45Z", "10:30:46Z", -0.01, Outcome.UNMEASURED, "began before the first one ended", id="overlap"),
    ],
)  # fmt: skip
def test_time_moves_on(first, later, gap, outcome, reason):
    """A later time is met, an earlier one breached; one that stands still is, once an honest clock must have moved."""
    before = answered(time=f"2024-01-15T{first}")
    after = answered(time=f"2024-01-15T{later}", at=NOW + 0.125 + gap)
    verdict = time_moves_on(before, after, promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_time_moves_on_through_a_leap_second():
    """From 23:59:60.5 to 00:00:00.2 is onward, though the numbers go back."""
    before = answered(time="2016-12-31T23:59:60.5Z")
    after = answered(time="2017-01-01T00:00:00.2Z", at=NOW + 1)
    assert time_moves_on(before, after, promise()).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("time", "pause"),
    [
        pytest.param("2024-01-15T10:30:45Z", 1.025, id="whole-seconds"),
        pytest.param("2024-01-15T10:30:45.1Z", 0.125, id="tenths"),
        pytest.param("2024-01-15T10:30:45.123Z", 0.026, id="milliseconds"),
        pytest.param("2024-01-15T10:30:45.123456Z", 0.025001, id="microseconds"),
        pytest.param("2024-01-15T10:30:45.000Z", 1.025, id="milliseconds-that-are-zero"),
        pytest.param(REMOVED, None, id="no-time"),
    ],
)
def test_needed_pause(time, pause):
    """The pause is the stamp's precision and a margin, and after it a clock that stands still is breached."""
    first = answered(time=time)
    assert needed_pause(first, promise()) == (pause if pause is None else pytest.approx(pause))
    if pause is not None:
        later = answered(time=time, at=NOW + 0.125 + needed_pause(first, promise()))
        assert time_moves_on(first, later, promise()).outcome is Outcome.BREACHED


def test_a_second_call_without_an_answer_leaves_the_clock_unmeasured():
    """Without a second time, nothing is known of its moving on."""
    assert time_moves_on(answered(), TIMED_OUT, promise()).outcome is Outcome.UNMEASURED
    assert needed_pause(TIMED_OUT, promise()) is None

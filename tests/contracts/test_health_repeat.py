"""The same question again: one after the other, and all at once."""

from __future__ import annotations

import random

import pytest

from deployspec.contracts.health import chance_of_seeing, holds_under_concurrency, steady
from deployspec.contracts.verdict import Outcome
from tests.contracts.answers import ELSEWHERE, PROBER, SICK, TIMED_OUT, answered, failed, promise

UNREADABLE = answered(b"<html>")

# others: the calls that are compared with a clean first one.
CASES = [
    pytest.param([answered(queue_depth=7, time="2024-01-15T10:30:46Z", version="2")], Outcome.MET, "", id="only-other-fields"),
    pytest.param([SICK], Outcome.BREACHED, "status 503 instead of 200, ok false instead of true, db false instead of true",
                 id="another-status-and-fields"),
    pytest.param([answered(redis=False)], Outcome.BREACHED, "redis false instead of true", id="another-part"),
    pytest.param([TIMED_OUT], Outcome.BREACHED, "no answer: the time limit of 2 s ran out", id="no-answer"),
    pytest.param([ELSEWHERE], Outcome.BREACHED, "answered by https://login.example/sign-in", id="answered-elsewhere"),
    pytest.param([UNREADABLE], Outcome.BREACHED, "the body is not strict JSON", id="unreadable"),
    pytest.param([answered(db=None)], Outcome.BREACHED, "db is null, not true or false", id="field-unreadable"),
    pytest.param([PROBER], Outcome.UNMEASURED, "no resolver answered", id="prober"),
    pytest.param([PROBER, SICK], Outcome.BREACHED, "status 503", id="a-proof-beats-the-prober"),
]  # fmt: skip


@pytest.mark.parametrize(("others", "outcome", "reason"), CASES)
def test_steady(others, outcome, reason):
    """All calls agree with the first; the reason says which differs, and in what."""
    verdict = steady([answered(), answered(), *others], promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason
    if outcome is Outcome.BREACHED:
        assert f": call {2 + len(others)}: " in verdict.reason


@pytest.mark.parametrize(("others", "outcome", "reason"), CASES)
def test_holds_under_concurrency(others, outcome, reason):
    """Each call of several at once says what the single call said."""
    verdict = holds_under_concurrency(answered(), [answered(), *others], promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason
    if outcome is Outcome.BREACHED:
        assert f": concurrent call {1 + len(others)}: " in verdict.reason


@pytest.mark.parametrize(
    ("took", "outcome"),
    [
        pytest.param(1.999, Outcome.MET, id="just-below"),
        pytest.param(2.0, Outcome.MET, id="at-the-limit"),
        pytest.param(2.001, Outcome.BREACHED, id="just-above"),
    ],
)
def test_concurrent_calls_answer_in_time(took, outcome):
    """Each concurrent call is complete within the time limit; steady calls have a check of their own for that."""
    slow = answered(took=took)
    assert holds_under_concurrency(answered(), [answered(), slow], promise()).outcome is outcome
    assert steady([answered(), slow], promise()).outcome is Outcome.MET


def test_how_many_differ_is_told():
    """The reason counts the calls that differ, and shows the first."""
    verdict = steady([answered(), SICK, answered(), SICK, answered()], promise())
    assert verdict.reason.startswith("2 of 5 calls differ: call 2: status 503 instead of 200")
    verdict = steady([SICK, answered(), SICK, SICK, SICK], promise())
    assert verdict.reason.startswith("1 of 5 calls differs: call 2: status 200 instead of 503")


def test_calls_that_agree_on_being_unhealthy_are_steady():
    """Steadily unhealthy is steady: healthy_now tells the rest."""
    assert steady([SICK] * 5, promise()).outcome is Outcome.MET


def test_statuses_are_compared_though_the_bodies_cannot_be_read():
    """Two statuses are a proven difference; one status with unreadable bodies proves nothing."""
    other = answered(b"<html>", status=502)
    assert "status 502 instead of 200" in steady([UNREADABLE, other], promise()).reason
    verdict = steady([UNREADABLE, UNREADABLE], promise())
    assert verdict.outcome is Outcome.UNMEASURED
    assert "(see test_body_is_strict_json)" in verdict.reason


@pytest.mark.parametrize("calls", [[], [answered()]], ids=["none", "one"])
def test_fewer_than_two_calls_prove_nothing(calls):
    """It takes two calls to see a difference."""
    assert steady(calls, promise()).outcome is Outcome.UNMEASURED
    assert holds_under_concurrency(answered(), calls, promise()).outcome is Outcome.UNMEASURED


def test_without_a_first_answer_the_cause_is_named():
    """Where the first call has no answer and no others were made, the reason is the first call's."""
    for verdict in (steady([failed()], promise()), holds_under_concurrency(failed(), (), promise())):
        assert verdict.outcome is Outcome.UNMEASURED
        assert "connection refused by 127.0.0.1 port 8000" in verdict.reason
        assert verdict.reason.endswith("(see test_answers_in_time)")


@pytest.mark.parametrize(
    ("share", "calls", "percent"),
    [
        pytest.param(0.1, 5, 41, id="5-calls"),
        pytest.param(0.1, 10, 65, id="10-calls"),
        pytest.param(0.1, 29, 95, id="29-calls"),
        pytest.param(0.0, 5, 0, id="no-fault"),
        pytest.param(1.0, 1, 100, id="always"),
    ],
)
def test_chance_of_seeing(share, calls, percent):
    """The chances that the documentation names are what the formula gives."""
    assert round(100 * chance_of_seeing(share, calls)) == percent


def test_chance_of_seeing_is_what_happens():
    """Of many simulated runs against 1-in-10 flapping, the share that sees it is the one that is promised."""
    dice = random.Random(1)  # noqa: S311
    seen = sum(any(dice.random() < 0.1 for _ in range(5)) for _ in range(20_000))
    assert seen / 20_000 == pytest.approx(chance_of_seeing(0.1, 5), abs=0.015)

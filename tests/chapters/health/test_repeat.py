"""The same question again: one after the other, and all at once."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.health.judge.changing import differences
from deployspec.chapters.health.judge.form import body_fits_schema, content_type_is_expected
from deployspec.chapters.health.judge.meaning import queue_depth_is_known
from deployspec.chapters.health.judge.repeat import holds_under_concurrency, on_every_call, steady
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import ELSEWHERE, PROBER, SICK, TIMED_OUT, answered, failed, promise

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
    ("took", "longest", "outcome"),
    [
        pytest.param(1.999, None, Outcome.MET, id="just-below-timeout"),
        pytest.param(2.0, None, Outcome.MET, id="at-timeout"),
        pytest.param(2.001, None, Outcome.BREACHED, id="just-above-timeout"),
        pytest.param(0.099, 0.1, Outcome.MET, id="just-below"),
        pytest.param(0.1, 0.1, Outcome.MET, id="at-the-limit"),
        pytest.param(0.1001, 0.1, Outcome.BREACHED, id="just-above"),
        pytest.param(1.9, 0.1, Outcome.BREACHED, id="far-above-and-within-timeout"),
    ],
)
def test_concurrent_calls_answer_in_time(took, longest, outcome):
    """Each concurrent call is complete within max_response_time, or timeout; steady calls have their own check for it."""
    promised = promise(max_response_time=longest)
    quick, slow = answered(took=0.05), answered(took=took)
    verdict = holds_under_concurrency(quick, [quick, slow], promised)
    assert verdict.outcome is outcome
    limit, name = ("2 s", "timeout") if longest is None else ("0.1 s", "max_response_time")
    assert verdict.limit == f"all 2 agree on status, ok, db, redis; each within {limit} ({name})"
    if outcome is Outcome.MET:
        assert f", slowest {took:g} s" in verdict.measured
    else:
        assert (
            f"1 of 2 concurrent calls fails: concurrent call 2: answered after {took:g} s" in verdict.reason
        )
        assert f"expected at most {limit}" in verdict.reason
    assert steady([quick, slow], promised).outcome is Outcome.MET


def said(**fields):
    """An answer of a service of which no field is named."""
    return answered(json.dumps(fields).encode())


NAMELESS = promise(ok=None, parts=(), queue_depth=None, time=None, version=None)


# was, now: what one field holds in two answers.
@pytest.mark.parametrize(
    ("was", "now", "same"),
    [
        pytest.param("UP", "DOWN", False, id="state"),
        pytest.param("UP", "UP", True, id="equal"),
        pytest.param(True, False, False, id="true-and-false"),
        pytest.param(True, 1, False, id="true-is-no-number"),
        pytest.param(None, 0, False, id="null-is-no-number"),
        pytest.param("1", 1, False, id="a-text-is-no-number"),
        pytest.param({}, [], False, id="object-and-array"),
        pytest.param({"db": {"state": "UP"}}, {"db": {"state": "DOWN"}}, False, id="deep"),
        pytest.param({"db": "UP"}, {"redis": "UP"}, False, id="other-keys"),
        pytest.param(["a"], ["a", "b"], False, id="longer-array"),
        pytest.param(["a", "b"], ["a", "c"], False, id="another-item"),
        pytest.param("1.2.3", "1.2.4", False, id="version"),
        pytest.param("10.0.0.1", "10.0.0.2", False, id="address"),
        pytest.param("3e5d7b1", "3e5d7b2", False, id="hash-of-units-alone"),
        pytest.param("12 errors", "13 errors", False, id="counted-words"),
        pytest.param("ms", "s", False, id="units-without-a-number"),
        pytest.param(1, 2, True, id="counter"),
        pytest.param(0.5, 1, True, id="fraction"),
        pytest.param("17", "18", True, id="counter-as-text"),
        pytest.param("2024-01-15T10:30:45Z", "2024-01-15T10:30:46.5+01:00", True, id="rfc-3339"),
        pytest.param("2024-01-31 23:59:59", "2024-02-01 00:00:00", True, id="without-offset"),
        pytest.param("Wed, 31 Jan 2024 23:59:59 GMT", "Thu, 01 Feb 2024 00:00:00 GMT", True, id="http-date"),
        pytest.param("2024-01-15 10:30:45.1 +0000 UTC m=+1.2", "2024-01-15 10:30:45.3 +0000 UTC m=+1.4", True, id="go-time"),
        pytest.param("59m59.9s", "1h0m0.1s", True, id="go-duration"),
        pytest.param("PT59M", "PT1H2M", True, id="iso-duration"),
        pytest.param("23:59:59", "1 day, 0:00:01", True, id="python-duration"),
        pytest.param("12.5 MB", "13 MB", True, id="size"),
        pytest.param("41%", "42%", True, id="share"),
        pytest.param("2024-01-15T10:30:45Z", "never", False, id="a-time-and-none"),
        pytest.param("4b5c6a3e-0d4e-4a68-9d0a-6ab1d1f5a001", "aaaaaaaa-0d4e-4a68-9d0a-6ab1d1f5a001", True, id="uuid"),
    ],
)  # fmt: skip
def test_where_no_field_is_named_the_whole_body_is_compared(was, now, same):
    """Every value counts but times, counters and UUIDs, both ways round, one after the other and at once."""
    for first, other in ((was, now), (now, was)):
        calls = [said(status="ok", it=first), said(status="ok", it=other)]
        expected = Outcome.MET if same else Outcome.BREACHED
        for verdict in (steady(calls, NAMELESS), holds_under_concurrency(calls[0], calls, NAMELESS)):
            assert verdict.outcome is expected
            assert "all 2 agree on status and body, but for times and counters" in verdict.limit
    named = steady([answered(it=was), answered(it=now)], promise())
    assert named.outcome is Outcome.MET, "where fields are named, they alone are compared"


def test_differences_are_told_by_place():
    """Each difference has its place and both values; many are counted, a secret stays hidden, depth does no harm."""
    was = {"status": "UP", "gone": 1, "parts": [{"name": "a", "up": True}], "password": "hunter2"}
    now = {"status": "DOWN", "new": 1, "parts": [{"name": "a", "up": False}], "password": "hunter3"}
    verdict = steady([said(**was), said(**now)], NAMELESS)
    assert verdict.reason.startswith(
        '1 of 2 calls differs: call 2: $.gone is missing, $.new is new, $.status "DOWN" instead of "UP", 2 more'
    )
    assert differences(was, now)[3] == "$.parts[0].up false instead of true"
    assert "hunter" not in str(differences(was, now))
    deep, deeper = json.loads("[" * 900 + "1" + "]" * 900), json.loads("[" * 900 + "true" + "]" * 900)
    assert (differences(deep, deep), len(differences(deep, deeper))) == ([], 1)


def test_a_later_body_that_cannot_be_read_is_no_agreement():
    """Where no field is named either: JSON first and HTML then, both with 200, is a difference."""
    verdict = steady([said(status="UP"), UNREADABLE], NAMELESS)
    assert verdict.outcome is Outcome.BREACHED
    assert "call 2: the body is not strict JSON" in verdict.reason


UP_ONLY = promise(
    ok=None, parts=(), queue_depth=None, time=None, version=None, schema={"properties": {"status": {"const": "UP"}}}
)  # fmt: skip


@pytest.mark.parametrize(
    ("calls", "outcome", "reason"),
    [
        pytest.param("UUUUU", Outcome.MET, "the body fits the schema", id="all-fit"),
        pytest.param(
            "UUUDU", Outcome.BREACHED, "call 4 of 5: the body breaks the schema: $.status", id="a-later-one"
        ),
        pytest.param(
            "UDDDD", Outcome.BREACHED, "call 2 of 5 (and 3 more): the body breaks", id="all-but-the-first"
        ),
        pytest.param("DDDDD", Outcome.BREACHED, "the body breaks the schema: $.status", id="all"),
        pytest.param("DU", Outcome.BREACHED, "call 1 of 2: the body breaks", id="the-first"),
        pytest.param("U<", Outcome.UNMEASURED, "call 2 of 2: the body is not strict JSON", id="unreadable"),
        pytest.param("U<D", Outcome.BREACHED, "call 3 of 3: the body breaks", id="a-proof-beats-the-rest"),
        pytest.param("UTEP", Outcome.MET, "(1 of 4 calls)", id="others-own-their-faults"),
        pytest.param("TU", Outcome.UNMEASURED, "(see health.answers-in-time)", id="no-first-answer"),
        pytest.param("", Outcome.UNMEASURED, "no call was made", id="none"),
    ],
)
def test_every_call_is_judged(calls, outcome, reason):
    """One call that does not fit is a breach, and is named; so a body that fits once proves little."""
    kinds = {"U": said(status="UP"), "D": said(status="DOWN"), "<": UNREADABLE, "T": TIMED_OUT, "E": ELSEWHERE, "P": PROBER}  # fmt: skip
    verdict = on_every_call(body_fits_schema, [kinds[kind] for kind in calls], UP_ONLY)
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_what_every_call_measured_is_told():
    """Equal values once, others one after the other; a media type that changes is a breach."""
    plain = answered(headers=(("content-type", "text/plain"),))
    verdict = on_every_call(content_type_is_expected, [answered(), answered(), plain], promise())
    assert verdict.reason.startswith("call 3 of 3: Content-Type is text/plain")
    depths = [answered(queue_depth=depth) for depth in (4, 4, 5, 6, 7)]
    verdict = on_every_call(queue_depth_is_known, depths[:2], promise())
    assert (verdict.reason, verdict.measured) == ("queue_depth is 4", "4")
    verdict = on_every_call(queue_depth_is_known, depths, promise())
    assert (verdict.reason, verdict.measured) == ("the first call: queue_depth is 4", "4, 5, 6 and 1 more")


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
    assert "(see health.body-is-strict-json)" in verdict.reason


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
        assert verdict.reason.endswith("(see health.answers-in-time)")

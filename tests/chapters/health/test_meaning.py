"""Each field's value, and whether they agree with one another."""

from __future__ import annotations

import pytest

from deployspec.chapters.health.judge.meaning import (
    healthy_now,
    ok_is_all_parts,
    queue_depth_is_known,
    status_tells_ok,
    version_is_expected,
    version_is_stated,
)
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import ELSEWHERE, REMOVED, SICK, TIMED_OUT, answered, promise

DOWN = {"status": 503, "ok": False, "redis": False}


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        pytest.param({"queue_depth": 0}, Outcome.MET, "queue_depth is 0", id="zero"),
        pytest.param({"queue_depth": 1}, Outcome.MET, "queue_depth is 1", id="one"),
        pytest.param({"queue_depth": 42.0}, Outcome.MET, "queue_depth is 42.0", id="whole-with-a-point"),
        pytest.param({"queue_depth": 10**300}, Outcome.MET, "queue_depth is 1000", id="huge"),
        pytest.param({"queue_depth": -1}, Outcome.BREACHED, "queue_depth is -1; expected a whole number", id="minus-one"),
        pytest.param({"queue_depth": 0.5}, Outcome.BREACHED, "queue_depth is 0.5; expected a whole number", id="half"),
        pytest.param({"queue_depth": None}, Outcome.BREACHED, "null while redis is up", id="null-while-up"),
        pytest.param({"queue_depth": None, **DOWN}, Outcome.MET, "queue_depth is null", id="null-while-down"),
        pytest.param({"queue_depth": 42, **DOWN}, Outcome.BREACHED, "42 while redis is down: nobody can know",
                     id="number-while-down"),
        pytest.param({"queue_depth": True}, Outcome.UNMEASURED, "true, not a number or null (see health.body-fits", id="true"),
        pytest.param({"redis": 1}, Outcome.UNMEASURED, "redis is 1, not true or false (see health.body-fits-schema)",
                     id="part-unreadable"),
    ],
)  # fmt: skip
def test_queue_depth(fields, outcome, reason):
    """A whole number of at least 0 while Redis is up, null exactly while it is down."""
    verdict = queue_depth_is_known(answered(**fields), promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("depth", "outcome"), [(3, Outcome.MET), (None, Outcome.BREACHED)], ids=["number", "null"]
)
def test_a_queue_that_hangs_on_no_part_always_has_a_depth(depth, outcome):
    """Where the deployment file names no part for the queue, null is never right."""
    verdict = queue_depth_is_known(answered(queue_depth=depth, redis=REMOVED), promise(queue_part=None))
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("fields", "outcome", "reason"),
    [
        pytest.param({}, Outcome.MET, "ok is true, as its parts say", id="all-true"),
        pytest.param({"ok": False, "db": False}, Outcome.MET, "ok is false, as its parts say", id="one-false"),
        pytest.param({"ok": True, "db": False, "redis": False}, Outcome.BREACHED, "ok is true while db and redis are false",
                     id="ok-lies"),
        pytest.param({"ok": False}, Outcome.BREACHED, "ok is false while db and redis are true", id="ok-too-strict"),
        pytest.param({"ok": True, "db": False, "redis": None}, Outcome.BREACHED, "ok is true while db is false",
                     id="proven-without-the-rest"),
        pytest.param({"redis": None}, Outcome.UNMEASURED, "redis is null, not true or false", id="part-unreadable"),
    ],
)  # fmt: skip
def test_ok_is_all_parts(fields, outcome, reason):
    """Ok is true exactly when every part is; what is proven needs no further field."""
    verdict = ok_is_all_parts(answered(**fields), promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("call", "outcome", "reason"),
    [
        pytest.param(answered(), Outcome.MET, "status 200, ok, db and redis true", id="healthy"),
        pytest.param(answered(status=201), Outcome.BREACHED, "status 201", id="status-201"),
        pytest.param(answered(redis=False), Outcome.BREACHED, "redis is false", id="part-false"),
        pytest.param(answered(ok=REMOVED, db=False), Outcome.BREACHED, "db is false", id="proven-without-ok"),
        pytest.param(answered(b"", status=503), Outcome.BREACHED, "status 503", id="proven-by-the-status"),
        pytest.param(
            answered(b""), Outcome.UNMEASURED, "the body is empty; expected one JSON object", id="empty"
        ),
    ],
)
def test_healthy_now(call, outcome, reason):
    """Status 200 and everything true; one thing that is not settles it."""
    verdict = healthy_now(call, promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


# others: the calls after the first, which is clean.
@pytest.mark.parametrize(
    ("others", "outcome", "reason"),
    [
        pytest.param([answered(), SICK], Outcome.MET, "status and ok agree", id="both-kinds"),
        pytest.param([TIMED_OUT, ELSEWHERE], Outcome.MET, "status and ok agree", id="others-own-their-faults"),
        pytest.param([answered(status=503)], Outcome.BREACHED, "call 2 of 2: status 503 while ok is true", id="503-and-ok"),
        pytest.param([answered(ok=False)], Outcome.BREACHED, "call 2 of 2: status 200 while ok is false", id="200-and-not-ok"),
        pytest.param([answered(status=500)], Outcome.BREACHED, "call 2 of 2: status 500", id="500"),
        pytest.param([answered(b"<", status=302)], Outcome.BREACHED, "call 2 of 2: status 302", id="302-without-json"),
        pytest.param([answered(b"<", status=503)], Outcome.UNMEASURED, "found '<'", id="unreadable"),
        pytest.param([answered(b"<"), answered(status=503)], Outcome.BREACHED, "call 3 of 3", id="a-proof-beats-the-rest"),
    ],
)  # fmt: skip
def test_status_tells_ok(others, outcome, reason):
    """Over all answers, 200 is ok and 503 is not; nothing else is either."""
    verdict = status_tells_ok([answered(), *others], promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_status_of_no_calls_is_unmeasured():
    """Without a call, nothing is known."""
    assert status_tells_ok([], promise()).outcome is Outcome.UNMEASURED


@pytest.mark.parametrize(
    ("version", "stated", "expected"),
    [
        pytest.param("0.1.0", Outcome.MET, Outcome.MET, id="expected"),
        pytest.param("0.1.0 ", Outcome.MET, Outcome.BREACHED, id="space-after"),
        pytest.param("v0.1.0", Outcome.MET, Outcome.BREACHED, id="prefix"),
        pytest.param("", Outcome.BREACHED, Outcome.BREACHED, id="empty"),
        pytest.param(" \t\u00a0", Outcome.BREACHED, Outcome.BREACHED, id="whitespace"),
        pytest.param(1, Outcome.UNMEASURED, Outcome.UNMEASURED, id="number"),
    ],
)
def test_version(version, stated, expected):
    """A version says something, and is the expected one to the character."""
    call = answered(version=version)
    assert version_is_stated(call, promise()).outcome is stated
    assert version_is_expected(call, promise()).outcome is expected


def test_a_service_without_flags_is_healthy_by_its_status():
    """Where the answer has no ``ok`` and no parts, status 200 is all that is promised, and all that is said."""
    plain = promise(ok=None, parts=(), queue_depth=None)
    verdict = healthy_now(answered(b'{"status": "DOWN"}'), plain)
    assert (verdict.outcome, verdict.measured, verdict.limit) == (
        Outcome.MET,
        "status 200; body not read",
        "status 200",
    )
    assert "healthy" not in verdict.reason
    assert healthy_now(answered(b"{}", status=500), plain).outcome is Outcome.BREACHED
    assert status_tells_ok([answered(b"{}")], plain).outcome is Outcome.UNMEASURED
    assert ok_is_all_parts(answered(b"{}"), plain).outcome is Outcome.UNMEASURED

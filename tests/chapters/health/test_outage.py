"""A part goes away and comes back: is it told, and is it over in time?"""

from __future__ import annotations

import pytest

from deployspec.chapters.health.judge.outage import outage_is_told, outage_is_told_and_over, recovers
from deployspec.chapters.health.model import Outage
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import (
    ELSEWHERE,
    NOW,
    PROBER,
    REMOVED,
    SICK,
    TIMED_OUT,
    answered,
    failed,
    promise,
)


def of(part: str | None, expect_status: int | None = None) -> Outage:
    """The outage of a part."""
    return Outage("a-fault", part, expect_status)


def down(part: str, **changes):
    """The answer that a deployment gives while a part is down."""
    fields = {"status": 503, "ok": False, part: False} | ({"queue_depth": None} if part == "redis" else {})
    return answered(**(fields | changes))


@pytest.mark.parametrize(
    ("part", "during", "outcome", "reason"),
    [
        pytest.param("db", down("db"), Outcome.MET, "with db down: 503 in 0.125 s, only db false", id="db"),
        pytest.param("redis", down("redis"), Outcome.MET, "only redis false", id="redis"),
        pytest.param("redis", down("redis", took=2.0), Outcome.MET, "503 in 2 s", id="at-the-time-limit"),
        pytest.param("redis", down("redis", took=2.001), Outcome.BREACHED, "answered after 2.001 s", id="late"),
        pytest.param("redis", TIMED_OUT, Outcome.BREACHED, "with redis down: no complete answer", id="hung"),
        pytest.param("redis", failed(), Outcome.BREACHED, "connection refused", id="gone"),
        pytest.param("redis", PROBER, Outcome.UNMEASURED, "the prober could not ask", id="prober"),
        pytest.param("redis", ELSEWHERE, Outcome.BREACHED, "answered by https://login.example", id="elsewhere"),
        pytest.param("redis", answered(), Outcome.BREACHED, "status 200, ok is true, redis is true", id="unnoticed"),
        pytest.param("redis", down("redis", status=200), Outcome.BREACHED, "status 200;", id="200"),
        pytest.param("redis", down("redis", status=500), Outcome.BREACHED, "status 500;", id="500"),
        pytest.param("redis", down("redis", ok=True), Outcome.BREACHED, "ok is true;", id="ok-lies"),
        pytest.param("redis", down("db"), Outcome.BREACHED, "redis is true, db is false too;", id="wrong-part"),
        pytest.param("redis", down("redis", db=False), Outcome.BREACHED, "db is false too;", id="both-parts"),
        pytest.param("redis", down("redis", queue_depth=42), Outcome.BREACHED, "42 while redis is down", id="depth-made-up"),
        pytest.param("db", down("db", queue_depth=None), Outcome.BREACHED, "null while redis is up", id="depth-lost"),
        pytest.param("redis", down("redis", db=REMOVED), Outcome.BREACHED, "the body has no db", id="part-missing"),
        pytest.param("redis", answered(b"Internal Server Error", status=500), Outcome.BREACHED,
                     "status 500, the body is not strict JSON", id="plain-500"),
    ],
)  # fmt: skip
def test_outage_is_told(part, during, outcome, reason):
    """While a part is down: 503 in time, with exactly that part false."""
    verdict = outage_is_told(answered(), during, of(part), promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    "before", [SICK, TIMED_OUT, PROBER, ELSEWHERE], ids=["sick", "timeout", "prober", "elsewhere"]
)
def test_without_health_before_nothing_is_known(before):
    """Where it was not healthy before, what it says during the outage proves nothing."""
    verdict = outage_is_told(before, down("redis"), of("redis"), promise())
    assert verdict.outcome is Outcome.UNMEASURED
    assert verdict.reason.startswith("not healthy before redis went down: ")
    assert (
        outage_is_told_and_over(before, down("redis"), [answered()], of("redis"), NOW, promise()) == verdict
    )


# after: the polls, by the second after the return at which each begins and the call it makes; each takes 0.125 s.
@pytest.mark.parametrize(
    ("after", "outcome", "reason"),
    [
        pytest.param([(0, answered)], Outcome.MET, "healthy again after 0.125 s", id="at-once"),
        pytest.param([(0, "sick"), (1, "sick"), (2, answered)], Outcome.MET, "healthy again after 2.125 s", id="soon"),
        pytest.param([(4.875, answered)], Outcome.MET, "healthy again after 5 s", id="at-the-limit"),
        pytest.param([(4.876, answered)], Outcome.BREACHED, "only after 5.001 s, expected healthy within 5 s", id="just-above"),
        pytest.param([(1, "sick"), (4.875, "sick")], Outcome.BREACHED, "not healthy 5 s after the return: status 503",
                     id="never"),
        pytest.param([(1, "sick"), (4.5, "sick")], Outcome.UNMEASURED, "watched for only 4.625 s", id="watched-too-short"),
        pytest.param([(0, answered), (1, "sick"), (2, answered)], Outcome.MET, "after 2.125 s", id="relapse"),
        pytest.param([(0, answered), (6, "sick")], Outcome.BREACHED, "not healthy 6.125 s", id="relapse-for-good"),
        pytest.param([(-1, answered)], Outcome.UNMEASURED, "no call was made after the return", id="before-the-return"),
        pytest.param([], Outcome.UNMEASURED, "no call was made after the return", id="no-polls"),
        pytest.param([(6, "prober")], Outcome.UNMEASURED, "the prober could not ask", id="prober"),
        pytest.param([(0, "failed"), (1, answered)], Outcome.MET, "after 1.125 s", id="refused-at-first"),
        pytest.param([(0, "failed"), (5, "failed")], Outcome.BREACHED, "connection refused", id="refused-for-good"),
    ],
)  # fmt: skip
def test_recovers(after, outcome, reason):
    """Healthy again at the last byte of the first good answer that is followed by good ones only."""
    makers = {
        answered: answered,
        "sick": lambda at: down("redis", at=at),
        "failed": lambda at: failed(at=at),
        "prober": lambda at: type(PROBER)((failed(PROBER.result.kind, at=at).result,)),
    }
    verdict = recovers([makers[kind](at=NOW + at) for at, kind in after], NOW, promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("during", "after", "outcome", "reason"),
    [
        pytest.param(
            down("redis"), answered(), Outcome.MET, "only redis false; healthy again after 0.125 s", id="both"
        ),
        pytest.param(answered(), answered(), Outcome.BREACHED, "with redis down: status 200", id="not-told"),
        pytest.param(
            down("redis"),
            answered(at=NOW + 9),
            Outcome.BREACHED,
            "healthy again only after 9.125 s",
            id="not-over",
        ),
        pytest.param(
            TIMED_OUT, answered(at=NOW + 9), Outcome.BREACHED, "; healthy again only after", id="neither"
        ),
        pytest.param(down("redis"), SICK, Outcome.UNMEASURED, "watched for only", id="not-watched"),
        pytest.param(
            answered(), SICK, Outcome.BREACHED, "with redis down: status 200", id="a-proof-beats-the-rest"
        ),
    ],
)
def test_told_and_over_are_one_promise(during, after, outcome, reason):
    """The worse of the two is the verdict, and both reasons are told where they are equal."""
    verdict = outage_is_told_and_over(answered(), during, [after], of("redis"), NOW, promise())
    assert verdict.outcome is outcome
    assert reason in verdict.reason


NO_NAMES = {"ok": None, "parts": (), "queue_depth": None, "time": None, "version": None}
WITHOUT_PARTS = promise(**NO_NAMES)


@pytest.mark.parametrize(
    ("changes", "during", "outcome", "reason"),
    [
        pytest.param({}, answered(b'{"status": "DOWN"}'), Outcome.BREACHED,
                     "with db down: status 200; expected 503 within 2 s", id="unnoticed"),
        pytest.param({}, answered(b"{}", status=503), Outcome.MET, "with db down: 503 in 0.125 s; body not read", id="told"),
        pytest.param({}, answered(b"down for maintenance", status=503), Outcome.MET,
                     "with db down: 503 in 0.125 s; body not read", id="told-in-words"),
        pytest.param({"ok": "ok"}, down("db"), Outcome.MET, "with db down: 503 in 0.125 s, ok false", id="ok-alone"),
        pytest.param({"ok": "ok"}, answered(status=503), Outcome.BREACHED,
                     "with db down: ok is true; expected 503 within 2 s, ok false", id="ok-is-true"),
        pytest.param({"parts": ("redis",)}, answered(status=503), Outcome.BREACHED,
                     "with db down: status 503; expected 200 within 2 s", id="other-parts-alone"),
    ],
)  # fmt: skip
def test_of_a_part_that_no_field_tells_nothing_is_said(changes, during, outcome, reason):
    """Where no field is named for the part, the status alone tells of the outage, and no sentence says more."""
    verdict = outage_is_told(answered(), during, of("db"), promise(**(NO_NAMES | changes)))
    assert verdict.outcome is outcome
    assert verdict.reason == reason


def test_a_body_that_is_not_read_is_not_called_healthy():
    """What comes back, where no field is named, is the status."""
    for at, reason in (
        (0, "status 200 again after 0.125 s"),
        (9, "status 200 again only after 9.125 s, expected"),
    ):
        verdict = recovers([answered(b'{"status": "DOWN"}', at=NOW + at)], NOW, WITHOUT_PARTS)
        assert verdict.reason.startswith(reason)
        assert verdict.limit == "status 200 within 5 s of the return"

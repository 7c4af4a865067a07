"""One root cause is breached where it belongs; what cannot be judged because of it names that check."""

from __future__ import annotations

from functools import partial

import pytest

from deployspec.chapters.health.judge import clock, form, meaning, repeat, transport
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


def judged(first, promised=None):
    """Every judge's verdict on a world in which each call is answered like the first; the last, a while later."""
    promised = promised or promise()
    verdicts = {
        check.__name__: check(first, promised)
        for check in (
            transport.answers_in_time, transport.answer_is_its_own, meaning.healthy_now, form.content_type_is_expected,
            form.body_is_strict_json, form.body_fits_schema, meaning.ok_is_all_parts, meaning.queue_depth_is_known,
            clock.time_is_current, meaning.version_is_stated, meaning.version_is_expected, form.not_from_a_cache,
            form.discloses_nothing,
        )
    }  # fmt: skip
    for check in (transport.answers_within_max_response_time, meaning.status_tells_ok, repeat.steady):
        verdicts[check.__name__] = check([first] * 5, promised)
    verdicts["holds_under_concurrency"] = repeat.holds_under_concurrency(first, [first] * 5, promised)
    later = answered(at=NOW + 4, time="2024-01-15T10:30:49Z")
    verdicts["time_moves_on"] = clock.time_moves_on(first, later, promised)
    return verdicts


ALL = frozenset(judged(answered()))
TIMES = {"time_is_current", "time_moves_on"}
FIELDS = {
    "healthy_now", "status_tells_ok", "ok_is_all_parts", "queue_depth_is_known", "version_is_stated",
    "version_is_expected", "steady", "holds_under_concurrency", *TIMES,
}  # fmt: skip
FLAGS = {"healthy_now", "steady", "holds_under_concurrency"}
html = partial(answered, b"<html>", headers=(("content-type", "text/html"),))


# breached: each check that is, with a piece of its reason; unmeasured: the others that cannot judge; cause: the check
# that these name. All others are MET.
@pytest.mark.parametrize(
    ("call", "breached", "unmeasured", "cause"),
    [
        pytest.param(answered(), {}, set(), "", id="clean"),
        pytest.param(PROBER, {}, ALL, "the prober could not ask: no resolver answered", id="prober"),
        pytest.param(failed(), {"answers_in_time": "connection refused by 127.0.0.1 port 8000"}, ALL,
                     "(see health.answers-in-time)", id="refused"),
        pytest.param(TIMED_OUT, {"answers_in_time": "waiting for the response's headers (after 2 s)"}, ALL,
                     "(see health.answers-in-time)", id="timeout"),
        pytest.param(ELSEWHERE, {"answer_is_its_own": "answered by https://login.example/sign-in, not by"},
                     ALL - {"answers_in_time"}, "(see health.answer-is-its-own)", id="redirected-to-a-login"),
        pytest.param(answered(b'{"ok": NaN}'), {"body_is_strict_json": "NaN is not JSON (line 1 column 8, at $.ok)"},
                     FIELDS | {"body_fits_schema"}, "(see health.body-is-strict-json)", id="nan"),
        pytest.param(answered(b"[]"), {"body_is_strict_json": "the body is an array of 0 items; expected one JSON object"},
                     FIELDS | {"body_fits_schema"}, "(see health.body-is-strict-json)", id="array"),
        pytest.param(html(), {"body_is_strict_json": "found '<', expected a value", "content_type_is_expected": "text/html"},
                     FIELDS | {"body_fits_schema"}, "(see health.body-is-strict-json)", id="html"),
        pytest.param(html(status=500), {"body_is_strict_json": "found '<'", "content_type_is_expected": "text/html",
                                        "healthy_now": "status 500", "status_tells_ok": "call 1 of 5: status 500"},
                     FIELDS | {"body_fits_schema"}, "(see health.body-is-strict-json)", id="html-with-500"),
        pytest.param(answered(ok=REMOVED), {"body_fits_schema": "$.ok is missing"},
                     FLAGS | {"status_tells_ok", "ok_is_all_parts"}, "the body has no ok (see health.body-fits-schema)",
                     id="ok-missing"),
        pytest.param(answered(db="up"), {"body_fits_schema": '$.db: found "up", expected true or false'},
                     FLAGS | {"ok_is_all_parts"}, 'db is "up", not true or false (see health.body-fits-schema)',
                     id="db-is-a-string"),
        pytest.param(answered(redis=REMOVED), {"body_fits_schema": "$.redis is missing"},
                     FLAGS | {"ok_is_all_parts", "queue_depth_is_known"}, "no redis (see health.body-fits-schema)",
                     id="redis-missing"),
        pytest.param(answered(queue_depth="42"), {"body_fits_schema": '$.queue_depth: found "42", expected an integer or null'},
                     {"queue_depth_is_known"}, "(see health.body-fits-schema)", id="queue-depth-is-a-string"),
        pytest.param(answered(queue_depth=True), {"body_fits_schema": "$.queue_depth: found true, expected an integer"},
                     {"queue_depth_is_known"}, "(see health.body-fits-schema)", id="queue-depth-is-true"),
        pytest.param(answered(queue_depth=1.5), {"body_fits_schema": "found 1.5", "queue_depth_is_known": "is 1.5"},
                     set(), "", id="queue-depth-is-no-whole-number"),
        pytest.param(answered(queue_depth=-1), {"queue_depth_is_known": "queue_depth is -1; expected a whole number"},
                     set(), "", id="queue-depth-below-0"),
        pytest.param(answered(queue_depth=None), {"queue_depth_is_known": "null while redis is up"}, set(), "",
                     id="queue-depth-null-while-up"),
        pytest.param(answered(time=1705314645), {"body_fits_schema": "$.time: found 1705314645, expected a string"},
                     TIMES, "(see health.body-fits-schema)", id="time-is-a-number"),
        pytest.param(answered(time="2024-01-15T10:30:45"), {"time_is_current": "has no offset"}, {"time_moves_on"},
                     "has no offset (Z or ±hh:mm) (see health.time-is-current)", id="time-without-offset"),
        pytest.param(answered(version=""), {"version_is_stated": 'version is ""', "version_is_expected": 'version is ""'},
                     set(), "", id="version-empty"),
        pytest.param(answered(version=None), {"body_fits_schema": "$.version: found null, expected a string"},
                     {"version_is_stated", "version_is_expected"}, "(see health.body-fits-schema)", id="version-null"),
        pytest.param(answered(version="0.1.1"), {"version_is_expected": 'version is "0.1.1"; expected "0.1.0"'}, set(), "",
                     id="version-of-another-deploy"),
        pytest.param(SICK, {"healthy_now": "status 503, ok is false, db is false"}, set(), "", id="honestly-unhealthy"),
        pytest.param(answered(ok=False, db=False), {"healthy_now": "ok is false, db is false",
                                                    "status_tells_ok": "status 200 while ok is false"}, set(), "",
                     id="200-while-unhealthy"),
        pytest.param(answered(status=503), {"healthy_now": "status 503", "status_tells_ok": "status 503 while ok is true"},
                     set(), "", id="503-while-healthy"),
        pytest.param(answered(db=False), {"healthy_now": "db is false", "ok_is_all_parts": "ok is true while db is false"},
                     set(), "", id="ok-lies"),
        pytest.param(answered(status=204), {"healthy_now": "status 204", "status_tells_ok": "status 204"}, set(), "",
                     id="status-204"),
        pytest.param(answered(took=2.5), {"answers_in_time": "2.5 s", "answers_within_max_response_time": "2.5 s",
                                          "holds_under_concurrency": "2.5 s"}, set(), "", id="late"),
        pytest.param(answered(note="redis://:pw@cache/0"), {"discloses_nothing": "a connection string"}, set(), "",
                     id="discloses"),
        pytest.param(answered(headers=(("content-type", "application/json"), ("age", "7"))), {"not_from_a_cache": "Age is 7 s"},
                     set(), "", id="cached"),
    ],
)  # fmt: skip
def test_each_cause_is_breached_where_it_belongs(call, breached, unmeasured, cause):
    """A fault breaches the checks whose promise it breaks; those that cannot judge name it; the rest is met."""
    verdicts = judged(call)
    found = {check for check, verdict in verdicts.items() if verdict.outcome is Outcome.BREACHED}
    assert found == set(breached)
    for check, piece in breached.items():
        assert piece in verdicts[check].reason
    found = {check for check, verdict in verdicts.items() if verdict.outcome is Outcome.UNMEASURED}
    assert found == unmeasured - set(breached)
    for check in found:
        assert cause in verdicts[check].reason


def test_a_call_is_judged_by_its_last_attempt():
    """An answer that came after a retry is judged as an answer."""
    retried = type(SICK)((failed().result, answered().result))
    assert {verdict.outcome for verdict in judged(retried).values()} == {Outcome.MET}


def test_what_the_deployment_file_does_not_name_is_unmeasured():
    """A promise that was not made is never met."""
    bare = promise(
        max_response_time=None, expect_version=None, queue_depth=None, time=None, version=None, parts=()
    )
    verdicts = judged(answered(), bare)
    reasons = {
        check: verdict.reason for check, verdict in verdicts.items() if verdict.outcome is Outcome.UNMEASURED
    }
    assert set(reasons) == {
        "answers_within_max_response_time", "version_is_expected", "version_is_stated", "queue_depth_is_known",
        "ok_is_all_parts", *TIMES,
    }  # fmt: skip
    assert all("the deployment file names no " in reason for reason in reasons.values())
    assert clock.needed_pause(answered(), bare) is None

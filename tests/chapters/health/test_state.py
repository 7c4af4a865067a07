"""What an answer of any form says of the service and its parts."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from deployspec.chapters.health.judge.clock import needed_pause, time_is_current, time_moves_on
from deployspec.chapters.health.judge.form import body_fits_schema, body_is_empty, body_is_strict_json
from deployspec.chapters.health.judge.meaning import healthy_now, ok_is_all_parts, status_tells_ok
from deployspec.chapters.health.judge.outage import outage_is_told, recovers
from deployspec.chapters.health.judge.repeat import holds_under_concurrency, steady
from deployspec.chapters.health.judge.state import states
from deployspec.chapters.health.model import HealthPromise, Outage, Statuses
from deployspec.chapters.health.part import fields_of
from deployspec.model.http import Call
from deployspec.model.verdict import Outcome
from tests.chapters.health.answers import NOW, answered, promise

NONE: dict[str, Any] = dict.fromkeys(("ok", "parts", "queue_depth", "time", "version"))
UP = {"at": "/status", "healthy": ["UP", "OK", "pass", "true", True]}
EACH = {"each": "/results", "name": "checker", "at": "passed"}


def said(document: object, status: int = 200) -> Call:
    """An answer with this document."""
    return answered(json.dumps(document).encode(), status=status)


def form(**fields: Any) -> HealthPromise:
    """A promise of these fields alone, as the deployment file says them."""
    return promise(fields=fields_of(NONE | fields), schema={})


def text(body: str, status: int = 200) -> Call:
    """An answer in words."""
    return answered(body.encode(), status=status, headers=(("content-type", "text/plain"),))


WORDS = promise(fields=fields_of(NONE), body="text", expect_text=r"^OK$", schema={})


# fields: as in the deployment file; document; outcome and reason of healthy_now
@pytest.mark.parametrize(
    ("fields", "document", "outcome", "reason"),
    [
        pytest.param({"ok": UP}, {"status": "UP"}, Outcome.MET, 'status 200, status "UP" or "OK"', id="word"),
        pytest.param({"ok": UP}, {"status": True}, Outcome.MET, "", id="one-of-several-types"),
        pytest.param({"ok": UP}, {"status": "true"}, Outcome.MET, "", id="true-as-text"),
        pytest.param({"ok": UP}, {"status": "Up"}, Outcome.BREACHED, 'status is "Up"; expected status 200', id="another-case"),
        pytest.param({"ok": UP}, {"status": "UNKNOWN"}, Outcome.BREACHED, 'status is "UNKNOWN"', id="another-word"),
        pytest.param({"ok": UP}, {"status": False}, Outcome.BREACHED, "status is false", id="false"),
        pytest.param({"ok": UP}, {"status": 1}, Outcome.UNMEASURED, "status is 1, not a string or true or false",
                     id="one-is-not-true"),
        pytest.param({"ok": UP}, {"status": None}, Outcome.UNMEASURED, "status is null", id="null"),
        pytest.param({"ok": UP}, {}, Outcome.UNMEASURED, "the body has no status (see health.body-fits-schema)", id="missing"),
        pytest.param({"ok": {"at": "/up", "healthy": [1]}}, {"up": 1}, Outcome.MET, "", id="number"),
        pytest.param({"ok": {"at": "/up", "healthy": [1]}}, {"up": True}, Outcome.UNMEASURED, "not a number", id="true-is-no-number"),
        pytest.param({"ok": {"at": "/a~1b/c~0d"}}, {"a/b": {"c~d": True}}, Outcome.MET, "status 200, a/b.c~d true", id="escaped"),
        pytest.param({"ok": {"at": "/checks/1/ok"}}, {"checks": [{}, {"ok": True}]}, Outcome.MET, "", id="in-an-array"),
        pytest.param({"ok": {"at": "/checks/01/ok"}}, {"checks": [{}, {"ok": True}]}, Outcome.UNMEASURED,
                     "the body has no checks.01.ok", id="no-position"),
        pytest.param({"ok": {"at": "/checks/2/ok"}}, {"checks": [{}, {"ok": True}]}, Outcome.UNMEASURED,
                     "the body has no checks.2.ok", id="beyond-an-array"),
        pytest.param({"ok": {"at": "", "healthy": ["OK"]}}, "OK", Outcome.MET, "", id="the-body-itself"),
        pytest.param({"parts": {"db": "/c/db/status"}}, {"c": {"db": {"status": True}}}, Outcome.MET, "db true", id="part"),
        pytest.param({"parts": {"db": {"at": "/c/db", "healthy": ["UP"]}}}, {"c": {"db": "DOWN"}}, Outcome.BREACHED,
                     'db is "DOWN"; expected status 200; db "UP"', id="part-down"),
        pytest.param({"parts": EACH}, {"results": [{"checker": "db", "passed": True}]}, Outcome.MET,
                     "every part in results true", id="each"),
        pytest.param({"parts": EACH}, {"results": [{"checker": "db", "passed": True}, {"checker": "mq", "passed": False}]},
                     Outcome.BREACHED, "mq is false", id="each-one-down"),
        pytest.param({"parts": EACH}, {"results": [{"passed": False}]}, Outcome.BREACHED, "results.0 is false", id="each-no-name"),
        pytest.param({"parts": EACH}, {"results": []}, Outcome.UNMEASURED, "results has no parts (see health.body-fits", id="no-parts"),
        pytest.param({"parts": EACH}, {"results": "fine"}, Outcome.UNMEASURED, 'results is "fine", not an array or object',
                     id="each-of-a-text"),
        pytest.param({"parts": EACH}, {}, Outcome.UNMEASURED, "the body has no results", id="each-missing"),
        pytest.param({"parts": EACH}, {"results": [{"checker": "db"}]}, Outcome.UNMEASURED, "the body has no results.0.passed",
                     id="each-without-value"),
        pytest.param({"parts": {"each": "/c", "at": "status", "healthy": ["UP"]}}, {"c": {"db": {"status": "UP"}, "mq": {"status": "NO"}}},
                     Outcome.BREACHED, 'mq is "NO"', id="each-of-an-object"),
        pytest.param({"parts": {"each": "", "healthy": ["OK"]}}, {"db": "OK", "mq": "bad"}, Outcome.BREACHED, 'mq is "bad"',
                     id="each-of-the-body"),
        pytest.param({"parts": {"each": "", "name": "n", "at": "ok"}}, [{"n": "db", "ok": True}], Outcome.MET, "", id="an-array"),
        pytest.param({"parts": {"each": "/c", "at": "status", "healthy": ["pass"]}},
                     {"c": {"cpu": [{"status": "pass"}, {"status": "fail"}]}}, Outcome.BREACHED, 'cpu is "fail"', id="several-of-one"),
        pytest.param({"parts": {"each": "/c", "at": "status", "healthy": ["pass"]}},
                     {"c": {"db": [], "cpu": [{"status": "pass"}]}}, Outcome.UNMEASURED, "the body has no c.db.status",
                     id="none-of-one"),
    ],
)  # fmt: skip
def test_what_a_form_says(fields: dict[str, Any], document: object, outcome: Outcome, reason: str) -> None:
    """A value that is listed says healthy, any other of its type unhealthy, and of another type nothing."""
    verdict = healthy_now(said(document), form(**fields))
    assert verdict.outcome is outcome, verdict.reason
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("fields", "document", "line"),
    [
        pytest.param({"ok": UP}, {"status": 1}, "$.status: found 1, expected a string or true or false", id="type"),
        pytest.param({"parts": {"db": "/c/db"}}, {"c": {}}, "$.c.db is missing", id="missing"),
        pytest.param({"parts": EACH}, {"results": []}, "$.results is empty, expected an entry for each part", id="empty"),
        pytest.param({"parts": EACH}, {"results": 4}, "$.results: found 4, expected an array or an object", id="no-array"),
        pytest.param({"parts": EACH}, {"results": [{}]}, "$.results[0].passed is missing", id="entry"),
        pytest.param({"time": {"at": "/now", "format": "epoch_s"}}, {"now": "x"}, '$.now: found "x", expected a number', id="time"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_there_breaks_the_schema(
    fields: dict[str, Any], document: object, line: str
) -> None:
    """Where no state can be read, exactly one check owns the cause."""
    verdict = body_fits_schema(said(document), form(**fields))
    assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, f"the body breaks the schema: {line}")


@pytest.mark.parametrize(
    ("fields", "document", "reason"),
    [
        pytest.param(
            {"ok": "ok"}, [True], "the body is an array of 1 item; expected one JSON object", id="object"
        ),
        pytest.param(
            {"parts": {"each": ""}}, 4, "the body is 4; expected one JSON object or array", id="each"
        ),
        pytest.param({}, "OK", 'the body is "OK"; expected one JSON object or array', id="nothing-named"),
    ],
)
def test_the_root_is_of_the_type_that_is_described(
    fields: dict[str, Any], document: object, reason: str
) -> None:
    """A pointer below the root wants an object there."""
    verdict = body_is_strict_json(said(document), form(**fields))
    assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, reason)
    assert body_is_strict_json(said([1]), form()).outcome is Outcome.MET


def test_a_text_says_how_the_service_is() -> None:
    """The text that is expected is that of a healthy service, and no other; the status agrees with it."""
    assert healthy_now(text("OK\n"), WORDS).reason == "status 200, a text that matches ^OK$"
    verdict = healthy_now(text("starting"), WORDS)
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason == 'the text is "starting"; expected status 200; a text that matches ^OK$'
    assert status_tells_ok([text("OK"), text("down", 503)], WORDS).outcome is Outcome.MET
    lies = status_tells_ok([text("OK"), text("OK", 503)], WORDS)
    assert lies.outcome is Outcome.BREACHED
    assert (
        'call 2 of 2: status 503 while the text is "OK"; expected 200 when the text matches ^OK$'
        in lies.reason
    )
    flaps = steady([text("OK"), text("loading"), text("OK")], WORDS)
    assert flaps.reason == '1 of 3 calls differs: call 2: the text "loading" instead of "OK"'
    changes = steady([text("OK 1"), text("OK 2")], promise(fields=WORDS.fields, body="text", schema={}))
    assert (changes.outcome, changes.limit) == (
        Outcome.MET,
        "all 2 agree on status and body, but for times and counters",
    )
    other = steady(
        [text("all is well"), text("all is lost")], promise(fields=WORDS.fields, body="text", schema={})
    )
    assert other.reason == '1 of 2 calls differs: call 2: the text "all is lost" instead of "all is well"'


def test_a_long_text_is_compared_to_its_end() -> None:
    """What is called steady was read as a whole."""
    long = "all is well " * 5000
    made = promise(fields=WORDS.fields, body="text", schema={})
    assert steady([text(f"{long}here"), text(f"{long}here")], made).outcome is Outcome.MET
    assert steady([text(f"{long}here"), text(f"{long}there")], made).outcome is Outcome.BREACHED


def test_an_empty_body_is_empty() -> None:
    """Nothing is expected, and nothing is there."""
    empty = promise(fields=fields_of(NONE), body="none", status=Statuses((204,), (503,)), schema={})
    call = answered(b"", status=204, headers=())
    assert body_is_empty(call, empty).outcome is Outcome.MET
    assert healthy_now(call, empty).reason == "status 204; body not read"
    assert steady([call, call], empty).outcome is Outcome.MET
    assert (
        body_is_empty(answered(b"{}", status=200), empty).reason
        == "the body has 2 bytes: {}; expected no body"
    )
    assert (
        holds_under_concurrency(call, [call, answered(b"{}", status=204)], empty).outcome is Outcome.BREACHED
    )


def test_parts_that_come_and_go_are_not_steady() -> None:
    """A part that is missing in one answer is a difference, and so is another one's state."""
    each = form(parts=EACH)
    both = said({"results": [{"checker": "db", "passed": True}, {"checker": "mq", "passed": True}]})
    one = said({"results": [{"checker": "db", "passed": True}]})
    assert steady([both, one], each).reason == "1 of 2 calls differs: call 2: mq is missing"
    assert steady([one, both], each).reason == "1 of 2 calls differs: call 2: mq is new"


def test_a_part_of_the_services_name_is_another_thing() -> None:
    """The service and a part may be called alike, and neither hides the other."""
    alike = form(ok={"at": "/status", "healthy": ["UP"]}, parts={"status": {"at": "/p", "healthy": ["UP"]}})
    flapping = [said({"status": "UP", "p": "UP"}), said({"status": "DOWN", "p": "UP"})]
    assert steady(flapping, alike).reason == '1 of 2 calls differs: call 2: status "DOWN" instead of "UP"'
    assert [one.well for one in states(flapping[1], alike).all] == [False, True]


def test_ok_depends_on_those_parts_that_it_depends_on() -> None:
    """A part that the endpoint does not depend on may be down while it is well."""
    fields = fields_of(NONE | {"ok": "ok", "parts": ["db", "cache"]})
    call = said({"ok": True, "db": True, "cache": False})
    assert ok_is_all_parts(call, promise(fields=fields)).outcome is Outcome.BREACHED
    assert ok_is_all_parts(call, promise(fields=fields, depends_on=("db",))).outcome is Outcome.MET


CACHE = Outage("cache-stopped", "cache")


@pytest.mark.parametrize(
    ("document", "status", "outcome", "reason"),
    [
        pytest.param({"ok": True, "db": True, "cache": False}, 200, Outcome.MET,
                     "with cache down: 200 in 0.125 s, only cache false", id="degraded"),
        pytest.param({"ok": False, "db": True, "cache": False}, 503, Outcome.BREACHED,
                     "with cache down: status 503, ok is false; expected 200 within 2 s, ok true, only cache false", id="dies-with-it"),
        pytest.param({"ok": True, "db": True, "cache": True}, 200, Outcome.BREACHED, "with cache down: cache is true;", id="unnoticed"),
    ],
)  # fmt: skip
def test_an_endpoint_that_does_not_depend_on_a_part(
    document: object, status: int, outcome: Outcome, reason: str
) -> None:
    """It stays healthy while that part is down, and says so of the part, if it names it."""
    fields = fields_of(NONE | {"ok": "ok", "parts": ["db", "cache"]})
    made = promise(fields=fields, depends_on=("db",), schema={})
    before = said({"ok": True, "db": True, "cache": True})
    verdict = outage_is_told(before, said(document, status), CACHE, made)
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_an_outage_told_in_words() -> None:
    """By the text, where that is what says it; and by another status, where the fault has one."""
    hung = Outage("disk-full", None, 507)
    told = outage_is_told(text("OK"), text("full", 507), hung, WORDS)
    assert told.reason == "during disk-full: 507 in 0.125 s, another text than a healthy service's"
    verdict = outage_is_told(text("OK"), text("OK", 503), hung, WORDS)
    assert verdict.reason.startswith(
        'during disk-full: status 503, the text is "OK"; expected 507 within 2 s'
    )
    back = recovers([text("OK")], NOW, WORDS)
    assert (back.outcome, back.limit) == (Outcome.MET, "healthy within 5 s of the return")


# format, the time as it is written, outcome of time_is_current, a piece of the reason, the pause that a clock needs
@pytest.mark.parametrize(
    ("kind", "written", "outcome", "reason", "pause"),
    [
        ("epoch_s", NOW, Outcome.MET, "now is current", 1.025),
        ("epoch_s", int(NOW), Outcome.MET, "now is current", 1.025),
        ("epoch_s", NOW + 0.125, Outcome.MET, "now is current", 0.026),
        ("epoch_s", NOW - 7, Outcome.BREACHED, "now is 6 s behind, expected at most 5 s", 1.025),
        ("epoch_s", int(NOW * 1000), Outcome.BREACHED, "ahead", 1.025),
        (
            "epoch_s",
            1e300,
            Outcome.BREACHED,
            "is no time that a clock tells; expected seconds since 1970",
            None,
        ),
        ("epoch_s", 1e-300, Outcome.BREACHED, "behind", 0.025),
        ("epoch_ms", NOW * 1000 + 125, Outcome.MET, "now is current", 0.026),
        ("epoch_ms", int(NOW) * 1000 + 5001 + 125, Outcome.BREACHED, "ahead, expected at most 5 s", 0.026),
        ("epoch_ms", NOW, Outcome.BREACHED, "behind", None),
        (
            "epoch_s",
            "soon",
            Outcome.UNMEASURED,
            'now is "soon", not a number (see health.body-fits-schema)',
            None,
        ),
    ],
)
def test_times_as_numbers(
    kind: str, written: object, outcome: Outcome, reason: str, pause: float | None
) -> None:
    """Seconds and milliseconds since 1970, exact to the digits that are written."""
    made = form(time={"at": "/now", "format": kind})
    call = said({"now": written})
    verdict = time_is_current(call, made)
    assert verdict.outcome is outcome, verdict.reason
    assert reason in verdict.reason
    if pause is not None:
        assert needed_pause(call, made) == pytest.approx(pause)


def test_a_clock_of_numbers_moves_on() -> None:
    """A later number is later, and one that stands still for long enough stands still."""
    made = form(time={"at": "/now", "format": "epoch_s"})
    first, second = said({"now": NOW}), answered(json.dumps({"now": NOW + 1}).encode(), at=NOW + 2)
    assert time_moves_on(first, second, made).reason == "now moved on by 1 s"
    still = answered(json.dumps({"now": NOW}).encode(), at=NOW + 2)
    assert time_moves_on(first, still, made).outcome is Outcome.BREACHED


def test_what_depends_on_a_part_that_no_answer_names() -> None:
    """Nothing was measured then. What depends on nothing is healthy, whatever its parts say."""
    each = form(ok="ok", parts={"each": "/c"})
    parts = {"ok": True, "c": {"db": True, "mq": False}}
    assert ok_is_all_parts(said(parts), replace(each, depends_on=("db",))).outcome is Outcome.MET
    verdict = ok_is_all_parts(said(parts), replace(each, depends_on=("db", "s3")))
    assert (verdict.outcome, verdict.reason) == (
        Outcome.UNMEASURED,
        "the body names no part s3, which depends_on names",
    )
    assert ok_is_all_parts(said(parts), replace(each, depends_on=())).outcome is Outcome.MET
    verdict = ok_is_all_parts(said({**parts, "ok": False}), replace(each, depends_on=()))
    assert verdict.reason == "ok is false; expected ok true, whatever its parts say"

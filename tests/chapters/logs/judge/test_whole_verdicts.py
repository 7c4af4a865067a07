"""What each judge of logs says, word by word: outcome, reason, what was measured, and the limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from deployspec.chapters.logs.form import AccessFields
from deployspec.chapters.logs.judge import verdicts
from deployspec.chapters.logs.judge.errors import Comparison
from deployspec.chapters.logs.judge.model import Found, Place, Reason, Trouble
from deployspec.chapters.logs.judge.report import Report
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

KINDS = (
    *("json", "schema", "level", "below-log-level", "future", "backwards"),
    *("not-an-error", "stack-trace", "request-id", "secret", "length"),
)
UNREADABLE = ("json", "length")
"""Lines that are not records: to a promise of records they hide a breach, and are none."""

HIDING: dict[tuple[str, ...], tuple[str, ...]] = {
    ("json", "schema", "length"): (),
    ("length",): (),
    ("stack-trace",): ("length",),
    ("secret",): ("length",),
    ("not-an-error",): (*UNREADABLE, "level"),
}
"""By a judge's own kinds, those that hide a breach from it, where they are others."""

# judge; the kinds of findings that are its own, the promise in a few words, the limit where it has other words
JUDGES: list[tuple[Callable[[Report], Verdict], tuple[str, ...], str, str]] = [
    (verdicts.lines_are_records, ("json", "schema", "length"), "every line is a record that fits its schema", ""),
    (verdicts.levels, ("level", "below-log-level"), "every record has a level that is promised", "one of the levels promised"),
    (partial(verdicts.levels, log_level="INFO"), ("level", "below-log-level"), "every record has a level that is promised", "one of the levels promised, none below INFO"),
    (verdicts.time_moves_forward, ("future", "backwards"), "time moves forward", "at most 2 s back, at most 2 s ahead"),
    (verdicts.error_log_holds_errors_only, ("not-an-error",), "every record is at least ERROR", "nothing below ERROR"),
    (partial(verdicts.error_log_holds_errors_only, error_level="FATAL"), ("not-an-error",), "every record is at least FATAL", "nothing below FATAL"),
    (verdicts.exceptions_are_one_record, ("stack-trace",), "no line belongs to a stack trace", ""),
    (verdicts.requests_have_their_id, ("request-id",), "every record of a request has its id", "a request id that is not empty"),
    (verdicts.nothing_secret, ("secret",), "no secret and no personal data was found", "no secret and no personal data"),
    (verdicts.lines_are_short, ("length",), "no line is longer than 256 KiB", ""),
]  # fmt: skip
NAMES = AccessFields("method", "path", "status", "duration_ms")
SENT = verdicts.Sent("GET", "/items?page=2", 200, "id-12345")
LOGGED = {"method": "GET", "path": "/items", "status": 200, "duration_ms": 0}
WITHIN = "an access record within 5 s"


def of(*findings: tuple[str, str, int], lines: int = 3) -> Report:
    """A report in which these were found: kind, place in the record, how often."""
    found = {
        Reason(kind, place, "is wrong"): Found(count, [Place("app.log", 7, 1, "")])
        for kind, place, count in findings
    }
    return Report(lines=lines, found=found, levels=Counter(INFO=lines))


@pytest.mark.parametrize(("judge", "own", "promise", "limit"), JUDGES)
@pytest.mark.parametrize("kind", KINDS)
def test_one_finding(
    judge: Callable[[Report], Verdict], own: tuple[str, ...], promise: str, limit: str, kind: str
) -> None:
    """It is a breach to the judges that own its kind, hides breaches from some, and is nothing to the others."""
    limit = limit or promise
    verdict = judge(of((kind, "$.x", 2)))
    if kind in own:
        assert verdict == breached(
            "$.x: is wrong (2 times, first at app.log:7:1) (3 lines read)", measured="2 findings", limit=limit
        )
    elif kind in HIDING.get(own, UNREADABLE):
        assert (verdict.outcome, verdict.limit) == (Outcome.UNMEASURED, limit)
    else:
        assert verdict == met(f"{promise} (3 lines read)", measured="no finding", limit=limit)


@pytest.mark.parametrize("judge", [verdicts.exceptions_are_one_record, verdicts.nothing_secret])
def test_what_is_too_long_was_not_searched(judge: Callable[[Report], Verdict]) -> None:
    """Nobody looked into such a line."""
    verdict = judge(of(("length", "$", 1)))
    assert verdict == unmeasured("1 line could not be checked: too long", limit=verdict.limit)
    assert verdict.limit


def test_findings_that_hide_others() -> None:
    """Which lines are not records, and of which level nothing is known, is said with the check that says more."""
    assert verdicts.levels(of(("json", "$", 1), ("length", "$", 1))).reason == (
        "2 of 3 lines are not records (see logs.lines-are-records)"
    )
    assert verdicts.error_log_holds_errors_only(of(("level", "$.level", 2))).reason == (
        "2 of 3 records have none of the levels promised: they may be errors (see logs.levels-are-promised)"
    )


def test_several_reasons() -> None:
    """The two that are most often, and how many more; a finding of the whole line has no place in it."""
    report = of(("schema", "$.a", 1), ("schema", "$.b", 3), ("json", "$", 2), ("schema", "$.c", 1))
    assert verdicts.lines_are_records(report) == breached(
        "$.b: is wrong (3 times, first at app.log:7:1); is wrong (2 times, first at app.log:7:1);"
        " and 2 other reasons (3 lines read)",
        measured="7 findings",
        limit="every line is a record that fits its schema",
    )


def test_a_reason_without_a_place() -> None:
    """Where none was kept, none is told."""
    report = Report(lines=1, found={Reason("secret", "$", "a token"): Found(1)})
    assert verdicts.nothing_secret(report).reason == "a token (1 time) (1 line read)"


@pytest.mark.parametrize("count", [1, 2, 3])
def test_parts_that_could_not_be_read(count: int) -> None:
    """The first one, with its line if it is one's, and how many more."""
    report = Report(lines=1, troubles=[Trouble("app.log.2.gz", 7, "is damaged")] * count)
    more = {1: "", 2: " (and 1 other trouble)", 3: " (and 2 other troubles)"}[count]
    reason = f"a part could not be read: app.log.2.gz:7:1: is damaged{more}"
    assert verdicts.lines_are_short(report) == unmeasured(reason, limit="no line is longer than 256 KiB")
    report.troubles[0] = Trouble("app.log.2.gz", 0, "is damaged")
    assert "app.log.2.gz: is damaged" in verdicts.lines_are_short(report).reason


@pytest.mark.parametrize("path", ["/items", "/items?page=2"])
@pytest.mark.parametrize(
    ("duration", "unit", "took"),
    [(0, "ms", "0 s"), (3, "ms", "0.003 s"), (0.25, "s", "0.25 s"), (4500, "us", "0.004 s"), ("1.5s", "ms", "1.5 s"), ("2500µs", "ms", "0.003 s")],
)  # fmt: skip
def test_a_request_is_logged(path: str, duration: float | str, unit: str, took: str) -> None:
    """With or without its query; a request may have taken no time, in any unit."""
    sought = verdicts.Sought({**LOGGED, "path": path, "duration_ms": duration}, "app.log:3:1")
    names = replace(NAMES, unit=unit)
    assert verdicts.request_is_logged(SENT, sought, within=5, names=names) == met(
        f"GET /items is logged with status and duration ({took})", measured="app.log:3:1", limit=WITHIN
    )


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"method": "POST"}, 'method is "POST", expected "GET"'),
        ({"path": "/item"}, 'path is "/item", expected "/items"'),
        ({"status": 500}, "status is 500, expected 200"),
        ({"status": True}, "status is true, expected 200"),
        ({"status": "200"}, 'status is "200", expected 200'),
        ({"duration_ms": -1}, "duration_ms is -1, expected a number, 0 or more"),
        ({"duration_ms": None}, "duration_ms is null, expected a number, 0 or more"),
        ({"method": "PUT", "status": 0}, 'method is "PUT", expected "GET"; status is 0, expected 200'),
    ],
)
def test_a_request_is_logged_otherwise(fields: dict[str, object], wrong: str) -> None:
    """Each field that is not as it was sent, and where the record is."""
    sought = verdicts.Sought({**LOGGED, **fields}, "app.log:3:1")
    for where, at in (("app.log:3:1", " at app.log:3:1"), ("", "")):
        verdict = verdicts.request_is_logged(SENT, replace(sought, where=where), within=5, names=NAMES)
        assert verdict == breached(f"the record of id-12345{at}: {wrong}", limit=WITHIN)


@pytest.mark.parametrize("name", LOGGED)
def test_a_field_of_a_request_is_missing(name: str) -> None:
    """It is not taken for null."""
    record = {key: value for key, value in LOGGED.items() if key != name}
    verdict = verdicts.request_is_logged(SENT, verdicts.Sought(record), within=5, names=NAMES)
    assert verdict.outcome is Outcome.BREACHED
    assert f"{name} is missing, expected " in verdict.reason


@pytest.mark.parametrize(
    ("sought", "verdict"),
    [
        (verdicts.Sought(), breached("no record of the request id-12345 within 5 s", measured="none", limit=WITHIN)),
        (
            verdicts.Sought(troubles=[Trouble("a.log", 0, "is damaged")]),
            unmeasured("no record of the request id-12345 was found, but a part could not be read: a.log: is damaged", limit=WITHIN),
        ),
        (
            verdicts.Sought(others=1, first_other="a.log:7:1"),
            breached(
                "no access record of the request id-12345 within 5 s; 1 record has its id, first at a.log:7:1",
                measured="no access record", limit=WITHIN,
            ),
        ),
        (
            verdicts.Sought(lines=1, first="a.log:7:1"),
            breached(
                "the request id-12345 appears only in 1 line that is not a record, first at a.log:7:1 (see logs.lines-are-records)",
                measured="no record", limit=WITHIN,
            ),
        ),
        (
            verdicts.Sought(records=2, first="a.log:7:1"),
            breached(
                "the request id-12345 appears in 2 records, but not in the field where it is looked for; first at a.log:7:1",
                measured="another field", limit=WITHIN,
            ),
        ),
    ],
)  # fmt: skip
def test_a_request_is_not_found(sought: verdicts.Sought, verdict: Verdict) -> None:
    """Where else its id stands, if it does."""
    assert verdicts.request_is_logged(SENT, sought, within=5, names=NAMES) == verdict


def test_a_job_is_logged() -> None:
    """By its id, cut where it is long."""
    sought = verdicts.Sought({}, "worker.log:3:1")
    limit = "a record within 2 s"
    assert verdicts.job_is_logged("job-1", sought, within=2) == met(
        "the job job-1 is in the worker's log", measured="worker.log:3:1", limit=limit
    )
    assert verdicts.job_is_logged("job-1", verdicts.Sought(), within=2).limit == limit
    assert len(verdicts.job_is_logged("j" * 500, sought, within=2).reason) == 60 + len(
        "the job  is in the worker's log"
    )


@pytest.mark.parametrize(
    ("since", "until", "span"),
    [(None, 100.0, "it has no record"), (70.0, 100.0, "it begins 30 s before it was read"), (130.0, 100.0, "it begins 0 s before it was read")],
)  # fmt: skip
def test_errors_of_another_time(since: float | None, until: float, span: str) -> None:
    """What the error log covers is said."""
    log = Report(lines=3)
    verdict = verdicts.error_log_holds_every_error(
        Comparison(outside=2, since=since, until=until), log, {"api": log}
    )
    assert verdict == unmeasured(
        "nothing to compare: the sources have 2 errors, all from a time that the error log may not cover"
        f" ({span})",
        limit="every error of api",
    )

"""What is said of a report."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployspec.chapters.logs.form import AccessFields
from deployspec.chapters.logs.judge import verdicts
from deployspec.chapters.logs.judge.errors import Comparison
from deployspec.chapters.logs.judge.model import LongLine, Trouble
from deployspec.chapters.logs.judge.report import Report
from deployspec.model.verdict import Outcome
from tests.chapters.logs.judge.blocks import NOW, block, record, reported

TROUBLE = Trouble("app.log.2.gz", 7, "is damaged")
OF_LINES = (verdicts.lines_are_records, verdicts.exceptions_are_one_record, verdicts.nothing_secret, verdicts.lines_are_short)  # fmt: skip
OF_RECORDS = (verdicts.levels, verdicts.time_moves_forward, verdicts.requests_have_their_id, verdicts.error_log_holds_errors_only)  # fmt: skip


@pytest.mark.parametrize("judge", [*OF_LINES, *OF_RECORDS])
def test_nothing_known(judge) -> None:  # type: ignore[no-untyped-def]
    """Nothing read, or not all of it, is never MET."""
    assert judge(Report()).outcome is Outcome.UNMEASURED
    sound = reported([block(record())])
    assert judge(sound).outcome is Outcome.MET
    sound.add(TROUBLE)
    verdict = judge(sound)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "a part could not be read: app.log.2.gz:7:1: is damaged" in verdict.reason


@pytest.mark.parametrize("judge", OF_RECORDS)
def test_lines_that_are_no_records(judge) -> None:  # type: ignore[no-untyped-def]
    """Of lines that are not records, nothing is known but that."""
    assert judge(reported([block("x", "y")])).outcome is Outcome.UNMEASURED


def test_what_is_wrong_is_a_breach_however_little_was_read() -> None:
    """A finding is a breach, also where a part could not be read; two reasons are told."""
    report = reported([block("x", record(logger=None), record(level="info"))])
    report.add(TROUBLE)
    verdict = verdicts.lines_are_records(report)
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason == (
        "the line is not JSON (1 time, first at app.log:1:1); logger is missing (1 time, first at app.log:2:1);"
        " and 1 other reason (3 lines read)"
    )


def test_too_long_lines_hide_secrets() -> None:
    """Nobody has looked for secrets in a line that is too long."""
    report = reported([block(record())])
    report.add(LongLine("app.log", 2, 300_000, b"x"))
    assert verdicts.nothing_secret(report).outcome is Outcome.UNMEASURED
    assert verdicts.lines_are_short(report).outcome is Outcome.BREACHED
    assert verdicts.lines_are_records(report).outcome is Outcome.BREACHED


@pytest.mark.parametrize(
    ("freshness", "outcome"), [(60.0, Outcome.MET), (59.999, Outcome.BREACHED), (3600.0, Outcome.MET)]
)
def test_fresh(freshness: float, outcome: Outcome) -> None:
    """The newest record is as old as it may be, and no older."""
    assert verdicts.newest_is_fresh(reported([block(record())]), freshness, NOW).outcome is outcome


def test_fresh_without_a_time() -> None:
    """No time, a time in the future, and a part that could not be read, show nothing."""
    assert verdicts.newest_is_fresh(reported([block("x")]), 60, NOW).outcome is Outcome.UNMEASURED
    assert verdicts.newest_is_fresh(reported([block(record())]), 60, NOW - 63).outcome is Outcome.UNMEASURED
    old = reported([block(record())])
    old.add(TROUBLE)
    assert verdicts.newest_is_fresh(old, 1, NOW).outcome is Outcome.UNMEASURED


def test_no_request() -> None:
    """Where no record belongs to a request, nothing is known."""
    assert (
        verdicts.requests_have_their_id(reported([block(record())]), judged=0).outcome is Outcome.UNMEASURED
    )


@pytest.mark.parametrize(
    ("comparison", "outcome"),
    [
        (Comparison(compared=3), Outcome.MET),
        (Comparison(), Outcome.MET),
        (Comparison(compared=3, missing=1), Outcome.BREACHED),
        (Comparison(compared=3, missing=1, late=1), Outcome.UNMEASURED),
        (Comparison(compared=3, unordered=1), Outcome.UNMEASURED),
        (Comparison(outside=2), Outcome.UNMEASURED),
    ],
)
def test_error_log(comparison: Comparison, outcome: Outcome) -> None:
    """Missing errors are a breach; what could not be compared is not known."""
    report = reported([block(record())])
    assert verdicts.error_log_holds_every_error(comparison, report, {"api": report}).outcome is outcome
    empty = verdicts.error_log_holds_every_error(comparison, report, {"api": Report()}).outcome
    assert empty is (Outcome.BREACHED if outcome is Outcome.BREACHED else Outcome.UNMEASURED)


@pytest.mark.parametrize(
    ("sought", "reason"),
    [
        (verdicts.Sought(), "no record of the job job-1234 within 2 s"),
        (verdicts.Sought(lines=2, records=0, first="w.log:7:1"), "the job job-1234 appears only in 2 lines that are not records, first at w.log:7:1 (see logs.lines-are-records)"),
        (verdicts.Sought(lines=2, records=1, first="w.log:7:1"), "the job job-1234 appears only in 2 lines that are not records, and in 1 record in another field; first at w.log:7:1 (see logs.lines-are-records)"),
        (verdicts.Sought(lines=0, records=1, first="w.log:7:1"), "the job job-1234 appears in 1 record, but not in the field where it is looked for; first at w.log:7:1"),
    ],
)  # fmt: skip
def test_a_job_that_no_record_has(sought: verdicts.Sought, reason: str) -> None:
    """Where its id stands elsewhere, that is said."""
    verdict = verdicts.job_is_logged("job-1234", sought, within=2)
    assert (verdict.outcome, verdict.reason) == (Outcome.BREACHED, reason)


@pytest.mark.parametrize(
    "sought", [verdicts.Sought(), verdicts.Sought(lines=2, records=1, first="w.log:7:1")]
)
def test_a_record_may_stand_in_what_could_not_be_read(sought: verdicts.Sought) -> None:
    """An id that stands elsewhere does not tell that it stands nowhere else."""
    verdict = verdicts.job_is_logged("job-1234", replace(sought, troubles=[TROUBLE]), within=2)
    assert verdict.outcome is Outcome.UNMEASURED
    assert verdict.reason.startswith(
        "no record of the job job-1234 was found, but a part could not be read: "
    )


def test_other_records_of_a_request_are_no_access_record() -> None:
    """They have its id where it should be, and nothing else is said of them."""
    sought = verdicts.Sought(lines=1, first="a.log:1:1", others=2, first_other="a.log:7:1")
    names = AccessFields("method", "path", "status", "duration_ms")
    sent = verdicts.Sent("GET", "/items", 200, "id-12345")
    verdict = verdicts.request_is_logged(sent, sought, within=5, names=names)
    assert (verdict.outcome, verdict.reason) == (
        Outcome.BREACHED,
        "no access record of the request id-12345 within 5 s; 2 records have its id, first at a.log:7:1",
    )


def test_outcome_of_all() -> None:
    """Of a whole report: anything found is a breach, anything unread is not known."""
    report = reported([block(record())])
    assert verdicts.outcome_of(report) is Outcome.MET
    assert verdicts.outcome_of(Report()) is Outcome.UNMEASURED
    report.add(TROUBLE)
    assert verdicts.outcome_of(report) is Outcome.UNMEASURED
    assert verdicts.outcome_of(reported([block(record(level="info"))])) is Outcome.BREACHED


def test_errors_that_were_not_compared_are_not_among_those_that_are_there() -> None:
    """All that were compared are there; of those outside the time that the error log covers, nothing is known."""
    report = reported([block(record())])
    told = verdicts.error_log_holds_every_error(Comparison(compared=3, outside=2), report, {"api": report})
    assert told.reason == (
        "all 3 errors of the sources are in the error log; it may not cover the time of 2 more errors"
    )
    alone = verdicts.error_log_holds_every_error(Comparison(compared=3), report, {"api": report})
    assert alone.reason == "all 3 errors of the sources are in the error log"


def test_secrets_that_were_not_found_are_not_said_not_to_be_there() -> None:
    """Patterns find what they know."""
    told = verdicts.nothing_secret(reported([block(record())]))
    assert (told.outcome, told.reason) == (
        Outcome.MET,
        "no secret and no personal data was found (1 line read)",
    )

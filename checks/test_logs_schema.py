"""Every line of every log keeps the log contract, and a request can be followed into it.

Chapter of the guide: "Logging". Where the guide is silent, the docstring says "our own choice". Each log source
is read once, in full, for all of its checks.
"""

from __future__ import annotations

import pytest

from deployspec.base.lazy import Lazy

contract = Lazy("deployspec.chapters.logs.judge.verdicts")
pytestmark = [pytest.mark.logs, pytest.mark.needs("logs")]


def test_request_is_logged(access_log, judge):
    """A request with a fresh id gets its access record in time, with its method, path, status and duration.

    Source: our own choice, after the guide's `request_id` and "Review recent logs".
    """
    judge(access_log.verdict, access_log.call, reproduce=access_log.reproduce)


@pytest.mark.needs("allow.write")
def test_job_is_logged(job_log, judge):
    """When a request queues a job, the job's id appears in the worker's log in time.

    Source: our own choice, after the guide's celery.log.
    """
    judge(job_log.verdict, job_log.call, reproduce=job_log.reproduce)


def test_lines_are_records(log, judge):
    """Every line is exactly one strict JSON object that fits its schema.

    Source: the guide, "Application Logging"; schemas/log-record.schema.json is what its example shows.
    """
    judge(log.judged(contract.lines_are_records), **log.how("json", "schema", "length"))


def test_levels_are_promised(log, judge):
    """Every record has one of the levels, and none is below the deployment's `log_level`.

    Source: the guide, "Log Levels" and "Log Configuration".
    """
    verdict = log.judged(contract.levels, log_level=log.log_source.log_level)
    judge(verdict, **log.how("level", "below-log-level"))


def test_time_moves_forward(log, judge):
    """No timestamp is more than 2 s in the future, or more than 2 s older than an earlier one in its stream.

    Source: our own choice; a search by time finds nothing where clocks or writers are wrong.
    """
    judge(log.judged(contract.time_moves_forward), **log.how("future", "backwards"))


def test_newest_record_is_fresh(dated_log, judge):
    """The newest record is no older than `freshness`.

    Source: our own choice; a log that nobody writes to any more looks like a log without errors.
    """
    verdict = contract.newest_is_fresh(dated_log.report, dated_log.log_source.freshness, dated_log.began)
    judge(verdict, **dated_log.how())


def test_error_log_holds_errors_only(error_log, judge):
    """The error log contains nothing below ERROR.

    Source: the guide, "Log Configuration" and "Log Levels".
    """
    verdict = error_log.judged(
        contract.error_log_holds_errors_only, error_level=error_log.log_source.error_level
    )
    judge(verdict, **error_log.how("not-an-error"))


def test_error_log_holds_every_error(error_log, logs, judge):
    """Over the time that both cover, the error log has every error from the log sources that it collects.

    Source: the guide, "Log Configuration"; that no error may be lost is our own choice.
    """
    sources = {name: log.report for name, log in logs.sources_of(error_log).items()}
    comparison = logs.comparison(error_log)
    judge(contract.error_log_holds_every_error(comparison, error_log.report, sources), **logs.how(error_log))


def test_exception_is_one_record(log, judge):
    """An exception is one record, not the lines of a stack trace.

    Source: the guide, "Application Logging"; a log shipper makes one event from each line.
    """
    judge(log.judged(contract.exceptions_are_one_record), **log.how("stack-trace"))


def test_request_records_have_their_id(scoped_log, judge):
    """Every record of a logger that belongs to requests has a request id.

    Source: the guide, "Application Logging".
    """
    verdict = scoped_log.judged(contract.requests_have_their_id, judged=scoped_log.report.scoped)
    judge(verdict, **scoped_log.how("request-id"))


def test_nothing_secret(log, judge):
    """No line contains a password, a token, a key, a connection string, an email address or a card number.

    Source: our own choice; more people read logs than the data they describe. Findings are masked.
    """
    judge(log.judged(contract.nothing_secret), **log.how("secret"))


def test_lines_are_short(log, judge):
    """No line is longer than 256 KiB.

    Source: our own choice; CloudWatch does not accept longer events, and others cut them in two.
    """
    judge(log.judged(contract.lines_are_short), **log.how("length"))

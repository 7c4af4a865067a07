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
    Limit: within `within` after the answer (5 s by default).
    Measured: one GET with an id of its own is sent, and the records that the log gains from then on are searched
    for that id.
    Fault: access-status-wrong: the access record says 500 for a request that was answered 200.
    Keys: logs.NAME.access.path, logs.NAME.access.header, logs.NAME.access.within, logs.NAME.access.fields,
    logs.NAME.fields.request_id
    """
    judge(access_log.verdict, access_log.call, reproduce=access_log.reproduce)


@pytest.mark.needs("allow.write")
def test_job_is_logged(job_log, judge):
    """When a request queues a job, the job's id appears in the worker's log in time.

    Source: our own choice, after the guide's celery.log.
    Limit: within `within` after the answer (5 s by default).
    Measured: one POST queues a job, and the records that the log gains from then on are searched for the id in the
    answer.
    Fault: job-id-missing: the worker's records do not say which job they are about.
    Keys: allow, logs.NAME.jobs.path, logs.NAME.jobs.body, logs.NAME.jobs.id, logs.NAME.jobs.field,
    logs.NAME.jobs.within
    """
    judge(job_log.verdict, job_log.call, reproduce=job_log.reproduce)


def test_lines_are_records(log, judge):
    """Every line is exactly one record in the log source's format (strict JSON by default) that fits its schema and says something.

    Source: the guide, "Application Logging"; schemas/log-record.schema.json is what its example shows.
    Limit: no line that is anything else, and no empty message.
    Measured: every line that the log source has, rotated and compressed files included, parsed and validated.
    Fault: plain-text: one line is plain text.
    Keys: logs.NAME.files, logs.NAME.command, logs.NAME.source, logs.NAME.format, logs.NAME.prefix,
    logs.NAME.pattern, logs.NAME.continuation, logs.NAME.schema, logs.NAME.schemas, logs.NAME.fields
    """
    judge(log.judged(contract.lines_are_records), **log.how("json", "schema", "message", "length"))


def test_levels_are_promised(leveled_log, judge):
    """Every record has one of the levels, and none is below the deployment's `log_level`.

    Source: the guide, "Log Levels" and "Log Configuration".
    Limit: one of `levels`, and at least `log_level` if that is given.
    Measured: the level of every record that the log source has.
    Fault: below-log-level: one record is at DEBUG although INFO is the lowest level.
    Keys: logs.NAME.levels, logs.NAME.log_level, logs.NAME.fields.level
    """
    verdict = leveled_log.judged(contract.levels, log_level=leveled_log.log_source.log_level)
    judge(verdict, **leveled_log.how("level", "below-log-level"))


def test_time_moves_forward(timed_log, judge):
    """No timestamp is more than 2 s in the future, or more than 2 s older than an earlier one in its stream.

    Source: our own choice; a search by time finds nothing where clocks or writers are wrong.
    Limit: 2 s either way; exactly 2 s is allowed.
    Measured: the time stamp of every record, against the clock of the reader and the earlier records of its stream.
    Fault: backwards: one record is 3 s older than the one before it.
    Keys: logs.NAME.files, logs.NAME.command, logs.NAME.source, logs.NAME.fields.timestamp,
    logs.NAME.time_format, logs.NAME.time_zone
    """
    judge(timed_log.judged(contract.time_moves_forward), **timed_log.how("future", "backwards"))


def test_newest_record_is_fresh(dated_log, judge):
    """The newest record is no older than `freshness`.

    Source: our own choice; a log that nobody writes to any more looks like a log without errors.
    Limit: at most `freshness`; exactly that old is fresh enough.
    Measured: the age of the newest record when reading began.
    Fault: stale: the newest record is much older than the 10 s that are promised.
    Keys: logs.NAME.freshness, logs.NAME.fields.timestamp
    """
    verdict = contract.newest_is_fresh(dated_log.report, dated_log.log_source.freshness, dated_log.began)
    judge(verdict, **dated_log.how())


def test_error_log_holds_errors_only(error_log, judge):
    """The error log contains nothing below ERROR.

    Source: the guide, "Log Configuration" and "Log Levels".
    Limit: nothing below `error_level`.
    Measured: the level of every record in the error log.
    Fault: info-in-error-log: the error log has a record at INFO.
    Keys: logs.NAME.errors_of, logs.NAME.error_level, logs.NAME.levels, logs.NAME.fields.level
    """
    verdict = error_log.judged(
        contract.error_log_holds_errors_only, error_level=error_log.log_source.error_level
    )
    judge(verdict, **error_log.how("not-an-error"))


def test_error_log_holds_every_error(error_log, logs, judge):
    """Over the time that both cover, the error log has every error from the log sources that it collects.

    Source: the guide, "Log Configuration"; that no error may be lost is our own choice.
    Limit: none missing.
    Measured: the errors of the other log sources, compared with the records of the error log.
    Fault: error-lost: one of four errors is not in the error log.
    Keys: logs.NAME.errors_of, logs.NAME.error_level, logs.NAME.levels, logs.NAME.fields
    """
    sources = {name: log.report for name, log in logs.sources_of(error_log).items()}
    comparison = logs.comparison(error_log)
    judge(contract.error_log_holds_every_error(comparison, error_log.report, sources), **logs.how(error_log))


def test_exception_is_one_record(log, judge):
    """An exception is one record, not the lines of a stack trace.

    Source: the guide, "Application Logging"; a log shipper makes one event from each line.
    Limit: no line that belongs to a stack trace.
    Measured: every line that the log source has, compared with the lines of Python's stack traces and others.
    Fault: stack-trace: an exception is written as three lines of plain text.
    Keys: logs.NAME.files, logs.NAME.command, logs.NAME.source, logs.NAME.prefix
    """
    judge(log.judged(contract.exceptions_are_one_record), **log.how("stack-trace"))


def test_request_records_have_their_id(scoped_log, judge):
    """Every record of a logger that belongs to requests has a request id.

    Source: the guide, "Application Logging".
    Limit: an id that is not empty.
    Measured: the request id of every record whose logger is listed in `request_scoped`.
    Fault: request-id-missing: one record of such a logger has no request id.
    Keys: logs.NAME.request_scoped, logs.NAME.fields.request_id, logs.NAME.fields.logger
    """
    verdict = scoped_log.judged(contract.requests_have_their_id, judged=scoped_log.report.scoped)
    judge(verdict, **scoped_log.how("request-id"))


def test_nothing_secret(log, judge):
    """No line contains a password, a token, a key, a connection string, an email address or a card number.

    Source: our own choice; more people read logs than the data they describe. Findings are masked.
    Limit: none, apart from what `allow_secrets` allows.
    Measured: every line that the log source has, searched for the known forms of secrets and personal data.
    Fault: a-password: one message contains a password.
    Keys: logs.NAME.allow_secrets, logs.NAME.personal_data, logs.NAME.files, logs.NAME.command, logs.NAME.source
    """
    judge(log.judged(contract.nothing_secret), **log.how("secret"))


def test_lines_are_short(log, judge):
    """No line is longer than 256 KiB.

    Source: our own choice; CloudWatch does not accept longer events, and others cut them in two.
    Limit: 262,144 bytes, without the line break; exactly that long is allowed.
    Measured: the length of every line that the log source has.
    Fault: line-too-long: one line is a byte longer.
    Keys: logs.NAME.files, logs.NAME.command, logs.NAME.source
    """
    judge(log.judged(contract.lines_are_short), **log.how("length"))

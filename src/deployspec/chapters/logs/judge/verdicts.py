"""One judgement for each check of logs: what was found of a source, as MET, BREACHED or UNMEASURED.

What is not right is a breach, however little was read; that something is missing is one only where all was read that
may hold it. Where nothing is wrong, but a part could not be read, or nothing that the promise speaks of was there,
nothing is known. Unread are also lines that are no records, to a promise of records, and records without what it asks
for: one is enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import one_line, seconds, value
from deployspec.chapters.logs.judge.errors import Comparison
from deployspec.chapters.logs.judge.model import MAX_LINE, TOLERANCE, Found, Reason, Trouble, most_often
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

if TYPE_CHECKING:
    from deployspec.chapters.logs.judge.report import Report

_NO_RECORDS = ("json", "length")
"""The checks whose findings are lines that are no records."""
_SHOWN = 2
"""How many reasons a verdict names; the report shows all of them."""


def lines_are_records(report: Report) -> Verdict:
    """Every line is exactly one strict JSON object that fits its schema."""
    return _judged(report, ("json", "schema", "length"), "every line is a record that fits its schema")


def levels(report: Report, *, log_level: str | None = None) -> Verdict:
    """Only the levels that are promised, and nothing below ``log_level``."""
    limit = "one of the levels promised" + (f", none below {log_level}" if log_level else "")
    return _of_records(
        report, ("level", "below-log-level"), "every record has a level that is promised", limit
    )


def time_moves_forward(report: Report) -> Verdict:
    """No record is more than TOLERANCE ahead of its reader's clock, or older than one before it in its stream."""
    limit = f"at most {seconds(TOLERANCE)} back, at most {seconds(TOLERANCE)} ahead"
    verdict = _of_records(report, ("future", "backwards"), "time moves forward", limit)
    if verdict.outcome == "MET" and (undated := _undated(report)):
        return unmeasured(undated, limit=limit)
    return verdict


def newest_is_fresh(report: Report, freshness: float, now: float) -> Verdict:
    """The newest record is at most ``freshness`` seconds old at ``now``. At the limit is MET.

    One record of that age is enough, whatever could not be read; without one, the newest may be among the unread.
    """
    limit = f"at most {seconds(freshness)} old"
    if report.lines == 0:
        return _nothing_read(report, limit)
    unread = _undated(report) or _no_records(report)
    if report.newest is None:
        return unmeasured(unread or _told(report.troubles), limit=limit)
    age = now - report.newest
    measured = f"{seconds(abs(age), freshness)} {'old' if age >= 0 else 'ahead'}"
    if -age > TOLERANCE:
        # A record from the future hides how old the others are.
        return unmeasured(f"the newest record is {measured}: no clock tells how old it is", limit=limit)
    if age <= freshness:
        return met(f"the newest record is {measured}", measured=measured, limit=limit)
    if report.troubles:
        return unmeasured(f"the newest record read is {measured}, but {_told(report.troubles)}", limit=limit)
    if unread:
        return unmeasured(f"the newest record with a time is {measured}, but {unread}", limit=limit)
    return breached(f"the newest record is {measured}, expected {limit}", measured=measured, limit=limit)


def error_log_holds_errors_only(report: Report, *, error_level: str = "ERROR") -> Verdict:
    """An error log holds nothing below ``error_level``."""
    limit = f"nothing below {error_level}"
    verdict = _of_records(report, ("not-an-error",), f"every record is at least {error_level}", limit)
    if verdict.outcome == "MET" and (unknown := _lines(report, ("level",))):
        return unmeasured(_unknown_levels(report, unknown), limit=limit)
    return verdict


def error_log_holds_every_error(
    comparison: Comparison, error_log: Report, sources: Mapping[str, Report]
) -> Verdict:
    """Over the time that both cover, each error of the sources is in the error log, as often as they have it.

    Sources that were read and hold no error are MET: nothing is missing. Records of the error log that no source has
    are told, and are no breach. A record that the error log lacks may be among what could not be read of it; one
    without a readable time, or of another level, is none that the sources have with both.
    """
    limit = "every error of " + ", ".join(sources)
    hidden = comparison.late + _lines(error_log, _NO_RECORDS)
    if comparison.missing > hidden and not error_log.troubles:
        count = comparison.missing
        first = ", ".join(f"{record.file}:{record.line}:1" for record in comparison.places)
        return breached(
            f"{count} of {_counted(comparison.compared, 'error')} {'is' if count == 1 else 'are'} not in the error"
            f" log; first: {first}",
            measured=f"{count} missing",
            limit=limit,
        )
    unknown = partial(unmeasured, limit=limit)
    complete = partial(met, measured="none missing", limit=limit)
    for name, report in sources.items():
        if report.lines == 0:
            return unknown(f"{name}: {_nothing_read(report, limit).reason}")
    for report in (error_log, *sources.values()):
        if report.troubles:
            return unknown(_told(report.troubles))
    for report in (error_log, *sources.values()):
        if no_records := _no_records(report):
            return unknown(f"{no_records}: they may be errors, and cannot be compared")
    for report in sources.values():
        if report.undated:
            share = f"{report.undated:,} of {_counted(report.errors, 'error')}"
            return unknown(f"{share} cannot be compared: {_undated(report)}")
        if odd := _lines(report, ("level",)):
            return unknown(_unknown_levels(report, odd))
    if comparison.unordered or (comparison.missing and comparison.late):
        count = comparison.unordered + comparison.late
        return unknown(f"{_counted(count, 'error')} went back in time too far to be compared")
    if comparison.compared:
        return complete(
            f"{_all(comparison.compared, 'error')} of the sources {_is(comparison.compared)} in the error log{_outside(comparison)}{_extra(comparison)}"
        )
    if comparison.outside:
        return unknown(
            f"nothing to compare: the sources have {_counted(comparison.outside, 'error')}, all of them of a time"
            f" that the error log does not surely cover ({_span(comparison)})",
        )
    return complete(f"the sources have no error{_extra(comparison)}")


def exceptions_are_one_record(report: Report) -> Verdict:
    """An exception is one record, not a stack trace of many lines."""
    return _judged(report, ("stack-trace",), "no line is a part of a stack trace", hidden=("length",))


def requests_have_their_id(report: Report, *, judged: int | None = None) -> Verdict:
    """Records of request-scoped loggers have a request id.

    ``judged``: how many such records there were; none is UNMEASURED. None: they were not counted.
    """
    verdict = _of_records(
        report, ("request-id",), "every record of a request has its id", "a request id that is not empty"
    )
    if verdict.outcome == "MET" and (unnamed := _count(report.unread, "logger")):
        reason = f"{_share(unnamed, report)} no logger that can be read ({_reasons(report.unread, 'logger')})"
        return unmeasured(reason + _see_schema(report, "logger"), limit=verdict.limit)
    if verdict.outcome == "MET" and judged == 0:
        return unmeasured("no record is of a logger that belongs to requests", limit=verdict.limit)
    return verdict


def nothing_secret(report: Report) -> Verdict:
    """No line holds a secret or personal data."""
    limit = "no secret and no personal data"
    return _judged(report, ("secret",), f"{limit} was found", limit, hidden=("length",))


def lines_are_short(report: Report) -> Verdict:
    """No line is longer than 256 KiB, its line break left out. At the limit is MET."""
    return _judged(report, ("length",), f"no line is longer than {MAX_LINE // 1024} KiB")


def outcome_of(report: Report, *, may_be_empty: bool = False) -> Outcome:
    """Of all that was looked for: BREACHED where anything was found, MET where all there is was read and nothing found.

    ``may_be_empty``: it is an error log, which has no line where nothing went wrong.
    """
    if any(found.count for found in report.found.values()):
        return Outcome.BREACHED
    nothing = report.lines == 0 and not may_be_empty
    return Outcome.UNMEASURED if report.troubles or report.unread or nothing else Outcome.MET


def of_error_log(report: Report, verdict: Verdict) -> Verdict:
    """The same verdict, but MET where an error log was read and has no line: nothing went wrong."""
    if verdict.outcome is Outcome.UNMEASURED and report.lines == 0 and not report.troubles:
        return met("the error log has no line", limit=verdict.limit)
    return verdict


@dataclass(frozen=True, slots=True)
class AccessNames:
    """The names of the fields of an access record."""

    method: str = "method"
    path: str = "path"
    status: str = "status"
    duration: str = "duration_ms"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent and answered."""

    method: str
    path: str
    """With its query, if it has one."""
    status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Mentions:
    """Where an id stands that no record has where it should be."""

    lines: int = 0
    """How many lines that are no records have it."""
    records: int = 0
    """How many records have it, but elsewhere."""
    first: str = ""
    """The place of the first of those lines, or else of those records."""
    others: int = 0
    """How many records have it where it should be, and are not the one that is looked for."""
    first_other: str = ""
    """The place of the first of them."""


NOWHERE = Mentions()


def request_is_logged(
    sent: Sent,
    record: Mapping[str, Any] | None,
    *,
    within: float,
    names: AccessNames = AccessNames(),
    where: str = "",
    troubles: Sequence[Trouble] = (),
    mentions: Mentions = NOWHERE,
) -> Verdict:
    """A request's access record is in the log, with its method, path, status and duration.

    ``record`` is the one found with the request's id, None: none within ``within`` seconds. The path may be logged
    with or without its query; the duration is a number that is not negative.
    """
    limit = f"an access record within {seconds(within)}"
    if record is None:
        return _not_found(f"the request {sent.request_id}", within, limit, troubles, mentions)
    path = sent.path.partition("?")[0]
    wrong = [
        f"{name} is {_shown(record, name)}, expected {expected}"
        for name, right, expected in (
            (names.method, record.get(names.method) == sent.method, f'"{sent.method}"'),
            (names.path, record.get(names.path) in (sent.path, path), f'"{path}"'),
            (names.status, _number(record.get(names.status)) == sent.status, str(sent.status)),
            (names.duration, _number(record.get(names.duration)) >= 0, "a number, 0 or more"),
        )
        if not right
    ]
    if wrong:
        at = f" at {where}" if where else ""
        return breached(
            one_line(f"the record of {sent.request_id}{at}: {'; '.join(wrong)}", 300), limit=limit
        )
    return met(
        f"{one_line(f'{sent.method} {path}', 80)} is logged with status and duration",
        measured=where,
        limit=limit,
    )


def job_is_logged(
    job: str,
    record: Mapping[str, Any] | None,
    *,
    within: float,
    where: str = "",
    troubles: Sequence[Trouble] = (),
    mentions: Mentions = NOWHERE,
) -> Verdict:
    """A queued job's id is in the worker's log: ``record`` is the one found with it, None: none in time."""
    limit = f"a record within {seconds(within)}"
    if record is None:
        return _not_found(f"the job {one_line(job, 60)}", within, limit, troubles, mentions)
    return met(f"the job {one_line(job, 60)} is in the worker's log", measured=where, limit=limit)


def _not_found(
    what: str, within: float, limit: str, troubles: Sequence[Trouble], mentions: Mentions
) -> Verdict:
    if troubles:
        return unmeasured(f"no record of {what} was found, but {_told(troubles)}", limit=limit)
    records = _counted(mentions.records, "record")
    if mentions.others:
        others = f"{_counted(mentions.others, 'record')} {'has' if mentions.others == 1 else 'have'} its id"
        return breached(
            f"no access record of {what} within {seconds(within)}; {others}, first at {mentions.first_other}",
            measured="no access record",
            limit=limit,
        )
    if mentions.lines:
        lines = _counted(mentions.lines, "line")
        more = f", and in {records} in another field;" if mentions.records else ","
        told = f"{lines} that {_is(mentions.lines)} no record{more} first at {mentions.first} {_see('lines_are_records')}"
        return breached(f"{what} stands only in {told}", measured="no record", limit=limit)
    if mentions.records:
        return breached(
            f"{what} stands in {records}, but not in the field where it is looked for; first at {mentions.first}",
            measured="another field",
            limit=limit,
        )
    return breached(f"no record of {what} within {seconds(within)}", measured="none", limit=limit)


def _number(found: object) -> float:
    """Not a number, which equals nothing and is not 0 or more, where it is none."""
    return found if isinstance(found, int | float) and not isinstance(found, bool) else float("nan")


def _shown(record: Mapping[str, Any], name: str) -> str:
    return value(record[name], name=name) if name in record else "missing"


def _of_records(report: Report, checks: tuple[str, ...], promise: str, limit: str) -> Verdict:
    """As ``_judged``, of what only records have: lines that are no records are no breach, and hide one."""
    verdict = _judged(report, checks, promise, limit)
    if verdict.outcome == "MET" and (no_records := _no_records(report)):
        return unmeasured(no_records, limit=limit)
    return verdict


def _no_records(report: Report) -> str:
    """How many lines are no records, and which check says why; empty where all are."""
    count = _lines(report, _NO_RECORDS)
    if not count:
        return ""
    return f"{count:,} of {_counted(report.lines, 'line')} {_is(count)} no record {_see('lines_are_records')}"


def _undated(report: Report) -> str:
    """How many records have no time that can be read, and why; empty where all have one."""
    count = _count(report.unread, "time")
    if not count:
        return ""
    what = f"{_share(count, report)} a time that cannot be read ({_reasons(report.unread, 'time')})"
    return what + _see_schema(report, "time")


def _unknown_levels(report: Report, count: int) -> str:
    return f"{_share(count, report)} none of the levels promised: they may be errors {_see('levels_are_promised')}"


def _see_schema(report: Report, check: str) -> str:
    """The pointer to the check of the schema, where that objects to the same field."""
    places = {reason.place for reason in report.unread if reason.check == check}
    objections = {
        place
        for reason in report.found
        if reason.check == "schema"
        for place in (reason.place, f"$.{reason.what.removesuffix(' is missing')}")
    }
    return f" {_see('lines_are_records')}" if places & objections else ""


def _see(check: str) -> str:
    """The pointer from a check that cannot judge to the one that owns the cause."""
    return f"(see test_{check})"


def _share(count: int, report: Report) -> str:
    records = report.lines - _lines(report, _NO_RECORDS)
    return f"{count:,} of {_counted(records, 'record')} {'has' if count == 1 else 'have'}"


def _reasons(found: Mapping[Reason, Found], check: str) -> str:
    return "; ".join(_reason(reason, one) for reason, one in sorted(found.items()) if reason.check == check)


def _count(found: Mapping[Reason, Found], check: str) -> int:
    return sum(one.count for reason, one in found.items() if reason.check == check)


def _judged(
    report: Report, checks: tuple[str, ...], promise: str, limit: str = "", hidden: tuple[str, ...] = ()
) -> Verdict:
    """Whether a source has none of what ``checks`` find; ``hidden``: what hides it from them."""
    limit = limit or promise
    reasons = [(reason, found) for reason, found in most_often(report.found) if reason.check in checks]
    if reasons:
        count = sum(found.count for _, found in reasons)
        more = f"; and {_counted(len(reasons) - _SHOWN, 'other reason')}" if len(reasons) > _SHOWN else ""
        told = "; ".join(_reason(reason, found) for reason, found in reasons[:_SHOWN])
        return breached(
            f"{told}{more} ({_counted(report.lines, 'line')} read)",
            measured=_counted(count, "finding"),
            limit=limit,
        )
    if report.lines == 0:
        return _nothing_read(report, limit)
    if report.troubles:
        return unmeasured(_told(report.troubles), limit=limit)
    if too_long := _lines(report, hidden):
        return unmeasured(f"{_counted(too_long, 'line')} could not be looked at: too long", limit=limit)
    return met(f"{promise} ({_counted(report.lines, 'line')} read)", measured="no finding", limit=limit)


def _reason(reason: Reason, found: Found) -> str:
    where = "" if reason.place == "$" else f"{reason.place}: "
    first = f", first at {found.places[0]}" if found.places else ""
    return f"{where}{reason.what} ({_counted(found.count, 'time')}{first})"


def _nothing_read(report: Report, limit: str) -> Verdict:
    return unmeasured(_told(report.troubles) if report.troubles else "no line was read", limit=limit)


def _told(troubles: Sequence[Trouble]) -> str:
    trouble = troubles[0]
    where = f"{trouble.file}:{trouble.line}:1" if trouble.line else trouble.file
    more = f" (and {_counted(len(troubles) - 1, 'other trouble')})" if len(troubles) > 1 else ""
    return f"a part could not be read: {where}: {trouble.reason}{more}"


def _lines(report: Report, checks: Iterable[str]) -> int:
    return sum(found.count for reason, found in report.found.items() if reason.check in checks)


def _extra(comparison: Comparison) -> str:
    if not comparison.extra:
        return ""
    return f"; the error log has {_counted(comparison.extra, 'record')} that no source has"


def _outside(comparison: Comparison) -> str:
    if not comparison.outside:
        return ""
    return f"; of {_counted(comparison.outside, 'more error')} it does not surely cover the time"


def _span(comparison: Comparison) -> str:
    if comparison.since is None:
        return "it has no record"
    return f"it begins {seconds(max(0.0, comparison.until - comparison.since))} before it was read"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


def _all(count: int, thing: str) -> str:
    return f"the one {thing}" if count == 1 else f"all {_counted(count, thing)}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"

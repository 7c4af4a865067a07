"""One judgement for each check of logs: what was found of a source, as MET, BREACHED or UNMEASURED.

What is not right is a breach, however little was read; that something is missing is one only where all was read that
may hold it. Where nothing is wrong, but a part could not be read, or nothing that the promise speaks of was there,
nothing is known. Unread are also lines that are not records, to a promise of records, and records without what it asks
for: one is enough.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from deployspec.base.shown import counted, one_line, seconds, value
from deployspec.chapters.logs.form import AccessFields, value_at
from deployspec.chapters.logs.judge.errors import Comparison
from deployspec.chapters.logs.judge.model import MAX_LINE, TOLERANCE, Found, Reason, Trouble, most_often
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

if TYPE_CHECKING:
    from deployspec.chapters.logs.judge.report import Report

_NO_RECORDS = ("json", "length")
"""The checks whose findings are lines that are not records."""
_counted = partial(counted, form=",")
_SHOWN = 2
"""How many reasons a verdict names; the report shows all of them."""


def lines_are_records(report: Report) -> Verdict:
    """Every line is exactly one record, which fits its schema and whose message, if it has one, says something."""
    return _judged(
        report, ("json", "schema", "message", "length"), "every line is a record that fits its schema"
    )


def levels(report: Report, *, log_level: str | None = None) -> Verdict:
    """Only the levels that are promised, and nothing below ``log_level``."""
    limit = "one of the levels promised" + (f", none below {log_level}" if log_level else "")
    verdict = _of_records(
        report, ("level", "below-log-level"), "every record has a level that is promised", limit
    )
    return _unless(verdict, "" if report.levels else "no record says its level")


def time_moves_forward(report: Report) -> Verdict:
    """No record is more than TOLERANCE ahead of its reader's clock, or older than one before it in its stream."""
    limit = f"at most {seconds(TOLERANCE)} back, at most {seconds(TOLERANCE)} ahead"
    verdict = _of_records(report, ("future", "backwards"), "time moves forward", limit)
    return _unless(verdict, _undated(report))


def newest_is_fresh(report: Report, freshness: float, now: float) -> Verdict:
    """The newest record is at most ``freshness`` seconds old at ``now``. At the limit is MET.

    One record of that age is enough, whatever could not be read; without one, the newest may be among the unread.
    """
    limit = f"at most {seconds(freshness)} old"
    unread = _undated(report) or _no_records(report)
    if report.newest is None:
        return unmeasured(unread or _not_read(report), limit=limit)
    age = now - report.newest
    measured = f"{seconds(abs(age), freshness)} {'old' if age >= 0 else 'ahead'}"
    if -age > TOLERANCE:
        # A record from the future hides how old the others are.
        return unmeasured(
            f"the newest record is {measured}, so how old the log is cannot be known", limit=limit
        )
    if age <= freshness:
        return met(f"the newest record is {measured}", measured=measured, limit=limit)
    if report.troubles:
        return unmeasured(
            f"the newest record read is {measured}, but {_trouble(report.troubles)}", limit=limit
        )
    if unread:
        return unmeasured(f"the newest record with a time is {measured}, but {unread}", limit=limit)
    return breached(f"the newest record is {measured}, expected {limit}", measured=measured, limit=limit)


def error_log_holds_errors_only(report: Report, *, error_level: str = "ERROR") -> Verdict:
    """An error log holds nothing below ``error_level``."""
    limit = f"nothing below {error_level}"
    verdict = _of_records(report, ("not-an-error",), f"every record is at least {error_level}", limit)
    return _unless(verdict, _unknown_levels(report))


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
    if unknown := next(_not_compared(comparison, error_log, sources), ""):
        return unmeasured(unknown, limit=limit)
    reason = "the sources have no error"
    if count := comparison.compared:
        outside = f"; it may not cover the time of {_counted(comparison.outside, 'more error')}"
        reason = f"{'the one error' if count == 1 else f'all {count:,} errors'} of the sources {_is(count)} in the error log"
        reason += outside if comparison.outside else ""
    if comparison.extra:
        reason += f"; the error log has {_counted(comparison.extra, 'record')} that no source has"
    return met(reason, measured="none missing", limit=limit)


def _not_compared(comparison: Comparison, error_log: Report, sources: Mapping[str, Report]) -> Iterator[str]:
    """What keeps one from knowing that no error is missing, the first cause first."""
    for name, report in sources.items():
        if report.lines == 0:
            yield f"{name}: {_not_read(report)}"
    every = (error_log, *sources.values())
    yield from (_trouble(report.troubles) for report in every if report.troubles)
    for no_records in filter(None, map(_no_records, every)):
        yield f"{no_records}: they may be errors, and cannot be compared"
    for report in sources.values():
        if report.undated:
            share = f"{report.undated:,} of {_counted(report.errors, 'error')}"
            yield f"{share} cannot be compared: {_undated(report)}"
        yield from filter(None, [_unknown_levels(report)])
    if comparison.unordered or (comparison.missing and comparison.late):
        count = comparison.unordered + comparison.late
        yield f"{_counted(count, 'error')} went back in time too far to be compared"
    if comparison.outside and not comparison.compared:
        yield (
            f"nothing to compare: the sources have {_counted(comparison.outside, 'error')}, all from a time"
            f" that the error log may not cover ({_span(comparison)})"
        )


def exceptions_are_one_record(report: Report) -> Verdict:
    """An exception is one record, not a stack trace of many lines."""
    return _judged(report, ("stack-trace",), "no line belongs to a stack trace", hidden=("length",))


def requests_have_their_id(report: Report, *, judged: int | None = None) -> Verdict:
    """Records of request-scoped loggers have a request id.

    ``judged``: how many such records there were; none is UNMEASURED. None: they were not counted.
    """
    verdict = _of_records(
        report, ("request-id",), "every record of a request has its id", "a request id that is not empty"
    )
    unnamed = _unreadable(report, "logger", "no logger that can be read")
    return _unless(
        verdict, unnamed or ("no record comes from a logger that belongs to requests" if judged == 0 else "")
    )


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
    nothing = report.lines == report.continued and not may_be_empty
    return Outcome.UNMEASURED if report.troubles or report.unread or nothing else Outcome.MET


def of_error_log(report: Report, verdict: Verdict) -> Verdict:
    """The same verdict, but MET where an error log was read and has no line: nothing went wrong."""
    if verdict.outcome is Outcome.UNMEASURED and report.lines == 0 and not report.troubles:
        return met("the error log has no line", limit=verdict.limit)
    return verdict


@dataclass(frozen=True, slots=True)
class Sent:
    """A request that was sent and answered."""

    method: str
    path: str
    """With its query, if it has one."""
    status: int
    request_id: str


@dataclass(frozen=True, slots=True)
class Sought:
    """What came of looking for the record that has an id: the record, or where else the id stands."""

    record: Mapping[str, Any] | None = None
    """None: none was found in time."""
    where: str = ""
    """The record's place."""
    troubles: Sequence[Trouble] = ()
    """What may hide it."""
    lines: int = 0
    """How many lines that are not records have the id."""
    records: int = 0
    """How many records have it, but elsewhere."""
    first: str = ""
    """The place of the first of those lines, or else of those records."""
    others: int = 0
    """How many records have it where it should be, and are not the one that is looked for."""
    first_other: str = ""
    """The place of the first of them."""


def request_is_logged(
    sent: Sent, sought: Sought, *, within: float, names: AccessFields, of_text: bool = False
) -> Verdict:
    """A request's access record is in the log, with its method, path, status and duration.

    It was looked for by the request's id for ``within`` seconds. The path may be logged with or without its query; the
    duration is a number that is not negative, or a text such as 1.5ms. ``of_text``: in these records numbers are texts.
    """
    limit = f"an access record within {seconds(within)}"
    record = sought.record
    if record is None:
        return _not_found(f"the request {sent.request_id}", within, limit, sought)
    path = sent.path.partition("?")[0]

    def number(name: str) -> float:
        return _number(value_at(record, name), of_text=of_text)

    took = _duration(value_at(record, names.duration), names.unit, of_text=of_text)
    wrong = [
        f"{name} is {_shown(record, name)}, expected {expected}"
        for name, right, expected in (
            (names.method, value_at(record, names.method) == sent.method, f'"{sent.method}"'),
            (names.path, value_at(record, names.path) in (sent.path, path), f'"{path}"'),
            (names.status, number(names.status) == sent.status, str(sent.status)),
            (names.duration, took >= 0, "a number, 0 or more"),
        )
        if not right
    ]
    if wrong:
        at = f" at {sought.where}" if sought.where else ""
        return breached(
            one_line(f"the record of {sent.request_id}{at}: {'; '.join(wrong)}", 300), limit=limit
        )
    return met(
        f"{one_line(f'{sent.method} {path}', 80)} is logged with status and duration ({seconds(took)})",
        measured=sought.where,
        limit=limit,
    )


def job_is_logged(job: str, sought: Sought, *, within: float) -> Verdict:
    """A queued job's id is in the worker's log."""
    limit, job = f"a record within {seconds(within)}", one_line(job, 60)
    if sought.record is None:
        return _not_found(f"the job {job}", within, limit, sought)
    return met(f"the job {job} is in the worker's log", measured=sought.where, limit=limit)


def _not_found(what: str, within: float, limit: str, sought: Sought) -> Verdict:
    if sought.troubles:
        return unmeasured(f"no record of {what} was found, but {_trouble(sought.troubles)}", limit=limit)
    records = _counted(sought.records, "record")
    if sought.others:
        others = f"{_counted(sought.others, 'record')} {'has' if sought.others == 1 else 'have'} its id"
        return breached(
            f"no access record of {what} within {seconds(within)}; {others}, first at {sought.first_other}",
            measured="no access record",
            limit=limit,
        )
    if sought.lines:
        lines = _counted(sought.lines, "line")
        more = f", and in {records} in another field;" if sought.records else ","
        text = f"{lines} that {_not_records(sought.lines)}{more} first at {sought.first} {_see('lines-are-records')}"
        return breached(f"{what} appears only in {text}", measured="no record", limit=limit)
    if sought.records:
        return breached(
            f"{what} appears in {records}, but not in the field where it is looked for; first at {sought.first}",
            measured="another field",
            limit=limit,
        )
    return breached(f"no record of {what} within {seconds(within)}", measured="none", limit=limit)


def _number(found: object, *, of_text: bool) -> float:
    """Not a number, which equals nothing and is not 0 or more, where it is none."""
    if of_text and isinstance(found, str) and _DIGITS.fullmatch(found):
        return float(found)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else float("nan")


def _duration(found: object, unit: str, *, of_text: bool) -> float:
    """In seconds."""
    if isinstance(found, str) and (told := _TOLD.fullmatch(found)):
        found, unit = float(told[1]), told[2].replace("µ", "u")
    return _number(found, of_text=of_text) / _IN_A_SECOND[unit]


_DIGITS = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_TOLD = re.compile(r"(\d{1,18}(?:\.\d{1,18})?) ?(s|ms|us|µs|ns)", re.ASCII)
_IN_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _shown(record: Mapping[str, Any], name: str) -> str:
    found = value_at(record, name)
    return "missing" if found is None and name not in record else value(found, name=name)


def _of_records(report: Report, checks: tuple[str, ...], promise: str, limit: str) -> Verdict:
    """As ``_judged``, of what only records have: lines that are not records are no breach, and hide one."""
    return _unless(_judged(report, checks, promise, limit), _no_records(report))


def _unless(verdict: Verdict, unread: str) -> Verdict:
    """The same verdict, but UNMEASURED where it is MET and something is ``unread`` that may hide a breach."""
    hides = unread and verdict.outcome is Outcome.MET
    return unmeasured(unread, limit=verdict.limit) if hides else verdict


def _no_records(report: Report) -> str:
    """How many lines are not records, and which check says why; empty where all are."""
    count = _lines(report, _NO_RECORDS)
    if not count:
        return ""
    return f"{count:,} of {_counted(report.lines, 'line')} {_not_records(count)} {_see('lines-are-records')}"


def _undated(report: Report) -> str:
    return _unreadable(report, "time", "a time that cannot be read")


def _unreadable(report: Report, check: str, what: str) -> str:
    """How many records do not say something, or not so that it can be read, and why; empty where all do."""
    found = [(reason, one) for reason, one in sorted(report.unread.items()) if reason.check == check]
    if not found:
        return ""
    text = "; ".join(_reason(reason, one) for reason, one in found)
    return f"{_share(sum(one.count for _, one in found), report)} {what} ({text}){_see_schema(report, check)}"


def _unknown_levels(report: Report) -> str:
    """How many records have no level that is known; empty where all have one."""
    count = _lines(report, ("level",))
    count += sum(found.count for reason, found in report.unread.items() if reason.check == "level")
    text = f"none of the levels promised: they may be errors {_see('levels-are-promised')}"
    return f"{_share(count, report)} {text}" if count else ""


def _see_schema(report: Report, check: str) -> str:
    """The pointer to the check of the schema, where that objects to the same field."""
    places = {reason.place for reason in report.unread if reason.check == check}
    objections = {
        place
        for reason in report.found
        if reason.check == "schema"
        for place in (reason.place, f"$.{reason.what.removesuffix(' is missing')}")
    }
    return f" {_see('lines-are-records')}" if places & objections else ""


def _see(check: str) -> str:
    """The pointer from a check that cannot judge to the one that owns the cause."""
    return f"(see logs.{check})"


def _share(count: int, report: Report) -> str:
    records = report.lines - report.continued - _lines(report, _NO_RECORDS)
    return f"{count:,} of {_counted(records, 'record')} {'has' if count == 1 else 'have'}"


def _judged(
    report: Report, checks: tuple[str, ...], promise: str, limit: str = "", hidden: tuple[str, ...] = ()
) -> Verdict:
    """Whether a source has none of what ``checks`` find; ``hidden``: what hides it from them."""
    limit = limit or promise
    reasons = [(reason, found) for reason, found in most_often(report.found) if reason.check in checks]
    if reasons:
        count = sum(found.count for _, found in reasons)
        more = f"; and {_counted(len(reasons) - _SHOWN, 'other reason')}" if len(reasons) > _SHOWN else ""
        text = "; ".join(_reason(reason, found) for reason, found in reasons[:_SHOWN])
        return breached(
            f"{text}{more} ({_counted(report.lines, 'line')} read)",
            measured=_counted(count, "finding"),
            limit=limit,
        )
    if not_read := _not_read(report):
        return unmeasured(not_read, limit=limit)
    if too_long := _lines(report, hidden):
        return unmeasured(f"{_counted(too_long, 'line')} could not be checked: too long", limit=limit)
    return met(f"{promise} ({_counted(report.lines, 'line')} read)", measured="no finding", limit=limit)


def _reason(reason: Reason, found: Found) -> str:
    where = "" if reason.place == "$" else f"{reason.place}: "
    first = f", first at {found.places[0]}" if found.places else ""
    return f"{where}{reason.what} ({_counted(found.count, 'time')}{first})"


def _not_read(report: Report) -> str:
    """Why not all was read; empty where it was."""
    if report.troubles:
        return _trouble(report.troubles)
    if report.lines and report.continued == report.lines:
        return f"no line is a record: {_counted(report.lines, 'line')} belong to one before (continuation)"
    return "" if report.lines else "no line was read"


def _trouble(troubles: Sequence[Trouble]) -> str:
    trouble = troubles[0]
    where = f"{trouble.file}:{trouble.line}:1" if trouble.line else trouble.file
    more = f" (and {_counted(len(troubles) - 1, 'other trouble')})" if len(troubles) > 1 else ""
    return f"a part could not be read: {where}: {trouble.reason}{more}"


def _lines(report: Report, checks: Iterable[str]) -> int:
    return sum(found.count for reason, found in report.found.items() if reason.check in checks)


def _span(comparison: Comparison) -> str:
    if comparison.since is None:
        return "it has no record"
    return f"it begins {seconds(max(0.0, comparison.until - comparison.since))} before it was read"


def _not_records(count: int) -> str:
    return "is not a record" if count == 1 else "are not records"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"

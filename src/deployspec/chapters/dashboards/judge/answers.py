"""What came of a query: a text that parses, and an answer that shows something."""

from __future__ import annotations

from collections.abc import Sequence

from deployspec.base import shown
from deployspec.chapters.dashboards.judge.lints import LintFinding
from deployspec.chapters.dashboards.judge.nothing import Reason, Why
from deployspec.chapters.dashboards.model import Answer, Kind, Made
from deployspec.languages.promql.syntax import PromqlError, parse
from deployspec.model.verdict import Verdict, breached, met, unmeasured


def parses(made: Made) -> Verdict:
    """BREACHED where a query, its variables and macros in place, is no PromQL; UNMEASURED where they cannot be put there."""
    limit = "PromQL, once its variables are in place"
    if not made.is_made:
        return unmeasured(unmade(made), limit=limit)
    try:
        parse(made.text)
    except PromqlError as error:
        text = shown.one_line(made.text, 120)
        return breached(f"`{text}` is no PromQL: {shown.one_line(str(error), 160)}", limit=limit)
    return met("it parses, with its variables in place", limit=limit)


def is_sound(findings: Sequence[LintFinding]) -> Verdict:
    """BREACHED where a lint has a finding: Prometheus answers the query, and it does not show what its author believes."""
    limit = "no finding"
    if not findings:
        return met("no lint objects to it", limit=limit)
    told = "; ".join(f"{one.message} (`deployspec explain {one.lint}`)" for one in findings)
    return breached(shown.one_line(told, 600), limit=limit)


def unmade(made: Made) -> str:
    """Why there is no text to ask."""
    names = shown.names(list(made.names)) if made.names else "it"
    why = f": {made.reason}" if made.reason else "; dashboards.variables can say what is chosen"
    return f"{names} cannot be expanded{why}"


def answers(
    answer: Answer,
    reasons: Sequence[Reason],
    mismatch: str,
    max_series: int,
    max_query_time: float,
    *,
    filters: bool,
) -> Verdict:
    """What Prometheus makes of a query: exactly one of a name that is unknown, matchers that select nothing, nothing now,
    too many series, too slow, and fine.

    ``reasons`` say why selectors of it select nothing; ``mismatch`` that two sides of an operation never meet; ``filters``
    that it leaves series out on purpose.
    """
    limit = f"an answer within {shown.seconds(max_query_time)}, of at most {max_series} series, from names and labels that are there"
    took = shown.seconds(answer.seconds, max_query_time)
    if answer.kind is Kind.UNAVAILABLE:
        return unmeasured(answer.reason, limit=limit)
    if answer.kind is Kind.REFUSED:
        return breached(f"Prometheus refuses it: {answer.reason}", limit=limit)
    if answer.kind is Kind.TOO_MUCH:
        return breached(f"too many series to read: {answer.reason}", limit=limit)
    if answer.kind is Kind.SLOW:
        return breached(f"slower than its limit: {answer.reason}", measured=took, limit=limit)
    count = len(answer.curves)
    series = "1 series" if count == 1 else f"{count} series"
    measured = f"{series} in {took}"
    for why, verdict, head in (
        (Why.UNKNOWN, breached, "unknown name: "),
        (Why.NO_MATCH, breached, "the matchers select nothing: "),
        (Why.UNTOLD, unmeasured, "it selects nothing: "),
    ):
        if found := [one.text for one in reasons if one.why is why]:
            return verdict(shown.one_line(head + "; ".join(found), 400), measured=measured, limit=limit)
    if mismatch:
        return breached(mismatch, measured=measured, limit=limit)
    if count > max_series:
        return breached(f"too many series to read: {count}", measured=measured, limit=limit)
    if answer.seconds > max_query_time:
        return breached(f"slower than its limit: it took {took}", measured=measured, limit=limit)
    if not answer.curves and not reasons and not filters:
        return unmeasured(
            "it shows nothing, although each of its selectors has series: too few samples in a range, or a function that "
            "cannot use them",
            measured=measured,
            limit=limit,
        )
    if now := nothing_now(answer, reasons, filters=filters):
        return met(f"nothing now, which is no fault: {now}", measured=measured, limit=limit)
    notes = [one.text for one in reasons]
    return met(
        shown.one_line(f"it shows {series}" + (f"; {'; '.join(notes)}" if notes else ""), 400),
        measured=measured,
        limit=limit,
    )


def nothing_now(answer: Answer, reasons: Sequence[Reason], *, filters: bool) -> str:
    """Why an answer without a number is no fault; empty where it has one, or where that is a fault."""
    if answer.kind is not Kind.ANSWERED or answer.shows_numbers:
        return ""
    if any(one.why is not Why.NOT_YET for one in reasons):
        return ""
    if reasons:
        return shown.one_line("; ".join(one.text for one in reasons), 300)
    if answer.curves:
        return "it shows NaN alone, as of a ratio or a quantile of nothing"
    return (
        "everything that it reads is there, and its condition does not hold in the range" if filters else ""
    )

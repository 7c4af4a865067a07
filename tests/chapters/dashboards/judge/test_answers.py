"""What an answer of Prometheus says of a query, at its limits and just beyond them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.answers import answers, is_sound, nothing_now, parses
from deployspec.chapters.dashboards.judge.lints import LintFinding
from deployspec.chapters.dashboards.judge.nothing import Reason, Why
from deployspec.chapters.dashboards.model import Answer, Curve, Kind, Made
from deployspec.languages.grafana import Kind as Where
from deployspec.languages.grafana import Place
from deployspec.model.verdict import Outcome, Verdict

NOT_YET, UNTOLD = Reason(Why.NOT_YET, "no error yet"), Reason(Why.UNTOLD, "it may come")
UNKNOWN, NO_MATCH = Reason(Why.UNKNOWN, "there is no x"), Reason(Why.NO_MATCH, "no job b")
NAN = (math.nan,)


def answered(*series: tuple[float, ...], seconds: float = 0.1) -> Answer:
    """An answer of so many series with these values."""
    curves = [Curve({}, tuple((float(at), value) for at, value in enumerate(one))) for one in series]
    return Answer(Kind.ANSWERED, seconds, tuple(curves))


def judged(answer: Answer, *reasons: Reason, mismatch: str = "", filters: bool = False) -> Verdict:
    """The verdict where two series, and half a second, are allowed."""
    return answers(answer, reasons, mismatch, 2, 0.5, filters=filters)


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (answered((1.0,)), Outcome.MET, "it shows 1 series"),
        (answered((1.0,), (1.0,)), Outcome.MET, "it shows 2 series"),
        (answered((1.0,), (1.0,), (1.0,)), Outcome.BREACHED, "too many series to read: 3"),
        (answered((1.0,), seconds=0.5), Outcome.MET, "it shows 1 series"),
        (answered((1.0,), seconds=0.5001), Outcome.BREACHED, "slower than its limit: it took 0.5001 s"),
        (Answer(Kind.UNAVAILABLE, reason="gone"), Outcome.UNMEASURED, "gone"),
        (Answer(Kind.REFUSED, reason="bad"), Outcome.BREACHED, "Prometheus refuses it: bad"),
        (Answer(Kind.TOO_MUCH, reason="large"), Outcome.BREACHED, "too many series to read: large"),
        (Answer(Kind.SLOW, 9.0, reason="late"), Outcome.BREACHED, "slower than its limit: late"),
    ],
)
def test_limits(answer: Answer, outcome: Outcome, reason: str) -> None:
    """Both are inside."""
    verdict = judged(answer)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(
    ("answer", "reasons", "more", "outcome", "reason"),
    [
        # The worst of what is missing tells, also where something is shown.
        (answered(), [NOT_YET, UNKNOWN], {}, Outcome.BREACHED, "unknown name: there is no x"),
        (answered((1.0,)), [UNKNOWN], {}, Outcome.BREACHED, "unknown name: there is no x"),
        (answered(), [NO_MATCH, UNKNOWN], {}, Outcome.BREACHED, "unknown name: there is no x"),
        (answered(), [UNTOLD, NO_MATCH], {}, Outcome.BREACHED, "the matchers select nothing: no job b"),
        (answered(), [NOT_YET, UNTOLD], {}, Outcome.UNMEASURED, "it selects nothing: it may come"),
        (answered((1.0,)), [UNTOLD], {}, Outcome.UNMEASURED, "it selects nothing: it may come"),
        (answered(), [NOT_YET], {}, Outcome.MET, "nothing now, which is no fault: no error yet"),
        (answered((1.0,)), [NOT_YET], {}, Outcome.MET, "it shows 1 series; no error yet"),
        (answered(), [], {"mismatch": "never meet"}, Outcome.BREACHED, "never meet"),
        (answered(NAN), [], {}, Outcome.MET, "nothing now, which is no fault: it shows NaN alone, as of a ratio or a quantile of nothing"),
        (answered(), [], {"filters": True}, Outcome.MET, "nothing now, which is no fault: everything that it reads is there, and its condition does not hold in the range"),
    ],
)  # fmt: skip
def test_what_is_missing(
    answer: Answer, reasons: list[Reason], more: dict[str, Any], outcome: Outcome, reason: str
) -> None:
    """Whether it is a fault, and of which kind."""
    verdict = judged(answer, *reasons, **more)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


def test_nothing_without_a_reason_is_not_met() -> None:
    """Nobody left anything out on purpose."""
    verdict = judged(answered())
    assert verdict.outcome is Outcome.UNMEASURED
    assert verdict.reason.startswith("it shows nothing, although each of its selectors has series"), verdict


@pytest.mark.parametrize(
    ("answer", "reasons", "filters", "says"),
    [
        (answered((1.0,)), [NOT_YET], True, ""),
        (answered(NAN, (math.nan, 1.0)), [], False, ""),
        (Answer(Kind.SLOW), [NOT_YET], True, ""),
        (answered(), [NOT_YET, UNTOLD], True, ""),
        (answered(), [NOT_YET, NOT_YET], False, "no error yet; no error yet"),
        (answered(NAN), [], False, "it shows NaN alone, as of a ratio or a quantile of nothing"),
        (answered(), [], False, ""),
    ],
)
def test_nothing_that_is_no_fault(answer: Answer, reasons: list[Reason], filters: bool, says: str) -> None:
    """Only where each of its reasons is none."""
    assert nothing_now(answer, reasons, filters=filters) == says


@pytest.mark.parametrize(
    ("made", "outcome", "reason"),
    [
        (Made("sum(x)"), Outcome.MET, "it parses, with its variables in place"),
        (Made("sum("), Outcome.BREACHED, "`sum(` is no PromQL: "),
        (Made("", ("$v",)), Outcome.UNMEASURED, "$v cannot be expanded; dashboards.variables can say what is chosen"),
        (Made("", ("$v",), "Prometheus is gone"), Outcome.UNMEASURED, "$v cannot be expanded: Prometheus is gone"),
        (Made("", (), "a circle"), Outcome.UNMEASURED, "it cannot be expanded: a circle"),
    ],
)  # fmt: skip
def test_whether_it_is_promql(made: Made, outcome: Outcome, reason: str) -> None:
    """What cannot be put in place is no fault of the text."""
    verdict = parses(made)
    assert (verdict.outcome, verdict.reason.startswith(reason)) == (outcome, True), verdict


def test_a_finding_of_a_lint_is_a_breach() -> None:
    """Each is told with the command that explains it."""
    place = Place("t.json", "panels[0].targets[0].expr", Where.PANEL, "P")
    assert is_sound([]).outcome is Outcome.MET
    verdict = is_sound([LintFinding(place, "one-lint", "wrong"), LintFinding(place, "another", "odd")])
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason == "wrong (`deployspec explain one-lint`); odd (`deployspec explain another`)"

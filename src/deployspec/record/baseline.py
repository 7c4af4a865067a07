"""What has changed from one run to another, figure by figure, by intervals. Pure.

One question is asked of each figure: is it worse by more than the margin? *regressed*: the whole interval of its change
says so; *no worse*: all of it says no (a test of non-inferiority); *improved*: it is better by more than the margin; else
there are too few samples to tell. That a change is above zero is not asked, because two runs of one build are never
quite alike.

All figures of two runs together are wrongly called regressed in at most ``FAMILY`` of all cases: each has its part of
that (Bonferroni). How often that holds, and what is found, is measured by ``python -m bench regressions``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from deployspec.model.figure import Figure
from deployspec.record.record import Run

FAMILY = 0.01
"""At most so often is any figure of a run called regressed though nothing has changed; and any called improved."""
MARGIN = 0.05
MOST_TIMES = 2**20
"""How many times as many samples ``times_needed`` thinks of at most."""
FAIL_ON_REGRESSION = "--fail-on-regression"
"""The option, with which a run's problem begins that comes of it."""
REGRESSED, IMPROVED, NO_WORSE, TOO_FEW = "regressed", "improved", "no worse", "too few samples"


class Found(NamedTuple):
    """What has become of a figure."""

    figure: Figure
    judgement: str
    change: float
    low: float
    high: float
    needed: int | None = None
    """Where there are too few samples: how many of each run would do; None where no number would, or one beyond all reach."""


def confidence_for(figures: int) -> float:
    """That of each figure's interval, both ends counted, where so many are compared."""
    return 1 - 2 * FAMILY / max(figures, 1)


def judged(figures: Sequence[Figure], margin: float) -> list[Found]:
    """Each figure judged, all of them together by ``FAMILY``. ``margin`` is above 0: 0.05 is 5%."""
    confidence = confidence_for(len(figures))
    found = [judged_alone(figure, confidence, margin) for figure in figures]
    return [
        one._replace(needed=_needed(one.figure, confidence, margin)) if one.judgement == TOO_FEW else one
        for one in found
    ]


def judged_alone(figure: Figure, confidence: float, margin: float) -> Found:
    """One figure, by the interval of this confidence, without how many samples would be needed."""
    change, low, high = figure.change(confidence)
    return Found(figure, _judgement(low, high, margin), change, low, high)


def _judgement(low: float, high: float, margin: float) -> str:
    if low > margin:
        return REGRESSED
    if high < -margin:
        return IMPROVED
    return NO_WORSE if high <= margin else TOO_FEW


def _needed(figure: Figure, confidence: float, margin: float) -> int | None:
    """How many samples of each run would settle it, if all of them were like those so far."""

    def settled(times: float) -> bool:
        _, low, high = figure.change(confidence, times)
        return _judgement(low, high, margin) != TOO_FEW

    enough = 1.0
    while not settled(enough):
        enough *= 2
        if enough > MOST_TIMES:
            return None
    too_few = enough / 2
    while enough / too_few > 1.01:
        middle = math.sqrt(enough * too_few)
        too_few, enough = (too_few, middle) if settled(middle) else (middle, enough)
    return math.ceil(enough * min(figure.before.samples, figure.after.samples))


def objection(baseline: Run, deployment: str) -> str:
    """Why nothing can be compared with this run; empty where it can."""
    if baseline.deployment != deployment:
        of = baseline.deployment or "no deployment"
        return f"a run of {of}; expected one of {deployment}"
    if baseline.exit_status is None or not baseline.finished:
        return "a run that has not finished; expected one that has"
    if baseline.cut_short:
        return f"a run that was cut short ({baseline.cut_short}); expected one that came to its end"
    for name, said in (("started", baseline.started), ("id", baseline.id)):
        if not isinstance(said, str):
            return f"a damaged run, whose {name} is no text; expected a run record"
    return ""


def is_passed_over(run: Run) -> bool:
    """Whether the newest run is not looked for among such ones, though whoever names it may compare with it.

    One in a maintenance window says little of other times; and one that has failed by a regression would make it the rule:
    the same build, run again, would be green.
    """
    figures = (run.added.get("comparison") or {}).get("figures", ())
    failed = any(line.startswith(FAIL_ON_REGRESSION) for line in run.problems)
    return bool(run.maintenance) or (failed and any(one["judgement"] == REGRESSED for one in figures))


def comparison(
    baseline: Run, margin: float, found: Sequence[Found], not_compared: Sequence[str]
) -> dict[str, Any]:
    """As the run record has it, by the key ``comparison``: what ``schemas/run-record.schema.json`` says."""
    return {
        "baseline": {"id": baseline.id, "started": baseline.started, "versions": baseline.versions},
        "margin": margin,
        "confidence": confidence_for(len(found)),
        "figures": [
            {
                "name": one.figure.name,
                "kind": one.figure.kind,
                "judgement": one.judgement,
                "before": one.figure.before.value,
                "after": one.figure.after.value,
                "samples": [one.figure.before.samples, one.figure.after.samples],
                "change": one.change,
                "low": _finite(one.low),
                "high": _finite(one.high),
                "needed": one.needed,
            }
            for one in found
        ],
        "not_compared": list(not_compared),
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

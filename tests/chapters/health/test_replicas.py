"""Verdicts on several replicas as one."""

from __future__ import annotations

import pytest

from deployspec.chapters.health.judge.replicas import of_each, worst_of
from deployspec.model.verdict import Outcome, Verdict, breached, met, unmeasured

GOOD = met("answered after 1 s", measured="1 s", limit="at most 2 s")
SLOW = met("answered after 2 s", measured="2 s", limit="at most 2 s")
BAD = breached("answered after 3 s, expected at most 2 s", measured="3 s", limit="at most 2 s")
WORSE = breached("answered after 4 s, expected at most 2 s", measured="4 s", limit="at most 2 s")
LOST = unmeasured("the prober could not ask")


@pytest.mark.parametrize(
    ("verdicts", "outcome", "reason", "measured"),
    [
        pytest.param({}, Outcome.UNMEASURED, "no replica was asked", "", id="none"),
        pytest.param({"": BAD}, Outcome.BREACHED, BAD.reason, "3 s", id="one-without-a-name"),
        pytest.param({"a": GOOD}, Outcome.MET, "answered after 1 s (1 replica)", "1 s", id="one"),
        pytest.param({"a": GOOD, "b": GOOD}, Outcome.MET, "answered after 1 s (2 replicas)", "1 s", id="alike"),
        pytest.param({"a": GOOD, "b": SLOW}, Outcome.MET, "answered after 1 s (a, the first of 2 replicas)", "1 s; 2 s", id="met"),
        pytest.param({"a": GOOD, "b": BAD}, Outcome.BREACHED, f"b (1 of 2 replicas): {BAD.reason}", "3 s", id="one-breach"),
        pytest.param({"a": LOST, "b": BAD}, Outcome.BREACHED, f"b (1 of 2 replicas): {BAD.reason}", "3 s", id="a-breach-is-a-breach"),
        pytest.param({"a": LOST, "b": GOOD}, Outcome.UNMEASURED, f"a (1 of 2 replicas): {LOST.reason}", "", id="not-measured"),
        pytest.param({"a": BAD, "b": BAD}, Outcome.BREACHED, f"all 2 replicas: {BAD.reason}", "3 s", id="all"),
        pytest.param({"a": BAD, "b": WORSE, "c": GOOD}, Outcome.BREACHED, f"2 of 3 replicas: a: {BAD.reason}; b: {WORSE.reason}",
                     "a: 3 s; b: 4 s", id="several"),
    ],
)  # fmt: skip
def test_of_each(verdicts: dict[str, Verdict], outcome: Outcome, reason: str, measured: str) -> None:
    """A breach of one is a breach and names it; nothing that could not be measured is met."""
    whole = of_each(verdicts)
    assert (whole.outcome, whole.reason, whole.measured) == (outcome, reason, measured)


def test_many_are_counted() -> None:
    """Three are shown, and the others counted."""
    alike = of_each({**{f"r{n}": BAD for n in range(5)}, "good": GOOD})
    assert alike.reason.startswith("r0, r1, r2 and 2 more (5 of 6 replicas): answered after 3 s")
    each = {f"r{n}": breached(f"fault {n}", measured=str(n)) for n in range(5)}
    assert of_each(each).reason == "5 of 5 replicas: r0: fault 0; r1: fault 1; r2: fault 2 (and 2 more)"
    assert list(worst_of({**each, "good": GOOD})) == list(each)
    assert (
        of_each({f"r{n}": met("in time", measured=str(n)) for n in range(5)}).measured == "0; 1; 2 and 2 more"
    )

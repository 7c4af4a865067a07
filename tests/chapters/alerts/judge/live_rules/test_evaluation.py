"""Whether loaded rules can be evaluated."""

from __future__ import annotations

from deployspec.chapters.alerts.judge.live_rules import evaluates
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.verdict import Outcome
from tests.chapters.alerts.judge.live_rules.building import answer_group, answer_rule, loaded, rule

OURS = rule("up == 0", "Down")
MANY = "found duplicate series for the match group {} on the right hand-side of the operation"


def test_a_rule_that_evaluates() -> None:
    """MET where the last evaluation went well."""
    verdict = evaluates([OURS], loaded(answer_group(answer_rule("up == 0", "Down"))))
    assert (verdict.outcome, verdict.reason) == (Outcome.MET, "the last evaluation there of Down went well")


def test_an_evaluation_error() -> None:
    """BREACHED where the last evaluation failed, with Prometheus' own words; others' rules do not count."""
    failing = answer_rule("up == 0", "Down", health="err", lastError=MANY)
    verdict = evaluates([OURS, rule("up", "Fine")], loaded(answer_group(failing, answer_rule("up", "Fine"))))
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason == f"its evaluation fails there: Down (group api): {MANY}"
    assert verdict.measured == "1 of 2 rules fails"
    other = loaded(answer_group(failing, name="other"), answer_group(answer_rule("up == 0", "Down")))
    assert evaluates([OURS], other).outcome is Outcome.MET


def test_an_error_counts_more_than_what_is_not_known() -> None:
    """One rule that fails is a breach, whatever is not known of another."""
    failing = answer_rule("up == 0", "Down", health="err", lastError=MANY)
    verdict = evaluates([rule("up", "Gone"), OURS], loaded(answer_group(failing)))
    assert verdict.outcome is Outcome.BREACHED


def test_what_is_not_known_is_unmeasured() -> None:
    """UNMEASURED where a rule is not loaded, not evaluated yet, or Prometheus told nothing, or nothing is asked."""
    waiting = loaded(answer_group(answer_rule("up == 0", "Down", health="unknown")))
    table = [
        (evaluates([OURS], loaded()), "not loaded there: Down (group api)"),
        (evaluates([OURS], waiting), "not evaluated there yet: Down (group api)"),
        (evaluates([OURS, rule("up", "A"), rule("up", "B")], loaded()), "not loaded there: Down (group api), and 2 more"),
        (evaluates([OURS], Unavailable("no answer")), "no answer"),
        (evaluates([], waiting), "there is no rule whose evaluation could be checked"),
    ]  # fmt: skip
    for verdict, reason in table:
        assert (verdict.outcome, verdict.reason) == (Outcome.UNMEASURED, reason)


def test_a_rule_of_the_same_names_elsewhere() -> None:
    """Of two loaded rules of one group's and rule's name, ours is the one that means the same."""
    theirs = answer_group(answer_rule("x > 1", "Down", health="err", lastError=MANY), file="/team-b.yml")
    ours = answer_group(answer_rule("up == 0", "Down"))
    assert evaluates([OURS], loaded(theirs, ours)).outcome is Outcome.MET
    changed = answer_group(answer_rule("up == 1", "Down"))
    assert evaluates([OURS], loaded(theirs, changed)).outcome is Outcome.BREACHED


def test_a_rule_that_is_loaded_twice_fails_once() -> None:
    """No more rules fail than there are."""
    failing = answer_rule("up == 0", "Down", health="err", lastError=MANY)
    twice = loaded(answer_group(failing), answer_group(failing, file="/again.yml"))
    verdict = evaluates([OURS], twice)
    assert verdict.measured == "1 of 1 rule fails"
    assert verdict.reason == f"its evaluation fails there: Down (group api): {MANY}"
    other = answer_rule("up", "Fine", health="err", lastError=MANY)
    verdict = evaluates([OURS, rule("up", "Fine")], loaded(answer_group(failing, other)))
    assert verdict.measured == "2 of 2 rules fail"
    assert verdict.reason.endswith("; and 1 more rule")


def test_verdicts_on_evaluation_are_whole() -> None:
    """How many were judged, and the limit in any case; of two of one name, what is said of each."""
    fine = answer_rule("up", "Fine")
    good, failing = (
        answer_rule("up == 0", "Down"),
        answer_rule("up == 0", "Down", health="err", lastError=MANY),
    )
    both = [OURS, rule("up", "Fine")]
    table = [
        (evaluates(both, loaded(answer_group(good, fine))), Outcome.MET, "each rule went well"),
        (evaluates(both, loaded(answer_group(failing, fine))), Outcome.BREACHED, "fails there: Down"),
        (
            evaluates(both, loaded(answer_group(fine))),
            Outcome.UNMEASURED,
            "not loaded there: Down (group api)",
        ),
        (evaluates(both, loaded()), Outcome.UNMEASURED, "Down (group api), and 1 more"),
        (evaluates(both, Unavailable("no answer")), Outcome.UNMEASURED, "no answer"),
    ]
    for verdict, outcome, reason in table:
        assert (verdict.outcome, verdict.limit) == (outcome, "no evaluation error")
        assert verdict.reason.endswith(reason) or reason in verdict.reason

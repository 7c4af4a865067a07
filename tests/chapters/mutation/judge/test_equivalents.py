"""The file of equivalent mutants, and the score that is given with it."""

from __future__ import annotations

import pytest

from deployspec.base.problems import Place
from deployspec.chapters.mutation.judge.equivalents import Equivalent, read_equivalents, unknown
from deployspec.chapters.mutation.judge.mutants import mutants
from deployspec.chapters.mutation.judge.score import MutantRun, MutationResult, Status, score, survivors_text
from deployspec.model.verdict import Outcome
from tests.chapters.mutation.judge.made import rule

RULE = rule("up == 0")
MUTANTS = mutants(RULE)
PLACE = Place("equivalent.yml", 3, 1)


def result(*statuses: Status, cases: int = 2, problem: str = "", detail: str = "") -> MutationResult:
    """The first mutants with these statuses, all further ones killed."""
    filled = [*statuses, *(["killed"] * (len(MUTANTS) - len(statuses)))]
    runs = tuple(MutantRun(mutant, status, detail) for mutant, status in zip(MUTANTS, filled, strict=True))  # type: ignore[arg-type]
    return MutationResult(RULE, () if problem else runs, cases, problem)


def test_all_killed() -> None:
    """A rule whose mutants were all noticed is MET."""
    verdict = score(result())
    assert (verdict.outcome, verdict.measured) == (Outcome.MET, f"{len(MUTANTS)} killed")
    assert verdict.reason == f"all {len(MUTANTS)} mutants of alert Alarm that differ from it were noticed"


def test_survivors_are_told_with_their_diffs() -> None:
    """A survivor is a breach that names the change, its id, the case that is missing, and the diff."""
    found = result("survived", "survived")
    verdict = score(found)
    assert verdict.outcome == Outcome.BREACHED
    assert verdict.reason == f"2 mutants of alert Alarm survived: == → != ({MUTANTS[0].id}), and 1 more"
    text = survivors_text(found)
    assert "No case compares 0, which `== 0` and `!= 0` judge differently." in text
    assert "-    up == 0\n+    up != 0" in text
    assert MUTANTS[1].id in text


def test_an_equivalent_mutant_may_survive() -> None:
    """A survivor that stands in the file with its reason is counted apart, and not told again."""
    entries = [Equivalent(MUTANTS[0].id, "because", PLACE)]
    verdict = score(result("survived"), entries)
    assert verdict.outcome == Outcome.MET
    assert verdict.measured == f"{len(MUTANTS) - 1} killed, 1 equivalent"
    assert survivors_text(result("survived"), entries) == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [pytest.param("killed", "a case kills it"), pytest.param("invalid", "Prometheus does not take it")],
)
def test_an_entry_that_is_no_longer_true(status: Status, words: str) -> None:
    """An entry whose mutant is noticed now, or is no rule, is a breach at the entry's place."""
    verdict = score(result(status), [Equivalent(MUTANTS[0].id, "because", PLACE)])
    assert verdict.outcome == Outcome.BREACHED
    assert (
        verdict.reason == f"{PLACE}: {MUTANTS[0].id} is listed as equivalent, but {words}; remove the entry"
    )


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        pytest.param(result("unmeasured", detail="it hung"), Outcome.UNMEASURED, "1 mutant of alert Alarm could not be judged: ", id="unmeasured"),
        pytest.param(result("unmeasured", "survived"), Outcome.BREACHED, "1 mutant of alert Alarm survived: ", id="survivor-says-enough"),
        pytest.param(result(problem="the tests fail"), Outcome.UNMEASURED, "alert Alarm could not be mutated: the tests fail", id="problem"),
        pytest.param(result(cases=0), Outcome.BREACHED, "no case looks at alert Alarm, so a change to it would go unnoticed", id="no-case"),
        pytest.param(result(*["invalid"] * len(MUTANTS)), Outcome.UNMEASURED, "alert Alarm has no valid mutant, so nothing is known about its tests", id="all-invalid"),
        pytest.param(MutationResult(RULE, (), 1), Outcome.UNMEASURED, "alert Alarm has no valid mutant, so nothing is known about its tests", id="no-mutant"),
    ],
)  # fmt: skip
def test_score(found: MutationResult, outcome: Outcome, reason: str) -> None:
    """What is not known is never MET, and an invalid mutant never counts as killed."""
    verdict = score(found)
    assert verdict.outcome == outcome
    assert verdict.reason.startswith(reason)


def test_reading() -> None:
    """Entries come with their places; an empty file has none."""
    entries, problems = read_equivalents("# why\n- id: a/b/c\n  reason: it is\n", "e.yml")
    assert entries == (Equivalent("a/b/c", "it is", Place("e.yml", 2, 3)),)
    assert problems == ()
    assert read_equivalents("", "e.yml") == ((), ())
    assert read_equivalents("# nothing\n[]\n", "e.yml") == ((), ())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("- {id: a}", "e.yml:1:3: found no `reason`; expected why no test can tell the mutant from its rule", id="no-reason"),
        pytest.param("- {id: a, reason: }", "e.yml:1:19: found no text for `reason`; expected why no test can tell the mutant from its rule", id="null-reason"),
        pytest.param("- {id: a, reason: ' '}", "e.yml:1:19: found no text for `reason`; expected why no test can tell the mutant from its rule", id="blank-reason"),
        pytest.param("- {reason: b}", "e.yml:1:3: found no `id`; expected the id of a mutant, as a survivor is reported", id="no-id"),
        pytest.param("- {id: a, reason: b, why: c}", "e.yml:1:22: found the key 'why'; expected only `id` and `reason`", id="unknown-key"),
        pytest.param("- {id: a, id: b, reason: c}", "e.yml:1:11: found the key `id` for the second time (the first is at 1:4); expected each key once", id="key-twice"),
        pytest.param("- {id: [a], reason: c}", "e.yml:1:8: found no text for `id`; expected the id of a mutant, as a survivor is reported", id="list"),
        pytest.param("- a", "e.yml:1:3: found 'a'; expected a mapping with `id` and `reason`", id="text"),
        pytest.param("id: a", "e.yml:1:1: found a mapping; expected a list of `{id: …, reason: …}`", id="mapping"),
        pytest.param("[", "e.yml:2:1: found broken YAML (", id="broken"),
        pytest.param("- {id: a, reason: b}\n- {id: a, reason: b}", "e.yml:2:3: found a again; expected each mutant once", id="twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_file(text: str, problem: str) -> None:
    """Each defect is told at its place, and no entry is made of it."""
    entries, problems = read_equivalents(text, "e.yml")
    assert [str(each)[: len(problem)] for each in problems] == [problem]
    assert len(entries) == text.count("\n")


def test_unknown_entries() -> None:
    """An entry that names no mutant of any rule is a problem at its place."""
    known, other = Equivalent(MUTANTS[0].id, "r", PLACE), Equivalent("Alarm/comparison/0", "r", PLACE)
    (problem,) = unknown([known, other], {mutant.id for mutant in MUTANTS})
    assert str(problem).startswith(f"{PLACE}: found Alarm/comparison/0, which is not a mutant of any rule;")


def test_how_many_mutants_were_noticed() -> None:
    """None where all of them are equivalent; one is not all of several."""
    entries = [Equivalent(mutant.id, "because", PLACE) for mutant in MUTANTS]
    verdict = score(result(*["survived"] * len(MUTANTS)), entries)
    assert verdict.outcome is Outcome.MET
    assert verdict.reason == (
        f"no mutant of alert Alarm differs from it: {len(MUTANTS)} mutants accepted as equivalent"
    )
    one = score(result(*["invalid"] * (len(MUTANTS) - 1)))
    assert one.reason == "the one mutant of alert Alarm that differs from it was noticed"


@pytest.mark.parametrize(
    ("found", "measured"),
    [
        (result(problem="the tests fail"), ""),
        (result(cases=0), "0 cases"),
        (result("survived"), f"{len(MUTANTS) - 1} killed, 1 survived"),
        (result("invalid", "unmeasured"), f"{len(MUTANTS) - 2} killed, 1 invalid, 1 unmeasured"),
        (result(*["survived"] * len(MUTANTS)), f"0 killed, {len(MUTANTS)} survived"),
    ],
    ids=["problem", "no-case", "survived", "invalid", "none"],
)
def test_what_was_measured(found: MutationResult, measured: str) -> None:
    """How many there are of each kind; none is said of the killed alone."""
    verdict = score(found)
    assert (verdict.measured, verdict.limit) == (
        measured,
        "every valid mutant killed, or equivalent with a reason",
    )


def test_the_first_survivor_is_named() -> None:
    """And how many more there are; all of them stand in the text, apart from each other."""
    one, two = result("survived"), result("survived", "survived")
    assert score(one).reason == f"1 mutant of alert Alarm survived: == → != ({MUTANTS[0].id})"
    assert survivors_text(two) == f"{survivors_text(one)}\n\n" + survivors_text(
        two, [Equivalent(MUTANTS[0].id, "because", PLACE)]
    )


def test_the_mutant_that_could_not_be_judged_is_named() -> None:
    """Not one that could be."""
    verdict = score(result("killed", "unmeasured", detail="it hung"))
    assert verdict.reason == f"1 mutant of alert Alarm could not be judged: {MUTANTS[1].id}: it hung"


def test_an_entry_of_another_rule_is_nothing_to_this_one() -> None:
    """It is neither killed nor refused here."""
    assert score(result(), [Equivalent("Other/comparison/0", "because", PLACE)]).outcome is Outcome.MET

"""What it says of a rule's tests that they pass or fail with its mutants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from deployspec.base.shown import counted
from deployspec.chapters.mutation.judge.equivalents import Equivalent
from deployspec.chapters.mutation.judge.mutants import Mutant
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Verdict, breached, met, unmeasured

Status: TypeAlias = Literal["killed", "survived", "invalid", "unmeasured"]


@dataclass(frozen=True)
class MutantRun:
    """A mutant, and what the tests made of it."""

    mutant: Mutant
    status: Status
    """``killed``: a case failed; ``survived``: all passed; ``invalid``: no rule that Prometheus takes; ``unmeasured``:
    promtool's answer could not be understood."""
    detail: str = ""
    """Why it is unmeasured."""


@dataclass(frozen=True)
class MutationResult:
    """All mutants of a rule after their runs."""

    rule: Rule
    runs: tuple[MutantRun, ...] = ()
    cases: int = 0
    """How many cases look at what the rule makes."""
    problem: str = ""
    """Why the rule could not be mutated at all; empty where it could."""

    def survivors(self, equivalents: Sequence[Equivalent] = ()) -> tuple[Mutant, ...]:
        """Those that no case noticed, but for the ones accepted as equivalent."""
        accepted = {entry.id for entry in equivalents}
        return tuple(
            run.mutant for run in self.runs if run.status == "survived" and run.mutant.id not in accepted
        )


def score(result: MutationResult, equivalents: Sequence[Equivalent] = ()) -> Verdict:
    """MET where each valid mutant was killed, or survived and stands in the file of equivalent ones.

    A rule without a case, or one of whose equivalent mutants is killed now, is BREACHED; one whose mutants were not all
    measured, or that has no valid mutant, is UNMEASURED, unless a survivor says enough already.
    """
    survivors = result.survivors(equivalents)
    count = Counter(run.status for run in result.runs)
    verdict, reason = _said(result, equivalents, survivors, count)
    measured = "" if result.problem else "0 cases" if not result.cases else _measured(count, len(survivors))
    return verdict(reason, measured=measured, limit="every valid mutant killed, or equivalent with a reason")


def _said(
    result: MutationResult,
    equivalents: Sequence[Equivalent],
    survivors: Sequence[Mutant],
    count: Counter[Status],
) -> tuple[Callable[..., Verdict], str]:
    name = f"{result.rule.kind} {result.rule.name}"
    if result.problem:
        return unmeasured, f"{name} could not be mutated: {result.problem}"
    if not result.cases:
        return breached, f"no case looks at {name}, so a change to it would go unnoticed"
    if survivors:
        first = survivors[0]
        more = f", and {len(survivors) - 1} more" if len(survivors) > 1 else ""
        return (
            breached,
            f"{counted(len(survivors), 'mutant')} of {name} survived: {first.what} ({first.id}){more}",
        )
    status = {run.mutant.id: run.status for run in result.runs}
    for entry in equivalents:
        if (what := _NO_EQUIVALENT.get(status.get(entry.id, "survived"))) is not None:
            reason = f"{entry.place}: {entry.id} is listed as equivalent, but {what} it; remove the entry"
            return breached, reason
    if count["unmeasured"]:
        detail = next(run for run in result.runs if run.status == "unmeasured")
        reason = f"{counted(count['unmeasured'], 'mutant')} of {name} could not be judged: {detail.mutant.id}: {detail.detail}"
        return unmeasured, reason
    if count["killed"] > 1:
        return met, f"all {counted(count['killed'], 'mutant')} of {name} that differ from it were noticed"
    if count["killed"]:
        return met, f"the one mutant of {name} that differs from it was noticed"
    if count["survived"]:
        return (
            met,
            f"no mutant of {name} differs from it: {counted(count['survived'], 'mutant')} accepted as equivalent",
        )
    return unmeasured, f"{name} has no valid mutant, so nothing is known about its tests"


_NO_EQUIVALENT: Mapping[Status, str] = {"killed": "a case kills", "invalid": "Prometheus does not take"}


def survivors_text(result: MutationResult, equivalents: Sequence[Equivalent] = ()) -> str:
    """Each survivor with its diff and the case that is missing, for a person to write it."""
    return "\n\n".join(
        f"{mutant.id}: {mutant.what}\nNo case {mutant.test}.\n{mutant.diff()}"
        for mutant in result.survivors(equivalents)
    )


def _measured(count: Counter[Status], survivors: int) -> str:
    parts = {
        "killed": count["killed"],
        "survived": survivors,
        "equivalent": count["survived"] - survivors,
        "invalid": count["invalid"],
        "unmeasured": count["unmeasured"],
    }
    return ", ".join(f"{number} {word}" for word, number in parts.items() if number or word == "killed")

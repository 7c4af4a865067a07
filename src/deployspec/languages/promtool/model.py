"""What promtool made of one case."""

from __future__ import annotations

from dataclasses import dataclass

from deployspec.languages.rule_files.model import Case

CaseKey = tuple[int, str, int]
"""A case within its file: its group's index, its kind, its number."""


def case_key(case: Case) -> CaseKey:
    """What tells a case from all others of its file. (A case itself holds mappings, so it is no key.)"""
    return case.group, case.kind, case.number


@dataclass(frozen=True, slots=True)
class CaseRun:
    """What promtool made of one case."""

    status: int | None
    """0: passed; 1: failed, or promtool refuses the file; None: not judged."""
    text: str
    """For a person, of a failure: expected against got, then promtool's own words. Empty of a pass."""
    reproduce: str
    """A line for a shell that has promtool judge the user's own file."""
    seconds: float
    """How long promtool took for the file that the case was judged in."""
    printed: str = ""
    """promtool's own words about this case alone, of a failure."""
    trouble: str = ""
    """Why it was not judged; empty where it was."""
    later: str = ""
    """promtool's words on a rule that fails only after the last ``eval_time`` of the case's group; empty where none does."""
    order: tuple[str, ...] = ()
    """The order of groups of rules in which it passes, where it fails in the opposite one and the test file says neither;
    empty where that is not so."""

"""The three verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a check found out about its promise."""

    MET = "MET"
    """Measured, and as promised."""
    BREACHED = "BREACHED"
    """Measured, and not as promised."""
    UNMEASURED = "UNMEASURED"
    """Could not be measured, so nothing is known. It fails a run exactly as BREACHED does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's outcome, and what a person needs to believe it and to act on it."""

    outcome: Outcome
    reason: str
    """One line, without secrets: what was found, or why nothing could be measured."""
    measured: str = ""
    """The measured value with its unit, as a person reads it; empty where there is none."""
    limit: str = ""
    """What was expected, with its unit; "<" or "at most" in words. Empty where there is none."""


def met(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise was measured and held."""
    return Verdict(Outcome.MET, reason, measured, limit)


def breached(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise was measured and did not hold."""
    return Verdict(Outcome.BREACHED, reason, measured, limit)


def unmeasured(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise could not be measured."""
    return Verdict(Outcome.UNMEASURED, reason, measured, limit)

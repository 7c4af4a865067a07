"""The three verdicts, and how a check that has none that is MET ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deployspec.base.disclosure import redact


class Outcome(StrEnum):
    """What a check found out about its promise."""

    MET = "MET"
    """Measured, and as promised."""
    BREACHED = "BREACHED"
    """Measured, and not as promised."""
    UNMEASURED = "UNMEASURED"
    """Could not be measured, so nothing is known. It fails a run exactly as BREACHED does."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """The share that a verdict rests on, in numbers, for those that draw it: of good ones, whatever the words tell of."""

    objective: str
    """The objective's name."""
    counted_by: str
    """``load``: a load run; ``window``: Prometheus, in the objective's window."""
    good: float
    total: float
    """All that count. More than 0."""
    target: float
    """The share that has to be good, from 0 to 1."""
    low: float | None = None
    high: float | None = None
    """The ends of the 95% confidence interval of the share; None where all were counted and nothing is estimated."""
    route: str = ""
    """Of a load run: the kind of requests that it is of; empty where it is of all."""
    slow_from: int | None = None
    """Of a load run: from how many nanoseconds on a request is a bad one; None where those are bad that failed."""

    @property
    def interval(self) -> str:
        """The interval, for a person; empty where nothing is estimated."""
        if self.low is None or self.high is None:
            return ""
        from deployspec.base.shown import percentage

        return f"{percentage(self.low, self.target)} to {percentage(self.high, self.target)}"


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
    proportion: Proportion | None = None
    """None where it does not rest on a share, or none was measured."""


class Breached(AssertionError):  # noqa: N818 - the word is the verdict's
    """A promise was measured and did not hold. An AssertionError, so that Allure says *failed*."""

    def __init__(self, reason: str) -> None:
        super().__init__(redact(reason))


class Unmeasured(Exception):  # noqa: N818 - the word is the verdict's
    """A promise could not be measured. No AssertionError, so that Allure says *broken*."""

    def __init__(self, reason: str) -> None:
        super().__init__(redact(reason))


def met(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise was measured and held."""
    return Verdict(Outcome.MET, reason, measured, limit)


def breached(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise was measured and did not hold."""
    return Verdict(Outcome.BREACHED, reason, measured, limit)


def unmeasured(reason: str, *, measured: str = "", limit: str = "") -> Verdict:
    """The promise could not be measured."""
    return Verdict(Outcome.UNMEASURED, reason, measured, limit)

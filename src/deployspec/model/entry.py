"""One check of a run, as the run record keeps it. Everything that tells of a run reads this."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from deployspec.model.verdict import Outcome, Proportion


@dataclass(frozen=True)
class Evidence:
    """Something a person can look at to believe a verdict."""

    title: str
    text: str


@dataclass(frozen=True)
class Accepted:
    """That a team lives with a check's verdict, until a day."""

    owner: str
    reason: str
    until: str
    """The last day of it: ``2026-12-31``."""
    place: str
    """File and line of the acceptance: ``accepted.yaml:3``."""

    def in_words(self, day: str = "") -> str:
        """It in a line. ``day`` (``2026-12-31``) is that of the run, from which the days that are left count."""
        from datetime import date

        left = ""
        if day:
            days = (date.fromisoformat(self.until) - date.fromisoformat(day)).days
            left = f" ({days} {'day' if days == 1 else 'days'} left)"
        return f"accepted until {self.until}{left} by {self.owner}: {self.reason} ({self.place})"


@dataclass(frozen=True)
class Entry:
    """A check's verdict with all that belongs to it. Free of secrets once ``mapped`` with the redaction."""

    check: str
    """pytest's node id."""
    id: str
    """The check's own name, which lasts: ``health.ok-is-all-parts``."""
    chapter: str
    """The marker: the guide's chapter that the promise comes from."""
    promise: str
    """The promise in the check's own words."""
    verdict: str
    """MET, BREACHED or UNMEASURED."""
    reason: str
    measured: str = ""
    limit: str = ""
    flaky: bool = False
    """An answer came only after a retry: met, but not plainly. Or, where a run looked for it, the check went to and fro
    between MET and BREACHED in the runs before."""
    reproduce: str = ""
    """A command line that repeats the measurement, header values masked."""
    evidence: tuple[Evidence, ...] = ()
    duration: float = 0.0
    """Seconds that the check took, shared measurements included in the check that came first."""
    waited: float = 0.0
    """Seconds of it that the check waited for the service's own clock to move on."""
    source: str = ""
    """File and line of the check."""
    asks: bool = True
    """Whether the check asked the deployment, or what watches it; False for one that looked at files alone."""
    proportion: Proportion | None = None
    """The share that the verdict rests on; None where it rests on none."""
    accepted: Accepted | None = None
    """Why the verdict, which is not MET, fails neither a gate nor a probe; None where it does."""
    met_again: str = ""
    """Why a check that is MET fails all the same: an acceptance says that it is not, and is to be removed."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Entry:
        """Read back what ``dataclasses.asdict`` wrote; unknown keys are ignored."""
        known = {field.name: data[field.name] for field in fields(cls) if field.name in data}
        known["evidence"] = tuple(Evidence(**item) for item in known.get("evidence", ()))
        if known.get("proportion") is not None:
            known["proportion"] = Proportion(**known["proportion"])
        if known.get("accepted") is not None:
            known["accepted"] = Accepted(**known["accepted"])
        return cls(**known)

    @property
    def fails(self) -> bool:
        """Whether it fails a gate, or a probe."""
        return bool(self.met_again) or (self.verdict != Outcome.MET and self.accepted is None)

    @property
    def place(self) -> tuple[str, int, str]:
        """Sorts entries as the specification is written."""
        path, _, line = self.source.rpartition(":")
        return path, int(line or 0), self.check

    def mapped(self, change: Callable[[str], str]) -> Entry:
        """The same entry with every text that was measured changed by ``change``, such as a redaction."""
        return replace(
            self,
            reason=change(self.reason),
            measured=change(self.measured),
            limit=change(self.limit),
            reproduce=change(self.reproduce),
            evidence=tuple(Evidence(change(item.title), change(item.text)) for item in self.evidence),
            accepted=self.accepted
            and replace(
                self.accepted, owner=change(self.accepted.owner), reason=change(self.accepted.reason)
            ),
        )

    def properties(self) -> list[tuple[str, str]]:
        """Name and value pairs for JUnit XML."""
        return [
            ("id", self.id),
            ("verdict", self.verdict),
            ("chapter", self.chapter),
            ("promise", self.promise),
            ("reason", self.reason),
            ("measured", self.measured),
            ("limit", self.limit),
            ("flaky", "true" if self.flaky else ""),
            ("accepted", self.accepted.place if self.accepted else ""),
            ("reproduce", self.reproduce),
        ]

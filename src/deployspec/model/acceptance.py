"""An entry of the file of accepted breaches: that a team lives with a check's verdict, until a day."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from deployspec.model.verdict import Outcome


@dataclass(frozen=True)
class Acceptance:
    """What one entry says."""

    check: str
    """A pattern of ids: ``*`` stands for any characters, ``?`` for one. Brackets stand for themselves."""
    deployment: str
    """The same of names. Where no deployment is named, its name is empty."""
    owner: str
    reason: str
    until: str
    """The last day of it, in UTC: ``2026-12-31``; another text where ``is_day`` is False."""
    place: str
    """File and line: ``accepted.yaml:3``."""
    is_day: bool = True
    strict: bool | None = None
    """Whether the check fails once it is MET again. None where the file does not say: then one does whose verdict rests on
    no interval."""
    verdict: str = Outcome.BREACHED.value
    """The verdict that is accepted, and no other."""

    def is_for(self, deployment: str) -> bool:
        """Whether it is for the deployment of this name."""
        return matches(self.deployment, deployment)

    def has_expired(self, day: str) -> bool:
        """Whether it no longer holds on a day. What names no day has."""
        return not self.is_day or self.until < day


def matches(pattern: str, name: str) -> bool:
    """Whether a pattern of the file stands for a name."""
    return fnmatchcase(name, pattern.replace("[", "[[]"))

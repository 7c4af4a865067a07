"""What a lint says."""

from __future__ import annotations

from dataclasses import dataclass

from deployspec.base.problems import Place


@dataclass(frozen=True, slots=True, order=True)
class LintFinding:
    """A rule that is valid, and does not do what its author believes."""

    place: Place
    """The exact characters: the division, the quantile's call, the label in the template, the alert's name."""
    lint: str
    """``unaggregated-ratio``, ``unaggregated-quantile``, ``dropped-label`` or ``default-route-only``."""
    rule: str
    """The alert's name, or the recorded metric's."""
    message: str
    """One line: what is wrong, what follows from it, and what to write instead."""

    @property
    def docs(self) -> str:
        """The page that explains the lint."""
        return f"docs/lint/{self.lint}.md"

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.message} ({self.lint}, see {self.docs})"

"""What a guard found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deployspec.base.problems import Place
from deployspec.languages.rule_files.model import Case, TestGroup


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason why cases show nothing, whatever promtool says of them; or a note."""

    place: Place
    """Where the mistake stands."""
    reason: str
    """One line."""
    about: Case | TestGroup | None = None
    """A single case or a whole group; None: the whole file."""
    guard: str = ""
    """The guard's name, such as ``unknown-alert``."""
    note: bool = False
    """Whether it is only worth knowing: it is told with the file and is no breach."""

    def concerns(self, case: Case) -> bool:
        """Whether this case, of the file in which the finding was made, is among those that show nothing."""
        if self.note:
            return False
        if isinstance(self.about, TestGroup):
            return self.about.index == case.group
        return self.about in (None, case)


def concerning(found: Iterable[Finding], case: Case) -> tuple[Finding, ...]:
    """The findings that concern a case of the same file: its own, its group's, the file's."""
    return tuple(finding for finding in found if finding.concerns(case))

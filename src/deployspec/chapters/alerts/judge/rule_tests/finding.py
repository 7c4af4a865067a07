"""What a guard found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from deployspec.base.problems import Place
from deployspec.languages.rule_files.model import Case, TestGroup


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason why cases show nothing, whatever promtool says of them."""

    guard: str
    """The guard's name, such as ``unknown-alert``."""
    place: Place
    """Where the mistake stands."""
    reason: str
    """One line."""
    case: Case | None = None
    """The case it is about; None: it is about a whole group or file."""
    group: TestGroup | None = None
    """The group it is about; None: it is about a single case, or about the whole file."""

    def concerns(self, case: Case) -> bool:
        """Whether this case, of the file in which the finding was made, is among those that show nothing."""
        if self.case is not None:
            return self.case == case
        return self.group is None or self.group.index == case.group


def concerning(found: Iterable[Finding], case: Case) -> tuple[Finding, ...]:
    """The findings that concern a case of the same file: its own, its group's, the file's."""
    return tuple(finding for finding in found if finding.concerns(case))

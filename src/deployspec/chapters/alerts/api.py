"""What other chapters may take from this one: the rules of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployspec.chapters.alerts.items import given, rule_set_of
from deployspec.chapters.alerts.planning import PROMTOOL, files_of, version_of_promtool

if TYPE_CHECKING:
    import pytest

    from deployspec.languages.rule_files.model import Rule

__all__ = [
    "PROMTOOL",
    "files_of",
    "given",
    "rule_set_of",
    "rules_of",
    "version_of_promtool",
]


def rules_of(config: pytest.Config) -> list[Rule]:
    """Every rule of this run: of the command line, the deployment file, or the project."""
    return rule_set_of(config).rules

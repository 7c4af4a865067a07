"""What other chapters may take from this one: the rules of a run, and the Prometheus that evaluates them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployspec.chapters.alerts.fixtures.live import curl, prometheus_of
from deployspec.chapters.alerts.items import given, rule_set_of
from deployspec.chapters.alerts.planning import PROMTOOL, files_of, version_of_promtool
from deployspec.chapters.alerts.review import alerts_of, fired_in

if TYPE_CHECKING:
    import pytest

    from deployspec.languages.rule_files.model import Rule

__all__ = [
    "PROMTOOL",
    "alerts_of",
    "curl",
    "files_of",
    "fired_in",
    "given",
    "prometheus_of",
    "rule_set_of",
    "rules_of",
    "version_of_promtool",
]


def rules_of(config: pytest.Config) -> list[Rule]:
    """Every rule of this run: of the command line, the deployment file, or the project."""
    return rule_set_of(config).rules

"""Where the rules of this run are: on the command line, in the deployment file, or the project's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from deployspec.plugin.deployments import is_asked, obtain


@dataclass(frozen=True)
class RuleSources:
    """Patterns and paths, absolute or relative to ``folder``. What is not given is not checked."""

    folder: Path
    files: tuple[str, ...]
    tests: tuple[str, ...]
    runbooks: Path | None = None
    alertmanager: Path | None = None
    routing: Path | None = None
    equivalents: Path | None = None
    """The file of equivalent mutants."""

    @property
    def none(self) -> bool:
        """Whether no rules are named at all."""
        return not (self.files or self.tests)

    def missing(self, part: str) -> str:
        """The part of the deployment file that ``part`` would need; an empty text where it is given."""
        return "" if getattr(self, part) else f"rules.{part}"


def sources_of(config: pytest.Config) -> RuleSources:
    """The rules that this run is about: none where a deployment is named whose file names none.

    Raises pytest.UsageError where the deployment cannot be used.
    """
    files, tests = config.getoption("--rules"), config.getoption("--rule-tests")
    if files or tests:
        return RuleSources(
            Path(config.invocation_params.dir), tuple(files), tuple(tests), equivalents=_equivalents(tests)
        )
    if is_asked(config):
        said = obtain(config).rules
        if said is None:
            return RuleSources(config.rootpath, (), ())
        return RuleSources(
            config.rootpath,
            said.files,
            said.tests,
            said.runbooks,
            said.alertmanager,
            said.routing,
            _equivalents(said.tests),
        )
    root = config.rootpath
    return RuleSources(
        root,
        ("rules/*.rules.yml",),
        ("rules/*.test.yml",),
        root / "docs" / "runbooks",
        root / "alerting" / "alertmanager.yml",
        root / "alerting" / "routing.yml",
        _equivalents([str(root / "rules" / "*.test.yml")]),
    )


EQUIVALENTS = "equivalent-mutants.yml"
"""The name of the file of equivalent mutants, beside the unit tests."""


def _equivalents(tests: tuple[str, ...] | list[str]) -> Path | None:
    """The file beside the first pattern of tests, where there is one."""
    path = Path(tests[0]).parent / EQUIVALENTS if tests else None
    return path if path is not None and path.is_file() else None

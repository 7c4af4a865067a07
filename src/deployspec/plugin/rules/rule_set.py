"""The rules of a run with all that belongs to them, read once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deployspec.contracts.rule_lint import LintFinding, lint
from deployspec.contracts.rule_tests import Finding, findings
from deployspec.contracts.runbooks import pairing
from deployspec.languages.alertmanager import Routes, RoutingTable, read_routes, read_routing
from deployspec.languages.rule_files import Problem, Rule, RuleFile, TestFile, read_rules, read_tests
from deployspec.model.verdict import Verdict
from deployspec.plugin.rules.sources import RuleSources
from deployspec.tools.rule_files import find_files, read_text, rule_files_of


@dataclass(frozen=True)
class LoadedTest:
    """A file of unit tests, and the rule files that it loads."""

    file: TestFile
    loaded: Mapping[str, tuple[RuleFile, ...]]
    """By the text of each entry of ``rule_files``."""

    @property
    def rule_files(self) -> tuple[RuleFile, ...]:
        """Every rule file that it loads, once."""
        return tuple({file.path: file for files in self.loaded.values() for file in files}.values())

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the guards say of it."""
        return findings(self.file, self.loaded)


class RuleSet:
    """Rule files, unit tests, runbooks, routes. Each is read at its first use."""

    def __init__(self, sources: RuleSources) -> None:
        self.sources = sources
        self._read: dict[str, RuleFile] = {}
        self._texts: dict[str, str] = {}
        self._found_files = find_files(sources.files, sources.folder)
        self._found_tests = find_files(sources.tests, sources.folder)

    @property
    def trouble(self) -> dict[str, str]:
        """What is wrong with a pattern of rule files: above all, that it matches nothing."""
        return {self.shown(pattern): reason for pattern, reason in self._found_files.problems.items()}

    @property
    def trouble_of_tests(self) -> dict[str, str]:
        """What is wrong with a pattern of unit tests."""
        return {self.shown(pattern): reason for pattern, reason in self._found_tests.problems.items()}

    @cached_property
    def rule_files(self) -> tuple[RuleFile, ...]:
        """The files that the patterns match, and those that the unit tests load."""
        files = [self._rules(path) for path in self._found_files.files]
        files += [file for test in self.test_files for file in test.rule_files]
        return tuple({file.path: file for file in files}.values())

    @cached_property
    def test_files(self) -> tuple[LoadedTest, ...]:
        """The files of unit tests."""
        return tuple(self._tests(path) for path in self._found_tests.files)

    @cached_property
    def alerts(self) -> tuple[Rule, ...]:
        """Every alert of the rule files, in their order."""
        return tuple(rule for file in self.rule_files for rule in file.rules if rule.kind == "alert")

    @property
    def loaded_tests(self) -> tuple[tuple[TestFile, Mapping[str, tuple[RuleFile, ...]]], ...]:
        """Each file of unit tests with the rule files that it loads."""
        return tuple((test.file, test.loaded) for test in self.test_files)

    @cached_property
    def routes(self) -> Routes:
        """Alertmanager's routes."""
        name, text = self._text(self.sources.alertmanager)
        return Routes(name, None, {}, (text,)) if isinstance(text, Problem) else read_routes(text, name)

    @cached_property
    def routing(self) -> RoutingTable:
        """The routing table."""
        name, text = self._text(self.sources.routing)
        return RoutingTable(name, (), (text,)) if isinstance(text, Problem) else read_routing(text, name)

    @cached_property
    def runbooks(self) -> dict[str, str]:
        """The runbook pages by name, each with its text."""
        folder = self.sources.runbooks
        if folder is None:
            return {}
        pages = find_files(["*.md"], folder).files
        texts = {page.stem: read_text(page) for page in pages}
        return {name: "" if isinstance(text, Problem) else text for name, text in texts.items()}

    @cached_property
    def paired(self) -> dict[str, Verdict]:
        """By an alert's name, whether it has all that a woken person needs."""
        return pairing(self.alerts, self.runbooks, folder=self.shown(self.sources.runbooks))

    @cached_property
    def linted(self) -> tuple[LintFinding, ...]:
        """What the lints find in the rule files."""
        routes = self.routes if self.sources.alertmanager else None
        return lint(self.rule_files, routes, sources=self._texts)

    def lint(self, *names: str) -> tuple[LintFinding, ...]:
        """What the lints of these names find."""
        return tuple(finding for finding in self.linted if finding.lint in names)

    def shown(self, path: str | Path | None) -> str:
        """A path as messages and commands have it: relative to the working folder where it lies below it."""
        text = os.path.normpath(os.path.join(self.sources.folder, path or ""))  # noqa: PTH118 - a pattern is no path
        here = os.getcwd()  # noqa: PTH109
        return os.path.relpath(text, here) if text.startswith(f"{here}{os.sep}") else text

    def _text(self, path: Path | None) -> tuple[str, str | Problem]:
        name = self.shown(path)
        return name, read_text(Path(name), name=name)

    def _rules(self, path: Path) -> RuleFile:
        name = self.shown(path)
        if name not in self._read:
            text = read_text(path, name=name)
            if isinstance(text, Problem):
                self._read[name] = RuleFile(name, (), plain=True, problems=(text,))
            else:
                self._texts[name] = text
                self._read[name] = read_rules(text, name)
        return self._read[name]

    def _tests(self, path: Path) -> LoadedTest:
        name = self.shown(path)
        text = read_text(path, name=name)
        if isinstance(text, Problem):
            return LoadedTest(TestFile(name, (), 60.0, (), (text,)), {})
        file = read_tests(text, name)
        loaded = {
            entry.entry.text: tuple(self._rules(found) for found in entry.files)
            for entry in rule_files_of(file)
        }
        return LoadedTest(file, loaded)

"""What the checks of the chapter alerts are given: files, cases and what promtool says of them, alerts, pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.model.entry import Evidence
from deployspec.plugin.rules.collecting import given, rule_set_of
from deployspec.plugin.rules.running import runs_of

if TYPE_CHECKING:
    from deployspec.contracts.rule_tests import Finding
    from deployspec.languages.promtool import CaseRun
    from deployspec.languages.rule_files import Case, Rule, RuleFile
    from deployspec.plugin.rules.rule_set import LoadedTest, RuleSet


@dataclass(frozen=True)
class CaseMeasured:
    """A case, what promtool says of it, and what the guards say of it."""

    case: Case
    run: CaseRun
    findings: Sequence[Finding]

    def how(self) -> dict[str, Any]:
        """How a person repeats the measurement, and what promtool printed, for ``judge``."""
        failed = self.run.status == 1 and self.run.text
        evidence = [Evidence("promtool", self.run.text)] if failed else []
        return {"reproduce": self.run.reproduce, "evidence": evidence}


@pytest.fixture
def rule_case(request: pytest.FixtureRequest) -> CaseMeasured:
    """One case of the unit tests, judged by promtool and by the guards."""
    from deployspec.contracts.rule_tests import concerning, missing_interval

    test, case = given(request)
    runs = runs_of(request.config, test)
    found = concerning(test.findings, case)
    if not runs.promtool.has_default_interval:
        found += tuple(missing_interval(test.file, case))
    return CaseMeasured(case, runs.of(test.file, case), found)


@pytest.fixture(scope="session")
def rule_set(pytestconfig: pytest.Config) -> RuleSet:
    """All rules of this run, with their unit tests, routes and runbooks."""
    return rule_set_of(pytestconfig)


@pytest.fixture
def rule_file(request: pytest.FixtureRequest) -> RuleFile:
    """One rule file."""
    file: RuleFile = given(request)
    return file


@pytest.fixture
def rule_test_file(request: pytest.FixtureRequest) -> LoadedTest:
    """One file of unit tests."""
    test: LoadedTest = given(request)
    return test


@pytest.fixture
def tested_alert(request: pytest.FixtureRequest) -> Rule:
    """One alert, of rules that have unit tests."""
    rule: Rule = given(request)
    return rule


@pytest.fixture
def documented_alert(request: pytest.FixtureRequest) -> Rule:
    """One alert, of rules that have runbooks."""
    rule: Rule = given(request)
    return rule


@pytest.fixture
def runbook(request: pytest.FixtureRequest) -> str:
    """The name of one runbook page."""
    name: str = given(request)
    return name


@pytest.fixture
def routed_rules(request: pytest.FixtureRequest) -> RuleSet:
    """All rules, where it is known how Alertmanager routes them."""
    rules: RuleSet = given(request)
    return rules


@pytest.fixture
def routing_table(request: pytest.FixtureRequest) -> RuleSet:
    """All rules, where there is a routing table."""
    rules: RuleSet = given(request)
    return rules

"""The items of the chapters alerts and mutation: one for each rule file, case, alert, runbook page and route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.chapters.alerts.fixtures.running import begin_all
from deployspec.deployment import PROMETHEUS
from deployspec.model.verdict import Unmeasured
from deployspec.plugin.deployments import is_asked, obtain, obtained
from deployspec.plugin.selection import may_select

if TYPE_CHECKING:
    from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
    from deployspec.languages.rule_files import Case

_RULE_SET: pytest.StashKey[RuleSet] = pytest.StashKey()
_OF_RULES = ("rule_set", "live", "mutation_runs", "alert_rules")
"""The fixtures that read all rules at once."""
_LONGEST = 80
"""Of an expression in an item's id, in characters."""


@dataclass(frozen=True)
class Nothing:
    """Stands where there is nothing to look at; the check is UNMEASURED for this reason."""

    reason: str


def given(request: pytest.FixtureRequest) -> Any:
    """The parameter of an indirect fixture. Raises Unmeasured where there is nothing to look at."""
    if isinstance(request.param, Nothing):
        raise Unmeasured(request.param.reason)
    return request.param


def rule_set_of(config: pytest.Config) -> RuleSet:
    """The rules of this run, read at the first call."""
    known = config.stash.get(_RULE_SET, None)
    if known is None:
        from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
        from deployspec.chapters.alerts.fixtures.sources import sources_of

        known = config.stash[_RULE_SET] = RuleSet(sources_of(config))
    return known


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment before items are made of its rules: here a faulty one still ends the run with status 4."""
    config = session.config
    if is_asked(config):
        asked = config.getoption("markexpr") or ""
        if (
            may_select(asked, {"alerts"})
            or may_select(asked, {"alerts", "live"})
            or may_select(asked, {"mutation"})
        ):
            obtain(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each thing that a check of these chapters looks at."""
    name = next((name for name in metafunc.fixturenames if name in _PARAMETERS), None)
    if name is None:
        return
    config = metafunc.config
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    if not may_select(config.getoption("markexpr") or "", marks):
        # It is about to be deselected: nothing is read for it.
        metafunc.parametrize(name, [pytest.param(None, id="-")], indirect=True)
        return
    rules = rule_set_of(config)
    if rules.sources.none:
        metafunc.parametrize(name, [pytest.param(None, id="-")], indirect=True)
        return
    metafunc.parametrize(name, _distinct(_PARAMETERS[name](config, rules)), indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Where no rules are named, what looks at them is not selected."""
    fixtures = getattr(item, "fixturenames", ())
    marks = {mark.name for mark in item.iter_markers()}
    if not any(name in _PARAMETERS or name in _OF_RULES for name in fixtures) or not may_select(
        item.config.getoption("markexpr") or "", marks
    ):
        return
    sources = rule_set_of(item.config).sources
    if sources.none:
        item.add_marker(pytest.mark.not_described("rules"))
    elif "equivalent_mutants" in fixtures and (missing := sources.missing("tests")):
        # Without a unit test there is no mutant, and nothing that the file could be compared with.
        item.add_marker(pytest.mark.not_described(missing))


def _distinct(parameters: Iterable[tuple[str, Any, str]]) -> list[Any]:
    """pytest's parameters of (id, value, missing part), each id once."""
    seen: Counter[str] = Counter()
    made = []
    for name, value, missing in parameters:
        seen[name] += 1
        own = name if seen[name] == 1 else f"{name}#{seen[name]}"
        made.append(
            pytest.param(value, id=own, marks=[pytest.mark.not_described(missing)] if missing else [])
        )
    return made


_Parameters = Callable[[pytest.Config, "RuleSet"], Iterable[tuple[str, Any, str]]]


def _or_nothing(made: list[tuple[str, Any, str]], reason: str) -> list[tuple[str, Any, str]]:
    return made or [("-", Nothing(reason), "")]


def _rule_files(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    own = short_names([*(file.path for file in rules.rule_files), *rules.trouble])
    made: list[tuple[str, Any, str]] = [(own[file.path], file, "") for file in rules.rule_files]
    made += [(own[pattern], Nothing(f"{pattern}: {why}"), "") for pattern, why in rules.trouble.items()]
    return _or_nothing(made, "no rule file is named")


def _test_files(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("tests"):
        return [("-", None, missing)]
    own = short_names([*(loaded.file.path for loaded in rules.test_files), *rules.trouble_of_tests])
    made: list[tuple[str, Any, str]] = [(own[loaded.file.path], loaded, "") for loaded in rules.test_files]
    made += [
        (own[pattern], Nothing(f"{pattern}: {why}"), "") for pattern, why in rules.trouble_of_tests.items()
    ]
    return made


def _cases(config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("tests"):
        return [("-", None, missing)]
    begin_all(config, rules.test_files)
    own = short_names([loaded.file.path for loaded in rules.test_files])
    cases = [(loaded, case) for loaded in rules.test_files for case in loaded.file.cases]
    often = Counter(case_id(case) for _, case in cases)
    made = []
    for loaded, case in cases:
        name = case_id(case)
        # Only a name that several files have needs the file to tell them apart.
        made.append((name if often[name] == 1 else f"{own[loaded.file.path]}::{name}", (loaded, case), ""))
    return _or_nothing(made, "no file of unit tests has a case")


def case_id(case: Case) -> str:
    """``<alert or expr>@<time>[<group name>]``, on one line."""
    subject = " ".join(case.subject.split())
    subject = subject if len(subject) <= _LONGEST else subject[: _LONGEST - 1] + "…"
    return f"{subject}@{case.eval_time_text}[{' '.join(case.group_name.split())}]"


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """Of each path as much of its end as tells it from the others: a name that does not change with the folder."""
    parts = {path: PurePath(path).parts for path in paths}
    longest = max(map(len, parts.values()), default=1)
    ends = [Counter(own[-length:] for own in parts.values()) for length in range(1, longest + 1)]
    return {
        path: "/".join(
            next((own[-len_:] for len_, count in enumerate(ends, 1) if count[own[-len_:]] == 1), own)
        )
        for path, own in parts.items()
    }


def _alerts(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    return _or_nothing([(rule.name, rule, "") for rule in rules.alerts], "no rule file has an alert")


def _tested_alerts(config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("tests"):
        return [("-", None, missing)]
    return _alerts(config, rules)


def _alerts_with_pages(config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("runbooks"):
        return [("-", None, missing)]
    return _alerts(config, rules)


def _live_alerts(config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    deployment = obtained(config)
    prometheus = deployment and deployment.get(PROMETHEUS)
    there = prometheus.exporters if prometheus else None
    made: list[tuple[str, Any, str]] = []
    for rule in rules.alerts:
        wanted = rule.annotations.get("requires", "")
        lacks = wanted and there is not None and wanted not in there
        made.append((rule.name, rule, f"prometheus.exporters.{wanted}" if lacks else ""))
    return _or_nothing(made, "no rule file has an alert")


def _pages(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("runbooks"):
        return [("-", None, missing)]
    return _or_nothing([(name, name, "") for name in rules.runbooks], f"{rules.sources.runbooks} has no page")


def _routes(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("routing") or rules.sources.missing("alertmanager"):
        return [("-", None, missing)]
    return _or_nothing(
        [(row.id, row, "") for row in rules.routing.rows], f"{rules.sources.routing} has no row"
    )


def _configurations(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    missing = rules.sources.missing("alertmanager")
    return [("-", rules.sources.alertmanager, missing)]


def _tables(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    missing = rules.sources.missing("routing") or rules.sources.missing("alertmanager")
    return [("-", rules, missing)]


def _mutated(_config: pytest.Config, rules: RuleSet) -> list[tuple[str, Any, str]]:
    if missing := rules.sources.missing("tests"):
        return [("-", None, missing)]
    made = [(rule.name, rule, "") for file in rules.rule_files for rule in file.rules]
    return _or_nothing(made, "no rule file has a rule")


_PARAMETERS: dict[str, _Parameters] = {
    "rule_file": _rule_files,
    "rule_test_file": _test_files,
    "rule_case": _cases,
    "tested_alert": _tested_alerts,
    "documented_alert": _alerts_with_pages,
    "live_alert": _live_alerts,
    "runbook": _pages,
    "route": _routes,
    "alertmanager_config": _configurations,
    "routed_rules": lambda config, rules: [
        (name, rules, missing) for name, _, missing in _configurations(config, rules)
    ],
    "routing_table": _tables,
    "mutated_rule": _mutated,
}
"""For each fixture that is made of the rules: its parameters, as id, value, and the part that is missing."""

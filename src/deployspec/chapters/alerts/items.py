"""The items of the chapters alerts and mutation: one for each rule file, case, alert, runbook page and route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pytest

from deployspec.chapters.alerts.fixtures.running import begin_all
from deployspec.deployment import PROMETHEUS
from deployspec.model.verdict import Unmeasured
from deployspec.plugin.deployments import obtained
from deployspec.plugin.items import NONE, load_early, may_run_item, parameter, parametrize
from deployspec.plugin.options import is_check

if TYPE_CHECKING:
    from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
    from deployspec.languages.rule_files.model import Case

_RULE_SET: pytest.StashKey[RuleSet] = pytest.StashKey()
_OF_RULES = ("rule_set", "live", "mutation_runs", "alert_rules")
"""The fixtures that read all rules at once."""
_LONGEST = 80
"""Of an expression in an item's id, in characters."""


@dataclass(frozen=True)
class Nothing:
    """Stands where there is nothing to look at; the check is UNMEASURED for this reason."""

    reason: str


@dataclass(frozen=True)
class Missing:
    """Stands where this part is not described; the check is not selected."""

    part: str


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
    load_early(session.config, {"alerts"}, {"alerts", "live"}, {"mutation"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one item for each thing that a check of these chapters looks at."""
    parametrize(metafunc, _KINDS, _parameters)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Where no rules are named, what looks at all of them is not selected."""
    fixtures = getattr(item, "fixturenames", ())
    if any(name in fixtures for name in _OF_RULES) and is_check(item) and may_run_item(item):
        # Without a unit test there is no mutant, and nothing that the file of equivalent ones could be compared with.
        needs = ["tests"] if "equivalent_mutants" in fixtures else []
        if missing := rule_set_of(item.config).sources.missing(*needs):
            item.add_marker(pytest.mark.not_described(missing))


def _parameters(name: str, config: pytest.Config) -> Iterator[Any]:
    """pytest's parameters for a fixture, each id once."""
    rules, kind = rule_set_of(config), _KINDS[name]
    if missing := rules.sources.missing(*kind.needs):
        yield parameter(missing=missing)
        return
    seen: Counter[str] = Counter()
    nothing = Nothing(kind.otherwise.format(rules.sources))
    for own, value in list(kind.make(config, rules)) or [(NONE, nothing)]:
        seen[own] += 1
        part = value.part if isinstance(value, Missing) else ""
        yield parameter(value, name=own if seen[own] == 1 else f"{own}#{seen[own]}", missing=part)


_Made: TypeAlias = Iterable[tuple[str, Any]]
"""Ids, each with what an item looks at, or with what stands in its place."""


def _files(found: Iterable[tuple[str, Any]], trouble: Mapping[str, str]) -> _Made:
    """The files that were read, by their paths, and the patterns in whose place there is none."""
    made = [*found, *((pattern, Nothing(f"{pattern}: {why}")) for pattern, why in trouble.items())]
    own = short_names([path for path, _ in made])
    return [(own[path], value) for path, value in made]


def _cases(config: pytest.Config, rules: RuleSet) -> _Made:
    begin_all(config, rules.test_files)
    own = short_names([loaded.file.path for loaded in rules.test_files])
    cases = [(loaded, case, case_id(case)) for loaded in rules.test_files for case in loaded.file.cases]
    often = Counter(name for *_, name in cases)
    for loaded, case, name in cases:
        # Only a name that several files have needs the file to tell them apart.
        yield name if often[name] == 1 else f"{own[loaded.file.path]}::{name}", (loaded, case)


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


def _live_alerts(config: pytest.Config, rules: RuleSet) -> _Made:
    deployment = obtained(config)
    prometheus = deployment and deployment.get(PROMETHEUS)
    there = prometheus.exporters if prometheus else None
    for rule in rules.alerts:
        wanted = rule.annotations.get("requires", "")
        lacks = wanted and there is not None and wanted not in there
        yield rule.name, Missing(f"prometheus.exporters.{wanted}") if lacks else rule


class _Kind(NamedTuple):
    """What a fixture is made of."""

    make: Callable[[pytest.Config, RuleSet], _Made]
    needs: tuple[str, ...] = ()
    """The parts of the rules without which it is not."""
    otherwise: str = ""
    """Why the check is UNMEASURED where there is nothing to make it of; ``{0}`` are the sources."""


def _alerts(_config: pytest.Config, rules: RuleSet) -> _Made:
    return [(rule.name, rule) for rule in rules.alerts]


def _all(_config: pytest.Config, rules: RuleSet) -> _Made:
    return [(NONE, rules)]


_NO_ALERT = "no rule file has an alert"
_KINDS = {
    "rule_file": _Kind(
        lambda _, rules: _files(
            (
                *((file.path, file) for file in rules.rule_files),
                *((path, Missing("rules in it")) for path in rules.passed_over),
            ),
            rules.trouble,
        ),
        otherwise="no rule file is named",
    ),
    "rule_test_file": _Kind(
        lambda _, rules: _files(((one.file.path, one) for one in rules.test_files), rules.trouble_of_tests),
        ("tests",),
    ),
    "rule_case": _Kind(_cases, ("tests",), "no file of unit tests has a case"),
    "tested_alert": _Kind(_alerts, ("tests",), _NO_ALERT),
    "documented_alert": _Kind(_alerts, ("runbooks",), _NO_ALERT),
    "live_alert": _Kind(_live_alerts, otherwise=_NO_ALERT),
    "runbook": _Kind(
        lambda _, rules: [(name, name) for name in rules.runbooks], ("runbooks",), "{0.runbooks} has no page"
    ),
    "route": _Kind(
        lambda _, rules: [(row.id, row) for row in rules.routing.rows],
        ("routing", "alertmanager"),
        "{0.routing} has no row",
    ),
    "alertmanager_config": _Kind(lambda _, rules: [(NONE, rules.sources.alertmanager)], ("alertmanager",)),
    "routed_rules": _Kind(_all, ("alertmanager",)),
    "routing_table": _Kind(_all, ("routing", "alertmanager")),
    "mutated_rule": _Kind(
        lambda _, rules: [(rule.name, rule) for rule in rules.rules], ("tests",), "no rule file has a rule"
    ),
}
"""The fixtures that are made of the rules."""

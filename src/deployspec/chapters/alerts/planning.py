"""What the checks of the chapter alerts would do. Files are read here; nothing is asked or run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from deployspec.chapters.alerts.items import rule_set_of
from deployspec.deployment import PROMETHEUS
from deployspec.model.plan import Planned, following, names_of, parameters_of, request
from deployspec.tools.http.curl import MAX_REDIRECTS

if TYPE_CHECKING:
    from deployspec.chapters.alerts.fixtures.rule_set import RuleSet
    from deployspec.deployment import Deployment

PROMTOOL = "promtool test rules"
_IF_THERE = re.compile(r"query|label/(?!__name__/).*")
_LIVE = frozenset(
    {"alerts.alert-can-fire", "alerts.loaded-rules-are-these", "alerts.loaded-rules-are-evaluated"}
)


def planned(
    config: Any, deployment: Deployment | None, checks: Mapping[str, Mapping[str, Any]]
) -> Iterator[Planned]:
    """Everything that these checks would do."""
    rules, names = rule_set_of(config), names_of(checks)
    yield from files_of(rules, "alerts")
    if "alerts.case" in names:
        files = [test.file for test in rules.test_files]
        cases, groups = sum(len(file.cases) for file in files), sum(len(file.groups) for file in files)
        # Each file (loaded, whole, and what of it failed in parts), each group (in parts, evaluated for longer with some rules and
        # with all, and in both orders of the groups of rules), each case where the output does not tell them apart, and in
        # both orders: once, and once more alone.
        most = 2 * (3 * len(files) + 5 * groups + 3 * cases)
        yield from version_of_promtool("alerts")
        yield Planned("command", "", PROMTOOL, 1, most, "alerts: unit tests", per_process=True)
    routes = parameters_of(checks, "alerts.route")
    config_checks = parameters_of(checks, "alerts.alertmanager-accepts-its-configuration")
    if routes or config_checks:
        yield Planned("command", "", "amtool --version", 1, 1, "alerts", per_process=True)
    if config_checks:
        yield Planned("command", "", "amtool check-config", 1, 1, "alerts: Alertmanager's configuration")
    if routes:
        yield Planned("command", "", "amtool config routes test", len(routes), len(routes), "alerts: routes")
    if deployment is not None and names & _LIVE:
        for path, most in _questions(rules, fires="alerts.alert-can-fire" in names):
            url = f"{deployment.require(PROMETHEUS).url}/api/v1/{path}"
            # Whether there are such labels, and which series are native histograms, is for it to say.
            least = 0 if _IF_THERE.fullmatch(path) else 1
            asked = request("GET", url, least, most, "alerts: metrics, targets and rules", per_process=True)
            yield from following(asked, MAX_REDIRECTS)


def files_of(rules: RuleSet, why: str) -> Iterator[Planned]:
    """The files that are read for all checks of the rules."""
    sources = rules.sources
    others = (sources.runbooks, sources.alertmanager, sources.routing)
    for one in (*sources.files, *sources.tests, *(str(path) for path in others if path is not None)):
        yield Planned("file", "", rules.shown(one), 1, 1, why)


def version_of_promtool(why: str, *, least: int = 1) -> Iterator[Planned]:
    """What promtool is asked of itself, once a process; ``least`` is 0 where another chapter may have asked."""
    for question in ("promtool --version", "promtool test rules --help"):
        yield Planned("command", "", question, least, 1, why, per_process=True)


def _questions(rules: RuleSet, *, fires: bool) -> Iterator[tuple[str, int]]:
    """The paths that Prometheus is asked, each with how often at most, in one process."""
    from deployspec.chapters.alerts.judge.live_rules import wanted

    yield "rules", 1
    if not fires:
        return
    selectors = wanted(rules.rules)
    yield "label/__name__/values", 1
    if selectors:
        yield "labels", len(selectors)
    labels = [label for names in selectors.values() for label in names]
    for label in sorted(set(labels)):
        yield f"label/{label}/values", labels.count(label)
    if "le" in labels:
        yield "query", labels.count("le")
    for path in ("targets", "status/config", "status/flags"):
        yield path, 1

"""What the checks of the chapter slo are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.chapters.alerts.fixtures.live import curl, prometheus_of
from deployspec.chapters.alerts.items import rule_set_of
from deployspec.model.entry import Evidence
from deployspec.plugin.selection import makes_load
from deployspec.plugin.slo.collecting import has_prometheus
from deployspec.plugin.slo.running import LoadRun

if TYPE_CHECKING:
    from deployspec.chapters.alerts.judge.live_rules import Unavailable
    from deployspec.deployment import Deployment
    from deployspec.languages.openslo.model import Objective
    from deployspec.languages.rule_files import Rule
    from deployspec.model.verdict import Verdict

_RUN: pytest.StashKey[LoadRun] = pytest.StashKey()


def load_run_of(config: pytest.Config, deployment: Deployment) -> LoadRun:
    """The load run of this session, not yet made where nobody has asked for its result."""
    known = config.stash.get(_RUN, None)
    if known is None:
        known = config.stash[_RUN] = LoadRun(config, deployment)
    return known


class Load:
    """The load run, as a check asks for it."""

    def __init__(self, run: LoadRun) -> None:
        self._run = run

    def judged(self, objective: Objective, traffic: str | None) -> Verdict:
        """What it says of an objective, for all requests or for one kind of them."""
        from deployspec.objectives.load import judge_load

        return judge_load(objective, self._run.result, traffic)

    def how(self) -> dict[str, Any]:
        """How a person repeats it, and what it looked like, for ``judge``."""
        from deployspec.objectives.load import slowest
        from deployspec.reporting.load import as_text, slowest_routes

        result = self._run.result
        told = [Evidence("load run", as_text(result))]
        if len(result.route_names) > 1 and result.histogram.samples:
            told.insert(0, Evidence("slowest kinds of requests", slowest_routes(list(slowest(result)))))
        return {"reproduce": self._run.reproduce, "evidence": told}


@pytest.fixture(scope="session")
def load_run(deployment: Deployment, pytestconfig: pytest.Config) -> Load:
    """The load run, made at its first use."""
    return Load(load_run_of(pytestconfig, deployment))


class Window:
    """What the deployment's Prometheus has counted; each question is asked once a session."""

    def __init__(self, deployment: Deployment, load: LoadRun | None) -> None:
        self._deployment = deployment
        self._load = load
        self._prometheus = prometheus_of(deployment)
        self._asked: dict[tuple[str, str], Any] = {}

    def judged(self, objective: Objective) -> Verdict:
        """What it says of an objective."""
        from deployspec.objectives.census import judge_census

        told = self._deployment.prometheus
        assert told is not None  # noqa: S101 - narrows the type
        if self._load is not None:
            # The load run is part of what is looked at: it has to be over.
            _ = self._load.result
        census = self._once("census", objective, lambda: self._prometheus.census(objective, told.window))
        return judge_census(objective, census, asked_window=told.window)

    def buckets(self, objective: Objective) -> Verdict:
        """Whether every series of its histogram has the bucket that it needs."""
        from deployspec.objectives.census import judge_buckets

        return judge_buckets(
            objective, self._once("buckets", objective, lambda: self._prometheus.buckets(objective))
        )

    def doubts(self, objective: Objective) -> tuple[str, ...] | Unavailable:
        """Why its selectors do not find what they mean."""
        told = self._deployment.prometheus
        assert told is not None  # noqa: S101 - narrows the type
        if self._load is not None:
            _ = self._load.result
        found: tuple[str, ...] | Unavailable = self._once(
            "doubts", objective, lambda: self._prometheus.doubts(objective, told.window)
        )
        return found

    def how(self, objective: Objective) -> dict[str, Any]:
        """The questions, as a person asks them, for ``judge``."""
        from deployspec.objectives.census import questions, share_query, window_of

        told = self._deployment.prometheus
        assert told is not None  # noqa: S101 - narrows the type
        asked = share_query(objective, window_of(objective, told.window))
        return self._asked_by(asked, questions(objective, told.window))

    def how_of_names(self, objective: Objective) -> dict[str, Any]:
        """The same for ``doubts``: how many series its selectors find."""
        from deployspec.objectives.census import questions_of_names

        told = self._deployment.prometheus
        assert told is not None  # noqa: S101 - narrows the type
        asked = questions_of_names(objective, told.window)
        return self._asked_by(asked[-1], asked)

    def _asked_by(self, one: str, all_: Sequence[str]) -> dict[str, Any]:
        return {
            "reproduce": curl(self._deployment, one),
            "evidence": [Evidence("asked of Prometheus", "\n".join(all_))],
        }

    def _once(self, what: str, objective: Objective, ask: Callable[[], Any]) -> Any:
        if (what, objective.name) not in self._asked:
            self._asked[what, objective.name] = ask()
        return self._asked[what, objective.name]


@pytest.fixture(scope="session")
def window(request: pytest.FixtureRequest, deployment: Deployment, pytestconfig: pytest.Config) -> Window:
    """What Prometheus has counted; after the load run, where one is selected."""
    follows = any(makes_load(item) for item in request.session.items)
    run = load_run_of(pytestconfig, deployment) if follows else None
    return Window(deployment, run)


class AlertRules:
    """The alert rules of this run, and the Prometheus that evaluates them, where the deployment has one."""

    def __init__(self, rules: Sequence[Rule], window: Window | None) -> None:
        self._rules = rules
        self._window = window

    def agreement(self, objective: Objective) -> Verdict:
        """Whether those that watch over an objective say what it says."""
        from deployspec.objectives.agreement import agrees

        return agrees(objective, self._rules, self._window.doubts(objective) if self._window else ())

    def how(self, objective: Objective) -> dict[str, Any]:
        """The questions, for ``judge``; none where files alone are compared."""
        return self._window.how_of_names(objective) if self._window else {}


@pytest.fixture(scope="session")
def alert_rules(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> AlertRules:
    """The alert rules of this run, of the command line, the deployment file, or the project."""
    files = rule_set_of(pytestconfig).rule_files
    window = request.getfixturevalue("window") if has_prometheus(pytestconfig) else None
    return AlertRules([rule for file in files for rule in file.rules], window)

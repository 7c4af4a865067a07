"""What the deployment's Prometheus says of the rules: asked once a session, by the first check that wants it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.model.entry import Evidence
from deployspec.plugin.outcomes import Unmeasured
from deployspec.plugin.rules.collecting import given, rule_set_of

if TYPE_CHECKING:
    from deployspec.contracts.live_rules import Drift, LoadedRules, Observed, Targets, Unavailable
    from deployspec.deployment import Deployment
    from deployspec.languages.rule_files import Rule, RuleFile
    from deployspec.model.http import Answer, Failure
    from deployspec.tools.prometheus import Prometheus


class LiveRules:
    """The rule files, and what Prometheus answers about them. A property asks at its first use, and keeps it."""

    def __init__(self, files: Sequence[RuleFile], deployment: Deployment) -> None:
        self.files = files
        self._deployment = deployment
        self._prometheus = prometheus_of(deployment)

    @cached_property
    def loaded(self) -> LoadedRules | Unavailable:
        """The rules that it has loaded."""
        return self._prometheus.loaded_rules()

    @cached_property
    def observed(self) -> Observed | Unavailable:
        """The metrics and labels that it has seen."""
        from deployspec.contracts.live_rules import wanted

        return self._prometheus.observe(wanted([rule for file in self.files for rule in file.rules]))

    @cached_property
    def targets(self) -> Targets | Unavailable:
        """What it scrapes."""
        return self._prometheus.targets()

    def how(self, rule: Rule) -> dict[str, Any]:
        """The command that shows what there is of what a rule reads, for ``judge``."""
        from deployspec.contracts.live_rules import question

        told = self._deployment.prometheus
        assert told is not None  # noqa: S101 - narrows the type
        query = question(rule, f"{round(told.window * 1000)}ms")
        return {"reproduce": curl(self._deployment, query)} if query else {}

    @cached_property
    def drift(self) -> Drift:
        """How the loaded rules differ from the files'."""
        from deployspec.contracts.live_rules import drift

        return drift(self.files, self.loaded)

    @property
    def diff(self) -> tuple[Evidence, ...]:
        """The drift as evidence."""
        told = [Evidence("from the files to what is loaded", self.drift.diff)] if self.drift.diff else []
        if self.drift.others:
            told.append(Evidence("groups of other files, not compared", "\n".join(self.drift.others)))
        return tuple(told)

    @property
    def rules(self) -> list[Rule]:
        """Every rule of the files."""
        return [rule for file in self.files for rule in file.rules]


def prometheus_of(deployment: Deployment) -> Prometheus:
    """The probe that asks the deployment's Prometheus. Raises Unmeasured where the file describes none."""
    from deployspec.tools.http import Request, call, proxies_from
    from deployspec.tools.prometheus import Prometheus

    told = deployment.prometheus
    if told is None:  # pragma: no cover - such checks are not selected
        raise Unmeasured("the deployment file describes no prometheus")

    def send(url: str, *, timeout: float, max_body: int) -> Answer | Failure:
        request = Request(
            url=url,
            headers=told.headers,
            timeout=timeout,
            max_body=max_body,
            ca=deployment.ca,
            proxies=proxies_from(os.environ),
        )
        return call(request).result

    return Prometheus(told.url, send, window=told.window)


def curl(deployment: Deployment, query: str) -> str:
    """The command that asks Prometheus by hand. The values of headers are put in by hand, too."""
    from deployspec.tools.http.request import MASK

    told = deployment.prometheus
    assert told is not None  # noqa: S101 - narrows the type
    words = ["curl", "--silent", "--show-error", "--get"]
    words += ["--cacert", str(deployment.ca)] if deployment.ca is not None else []
    for name in told.headers:
        words += ["--header", f"{name}: {MASK}"]
    return shlex.join([*words, f"{told.url}/api/v1/query", "--data-urlencode", f"query={query}"])


@pytest.fixture(scope="session")
def live(deployment: Deployment, pytestconfig: pytest.Config) -> LiveRules:
    """What the deployment's Prometheus says of the rules."""
    return LiveRules(rule_set_of(pytestconfig).rule_files, deployment)


@pytest.fixture
def live_alert(request: pytest.FixtureRequest) -> Rule:
    """One alert of the rule files."""
    rule: Rule = given(request)
    return rule

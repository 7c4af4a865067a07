"""What the checks of the chapter slo are given."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.plugin.selection import makes_load
from deployspec.plugin.slo.running import LoadRun
from deployspec.reporting.entry import Evidence

if TYPE_CHECKING:
    from deployspec.contracts.verdict import Verdict
    from deployspec.deployment import Deployment
    from deployspec.objectives.model import Objective

_RUN: pytest.StashKey[LoadRun] = pytest.StashKey()


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
    run = pytestconfig.stash[_RUN] = LoadRun(pytestconfig, deployment)
    return Load(run)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """After a load run that was interrupted, only what it has measured is still judged: nothing else begins."""
    run = item.config.stash.get(_RUN, None)
    if run is not None and run.interrupted and not makes_load(item):
        raise KeyboardInterrupt


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """A run that was interrupted ends as one, whatever its last checks said."""
    run = session.config.stash.get(_RUN, None)
    if run is not None and run.interrupted:
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    return (yield)

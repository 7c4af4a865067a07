"""The items of the chapter health: one for each endpoint, where the deployment file names several, and for each fault."""

from __future__ import annotations

import pytest

from deployspec.chapters.health.part import FAULTS, HEALTH
from deployspec.plugin.deployments import is_asked, obtain
from deployspec.plugin.items import load_early, may_run_item, parameter
from deployspec.plugin.options import is_check


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Load the deployment before items are made of it: here a faulty one still ends the run with status 4."""
    load_early(session.config, {"health"})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make the items."""
    if not is_check(metafunc.definition):
        return
    asked = may_run_item(metafunc.definition) and is_asked(metafunc.config)
    if "outage" in metafunc.fixturenames and "fault" in metafunc.fixturenames:
        faults = (obtain(metafunc.config).get(FAULTS) or {}) if asked else {}
        made = [parameter(name, name=name) for name in faults]
        metafunc.parametrize("fault", made or [parameter(missing="faults" if asked else "")])
    elif "health" in metafunc.fixturenames and asked:
        endpoints = [one.name for one in obtain(metafunc.config).get(HEALTH) or ()]
        if endpoints and endpoints != [""]:
            metafunc.parametrize("health", [_endpoint(name) for name in endpoints], indirect=True)


def _endpoint(name: str) -> object:
    within = pytest.mark.within("health", f"health.endpoints.{name}")
    return pytest.param(name, id=name, marks=within)

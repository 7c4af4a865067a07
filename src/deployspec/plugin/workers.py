"""pytest-xdist, imported in runs that ask for it alone: it takes a tenth of a short run."""

from __future__ import annotations

import re

import pytest

_ASKS = re.compile(r"-n|--numprocesses|--maxprocesses|--max-worker-restart|--dist|--tx|--px|--testrunuid|-d$")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Import it before the command line is read for good, where an option of its own is there."""
    if any(map(_ASKS.match, args)):
        early_config.pluginmanager.import_plugin("xdist", consider_entry_points=True)

"""Plugins of others, imported in those runs alone that have an option of theirs: each takes a tenth of a short run."""

from __future__ import annotations

import re

import pytest

_WANTED = {
    "xdist": (
        "pytest-xdist",
        re.compile(
            r"-n|--numprocesses|--maxprocesses|--max-worker-restart|--dist|--tx|--px|--testrunuid|-d$"
        ),
        "pip install pytest-xdist",
    ),
    "allure_pytest": (
        "allure-pytest",
        re.compile(r"--alluredir|--clean-alluredir|--allure-"),
        "pip install 'deployspec[report]'",
    ),
}


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> None:
    """Import them before the command line is read for good."""
    # `-p` may have named one by its module.
    there = {getattr(plugin, "__name__", "") for plugin in early_config.pluginmanager.get_plugins()}
    for name, (package, asks, install) in _WANTED.items():
        option = next(filter(asks.match, args), None)
        if option is None or f"{name}.plugin" in there or early_config.pluginmanager.is_blocked(name):
            continue
        try:
            early_config.pluginmanager.import_plugin(name, consider_entry_points=True)
        except (ImportError, pytest.UsageError):
            raise pytest.UsageError(
                f"{option.partition('=')[0]} needs {package}, which is not installed; expected: {install}"
            ) from None

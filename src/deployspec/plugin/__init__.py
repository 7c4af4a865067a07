"""The pytest plugin: options, selection, fixtures, and how verdicts are told. It names no chapter."""

import gc
from importlib import import_module

import pytest

from deployspec.plugin import hooks

# A run makes many objects at its beginning, and few of them ever become garbage: to look for it all the while takes a
# tenth of a short run.
gc.set_threshold(100_000, 20, 20)

_MODULES = (
    # By its name alone: it stands above us, and gives us the chapters.
    "deployspec.app",
    "deployspec.plugin.options",
    "deployspec.plugin.wanted",
    "deployspec.plugin.deployments",
    "deployspec.plugin.client",
    "deployspec.plugin.gate",
    "deployspec.plugin.selection",
    "deployspec.plugin.accepting",
    "deployspec.plugin.interrupting",
    "deployspec.plugin.lock",
    "deployspec.plugin.outcomes",
    "deployspec.plugin.redacting",
    "deployspec.plugin.run_folder",
    "deployspec.plugin.collected",
    "deployspec.plugin.comparing",
    "deployspec.plugin.recording",
    "deployspec.plugin.reporting",
    "deployspec.plugin.allure",
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let others bring chapters and deployments, and register our modules.

    Not by ``pytest_plugins``: for each name there pytest looks through all packages that are installed.
    """
    pluginmanager.add_hookspecs(hooks)
    for name in _MODULES:
        pluginmanager.register(import_module(name), name)

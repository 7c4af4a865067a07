"""The pytest plugin: options, selection, fixtures, and how verdicts are told. It names no chapter."""

import pytest

from deployspec.plugin import hooks

pytest_plugins = [
    # By its name alone: it stands above us, and gives us the chapters.
    "deployspec.app",
    "deployspec.plugin.options",
    "deployspec.plugin.deployments",
    "deployspec.plugin.selection",
    "deployspec.plugin.interrupting",
    "deployspec.plugin.lock",
    "deployspec.plugin.outcomes",
    "deployspec.plugin.run_folder",
    "deployspec.plugin.recording",
]


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Let others bring chapters and deployments."""
    pluginmanager.add_hookspecs(hooks)

"""``--alluredir``: allure-pytest listens, and a writer of ours puts what it tells into the folder, once it is a check's own
result (``allure_results``). Without that option nothing of Allure is imported."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from deployspec.plugin.options import is_worker
from deployspec.plugin.recording import RECORDER

_RUN = "deployspec_run"
_OWN = re.compile(
    r".*-(?:result|container|globals)\.json|.*-attachment\.[^/]*|environment\.properties|executor\.json|allurerc\.yaml"
)
"""The files of an Allure folder, and those that were half written: nothing else is removed from it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, and clean it where that is asked for: once, for each of pytest-xdist's workers would."""
    said = getattr(config.option, "allure_report_dir", None)
    if not said:
        return
    clean, config.option.clean_alluredir = config.option.clean_alluredir, False
    if is_worker(config):
        return
    folder = Path(said).absolute()
    config.option.allure_report_dir = str(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir() if clean and not config.option.collectonly else ():
            if _OWN.fullmatch(path.name.removesuffix(".tmp")) and path.is_file():
                path.unlink()
        if not config.option.collectonly:
            from deployspec.outputs.allure import CONFIGURATION

            own = folder / CONFIGURATION.name
            if own.is_symlink():
                # What it points to is somebody's own.
                own.unlink()
            shutil.copyfile(CONFIGURATION, own)
    except OSError as error:
        raise pytest.UsageError(
            f"--alluredir {said}: found {error.strerror or error}; expected a folder that can be written"
        ) from None


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Put our writer in the place of allure-pytest's own, which is there by now, until the end."""
    config = session.config
    if not getattr(config.option, "allure_report_dir", None):
        return
    from allure_commons import plugin_manager
    from allure_commons.logger import AllureFileLogger

    from deployspec.plugin.allure_results import Writer

    writer = Writer(config, Path(config.option.allure_report_dir), _run(config))
    for own in [one for one in plugin_manager.get_plugins() if isinstance(one, AllureFileLogger)]:
        # allure-pytest takes it away itself, by its name.
        config.add_cleanup(partial(plugin_manager.register, own, plugin_manager.get_name(own)))
        plugin_manager.unregister(own)
    plugin_manager.register(writer)
    config.add_cleanup(lambda: plugin_manager.unregister(writer))
    config.pluginmanager.register(writer, "deployspec-allure")


def _run(config: pytest.Config) -> str:
    """The id of the run, whichever process asks."""
    if is_worker(config):
        return str(config.workerinput[_RUN])  # type: ignore[attr-defined]
    return str(config.pluginmanager.getplugin(RECORDER).run.id)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which run it is a part of."""
    node.workerinput[_RUN] = _run(node.config)

"""Which deployment this run is about: found, provided where a conftest can boot it, and loaded once."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from deployspec.base.errors import DeployspecError
from deployspec.plugin.options import chapters, is_worker, places, sinks

if TYPE_CHECKING:
    from deployspec.deployment import Deployment, Finder
    from deployspec.plugin.hooks import Provided

_LOADED: pytest.StashKey[Deployment] = pytest.StashKey()
_FINDER: pytest.StashKey[Finder] = pytest.StashKey()
_WORKER_FILE = "deployspec_file"
_WORKER_NAME = "deployspec_name"


def named(config: pytest.Config) -> str | None:
    """The name said with ``--deployment`` or ``DEPLOYMENT``; None where there is none or it is empty."""
    option: str | None = config.getoption("--deployment")
    name = os.environ.get("DEPLOYMENT") if option is None else option
    return name.strip() or None if name else None


def none_said(config: pytest.Config) -> bool:
    """Whether nobody said which deployment: neither ``--deployment`` nor ``DEPLOYMENT``, not even an empty one.

    An empty name is no offline run: a pipeline whose variable is empty must not pass.
    """
    return config.getoption("--deployment") is None and "DEPLOYMENT" not in os.environ


def is_asked(config: pytest.Config) -> bool:
    """Whether the deployment's file says what this run is about. A list of the checks boots no deployment for it."""
    name = named(config)
    return name is not None and not (config.getoption("collectonly") and name in provided_names(config))


def obtain(config: pytest.Config) -> Deployment:
    """The deployment of this run, loaded (and booted, where a conftest provides it) at the first call.

    Raises pytest.UsageError, which ends the run with status 4, where none is named or it cannot be used.
    """
    known = config.stash.get(_LOADED, None)
    if known is None:
        try:
            known = _load(config)
        except DeployspecError as error:
            raise pytest.UsageError(str(error)) from None
        config.stash[_LOADED] = known
        _hide_secrets(config, known)
    return known


def amend(config: pytest.Config, deployment: Deployment) -> None:
    """Let the deployment of this run, which is loaded, be this one, of the same file: an option says more than it."""
    config.stash[_LOADED] = deployment


def _hide_secrets(config: pytest.Config, deployment: Deployment) -> None:
    """From here on, no text that is made for a person shows one."""
    from deployspec.base import disclosure
    from deployspec.deployment import Finder, Secret

    # What a proxy is sent, it can repeat.
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy")]
    users = [found for value in proxies if (found := re.match(r"(?:\w+://)?([^:/@]*:(.+))@", value))]
    # With the user too: it is both together that are sent, in base64.
    said = [unquote(text) for user in users for text in user.groups()]
    finder = config.stash[_FINDER] = Finder([*deployment.secrets(), *map(Secret, said)])
    disclosure.hide(finder, deployment.secret_variables)
    config.add_cleanup(lambda: disclosure.hide(disclosure.nothing))


def without_pieces(config: pytest.Config, text: str) -> str:
    """The text of somebody else's exception: others shorten values, so that pieces of secrets are hidden too."""
    finder = config.stash.get(_FINDER, None)
    return text if finder is None else finder.without_pieces(text)


def obtained(config: pytest.Config) -> Deployment | None:
    """The deployment of this run if it has been loaded, else None."""
    return config.stash.get(_LOADED, None)


def name_of(config: pytest.Config) -> str:
    """The name of this run's deployment, whether it has been loaded or not; empty where none is named."""
    deployment = obtained(config)
    if deployment is not None:
        return deployment.name
    # A deployment whose file cannot be used is told by its path.
    path = Path(named(config) or "")
    return path.stem if path.suffix in (".yaml", ".yml") else path.name


def names_here(config: pytest.Config) -> list[str]:
    """The deployments that have a file in the project, and those that a conftest can boot, sorted."""
    from deployspec.deployment import names_in

    return sorted({*names_in(places(config).deployments), *provided_names(config)})


def _load(config: pytest.Config) -> Deployment:
    import dataclasses

    from deployspec.deployment import find

    if is_worker(config):
        given: dict[str, Any] = config.workerinput  # type: ignore[attr-defined]
        if _WORKER_FILE not in given:
            raise pytest.UsageError(_none_named(config))
        return dataclasses.replace(_read(config, Path(given[_WORKER_FILE])), name=given[_WORKER_NAME])
    name = named(config)
    if name is None:
        raise pytest.UsageError(_none_named(config))
    if name in provided_names(config):
        provided: Provided | None = config.hook.pytest_deployspec_provide(name=name, config=config)
        if provided is not None:
            config.add_cleanup(provided.close)
            return dataclasses.replace(_read(config, provided.deployment_file), name=name)
    return _read(config, find(name, places(config).deployments, also=provided_names(config)))


def _read(config: pytest.Config, path: Path) -> Deployment:
    from deployspec.deployment import load

    return load(path, os.environ, chapters(config).values(), sinks(config))


def provided_names(config: pytest.Config) -> list[str]:
    """The names of the deployments that a conftest can boot."""
    return [name for names in config.hook.pytest_deployspec_names(config=config) for name in names]


def _none_named(config: pytest.Config) -> str:
    there_are = names_here(config)
    need = "no deployment is named, and the selected checks need one; "
    if not there_are:
        return need + "there is none yet: `deployspec init NAME URL` writes a first file"
    return need + "give --deployment NAME or set DEPLOYMENT to one of: " + ", ".join(there_are)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the deployment before pytest-xdist starts its workers: the controller collects no items itself."""
    distributes = config.getoption("dist", "no") != "no" and not config.getoption("collectonly")
    if distributes and not is_worker(config) and named(config) is not None:
        obtain(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker which deployment the controller has loaded or booted."""
    deployment = obtained(node.config)
    if deployment is not None:
        node.workerinput[_WORKER_FILE] = str(deployment.path)
        node.workerinput[_WORKER_NAME] = deployment.name


@pytest.fixture(scope="session")
def deployment(pytestconfig: pytest.Config) -> Deployment:
    """The running system under check, as its deployment file describes it."""
    return obtain(pytestconfig)

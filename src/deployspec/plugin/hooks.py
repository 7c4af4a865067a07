"""The hooks by which chapters are brought, and, from a conftest, deployments which are not files of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pytest

from deployspec.model.chapter import Chapter
from deployspec.model.sink import Sink


class Provided(Protocol):
    """A deployment that was booted for this run."""

    deployment_file: Path
    """The file that describes it."""

    def close(self) -> None:
        """End it, and leave nothing behind. Called once, however the run ends."""


@pytest.hookspec
def pytest_deployspec_chapters() -> Sequence[Chapter]:  # type: ignore[empty-body]
    """Chapters of the specification. They are asked for before the command line is read."""


@pytest.hookspec
def pytest_deployspec_sinks() -> Sequence[Sink]:  # type: ignore[empty-body]
    """Kinds of sinks that a deployment file may name. They are asked for when a deployment is loaded."""


@pytest.hookspec
def pytest_deployspec_names(config: pytest.Config) -> Sequence[str]:  # type: ignore[empty-body]
    """The names that ``pytest_deployspec_provide`` answers to, for the list of deployments there are."""


@pytest.hookspec(firstresult=True)
def pytest_deployspec_provide(name: str, config: pytest.Config) -> Provided | None:
    """Boot the deployment called ``name`` and return it once it is ready; None for a name that is not yours.

    ``config`` tells which checks were asked for, so that parts that none of them needs may stay away.

    Called once in a run, by the controller only. Raise ``deployspec.base.errors.UsageError`` with one clear text
    where it cannot be booted.
    """

"""Boots the deployment called ``reference``: the plugin itself knows no deployment but those in files."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path

from deployspec.errors import UsageError
from deployspec.plugin.hooks import Provided


class BootedReference:
    """A reference Deal Scout on free loopback ports, until it is closed."""

    def __init__(self) -> None:
        from reference.process import ReferenceFailedError, running_reference

        self._until_closed = contextlib.ExitStack()
        self._failure = ReferenceFailedError
        try:
            self.deployment_file: Path = self._until_closed.enter_context(running_reference()).deployment_file
        except ReferenceFailedError as error:
            raise UsageError(f"the reference deployment could not be booted: {error}") from None

    def close(self) -> None:
        """Stop every part of it and remove its folder."""
        try:
            self._until_closed.close()
        except self._failure as error:
            print(f"the reference deployment did not end well: {error}", file=sys.stderr)


def pytest_deployspec_names() -> Sequence[str]:
    """The deployments that this repository can boot."""
    return ["reference"]


def pytest_deployspec_provide(name: str) -> Provided | None:
    """Boot the reference when it is asked for."""
    return BootedReference() if name == "reference" else None

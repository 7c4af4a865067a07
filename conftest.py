"""Boots the deployment called ``reference``: the plugin itself knows no deployment but those in files."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deployspec.base.errors import UsageError
from deployspec.plugin.hooks import Provided
from deployspec.plugin.selection import may_select

MONITORING = ("prometheus", *(f"prometheus-{name}" for name in ("node-exporter", "postgres-exporter", "redis-exporter", "pushgateway")))  # fmt: skip
"""The programs that watch the reference. Where one is missing it is not watched, and live checks are not selected."""


class BootedReference:
    """A reference Deal Scout on free loopback ports, until it is closed."""

    def __init__(self, *arguments: str) -> None:
        from reference.process import ReferenceFailedError, running_reference

        self._until_closed = contextlib.ExitStack()
        self._failure = ReferenceFailedError
        try:
            self.deployment_file: Path = self._until_closed.enter_context(
                running_reference(*arguments)
            ).deployment_file
        except ReferenceFailedError as error:
            raise UsageError(f"the reference deployment could not be booted: {error}") from None

    def close(self) -> None:
        """Stop every part of it and remove its folder."""
        try:
            self._until_closed.close()
        except self._failure as error:
            print(f"the reference deployment did not end well: {error}", file=sys.stderr)


def pytest_deployspec_names(config: pytest.Config) -> Sequence[str]:
    """The deployments that this repository can boot, for itself: others may have its library installed, editable."""
    return ["reference"] if config.rootpath == Path(__file__).parent else []


def pytest_deployspec_provide(name: str, config: pytest.Config) -> Provided | None:
    """Boot the reference when it is asked for, with what watches it where a check may ask its Prometheus."""
    if name not in pytest_deployspec_names(config):
        return None
    asked = config.getoption("markexpr") or ""
    live = (
        {"alerts", "live"},
        {"alerts", "live", "gate"},
        {"slo"},
        {"slo", "gate"},
        {"dashboards"},
        {"dashboards", "gate"},
    )
    wanted = any(may_select(asked, markers) for markers in live)
    watched = wanted and all(shutil.which(program) for program in MONITORING)
    return BootedReference(*(["--monitoring"] if watched else []))

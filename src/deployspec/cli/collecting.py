"""The checks that a run would make, found by pytest's own collection: files are read, and nothing is asked or run.

Our plugin is imported by pytest alone, which would warn of one that was there before.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pytest

from deployspec.base.errors import UsageError


class Collected(NamedTuple):
    """What pytest has collected for a run."""

    config: pytest.Config
    items: Sequence[pytest.Item]
    """Those that the run would make, tests that are no checks included."""
    not_described: Mapping[str, str]
    """The checks that it would not: id to what the deployment file does not describe."""


class _Collector:
    """Turns a run into a list of what it would make."""

    collected: Collected | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        from deployspec.plugin.selection import SELECTING

        config.stash[SELECTING] = True
        # Such a list writes no report over the last run's.
        for option in ("xmlpath", "allure_report_dir", "clean_alluredir"):
            if hasattr(config.option, option):
                setattr(config.option, option, None)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> None:
        from deployspec.plugin.deployments import named, provided_names

        name = named(session.config)
        if name in provided_names(session.config):
            raise pytest.UsageError(
                f"found the deployment {name}, which is booted for a run and has no file until then; expected one with a file"
            )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        from deployspec.plugin.selection import SELECTION, Selection

        config = session.config
        not_described = config.stash.get(SELECTION, Selection()).not_described
        self.collected = Collected(config, list(session.items), not_described)


def collected(arguments: Sequence[str]) -> Collected:
    """Collect with pytest's ``arguments``, quietly.

    Raises UsageError, with what pytest says, where it does not come to a list.
    """
    collector = _Collector()
    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
        try:
            status: int = pytest.main([*arguments, "--collect-only"], plugins=[collector])
        except SystemExit:  # so early that pytest has no error of its own
            status = pytest.ExitCode.USAGE_ERROR
    if collector.collected is None or status not in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
        # A marker that selects nothing: the run would fail for it, and what else it does is still to be said.
        pytest.ExitCode.TESTS_FAILED,
    ):
        raise UsageError((told.getvalue() or said.getvalue()).strip())
    return collector.collected

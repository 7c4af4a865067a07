"""promtool's runs of the unit tests: begun as early as can be, so that promtool works while pytest does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.base.errors import ToolError
from deployspec.plugin.options import is_worker
from deployspec.plugin.outcomes import Unmeasured

if TYPE_CHECKING:
    from deployspec.plugin.rules.rule_set import LoadedTest
    from deployspec.tools.promtool import CaseRuns

_RUNS: pytest.StashKey[dict[str, CaseRuns | str]] = pytest.StashKey()
"""By a test file's path: its runs, or why there are none."""


def runs_of(config: pytest.Config, test: LoadedTest) -> CaseRuns:
    """promtool's runs of a test file; begins them where nobody did. Raises Unmeasured where there is no promtool."""
    begin(config, [test])
    runs = config.stash[_RUNS][test.file.path]
    if isinstance(runs, str):
        raise Unmeasured(runs)
    return runs


def begin_all(config: pytest.Config, tests: Iterable[LoadedTest]) -> None:
    """Begin to run all test files, before pytest has made items of them, where all of them are to be run."""
    told = config.option
    partly = told.keyword or told.deselect or any("::" in str(argument) for argument in config.args)
    if not (partly or told.collectonly or is_worker(config)):
        begin(config, tests)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to run the files of the selected cases. A worker of pytest-xdist runs a part of them only, when asked."""
    if session.config.getoption("collectonly") or is_worker(session.config):
        return
    chosen: list[Any] = [
        item.callspec.params["rule_case"]
        for item in session.items
        if hasattr(item, "callspec") and isinstance(item.callspec.params.get("rule_case"), tuple)
    ]
    begin(session.config, {test.file.path: test for test, _ in chosen}.values())


def begin(config: pytest.Config, tests: Iterable[LoadedTest]) -> None:
    """Begin to run those of the test files that nobody has begun."""
    known = config.stash.setdefault(_RUNS, {})
    new = [test for test in tests if test.file.path not in known]
    if not new:
        return
    from deployspec.tools.promtool import CaseRuns, find

    paths = [test.file.path for test in new]
    try:
        tested = [(test.file, test.rule_files) for test in new]
        runs = CaseRuns(find(os.environ), tested, timeout=config.getoption("--promtool-timeout"))
    except ToolError as error:
        known.update(dict.fromkeys(paths, str(error)))
        return
    config.add_cleanup(runs.close)
    runs.start()
    known.update(dict.fromkeys(paths, runs))

"""promtool's runs for the selected cases: begun as soon as these are known, ended with the session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.errors import ToolError
from deployspec.plugin.outcomes import Unmeasured
from deployspec.plugin.rules.collecting import Nothing

if TYPE_CHECKING:
    from deployspec.plugin.rules.rule_set import LoadedTest
    from deployspec.probes.promtool import CaseRuns

_RUNS: pytest.StashKey[CaseRuns | str] = pytest.StashKey()


def runs_of(config: pytest.Config) -> CaseRuns:
    """promtool's runs of this session. Raises Unmeasured where there is no promtool."""
    runs = config.stash.get(_RUNS, "no case was selected when the runs began")
    if isinstance(runs, str):
        raise Unmeasured(runs)
    return runs


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to run the files of the selected cases, while other checks are judged."""
    config = session.config
    if config.getoption("collectonly"):
        return
    tests: dict[str, LoadedTest] = {}
    for item in session.items:
        chosen: Any = item.callspec.params.get("rule_case") if hasattr(item, "callspec") else None
        if chosen is not None and not isinstance(chosen, Nothing):
            test, _ = chosen
            tests[test.file.path] = test
    if not tests:
        return
    from deployspec.probes.promtool import CaseRuns, find

    try:
        runs = CaseRuns(find(os.environ), [(test.file, test.rule_files) for test in tests.values()])
        runs.start()
    except ToolError as error:
        config.stash[_RUNS] = str(error)
        return
    config.stash[_RUNS] = runs
    config.add_cleanup(runs.close)

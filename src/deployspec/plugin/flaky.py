"""``--fail-on-flaky``: which checks are flaky, by a retry or by the runs before. Controller only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deployspec.plugin.accepting import acceptances
from deployspec.plugin.options import chapters

if TYPE_CHECKING:
    from deployspec.record.record import Run
    from deployspec.record.store import Store


def flaky_problems(config: pytest.Config, run: Run, store: Store | None) -> list[str]:
    """A line for each flaky check that nobody has accepted; ``store`` is where runs are kept, None where none are looked
    for. From here on the run's entries say which are flaky.
    """
    found: dict[str, int] = {}
    lines = []
    if store is not None:
        from deployspec.record.flaky import LAST, changes, earlier

        try:
            found = changes(run, earlier(run, store, chapters(config).values()))
        except OSError as error:
            lines.append(f"--fail-on-flaky: the runs before could not be read: {error}")
    held = acceptances(config)
    for name, entry in run.entries.items():
        why = "MET only after a retry" if entry.flaky else ""
        if count := found.get(entry.id):
            why = f"{count} changes between MET and BREACHED in its last {LAST} runs"
            run.entries[name] = replace(entry, flaky=True)
        if why and not held.hold_for(entry, run.deployment):
            lines.append(f"{entry.id} is flaky: {why}")
    return lines

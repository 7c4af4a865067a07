"""What is wrong with a run as a whole."""

from __future__ import annotations

from deployspec.outputs.troubles import troubles_of
from deployspec.record.record import Run


def test_a_chapter_that_selected_nothing_needs_what_its_own_checks_need() -> None:
    """Not what those of other chapters do."""
    needs = {"health.outage-is-told": "faults", "logs.newest-record-is-fresh": "logs", "slo.load-run": "slos"}
    run = Run(
        "", markers="gate", not_described=needs, empty_markers=["logs", "alerts"], cut_short="interrupted"
    )
    assert list(troubles_of(run))[1:] == [
        "-m gate, of which logs is a chapter, selected no checks of it (needs logs), so logs was not measured",
        "-m gate, of which alerts is a chapter, selected no checks of it, so alerts was not measured",
    ]

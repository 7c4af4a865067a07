"""The exit status of a probe, and the lines that it prints."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployspec.model.entry import Accepted, Entry
from deployspec.outputs.troubles import troubles_of
from deployspec.probe.verdicts import all_met, failing, status_of, with_unmeasured
from deployspec.record.record import Run, Selected


def _run(*verdicts: str, asks: bool = True, **more: Any) -> Run:
    entries = [
        Entry(
            check=f"n{number}",
            id=f"health.c{number}",
            chapter="health",
            promise="p",
            verdict=verdict,
            reason="r",
            source=f"f:{number}",
            asks=asks,
        )
        for number, verdict in enumerate(verdicts)
    ]
    return Run(
        started="2026-01-01T00:00:00.000Z",
        deployment="shop",
        entries={entry.check: entry for entry in entries},
        **more,
    )


ACCEPTED = Accepted("shop team", "rebuilding", "9999-12-31", "accepted.yaml:2")


def _accepted(run: Run, **more: Any) -> Run:
    entries = {
        name: replace(entry, accepted=None if entry.verdict == "MET" else ACCEPTED)
        for name, entry in run.entries.items()
    }
    return replace(run, entries=entries, **more)


def _again(run: Run, **more: Any) -> Run:
    entries = {name: replace(entry, met_again="MET again") for name, entry in run.entries.items()}
    return replace(run, entries=entries, **more)


@pytest.mark.parametrize(
    ("run", "status"),
    [
        pytest.param(_run("MET", "MET"), 0, id="met"),
        pytest.param(_run("MET", "BREACHED"), 1, id="breached"),
        pytest.param(_run("MET", "UNMEASURED"), 1, id="unmeasured"),
        pytest.param(_run("MET", cut_short="killed"), 1, id="incomplete"),
        pytest.param(_run("MET", empty_markers=["slo"]), 1, id="empty-marker"),
        pytest.param(_run("MET", asks=False), 1, id="nothing-asked"),
        pytest.param(_run("MET", asks=False, maintenance="night"), 1, id="nothing-asked-in-maintenance"),
        pytest.param(_run(), 5, id="nothing"),
        pytest.param(_run(cut_short="killed"), 1, id="nothing-and-incomplete"),
        pytest.param(_run("MET", exit_status=3), 3, id="our-error"),
        pytest.param(_run("BREACHED", maintenance="night"), 0, id="maintenance"),
        pytest.param(
            _run("BREACHED", maintenance="night", cut_short="killed"), 1, id="incomplete-in-maintenance"
        ),
        pytest.param(
            _run("UNMEASURED", maintenance="night", exit_status=3), 3, id="our-error-in-maintenance"
        ),
        pytest.param(_run(maintenance="night"), 5, id="nothing-in-maintenance"),
        pytest.param(_accepted(_run("MET", "BREACHED")), 0, id="accepted"),
        pytest.param(_accepted(_run("BREACHED"), cut_short="killed"), 1, id="accepted-and-incomplete"),
        pytest.param(_run("MET", problems=["accepted.yaml:2: found nothing"]), 1, id="problem"),
        pytest.param(_run("MET", problems=["p"], maintenance="night"), 1, id="problem-in-maintenance"),
        pytest.param(_again(_run("MET")), 1, id="met-again"),
        pytest.param(_again(_run("MET"), maintenance="night"), 0, id="met-again-in-maintenance"),
    ],
)
def test_the_exit_status(run: Run, status: int) -> None:
    """What is not MET fails a probe, but in a maintenance window; what was not measured as a whole fails it always."""
    assert status_of(run) == status


def test_a_success_is_a_complete_run_in_which_all_is_met() -> None:
    """A maintenance window makes no success of a breach."""
    assert all_met(_run("MET"))
    for run in (
        _run(),
        _run("BREACHED", maintenance="night"),
        _run("MET", cut_short="killed"),
        _run("MET", empty_markers=["slo"]),
        _run("MET", asks=False),
        _accepted(_run("BREACHED")),
    ):
        assert not all_met(run)
    assert all_met(_again(_run("MET")))


def test_breaches_come_first() -> None:
    """They are what a person acts on."""
    assert [entry.id for entry in failing(_run("UNMEASURED", "MET", "BREACHED"))] == [
        "health.c2",
        "health.c0",
    ]


@pytest.mark.parametrize(
    ("run", "lines"),
    [
        (_run("MET"), []),
        (_run("MET", cut_short="the time limit"), ["incomplete: the time limit"]),
        (
            _run(not_described={"health.a": "health", "logs.b": "logs"}),
            ["nothing was measured: no check of shop was selected (needs health, logs)"],
        ),
        (_run("MET", asks=False), ["no check asked shop anything, so nothing of it was measured"]),
        (_run("MET", empty_markers=["slo"]), ["-m slo selected no checks, so slo was not measured"]),
    ],
)
def test_what_is_wrong_with_a_run_as_a_whole_is_said(run: Run, lines: list[str]) -> None:
    """One line for each."""
    assert list(troubles_of(run)) == lines


def test_checks_without_a_verdict_are_unmeasured() -> None:
    """Those that are known, each with the reason; what was measured stays."""
    run = _run("MET", not_run=[Selected("logs.x", "logs", "q", "n9", "g:1")])
    assert {
        entry.id: (entry.verdict, entry.reason) for entry in with_unmeasured(run, "killed").entries.values()
    } == {"health.c0": ("MET", "r"), "logs.x": ("UNMEASURED", "killed")}

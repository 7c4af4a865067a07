"""What the chapter slo compares of two runs, and what it leaves out, and why."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from deployspec.chapters.slo.report import changes
from deployspec.model.entry import Entry
from deployspec.model.verdict import Proportion
from deployspec.record.record import Run
from tests.chapters.slo.load.test_result import HALF, result

LATENCY = Proportion("x", "load", 98, 99, 0.95, 0.9, 1.0, slow_from=HALF)
FAILED_OF_B = Proportion("y", "load", 49, 50, 0.95, 0.9, 1.0, route="b")


DOCUMENT = json.loads(json.dumps(result().document()))


def run(*proportions: Proportion, load: Any = None) -> Run:
    """A finished run, one check a proportion."""
    entries = {
        one.objective: Entry(
            one.objective, f"slo.load-run[{one.objective}]", "slo", "", "MET", "", proportion=one
        )
        for one in proportions
    }
    document = DOCUMENT if load is None else load
    return Run("2026-11-28T12:00:00.000Z", entries=entries, added={"load": document})


def test_percentiles_and_objectives() -> None:
    """Of all requests and of each kind; each objective by the name of its check, with what it allows."""
    one = run(LATENCY, FAILED_OF_B)
    figures, not_compared = changes(one, run(LATENCY, FAILED_OF_B))
    assert not_compared == []
    assert [figure.name for figure in figures] == [
        *(f"p{percentile} of {of}" for of in ("all requests", "a", "b") for percentile in (50, 95)),
        "slo.load-run[x]",
        "slo.load-run[y]",
    ]
    slow, failed = figures[-2:]
    assert (slow.before.value, slow.before.samples, slow.allowed) == (1 / 99, 99, pytest.approx(0.05))
    assert (failed.after.value, failed.after.samples) == (1 / 50, 50)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (run(LATENCY, load=False), "the load run: a result is damaged: TypeError"),
        (run(LATENCY, load={"format": "deployspec.load/9"}), "the load run: a result is damaged: ValueError"),
        (Run("then"), "the load run: the baseline has none"),
        (run(), "slo.load-run[x]: the baseline has no share of it"),
        (run(replace(LATENCY, target=0.99)), "slo.load-run[x]: the objective has changed"),
        (run(replace(LATENCY, slow_from=1)), "slo.load-run[x]: the objective has changed"),
        (run(LATENCY, FAILED_OF_B), "slo.load-run[y]: this run did not make it"),
        (run(LATENCY, load=DOCUMENT | {"plan": {}}), "the load run: a result is damaged: KeyError"),
        (run(LATENCY, load=DOCUMENT | {"thresholds": []}), "the load run: a result is damaged: "),
    ],
)
def test_what_is_left_out(before: Run, said: str) -> None:
    """Each with its reason."""
    _, not_compared = changes(before, run(LATENCY))
    assert len(not_compared) == 1
    assert not_compared[0].startswith(said)


def test_a_share_that_has_vanished() -> None:
    """A check that is made in both runs, and that knew a share in the first one alone."""
    after = run(LATENCY)
    after.entries = {name: replace(entry, proportion=None) for name, entry in after.entries.items()}
    figures, not_compared = changes(run(LATENCY), after)
    assert {figure.kind for figure in figures} == {"latency"}
    assert not_compared == ["slo.load-run[x]: this run has no share of it"]


def test_a_window_is_left_out() -> None:
    """It may hold requests of both runs."""
    window = Proportion("z", "window", 98, 99, 0.95)
    figures, not_compared = changes(run(window), run(window))
    assert [figure.kind for figure in figures] == ["latency"] * 6
    assert not_compared == ["slo.load-run[z]: Prometheus' window may hold requests of both runs"]


def test_runs_without_load_have_nothing_to_compare() -> None:
    """And nothing to say of it."""
    assert changes(Run("then"), Run("now")) == ([], [])
    assert changes(run(), Run("now")) == ([], ["the load run: this run has none"])

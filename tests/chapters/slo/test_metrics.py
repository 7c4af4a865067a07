"""The numbers behind verdicts on objectives, as metrics of a probe."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Any

import pytest

from deployspec.chapters.slo.judge.census import Census, judge_census
from deployspec.chapters.slo.judge.load_run import judge_load
from deployspec.chapters.slo.metrics import families
from deployspec.model.entry import Entry
from deployspec.model.verdict import Proportion, Verdict
from deployspec.record.record import Run
from tests.chapters.slo.judge.test_load_run import AVAILABILITY, LATENCY, run

DAY = 86400.0


def _entry(check: str, verdict: Verdict) -> Entry:
    return Entry(
        check, check, "slo", "p", verdict.outcome.value, verdict.reason, proportion=verdict.proportion
    )


def _told(*entries: Entry, **added: Any) -> dict[str, dict[str, float]]:
    """By metric, the samples by the values of their labels."""
    finished = Run(started="", entries={entry.check: entry for entry in entries}, added=added)
    return {
        family.name.removeprefix("deployspec_"): {
            " ".join(sample.labels.values()): sample.value for sample in family.samples
        }
        for family in families(finished)
    }


def test_a_load_run_tells_its_share_of_good_requests_and_its_interval() -> None:
    """Of latency and availability alike the good ones, so that target and share compare."""
    verdict = judge_load(LATENCY, run(3_000, slow=60))
    told = _told(
        _entry("slo.load-run[a]", verdict),
        _entry("slo.load-run[b]", judge_load(AVAILABILITY, run(3_000, failed=60))),
    )
    one, other = "slo.load-run[a] api-latency load", "slo.load-run[b] api-availability load"
    assert told["objective_ratio"] == {one: 0.98, other: 0.98}
    assert told["objective_target_ratio"] == {one: 0.95, other: 0.95}
    assert told["objective_samples"] == {one: 3000, other: 3000}
    assert (
        0.95
        < told["objective_interval_low_ratio"][one]
        < 0.98
        < told["objective_interval_high_ratio"][one]
        < 1
    )


def test_a_window_was_counted_and_has_no_interval() -> None:
    """Nothing is estimated there."""
    told = _told(_entry("slo.window", judge_census(AVAILABILITY, Census(1900, 2000, 1.0), asked_window=DAY)))
    assert told["objective_ratio"] == {"slo.window api-availability window": 0.95}
    assert told["objective_interval_low_ratio"] == told["objective_interval_high_ratio"] == {}


def test_what_was_not_measured_is_not_told() -> None:
    """An undecided share is a number, and none measured is none; the families are there all the same."""
    undecided = judge_load(LATENCY, run(40, slow=1))
    nothing = judge_load(LATENCY, run(0))
    assert (undecided.outcome.value, nothing.outcome.value) == ("UNMEASURED", "UNMEASURED")
    told = _told(_entry("slo.a", undecided), _entry("slo.b", nothing))
    assert told["objective_ratio"] == {"slo.a api-latency load": 0.975}
    assert set(_told()) == set(told)
    assert not any(_told().values())


def test_latencies_are_those_of_the_load_run() -> None:
    """In seconds, by percentile."""
    told = _told(load=json.loads(json.dumps(run(1_000, slow=10).document())))["load_latency_seconds"]
    assert set(told) == {"50", "90", "95", "99", "99.9", "max"}
    assert told["50"] == pytest.approx(0.05, rel=1e-3)
    assert 1 <= told["max"] < 1.01


def test_a_proportion_survives_the_record() -> None:
    """An entry is read back as it was written."""
    entry = _entry("slo.a", judge_load(LATENCY, run(3_000, slow=60)))
    assert entry.proportion == Proportion(
        "api-latency",
        "load",
        2940,
        3000,
        0.95,
        entry.proportion.low,
        entry.proportion.high,
        slow_from=500_000_000,
    )
    assert Entry.from_dict(json.loads(json.dumps(asdict(entry)))) == entry


def test_a_probe_imports_nothing_of_what_measures() -> None:
    """The module is imported by a process that only reads a record."""
    said = "import sys, deployspec.chapters.slo.metrics; print(*sys.modules)"
    there = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert not {
        "numpy",
        "scipy",
        "hdrh",
        "orjson",
        "locust",
        "pytest",
        "yaml",
        "deployspec.chapters.slo.judge",
    } & set(there)

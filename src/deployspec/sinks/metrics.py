"""A run as metrics: names, types and helps are constants (docs/metrics.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from deployspec import __version__
from deployspec.base.moments import seconds_of
from deployspec.model.entry import Entry
from deployspec.model.metrics import Family, Sample, check_label, label
from deployspec.model.verdict import Outcome
from deployspec.record.record import Run


class Progress(NamedTuple):
    """What a location knows beyond one run."""

    interval: float
    """Seconds from one run to the next, as the schedule has them."""
    last_completion: float | None = None
    """Seconds since the epoch; None where no run was ever completed."""
    last_success: float | None = None
    """The same of a complete run whose checks were all MET."""
    skipped: int = 0
    """Runs that were not started because one was going on."""
    push_failures: Mapping[str, int] = {}
    """By sink, the pushes that failed."""


def families(run: Run, progress: Progress, added: Iterable[Family] = ()) -> tuple[Family, ...]:
    """All that a run says as metrics; ``added`` is what its chapters say."""
    entries = run.ordered()
    counts = run.counts()
    return (
        Family(
            "deployspec_check_verdict",
            "gauge",
            "Whether a check has this verdict: exactly one of met, breached and unmeasured is 1.",
            tuple(_verdicts(entries)),
        ),
        _of_checks(
            "deployspec_check_duration_seconds",
            "How long a check took. Measurements that checks share count for the check that came first.",
            entries,
            {entry.id: entry.duration for entry in entries},
        ),
        _of_checks(
            "deployspec_check_accepted",
            "Whether the team has accepted, for the time being, the verdict that this check has.",
            entries,
            {entry.id: entry.accepted is not None for entry in entries},
        ),
        Family(
            "deployspec_check_info",
            "gauge",
            "What is known of a check beside its verdict: whether it asks the deployment. Always 1.",
            tuple(
                Sample(1, {**_labels(entry), "asks": "true" if entry.asks else "false"}) for entry in entries
            ),
        ),
        *added,
        Family(
            "deployspec_run_checks",
            "gauge",
            "The checks of the last run by their verdict.",
            tuple(Sample(counts[one.value], {"verdict": one.value.lower()}) for one in Outcome),
        ),
        _one("deployspec_run_collected_checks", "The checks that the last run collected.", len(entries)),
        _one(
            "deployspec_run_duration_seconds", "How long the last run took, without its pushes.", _took(run)
        ),
        _one(
            "deployspec_run_last_completion_timestamp_seconds",
            "When a run was last completed.",
            progress.last_completion,
        ),
        _one(
            "deployspec_run_last_success_timestamp_seconds",
            "When a complete run last found every check met.",
            progress.last_success,
        ),
        _one("deployspec_run_interval_seconds", "The time from one run to the next.", progress.interval),
        _one(
            "deployspec_run_skipped_total",
            "Runs that were not started because the one before was going on.",
            progress.skipped,
            "counter",
        ),
        Family(
            "deployspec_push_failures_total",
            "counter",
            "Pushes of a run that failed, each counted once however often it was tried.",
            tuple(Sample(count, {"sink": name}) for name, count in progress.push_failures.items()),
        ),
        _one(
            "deployspec_in_maintenance",
            "Whether the last run fell into a maintenance window.",
            bool(run.maintenance),
        ),
        Family(
            "deployspec_build_info",
            "gauge",
            "The version of deployspec that made the last run. Always 1.",
            (Sample(1, {"version": run.versions.get("deployspec", __version__)}),),
        ),
    )


def _labels(entry: Entry) -> dict[str, str]:
    return {"check": check_label(entry.id), "chapter": label(entry.chapter)}


def _verdicts(entries: Iterable[Entry]) -> Iterable[Sample]:
    for entry in entries:
        for one in Outcome:
            yield Sample(entry.verdict == one.value, {**_labels(entry), "verdict": one.value.lower()})


def _of_checks(name: str, text: str, entries: Iterable[Entry], values: Mapping[str, float]) -> Family:
    return Family(
        name, "gauge", text, tuple(Sample(values.get(entry.id, 0), _labels(entry)) for entry in entries)
    )


def _one(name: str, text: str, value: float | None, of_type: str = "gauge") -> Family:
    return Family(name, of_type, text, () if value is None else (Sample(value),))


def _took(run: Run) -> float | None:
    started, finished = seconds_of(run.started), seconds_of(run.finished)
    return None if started is None or finished is None else max(0.0, finished - started)

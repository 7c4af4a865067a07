"""What the chapter slo adds to the metrics of a probe. Imports nothing of what measures: a probe only reads the record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from deployspec.model.entry import Entry
from deployspec.model.metrics import Family, Sample, check_label, label
from deployspec.model.verdict import Proportion
from deployspec.record.record import Run

_OF_OBJECTIVES: tuple[tuple[str, str, Callable[[Proportion], float | None]], ...] = (
    (
        "ratio",
        "The share of good requests that a check of an objective measured.",
        lambda one: one.good / one.total,
    ),
    ("target_ratio", "The share of requests that the objective wants to be good.", lambda one: one.target),
    (
        "interval_low_ratio",
        "The low end of the 95% confidence interval of the share of good requests.",
        lambda one: one.low,
    ),
    (
        "interval_high_ratio",
        "The high end of the 95% confidence interval of the share of good requests.",
        lambda one: one.high,
    ),
    ("samples", "The requests that a check of an objective counted.", lambda one: one.total),
)


def families(run: Run) -> Iterator[Family]:
    """The numbers behind the verdicts on objectives, and the latencies of the load run.

    A check that measured no share has no sample: what is not known is not told.
    """
    checks = [(entry, entry.proportion) for entry in run.ordered() if entry.proportion is not None]
    for name, text, value in _OF_OBJECTIVES:
        samples = ((entry, proportion, value(proportion)) for entry, proportion in checks)
        yield Family(
            f"deployspec_objective_{name}",
            "gauge",
            text,
            tuple(Sample(of, _labels(entry, one)) for entry, one, of in samples if of is not None),
        )
    yield Family(
        "deployspec_load_latency_seconds",
        "gauge",
        "Latencies of the last load run, by percentile, from the intended start to the last byte.",
        tuple(_latencies(run.added.get("load"))),
    )


def _labels(entry: Entry, proportion: Proportion) -> dict[str, str]:
    return {
        "check": check_label(entry.id),
        "objective": label(proportion.objective),
        "counted_by": proportion.counted_by,
    }


def _latencies(load: Any) -> Iterator[Sample]:
    """Of a load run's result as the record has it (``schemas/load-result.schema.json``); none where it was none."""
    told = load["total"]["latency"]["milliseconds"] if isinstance(load, dict) else {}
    for percentile, milliseconds in told.items():
        if milliseconds is not None:
            yield Sample(milliseconds / 1000, {"percentile": percentile.removeprefix("p")})

"""How often the interval of a share of bad requests holds the true share, where stalls make neighbours bad together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deployspec.chapters.slo.judge.interval import Counts, Interval, interval

LIMIT = 0.05
LEAST_COVERAGE = 0.93
BIN_SECONDS = 0.1
SEED = 20261126
AT_ONCE = 3_000_000
SPELL, CALM = 10.0, 30.0
"""Mean seconds of spells in which stalls come, and between them."""
Numbers = NDArray[np.int64]
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Cell:
    """One way in which a server is bad, and how it is measured."""

    seconds: float
    stall: float
    """Mean length in seconds; 0: each request is bad or not on its own."""
    share: float = LIMIT
    rate: float = 50.0
    runs: int = 1000
    poisson: bool = False
    """Whether arrivals are those of a Poisson process; else they are evenly spaced."""
    lengths: str = "fixed"
    """Or ``exponential``, or ``lognormal`` (of sigma 1)."""
    alone: float = 0.0
    """The part of bad requests that are bad on their own."""
    spells: bool = False
    """Whether stalls come in spells only, four times as often there."""


@dataclass(frozen=True)
class Outcome:
    """What came of the runs of a cell; all are shares of runs but ``width`` and ``effective``."""

    coverage: float
    naive: float
    none_bad: float
    met: float
    breached: float
    width: float
    """The mean width, in widths of a normal interval of which the true variance is known."""
    effective: float
    """The median effective number of requests, as a share of all."""


def run() -> str:
    """Simulate, and return the results as Markdown."""
    began = time.process_time()
    stalls = (0.0, 0.05, 0.1, 0.3, 1.0, 3.0)
    main = {
        (seconds, stall): _measured(Cell(seconds, stall, runs=2000 if seconds == 300.0 else 1000))
        for seconds in (30.0, 60.0, 120.0, 300.0, 600.0)
        for stall in stalls
    }
    worst = min(
        outcome.coverage for (seconds, stall), outcome in main.items() if seconds == 300.0 and stall <= 0.3
    )
    others = {
        "200/s": [Cell(300.0, stall, rate=200.0) for stall in (0.0, 0.05, 0.3, 1.0)],
        "Poisson arrivals": [Cell(300.0, stall, poisson=True) for stall in (0.0, 0.05, 0.3, 1.0)],
        "Poisson arrivals, 60 s": [Cell(60.0, stall, poisson=True) for stall in (0.0, 0.3)],
        "exponential lengths, 60 s": [Cell(60.0, stall, lengths="exponential") for stall in (0.1, 0.3, 1.0)],
        "exponential lengths": [Cell(300.0, stall, lengths="exponential") for stall in (0.1, 0.3, 1.0, 3.0)],
        "lognormal lengths": [Cell(300.0, stall, lengths="lognormal") for stall in (0.1, 0.3)],
        "half of the bad ones on their own": [Cell(300.0, stall, alone=0.5) for stall in (0.1, 0.3, 3.0)],
        "in spells": [
            Cell(300.0, 0.1, spells=True),
            Cell(300.0, 0.3, spells=True),
            Cell(60.0, 0.3, spells=True),
        ],
    }
    shares = [
        Cell(seconds, stall, share=share)
        for share in (0.01, 0.1)
        for seconds in (60.0, 300.0)
        for stall in (0.0, 0.1, 0.3, 1.0)
    ]
    rows = "\n".join(
        f"| {seconds:g} | {_stall(stall)} | {_columns(outcome)} |"
        for (seconds, stall), outcome in main.items()
    )
    other_rows = "\n".join(
        f"| {name} | {cell.seconds:g} | {_stall(cell.stall)} | {_columns(_measured(cell))} |"
        for name, cells in others.items()
        for cell in cells
    )
    share_rows = "\n".join(_share_row(cell) for cell in shares)
    return f"""## The interval of a share of bad requests: how often it holds the true one

Simulated, seeded: a server whose true share of bad requests is 5%, the limit itself, in stalls after exponential
gaps; a request that arrives within a stall is bad. 50 requests/s evenly spaced and stalls of one length, where
nothing else is said; bins of {BIN_SECONDS} s; 1,000 runs a row, 2,000 in the first table where runs last 300 s. Of a 95%
interval:

- *covers*: share of runs whose interval holds the true share; *naive*: the same of Clopper and Pearson's, which takes
  requests to be independent. The standard error of 95% is 0.7 points of 1,000 runs, 0.5 of 2,000.
- *MET*, *BREACHED*: share of runs whose interval is all below the limit, or all above it: both wrong here.
- *none bad*: share of runs that met no stall; each is a wrong MET that no interval can prevent.
- *width*: the mean width, in widths of a normal interval that knows the true variance.
- *tells*: the median effective number of requests, of all requests.

| run, s | stall, s | covers | naive | MET | BREACHED | none bad | width | tells |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

- Coverage of stalls up to 0.3 s in runs of 300 s: at least **{worst:.1%}**; limit {LEAST_COVERAGE:.0%}: {"kept" if worst >= LEAST_COVERAGE else "NOT kept"}.

The same for other servers and arrivals ("in spells": stalls only in spells of {SPELL:g} s, {CALM:g} s apart, both
exponential):

| what differs | run, s | stall, s | covers | naive | MET | BREACHED | none bad | width | tells |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{other_rows}

Other true shares, judged against 5%; here a verdict may be right:

| true share | run, s | stall, s | covers | naive | MET | BREACHED | UNMEASURED | width |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{share_rows}

- One interval of 100,000 bins takes {_milliseconds():.0f} ms; all of this took {time.process_time() - began:.0f} s.
"""


def _stall(seconds: float) -> str:
    return f"{seconds:g}" if seconds else "none"


def _columns(outcome: Outcome) -> str:
    shares = (outcome.coverage, outcome.naive, outcome.met, outcome.breached, outcome.none_bad)
    texts = [f"{share:.1%}" for share in shares]
    return " | ".join([*texts, f"{outcome.width:.2f}", f"{outcome.effective:.2%}"])


def _share_row(cell: Cell) -> str:
    outcome = _measured(cell)
    unmeasured = 1 - outcome.met - outcome.breached
    shares = (outcome.coverage, outcome.naive, outcome.met, outcome.breached, unmeasured)
    texts = " | ".join(f"{share:.1%}" for share in shares)
    return f"| {cell.share:.0%} | {cell.seconds:g} | {_stall(cell.stall)} | {texts} | {outcome.width:.2f} |"


def _milliseconds() -> float:
    bad = (np.random.default_rng(SEED).random(100_000) < LIMIT).astype(int).tolist()
    counts = Counts(500_000, 5 * sum(bad), [(5, 5 * one) for one in bad], BIN_SECONDS)
    took = []
    for _ in range(10):
        began = time.perf_counter()
        interval(counts)
        took.append(time.perf_counter() - began)
    return 1000 * float(np.median(took))


def _measured(cell: Cell) -> Outcome:
    found: list[tuple[Counts, Interval]] = []
    naive = 0
    for counts in simulated(cell):
        found.append((counts, interval(counts)))
        plain = interval(Counts(counts.total, counts.bad))
        naive += plain.low <= cell.share <= plain.high
    low = np.array([one.low for _, one in found])
    high = np.array([one.high for _, one in found])
    total = np.array([counts.total for counts, _ in found])
    bad = np.array([counts.bad for counts, _ in found])
    return Outcome(
        coverage=float(np.mean((low <= cell.share) & (cell.share <= high))),
        naive=naive / len(found),
        none_bad=float(np.mean(bad == 0)),
        met=float(np.mean(high < LIMIT)),
        breached=float(np.mean(low > LIMIT)),
        width=float(np.mean(high - low) / (2 * 1.96 * np.std(bad / total))),
        effective=float(np.median([one.effective for _, one in found] / total)),
    )


def simulated(cell: Cell, seed: int = SEED) -> Iterator[Counts]:
    """The runs of a cell: consecutive pieces of one long process, many at a time."""
    generator = np.random.default_rng(seed)
    at_once = max(1, min(cell.runs, int(AT_ONCE / (cell.seconds * cell.rate))))
    # What comes before the first piece lets the process forget that it began without a stall.
    cycles = max(cell.stall / cell.share, CALM + SPELL if cell.spells else 0.0)
    warm = -int(-10 * cycles // cell.seconds)
    left = cell.runs
    while left > 0:
        pieces = min(at_once, left)
        left -= pieces
        requests, bad = _bins(cell, generator, warm + pieces)
        for piece in range(warm, warm + pieces):
            bins = list(zip(requests[piece].tolist(), bad[piece].tolist(), strict=True))
            yield Counts(int(requests[piece].sum()), int(bad[piece].sum()), bins, BIN_SECONDS)


def _bins(cell: Cell, generator: np.random.Generator, pieces: int) -> tuple[Numbers, Numbers]:
    """Requests and bad ones of each bin: one row a run."""
    seconds = cell.seconds * pieces
    if cell.poisson:
        arrivals: Times = np.sort(generator.uniform(0, seconds, generator.poisson(cell.rate * seconds)))
    else:
        arrivals = (np.arange(cell.rate * seconds, dtype=np.float64) + generator.random()) / cell.rate
    in_stalls = cell.share * (1 - cell.alone) if cell.stall else 0.0
    bad = generator.random(len(arrivals)) < (cell.share - in_stalls) / (1 - in_stalls)
    if cell.stall:
        frequent = in_stalls * (SPELL + CALM) / SPELL if cell.spells else in_stalls
        stalled = _within(
            arrivals, generator, cell.stall, cell.stall * (1 - frequent) / frequent, cell.lengths
        )
        if cell.spells:
            stalled &= _within(arrivals, generator, SPELL, CALM, "exponential")
        bad |= stalled
    per_run = round(cell.seconds / BIN_SECONDS)
    places = np.minimum((arrivals / BIN_SECONDS).astype(np.int64), per_run * pieces - 1)
    many = np.bincount(places, minlength=per_run * pieces)
    return many.reshape(pieces, per_run), np.bincount(places[bad], minlength=per_run * pieces).reshape(
        pieces, -1
    )


def _within(
    arrivals: Times, generator: np.random.Generator, length: float, gap: float, lengths: str
) -> NDArray[np.bool_]:
    """Which arrivals are within stalls of this mean length, after exponential gaps of this mean."""
    many = int(arrivals[-1] / (length + gap) * 1.5) + 100
    if lengths == "fixed":
        lasting: Times = np.full(many, length)
    elif lengths == "exponential":
        lasting = generator.exponential(length, many)
    else:
        lasting = generator.lognormal(float(np.log(length)) - 0.5, 1.0, many)
    ends = np.cumsum(generator.exponential(gap, many) + lasting)
    starts = ends - lasting
    last = np.searchsorted(starts, arrivals, side="right") - 1
    within: NDArray[np.bool_] = (last >= 0) & (arrivals < ends[np.maximum(last, 0)])
    return within

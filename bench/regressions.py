"""How often a comparison of two load runs calls a regression where there is none, and finds one where there is."""

from __future__ import annotations

import os
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from deployspec.chapters.slo.judge.changes import latencies, shares
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import RouteTally, Tally
from deployspec.model.verdict import Proportion
from deployspec.record.baseline import (
    FAMILY,
    IMPROVED,
    MARGIN,
    NO_WORSE,
    REGRESSED,
    Found,
    confidence_for,
    judged_alone,
)

PAIRS = int(os.environ.get("BENCH_REGRESSIONS_PAIRS", "10000"))
POWER = max(10, PAIRS // 400)
"""Pairs of each row of the table of what is found."""
SLOWER = (1.2,)
SEED = 20261129
RATE = 50.0
HALF = 500_000_000
ROUTES = (("quick", 0.75, 8.0), ("slow", 0.25, 30.0))
"""Each kind of requests: its name, its part of all, and its median in milliseconds."""
TARGET = 0.95
Times = NDArray[np.float64]


@dataclass(frozen=True)
class Server:
    """How a server's latencies vary about their medians."""

    name: str
    sigma: float = 0.3
    """Of the logarithm, of each request on its own."""
    wave: float = 0.0
    """Of the logarithm, of what neighbours share: an autoregressive process."""
    reach: float = 1.0
    """Seconds after which little of a wave is left."""
    heavy: bool = False
    """Whether a tenth of requests take a Pareto-distributed time more (of index 1.5)."""
    stall: float = 0.0
    """Mean length in seconds, exponential; who arrives within one waits for its end."""
    every: float = 10.0
    """Mean seconds from one stall to the next, exponential."""
    failing: float = 0.005
    """The share of requests that fail on their own."""
    outages: bool = False
    """Whether requests in stalls fail, too."""


SERVERS = (
    Server("independent"),
    Server("heavy tails", heavy=True),
    Server("waves of 0.5 s", wave=0.2, reach=0.5),
    Server("waves of 3 s", wave=0.2, reach=3.0),
    Server("waves of 10 s", wave=0.1, reach=10.0),
    Server("stalls of 0.3 s", stall=0.3, every=5.0),
    Server("stalls of 1 s", stall=1.0),
    Server("stalls of 0.3 s that fail", stall=0.3, every=5.0, outages=True),
    Server("stalls, waves, heavy tails", stall=0.5, every=7.0, wave=0.2, reach=1.0, heavy=True),
    Server("rare stalls of 2 s", stall=2.0, every=40.0),
)


def run() -> str:
    """Simulate, and return the results as Markdown."""
    began = time.perf_counter()
    each = PAIRS // len(SERVERS)
    with ProcessPoolExecutor() as pool:
        same = list(pool.map(partial(_tried, 15.0, 1.0, each), SERVERS))
        lengths = (15.0, 30.0, 60.0, 300.0)
        found = {
            (seconds, slower): list(pool.map(partial(_tried, seconds, slower, POWER), SERVERS))
            for slower in SLOWER
            for seconds in lengths
        }
        long = list(pool.map(partial(_tried, 60.0, 1.0, each // 10), SERVERS))
    false = sum(one.regressed for one in same)
    rows = "\n".join(
        f"| {server.name} | {one.regressed} of {each} | {one.improved} | {one.no_worse / each:.0%} | {other.regressed} of {each // 10} |"
        for server, one, other in zip(SERVERS, same, long, strict=True)
    )
    power = "\n".join(
        f"| {server.name} | {slower - 1:.0%} | "
        + " | ".join(f"{found[seconds, slower][place].regressed / POWER:.0%}" for seconds in lengths)
        + " |"
        for slower in SLOWER
        for place, server in enumerate(SERVERS)
    )
    return f"""## Two runs compared: what is called a regression

Simulated, seeded: {RATE:g} requests/s of two kinds (medians {ROUTES[0][2]:g} and {ROUTES[1][2]:g} ms, lognormal), as two load runs'
results; p50 and p95 of all and of each kind, and two objectives of all and of each kind: 12 figures, margin {MARGIN:.0%}.
A pair counts as regressed where any of its figures does.

Pairs of one build:

| server | regressed, 15 s | improved | all figures no worse | regressed, 60 s |
| --- | --- | --- | --- | --- |
{rows}

- Of {each * len(SERVERS):,} pairs of runs of 15 s, **{false}** are called regressed ({false / (each * len(SERVERS)):.2%}); limit {FAMILY:.0%}: {"kept" if false <= FAMILY * each * len(SERVERS) else "NOT kept"}.

Pairs whose second run is slower, each request by the same part; the share of {POWER} pairs that are called regressed:

| server | slower by | 15 s | 30 s | 60 s | 5 min |
| --- | --- | --- | --- | --- | --- |
{power}

All of this took {time.perf_counter() - began:.0f} s.
"""


@dataclass
class _Tried:
    regressed: int = 0
    improved: int = 0
    no_worse: int = 0


def _tried(seconds: float, slower: float, pairs: int, server: Server) -> _Tried:
    generator = np.random.default_rng([SEED, SERVERS.index(server), round(seconds), round(100 * slower)])
    tried = _Tried()
    for _ in range(pairs):
        before, after = simulated(server, seconds, generator), simulated(server, seconds, generator, slower)
        words = {one.judgement for one in compared(before, after)}
        tried.regressed += REGRESSED in words
        tried.improved += IMPROVED in words
        tried.no_worse += words == {NO_WORSE}
    return tried


def compared(before: LoadResult, after: LoadResult) -> list[Found]:
    """All figures of two runs, with both objectives."""
    names = ("", *after.route_names)
    proportions = [
        (f"{name} {slow_from}", one, one)
        for name in names
        for slow_from in (None, HALF)
        for one in [Proportion("of", "load", 1, 1, TARGET, route=name, slow_from=slow_from)]
    ]
    figures = [*latencies(before, after), *shares(before, after, proportions)]
    return [judged_alone(figure, confidence_for(len(figures)), MARGIN) for figure in figures]


def simulated(
    server: Server, seconds: float, generator: np.random.Generator, slower: float = 1.0
) -> LoadResult:
    """A run of such a server."""
    many = round(seconds * RATE)
    at = np.arange(many) / RATE
    log = generator.normal(0, server.sigma, many)
    if server.wave:
        kept = float(np.exp(-1 / (RATE * server.reach)))
        start = generator.normal(0, server.wave)
        noise = generator.normal(0, server.wave * np.sqrt(1 - kept**2), many)
        log += lfilter([1.0], [1.0, -kept], noise, zi=[kept * start])[0]
    kinds = (generator.random(many) >= ROUTES[0][1]).astype(int)
    took: Times = np.array([median for _, _, median in ROUTES])[kinds] / 1000 * np.exp(log)
    if server.heavy:
        took += np.where(generator.random(many) < 0.1, 0.005 * (1 + generator.pareto(1.5, many)), 0.0)
    took *= slower
    failed = generator.random(many) < server.failing
    if server.stall:
        waits = _waits(at, generator, server)
        took += waits
        failed |= (waits > 0) & server.outages
    of_kinds = [kinds == kind for kind in range(len(ROUTES))]
    tallies = [_tally(at[mask], took[mask], failed[mask]) for mask in of_kinds]
    plan = {"routes": [{"name": name} for name, _, _ in ROUTES]}
    return LoadResult(plan=plan, started="", tally=Tally([HALF], tallies), elapsed=seconds)


def _waits(at: Times, generator: np.random.Generator, server: Server) -> Times:
    """How long each arrival waits for the end of a stall."""
    waits = np.zeros(len(at))
    now = generator.exponential(server.every) - server.stall
    while now < at[-1]:
        end = now + generator.exponential(server.stall)
        inside = (at >= now) & (at < end)
        waits[inside] = end - at[inside]
        now = end + generator.exponential(server.every)
    return waits


def _tally(at: Times, took: Times, failed: NDArray[np.bool_]) -> RouteTally:
    """As ``RouteTally.add_request`` counts them, all at once."""
    spans, latency = (at * 10).astype(int), np.ceil(took * 1e6).astype(int)
    slow = took >= HALF / 1e9
    told = slow | ~failed
    tally = RouteTally([HALF])
    columns = [np.bincount(spans, weights) for weights in (np.ones(len(at)), failed, told, slow)]
    for span, counts in enumerate(np.stack(columns, axis=1).astype(int).tolist()):
        if counts[0]:
            tally.bins[span] = counts
            tally.paces[span] = Counter()
    tally.latencies.update(latency.tolist())
    steps = (32 * np.log2(latency)).astype(int)
    for span, step in zip(spans.tolist(), steps.tolist(), strict=True):
        tally.paces[span][step] += 1
    return tally

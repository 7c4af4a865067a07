"""Verdicts of load runs on servers of known truth, beside processes that take the processor away."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from bench.load_tools import GENERATOR, ROOT, BenchError, kept
from deployspec.base.ending import end
from deployspec.chapters.slo.judge.load_run import judge_load, thresholds_of
from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.result import LoadResult, described
from deployspec.chapters.slo.measure.running import run as make
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.model.verdict import Outcome

RUNS = 3
SPINNING = (0, 2, 6)
RATE, SECONDS = 100.0, 7.0
_SERVER_LIMIT = 60.0
"""Seconds after which a server ends by itself; so do the processes that spin."""


def _objective(name: str, indicator: LatencyIndicator | AvailabilityIndicator, *, strict: bool) -> Objective:
    return Objective(name, indicator, Fraction(19, 20), strict, 86400.0, (), (), "", "bench")


LATENCY = _objective("latency", LatencyIndicator(Fraction(1, 2), False, "h", ""), strict=False)
AVAILABILITY = _objective("availability", AvailabilityIndicator("bad", "total"), strict=True)


@dataclass(frozen=True)
class _Truth:
    """A server, and what is true of it."""

    what: str
    mode: str
    """What the server is told: the status of every hundred's first so many answers, and how long bodies take."""
    latency: Outcome | None
    """None: no request tells anything of it."""
    availability: Outcome


TRUTHS = (
    _Truth("good: 200 at once", "0 503 0", Outcome.MET, Outcome.MET),
    _Truth("every answer 503", "100 503 0", None, Outcome.BREACHED),
    _Truth("7% of the answers 503", "7 503 0", Outcome.MET, Outcome.BREACHED),
    _Truth("every body after 0.8 s", "0 503 0.8", Outcome.BREACHED, Outcome.MET),
    _Truth("every body after 0.25 s", "0 503 0.25", Outcome.MET, Outcome.MET),
)


def run() -> str:
    """Measure, and return the results as Markdown. All traffic stays on this machine."""
    rows, wrong, settled = [], 0, 0
    for truth in TRUTHS:
        for spinning in SPINNING:
            told: dict[str, Counter[Outcome]] = {"latency": Counter(), "availability": Counter()}
            late = 0
            for _ in range(RUNS):
                result = _measured(truth, spinning)
                late += bool(result.late)
                told["latency"][judge_load(LATENCY, result).outcome] += 1
                told["availability"][judge_load(AVAILABILITY, result).outcome] += 1
            for name, expected in (("latency", truth.latency), ("availability", truth.availability)):
                outcomes = told[name]
                errors = sum(
                    count
                    for outcome, count in outcomes.items()
                    if outcome not in (expected, Outcome.UNMEASURED)
                )
                wrong += errors
                settled += outcomes[expected] if expected else 0
                counts = " | ".join(str(outcomes[outcome]) for outcome in Outcome)
                rows.append(
                    f"| {truth.what} | {name}: {expected.value if expected else 'nothing to tell'} | {spinning} | {RUNS} | "
                    f"{late} | {counts} | {errors} |"
                )
                print(f"verdicts: {rows[-1]}", file=sys.stderr, flush=True)
    asked = RUNS * len(SPINNING) * sum(1 + (truth.latency is not None) for truth in TRUTHS)
    heads = " | ".join(outcome.value for outcome in Outcome)
    lines = "\n".join(rows)
    return f"""## Verdicts on servers of known truth

{RATE:g} requests a second for {SECONDS:g} s, beside processes that spin. Promised: at least 95% take less than 0.5 s; fewer
than 5% fail. "Late" are the runs whose generator was.

| truth | promise | spinning | runs | late | {heads} | wrong |
| --- | --- | --- | --- | --- | {" | ".join("---" for _ in Outcome)} | --- |
{lines}

- No wrong verdict: {kept(not wrong)} ({wrong}). The truth was told in {settled} of {asked}; the rest is UNMEASURED.
"""


def _measured(truth: _Truth, spinning: int) -> LoadResult:
    routes = (Route("get", "GET", "/", 1.0),)
    thresholds = thresholds_of([LATENCY, AVAILABILITY])
    with _server(truth.mode) as url, _spinning(spinning):
        plan = Plan(
            base_url=url,
            routes=routes,
            rate=RATE,
            duration=SECONDS,
            seed=1,
            warm_up=1.0,
            thresholds=thresholds,
        )
        result = make(plan, GENERATOR, described(plan))
    if result.trouble:
        raise BenchError(f"our generator: {result.trouble}")
    return result


@contextlib.contextmanager
def _server(mode: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.verdicts_server", *mode.split(), f"{_SERVER_LIMIT:g}"],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        end(process)
        process.stdout.close()


@contextlib.contextmanager
def _spinning(count: int) -> Iterator[None]:
    spin = f"import time\nend = time.monotonic() + {_SERVER_LIMIT:g}\nwhile time.monotonic() < end: pass"
    with contextlib.ExitStack() as started:
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-c", spin],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
            started.callback(end, process)
        yield

"""What our load generator adds to latencies, and how much memory it takes, each beside k6."""

from __future__ import annotations

import statistics
import subprocess
import sys

import psutil

from bench.load_tools import BOOT, NO_K6, ROOT, BenchError, Summary, k6, k6_program, kept, ours
from bench.processes import spread
from deployspec.base.ending import end

ROUNDS = 5
RATE, SECONDS = 50.0, 10.0
LIMIT = 1.0
"""In milliseconds."""
MEMORY_RATE = 2000.0
SHORT, LONG = 20.0, 60.0
"""Seconds of the two runs whose memory is compared."""
MEMORY_LIMIT = 200.0
"""In MB, a process."""
GROWTH_LIMIT = 0.1


def latency(url: str) -> str:
    """Measure the added latency, and return the results as Markdown."""
    mine: list[float] = []
    theirs: list[float] = []
    late: list[float] = []
    compared = k6_program() is not None
    for number in range(ROUNDS):
        if compared and number % 2:
            theirs.append(k6(url, RATE, SECONDS).p95)
        result = ours(url, RATE, SECONDS)
        mine.append((result.histogram.at(95) or 0) / 1000)
        late.append((result.lateness.at(95) or 0) / 1000)
        if compared and not number % 2:
            theirs.append(k6(url, RATE, SECONDS).p95)
        print(f"load: overhead, round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    rows = [
        f"| ours, from the intended start | {spread(mine)} |",
        f"| of that, how late it was sent: p95 of lateness | {spread(late)} |",
    ]
    if compared:
        rows.insert(0, f"| k6, `http_req_duration`: from when it sends | {spread(theirs)} |")
        differences = [one - other for one, other in zip(mine, theirs, strict=True)]
        held = kept(statistics.median(differences) <= LIMIT)
        verdict = f"- Ours less k6, round by round: **{spread(differences)}** ms; limit {LIMIT:g} ms: {held}."
    else:
        verdict = f"- {NO_K6}"
    lines = "\n".join(rows)
    return f"""### Added latency

{RATE:g} requests a second for {SECONDS:g} s against nginx; {ROUNDS} rounds, alternating; median (smallest to largest). k6's figure
begins when the request is sent, ours when it should have been: ours is the stricter one.

| p95 | ms |
| --- | --- |
{lines}

{verdict}
"""


def memory(url: str) -> str:
    """Measure peak memory, and return the results as Markdown.

    In a process of its own: Linux counts the peak of who starts a process as that process', and this one may have run
    other benches before.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load_overhead", url],
        cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=2 * (SHORT + LONG) + 4 * BOOT)
    finally:
        end(process)
    if process.returncode != 0:
        raise BenchError(f"the bench of memory ended with status {process.returncode}")
    return said.decode()


def _memory(url: str) -> str:
    peaks: dict[float, float] = {}
    theirs: dict[float, Summary] = {}
    late: dict[float, str] = {}
    for seconds in (SHORT, LONG):
        print(f"load: memory, {seconds:g} s", file=sys.stderr, flush=True)
        result = ours(url, MEMORY_RATE, seconds)
        peaks[seconds] = max(process.peak for process in result.processes) / 1e6
        late[seconds] = result.late
        if k6_program() is not None:
            theirs[seconds] = k6(url, MEMORY_RATE, seconds, most=200)
    own = psutil.Process().memory_info().rss / 1e6
    growth = peaks[LONG] / peaks[SHORT] - 1
    rows = [f"| ours, one process | {peaks[SHORT]:.0f} | {peaks[LONG]:.0f} | {growth:+.1%} |"]
    if theirs:
        short, long = theirs[SHORT], theirs[LONG]
        rows.append(
            f"| k6, 50 to 200 virtual users | {short.peak:.0f} | {long.peak:.0f} | {long.peak / short.peak - 1:+.1%} |"
        )
    lines = "\n".join(rows)
    remarks = "".join(
        f"- The run of {seconds:g} s was late: {why}.\n" for seconds, why in late.items() if why
    )
    without = "" if theirs else f"- {NO_K6}\n"
    return f"""### Memory

Peak of one process at {MEMORY_RATE:,.0f} requests a second against nginx, in MB; none is told as less than the
{own:.0f} MB of the process that started it.

| | {SHORT:g} s | {LONG:g} s | growth |
| --- | --- | --- | --- |
{lines}

- At most {MEMORY_LIMIT:g} MB: {kept(max(peaks.values()) <= MEMORY_LIMIT)}. At most {GROWTH_LIMIT:.0%} more after {LONG:g} s than after {SHORT:g} s: {kept(growth <= GROWTH_LIMIT)}.
{remarks}{without}"""


if __name__ == "__main__":
    print(_memory(sys.argv[1]), end="")

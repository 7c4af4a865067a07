"""All that the checks of a page's form judge, beside Python's own parser of it, which judges far less, and beside promtool."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.processes import spread, timed

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 7
LIMIT = 0.5
MEMORY_LIMIT = 200
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "10.0", "+Inf")
METHODS = ("GET", "POST", "PUT", "DELETE")


def _page() -> Iterator[str]:
    """A page such as services serve: 60% histograms, 30% counters, 10% gauges; 200,400 series."""
    for family in range(10):
        name = f"app{family}_request_duration_seconds"
        yield f"# HELP {name} Time to answer a request, in seconds.\n# TYPE {name} histogram\n"
        for number in range(860):
            labels = f'method="{METHODS[number % 4]}",path="/api/v1/listings/{number:04d}/details",status="{200 + number % 5}"'
            count = 0
            for place, bound in enumerate(BOUNDS):
                count += (number * 7 + place * 3) % 11
                yield f'{name}_bucket{{{labels},le="{bound}"}} {count}\n'
            yield f"{name}_sum{{{labels}}} {count * 0.137:.6f}\n{name}_count{{{labels}}} {count}\n"
    for family in range(40):
        yield f"# HELP app_events{family}_total Events that were seen.\n# TYPE app_events{family}_total counter\n"
        for number in range(1500):
            labels = f'instance="worker-{number % 7}.eu-west-1.example.internal",kind="kind-{number:05d}",queue="queue-{number % 13}"'
            yield f"app_events{family}_total{{{labels}}} {number * 31.0}\n"
    for family in range(20):
        yield f"# HELP app_level{family} A level.\n# TYPE app_level{family} gauge\n"
        for number in range(1000):
            labels = f'device="disk-{number:05d}",mountpoint="/var/lib/data/{number:05d}/volume",host="node-{number % 9}.example.internal"'
            yield f"app_level{family}{{{labels}}} {number / 7:.6g}\n"


def run() -> str:
    """The section of bench/RESULTS.md."""
    with tempfile.TemporaryDirectory() as path:
        file = Path(path) / "metrics"
        file.write_text("".join(_page()))
        size = file.stat().st_size / 1e6
        sides = {
            name: [sys.executable, "-m", "bench.metrics", name, str(file)]
            for name in ("ours", "client", "start")
        }
        sides["promtool"] = ["sh", "-c", 'promtool check metrics < "$1" > /dev/null 2>&1', "sh", str(file)]
        inside: dict[str, list[float]] = {"ours": [], "client": []}
        whole: dict[str, list[float]] = {name: [] for name in sides}
        peak = 0.0
        for number in range(ROUNDS + 1):
            order = list(sides.items())
            for name, command in order if number % 2 else reversed(order):
                report = Path(path) / "seconds"
                done = timed(command, cwd=ROOT, environ={**os.environ, "BENCH_REPORT": str(report)})
                # promtool's lint ends 3; the other ends are errors.
                assert done.status == 0 or name == "promtool", name  # noqa: S101 - a bench
                if number == 0:
                    continue
                whole[name].append(done.wall)
                if name in inside:
                    inside[name].append(float(report.read_text()))
                if name == "ours":
                    peak = max(peak, done.peak)
            print(f"metrics: round {number} of {ROUNDS}", file=sys.stderr, flush=True)
    ratios = [ours / theirs for ours, theirs in zip(inside["ours"], inside["client"], strict=True)]
    tool = [ours / theirs for ours, theirs in zip(whole["ours"], whole["promtool"], strict=True)]
    kept = "kept" if statistics.median(ratios) <= LIMIT else "NOT kept"
    held = "kept" if peak <= MEMORY_LIMIT else "NOT kept"
    version = subprocess.run(
        ["promtool", "--version"], capture_output=True, text=True, timeout=60, check=False
    )
    words = (version.stdout + version.stderr).split()
    return f"""## The form of an exposition

A page of {size:.0f} MB with 200,400 series in text format 0.0.4, generated; {ROUNDS} rounds after a warm-up, alternating, each in a process of
its own; median (smallest to largest), in seconds.

| | reading, and all judges of the form | the whole process |
| --- | --- | --- |
| deployspec: every rule of the format, series twice, histograms, timestamps, counters between two scrapes | {spread(inside["ours"])} | {spread(whole["ours"])} |
| `prometheus_client.parser`: families and samples, no rule | {spread(inside["client"])} | {spread(whole["client"])} |
| `promtool check metrics` ({words[2] if len(words) > 2 else "?"}) | | {spread(whole["promtool"])} |

- Ratio of ours to `prometheus_client.parser`, round by round: **{spread(ratios)}**; limit {LIMIT}: {kept}.
- Ratio of our whole process to that of `promtool check metrics`: {spread(tool)}. Of ours, {spread(whole["start"])} s go by before it reads: Python
  starts, and imports.
- Peak memory of our process, the page itself included: {peak:.0f} MiB; limit {MEMORY_LIMIT} MB: {held}.
"""


def _ours(file: Path) -> None:
    from deployspec.chapters.metrics.judge import form
    from deployspec.languages.exposition import Format, read

    page = read([file.read_bytes()], Format.TEXT, now=time.time())
    judges = (
        form.is_whole,
        form.well_formed,
        form.series_once,
        form.types_constant,
        form.timestamps_fresh,
        form.sums_add_up,
    )
    verdicts = [judge(page) for judge in judges]
    # The page itself stands for the next scrape: a second one is read in the same time again, by whichever program.
    verdicts.append(form.counters_rise(page, page))
    assert all(one.outcome == "MET" for one in verdicts)  # noqa: S101 - a bench


def _client(file: Path) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    assert sum(len(one.samples) for one in text_string_to_metric_families(file.read_text())) == 200_400  # noqa: S101


def _start(_: Path) -> None:
    pass


if __name__ == "__main__":
    side, path = sys.argv[1:]
    began = time.perf_counter()
    {"ours": _ours, "client": _client, "start": _start}[side](Path(path))
    Path(os.environ["BENCH_REPORT"]).write_text(str(time.perf_counter() - began))

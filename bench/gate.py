"""How long the gate takes on the reference: all of its chapters, the load run included."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.processes import spread

ROOT = Path(__file__).resolve().parent.parent
RUNS = int(os.environ.get("BENCH_GATE_RUNS", "5"))
WANTED = 45.0
"""Seconds that it should take at most, with a load run of 15 s."""
LOAD = 15.0
LIMIT = 600


def run() -> str:
    """Measure, and return the results as Markdown."""
    walls: list[float] = []
    loads: list[float] = []
    green = 0
    with tempfile.TemporaryDirectory() as made:
        record = Path(made) / "record.json"
        for number in range(RUNS):
            record.unlink(missing_ok=True)
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "checks", "-m", "gate", "--deployment", "reference", "--record", str(record),
                 "--summary-file", str(Path(made) / "summary.md"), "--junitxml", str(Path(made) / "junit.xml"), "-q", "-p", "no:cacheprovider"],
                cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False,
            )  # fmt: skip
            walls.append(time.perf_counter() - began)
            if not record.exists():
                raise SystemExit(f"found no run: {done.stdout[-500:]}{done.stderr[-500:]}")
            green += done.returncode == 0
            loads.append(json.loads(record.read_text())["load"]["elapsed"])
            print(f"gate: {number + 1} of {RUNS}, {walls[-1]:.1f} s", file=sys.stderr, flush=True)
    wall, load = statistics.median(walls), statistics.median(loads)
    kept = "kept" if wall - max(0.0, load - LOAD) <= WANTED else "NOT KEPT"
    return f"""## The gate on the reference

`pytest checks -m gate --deployment reference`, boot and teardown, summary and JUnit's file included; {green} of {RUNS} runs were
green.

- A run took {spread(walls, 1)} s, of which the load run is {load:.0f} s; limit {WANTED:.0f} s with a load run of {LOAD:.0f} s, the rest
  of it taken off: {kept}.
"""

"""How often the clean reference is green: each run boots it afresh, outages included."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.processes import spread

ROOT = Path(__file__).resolve().parent.parent
RUNS = int(os.environ.get("BENCH_GREEN_RUNS", "50"))
LIMIT = 120


def run() -> str:
    """Measure, and return the results as Markdown. A run that is not green is quoted."""
    walls: list[float] = []
    red: list[str] = []
    with tempfile.TemporaryDirectory() as made:
        for number in range(RUNS):
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "checks", "-m", "health", "--deployment", "reference",
                 "--record", str(Path(made) / "record.json"), "-p", "no:cacheprovider"],
                cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, check=False,
            )  # fmt: skip
            walls.append(time.perf_counter() - began)
            if done.returncode != 0:
                red.append(
                    f"run {number + 1}, status {done.returncode}:\n\n```\n{done.stdout[-3000:]}\n```\n"
                )
            print(f"green: {number + 1 - len(red)} of {number + 1}", file=sys.stderr, flush=True)
    return f"""## The clean reference is green

{RUNS - len(red)} of {RUNS} runs were green, each with a reference booted for it and all four outages.
A run took {spread(walls, 1)} s: median (smallest to largest), boot and teardown included.

{"".join(red)}"""

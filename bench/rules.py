"""One pytest item for each case of a corpus of unit tests, against promtool alone on the same files."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import psutil

from bench.processes import spread, timed
from bench.rules_corpus import FILES, SEED, write

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(os.environ.get("BENCH_RULES_ROUNDS", "7"))
LIMIT = 0.7
MEMORY_LIMIT = 250


def run() -> str:
    """Measure, and return the results as Markdown."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        cases = write(folder)
        files = sorted(path.name for path in folder.glob("*.test.yml"))
        bare = ["promtool", "test", "rules", *files]
        ours = [
            sys.executable, "-m", "pytest", str(ROOT / "checks"), "-c", str(ROOT / "pytest.ini"), "-m", "alerts", "-q",
            "--rules", str(folder / "*.rules.yml"), "--rule-tests", str(folder / "*.test.yml"),
            "-p", "no:cacheprovider", "--record", str(folder / "record.json"),
        ]  # fmt: skip
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        for command in (bare, ours):
            assert timed(command, cwd=folder, environ=environ).status == 0, command  # noqa: S101 - a bench
        walls, cpus = alternated("rules", bare, ours, folder, environ, ROUNDS)
        peak = _peak(ours, folder, environ)
    ratios = [mine / theirs for mine, theirs in zip(walls["ours"], walls["bare"], strict=True)]
    kept = "kept" if statistics.median(ratios) <= LIMIT else "NOT kept"
    held = "kept" if peak <= MEMORY_LIMIT else "NOT kept"
    return f"""## One item for each case of alert rules' unit tests

{FILES} test files with {cases} cases, generated (seed {SEED}); {ROUNDS} rounds after a warm-up, alternating; median
(smallest to largest), in seconds.

| whole process | wall | processor time |
| --- | --- | --- |
| `promtool test rules *.test.yml`: a verdict for each file | {spread(walls["bare"])} | {spread(cpus["bare"])} |
| `pytest checks -m alerts` on these files: an item for each case, and the guards and lints | {spread(walls["ours"])} | {spread(cpus["ours"])} |

- Ratio of wall time, round by round: **{spread(ratios)}**; limit {LIMIT}: {kept}.
- Peak memory of pytest and its promtools together, sampled: {peak:.0f} MB; limit {MEMORY_LIMIT} MB: {held}.
"""


def alternated(
    name: str, bare: list[str], ours: list[str], folder: Path, environ: dict[str, str], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of wall and of processor time of each round of ``bare`` and of ``ours``, one after the other."""
    walls: dict[str, list[float]] = {"bare": [], "ours": []}
    cpus: dict[str, list[float]] = {"bare": [], "ours": []}
    for number in range(rounds):
        order = (("bare", bare), ("ours", ours))
        for way, command in order if number % 2 else reversed(order):
            done = timed(command, cwd=folder, environ=environ)
            assert done.status == 0, way  # noqa: S101 - a bench
            walls[way].append(done.wall)
            cpus[way].append(done.cpu)
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return walls, cpus


def _peak(command: list[str], folder: Path, environ: dict[str, str]) -> float:
    """The most memory that a process and all its children had at once, in MB, looked at every 20 ms: proportional set
    sizes, in which a page that several of them share counts once."""
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    tree, peak, done = psutil.Process(process.pid), 0.0, threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(0.02):
            total = 0
            for one in _alive(tree):
                try:
                    total += one.memory_full_info().pss
                except psutil.Error:
                    continue
            peak = max(peak, total / 1e6)

    watcher = threading.Thread(target=look)
    watcher.start()
    process.wait(600)
    done.set()
    watcher.join()
    return peak


def _alive(tree: psutil.Process) -> list[psutil.Process]:
    try:
        return [tree, *tree.children(recursive=True)]
    except psutil.Error:
        return []

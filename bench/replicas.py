"""How much longer the health chapter takes for 20 replicas than for one, and how much more memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.processes import Finished, spread, timed

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 9
LIMIT_WALL = 1.6
LIMIT_PEAK = 1.1
BY_HAND = """
import httpx

for url in {urls}:
    for _ in range(10):
        answer = httpx.get(url + "/health", timeout=5)
        assert answer.status_code == 200 and answer.json()["ok"]
"""


def run() -> str:
    """Measure, and return the results as Markdown."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.replicas_server"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - pipes were asked for
    try:
        with tempfile.TemporaryDirectory() as made:
            return _measure(Path(made), json.loads(server.stdout.readline()))
    finally:
        server.stdin.close()
        server.wait(10)


def _measure(folder: Path, urls: list[str]) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    common = f"base_url: {urls[0]}\nhealth: {{timeout: 5s}}\n"
    (folder / "one.yaml").write_text(common)
    (folder / "all.yaml").write_text(f"{common}replicas: {json.dumps(urls)}\n")
    (folder / "by_hand.py").write_text(BY_HAND.format(urls=urls))
    program = str(Path(sys.executable).with_name("deployspec"))
    check = [program, "check", "-q", "-m", "health", "--deployment"]
    commands = {
        "one replica": [*check, str(folder / "one.yaml")],
        f"{len(urls)} replicas": [*check, str(folder / "all.yaml")],
        f"10 calls of each of the {len(urls)} by a loop with httpx": [
            sys.executable,
            str(folder / "by_hand.py"),
        ],
    }
    seen: dict[str, list[Finished]] = {name: [] for name in commands}
    for number in range(ROUNDS + 1):
        for name, argv in commands.items():
            done = timed(argv, cwd=folder, environ=environ)
            if done.status != 0:
                raise SystemExit(f"{name}: status {done.status}: no figure counts")
            if number:  # the first round warms the page cache
                seen[name].append(done)
    one, all_, _ = seen.values()
    walls = [other.wall / first.wall for first, other in zip(one, all_, strict=True)]
    peaks = [other.peak / first.peak for first, other in zip(one, all_, strict=True)]
    lines = [
        "## Replicas: the health chapter, of one and of 20",
        "",
        f"Alternating, {ROUNDS} rounds, whole processes; each answer takes 0.1 s. Median (smallest to largest).",
        "",
        "| what | wall time, s | processor time, s | peak memory, MiB |",
        "| --- | --- | --- | --- |",
    ]
    for name, runs in seen.items():
        cells = [spread([getattr(one, key) for one in runs]) for key in ("wall", "cpu", "peak")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    for what, ratios, limit in (("Wall time", walls, LIMIT_WALL), ("Peak memory", peaks, LIMIT_PEAK)):
        kept = "kept" if statistics.median(ratios) <= limit else "NOT KEPT"
        lines.append(f"- {what} of 20 beside one: {spread(ratios)}; limit {limit}: {kept}.")
    return "\n".join(lines)

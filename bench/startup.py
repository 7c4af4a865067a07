"""How long a cold run of the health chapter takes, beside pytest on one empty test.

``BESIDE=FOLDER`` names the checkout of another commit, which is then run beside this one.
"""

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
ROUNDS = 15
LIMIT_RATIO = 3.5
LIMIT_PEAK = 120.0
LIMIT_BESIDE = 0.75
"""Of the other commit's processor time, for the health chapter; for collecting, 1."""


def run() -> str:
    """Measure, and return the results as Markdown."""
    # Bytecode is kept, as by default: a machine that forbids it compiles our own code anew each time.
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "empty").mkdir()
        (folder / "empty" / "pytest.ini").write_text("[pytest]\n")
        (folder / "empty" / "test_empty.py").write_text("def test_empty():\n    pass\n")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.raw_server", "healthy"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        assert server.stdin is not None and server.stdout is not None  # noqa: S101, PT018 - pipes were asked for
        try:
            base_url = server.stdout.readline().strip()
            (folder / "local.yaml").write_text(
                f"base_url: {base_url}\nhealth: {{timeout: 2s, max_response_time: 1s, expect_version: 0.1.0}}\n"
            )
            text = _measure(folder, environ)
            if beside := os.environ.get("BESIDE"):
                text += _compare(Path(beside).resolve(), folder, environ)
            return text
        finally:
            server.stdin.close()
            server.wait(10)


def _measure(folder: Path, environ: dict[str, str]) -> str:
    record = folder / "record.json"
    bare = [sys.executable, "-m", "pytest", "-q", "--disable-plugin-autoload", "test_empty.py"]
    ours = [sys.executable, "-m", "pytest", "checks", "-m", "health", "--deployment", str(folder / "local.yaml"), "--record", str(record)]  # fmt: skip
    stages = {
        "python, nothing imported": ([sys.executable, "-c", "pass"], ROOT),
        "`import pytest`": ([sys.executable, "-c", "import pytest"], ROOT),
        "pytest, one empty test, plugin autoloading off": (bare, folder / "empty"),
        "the same, with our plugin and pytest-xdist named": (
            [*bare[:-1], "-p", "deployspec.plugin", "-p", "xdist", "test_empty.py"],
            folder / "empty",
        ),
        "`import` of httpcore, yaml, jsonschema_rs, ssl, beside": (
            [sys.executable, "-c", "import httpcore, yaml, jsonschema_rs, ssl"],
            ROOT,
        ),
    }
    seen: dict[str, list[Finished]] = {name: [] for name in stages}
    runs: list[Finished] = []
    net: list[float] = []
    ratios: list[float] = []
    for number in range(ROUNDS + 1):
        round_ = {name: timed(argv, cwd=cwd, environ=environ) for name, (argv, cwd) in stages.items()}
        mine = timed(ours, cwd=ROOT, environ=environ)
        if mine.status != 0:
            raise SystemExit(f"the health chapter was not MET (status {mine.status}): no figure counts")
        if number == 0:
            continue  # the first round warms the page cache
        waited = sum(entry["waited"] for entry in json.loads(record.read_text())["checks"])
        runs.append(mine)
        net.append(mine.wall - waited)
        ratios.append(net[-1] / round_["pytest, one empty test, plugin autoloading off"].wall)
        for name, done in round_.items():
            seen[name].append(done)
    ratio, peak = statistics.median(ratios), max(done.peak for done in runs)
    rows = "\n".join(f"| {name} | {spread([done.wall for done in many])} |" for name, many in seen.items())
    return f"""## Cold start: the health chapter against a local server

{ROUNDS} rounds after a warm-up, alternating; median (smallest to largest), in seconds of wall time.

| whole process | wall |
| --- | --- |
{rows}
| `pytest checks -m health --deployment FILE`, whole | {spread([done.wall for done in runs])} |
| the same, less the wait for the server's clock to move on | {spread(net)} |

- Ratio to pytest on one empty test, round by round: **{spread(ratios)}**; limit {LIMIT_RATIO}: {"kept" if ratio <= LIMIT_RATIO else "NOT kept"}.
- Peak memory: {spread([done.peak for done in runs], 0)} MiB; limit {LIMIT_PEAK:.0f} MB: {"kept" if peak <= LIMIT_PEAK else "NOT kept"}.
"""


def _compare(other: Path, folder: Path, environ: dict[str, str]) -> str:
    """This checkout and another one, alternating. By processor time: waiting for the server's clock takes none."""
    health = ["checks", "-m", "health", "--deployment", str(folder / "local.yaml"), "--record", "RECORD"]
    rows = {}
    for title, arguments in (
        ("`pytest checks -m health --deployment FILE`", health),
        ("`pytest checks --collect-only`", ["checks", "--collect-only"]),
    ):
        seen: dict[Path, list[float]] = {other: [], ROOT: []}
        for number in range(ROUNDS + 1):
            for root, many in seen.items():
                # An older version does not write over a newer one's record.
                own = str(folder / ("ours.json" if root == ROOT else "theirs.json"))
                done = timed(
                    [sys.executable, "-m", "pytest", *(own if one == "RECORD" else one for one in arguments)],
                    cwd=root,
                    environ={**environ, "PYTHONPATH": str(root / "src")},
                )
                if done.status != 0:
                    raise SystemExit(f"{title} in {root} ended with status {done.status}: no figure counts")
                if number:
                    many.append(done.cpu)
        ratios = [new / old for old, new in zip(seen[other], seen[ROOT], strict=True)]
        rows[title] = f"{spread(seen[other])} | {spread(seen[ROOT])} | {spread(ratios)}"
    name = subprocess.run(["git", "describe", "--always"], cwd=other, capture_output=True, text=True, check=False).stdout.strip() or other.name  # fmt: skip
    table = "\n".join(f"| {title} | {row} |" for title, row in rows.items())
    return f"""
Beside {name}, in seconds of processor time, {ROUNDS} rounds (limits: {LIMIT_BESIDE} and 1):

| whole process | {name} | this commit | ratio, round by round |
| --- | --- | --- | --- |
{table}
"""

"""What a review of a month costs, and a run appended or listed beside so many, beside an Allure report of the same runs."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.processes import spread, timed

ROOT = Path(__file__).resolve().parent.parent
RUNS = tuple(int(one) for one in os.environ.get("BENCH_REVIEW_RUNS", "10000,50000").split(","))
"""How many runs the stores have; the limits are for the first."""
CHECKS = 220
EVERY = 300.0
"""Seconds from one run to the next."""
FIRST, SECOND, PEAK = 20.0, 2.0, 400.0
"""Seconds of a first and of a second review, and MiB of the first, at most."""
LIST, APPEND = 1.0, 10.0
"""Seconds of ``runs list``, and milliseconds of a run that is appended, at most."""
APPENDED = 30
ALLURE = tuple(int(one) for one in os.environ.get("BENCH_REVIEW_ALLURE", "100,1000").split(",") if one)
ALLURE_LIMIT = 600
DEPLOYMENT = "shop"
APPENDING = """
import json, os, sys, time
from pathlib import Path
from deployspec.record.record import Run
from deployspec.record.store import Store
store, document = Store(Path(sys.argv[1]), 1e10, 10**15), json.loads(Path(sys.argv[2]).read_text())
run, took, flushed, fsync = Run.from_document(document), [], [], os.fsync

def timed(descriptor):
    began = time.perf_counter()
    fsync(descriptor)
    flushed.append((time.perf_counter() - began) * 1000)

os.fsync = timed
for number in range(int(sys.argv[3])):
    run.id = f"{number:08x}-ffff-4000-8000-000000000000"
    began = time.perf_counter()
    path = store.add(run)
    took.append((time.perf_counter() - began) * 1000)
    path.unlink()
began = time.perf_counter()
assert not store.prune(run.deployment)
print(json.dumps([took, flushed, (time.perf_counter() - began) * 1000]))
"""
RESULTS = """
import sys
from pathlib import Path
from deployspec.outputs.allure import Facts
from deployspec.outputs.allure_run import write
from deployspec.record.store import read
for path in sorted(Path(sys.argv[1]).rglob("*.json"))[: int(sys.argv[3])]:
    write(read(path, ()), Path(sys.argv[2]), Facts())
"""


_MET = re.compile('"verdict": "@[0-9]+@"')


def run() -> str:
    """Measure, and return the results as Markdown."""
    rows, firsts = [], []
    with tempfile.TemporaryDirectory() as made:
        for count in RUNS:
            state = Path(made) / str(count)
            newest = fill(state / "runs", count)
            rows.append(_measured(state, count, newest, firsts))
            if count != RUNS[0]:
                shutil.rmtree(state)
        allure = [_allure(Path(made) / str(RUNS[0]), Path(made), first) for first in ALLURE]
    first, second, peak, listed, appended = firsts[0]
    kept = first <= FIRST and second <= SECOND and peak <= PEAK and listed <= LIST and appended <= APPEND
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"""## A review of a month

A probe every five minutes, {CHECKS} checks each, for as long as it takes; both pages written, no Prometheus. The second review finds
what the first one read in the index. What has to go is looked for once an hour.

| runs | record | first review, s | its peak, MiB | second review, s | index, bytes a run | runs list, s | append, ms | look for what has to go, ms |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{table}

- Limits for {RUNS[0]:,} runs: {FIRST:.0f} s, {PEAK:.0f} MiB, {SECOND:.0f} s, {LIST:.0f} s, {APPEND:.0f} ms: {"kept" if kept else "NOT KEPT"}.
- Beside it, `allure generate` (Allure 3) of the first runs' results: {"; ".join(allure) or "not measured"}.
"""


def fill(folder: Path, count: int) -> Path:
    """Write the store of a deployment; returns the newest record."""
    text = _record(folder)
    now = time.time()
    path = folder
    for number in range(count):
        at = now - (count - number) * EVERY
        clock = time.gmtime(at)
        started = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", clock)
        own = text.replace("@STARTED@", started).replace("@ID@", f"{number:08x}-0000-4000-8000-000000000000")
        # One check in a hundred runs fails, another one each time.
        failing = number % 100 == 0
        own = (
            own.replace(f'"verdict": "@{number // 100 % CHECKS}@"', '"verdict": "BREACHED"')
            if failing
            else own
        )
        own = _MET.sub('"verdict": "MET"', own)
        path = (
            folder
            / DEPLOYMENT
            / time.strftime("%Y-%m-%d", clock)
            / f"{time.strftime('%H%M%S', clock)}.000Z-{number:08x}-0000-4000-8000-000000000000.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(own)
    return path


def _record(folder: Path) -> str:
    """A record as the store writes it, with words in the places of what differs from run to run."""
    from deployspec.model.entry import Entry, Evidence
    from deployspec.record.record import RecordFile, Run

    entries = [
        Entry(
            f"checks/test_shop.py::test_{number}",
            f"shop.promise-{number}",
            "health",
            f"The promise number {number} of the shop is kept.",
            f"@{number}@",
            "as it should be: 0.012 s of at most 0.5 s",
            measured="0.012 s",
            limit="at most 0.5 s",
            reproduce="curl -sS -i --max-time 2 -H 'Authorization: ***' http://127.0.0.1:8000/health",
            evidence=(
                Evidence(
                    "answer", f"HTTP/1.1 200 OK\ncontent-type: application/json\n\n{number}" + "x" * 120
                ),
            ),
            duration=0.01 + number / 10_000,
            source=f"checks/test_shop.py:{number + 1}",
        )
        for number in range(CHECKS)
    ]
    made = Run(
        "@STARTED@", DEPLOYMENT, "http://127.0.0.1:8000", "health", {"deployspec": "0.1.0", "python": "3.11.7"},
        {entry.check: entry for entry in entries}, finished="@STARTED@", exit_status=0, id="@ID@",
        kind="probe", location="here", interval=EVERY,
    )  # fmt: skip
    file = RecordFile(folder.with_suffix(".json"))
    file.path.parent.mkdir(parents=True, exist_ok=True)
    file.finish(made)
    text = file.path.read_text()
    file.path.unlink()
    return text


def _measured(state: Path, count: int, newest: Path, firsts: list[tuple[float, ...]]) -> tuple[str, ...]:
    days = round(count * EVERY / 86_400) + 1
    # With compiled modules, as an installed package has them, whatever this environment says.
    environ = os.environ | {
        "XDG_STATE_HOME": str(state),
        "PYTHONPYCACHEPREFIX": str(state.parent / "compiled"),
        "PYTHONDONTWRITEBYTECODE": "",
    }
    review = [
        sys.executable, "-m", "deployspec.cli", "review", "--deployment", DEPLOYMENT, "--state", str(state),
        "--since", f"{min(days, 92) // 2}d", "--out", str(state / "page"),
    ]  # fmt: skip
    first = timed(review, cwd=state, environ=environ)
    seconds = [timed(review, cwd=state, environ=environ) for _ in range(5)]
    listing = [
        sys.executable,
        "-m",
        "deployspec.cli",
        "runs",
        "list",
        "--deployment",
        DEPLOYMENT,
        "--state",
        str(state),
        "--limit",
        "1000",
    ]
    lists = [timed(listing, cwd=state, environ=environ) for _ in range(5)]
    for one in (first, *seconds, *lists):
        if one.status != 0:
            raise SystemExit(f"found status {one.status}; expected 0")
    index = next((state / "runs").glob(".index*"))
    with sqlite3.connect(index) as connection:
        (known,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    said = subprocess.run(
        [sys.executable, "-c", APPENDING, str(state / "runs"), str(newest), str(APPENDED)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    took, flushed, look = json.loads(said.stdout)
    walls, listed = [one.wall for one in seconds], [one.wall for one in lists]
    firsts.append(
        (first.wall, statistics.median(walls), first.peak, statistics.median(listed), statistics.median(took))
    )
    return (
        f"{count:,} ({known:,} within the two spans)",
        f"{newest.stat().st_size / 1000:.0f} kB",
        f"{first.wall:.1f}",
        f"{first.peak:.0f}",
        spread(walls),
        f"{index.stat().st_size / max(known, 1):,.0f}",
        spread(listed),
        f"{spread(took, 1)}, fsync {statistics.median(flushed):.1f}",
        f"{look:.0f}",
    )


def _allure(state: Path, made: Path, count: int) -> str:
    """How long Allure takes for the first runs of a store, all in one folder of results."""
    results = made / f"results-{count}"
    subprocess.run(
        [sys.executable, "-c", RESULTS, str(state / "runs"), str(results), str(count)],
        cwd=ROOT, timeout=1200, check=True,
    )  # fmt: skip
    command = [
        str(ROOT / "scripts" / "allure"),
        "generate",
        str(results),
        "--output",
        str(made / f"report-{count}"),
    ]
    try:
        began = time.perf_counter()
        done = subprocess.run(
            ["timeout", str(ALLURE_LIMIT), *command], cwd=made, stdin=subprocess.DEVNULL, capture_output=True, timeout=ALLURE_LIMIT + 60, check=False,
        )  # fmt: skip
        took = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    finally:
        shutil.rmtree(results)
    if done.returncode:
        said = (
            "stopped after 10 minutes"
            if took >= ALLURE_LIMIT
            else f"ended with status {done.returncode} after {took:.0f} s"
        )
        return f"{count:,} runs: {said}"
    return f"{count:,} runs: {took:.1f} s, at most {peak:,.0f} MiB"

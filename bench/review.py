"""A review of many runs: how long it takes, the first time and the next, and what the store and its index take.

As many runs as a month has, one every five minutes, and five times as many; beside it Allure's report of the first of them.
``BENCH_REVIEW_RUNS`` says other numbers (``500 1000``), ``BENCH_ALLURE_RUNS`` of how many runs Allure makes reports (none, where
it is empty). The store goes to the folder of temporary files: 10 GB for 50,000 runs.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.processes import timed
from deployspec.base.moments import written
from deployspec.model.entry import Entry, Evidence
from deployspec.model.verdict import Proportion
from deployspec.outputs import allure
from deployspec.record.index import FILE
from deployspec.record.record import RecordFile, Run
from deployspec.record.store import Store, read

ROOT = Path(__file__).resolve().parent.parent
RUNS = tuple(map(int, os.environ.get("BENCH_REVIEW_RUNS", "10000 50000").split()))
ALLURE = tuple(map(int, os.environ.get("BENCH_ALLURE_RUNS", "100 1000").split()))
CHECKS = 220
EVERY = 300.0
"""Seconds from one run to the next."""
BEGIN = 1_790_000_000.0
NAME = "shop"
VARIANTS = 40
"""Runs that differ in more than when they began; the others are told apart by that alone."""
APPENDED = 60
FIRST, NEXT, MEMORY, LIST, APPEND = 20.0, 2.0, 400.0, 1.0, 10.0
"""The limits for as many runs as a month has: seconds, seconds, MB, seconds, milliseconds."""
ALLURE_LIMIT = 600.0
MB = 1e6
HISTORY = """
import sys
from pathlib import Path
from deployspec.app import chapters
from deployspec.record.index import Index
from deployspec.record.store import Store
assert len(Index(Store(Path(sys.argv[1])), chapters()).history(sys.argv[2], 0.0, 4e9).runs) == int(sys.argv[3])
"""


def commands(state: Path, count: int) -> Iterator[tuple[str, list[str], float, float]]:
    """What is measured, in this order, each in a process of its own: its name, the command, its limits in seconds and MB."""
    history = [sys.executable, "-c", HISTORY, str(state / "runs"), NAME, str(count)]
    yield "the history of all runs, first reading", history, FIRST, MEMORY
    yield "the same again", history, NEXT, MEMORY
    listed = [
        sys.executable,
        "-m",
        "deployspec.cli",
        "runs",
        "list",
        "--deployment",
        NAME,
        "--state",
        str(state),
    ]
    yield "`deployspec runs list`", listed, LIST, MEMORY
    yield "the same with `--limit 1000`", [*listed, "--limit", "1000"], LIST, MEMORY


class Measured(NamedTuple):
    """What one command took."""

    name: str
    wall: float
    peak: float
    """MB."""
    limits: tuple[float, float]


class Measurement(NamedTuple):
    """What a store of so many runs took."""

    count: int
    commands: list[Measured]
    record: float
    """Bytes of a record, on average."""
    index: float
    """Bytes of the index for each."""
    append: tuple[float, float, float]
    """Milliseconds: the median and the longest of a few, and the median of those in fsync alone."""


def run() -> str:
    """Measure, and return the results as Markdown."""
    with tempfile.TemporaryDirectory(prefix="bench-review-") as made:
        folder = Path(made)
        records = [_text(number, folder) for number in range(VARIANTS)]
        empty = _appended(Store(folder / "empty" / "runs"), 0)
        measured = [_measured(folder / str(count), count, records) for count in RUNS]
        reports = _allure(folder, records)
    rows = "\n".join(
        _row(one.name, *(of.commands[place] for of in measured))
        for place, one in enumerate(measured[0].commands)
    )
    head = " | ".join(f"{one.count:,} runs" for one in measured)
    sizes = "; ".join(f"of {one.count:,} runs {one.index / 1000:.1f} kB" for one in measured)
    appended = "; ".join(f"{_told(one.append)} to {one.count:,}" for one in measured)
    worst = max(one.append[0] for one in measured)
    return f"""## A review of many runs

A run every five minutes, {CHECKS} checks each, a record of {measured[0].record / 1000:.0f} kB as a gate on the reference writes them;
10,000 runs are a month and five days. Each line is a process of its own. All files had just been written, so that the disk
was asked for few of them.

| seconds of wall time, peak memory in MB | {head} |
| --- |{" --- |" * len(measured)}
{rows}

- Limits for 10,000 runs: {FIRST:.0f} s for the first reading, {NEXT:.0f} s for the next, {MEMORY:.0f} MB; {LIST:.0f} s for a list: {_verdict(measured[0])}.
- The index takes {sizes} for each.
- Appending a run to the store (`Store.add`), the median of {APPENDED} (the longest; of the median, fsync alone): {_told(empty)} to an empty
  one; {appended}. Limit {APPEND:.0f} ms: {"kept" if worst <= APPEND else "NOT kept"}.
{reports}"""


def _told(append: tuple[float, float, float]) -> str:
    return f"{append[0]:.1f} ms ({append[1]:.1f}; {append[2]:.1f})"


def _row(name: str, *each: Measured) -> str:
    return f"| {name} | " + " | ".join(f"{one.wall:.2f}, {one.peak:.0f}" for one in each) + " |"


def _verdict(of: Measurement) -> str:
    over = [one.name for one in of.commands if one.wall > one.limits[0] or one.peak > one.limits[1]]
    return f"NOT kept by {', '.join(over)}" if over else "kept"


def _measured(state: Path, count: int, records: list[str]) -> Measurement:
    _say(f"writing {count:,} records")
    store = Store(state / "runs")
    size = _fill(store, count, records)
    done = []
    for name, argv, *limits in commands(state, count):
        finished = timed(argv, cwd=ROOT)
        if finished.status:
            raise SystemExit(f"ended with {finished.status}: {' '.join(argv)}")
        done.append(Measured(name, finished.wall, finished.peak * 1024**2 / MB, (limits[0], limits[1])))
        _say(f"{count:,}: {name}: {finished.wall:.2f} s, {done[-1].peak:.0f} MB")
    index = (store.folder / FILE).stat().st_size
    append = _appended(store, count)
    shutil.rmtree(state)
    return Measurement(count, done, size / count, index / count, append)


def _fill(store: Store, count: int, records: list[str]) -> int:
    """Write the records of so many runs, without waiting for the disk; returns their bytes."""
    size = 0
    for number in range(count):
        one = _run_at(number)
        path = store.path_of(one)
        path.parent.mkdir(parents=True, exist_ok=True)
        size += path.write_bytes(_record(records, one, number))
    return size


def _record(records: list[str], one: Run, number: int) -> bytes:
    """The text of a record with the run's own moments and id."""
    template = _run_at(-1)
    text = records[number % len(records)].replace(template.id, one.id)
    return text.replace(template.started, one.started).replace(template.finished, one.finished).encode()


def _appended(store: Store, count: int) -> tuple[float, float, float]:
    """Milliseconds that ``Store.add`` takes after ``count`` runs: the median, the longest, and the median of fsync in it."""
    walls, flushed = [], []
    fsync = os.fsync
    inside = 0.0

    def counted(descriptor: int) -> None:
        nonlocal inside
        began = time.perf_counter()
        fsync(descriptor)
        inside += time.perf_counter() - began

    os.fsync = counted
    try:
        for number in range(count, count + APPENDED):
            one, inside = _run_of(number), 0.0
            began = time.perf_counter()
            store.add(one)
            walls.append((time.perf_counter() - began) * 1000)
            flushed.append(inside * 1000)
    finally:
        os.fsync = fsync
    _say(
        f"appended to {count:,}: {statistics.median(walls):.1f} ms, fsync {statistics.median(flushed):.1f} ms"
    )
    return statistics.median(walls), max(walls), statistics.median(flushed)


# --- Runs, as large as the reference's ----------------------------------------------------------------------------------


def _run_at(number: int) -> Run:
    """A run without checks. One of the number -1 stands for any."""
    started = BEGIN + EVERY * number
    return Run(
        id=f"{number % 2**32:08x}-0000-4000-8000-000000000000",
        kind="probe",
        started=written(started),
        finished=written(started + 41.5),
        deployment=NAME,
        location="rack-1",
        interval=EVERY,
        base_url="https://deal-scout.example",
        markers="health or logs or slo",
        versions={"deployspec": "0.1.0", "python": "3.11.7", "pytest": "9.0.1"},
        exit_status=0,
    )


def _run_of(number: int) -> Run:
    """The same with its checks: three of a hundred are not MET, and a few rest on shares."""
    one = _run_at(number)
    chance = random.Random(number)  # noqa: S311 - no secret
    for check in range(CHECKS):
        entry = _entry(check, chance)
        one.entries[entry.check] = entry
    return one


def _entry(number: int, chance: random.Random) -> Entry:
    chapter, asks = (("alerts", False), ("health", True), ("logs", True), ("slo", True))[number % 4]
    share = None
    if chapter == "slo" and number % 16 == 3:
        bad = chance.randrange(40)
        share = Proportion(f"api-{number}", "load", 1200 - bad, 1200, 0.95, 0.94, 0.9975)
    verdict = chance.choices(("MET", "BREACHED", "UNMEASURED"), (97, 2, 1))[0]
    call = f"GET https://deal-scout.example/health\nstatus 200\nx-request-id: req_{chance.getrandbits(64):016x}\n\n"
    return Entry(
        check=f"checks/test_{chapter}.py::test_promise_{number}[item-{number}.of-several]",
        id=f"{chapter}.promise-{number}[item-{number}.of-several]",
        chapter=chapter,
        promise=f"Promise {number}: each answer is what the deployment file says of it, within the time that it says.",
        verdict=verdict,
        reason=f"answered after {chance.random():.3f} s, as the file says",
        measured=f"{chance.random():.3f} s",
        limit="at most 2 s",
        flaky=chance.random() < 0.01,
        reproduce="curl --silent --show-error --include --max-time 2 https://deal-scout.example/health"
        if asks
        else "",
        evidence=(Evidence("call", call + '{"ok": true}' * 20),) if number % 4 == 1 else (),
        duration=chance.random(),
        source=f"checks/test_{chapter}.py:{number}",
        asks=asks,
        proportion=share,
    )


def _text(number: int, folder: Path) -> str:
    """A record as the store writes it, of the run that stands for any."""
    one = _run_at(-1)
    one.entries = _run_of(number).entries
    file = RecordFile(folder / "record.json")
    file.finish(one)
    return file.path.read_text()


# --- Allure -------------------------------------------------------------------------------------------------------------


def _allure(folder: Path, records: list[str]) -> str:
    """What Allure's own report of the first runs takes."""
    if not ALLURE:
        return ""
    lines = []
    for count in ALLURE:
        results = folder / "allure-results"
        results.mkdir()
        files = _results(results, count, records)
        _say(f"allure: {count:,} runs, {files:,} files")
        took = _report(results, folder / "allure-report")
        lines.append(f"of the first {count:,} runs ({files:,} files) {took}")
        _say(lines[-1])
        shutil.rmtree(results)
        shutil.rmtree(folder / "allure-report", ignore_errors=True)
    return f"- Beside it `allure generate` (Allure 3), stopped after {ALLURE_LIMIT / 60:.0f} minutes: {'; '.join(lines)}.\n"


def _report(results: Path, out: Path) -> str:
    """Seconds of wall time and memory of ``allure generate``, with all that it starts; or that it was stopped."""
    argv = ["timeout", "--kill-after=10", str(ALLURE_LIMIT), str(ROOT / "scripts/allure"), "generate", str(results),
            "--config", str(allure.CONFIGURATION), "--output", str(out)]  # fmt: skip
    ready = subprocess.run(
        [ROOT / "scripts/allure", "--version"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ready.returncode:
        return f"could not be made: {ready.stderr.strip().splitlines()[-1]}"
    finished = timed(argv, cwd=out.parent)
    if finished.wall >= ALLURE_LIMIT:
        return f"had not ended after {finished.wall:.0f} s ({finished.peak * 1024**2 / MB:,.0f} MB)"
    end = "" if finished.status == 0 else f", ended with {finished.status}"
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    return f"{finished.wall:.0f} s and {finished.peak * 1024**2 / MB:,.0f} MB{end}, a report of {size / MB:,.0f} MB"


def _results(results: Path, count: int, records: list[str]) -> int:
    """Allure's folder of so many runs, as a run writes its own; returns the number of files."""
    path = results.parent / "record.json"
    files = 0

    def written_to(name: str) -> Callable[..., allure.Attached]:
        def attach(title: str, kind: str, end: str, body: str | bytes) -> allure.Attached:
            nonlocal files
            files += 1
            source = f"{name}-{files}-attachment.{end}"
            (results / source).write_bytes(body if isinstance(body, bytes) else body.encode())
            return allure.Attached(title, kind, source)

        return attach

    for number in range(count):
        one = _run_at(number)
        path.write_bytes(_record(records, one, number))
        run_ = read(path, ())
        facts = allure.Facts(NAME, one.id)
        for place, entry in enumerate(run_.entries.values()):
            name = f"{number:06d}-{place:04d}"
            document: dict[str, Any] = allure.lost(entry, int((BEGIN + EVERY * number) * 1000))
            document["uuid"] = name
            document["stop"] = document["start"] + int(entry.duration * 1000)
            allure.identify(document, allure.Check(entry.id, entry.chapter, entry.promise), facts)
            allure.label(document, entry, facts)
            allure.tell(document, entry, written_to(name))
            (results / f"{name}-result.json").write_text(json.dumps(document))
            files += 1
    path.unlink()
    return files


def _say(line: str) -> None:
    print(f"review: {line}", file=sys.stderr, flush=True)

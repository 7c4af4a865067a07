"""Every log line judged, against the plain way and against the fastest bare loop."""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import orjson
from jsonschema import Draft202012Validator

from bench.log_corpus import SEED, schema, write
from bench.processes import spread, timed
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import Block, LogPromise
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.judge.schema import combined, validator
from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter
from tests.chapters.logs.judge.oracle import ADDED, BASE, Oracle, line

ROOT = Path(__file__).resolve().parent.parent
RECORDS = int(os.environ.get("BENCH_LOGS_RECORDS", "2000000"))
CHUNKS = 20
ROUNDS = int(os.environ.get("BENCH_LOGS_ROUNDS", "5"))
ORACLE_LINES = int(os.environ.get("BENCH_LOGS_ORACLE", "100000"))
PLAIN, WITHOUT, WITH, TWO, MEMORY = 18, 1.0, 0.35, 1.85, 100

_MEASURE = """
import sys
from pathlib import Path
from bench.log_corpus import schema
from bench.logs import promise_of
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.sources.files import FilesSource
report = measure(FilesSource([sys.argv[1]]), promise_of(schema(Path(sys.argv[2])), secrets=True), workers=int(sys.argv[3]))
assert report.lines == int(sys.argv[4]), report.lines
"""


def promise_of(combined_schema: dict[str, Any], *, secrets: bool) -> LogPromise:
    """All checks of a line."""
    return LogPromise(
        schema=combined_schema,
        log_level="INFO",
        keep_errors=True,
        request_scoped=("deal_scout.access", "deal_scout.tasks"),
        secrets=secrets,
    )


def run() -> str:
    """Measure, and return the results as Markdown."""
    with tempfile.TemporaryDirectory() as made:
        path, small = Path(made) / "app.log", Path(made) / "small.log"
        write(path, RECORDS)
        write(small, RECORDS // 10)
        # First: a new process' peak begins with the size of the one that it was forked from.
        walls, starts, at_once, peaks = _processes(path, small)
        rates, ratios, invalid = _one_core(path)
        size = path.stat().st_size
    lines, wrong = _against_the_oracle()
    doubled = [one / two for one, two in zip(walls[1], walls[2], strict=True)]
    steady = [(walls[1][n] - starts[1][n]) / (walls[2][n] - starts[2][n]) for n in range(ROUNDS)]
    ceiling = [2 * one / both for one, both in zip(walls[1], at_once, strict=True)]
    growth = peaks["large"] / peaks["small"]
    return f"""## Every line of a log

{RECORDS:,} records ({size / 1e6:.0f} MB, seed {SEED}; several kinds of events, 1% with something wrong: {invalid:,} are
invalid for each of the four), {CHUNKS} parts of the file one after the other, all four on each part in changing order;
median (smallest to largest) of the parts, in µs a line, one core.

| one process | µs a line |
| --- | --- |
| `json.loads` (with a hook for repeated keys and `parse_constant`) and `jsonschema`, line by line | {spread(rates["plain"])} |
| the ceiling: `orjson.loads` and `jsonschema_rs`, bare, line by line | {spread(rates["ceiling"])} |
| all checks of a line, without the search for secrets | {spread(rates["without"])} |
| all checks of a line | {spread(rates["with"])} |

- Against the plain way: **{spread(ratios["plain"], 1)}** times as fast; limit {PLAIN}: {_kept(ratios["plain"], PLAIN)}.
- Of the ceiling's speed, without the search for secrets: **{spread(ratios["without"])}**; limit {WITHOUT}: {_kept(ratios["without"], WITHOUT)}.
- Of the ceiling's speed, all checks: **{spread(ratios["with"])}**; limit {WITH}: {_kept(ratios["with"], WITH)}.
- Two processes over one, whole file, start and end included, {ROUNDS} rounds: **{spread(doubled)}** ({spread(walls[1], 1)} s
  and {spread(walls[2], 1)} s); limit {TWO}: {_kept(doubled, TWO)}.
  Without the first {RECORDS // 10:,} records, in which each process starts, compiles its patterns and learns the shapes of lines:
  **{spread(steady)}**; {_kept(steady, TWO)}. Two runs of one process each at once, which is what this machine gives at most:
  {spread(ceiling)}.
- Peak memory of one process: {peaks["small"]:.0f} MB for {RECORDS // 10:,} records, {peaks["large"]:.0f} MB for {RECORDS:,}
  ({100 * (growth - 1):+.1f}%); limits 10% and {MEMORY} MB: {"kept" if growth <= 1.1 and peaks["large"] <= MEMORY else "NOT kept"}.
- {lines:,} lines that are hard to judge, against the slow oracle of the tests: {wrong} verdicts differ.
"""


def _kept(values: list[float], limit: float) -> str:
    return "kept" if statistics.median(values) >= limit else "NOT kept"


def _one_core(path: Path) -> tuple[dict[str, list[float]], dict[str, list[float]], int]:
    """µs a line of each way, by part of the file; the ratios of ours to theirs; and how many lines are invalid."""
    told = schema(ROOT)
    ways: dict[str, Callable[[bytes], int]] = {
        "plain": _plain(told),
        "ceiling": _ceiling(told),
        "without": _ours(promise_of(told, secrets=False)),
        "with": _ours(promise_of(told, secrets=True)),
    }
    rates: dict[str, list[float]] = {name: [] for name in ways}
    invalid = 0
    for number, data in enumerate(_parts(path)):
        count = data.count(b"\n")
        names = list(ways)[number % 4 :] + list(ways)[: number % 4]
        found = {}
        for name in names:
            began = time.perf_counter()
            found[name] = ways[name](data)
            rates[name].append((time.perf_counter() - began) / count * 1e6)
        # The bare loop takes a key twice for one.
        assert found["plain"] == found["with"] == found["without"] >= found["ceiling"], found  # noqa: S101 - a bench
        invalid += found["with"]
        print(f"logs: part {number + 1} of {CHUNKS}", file=sys.stderr, flush=True)

    def over(name: str, mine: str) -> list[float]:
        return [theirs / ours for theirs, ours in zip(rates[name], rates[mine], strict=True)]

    ratios = {
        "plain": over("plain", "with"),
        "without": over("ceiling", "without"),
        "with": over("ceiling", "with"),
    }
    return rates, ratios, invalid


def _parts(path: Path) -> Iterator[bytes]:
    size = path.stat().st_size // CHUNKS + 1
    with path.open("rb") as file:
        while data := file.read(size):
            yield data + file.readline()


def _plain(told: dict[str, Any]) -> Callable[[bytes], int]:
    one = Draft202012Validator(told)

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        record = dict(pairs)
        if len(record) != len(pairs):
            raise ValueError("a key twice")
        return record

    def never(name: str) -> Any:
        raise ValueError(name)

    def judge(data: bytes) -> int:
        invalid = 0
        for text in data.splitlines():
            try:
                record = json.loads(text, object_pairs_hook=once, parse_constant=never)
                invalid += not (isinstance(record, dict) and one.is_valid(record))
            except ValueError:
                invalid += 1
        return invalid

    return judge


def _ceiling(told: dict[str, Any]) -> Callable[[bytes], int]:
    is_valid, loads = validator(told, "the schema").is_valid, orjson.loads

    def judge(data: bytes) -> int:
        invalid = 0
        for text in data.splitlines():
            try:
                if not is_valid(loads(text)):
                    invalid += 1
            except ValueError:
                invalid += 1
        return invalid

    return judge


def _ours(promise: LogPromise) -> Callable[[bytes], int]:
    judge_of_lines = LineJudge(promise)

    def judge(data: bytes) -> int:
        report = Report()
        for block in _blocks(data):
            judge_of_lines.add(block, judge_of_lines.judge(block), report)
        return report.invalid

    return judge


def _blocks(data: bytes) -> Iterable[Block]:
    cutter = Cutter("app.log", "app.log")
    for start in range(0, len(data), BLOCK):
        yield from (one for one in cutter.feed(data[start : start + BLOCK]) if isinstance(one, Block))
    yield from (one for one in cutter.end() if isinstance(one, Block))


def _processes(
    path: Path, small: Path
) -> tuple[dict[int, list[float]], dict[int, list[float]], list[float], dict[str, float]]:
    """Seconds of whole runs with one process and with two, the same for a small file, and of two runs at once; and the peaks
    of one for a small and a large file, in MB."""
    walls: dict[int, list[float]] = {1: [], 2: []}
    starts: dict[int, list[float]] = {1: [], 2: []}
    at_once: list[float] = []
    peaks = {"large": 0.0, "small": 0.0}
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}

    def measured(file: Path, workers: int, records: int) -> tuple[float, float]:
        command = [sys.executable, "-c", _MEASURE, str(file), str(ROOT), str(workers), str(records)]
        done = timed(command, cwd=ROOT, environ=environ)
        assert done.status == 0, command  # noqa: S101 - a bench
        return done.wall, done.peak * 1.048576

    for number in range(ROUNDS):
        for workers in (1, 2) if number % 2 else (2, 1):
            wall, peak = measured(path, workers, RECORDS)
            walls[workers].append(wall)
            start, small_peak = measured(small, workers, RECORDS // 10)
            starts[workers].append(start)
            if workers == 1:
                peaks["large"], peaks["small"] = max(peaks["large"], peak), max(peaks["small"], small_peak)
        with ThreadPoolExecutor(2) as both:
            began = time.perf_counter()
            list(both.map(lambda _: measured(path, 1, RECORDS), range(2)))
            at_once.append(time.perf_counter() - began)
        print(f"logs: round {number + 1} of {ROUNDS}", file=sys.stderr, flush=True)
    return walls, starts, at_once, peaks


def _against_the_oracle() -> tuple[int, int]:
    """How many lines were judged by both, and how many verdicts differ."""
    random = Random(SEED)  # noqa: S311 - the same lines every time
    told = combined(BASE, ADDED)
    oracle, wrong = Oracle(told), 0
    for _ in range(0, ORACLE_LINES, 1000):
        lines = [line(random) for _ in range(1000)]
        judge = LineJudge(LogPromise(schema=told, secrets=False, kept=1000))
        tally = judge.judge(Block(b"\n".join(lines) + b"\n", "app.log", 0, "app.log", 0.0))
        found = {
            place.line
            for reason, one in tally.found.items()
            if reason.check in ("json", "schema")
            for place in one.places
        }
        wrong += len(found ^ {number for number, one in enumerate(lines) if not oracle.fits(one)})
    return ORACLE_LINES, wrong

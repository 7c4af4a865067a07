"""Every log line judged by the code of today and by that of an earlier commit, in turn; beside engines for many records."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import orjson

from bench.log_corpus import SEED, START, schema, write
from bench.processes import spread

ROOT = Path(__file__).resolve().parent.parent
BEFORE = "4e8475c"
RECORDS = int(os.environ.get("BENCH_LOGS_RECORDS", "200000"))
ROUNDS = int(os.environ.get("BENCH_LOGS_ROUNDS", "9"))
EMITTERS = {
    "structlog": {"timestamp": "timestamp", "level": "level", "message": "event"},
    "slog": {"timestamp": "time", "level": "level", "message": "msg"},
    "ecs-logging": {"timestamp": "@timestamp", "level": "log.level", "message": "message"},
    "zerolog": {"timestamp": "time", "level": "level", "message": "message"},
    "logrus": {"timestamp": "time", "level": "level", "message": "msg"},
}
"""Whose times and levels the judge of that commit could read, and their fields."""
LEVELS = (
    "debug",
    "info",
    "warn",
    "warning",
    "error",
    "fatal",
    "panic",
    "critical",
    "DEBUG",
    "INFO",
    "WARN",
    "ERROR",
)
_NUMBER = re.compile(r"(?<=[: ])\d{2,9}(?=[,} ])")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")
RECORDED = ROOT / "tests" / "chapters" / "logs" / "recorded"
FASTER = 2.5

# Runs in a tree of either commit: the modules of 4e8475c have other names.
_WORKER = """
import json, sys, time
root, old = sys.argv[1], sys.argv[2] == "old"
sys.path[:0] = [root + "/src", root]
import orjson
if old:
    from deployspec.contracts.logs.judging import LineJudge
    from deployspec.contracts.logs.model import Block, Fields, LogPromise
    from deployspec.contracts.logs.report import Report
    from deployspec.contracts.logs.schema import validator
    from deployspec.probes.logs.cutting import BLOCK, Cutter
else:
    from deployspec.chapters.logs.form import Fields
    from deployspec.chapters.logs.judge.judging import LineJudge
    from deployspec.chapters.logs.judge.model import Block, LogPromise
    from deployspec.chapters.logs.judge.report import Report
    from deployspec.chapters.logs.judge.schema import validator
    from deployspec.chapters.logs.measure.cutting import BLOCK, Cutter

def judged(data, promise):
    judge = LineJudge(promise) if old else LineJudge(promise, time.thread_time)
    report, cutter = Report(), Cutter("app.log", "app.log")
    def take(pieces):
        for piece in pieces:
            tally = judge.judge(piece)
            if not old:
                judge.add(piece, tally, report)
            elif (highest := report.add(tally)) is not None:
                report.add_backwards(judge.times(piece, highest))
    for start in range(0, len(data), BLOCK):
        take(cutter.feed(data[start : start + BLOCK]))
    take(cutter.end())
    return report

for asked in sys.stdin:
    told = json.loads(asked)
    data = open(told["file"], "rb").read()
    began = time.process_time()
    if told["way"] == "bare":
        is_valid, loads, invalid = validator(told["schema"], "the schema").is_valid, orjson.loads, 0
        for line in data.splitlines():
            try:
                invalid += not is_valid(loads(line))
            except ValueError:
                invalid += 1
    else:
        invalid = judged(data, LogPromise(schema=told["schema"], fields=Fields(**told["fields"]), **{k: tuple(v) if isinstance(v, list) else v for k, v in told["promised"].items()})).invalid
    print(json.dumps([(time.process_time() - began) / data.count(b"\\n") * 1e6, invalid]), flush=True)
"""


class _Worker:
    """One process that judges by the code of one tree."""

    def __init__(self, root: Path, called: str) -> None:
        command = [sys.executable, "-c", _WORKER, str(root), called]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **what: Any) -> tuple[float, int]:
        """µs of processor time a line, making the judge included, and how many lines are invalid."""
        assert self._process.stdin is not None  # noqa: S101 - a bench
        assert self._process.stdout is not None  # noqa: S101 - a bench
        self._process.stdin.write(json.dumps(what) + "\n")
        self._process.stdin.flush()
        micro, invalid = json.loads(self._process.stdout.readline())
        return micro, invalid

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def _before() -> Iterator[Path]:
    """The tree of the earlier commit, without the repository's work trees."""
    with tempfile.TemporaryDirectory() as made:
        archive = subprocess.run(
            ["git", "archive", BEFORE, "src", "bench", "schemas"], cwd=ROOT, capture_output=True, check=True
        )
        subprocess.run(["tar", "-x", "-C", made], input=archive.stdout, check=True)
        yield Path(made)


def run() -> str:
    """Measure, and return the results as Markdown."""
    with ExitStack() as stack:
        made = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        old = _Worker(stack.enter_context(_before()), "old")
        new = _Worker(ROOT, "new")
        stack.callback(old.close)
        stack.callback(new.close)
        path = made / "app.log"
        write(path, RECORDS)
        told = schema(ROOT)
        promised = {
            "log_level": "INFO",
            "keep_errors": True,
            "request_scoped": ["deal_scout.access", "deal_scout.tasks"],
        }
        rows = [
            _row(
                f"the generated file{'' if secrets else ', without secrets'}",
                path, told, {}, {**promised, "secrets": secrets}, old, new,
            )
            for secrets in (True, False)
        ]  # fmt: skip
        for name in EMITTERS:
            file = made / f"{name}.log"
            fields = _varied(name, file, RECORDS)
            rows.append(
                _row(
                    name,
                    file,
                    _schema_of(fields),
                    fields,
                    {"levels": LEVELS, "error_level": "error", "secrets": True},
                    old,
                    new,
                )
            )
        what = {"file": str(path), "schema": told, "fields": {}, "promised": promised, "way": "all"}
        engines = _engines(path, new, what)
    load = os.getloadavg()[0]
    return f"""## Lines of known shapes, beside commit {BEFORE}

{RECORDS:,} generated records (seed {SEED}), and records as real emitters write them by default, made of the recorded
samples with other numbers and times (as many each); {ROUNDS} rounds, in each of them the old judge, the new one and
a bare loop of `orjson.loads` and `jsonschema_rs` in turn; a new judge each time, so what it learns and compiles is
included; median (smallest to largest), in µs of processor time a line, one core. Load of the machine at the end: {load:.1f}.

| lines | old | new | bare | old over new (limit {FASTER}) | bare over new |
| --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}

{engines}"""


def _row(name: str, file: Path, told: Any, fields: Any, promised: Any, old: _Worker, new: _Worker) -> str:
    what = {"file": str(file), "schema": told, "fields": fields, "promised": promised, "way": "all"}
    ways: dict[str, Callable[[], tuple[float, int]]] = {
        "old": lambda: old.ask(**what),
        "new": lambda: new.ask(**what),
        "bare": lambda: new.ask(**{**what, "way": "bare"}),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(-1, ROUNDS):
        invalid = {}
        for way in list(ways)[number % 3 :] + list(ways)[: number % 3]:
            micro, invalid[way] = ways[way]()
            if number >= 0:
                times[way].append(micro)
        assert invalid["old"] == invalid["new"], (name, invalid)  # noqa: S101 - a bench
    print(f"log_shapes: {name}", file=sys.stderr, flush=True)
    faster, bare = _over(times, "old"), _over(times, "bare")
    return f"| {name} | {spread(times['old'])} | {spread(times['new'])} | {spread(times['bare'])} | {spread(faster)} | {spread(bare)} |"


def _over(times: dict[str, list[float]], other: str) -> list[float]:
    return [theirs / ours for theirs, ours in zip(times[other], times["new"], strict=True)]


def _schema_of(fields: dict[str, str]) -> dict[str, Any]:
    """As the base schema has it, of fewer fields."""
    text = {"type": "string", "minLength": 1}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": [fields["timestamp"], fields["level"], fields["message"]],
        "properties": {
            fields["timestamp"]: text,
            fields["level"]: {"enum": list(LEVELS)},
            fields["message"]: text,
        },
    }


def _varied(name: str, file: Path, count: int) -> dict[str, str]:
    """Write records as one emitter does: those that were recorded, with other numbers and times. Returns their fields."""
    random = Random(SEED)  # noqa: S311 - the same records every time
    fields = {**EMITTERS[name], "logger": "logger", "request_id": "request_id"}
    recorded = [
        line
        for line in (RECORDED / f"{name}.log").read_text(encoding="utf-8").splitlines()
        if json.loads(line).get(fields["message"])
    ]
    with file.open("w", encoding="utf-8") as out:
        for number in range(count):
            moment = START + timedelta(milliseconds=7 * number)
            line = _NUMBER.sub(lambda _: f"{random.randrange(10, 10**6)}", recorded[number % len(recorded)])
            stamped = _STAMP.sub(partial(_like, moment), line)
            out.write(stamped + "\n")
    return fields


def _like(moment: datetime, found: re.Match[str]) -> str:
    """A time with as many decimals; nine where Go leaves zeros out."""
    decimals = len(found[1] or ".") - 1
    digits = f"{moment:%f}000"[: 9 if decimals > 6 else decimals]
    return f"{moment:%Y-%m-%dT%H:%M:%S}{'.' if digits else ''}{digits}"


# What they have in common with the judge: one pass over the file, the fields that are required, their types, the pattern of
# times, levels, and what access records have besides.
_DUCKDB = """
import sys, time, duckdb
base = duckdb.connect(config={"threads": 1})
began = time.process_time()
columns = {"timestamp": "VARCHAR", "level": "VARCHAR", "logger": "VARCHAR", "message": "VARCHAR", "request_id": "VARCHAR",
    "method": "VARCHAR", "path": "VARCHAR", "status": "BIGINT", "duration_ms": "DOUBLE"}
found = base.execute(f'''SELECT count(*), count(*) FILTER (WHERE coalesce(
    regexp_full_match(timestamp, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}[.][0-9]{{3,6}}Z')
    AND level IN ('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL') AND logger <> '' AND message IS NOT NULL
    AND coalesce(duration_ms >= 0, true)
    AND (logger <> 'deal_scout.access' OR (regexp_full_match(method, '[A-Z]+') AND path IS NOT NULL AND status BETWEEN 100 AND 599
    AND duration_ms IS NOT NULL AND request_id IS NOT NULL)), false))
    FROM read_json(?, format = 'newline_delimited', ignore_errors = true, columns = {columns})''', [sys.argv[1]]).fetchone()
print(time.process_time() - began, *found)
"""
_POLARS = """
import os, sys, time
os.environ["POLARS_MAX_THREADS"] = "1"
import polars as pl
began = time.process_time()
text = ("timestamp", "level", "logger", "message", "request_id", "method", "path")
records = pl.scan_ndjson(sys.argv[1], ignore_errors=True,
    schema={**{name: pl.String for name in text}, "status": pl.Int64, "duration_ms": pl.Float64})
c = pl.col
fits = (c("timestamp").str.contains("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3,6}Z$")
    & c("level").is_in(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]) & (c("logger") != "") & c("message").is_not_null()
    & (c("duration_ms") >= 0).fill_null(True)
    & ((c("logger") != "deal_scout.access") | (c("method").str.contains("^[A-Z]+$") & c("path").is_not_null()
    & c("status").is_between(100, 599) & c("duration_ms").is_not_null() & c("request_id").is_not_null())))
found = records.select(pl.len().alias("lines"), fits.fill_null(False).sum().alias("valid")).collect(engine="streaming").row(0)
print(time.process_time() - began, *found)
"""


def _is_json(line: bytes) -> bool:
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _engines(path: Path, new: _Worker, what: dict[str, Any]) -> str:
    """What the engines take for a part of the rules, and the judge for all."""
    times: dict[str, list[float]] = {"DuckDB": [], "polars": [], "ours": []}
    valid: dict[str, str] = {}
    read_by_polars = path.with_name("json.log")
    read_by_polars.write_bytes(b"".join(filter(_is_json, path.read_bytes().splitlines(keepends=True))))
    for _ in range(ROUNDS):
        for name, script in (("DuckDB", _DUCKDB), ("polars", _POLARS)):
            command = [sys.executable, "-c", script, str(path if name == "DuckDB" else read_by_polars)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            took, _, valid[name] = done.stdout.split()
            times[name].append(float(took) / RECORDS * 1e6)
        micro, invalid = new.ask(**what)
        times["ours"].append(micro)
        valid["ours"] = str(RECORDS - invalid)

    def over(name: str) -> str:
        return spread([theirs / ours for theirs, ours in zip(times[name], times["ours"], strict=True)])

    rows = "\n".join(f"| {name} | {spread(times[name])} | {over(name)} | {valid[name]} |" for name in times)
    return f"""Beside engines for many records, the same file, one thread, in µs of processor time a line. They judge less: the fields
that are required, types, the form of times, levels, and what access records have besides, as SQL. They do not tell a key that
is there twice; they take a number for a text, and a time of no day; they look for no secrets and for no times that go back, and
do not say where something is. polars stops at a line that is not JSON: it was given the file without those.

| engine | µs a line | of the time of all checks | valid lines |
| --- | --- | --- | --- |
{rows}
"""

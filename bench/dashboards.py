"""A dashboard of 60 panels against a local Prometheus, beside the same queries sent by curl one after the other."""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import spread, timed

ROOT = Path(__file__).resolve().parent.parent
PANELS = 60
SERVICES, PATHS = 20, 10
SPAN, SCRAPE = 3600, 15
ROUNDS = 7
LIMIT = 1.5
READY = 60.0
"""Seconds that Prometheus may take to answer."""
IN_PROCESS = """
import sys, time
from pathlib import Path

from deployspec.app import OURS
from deployspec.chapters.dashboards.judge.answers import answers, nothing_now, parses
from deployspec.chapters.dashboards.judge.lints import lint
from deployspec.chapters.dashboards.judge.meanings import shows_what_it_says
from deployspec.chapters.dashboards.judge.ranges import holds_four_scrapes
from deployspec.chapters.dashboards.measure.files import files_of, items_of
from deployspec.chapters.dashboards.measure.meanings import meanings_of
from deployspec.chapters.dashboards.measure.panels import Panels
from deployspec.chapters.dashboards.part import DASHBOARDS
from deployspec.deployment import PROMETHEUS, load
from deployspec.model.verdict import Outcome
from deployspec.tools.prometheus.deployed import prometheus_of

deployment = load(Path(sys.argv[1]), {}, OURS, ())
part = deployment.require(DASHBOARDS)
began = time.perf_counter()
files, _ = files_of(part)
items = items_of(files, part)
meanings = meanings_of(None)
panels = Panels(part, prometheus_of(deployment), deployment.require(PROMETHEUS).window, meanings.events)
verdicts = []
for item in items:
    made, answer, reasons = panels.made(item), panels.answer(item), panels.reasons(item)
    verdicts.append(parses(made))
    verdicts.append(answers(answer, reasons, panels.mismatch(item), part.max_series, part.max_query_time))
    verdicts.append(shows_what_it_says(item, answer, meanings, nothing_now(answer, reasons)))
    verdicts.append(holds_four_scrapes(made.text, part.scrape_interval))
findings = lint(items[0].dashboard, panels.types)
print(time.perf_counter() - began)
assert not findings, findings
assert all(one.outcome is Outcome.MET for one in verdicts), [one for one in verdicts if one.outcome is not Outcome.MET]
"""


def run() -> str:
    """Measure, and return the results as Markdown."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _backfill(folder)
        with _prometheus(folder) as url:
            return _measure(folder, url)


def _backfill(folder: Path) -> None:
    """An hour of a service's counters and histograms, as blocks that Prometheus reads."""
    now = int(time.time()) // SCRAPE * SCRAPE
    with (folder / "metrics.om").open("w", encoding="utf-8") as file:
        file.write("# TYPE bench_requests counter\n")
        for service in range(SERVICES):
            for path in range(PATHS):
                for status, share in (("200", 40), ("500", 1)):
                    labels = (
                        f'service="s{service}",path="/p{path}",status="{status}",job="bench",instance="a"'
                    )
                    for number, at in enumerate(range(now - SPAN - 600, now + 1, SCRAPE)):
                        file.write(f"bench_requests_total{{{labels}}} {number * share} {at}\n")
        file.write("# EOF\n")
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", "metrics.om", "data"],
        cwd=folder,
        check=True,
        timeout=120,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def _prometheus(folder: Path) -> Iterator[str]:
    (folder / "prometheus.yml").write_text("scrape_configs: []\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=error"]
    process = subprocess.Popen(["prometheus", f"--web.listen-address=127.0.0.1:{port}", *options], cwd=folder)
    try:
        deadline = time.monotonic() + READY
        while not _is_ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("Prometheus did not start")
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/-/ready", timeout=1) as answer:  # noqa: S310 - http, and ours
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _queries() -> list[str]:
    """One for each panel: a rate, a ratio, and a list of paths, of one service after the other."""
    made = []
    for number in range(PANELS):
        own = f'job="bench", service="s{number % SERVICES}"'
        total = f"sum(rate(bench_requests_total{{{own}}}[5m]))"
        made.append(
            (
                total,
                f'sum(rate(bench_requests_total{{{own}, status="500"}}[5m])) / {total}',
                f"sum by (path) (rate(bench_requests_total{{{own}}}[5m]))",
            )[number % 3]
        )
    return made


def _measure(folder: Path, url: str) -> str:
    queries = _queries()
    panels = [
        {
            "id": number,
            "type": "timeseries",
            "title": f"Panel {number}",
            "fieldConfig": {"defaults": {"unit": "short"}, "overrides": []},
            "targets": [{"refId": "A", "expr": query}],
        }
        for number, query in enumerate(queries)
    ]
    board = {"title": "Bench", "schemaVersion": 39, "panels": panels}
    (folder / "bench.json").write_text(json.dumps(board))
    deployment = folder / "bench.yaml"
    deployment.write_text(
        f"base_url: http://127.0.0.1:9\nprometheus: {{url: '{url}', window: 1h}}\ndashboards: {{files: [bench.json]}}\n"
    )
    script = folder / "in_process.py"
    script.write_text(IN_PROCESS)
    program = str(Path(sys.executable).with_name("deployspec"))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    curls, own, whole = [], [], []
    for number in range(ROUNDS + 1):
        # Alternating: what else the machine does meets all of them alike.
        by_curl = _by_curl(url, queries)
        seconds = float(
            subprocess.run(
                [sys.executable, str(script), str(deployment)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
            ).stdout
        )
        command = [program, "check", "-q", "-m", "dashboards", "--deployment", str(deployment)]
        done = timed(command, cwd=folder, environ=environ)
        if done.status:
            raise SystemExit("the checks are not all MET")
        if number:
            curls.append(by_curl)
            own.append(seconds)
            whole.append(done.wall)
    ratios = [mine / theirs for mine, theirs in zip(own, curls, strict=True)]
    wholes = [mine / theirs for mine, theirs in zip(whole, curls, strict=True)]
    verdict = "kept" if statistics.median(ratios) <= LIMIT else "not kept"
    return f"""## A dashboard of {PANELS} panels

Against a local Prometheus with an hour of {SERVICES * PATHS * 2} series, each {SCRAPE} s; {ROUNDS} rounds, alternating. "The checks" read the
file, put variables in place, ask each query over the hour, and judge each: {4 * PANELS} verdicts and the lints.

| | seconds | of curl |
| --- | --- | --- |
| {PANELS} curls, one after the other | {spread(curls)} | 1 |
| the checks, without Python's and pytest's start | {spread(own)} | {spread(ratios)} |
| `deployspec check -m dashboards`, all of it: {5 * PANELS + 1} items | {spread(whole)} | {spread(wholes)} |

The limit is {LIMIT} times the curls, for asking and judging: {verdict}.
"""


def _by_curl(url: str, queries: list[str]) -> float:
    curl = shutil.which("curl") or "curl"
    end = time.time()
    began = time.perf_counter()
    for query in queries:
        span = {"start": f"{end - SPAN:.3f}", "end": f"{end:.3f}", "step": str(SCRAPE)}
        words = [f"{name}={value}" for name, value in {"query": query, **span}.items()]
        data = [part for word in words for part in ("--data-urlencode", word)]
        command = [curl, "--silent", "--fail", "--get", f"{url}/api/v1/query_range", *data]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=30)
    return time.perf_counter() - began

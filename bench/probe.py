"""What a probe costs beside its checks, and beside a blackbox_exporter that asks for the same endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.processes import Finished, spread, timed

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15
WATCHED = 5
ASKS = 60
LIMIT_RATIO = 0.4
LIMIT_PEAK = 120.0
LIMIT_SECONDS, LIMIT_MORE = 1.0, 30.0
"""Of a push of 500 checks: seconds, and MB beyond what the process had."""
PUSH = """
import json, resource, sys, time
from pathlib import Path
from deployspec.deployment.push import Push
from deployspec.model.entry import Entry
from deployspec.probe.pushing import Pushing
from deployspec.probe.saying import Says
from deployspec.record.record import Run
from deployspec.sinks.metrics import Progress

entries = [
    Entry(f"checks/test_shop.py::test_{n}", f"shop.promise-{n}[with-a-parameter]", "shop", "A promise.", "MET", "it holds " * 9, duration=0.01)
    for n in range(500)
]
now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
run = Run(now, "shop", entries={entry.check: entry for entry in entries}, finished=now, id="0" * 32, kind="probe")
data = {"url": sys.argv[1], "timeout": "5s", "job": "deployspec"}
pushing = Pushing([Push("gateway", "pushgateway", data, Path())], Path(sys.argv[2]), "shop", "default")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
arrived = pushing.send(run, Progress(300.0, time.time(), time.time()), 0, time.monotonic() + 30, Says(verbose=False, as_json=False))
took = time.perf_counter() - began
print(json.dumps([arrived, took, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024]))
"""


def run() -> str:
    """Measure, and return the results as Markdown."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTEST_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        environ["XDG_STATE_HOME"] = str(folder / "state")
        (folder / "empty").mkdir()
        (folder / "empty" / "pytest.ini").write_text("[pytest]\n")
        (folder / "empty" / "test_empty.py").write_text("def test_empty():\n    pass\n")
        server = stack.enter_context(
            _started([sys.executable, "-m", "tests.raw_server", "healthy"], pipe=True)
        )
        assert server.stdout is not None  # noqa: S101 - a pipe was asked for
        url = server.stdout.readline().decode().strip()
        gateway = stack.enter_context(
            _listening("prometheus-pushgateway", "--persistence.file=", "--log.level=error")
        )
        (folder / "local.yaml").write_text(
            f"base_url: {url}\nhealth: {{timeout: 2s, max_response_time: 1s, expect_version: 0.1.0}}\n"
            f"push: [{{name: gateway, kind: pushgateway, url: '{gateway.url}'}}]\n"
        )
        cold = _cold(folder, environ)
        beside = _beside(folder, environ, url, stack)
        return cold + beside + _pushed(folder, environ, gateway.url)


class _Listening:
    def __init__(self, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url


@contextlib.contextmanager
def _started(argv: list[str], *, pipe: bool = False) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        argv,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if pipe else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@contextlib.contextmanager
def _listening(program: str, *options: str) -> Iterator[_Listening]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with _started([program, f"--web.listen-address=127.0.0.1:{port}", *options]) as process:
        deadline = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"{url}/-/healthy", timeout=2).close()  # noqa: S310 - ours
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        yield _Listening(process, url)


def _cold(folder: Path, environ: dict[str, str]) -> str:
    local, record = str(folder / "local.yaml"), folder / "record.json"
    argv = {
        "pytest": [sys.executable, "-m", "pytest", "-q", "--disable-plugin-autoload", "test_empty.py"],
        "checks": [
            sys.executable,
            "-m",
            "pytest",
            "checks",
            "-m",
            "health",
            "--deployment",
            local,
            "--record",
            str(record),
            "-q",
        ],
        "probe": [sys.executable, "-m", "deployspec.cli", "probe", "-m", "health", "--deployment", local],
    }
    seen: dict[str, list[float]] = {name: [] for name in argv}
    processor: dict[str, list[float]] = {name: [] for name in argv}
    ratios, peaks = [], []
    for _ in range(WATCHED):
        # Apart from what is timed: to look takes a core of its own, and a probe uses two.
        with _watched() as peak:
            timed(argv["probe"], cwd=ROOT, environ=environ)
        peaks.append(max(peak))
    for number in range(ROUNDS + 1):
        net = {}
        for name, one in argv.items():
            done = timed(one, cwd=folder / "empty" if name == "pytest" else ROOT, environ=environ)
            if done.status != 0:
                raise SystemExit(f"{name} ended with status {done.status}: no figure counts")
            net[name] = done.wall - (
                0 if name == "pytest" else _waited(record if name == "checks" else _newest(folder))
            )
            if number:
                seen[name].append(net[name])
                processor[name].append(done.cpu)
        if number:
            ratios.append((net["probe"] - net["checks"]) / net["pytest"])
    ratio, peak_of_all = statistics.median(ratios), statistics.median(peaks)
    rows = "\n".join(
        f"| {title} | {spread(seen[name])} | {spread(processor[name])} |"
        for name, title in (
            ("pytest", "pytest, one empty test, plugin autoloading off"),
            ("checks", "`pytest checks -m health --deployment FILE`"),
            ("probe", "`deployspec probe -m health --deployment FILE`, with a push to a Pushgateway"),
        )
    )
    return f"""## A probe: cold, with a push, against a local server

{ROUNDS} rounds after a warm-up, alternating; median (smallest to largest), in seconds, less the wait for the server's clock.

| whole process, with all that it starts | wall | processor |
| --- | --- | --- |
{rows}

- What a probe adds to its checks, in times of pytest on one empty test, round by round: **{spread(ratios)}**; limit {LIMIT_RATIO}: {_kept(ratio <= LIMIT_RATIO)}.
  The checks begin before the probe has imported more than it needs to start them; it reads the deployment file, and what pushes, while they run.
- Memory of all processes at once: {spread(peaks, 0)} MB; limit {LIMIT_PEAK:.0f} MB: {_kept(peak_of_all <= LIMIT_PEAK)}.
"""


@contextlib.contextmanager
def _watched() -> Iterator[list[float]]:
    """The sums of the resident sets of all processes below this one, in MB, looked at every few milliseconds."""
    sums, over = [0.0], threading.Event()
    us = psutil.Process()
    there = {child.pid for child in us.children(recursive=True)}

    def look() -> None:
        while not over.wait(0.005):
            total = 0.0
            with contextlib.suppress(psutil.Error):
                for child in us.children(recursive=True):
                    if child.pid not in there:
                        with contextlib.suppress(psutil.Error):
                            total += child.memory_info().rss / 1e6
            sums.append(total)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sums
    finally:
        over.set()
        thread.join()


def _waited(record: Path) -> float:
    return sum(entry["waited"] for entry in json.loads(record.read_text())["checks"])


def _newest(folder: Path) -> Path:
    return max((folder / "state").rglob("*Z-*.json"), key=lambda path: path.stat().st_mtime)


def _beside(folder: Path, environ: dict[str, str], url: str, stack: contextlib.ExitStack) -> str:
    """Processor time of as many probes as asks of a blackbox_exporter, alternating."""
    config = folder / "blackbox.yml"
    config.write_text("modules: {http: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}\n")
    exporter = stack.enter_context(_listening("prometheus-blackbox-exporter", f"--config.file={config}"))
    probe = [
        sys.executable,
        "-m",
        "deployspec.cli",
        "probe",
        "-m",
        "health",
        "--deployment",
        str(folder / "local.yaml"),
    ]
    process = psutil.Process(exporter.process.pid)
    began = sum(process.cpu_times()[:2])
    probes: list[Finished] = []
    for _ in range(ASKS):
        with urllib.request.urlopen(  # noqa: S310 - ours
            f"{exporter.url}/probe?module=http&target={url}/health", timeout=5
        ) as answer:
            if b"probe_success 1" not in answer.read():
                raise SystemExit("blackbox_exporter did not find the endpoint: no figure counts")
        probes.append(timed(probe, cwd=ROOT, environ=environ))
    ours, theirs = sum(one.cpu for one in probes), sum(process.cpu_times()[:2]) - began
    bare = timed(
        [sys.executable, "-m", "pytest", "-q", "--disable-plugin-autoload", "test_empty.py"],
        cwd=folder / "empty",
        environ=environ,
    ).cpu
    each = ours / ASKS
    return f"""
{ASKS} probes, and {ASKS} asks of blackbox_exporter for the same endpoint, alternating: {ours:.1f} s of processor time beside {theirs:.2f} s,
**{ours / max(theirs, 0.01):.0f} times** as much. A probe asks for it ten times, judges 18 promises, starts two Pythons and a pytest, and keeps a record;
the exporter is there already, and asks once. Of the {each:.2f} s of a probe, {bare:.2f} s are pytest itself on one empty test. To halve them, the checks
would have to run in a process that stays: at 5 minutes from one probe to the next they are {each / 300:.1%} of one core.
"""


def _pushed(folder: Path, environ: dict[str, str], url: str) -> str:
    took, more = [], []
    for number in range(ROUNDS):
        said = subprocess.run(
            [sys.executable, "-c", PUSH, url, str(folder / f"sinks-{number}")],
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        arrived, seconds, megabytes = json.loads(said)
        if not arrived:
            raise SystemExit("the push did not arrive: no figure counts")
        took.append(seconds)
        more.append(megabytes)
    fits = statistics.median(took) <= LIMIT_SECONDS and statistics.median(more) <= LIMIT_MORE
    return f"""
500 checks pushed to a Pushgateway in one go, in a process of its own: {spread(took)} s and {spread(more, 1)} MB beyond what it had;
limits {LIMIT_SECONDS:g} s and {LIMIT_MORE:.0f} MB: {_kept(fits)}.
"""


def _kept(is_so: bool) -> str:
    return "kept" if is_so else "NOT kept"

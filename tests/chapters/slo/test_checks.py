"""The chapter slo in pytest: options, items, progress, and what the run record keeps."""

from __future__ import annotations

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.chapters.slo.measure.server import KeepingServer, Received, Reply, keeping_server
from tests.suite import DEAL_SCOUTS, ROOT, hearing, run_checks

LATENCY = "test_load_run[api-latency]"


@pytest.fixture
def server() -> Iterator[KeepingServer]:
    """A sound service."""

    def answer(_: Received) -> Reply:
        return Reply(body=b'{"items": []}')

    with keeping_server(answer) as running:
        yield running


def local(folder: Path, url: str, load: str = "{arrival_rate: 40, duration: 3s, warm_up: null, requests: [{name: a, path: /a}]}", more: str = "") -> Path:  # fmt: skip
    """A deployment file."""
    path = folder / "local.yaml"
    path.write_text(f"base_url: {url}\nallow: [load]\nload: {load}\n{DEAL_SCOUTS}{more}\n")
    return path


def test_the_record_has_the_load_run(server: KeepingServer, tmp_path: Path) -> None:
    """Its result, as the schema of load results has it; and the report reads it there."""
    ran = run_checks(local(tmp_path, server.url), folder=tmp_path, chapter="slo")
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert ran.record["load"]["format"] == "deployspec.load/2"
    assert ran.record["load"]["total"]["requests"] == 120
    report = [sys.executable, "-m", "deployspec.cli", "load", "report", str(tmp_path / "record.json")]
    done = subprocess.run(report, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "40 requests/s" in done.stdout


def test_the_message_has_all_that_is_needed(server: KeepingServer, tmp_path: Path) -> None:
    """Objective, exact share with interval, samples, p95, the line that repeats the run."""
    ran = run_checks(local(tmp_path, server.url), folder=tmp_path, chapter="slo")
    entry = ran.entry(LATENCY)
    assert "api-latency: 100.00% of 120 requests took less than 0.5 s (95% interval" in entry["reason"]
    assert "p95" in entry["reason"]
    assert "at least 95% of requests take less than 0.5 s" in entry["limit"]
    assert entry["reproduce"].startswith(
        f"pytest checks -m slo --deployment {tmp_path / 'local.yaml'} --load-seed "
    )
    assert "generator: lateness" in str(ran.record["evidence"])  # type: ignore[index]


def test_a_breach_names_the_slow_kind(tmp_path: Path) -> None:
    """In the reason, and as a table among the evidence, the slowest first; with the window and the repeating line."""

    def answer(received: Received) -> Reply:
        return Reply(delay=0.6 if received.target == "/b" else 0.0)

    load = "{arrival_rate: 60, duration: 8s, warm_up: null, requests: [{name: quick, path: /a, weight: 2}, {name: slow one, path: /b}]}"
    items = (LATENCY, "test_load_run[api-latency, quick]", "test_load_run[api-latency, slow one]")
    # The verdicts on a busy machine may be others, truthfully: they have to be seen in one run of five.
    with keeping_server(answer) as server:
        for _ in range(5):
            ran = run_checks(local(tmp_path, server.url, load), folder=tmp_path, chapter="slo")
            if [ran.verdict(item) for item in items] == ["BREACHED", "MET", "BREACHED"]:
                break
        else:
            raise AssertionError(ran.output)
    reason = ran.entry(LATENCY)["reason"]
    assert "; slowest: slow one (p95 0.6" in reason
    assert ", in 8 s;" in reason
    table = next(
        line for line in ran.output.split("slowest kinds of requests")[1].splitlines() if "p95" in line
    )
    assert "slow one" in table
    assert "reproduce pytest checks -m slo --deployment" in ran.output


def test_secrets_reach_the_service_and_nothing_else(server: KeepingServer, tmp_path: Path) -> None:
    """Headers, a kind's own headers and a token in a path's query: sent, and shown nowhere."""
    load = "{arrival_rate: 40, duration: 2s, requests: [{name: a, path: '/a?key=${KEY_TOKEN}', headers: {X-Key: open-sesame-2}}]}"
    path = local(tmp_path, server.url, load, "headers: {Authorization: Bearer open-sesame-1}")
    ran = run_checks(path, folder=tmp_path, chapter="slo", environ={"KEY_TOKEN": "open-sesame-3"})
    assert ran.status == 0, ran.output
    received = server.received[0]
    assert received.headers["authorization"] == "Bearer open-sesame-1"
    assert received.headers["x-key"] == "open-sesame-2"
    assert received.target == "/a?key=open-sesame-3"
    assert "open-sesame" not in ran.output
    assert "open-sesame" not in (tmp_path / "record.json").read_text()


def test_a_prefix_of_the_base_url_is_kept(server: KeepingServer, tmp_path: Path) -> None:
    """Paths are appended to it."""
    run_checks(local(tmp_path, f"{server.url}/shop/"), folder=tmp_path, chapter="slo")
    assert {one.target for one in server.received} == {"/shop/a"}


def test_progress_where_no_person_watches(server: KeepingServer, tmp_path: Path) -> None:
    """A line every five seconds, each whole."""
    load = "{arrival_rate: 20, duration: 12s, warm_up: null, requests: [{name: a, path: /a}]}"
    ran = run_checks(local(tmp_path, server.url, load), folder=tmp_path, chapter="slo")
    lines = [line for line in ran.output.splitlines() if line.startswith("load: ")]
    assert 2 <= len(lines) <= 4, ran.output
    assert all("offered" in line and "in flight" in line and "p95" in line for line in lines)


def test_progress_on_a_terminal(server: KeepingServer, tmp_path: Path) -> None:
    """One line, rewritten about once a second."""
    load = "{arrival_rate: 20, duration: 5s, warm_up: null, requests: [{name: a, path: /a}]}"
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "pytest", "checks", "-m", "slo", "--deployment", str(local(tmp_path, server.url, load)), "--record", str(tmp_path / "r.json"), "-p", "no:cacheprovider"]  # fmt: skip
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal
    ) as process:
        os.close(terminal)
        output = b""
        while True:
            try:
                piece = os.read(screen, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
        assert process.wait(60) == 0, output.decode()
    os.close(screen)
    assert 4 <= output.count(b"\r\x1b[Kload: ") <= 8, output.decode()


@pytest.mark.parametrize("seed", ["x", "-1", "1.5", "4294967296", ""])
def test_a_seed_is_a_whole_number(seed: str, tmp_path: Path) -> None:
    """Anything else ends the run with status 4."""
    ran = run_checks(
        local(tmp_path, "http://127.0.0.1:9"), f"--load-seed={seed}", folder=tmp_path, chapter="slo"
    )
    assert ran.status == 4, ran.output
    assert "expected a whole number from 0 to 4294967295" in ran.output


def test_the_files_own_seed_is_taken(server: KeepingServer, tmp_path: Path) -> None:
    """And the command line's is preferred to it."""
    load = "{arrival_rate: 40, duration: 2s, seed: 5, requests: [{name: a, path: /a}]}"
    path = local(tmp_path, server.url, load)
    for options, seed in (((), 5), (("--load-seed", "6"), 6)):
        ran = run_checks(path, *options, folder=tmp_path, chapter="slo")
        assert ran.record is not None
        assert ran.record["load"]["plan"]["seed"] == seed


def test_a_list_of_the_checks_makes_no_load(server: KeepingServer, tmp_path: Path) -> None:
    """--collect-only asks nobody anything."""
    ran = run_checks(local(tmp_path, server.url), "--collect-only", "-q", folder=tmp_path, chapter="slo")
    assert "test_load_run[api-latency]" in ran.output
    assert server.received == []


def test_an_objective_that_no_alert_watches(server: KeepingServer, tmp_path: Path) -> None:
    """Where its file says so, the check of alerts is not selected, and the others are."""
    text = (ROOT / "slos" / "api-latency.yaml").read_text()
    (tmp_path / "own.yaml").write_text(
        text.replace("deployspec/alerts: HighLatency", "deployspec/alerts: none")
    )
    path = local(tmp_path, server.url)
    ran = run_checks(path, "--slos", str(tmp_path / "own.yaml"), folder=tmp_path, chapter="slo")
    assert ran.status == 0, ran.output
    assert ran.record is not None
    assert ran.record["not_described"]["slo.alerts-agree[api-latency]"] == "an alert over api-latency"
    assert [entry["verdict"] for entry in ran.record["checks"]] == ["MET"]


def test_a_faulty_objective_with_workers(tmp_path: Path) -> None:
    """With ``-n 1`` it is one clear error, too."""
    (tmp_path / "bad.yaml").write_text("apiVersion: openslo/v1\nkind: SLO\n")
    path = local(tmp_path, "http://127.0.0.1:9")
    ran = run_checks(path, "--slos", str(tmp_path / "bad.yaml"), "-n", "1", folder=tmp_path, chapter="slo")
    assert ran.status == 4, ran.output
    assert "without `metadata`" in ran.output
    assert "Traceback" not in ran.output


def test_an_objective_of_one_route(server: KeepingServer, tmp_path: Path) -> None:
    """Its item is of that kind alone; one that the mix does not have is UNMEASURED."""
    text = (ROOT / "slos" / "api-latency.yaml").read_text()
    (tmp_path / "own.yaml").write_text(text.replace("deployspec/alerts: HighLatency", "deployspec/alerts: HighLatency\n    deployspec/routes: b, c"))  # fmt: skip
    load = "{arrival_rate: 60, duration: 8s, requests: [{name: a, path: /a}, {name: b, path: /b}]}"
    path = local(tmp_path, server.url, load)
    ran = run_checks(path, "--slos", str(tmp_path / "own.yaml"), folder=tmp_path, chapter="slo")
    verdicts = {
        entry["check"].rpartition("::")[2]: entry["verdict"]
        for entry in ran.record["checks"]  # type: ignore[index]
        if "load_run" in entry["check"]
    }
    assert verdicts == {"test_load_run[api-latency, b]": "MET", "test_load_run[api-latency, c]": "UNMEASURED"}


def test_through_a_proxy(server: KeepingServer, tmp_path: Path) -> None:
    """Proxy variables are honoured, and the report says so; one that cannot be used leaves all unmeasured."""
    path = local(tmp_path, "http://shop.invalid")
    ran = run_checks(path, folder=tmp_path, chapter="slo", environ={"http_proxy": server.url})
    assert {one.target for one in server.received} == {"http://shop.invalid:80/a"}
    assert f"through the proxy {server.url}" in str(ran.record["evidence"])  # type: ignore[index]
    ran = run_checks(path, folder=tmp_path, chapter="slo", environ={"http_proxy": "socks5://x:1"})
    assert ran.verdict(LATENCY) == "UNMEASURED"
    assert "scheme is not http" in ran.entry(LATENCY)["reason"]


def test_an_unusable_authority(tmp_path: Path) -> None:
    """A CA file that holds no certificate leaves all unmeasured at once, and is named."""
    (tmp_path / "ca.pem").write_text("no certificate")
    path = local(tmp_path, "https://127.0.0.1:9", more="ca: ca.pem")
    ran = run_checks(path, folder=tmp_path, chapter="slo")
    assert ran.verdict(LATENCY) == "UNMEASURED"
    reason = ran.entry(LATENCY)["reason"]
    assert "the CA file holds no certificate in PEM form (" in reason
    assert "ca.pem)" in reason


def test_a_time_limit_below_a_threshold(server: KeepingServer, tmp_path: Path) -> None:
    """What is given up sooner could be told neither quick nor slow: nothing is sent, and both numbers are named."""
    load = "{arrival_rate: 40, duration: 3s, timeout: 100ms, requests: [{name: a, path: /a}]}"
    ran = run_checks(local(tmp_path, server.url, load), folder=tmp_path, chapter="slo")
    assert ran.verdict(LATENCY) == "UNMEASURED"
    assert (
        "local.yaml: load.timeout is 0.1 s, and an objective speaks of 0.5 s" in ran.entry(LATENCY)["reason"]
    )
    assert server.received == []


def test_a_mix_without_weights(server: KeepingServer, tmp_path: Path) -> None:
    """Each kind has the weight 1: they come about equally often."""
    load = "{arrival_rate: 100, duration: 3s, seed: 3, requests: [{name: a, path: /a}, {name: b, path: /b}]}"
    ran = run_checks(local(tmp_path, server.url, load), folder=tmp_path, chapter="slo")
    assert ran.record is not None
    counts = [route["requests"] for route in ran.record["load"]["routes"]]
    assert sum(counts) == 300
    assert min(counts) > 110


def test_a_full_disk_under_the_result(server: KeepingServer, tmp_path: Path) -> None:
    """What was measured cannot be kept for the other checks, so nothing is green, and no traceback is shown."""
    path = local(tmp_path, server.url)
    record = tmp_path / "record.json"
    command = [sys.executable, "-m", "pytest", "checks", "-m", "slo and load", "--deployment", str(path), "--record", str(record), "-p", "no:cacheprovider"]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        # No file may become larger than this: the plan fits, a result does not.
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, 2048)),
    )
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert "the load run's result could not be kept" in output
    assert "2 UNMEASURED" in output
    # One run: 120 requests after a warm-up of 20.
    assert len(server.received) == 140, "nobody asked for the load a second time"
    assert "Traceback" not in output


def interrupted(path: Path, server: KeepingServer, *options: str, end: Callable[[int], None]) -> tuple[int, str, dict[str, Any]]:  # fmt: skip
    """What a run says that ``end`` has ended, called with its process id after 150 requests."""
    record = path.with_name("record.json")
    command = [sys.executable, "-m", "pytest", "checks", "-m", "slo", "--deployment", str(path), "--record", str(record), "-p", "no:cacheprovider", *options]  # fmt: skip
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=hearing,
    ) as process:
        try:
            until = time.monotonic() + 60
            while len(server.received) < 150 and time.monotonic() < until:
                time.sleep(0.05)
            end(process.pid)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, output, json.loads(record.read_text())


@pytest.fixture
def prometheus() -> Iterator[KeepingServer]:
    """One that has no series of the service, so that a scrape of it is waited for."""

    def answer(received: Received) -> Reply:
        is_clock = "query=time" in received.target or b"query=time" in received.body
        data = {"resultType": "scalar", "result": [0, "1700000000"]} if is_clock else {"resultType": "vector", "result": []}  # fmt: skip
        return Reply(body=json.dumps({"status": "success", "data": data}).encode())

    with keeping_server(answer) as running:
        yield running


def test_an_interruption_while_it_is_compared(
    server: KeepingServer, prometheus: KeepingServer, tmp_path: Path
) -> None:
    """All of the load run was measured, and is judged; only its comparison with the metrics is missing."""
    load = "{arrival_rate: 60, duration: 4s, warm_up: null, requests: [{name: a, path: /a}]}"
    path = local(tmp_path, server.url, load, more=f"prometheus: {{url: {prometheus.url}}}")

    def end(pid: int) -> None:
        until = time.monotonic() + 30
        while all("query=time" in one.target for one in prometheus.received) and time.monotonic() < until:
            time.sleep(0.05)
        os.kill(pid, signal.SIGTERM)

    status, output, record = interrupted(path, server, "-m", "slo and load", end=end)
    assert status == 2, output
    told = {entry["check"].rpartition("::")[2]: entry for entry in record["checks"]}
    assert told["test_load_run[api-latency]"]["verdict"] == "MET", output
    assert record["load"]["total"]["requests"] == 240
    assert record["load"]["cut_short"] == "interrupted"
    assert record["load"]["reconciliation"] is None


LONG = "{arrival_rate: 60, duration: 2m, warm_up: null, requests: [{name: a, path: /a}, {name: b, path: /b}]}"
ENDS = {
    "ctrl-c": lambda pid: os.killpg(pid, signal.SIGINT),
    "interrupted": lambda pid: os.kill(pid, signal.SIGINT),
    "cancelled": lambda pid: os.kill(pid, signal.SIGTERM),
    "quit": lambda pid: os.kill(pid, signal.SIGQUIT),
}


# Each end once, in one process and by a worker in turn.
@pytest.mark.parametrize(
    ("end", "options"),
    [
        pytest.param(ENDS["ctrl-c"], ("-n", "1"), id="ctrl-c-worker"),
        pytest.param(ENDS["interrupted"], ("-n", "1"), id="interrupted-worker"),
        pytest.param(ENDS["cancelled"], (), id="cancelled-alone"),
        pytest.param(ENDS["quit"], (), id="quit-alone"),
    ],
)
def test_a_run_that_is_interrupted_judges_what_it_measured(
    options: tuple[str, ...], end: Callable[[int], None], server: KeepingServer, tmp_path: Path
) -> None:
    """A terminal's Ctrl-C, which all processes hear, and a pipeline's, which one hears: each check of the load run is
    judged, nothing else begins, and the run ends as an interrupted one."""
    status, output, record = interrupted(local(tmp_path, server.url, LONG), server, *options, end=end)
    assert status == 2, output
    told = {entry["check"].rpartition("::")[2]: entry for entry in record["checks"]}
    load = {name: entry for name, entry in told.items() if name.startswith("test_load_run")}
    assert len(load) == 6, output
    assert all("cut short: interrupted" in entry["reason"] for entry in load.values())
    # So few requests settle it only where hardly one was late, which takes a free machine.
    latency = load["test_load_run[api-latency]"]
    assert latency["verdict"] in ("MET", "UNMEASURED"), output
    assert "requests took less than 0.5 s" in latency["reason"]
    assert record["load"]["total"]["requests"] >= 100
    assert record["cut_short"] == "interrupted"
    assert record["load"]["cut_short"] == "interrupted"
    assert "Traceback" not in output
    assert output.count("Interrupted") + output.count("KeyboardInterrupt") <= 1


def test_a_worker_of_pytest_dies_while_it_makes_the_load(server: KeepingServer, tmp_path: Path) -> None:
    """The deployment gets no second load run, no load goes on, and nothing is green."""

    def kill(pid: int) -> None:
        (maker,) = (worker for worker in psutil.Process(pid).children() if worker.children())
        maker.kill()

    status, output, record = interrupted(
        local(tmp_path, server.url, LONG), server, "-m", "slo and load", "-n", "2", end=kill
    )
    assert status == 1, output
    assert [entry["verdict"] for entry in record["checks"]] == ["UNMEASURED"] * 6, output
    reasons = [entry["reason"] for entry in record["checks"]]
    assert sum("worker running this check died" in reason for reason in reasons) == 1
    assert sum("died in the middle of it" in reason for reason in reasons) == 5
    sent = len(server.received)
    time.sleep(1)
    assert len(server.received) == sent


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "workers"])
def test_a_second_interruption_ends_at_once(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first one still waits for what is under way. Nothing is judged, and no load goes on."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def twice(pid: int) -> None:
        os.killpg(pid, signal.SIGINT)
        until = time.monotonic() + 30
        while not any(tmp_path.glob("deployspec-load-*/stop")) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(pid, signal.SIGINT)

    with keeping_server(lambda _: Reply(delay=10.0)) as server:
        path = local(tmp_path, server.url, LONG)
        status, output, record = interrupted(path, server, "-m", "slo and load", *options, end=twice)
        sent = len(server.received)
        time.sleep(1)
        assert len(server.received) == sent
    assert status == 2, output
    assert record["cut_short"] == "interrupted"
    assert not any(entry["verdict"] == "MET" for entry in record["checks"])
    assert "INTERNALERROR" not in output
    assert not list(tmp_path.glob("deployspec-load-*"))

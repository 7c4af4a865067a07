"""``deployspec plan`` does nothing, and ``deployspec check`` does nothing else than what it said."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.raw_server import health_body
from tests.suite import DEAL_SCOUTS, ROOT
from tests.tools.prometheus.fake import FakePrometheus, Question, Reply, fake_prometheus, success

SECRET = "sesame-open-up-now"
UNSEEN = re.compile("u[0-9a-f]{20}")
"""What no request had before."""
TARGET = {
    "labels": {"job": "shop", "instance": "shop"},
    "scrapePool": "shop",
    "scrapeUrl": "http://shop.example/metrics",
    "health": "up",
    "lastError": "",
    "lastScrape": "2099-01-01T00:00:00Z",
    "scrapeInterval": "15s",
    "scrapeTimeout": "10s",
}


@dataclass
class Service:
    """A deployment, and what it was asked: method and path."""

    url: str
    asked: Counter[str] = field(default_factory=Counter)
    dead: int = 0
    """So many requests are yet to get no answer."""


@contextlib.contextmanager
def serving() -> Iterator[Service]:
    """A healthy Deal Scout that counts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked[f"{self.command} {self.path}"] += 1
            if service.dead:
                service.dead -= 1
                self.close_connection = True
                return
            body = health_body() if self.path == "/health" else b'{"id": "job-12345678"}'
            if self.path == "/metrics":
                body = page(service).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain" if self.path == "/metrics" else "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service = Service(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def page(service: Service) -> str:
    """What it exports: each request to /a counted once, each job twice, and as many workers as are not stopped."""
    return (
        "# TYPE requests_total counter\n"
        f'requests_total{{path="/a"}} {service.asked["GET /a"]}\n'
        f'requests_total{{path="/jobs"}} {2 * service.asked["POST /jobs"]}\n'
        "# TYPE workers gauge\nworkers 1\n"
    )


def prometheus(question: Question) -> Reply:
    """One that has scraped a moment ago, and has no series."""
    query, path = question.query.get("query", [""])[0], question.path.removeprefix("/api/v1/")
    now = time.time()
    if query == "time()":
        return success({"resultType": "scalar", "result": [now, str(now)]})
    if query.startswith("min(timestamp"):
        found = [{"metric": {}, "value": [now, str(now + 1000)]}]
        return success({"resultType": "vector", "result": found})
    if path.startswith("query"):
        return success({"resultType": "vector", "result": []})
    others: dict[str, Any] = {
        "rules": {"groups": []},
        "targets": {"activeTargets": [TARGET]},
        "status/config": {"yaml": ""},
    }
    return success(others.get(path, [] if path.startswith("label") else {}))


def deployspec(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command, in a project of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DEPLOYM"))}
    return subprocess.run(
        [sys.executable, "-m", "deployspec.cli", *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


FAULTS = (
    "allow: [faults]\nfaults: {redis-hung: {inject: [TOOL, hang], restore: [TOOL, mend, " + SECRET + "]}}"
)
CASES = {
    "health": ("", "health", 0),
    "first-call": ("", "health -k healthy_now", 0),
    "retries-and-faults": (
        "health: {timeout: 1s, retries: 2, calls: 3, concurrency: 4, recovery: 200ms}\n" + FAULTS,
        "health",
        2,
    ),
    "logs": (
        (
            "allow: [write]\n"
            "logs:\n"
            "  - {name: api, command: [TOOL, api], access: {path: /listings?page=1, header: X-Request-ID, within: 500ms}}\n"
            "  - {name: worker, command: [TOOL, worker], jobs: {path: /jobs, body: '{}', id: id, field: job, within: 500ms}}\n"
            "  - {name: errors, command: [TOOL, errors], errors_of: [api]}"
        ),
        "logs",
        0,
    ),
    "load": (
        "allow: [load]\nload: {arrival_rate: 20, duration: 3s, warm_up: null, requests: "
        "[{name: a, path: /a, weight: 3}, {name: b, path: /b}]}\n" + DEAL_SCOUTS,
        "slo and load",
        0,
    ),
    "load-by-seed": (
        "allow: [load]\nload: {arrival_rate: 20, duration: 2s, warm_up: null, seed: 7, requests: "
        "[{name: a, path: /a, weight: 3}, {name: b, path: /b}]}\n"
        "prometheus: {url: PROMETHEUS}\n" + DEAL_SCOUTS,
        "slo",
        0,
    ),
    "token": ("auth: {command: [TOOL, token]}", "health", 0),
    "rules": ("prometheus: {url: PROMETHEUS}\n" + DEAL_SCOUTS, "alerts and live", 0),
    "metrics": (
        (
            "allow: [write, faults]\nprometheus: {url: PROMETHEUS}\n"
            f"metrics:\n  job: shop\n  schema: {ROOT}/schemas/metrics.yaml\n  promtool: true\n  max_growth: 10\n"
            "  unseen: ['/{unseen}', '/a/{unseen}']\n  movement:\n"
            "  - {name: once, path: /a, times: 3, within: 200ms, raises: ['requests_total{path=\"/a\"}']}\n"
            "  - {name: twice, method: POST, path: /jobs, body: '{}', times: 2, within: 200ms, raises: ['requests_total{path=\"/jobs\"}']}\n"
            "  - {name: seen elsewhere, path: /b, from: prometheus, within: 200ms, raises: [others_total]}\n"
            "  - {name: stopped, fault: {inject: [TOOL, stop], restore: [TOOL, start]}, within: 200ms, lowers: [workers]}\n"
        ),
        "metrics",
        0,
    ),
    "metrics-in-one-format": ("metrics: {}", "metrics -k counters_rise", 0),
    "dashboards": (
        (
            "allow: [write, faults]\nprometheus: {url: PROMETHEUS}\n"
            f"dashboards:\n  files: ['{ROOT}/dashboards/*.json']\n  scrape_interval: 100ms\n  variables: {{job: shop}}\n  movement:\n"
            "  - name: slow\n    fault: {inject: [TOOL, slow], restore: [TOOL, quick]}\n"
            "    requests: {path: /a, arrival_rate: 20}\n    settle: 300ms\n"
            "    shows: [{panel: Latency (p95), at_least: 0.5}]\n"
            "  - name: many\n    fault: {inject: [TOOL, stop], restore: [TOOL, start]}\n    settle: 200ms\n"
            "    requests: {method: POST, path: /jobs, body: '{}', times: 5}\n"
            "    shows: [{panel: Queue Depth, rises_by: 5}]\n" + DEAL_SCOUTS
        ),
        "dashboards",
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_run_does_what_was_planned(case: str, tmp_path: Path) -> None:
    """Each request, command and write is one of the plan, and there are as many of it as that says."""
    part, options, dead = CASES[case]
    markers, _, keyword = options.partition(" -k ")
    ran, tool = tmp_path / "ran", tmp_path / "tool"
    tool.write_text(
        f'#!/bin/sh\necho "$0 $*" >> {ran}\ncase "$1" in token) echo token-{SECRET};; '
        "--version) echo promtool, version 2.42.0;; test) echo promtool test rules;; esac\n"
    )
    tool.chmod(0o755)
    with serving() as service, fake_prometheus(prometheus) as watching:
        more = part.replace("TOOL", str(tool)).replace("PROMETHEUS", watching.url)
        more = more if "health:" in more else f"health: {{timeout: 1s}}\n{more}"
        file = tmp_path / "local.yaml"
        file.write_text(f"base_url: {service.url}\nheaders: {{X-Token: {SECRET}}}\n{more}\n")
        chosen = ["-m", markers, "--deployment", str(file), *(["-k", keyword] if keyword else [])]
        said = deployspec("plan", "--format", "json", *chosen, folder=tmp_path, PROMTOOL=str(tool))
        assert said.returncode == 0, said.stderr
        assert SECRET not in said.stdout
        assert not service.asked
        assert not watching.asked
        assert not ran.exists()
        service.dead = dead
        done = deployspec("check", *chosen, folder=tmp_path, PROMTOOL=str(tool))
        assert done.returncode in (0, 1), done.stdout + done.stderr
        did = counted(service, watching, ran)
    plan = json.loads(said.stdout)
    assert plan["not_said"] == []
    bounds = {f"{one['host']} {one['what']}".strip(): one for one in plan["planned"] if one["kind"] != "file"}
    assert did
    assert did.keys() <= bounds.keys()
    for what, one in bounds.items():
        if one["kind"] != "fault" and what != "locust":
            assert one["least"] <= did[what] <= one["most"], (what, one, did)


def counted(service: Service, watching: FakePrometheus, ran: Path) -> Counter[str]:
    """What was done, named as plans do."""
    did: Counter[str] = Counter()
    for what, count in service.asked.items():
        did[f"{service.url} {UNSEEN.sub('{unseen}', what)}"] += count
    did.update(f"{watching.url} GET {question.path}" for question in watching.asked)
    commands = ran.read_text().splitlines() if ran.exists() else []
    # promtool is named as what it is, and is asked first which one it is.
    tool = ran.with_name("tool")
    asked = {f"{tool} --version", f"{tool} test rules --help"}
    commands = [one.replace(f"{tool} check", "promtool check") for one in commands if one not in asked]
    did.update(one.replace(SECRET, "***") for one in commands)
    return did


def test_what_promtool_would_do_is_not_done(tmp_path: Path) -> None:
    """Unit tests are begun at a run's collection, and not at a plan's."""
    ran, tool = tmp_path / "ran", tmp_path / "tool"
    tool.write_text(f"#!/bin/sh\necho ran >> {ran}\n")
    tool.chmod(0o755)
    rules = ["--rules", f"{ROOT}/rules/*.rules.yml", "--rule-tests", f"{ROOT}/rules/*.test.yml"]
    said = deployspec("plan", "-m", "alerts or mutation", *rules, folder=tmp_path, PROMTOOL=str(tool))
    assert said.returncode == 0, said.stderr
    assert "promtool test rules" in said.stdout
    assert said.stdout.endswith("nothing else is sent\n")
    assert not ran.exists()


def test_own_checks_and_silent_chapters_are_named(tmp_path: Path) -> None:
    """Nobody but their authors knows what they ask."""
    (tmp_path / "pytest.ini").write_text("[pytest]\ndeployspec_chapters =\n    shop: it sells.\n")
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_shop.py").write_text(
        "import pytest\npytestmark = pytest.mark.shop\n\n"
        'def test_sells(deployment_client):\n    """It does."""\n    deployment_client.get("/")\n'
    )
    package = tmp_path / "loud"
    package.mkdir()
    (package / "chapter.py").write_text(
        "from deployspec.model.chapter import Chapter\n"
        'CHAPTER = Chapter(name="loud", sentence="it is loud.", checks=("loud.is-heard",))\n'
    )
    (tmp_path / "checks" / "test_loud.py").write_text(
        'import pytest\n\n@pytest.mark.loud\ndef test_is_heard(judge):\n    """It is."""\n'
    )
    info = tmp_path / "loud-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: loud\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[deployspec.chapters]\nloud = loud.chapter:CHAPTER\n")
    (tmp_path / "local.yaml").write_text("base_url: http://127.0.0.1:1\n")
    said = deployspec(
        *("plan", "-m", "shop or loud", "--deployment", "local.yaml"),
        folder=tmp_path,
        PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}",
    )
    assert said.returncode == 0, said.stderr
    assert "  loud: does not say what it will send\n" in said.stdout
    assert "  own check shop.sells: asks what its code asks\n" in said.stdout
    assert said.stdout.endswith("nothing else is sent by any other check\n")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--deployment", "reference"], "found the deployment reference, which is booted for a run and has no file until then"),
        (["--deployment", "nowhere"], "found no deployment nowhere"),
        (["--format", "xml"], "found xml; expected text or json"),
        (["--no-such-option"], "unrecognized arguments: --no-such-option"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_told(arguments: list[str], why: str) -> None:
    """With pytest's status for a usage error, and no traceback."""
    said = deployspec("plan", *arguments, folder=ROOT)
    assert (said.returncode, said.stdout) == (4, "")
    assert why in said.stderr
    assert "Traceback" not in said.stderr


def test_a_token_endpoint_is_planned(tmp_path: Path) -> None:
    """Where a check asks the host that its tokens are for, and only there; with no secret of it."""
    (tmp_path / "local.yaml").write_text(
        "base_url: http://127.0.0.1:9\nhealth: {}\n"
        f"auth: {{oauth2: {{token_url: 'http://127.0.0.1:10/token', client_id: me, client_secret: {SECRET}}}}}\n"
        "rules: {files: [none.yml]}\n"
    )
    said = deployspec(
        "plan", "-m", "health", "--deployment", "local.yaml", "--format", "json", folder=tmp_path
    )
    (token,) = (one for one in json.loads(said.stdout)["planned"] if one["host"] == "http://127.0.0.1:10")
    assert (token["kind"], token["what"], token["least"]) == ("write", "POST /token", 0)
    assert token["most"] >= 1
    assert token["why"] == "a token, for auth.oauth2"
    assert SECRET not in said.stdout


def test_a_marker_that_selects_nothing_is_said(tmp_path: Path) -> None:
    """The run would fail for it."""
    (tmp_path / "local.yaml").write_text("base_url: http://127.0.0.1:9\nhealth: {}\n")
    chosen = ("-m", "nosuch", "--deployment", "local.yaml")
    said = deployspec("plan", *chosen, folder=tmp_path)
    assert said.stdout.startswith(
        "-m nosuch selects no check that asks the deployment, so the run would fail"
    )
    document = json.loads(deployspec("plan", *chosen, "--format", "json", folder=tmp_path).stdout)
    assert (document["deployment"], document["empty_markers"]) == ("local", ["nosuch"])

"""``deployspec init``, run as a user does, against small servers."""

from __future__ import annotations

import itertools
import json
import os
import py_compile
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deployspec.app import chapters, sinks
from deployspec.deployment import load

JSON = "application/json"
Answering = Callable[[str], tuple[int, str, str]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
MISSING = (404, JSON, '{"detail": "Not Found"}')


class Asked(list[tuple[str, str, str | None]]):
    """Method, path and X-Key of each request."""

    url = ""


@contextmanager
def serving(answering: Answering) -> Iterator[Asked]:
    """A server that answers by path: status, media type, body (of a redirect: where it leads)."""
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.command, self.path, self.headers["X-Key"]))
            status, kind, body = answering(self.path)
            self.send_response(status)
            if status in (301, 302):
                self.send_header("Location", body)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    asked.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``deployspec`` in an empty folder."""

    def start(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deployspec.cli", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "no_proxy": "*", **environ},
        )

    return start


def fastapi(path: str) -> tuple[int, str, str]:
    """A service as FastAPI makes them."""
    now = datetime.now(UTC).isoformat()
    if path == "/health":
        body = {"ok": True, "db": True, "time": now, "version": "1.2.3", "queue_depth": 0}
        return 200, JSON, json.dumps(body)
    if path == "/metrics":  # as where an ASGI app is mounted
        return 301, "text/html", "/metrics/"
    if path == "/metrics/":
        return 200, "text/plain; version=0.0.4", "# HELP ups Up.\n# TYPE ups counter\nups 1\n"
    if path == "/openapi.json":
        paths: dict[str, Any] = {
            "/listings": {"get": {}},
            "/health": {"get": {}},
            "/internal/ready": {"get": {}},
        }
        return 200, JSON, json.dumps({"openapi": "3.1.0", "paths": paths})
    return MISSING


def only(wanted: str, body: str, kind: str = JSON, status: int = 200) -> Answering:
    """A service with one path."""
    return lambda path: (status, kind, body) if path == wanted else MISSING


def checked(run: Run, name: str = "shop") -> subprocess.CompletedProcess[str]:
    """The checks of the deployment just described."""
    return run("check", "-m", "health", "--deployment", name, "-p", "no:cacheprovider")


def test_fastapi(run: Run, tmp_path: Path) -> None:
    """What is found is written, said, valid, and green; the next step is said."""
    with serving(fastapi) as service:
        done = run("init", "shop", service.url)
        assert (done.returncode, done.stderr) == (0, "")
        assert "/health, a JSON object with ok; parts db; queue_depth; time; version" in done.stdout
        assert "  metrics  /metrics/\n" in done.stdout
        assert done.stdout.endswith("Next:\n  deployspec check -m health --deployment shop\n")
        assert len(service) <= 25
        assert {method for method, *_ in service} == {"GET"}
        assert [path for _, path, _ in service].count("/health") == 2
        assert "/listings" not in {path for _, path, _ in service}
        green = checked(run)
        assert green.returncode == 0, green.stdout
        page = run("check", "-m", "metrics", "--deployment", "shop", "-p", "no:cacheprovider")
        assert page.returncode == 0, page.stdout
        assert "10 MET" in page.stdout
    file = tmp_path / "deployments/shop.yaml"
    deployment = load(file, {}, chapters(), sinks())
    assert deployment.data["health"]["fields"]["parts"] == ["db"]
    assert deployment.data["metrics"]["path"] == "/metrics/"
    text = file.read_text()
    assert "{name: listings, path: /listings}" in text
    assert text.startswith("# yaml-language-server: $schema=deployment.schema.json\n")
    assert (tmp_path / "deployments/deployment.schema.json").read_text() == run("schema").stdout
    assert sorted(path.name for path in tmp_path.glob("[!r]*/*.*")) == [
        "deployment.schema.json",
        "shop.yaml",
        "test_example.py",
    ]


def test_comments_are_valid(run: Run, tmp_path: Path) -> None:
    """Every line that is commented out would be valid, and the example is a check that is green."""
    with serving(fastapi) as service:
        assert run("init", "shop", service.url).returncode == 0
        file, example = tmp_path / "deployments/shop.yaml", tmp_path / "checks/test_example.py"
        file.write_text(re.sub(r"(?m)^#(?=\S|  )", "", file.read_text()))
        assert {"prometheus", "rules", "logs", "slos", "load"} <= set(
            load(file, {}, chapters(), sinks()).data
        )
        py_compile.compile(str(example), cfile=str(tmp_path / "x.pyc"), doraise=True)
        assert "test_example" not in checked(run).stdout
        example.write_text(re.sub(r"(?m)^# ?", "", example.read_text()))
        done = run("check", "-m", "health", "--deployment", "shop", "-k", "answer_is_small")
        assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_url_of_the_endpoint_itself(run: Run, tmp_path: Path) -> None:
    """It is said that the service's own is wanted. Where no metrics are found, none are described."""
    with serving(only("/api/health", '{"ok":true}')) as service:
        done = run("init", "shop", f"{service.url}/api/health")
        assert done.returncode == 0
        assert f"`deployspec init shop {service.url}/api --health /health`\n" in done.stdout
    assert "metrics:" not in (tmp_path / "deployments/shop.yaml").read_text()


@pytest.mark.parametrize(
    "answering",
    [
        only("/healthz", '{"status":"ok"}'),
        only("/up", '{"status": "UP", "uptime": 17, "started": "2026-01-01T00:00:00Z"}'),
        only("/status", '{"healthy": true, "debug": false}', f"{JSON}; charset=utf-8"),
        lambda path: only("/health", json.dumps({"ok": True, "ts": time.time()}))(path),
        only("/ping", "pong\r\n", "text/plain"),
        lambda path: (301, "text/html", "/health/") if path == "/health" else only("/health/", '{"ok":true}')(path),
    ],
    ids=["a word", "up", "not a part", "seconds", "text", "redirect"],
)  # fmt: skip
def test_others_that_are_green(run: Run, answering: Answering) -> None:
    """Whatever is described as health is green without an edit."""
    with serving(answering) as service:
        assert run("init", "shop", service.url).returncode == 0
        done = checked(run)
        assert done.returncode == 0, done.stdout


RECORDED = Path(__file__).parents[1] / "chapters/health/recorded"


def recorded(name: str) -> Answering:
    """The answers of a real server that was well, each path's in turn. An answer to other headers than ours is none."""
    turns: dict[str, Iterator[dict[str, Any]]] = {}
    for one in json.loads((RECORDED / f"{name}.json").read_text())["answers"]:
        asked = one.get("request", {}).get("accept", JSON)
        if one["state"].startswith("well") and asked == JSON and one["path"] not in turns:
            same = [
                other
                for other in json.loads((RECORDED / f"{name}.json").read_text())["answers"]
                if (other["path"], other["state"], other.get("request"))
                == (one["path"], one["state"], one.get("request"))
            ]
            turns[one["path"]] = itertools.cycle(same)

    def answering(path: str) -> tuple[int, str, str]:
        if path not in turns:
            return MISSING
        seen = next(turns[path])
        return seen["status"], dict(seen["headers"]).get("content-type", ""), seen["body"]

    return answering


@pytest.mark.parametrize(
    ("name", "below", "said"),
    [
        ("alertmanager", "", ["path: /-/healthy", "body: text", 'expect_text: "^OK$"']),
        (
            "dockerflow-fastapi",
            "",
            [
                "path: /__heartbeat__",
                "form: dockerflow",
                "fields:",
                "  ok: {at: /status, healthy: [ok]}",
                "  parts: {each: /checks, healthy: [ok]}",
            ],
        ),
        (
            "etcd",
            "",
            [
                "path: /health",
                "form: json",
                "content_type: [text/plain]",
                "fields:",
                '  ok: {at: /health, healthy: ["true"]}',
            ],
        ),
        (
            "health-json-draft",
            "",
            [
                "path: /health",
                "form: health-json",
                "fields:",
                "  parts: {each: /checks, at: status, healthy: [pass, warn]}",
                "  version: version",
            ],
        ),
        ("influxdb", "", ["path: /ping", "body: none", "status: {healthy: [204]}"]),
        (
            "kinto",
            "/v1",
            ["path: /__heartbeat__", "form: dockerflow", "fields:", "  parts: [storage, permission, cache]"],
        ),
        (
            "microprofile-health",
            "",
            [
                "path: /q/health",
                "form: json",
                "fields:",
                "  ok: {at: /status, healthy: [UP]}",
                "  parts: {each: /checks, name: name, at: status, healthy: [UP]}",
            ],
        ),
        ("nginx", "", ["path: /health", "body: text", 'expect_text: "^healthy$"']),
        (
            "prometheus",
            "",
            ["path: /-/healthy", "body: text", r"expect_text: '^Prometheus Server is Healthy\.$'"],
        ),
        (
            "py-healthcheck",
            "",
            [
                "path: /healthcheck",
                "form: json",
                "fields:",
                "  ok: {at: /status, healthy: [success]}",
                "  parts: {each: /results, name: checker, at: passed}",
            ],
        ),
        (
            "spring-boot-actuator",
            "",
            [
                "path: /actuator/health",
                "form: actuator",
                "fields:",
                "  parts: {each: /components, at: status, healthy: [UP]}",
            ],
        ),
    ],
)
def test_recorded_servers(run: Run, tmp_path: Path, name: str, below: str, said: list[str]) -> None:
    """Real servers are described by their form, and what is written is green against them without an edit."""
    answers = recorded(name)
    with serving(lambda path: answers(path)) as service:
        done = run("init", "shop", service.url + below)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(service) <= 25
        written = (tmp_path / "deployments/shop.yaml").read_text()
        assert "\nhealth:\n" in written, done.stdout
        block = written.split("\nhealth:\n")[1].split("\n\n")[0].splitlines()
        assert [line.removeprefix("  ") for line in block] == said
        green = checked(run)
        assert green.returncode == 0, green.stdout


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("datasette", "/-/databases.json"),
        ("django-health-check", "/health/"),
        ("django-health-check-3.18", "/ht/"),
        ("flower", "/healthcheck"),
        ("json-server", "/posts"),
        ("rabbitmq", "/api/health/checks/alarms"),
        ("starlette", "/health.json"),
    ],
)
def test_a_path_that_is_said(run: Run, tmp_path: Path, name: str, path: str) -> None:
    """Where health is at none of the usual paths, it is said where it is, and nothing else is asked for it."""
    answers = recorded(name)
    with serving(lambda asked: answers(asked)) as service:
        done = run("init", "shop", service.url, "--health", path)
        assert (done.returncode, done.stderr) == (0, "")
        assert len(service) <= 10
        assert f"\n  path: {path}\n" in (tmp_path / "deployments/shop.yaml").read_text(), done.stdout
        green = checked(run)
        assert green.returncode == 0, green.stdout


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "health",
            "--health: found health without a / at its beginning; expected a path on the deployment's own host",
        ),
        ("//there", "--health: found //there with two slashes at its beginning"),
    ],
)
def test_what_is_no_path(run: Run, path: str, said: str) -> None:
    """One line, and nothing is asked or written."""
    done = run("init", "shop", "http://127.0.0.1:9", "--health", path)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("answering", "said"),
    [
        (only("/h", "<html>"), "/h answered with a page"),
        (
            only("/h", '{"ok": 1}', status=500),
            "/h answered with status 500, where a healthy service answers 200",
        ),
        (
            lambda _: (200, JSON, '{"ok": true}'),
            "/h answered with what every path answers, even one that cannot exist",
        ),
    ],
    ids=["page", "500", "all-alike"],
)
def test_a_path_that_cannot_be_described(run: Run, answering: Answering, said: str) -> None:
    """It is said why not."""
    with serving(answering) as service:
        done = run("init", "shop", service.url, "--health", "/h")
        assert f"not described: {said}" in done.stdout


@pytest.mark.parametrize(
    ("answering", "said"),
    [
        (only("/healthz", "<b>OK</b>", "text/html"), "/healthz answered with a page as text/html"),
        (lambda _: (200, "text/html", "<html>Hello</html>"), "every path"),
        (lambda _: (200, JSON, '{"ok": true}'), "every path"),
        (lambda path: (200, JSON, json.dumps({"ok": True, "path": path})), "every path"),
        (lambda _: (302, "text/html", "http://other.invalid/login"), "leads to http://other.invalid/login"),
        (only("/health", '{"ok": false}', status=503), "status 503"),
        (lambda path: (301, "text/plain", f"/v1{path}"), "below /v1, so give the URL that ends in /v1"),
        (lambda _: MISSING, "none of the usual paths answered"),
    ],
    ids=["text", "start page", "JSON page", "echo", "login", "503", "version prefix", "nothing"],
)
def test_not_described(run: Run, tmp_path: Path, answering: Answering, said: str) -> None:
    """What cannot be described is a comment and is said; the checks are red, for health was not asked."""
    with serving(answering) as service:
        done = run("init", "shop", service.url)
        assert (done.returncode, done.stderr) == (0, "")
        assert said in done.stdout
        assert len(service) <= 25
        assert "health" not in load(tmp_path / "deployments/shop.yaml", {}, chapters(), sinks()).data
        red = checked(run)
    assert red.returncode == 1
    assert "-m health selected no checks" in red.stdout + red.stderr


def test_headers(run: Run, tmp_path: Path) -> None:
    """A header is sent with its variable replaced, written as it stands, and never printed, even if it comes back."""
    key = "k3y-of-the-shop"
    with serving(only("/health", f"hello {key}", "text/plain")) as service:
        done = run("init", "shop", service.url, "--header", "X-Key: ${SHOP_KEY}", SHOP_KEY=key)
        assert {sent for *_, sent in service} == {key}
    assert done.returncode == 0
    text = (tmp_path / "deployments/shop.yaml").read_text()
    assert 'X-Key: "${SHOP_KEY}"' in text
    assert key not in done.stdout + done.stderr + text


def test_base_url_with_a_path(run: Run, tmp_path: Path) -> None:
    """All is asked below the URL's path."""
    with serving(only("/shop/health", '{"ok": true}')) as service:
        assert run("init", "shop", f"{service.url}/shop/").returncode == 0
        assert all(path.startswith("/shop/") for _, path, _ in service)
    deployment = load(tmp_path / "deployments/shop.yaml", {}, chapters(), sinks())
    assert (deployment.base_url, deployment.data["health"]["path"]) == (f"{service.url}/shop", "/health")


def test_refused(run: Run, tmp_path: Path) -> None:
    """Where nothing answers, the reason is said, and nothing is written."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = run("init", "shop", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert (done.returncode, done.stdout) == (4, "")
    assert re.fullmatch(r"no answer: connection refused.*; nothing was written.*\n", done.stderr)
    assert list(tmp_path.iterdir()) == []


def test_offline(run: Run, tmp_path: Path) -> None:
    """Offline nothing is asked, and variables need not be set."""
    done = run("init", "shop", "http://shop.invalid", "--offline", "--header", "X-Key: ${NOT_SET}")
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "deployments/shop.yaml"
    assert set(load(file, {"NOT_SET": "x"}, chapters(), sinks()).parts) == set()


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_never_overwritten(run: Run, tmp_path: Path, suffix: str) -> None:
    """A deployment that is there stays, and nothing is asked."""
    file = tmp_path / f"deployments/shop{suffix}"
    file.parent.mkdir()
    file.write_text("mine")
    with serving(fastapi) as service:
        done = run("init", "shop", service.url)
        assert service == []
    assert done.returncode == 4
    assert (
        done.stderr == f"found deployments/shop{suffix}; expected no such file, because none is overwritten\n"
    )
    assert file.read_text() == "mine"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_second_deployment(run: Run, tmp_path: Path) -> None:
    """Other files that are there stay as they are."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "deployments").mkdir()
    schema = tmp_path / "deployments/deployment.schema.json"
    schema.write_text("{}")
    done = run("init", "shop", "http://shop.example", "--offline")
    assert "Written: deployments/shop.yaml\n" in done.stdout
    assert schema.read_text() == "{}"
    assert list((tmp_path / "checks").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([".shop", "http://a.example"], "found the name .shop; expected at most 63"),
        (["a/b", "http://a.example"], "found the name a/b"),
        (["x" * 64, "http://a.example"], "expected at most 63"),
        (["", "http://a.example"], "found the name an empty text"),
        (["shop.yaml", "http://a.example"], "without its suffix"),
        (["shop", "a.example"], "found a.example without a scheme; expected http://"),
        (["shop", "http://me:hunter2@a.example"], "found a URL with credentials in it"),
        (["shop", "http://a.example/?token=hunter2"], "found http://a.example/?… with a query"),
        (["shop", "http://a.example", "--header", "hunter2"], "without a colon"),
        (["shop", "http://a.example", "--header", "X Y: hunter2"], "invalid characters"),
        (["shop", "http://a.example", "--header", "X: ${NOT_SET}"], "the variable is not set"),
        (["shop", "http://a.example", "--header", "X: 1", "--header", "x: 2"], "for the second time"),
        (["shop"], "URL"),
    ],
)
def test_wrong_command_line(run: Run, tmp_path: Path, arguments: list[str], said: str) -> None:
    """A wrong command line: status 4, one clear line, no secret, nothing written."""
    done = run("init", *arguments)
    assert (done.returncode, done.stdout) == (4, "")
    assert said in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_folder_that_is_a_file(run: Run, tmp_path: Path) -> None:
    """What cannot be written is one line."""
    (tmp_path / "deployments").write_text("")
    done = run("init", "shop", "http://shop.example", "--offline")
    assert done.returncode == 4
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_help(run: Run) -> None:
    """The help tells what is done and what is written."""
    done = run("init", "--help")
    assert done.returncode == 0
    assert "never overwritten" in done.stdout

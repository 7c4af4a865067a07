"""No secret of the deployment appears in what the chapter says, wherever the service or its Prometheus repeat it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.suite import run_checks
from tests.tools.prometheus.fake import Question, Reply, fake_prometheus, success

PLAIN = "sesame-open-up-now-4711"
AWKWARD = 'sesame "open" \\ up/now?4711'
"""Which pages, URLs and JSON write in other ways than it is."""


def page(secret: str) -> str:
    """Its faults are such that each of them would be shown."""
    text = secret.replace("\\", r"\\").replace('"', r"\"")
    name = "".join(one if one.isalnum() else "_" for one in secret)
    return f"""# HELP twice About {text}.
# TYPE twice gauge
twice{{token="{text}"}} 1
twice{{token="{text}"}} 2
# TYPE promised gauge
promised{{token="{text}"}} 1
# TYPE h histogram
h_bucket{{token="{text}",le="1"}} 2
h_bucket{{token="{text}",le="+Inf"}} 1
# TYPE falls_total counter
falls_total{{token="{text}"}} {{falls}}
# TYPE other_total counter
other_total 1
# TYPE stays_total counter
stays_total{{token="{text}"}} {{asked}}
# TYPE named_{name} wrong
wrong{{token="{text}}} 1
stale{{token="{text}"}} 1 1000
Authorization: Bearer {secret}
"""


@contextlib.contextmanager
def serving(secret: str, status: int = 200) -> Iterator[str]:
    """A service that repeats what it was told: the address."""
    seen = [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen[0] += 1
            body = (
                page(secret).replace("{falls}", str(1000 - seen[0])).replace("{asked}", str(seen[0])).encode()
            )
            self.send_response(status if "metrics" in self.path else 404)
            self.send_header("Content-Type", f"text/x-{quote(secret, '')}")
            self.send_header("X-Echo", quote(secret, ""))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def watching(url: str, secret: str, health: str) -> Callable[[Question], Reply]:
    """What a Prometheus says that scrapes it."""

    def answer(question: Question) -> Reply:
        path = question.path.removeprefix("/api/v1/")
        if path == "targets":
            target = {
                "labels": {"job": f"job {secret}", "instance": secret},
                "scrapePool": secret,
                "scrapeUrl": f"{url}/{quote(secret, '')}/metrics",
                "health": health,
                "lastError": f"Get with {secret} failed",
                "lastScrape": "2099-01-01T00:00:00Z",
                "scrapeInterval": "15s",
                "scrapeTimeout": "10s",
            }
            return success({"activeTargets": [target]})
        if path == "query" and question.query["query"][0] == "time()":
            return success({"resultType": "scalar", "result": [time.time(), str(time.time())]})
        if path == "rules":
            rule = {"name": secret, "query": f"rate(twice{{token={quoted(secret)}}}[5s])"}
            return success({"groups": [{"rules": [rule]}]})
        others = {
            "status/config": {"yaml": "scrape_configs: []"},
            "query": {"resultType": "vector", "result": []},
            "query_range": {"resultType": "matrix", "result": []},
        }
        return success(others.get(path, [secret]))

    return answer


def quoted(text: str) -> str:
    """A text as PromQL."""
    return '"' + text.replace("\\", r"\\").replace('"', r"\"") + '"'


@pytest.mark.parametrize(
    ("secret", "status", "health"),
    [
        pytest.param(PLAIN, 200, "up", id="plain"),
        pytest.param(AWKWARD, 200, "up", id="awkward"),
        pytest.param(AWKWARD, 200, "down", id="down"),
        pytest.param(PLAIN, 500, "up", id="500"),
    ],
)
def test_no_secret_is_shown(secret: str, status: int, health: str, tmp_path: Path) -> None:
    """Not that of a header, nor that of the address, in a record, the output, a report, or a command to reproduce."""
    (tmp_path / "promised.yaml").write_text(
        "metrics:\n  - {name: promised, labels: {token: [other]}}\n  - {name: twice, type: counter}\n  - {name: absent}\n"
        "  - {name: twice_, from: prometheus}\n"
    )
    with serving(secret, status) as url, fake_prometheus(watching(url, secret, health)) as prometheus:
        file = tmp_path / "local.yaml"
        file.write_text(
            f"base_url: {url}\nheaders: {{X-Token: '${{TOKEN}}'}}\nallow: [write]\nprometheus: {{url: {prometheus.url}, window: 10s}}\n"
            f"metrics:\n  url: '{url}/${{IN_URL}}/metrics'\n  schema: promised.yaml\n  promtool: true\n  max_growth: 1\n"
            "  movement:\n"
            "    - {name: a, path: '/a?${IN_URL}', expect_status: 404, times: 1, within: 200ms, raises: ['stays_total']}\n"
            "    - {name: b, path: /b, expect_status: 200, times: 1, within: 200ms, raises: ['stays_total']}\n"
        )
        ran = run_checks(
            file,
            f"--junitxml={tmp_path / 'junit.xml'}",
            f"--alluredir={tmp_path / 'allure'}",
            folder=tmp_path,
            chapter="metrics",
            environ={"TOKEN": secret, "IN_URL": quote(secret, "")},
        )
    assert ran.record is not None, ran.output
    assert len(ran.record["checks"]) > 20
    assert "Traceback" not in ran.output
    written = [
        path
        for path in tmp_path.rglob("*")
        if path.is_file() and path.suffix in (".json", ".xml", ".txt", ".html")
    ]
    assert len(written) > 20
    if status == 200:
        for check in ("series_once", "counters_rise", "is_exported[promised]", "content_type_is_accepted"):
            entry = ran.entry(f"test_{check}")
            assert (entry["verdict"], "***" in entry["reason"]) == ("BREACHED", True), entry
    said = {
        str(path.relative_to(tmp_path)): path.read_text(encoding="utf-8", errors="replace")
        for path in written
    }
    for name, text in {**said, "output": ran.output}.items():
        for form in {secret, quote(secret, ""), quote(secret), quoted(secret)[1:-1]}:
            assert form not in text, (name, text[max(0, text.find(form) - 200) :][:400])

"""The health chapter on services of which the deployment file names no field: what was read is told, and no more."""

from __future__ import annotations

import http.server
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.suite import Ran, run_checks

NO_FIELDS = "fields: {ok: null, parts: null, queue_depth: null, time: null, version: null}"
SCHEMA = {"type": "object", "required": ["status"], "properties": {"status": {"enum": ["UP"]}}}


@contextmanager
def service(body: Callable[[int], object]) -> Iterator[str]:
    """A service that gives its n-th answer, counted from 1, the body ``body(n)`` and status 200; its URL."""
    numbers = itertools.count(1)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(body(next(numbers))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(folder: Path, url: str, *options: str, more: str = "") -> Ran:
    """Run the chapter against ``url``."""
    (folder / "up.schema.json").write_text(json.dumps(SCHEMA))
    local = folder / "foreign.yaml"
    local.write_text(
        f"base_url: {url}\nhealth: {{schema: up.schema.json, timeout: 5s, {NO_FIELDS}}}\n{more}\n"
    )
    return run_checks(local, *options, folder=folder)


def breaches(ran: Ran) -> dict[str, str]:
    """The reasons of all checks that are not MET."""
    assert ran.record is not None, ran.output
    return {
        entry["check"].rpartition("::")[2]: entry["reason"]
        for entry in ran.record["checks"]
        if entry["verdict"] != "MET"
    }


def test_a_service_that_was_up_once_is_not_green(tmp_path: Path) -> None:
    """Up at the first call and down ever after: the schema and both comparisons say so, and name the calls."""
    with service(lambda number: {"status": "UP" if number == 1 else "DOWN"}) as url:
        ran = run(tmp_path, url)
    assert breaches(ran) == {
        "test_body_fits_schema": 'call 2 of 10 (and 8 more): the body breaks the schema: $.status: found "DOWN", '
        'which is not one of "UP"',
        "test_steady": '4 of 5 calls differ: call 2: $.status "DOWN" instead of "UP"',
        "test_holds_under_concurrency": '5 of 5 concurrent calls fail: concurrent call 1: $.status "DOWN" instead of "UP"',
    }
    assert ran.entry("test_healthy_now")["measured"] == "status 200; body not read"


def test_times_and_counters_change_in_peace(tmp_path: Path) -> None:
    """A sound service says something else each time: what time it is, how long it is up, what it has counted."""

    def body(number: int) -> object:
        return {
            "status": "UP",
            "now": f"2024-01-15T10:30:{number:02}Z",
            "uptime": f"3 days, 4:05:{number:02}",
            "requests": number,
            "details": [{"name": "disk", "free": f"{100 - number}.5 GB"}],
        }

    with service(body) as url:
        ran = run(tmp_path, url)
    assert (breaches(ran), ran.status) == ({}, 0)


def test_nothing_is_said_of_a_part_that_the_body_does_not_have(tmp_path: Path) -> None:
    """An outage that the service does not tell is a breach by its status; of its parts nothing was read."""
    faults = "allow: [faults]\nfaults: {postgres-stopped: {inject: ['true'], restore: ['true']}}"
    with service(lambda _: {"status": "UP"}) as url:
        ran = run(tmp_path, url, "-k", "outage", more=faults)
    assert breaches(ran) == {
        "test_outage_is_told[postgres-stopped]": "with db down: status 200; expected 503 within 5 s"
    }
    assert "db is" not in ran.output


def test_only_the_check_that_waited_says_so(tmp_path: Path) -> None:
    """The second that a clock of whole seconds needs is one check's, and no other's."""
    moment = "%Y-%m-%dT%H:%M:%SZ"
    with service(lambda _: {"now": time.strftime(moment, time.gmtime())}) as url:
        (tmp_path / "clock.yaml").write_text(
            f"base_url: {url}\nhealth: {{form: json, timeout: 5s, fields: {{time: now}}}}\n"
        )
        ran = run_checks(tmp_path / "clock.yaml", folder=tmp_path)
    assert ran.record is not None, ran.output
    waited = {entry["id"] for entry in ran.record["checks"] if entry["waited"]}
    assert waited <= {"health.time-moves-on"}

"""A service that a schedule probes, and the project that describes it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.probe.shop import Receiver

SECRET = "made-up-0f1e2d3c4b5a6978"


class Service(http.server.ThreadingHTTPServer):
    """Well while ``body`` is sound, to those who have the secret."""

    body = b"all is well"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        known = self.headers.get("Authorization") == f"Bearer {SECRET}"
        body = self.server.body if known else b"who is there?"
        self.send_response(200 if known else 401)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving() -> Iterator[Service]:
    """One, on a free port."""
    with Service(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def describe(machine: Path, service: Service, gateway: Receiver) -> None:
    """Write its project, with a secret that comes from the environment."""
    project = machine / "etc/deployspec"
    (project / "deployments").mkdir(parents=True)
    (project / "production.env").write_text(f"PRODUCTION_TOKEN='{SECRET}'\n")
    (project / "deployments/production.yaml").write_text(
        f"base_url: http://127.0.0.1:{service.server_address[1]}\n"
        'headers: {Authorization: "Bearer ${PRODUCTION_TOKEN}"}\n'
        "health: {path: /health, form: text, expect_text: well, timeout: 20s, max_response_time: 20s}\n"
        f"push: [{{name: gateway, kind: pushgateway, url: '{gateway.url}'}}]\n"
    )

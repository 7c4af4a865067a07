"""The real parts: a Pushgateway, a node_exporter and a Prometheus, on free loopback ports, ended by their process ids."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.probe.shop import until

READY = 60
"""Seconds for a server to answer. It takes less than one on a free machine."""


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


class Server:
    """One program, which can be killed and started again on the same port."""

    def __init__(self, program: str, *options: str, path: str = "/metrics", user: int | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._path = path
        self._user = user
        self._command = [
            program,
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=error",
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=self._user
        )
        until(self._answers, READY)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self._command[0]} ended"
        try:
            urllib.request.urlopen(self.url + self._path, timeout=2).close()  # noqa: S310 - ours
        except urllib.error.HTTPError as refused:
            return refused.code == 401
        except OSError:
            return False
        return True

    def get(self, path: str) -> str:
        """What it answers."""
        with urllib.request.urlopen(self.url + path, timeout=5) as answer:  # noqa: S310 - ours
            return str(answer.read().decode())


@contextmanager
def running(program: str, *options: str, path: str = "/metrics", user: int | None = None) -> Iterator[Server]:
    """A server for the length of a block."""
    server = Server(program, *options, path=path, user=user)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def pushed(gateway: Server, metric: str) -> dict[str, float]:
    """What a Pushgateway has of a metric, by its labels as text."""
    lines = (line for line in gateway.get("/metrics").splitlines() if line.startswith(f"{metric}{{"))
    return {line[len(metric) :].rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


class Prometheus:
    """Asks a Prometheus."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self._server = server

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that a query finds: labels under ``metric``, and ``value``."""
        found: list[dict[str, Any]] = json.loads(
            self._server.get(f"/api/v1/query?query={urllib.parse.quote(query)}")
        )["data"]["result"]
        return found

    def firing(self) -> set[tuple[str, str, str]]:
        """Name, location and check of each alert that fires."""
        return {
            (one["metric"]["alertname"], one["metric"].get("location", ""), one["metric"].get("check", ""))
            for one in self.ask('ALERTS{alertstate="firing"}')
        }


@contextmanager
def prometheus(
    folder: Path, targets: dict[str, Server], rules: Path | None = None, program: str = "prometheus"
) -> Iterator[Prometheus]:
    """One that scrapes these, and evaluates, every second, and takes remote write."""
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)] if rules else [],
        "scrape_configs": [
            {
                "job_name": job,
                "honor_labels": True,
                "static_configs": [{"targets": [f"127.0.0.1:{server.port}"]}],
            }
            for job, server in targets.items()
        ],
    }
    file = folder / "prometheus.yml"
    file.write_text(yaml.safe_dump(config))
    data = folder / "data"
    options = [f"--config.file={file}", f"--storage.tsdb.path={data}", "--web.enable-remote-write-receiver"]
    with running(program, *options, path="/-/ready") as server:
        yield Prometheus(server)


def wait_for(condition: Any, limit: float = 60) -> None:
    """Wait for what Prometheus is to find out."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)

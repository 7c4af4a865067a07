"""A project with checks of its own, which do what a test wants of them, and a place that takes what is pushed."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil
from prometheus_client.parser import text_string_to_metric_families

LIMIT = 60
"""Seconds after which a probe counts as hung. One takes about a second on a free machine."""
_INI = """
[pytest]
deployspec_chapters =
    shop: the shop keeps its promises.
    till: the till keeps its promises.
"""
_CHECKS = '''
import os, pathlib, subprocess, sys, time
import pytest

pytestmark = pytest.mark.shop
MODE = (pathlib.Path(__file__).parent.parent / "mode").read_text()


def test_open(deployment):
    """The shop is open."""
    assert "closed" not in MODE, "it is closed"


def test_slow(deployment):
    """The shop serves."""
    if "child" in MODE:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    if "hang" in MODE:
        (pathlib.Path(__file__).parent.parent / "hangs").touch()
        time.sleep(60)


def test_till(deployment):
    """The till is counted."""
'''


@dataclass
class Receiver:
    """What was pushed, and what is answered."""

    url: str = ""
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Method, path and body of each."""
    status: int = 200

    def metrics(self) -> dict[str, dict[tuple[str, ...], float]]:
        """Of the last push: by name, the values by the values of their labels."""
        families = text_string_to_metric_families(self.requests[-1][2].decode())
        told: dict[str, dict[tuple[str, ...], float]] = {}
        for family in families:
            for sample in family.samples:
                told.setdefault(sample.name.removeprefix("deployspec_"), {})[
                    tuple(sample.labels.values())
                ] = sample.value
        return told


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A server that takes whatever is sent."""
    receiver = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def _take(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            receiver.requests.append((self.command, self.path, body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_PUT = do_POST = do_GET = _take  # noqa: N815 - the library's names

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()


class Shop:
    """The project in a folder."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.folder = folder
        self.receiver = receiver
        self.state = folder / "state" / "deployspec"
        for name, text in {"pytest.ini": _INI, "checks/test_shop.py": _CHECKS}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        self.describe(f"push: [{{name: gateway, kind: pushgateway, url: '{receiver.url}'}}]")
        self.is_("open")

    def describe(self, more: str = "") -> None:
        """Write the deployment file."""
        file = self.folder / "deployments" / "shop.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"base_url: http://127.0.0.1:9\n{more}\n")

    def is_(self, mode: str) -> None:
        """Say what the checks meet: ``open``, ``closed``, ``hang``, ``child``."""
        (self.folder / "mode").write_text(mode)

    def start(
        self, *arguments: str, into: int | IO[str] = subprocess.PIPE, **environ: str
    ) -> subprocess.Popen[str]:
        """A command that goes on, ``probe`` with these options unless it is another; ``into`` takes what it prints."""
        if not arguments or arguments[0].startswith("-"):
            arguments = ("probe", "-m", "shop", *arguments)
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "DEPLOYMENT"))
        }
        return subprocess.Popen(
            [sys.executable, "-m", "deployspec.cli", *arguments],
            cwd=self.folder,
            env={**clean, "XDG_STATE_HOME": str(self.folder / "state"), "DEPLOYMENT": "shop", **environ},
            stdin=subprocess.DEVNULL,
            stdout=into,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str, **environ: str) -> tuple[int, str]:
        """A whole command: its exit status and what it printed."""
        process = self.start(*arguments, **environ)
        try:
            output, _ = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
        return process.returncode, output

    def probe(self, *options: str, **environ: str) -> tuple[int, str]:
        """A whole probe."""
        return self.run("probe", "-m", "shop", *options, **environ)

    def records(self) -> list[dict[str, Any]]:
        """The kept runs, oldest first."""
        files = sorted((self.state / "runs").rglob("*.json"))
        return [json.loads(file.read_text()) for file in files]

    def hangs(self) -> bool:
        """Whether a check hangs by now."""
        return (self.folder / "hangs").exists()

    def left(self) -> list[psutil.Process]:
        """Processes of probes of this project."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("XDG_STATE_HOME") == str(self.folder / "state"):
                    found.append(process)
            except psutil.Error:
                continue
        return found


def until(condition: Callable[[], object], limit: float = LIMIT) -> None:
    """Wait for a condition. Raises AssertionError after so many seconds."""
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)

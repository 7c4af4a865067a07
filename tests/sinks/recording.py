"""A server that keeps what it is sent and answers what a test wants; runs, and sinks that send them there."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deployspec.app import OURS, SINKS
from deployspec.deployment import load
from deployspec.deployment.push import PUSH, Push
from deployspec.model.chapter import imported
from deployspec.model.entry import Entry
from deployspec.record.record import Run
from deployspec.sinks.sending import Report

SECRET = "5bf66975-d4c7-4bf5-bcc8-b8d8a82ea278"
RUN = "0e1f2a3b-0000-4000-8000-000000000001"


class Asked(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Answer(NamedTuple):
    """What it is answered."""

    status: int = 200
    body: bytes = b"OK"
    headers: Mapping[str, str] = {}


_OK = Answer()


class Recording(http.server.ThreadingHTTPServer):
    """It answers as ``answers`` say, one after another, then ``answer``; None: nothing, until it is closed."""

    daemon_threads = True

    def __init__(self, answer: Answer | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.answers: list[Answer | None] = []
        self.asked: list[Asked] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Recording)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        answer = server.answers.pop(0) if server.answers else server.answer
        if answer is None:
            server.closing.wait(30)
            return
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_PUT = do_POST  # noqa: N815 - the library's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def recording(answer: Answer | None = _OK) -> Iterator[Recording]:
    """A server, closed at the end."""
    server = Recording(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def sender(folder: Path, kind: str, url: str, more: str = "") -> Any:
    """What sends to a URL that a deployment file describes."""
    return sent_to(folder, f"{{name: there, kind: {kind}, url: '{url}'{more}}}")


def described(folder: Path, item: str) -> Push:
    """A sink, as a deployment file in this folder describes it."""
    file = folder / "there.yaml"
    file.write_text(f"base_url: http://there\npush: [{item}]\n")
    (push,) = load(file, {}, OURS, SINKS).require(PUSH)
    return push


def sent_to(folder: Path, item: str) -> Any:
    """What sends to a sink that a deployment file in this folder describes."""
    push = described(folder, item)
    make = next(sink.make for sink in SINKS if sink.kind == push.kind)
    return imported(make)(push)


def entry(check: str, verdict: str, reason: str = "as it is", **more: Any) -> Entry:
    """A check of a run."""
    more = {"promise": "it works", "measured": "3 s", "limit": "at most 2 s", "reproduce": "curl x"} | more
    return Entry(f"test_{check}", check, "health", verdict=verdict, reason=reason, **more)


def run_of(number: int, verdicts: Mapping[str, str] | None = None, **more: Any) -> Run:
    """A run, its number in its id and its time, with a verdict a check."""
    made = Run(
        started=f"2026-11-29T05:{number:02}:00Z",
        finished=f"2026-11-29T05:{number:02}:09Z",
        id=f"{RUN[:-12]}{number:012}",
        kind="probe",
        deployment="production",
        **more,
    )
    made.entries = {check: entry(check, verdict) for check, verdict in (verdicts or {}).items()}
    return made


def report_of(run: Run, status: int = 1, limit: float = 10.0) -> Report:
    """The run as a sink is given it; ``limit`` are the seconds left."""
    return Report(run, (), "production", "cellar", status, time.monotonic() + limit)

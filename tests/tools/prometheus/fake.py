"""A small server that speaks as Prometheus does, or fails to."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Question:
    """One request, taken apart."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """What is answered. The body is bytes as they are, or what becomes JSON."""

    body: Any
    status: int = 200
    type: str = "application/json"


def success(data: Any, **more: Any) -> Reply:
    """An answer as Prometheus gives it."""
    return Reply({"status": "success", "data": data, **more})


Answers = Callable[[Question], Reply]


@dataclass
class FakePrometheus:
    """Where it listens, and what it was asked."""

    url: str
    asked: list[Question] = field(default_factory=list)


@contextlib.contextmanager
def fake_prometheus(answers: Answers) -> Iterator[FakePrometheus]:
    """A server that answers each question so, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            question = Question(parts.path, parse_qs(parts.query), dict(self.headers.items()))
            fake.asked.append(question)
            reply = answers(question)
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            with contextlib.suppress(OSError):  # the client has left
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = FakePrometheus(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()

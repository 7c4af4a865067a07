"""A POST of JSON: sent once, with its length, neither tried again nor redirected."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from deployspec.base.errors import UsageError
from deployspec.model.http import Answer, Failure, FailureKind
from deployspec.outputs.evidence import evidence_of
from deployspec.tools.http import call
from tests.tools.http.asking import ask, request_to


class _Handler(http.server.BaseHTTPRequestHandler):
    """Repeats what it was sent; ``/elsewhere`` redirects."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(self.path)  # type: ignore[attr-defined]
        told = f"{self.headers['Content-Type']} {self.headers['X-Key']} ".encode()
        self.send_response(307 if self.path == "/elsewhere" else 201)
        self.send_header("Location", "/jobs")
        self.end_headers()
        self.wfile.write(told + body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    """A server that takes POSTs, and knows for which paths."""
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made.seen = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def _url(server: http.server.ThreadingHTTPServer, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_post_brings_its_json(server: http.server.ThreadingHTTPServer) -> None:
    """The body arrives as it is, as JSON, with the user's headers."""
    answer = ask(_url(server, "/jobs"), post=b'{"n": 1}', headers={"X-Key": "k"})
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (201, b'application/json k {"n": 1}')


@pytest.mark.parametrize(
    ("post", "path", "line"),
    [
        pytest.param(b"{}", "/jobs", "POST {url}", id="answered"),
        pytest.param(b"{}", "/elsewhere", "POST {url}", id="failed"),
        pytest.param(None, "/jobs", "GET {url}", id="get"),
    ],
)
def test_evidence_names_the_method_that_was_used(
    server: http.server.ThreadingHTTPServer, post: bytes | None, path: str, line: str
) -> None:
    """What a person repeats is what was sent, whether or not it was answered."""
    url = _url(server, path)
    (shown,) = evidence_of([call(request_to(url, post=post))])
    assert shown.text.splitlines()[0] == line.format(url=url)


def test_a_redirected_post_is_not_repeated(server: http.server.ThreadingHTTPServer) -> None:
    """Where a redirect leads, the job might be queued a second time."""
    failure = ask(_url(server, "/elsewhere"), post=b"{}")
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.REDIRECT
    assert "status 307 redirects elsewhere, and a POST is not repeated there" in failure.reason
    assert server.seen == ["/elsewhere"]  # type: ignore[attr-defined]


def test_a_post_is_not_tried_again() -> None:
    """After a lost connection nobody knows whether the job was queued."""
    with pytest.raises(UsageError, match="a POST is not tried again"):
        request_to("http://a.test/", post=b"{}", retries=1)


def test_the_length_of_a_post_is_not_told_by_hand() -> None:
    """A Content-Length of the user's would contradict the body."""
    failure = ask("http://127.0.0.1:9/", post=b"{}", headers={"Content-Length": "5"})
    assert isinstance(failure, Failure)
    assert "Content-Length describes a body, and its length is known" in failure.reason

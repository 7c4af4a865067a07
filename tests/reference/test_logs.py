"""The reference's log lines."""

import asyncio
import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog
from starlette.types import Message, Receive, Scope, Send

from reference.deal_scout.logs import LineFileHandler
from reference.deal_scout.middleware import RequestMiddleware
from reference.process import Reference

from .client import ask, records, until

pytestmark = pytest.mark.xdist_group("deal-scout")

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_every_line_is_a_record(reference: Reference) -> None:
    """Each line of each log is one JSON object with the guide's fields first, uvicorn's and Celery's too."""
    ask(reference, "/ping")
    for file in ("app.log", "celery.log", "error.log"):
        for record in records(reference, file):
            assert list(record)[:4] == ["timestamp", "level", "logger", "message"]
            assert TIMESTAMP.fullmatch(record["timestamp"])
            assert record["level"] in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    assert records(reference, "app.log", logger="uvicorn.error")
    assert records(reference, "celery.log", logger="celery.apps.worker")


def test_one_access_record_per_request(reference: Reference) -> None:
    """A request leaves one access record: method, path without its query, route, status, duration."""
    answer = ask(reference, "/listings?limit=1")
    request_id = answer.headers["x-request-id"]
    # The record comes after the answer's last byte.
    (record,) = until(lambda: records(reference, "app.log", request_id=request_id))
    expected = {"method": "GET", "path": "/listings", "route": "/listings", "status": 200, "level": "INFO"}
    assert expected.items() <= record.items()
    assert record["logger"] == "deal_scout.access"
    assert 0 < record["duration_ms"] < 10_000


def test_request_id_follows_a_task(reference: Reference) -> None:
    """The caller's request id is echoed, and is in the records of the API and of the worker's task."""
    sent = {"X-Request-ID": "order-66.a_b"}
    body = {"title": "Atlas", "category": "books"}
    answer = ask(reference, "/seller/snap", method="POST", body=body, headers=sent, seller=True)
    assert answer.headers["x-request-id"] == "order-66.a_b"
    found = until(lambda: (r := records(reference, "app.log", request_id="order-66.a_b"))[1:] and r)
    assert [record["message"] for record in found] == ["snap queued", "POST /seller/snap 202"]
    assert {record["user_id"] for record in found} == {"user_seller"}
    until(lambda: len(records(reference, "celery.log", request_id="order-66.a_b")) == 2)
    priced, succeeded = records(reference, "celery.log", request_id="order-66.a_b")
    assert (priced["message"], priced["snap_id"]) == ("snap priced", answer.json["id"])
    assert succeeded["logger"] == "celery.app.trace"


@pytest.mark.parametrize("given", ["a" * 65, "with space", 'quo"te', "é", ""])
def test_unsound_request_id_is_replaced(reference: Reference, given: str) -> None:
    """An id that could do harm in a log line or a header is not taken over."""
    answer = ask(reference, "/ping", headers={"X-Request-ID": given})
    assert re.fullmatch(r"req_[0-9a-f]{16}", answer.headers["x-request-id"])


def test_errors_of_both_processes_are_in_the_error_log(reference: Reference) -> None:
    """An exception is one ERROR record with its traceback; an outage is in the error log from both sides."""
    with reference.broken("postgres-stopped"):
        assert ask(reference, "/health").status == 503
        answer = ask(reference, "/listings")
    until(lambda: ask(reference, "/health").status == 200)
    (record,) = records(reference, "error.log", request_id=answer.headers["x-request-id"])
    assert record in records(reference, "app.log")
    assert record["level"] == "ERROR"
    assert record["exception"].startswith("Traceback (most recent call last):\n")
    assert records(reference, "error.log", level="CRITICAL", dependency="database")
    with reference.broken("redis-stopped"):
        until(lambda: records(reference, "error.log", logger="celery.worker.consumer.consumer"))
    assert {record["level"] for record in records(reference, "error.log")} == {"ERROR", "CRITICAL"}


def test_logs_hold_no_credentials(reference: Reference) -> None:
    """Neither the token nor a password of the dependencies is in any log."""
    token = reference.deployment["headers"]["Authorization"].removeprefix("Bearer ")
    passwords = [
        (reference.folder / "postgres-password").read_text(),
        (reference.folder / "redis.conf").read_text().partition("requirepass ")[2].split()[0],
    ]
    for path in (reference.folder / "logs").iterdir():
        text = path.read_text(encoding="utf-8")
        assert not any(secret in text for secret in [token, *passwords]), path.name


def test_a_crash_in_a_route_is_one_record_and_a_500() -> None:
    """An exception that nobody handles is answered with 500 and the request's id, and logged once."""

    async def crash(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("out of luck")

    sent: list[Any] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/x", "headers": [(b"x-request-id", b"unlucky")]}
    with structlog.testing.capture_logs() as logs:
        asyncio.run(RequestMiddleware(crash)(scope, receive, send))
    assert sent[0]["status"] == 500
    assert (b"x-request-id", b"unlucky") in sent[0]["headers"]
    assert json.loads(sent[1]["body"]) == {"detail": "Internal Server Error", "request_id": "unlucky"}
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("request failed", "error"),
        ("GET /x 500", "info"),
    ]


def test_two_writers_share_a_file_without_mixing_lines(tmp_path: Path) -> None:
    """Long records of two handlers on one file stay whole lines."""
    path = tmp_path / "error.log"

    def write(letter: str) -> None:
        handler = LineFileHandler(path)
        for _ in range(100):
            handler.emit(logging.LogRecord("x", logging.ERROR, "", 0, letter * 50_000, (), None))
        handler.close()

    threads = [threading.Thread(target=write, args=(letter,)) for letter in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert sorted(lines) == ["a" * 50_000] * 100 + ["b" * 50_000] * 100


def test_rotated_log_is_opened_anew(tmp_path: Path) -> None:
    """A log that was moved away, as logrotate does, goes on under its old name."""
    handler = LineFileHandler(tmp_path / "app.log")
    for message in ("before", "after"):
        handler.emit(logging.LogRecord("x", logging.INFO, "", 0, message, (), None))
        if message == "before":
            (tmp_path / "app.log").rename(tmp_path / "app.log.1")
    handler.close()
    assert (tmp_path / "app.log.1").read_text() == "before\n"
    assert (tmp_path / "app.log").read_text() == "after\n"

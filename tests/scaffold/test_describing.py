"""What answers allow to promise: bodies in, a description out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deployspec.model.http import Answer, Failure, FailureKind, Phase, Timings
from deployspec.scaffold.describing import Found, Health, describe, described, further_paths
from deployspec.scaffold.texts import deployment_file

NOW = 1_800_000_000.0
BASE = "http://shop.example"


def answer(
    body: Any, *, status: int = 200, kind: str = "application/json", at: float = NOW, location: str = ""
) -> Answer:
    """An answer with this body; what is neither text nor bytes is written as JSON."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    headers = (("content-type", kind), *((("location", location),) if location else ()))
    return Answer(BASE, status, headers, raw, at, at, Timings())


MISSING = answer({"detail": "Not Found"}, status=404)


def stamp(at: float) -> str:
    """A moment as services write it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ({}, {}, Health("/h")),
        ({"status": "ok"}, {}, Health("/h")),
        ({"status": "UP", "components": {"db": {"status": "UP"}}}, {}, Health("/h")),
        ({"ok": True, "db": True, "cache": True}, {}, Health("/h", ok="ok", parts=("db", "cache"))),
        ({"Healthy": True}, {}, Health("/h", ok="Healthy")),
        ({"database": True}, {}, Health("/h", ok="database")),
        ({"database": True, "cache": True}, {}, Health("/h", parts=("database", "cache"))),
        # false while all is well: no part
        ({"ok": True, "debug": False}, {}, Health("/h", ok="ok")),
        ({"maintenance": False}, {}, Health("/h")),
        # red for a true reason
        ({"ok": False, "db": False}, {}, Health("/h", ok="ok", ok_is=False, parts=("db",))),
        ({"ok": "yes", "db": 1}, {}, Health("/h")),
        ({"ok": True, "queue": 3, "build": "a1"}, {}, Health("/h", ok="ok", queue_depth="queue", version="build")),
        ({"ok": True, "queue_depth": None, "version": " "}, {}, Health("/h", ok="ok")),
        ({"ok": True, "queue_depth": True}, {}, Health("/h", ok="ok", parts=("queue_depth",))),
        ({"ok": True, "time": stamp(NOW)}, {"time": stamp(NOW + 1)}, Health("/h", ok="ok", time="time")),
        ({"ok": True, "as_of": stamp(NOW)}, {"as_of": stamp(NOW + 1)}, Health("/h", ok="ok", time="as_of")),
        # a start, not a clock
        ({"ok": True, "started_at": stamp(NOW)}, {}, Health("/h", ok="ok")),
        ({"ok": True, "date": stamp(NOW - 9999)}, {}, Health("/h", ok="ok")),
        ({"ok": True, "time": "2026-01-01T00:00:00"}, {}, Health("/h", ok="ok")),
        ({"uptime": 1.5, "at": "12:00:01"}, {"uptime": 2.5, "at": "12:00:02"}, Health("/h")),
    ],
)  # fmt: skip
def test_objects(first: dict[str, Any], later: dict[str, Any], expected: Health) -> None:
    """JSON objects are described by the fields of two answers."""
    assert described("/h", answer(first), answer({**first, **later}, at=NOW + 1)) == expected


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (answer("OK", kind="text/plain"), 'the text "OK" as text/plain'),
        (answer("<html>", kind="text/html"), "a page as text/html"),
        (answer("", kind=""), "an empty body"),
        (answer([1]), "a JSON array"),
        (answer('{"ok": NaN}'), "not strict JSON"),
        (answer({"status": "UP"}, kind="application/vnd.spring-boot.actuator.v3+json"), "vnd.spring-boot"),
        (answer({"ok": False}, status=503), "status 503"),
        (answer("", status=401), "--header"),
        (answer("", status=302, location="https://login.example/?token=x"), "https://login.example/"),
        (answer("password=hunter2hunter2", kind="text/plain"), "password=***"),
    ],
)
def test_not_described(seen: Answer, said: str) -> None:
    """For everything else the reason is said, and the file has health as a comment."""
    found = describe({"/healthz": seen}, None, MISSING, BASE)
    assert found.health is None
    assert found.health_path == "/healthz"
    assert said in found.why_not
    text = deployment_file("x", BASE, {}, found)
    assert "\nhealth:" not in text
    assert "\n#health:" in text


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (answer({"status": "ok", "node": "web-two"}), "changes"),
        (answer("OK", kind="text/plain"), "two different answers"),
        (Failure(BASE, FailureKind.TIMEOUT, Phase.HEADERS, "too late", NOW, Timings()), "too late"),
        (None, "no time"),
    ],
)
def test_second_answer(second: Answer | Failure | None, said: str) -> None:
    """What would not hold from one answer to the next is not promised."""
    first = answer({"status": "ok", "node": "web-one"})
    found = describe({"/health": first}, second, MISSING, BASE)
    assert found.health is None
    assert said in found.why_not


@pytest.mark.parametrize(
    "everything", [answer("<html>", kind="text/html"), answer({"status": "ok"}), answer("", status=401)]
)
def test_everything_is_answered_alike(everything: Answer) -> None:
    """Of a server that answers every path alike, nothing is claimed."""
    paths = ("/health", "/metrics", "/openapi.json")
    found = describe(dict.fromkeys(paths, everything), everything, everything, BASE)
    assert (found.health, found.health_path, found.metrics, found.openapi) == (None, "", "", "")
    assert "alike" in found.why_not


def test_health_beside_a_start_page() -> None:
    """A start page for every other path hides no real endpoint."""
    page = answer("<html>", kind="text/html")
    good = answer({"ok": True})
    found = describe({"/health": page, "/api/health": good}, good, page, BASE)
    assert found.health == Health("/api/health", ok="ok")


def test_metrics() -> None:
    """Prometheus' text format is known by its comments."""
    text = "# HELP up Up.\n# TYPE up gauge\nup 1\n"
    found = describe({"/metrics": answer(text, kind="text/plain")}, None, MISSING, BASE)
    assert found.metrics == "/metrics"
    assert describe({"/metrics": answer("up", kind="text/plain")}, None, MISSING, BASE).metrics == ""


@pytest.mark.parametrize(
    ("base_url", "extra", "expected"),
    [
        (BASE, {}, ("/items", "/maybe")),
        (BASE, {"servers": [{"url": "/"}]}, ("/items", "/maybe")),
        (BASE, {"servers": [{"url": "/v1"}]}, ("/v1/items", "/v1/maybe")),
        (f"{BASE}/v1", {"servers": [{"url": "/v1"}]}, ("/items", "/maybe")),
        (f"{BASE}/v2", {"basePath": "/v1"}, ()),
        (BASE, {"servers": [{"url": "https://other.example"}]}, ()),
        (BASE, {"servers": [{"url": "http://[bad"}]}, ()),
        (BASE, {"servers": ["x"], "paths": []}, None),
    ],
)
def test_openapi(base_url: str, extra: dict[str, Any], expected: tuple[str, ...] | None) -> None:
    """GET operations without required parameters are candidates for a load run."""
    paths = {
        "/items": {"get": {}, "post": {}},
        "/items/{id}": {"get": {}},
        "/search": {"get": {"parameters": [{"name": "q", "required": True}]}},
        "/elsewhere": {"get": {"parameters": [{"$ref": "#/components/parameters/q"}]}},
        "/maybe": {"get": {"parameters": [{"name": "q"}]}},
        "/orders": {"post": {}},
        "/ready": {"get": {}},
        "/bad path": {"get": {}},
        "/odd": 1,
    }
    document = answer({"openapi": "3.1.0", "paths": paths, **extra})
    found = describe({"/openapi.json": document}, None, MISSING, base_url)
    assert found.openapi == "/openapi.json"
    assert found.requests == (expected or ())


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/shop/health/", ("/health/",)),
        (f"{BASE}/shop/health/", ("/health/",)),
        ("/health/", ()),
        ("http://other.example/shop/health/", ()),
        ("http://[bad", ()),
        ("", ()),
    ],
)
def test_redirects(location: str, expected: tuple[str, ...]) -> None:
    """A redirect is asked where it leads if that is below the same URL."""
    seen = {"/health": answer("", status=308, location=location)}
    assert further_paths(seen, MISSING, f"{BASE}/shop") == expected


def test_dollars_begin_no_variable() -> None:
    """What the service says is never taken for a variable; what the user says is."""
    found = Found(health=Health("/h", ok="$HOME"))
    text = deployment_file("x", "http://a.example/$b", {"X-Key": "${KEY}"}, found)
    assert 'ok: "$$HOME"' in text
    assert 'base_url: "http://a.example/$$b"' in text
    assert 'X-Key: "${KEY}"' in text

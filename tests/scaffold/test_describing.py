"""What answers allow to promise: bodies in, a description out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from deployspec.model.http import Answer, Failure, FailureKind, Phase, Timings
from deployspec.scaffold.describing import RARE_PATHS, Found, describe, further_paths
from deployspec.scaffold.forms import Health, described
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


OK = {"ok": "ok"}
WELL = {"ok": {"at": "/status", "healthy": ["ok"]}}


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        ({}, {}, {}),
        ({"status": "ok"}, {}, WELL),
        ({"ok": True, "db": True, "cache": True}, {}, {**OK, "parts": ["db", "cache"]}),
        ({"Healthy": True}, {}, {"ok": "Healthy"}),
        ({"/": True}, {}, {"ok": "/~1"}),
        ({"database": True}, {}, {"ok": "database"}),
        ({"database": True, "cache": True}, {}, {"parts": ["database", "cache"]}),
        # false while all is well: no part
        ({"ok": True, "debug": False}, {}, OK),
        ({"maintenance": False}, {}, {}),
        # red for a true reason
        ({"ok": False, "db": False}, {}, {**OK, "parts": ["db"]}),
        ({"ok": "yes", "db": 1}, {}, {}),
        ({"status": "DOWN"}, {}, {}),
        ({"status": "ok"}, {"status": "UP"}, {"ok": {"at": "/status", "healthy": ["ok", "UP"]}}),
        ({"ok": True, "queue": 3, "build": "a1"}, {}, {**OK, "queue_depth": {"field": "queue"}, "version": "build"}),
        ({"ok": True, "queue_depth": None, "version": " "}, {}, OK),
        ({"ok": True, "queue_depth": True}, {}, {**OK, "parts": ["queue_depth"]}),
        ({"ok": True, "time": stamp(NOW)}, {"time": stamp(NOW + 1)}, {**OK, "time": "time"}),
        ({"ok": True, "as_of": stamp(NOW)}, {"as_of": stamp(NOW + 1)}, {**OK, "time": "as_of"}),
        ({"ok": True, "ts": NOW}, {"ts": NOW + 1}, {**OK, "time": {"at": "/ts", "format": "epoch_s"}}),
        ({"ok": True, "ts": NOW * 1000}, {"ts": NOW * 1000 + 1}, {**OK, "time": {"at": "/ts", "format": "epoch_ms"}}),
        # a start, not a clock
        ({"ok": True, "started_at": stamp(NOW)}, {}, OK),
        ({"ok": True, "started": NOW}, {}, OK),
        ({"ok": True, "ts": NOW - 9999}, {"ts": NOW - 9998}, OK),
        ({"ok": True, "date": stamp(NOW - 9999)}, {}, OK),
        ({"ok": True, "time": "2026-01-01T00:00:00"}, {}, OK),
        ({"uptime": 1.5, "at": "12:00:01"}, {"uptime": 2.5, "at": "12:00:02"}, {}),
        # parts
        (
            {"status": "ok", "checks": {"db": {"status": "UP"}, "disk": {"status": "ok"}}},
            {},
            {**WELL, "parts": {"each": "/checks", "at": "status", "healthy": ["UP", "ok"]}},
        ),
        ({"status": "ok", "services": {"db": True}}, {}, {**WELL, "parts": {"each": "/services"}}),
        ({"status": "ok", "services": {"db": "up"}}, {}, {**WELL, "parts": {"each": "/services", "healthy": ["up"]}}),
        (
            {"status": "ok", "results": [{"checker": "db", "passed": True}]},
            {},
            {**WELL, "parts": {"each": "/results", "name": "checker", "at": "passed"}},
        ),
        (
            {"status": "ok", "db": "up", "cache": True},
            {},
            {**WELL, "parts": {"db": {"at": "/db", "healthy": ["up"]}, "cache": {"at": "/cache"}}},
        ),
        ({"DatabaseBackend": "working", "Cache": "OK"}, {}, {"parts": {"each": "", "healthy": ["working", "OK"]}}),
        # no parts: one that is not well, one that comes and goes, none at all, and a slot
        ({"status": "ok", "checks": {"db": "up", "disk": "DOWN"}}, {}, WELL),
        ({"status": "ok", "checks": {"db": "up"}}, {"checks": {"db": "up", "disk": "up"}}, WELL),
        ({"status": "ok", "checks": [], "details": {}}, {}, WELL),
        ({"status": "ok", "slot": "green"}, {}, WELL),
    ],
)  # fmt: skip
def test_objects(first: dict[str, Any], later: dict[str, Any], expected: dict[str, Any]) -> None:
    """JSON objects are described by the fields of two answers."""
    found = described("/h", answer(first), answer({**first, **later}, at=NOW + 1))
    assert isinstance(found, Health)
    assert found.said == {"form": "json", **({"fields": expected} if expected else {})}
    sick = {
        "ok is false": first.get("ok") is False,
        "status is DOWN": first.get("status") == "DOWN",
        "debug is false and not taken for a part": first.get("debug") is False,
    }
    assert found.just_now == next((words for words, said in sick.items() if said), "")
    text = deployment_file("x", BASE, {}, Found(health=found))
    assert (f"# Just now {found.just_now}." in text) is bool(found.just_now)


SPRING = "application/vnd.spring-boot.actuator.v3+json"


@pytest.mark.parametrize(
    ("path", "seen", "expected"),
    [
        ("/h", answer("OK", kind="text/plain"), {"body": "text", "expect_text": "^OK$"}),
        ("/h", answer("I am (ok).\r\n", kind="text/plain"), {"body": "text", "expect_text": r"^\s*I am \(ok\)\.\s*$"}),
        # may be another another day, or says that something is wrong
        ("/h", answer("up for 17 min", kind="text/plain"), {"body": "text"}),
        ("/h", answer("not ready", kind="text/plain"), {"body": "text"}),
        ("/h", answer("ok\nfine", kind="text/plain"), {"body": "text"}),
        ("/healthz", answer("ok", kind="text/plain"), {"form": "livez"}),
        ("/healthz", answer("OK", kind="text/plain"), {"body": "text", "expect_text": "^OK$"}),
        ("/h", answer("", status=204, kind=""), {"body": "none", "status": {"healthy": [204]}}),
        ("/h", answer("", kind="text/html"), {"body": "none"}),
        ("/h", answer("OK", kind="text/html"), {"body": "text", "expect_text": "^OK$", "content_type": ["text/html"]}),
        ("/h", answer({}, kind="text/plain"), {"form": "json", "content_type": ["text/plain"]}),
        ("/h", answer({}, kind="text/x-json"), {"form": "json", "content_type": ["text/x-json"]}),
        ("/h", answer({}, kind=""), {"form": "json", "content_type": None}),
        ("/h", answer({}, kind="application/json; charset=latin-1"), {"form": "json", "content_type": None}),
        ("/h", answer({}, kind="application/json; charset=utf-8"), {"form": "json"}),
        ("/h", answer('"OK"'), {"form": "json", "fields": {"ok": {"at": "", "healthy": ["OK"]}}}),
        ("/h", answer([{"name": "db", "ok": True}]), {"form": "json", "fields": {"parts": {"each": "", "name": "name", "at": "ok"}}}),
        ("/actuator/health", answer({"status": "UP"}), {"form": "actuator"}),
        ("/h", answer({"status": "UP"}, kind=SPRING), {"form": "actuator"}),
        ("/actuator/health", answer({"status": "UNKNOWN"}), {"form": "json"}),
        ("/h", answer({"status": "pass"}, kind="application/health+json"), {"form": "health-json"}),
        ("/__heartbeat__", answer({"status": "ok"}), {"form": "dockerflow", "fields": {**WELL, "version": None}}),
    ],
)  # fmt: skip
def test_forms(path: str, seen: Answer, expected: dict[str, Any]) -> None:
    """Each form has only the keys that differ from what is meant without them."""
    found = described(path, seen, seen)
    assert isinstance(found, Health), found
    assert found.said == expected
    text = deployment_file("x", BASE, {}, Found(health=found))
    assert f"  path: {path}\n" in text


@pytest.mark.parametrize(
    ("path", "document", "expected"),
    [
        ("/__version__", {"version": "1.2"}, {"at": "/version", "path": "/__version__"}),
        ("/actuator/info", {"build": {"version": "1.2"}}, {"at": "/build/version", "path": "/actuator/info"}),
        ("/actuator/info", {"build": "1.2"}, None),
        ("/__version__", [], None),
        ("/__version__", {"version": ""}, None),
    ],
)
def test_version_of_another_path(path: str, document: Any, expected: object) -> None:
    """The version is taken from where it is said."""
    seen = answer({"status": "ok"})
    health = describe({"/health": seen, path: answer(document)}, seen, MISSING, BASE).health
    assert health is not None
    assert health.said["fields"].get("version") == expected


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (answer("OK " * 40, kind="text/html"), "as text/html"),
        (answer("OK", kind=""), 'the text "OK"'),
        (answer("OK"), 'the text "OK" as application/json'),
        (answer(b"\xff", kind="text/plain"), "as text/plain"),
        (answer({"status": 200}, kind="application/problem+json"), "problem+json"),
        (answer("<html>", kind="text/html"), "a page as text/html"),
        (answer('{"ok": NaN}'), "not strict JSON"),
        (answer({"ok": False}, status=503), "status 503"),
        (answer("", status=401), "--header"),
        (answer("", status=302, location="https://login.example/?token=x"), "https://login.example/"),
        (answer("password=hunter2hunter2", kind="text/css"), "password=***"),
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
        (answer({"state": "odd", "node": "web-two"}), "changes"),
        (answer([1]), "changes"),
        (answer("OK", kind="text/plain"), "different forms"),
        (answer("<b>OK</b>", kind="text/html"), "two different answers"),
        (Failure(BASE, FailureKind.TIMEOUT, Phase.HEADERS, "too late", NOW, Timings()), "too late"),
        (None, "no time"),
    ],
)
def test_second_answer(second: Answer | Failure | None, said: str) -> None:
    """What would not hold from one answer to the next is not promised."""
    first = answer({"state": "odd", "node": "web-one"})
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
    assert found.health is not None
    assert found.health.path == "/api/health"


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
    assert further_paths(seen, MISSING, f"{BASE}/shop") == (*expected, *RARE_PATHS)


def test_companions() -> None:
    """What is usual beside a path is asked where that one answered, and the rare paths are where none can be described."""
    good = answer({"ok": True})
    assert further_paths({"/-/healthy": good, "/q/health": MISSING}, MISSING, BASE) == (
        "/-/ready",
        "/-/metrics",
    )


def test_dollars_begin_no_variable() -> None:
    """What the service says is never taken for a variable; what the user says is."""
    found = Found(health=Health("/h", said={"fields": {"ok": "$HOME"}}))
    text = deployment_file("x", "http://a.example/$b", {"X-Key": "${KEY}"}, found)
    assert 'ok: "$$HOME"' in text
    assert 'base_url: "http://a.example/$$b"' in text
    assert 'X-Key: "${KEY}"' in text

"""The forms of health endpoints that are known by name: what the deployment file means where it says no more.

Keys and values are those of the deployment file's part ``health``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEAL_SCOUT = "deal-scout"
TEXT = ["text/plain"]
JSON = ["application/json", "+json"]
NO_FIELDS: dict[str, Any] = dict.fromkeys(("ok", "parts", "queue_depth", "time", "version"))
_JSON: dict[str, Any] = {
    "path": "/health",
    "status": {"healthy": [200], "unhealthy": [503]},
    "body": "json",
    "fields": NO_FIELDS,
}
FORMS: dict[str, dict[str, Any]] = {
    DEAL_SCOUT: _JSON
    | {
        "fields": {
            "ok": "ok",
            "parts": ["db", "redis"],
            "queue_depth": {"field": "queue_depth", "part": "redis"},
            "time": "time",
            "version": "version",
        }
    },
    "json": _JSON,
    # Spring Boot's; its components are shown only where that is configured.
    "actuator": _JSON
    | {
        "path": "/actuator/health",
        "fields": NO_FIELDS | {"ok": {"at": "/status", "healthy": ["UP"]}},
    },
    # draft-inadarei-api-health-check-06, section 3.1: warn is healthy, with some concerns.
    "health-json": _JSON
    | {
        "status": {"healthy": [200], "unhealthy": [503, 500]},
        "fields": NO_FIELDS | {"ok": {"at": "/status", "healthy": ["pass", "ok", "up", "warn"]}},
    },
    # Mozilla's; a warning is answered with status 200.
    "dockerflow": _JSON
    | {
        "path": "/__heartbeat__",
        "status": {"healthy": [200], "unhealthy": [500, 502, 503]},
        "fields": NO_FIELDS | {"version": {"at": "/version", "path": "/__version__"}},
    },
    # Kubernetes' own servers, and etcd.
    "livez": {
        "path": "/livez",
        "status": {"healthy": [200], "unhealthy": [500, 503]},
        "body": "text",
        "content_type": TEXT,
        "expect_text": "^ok$",
        "fields": NO_FIELDS,
    },
    "text": {
        "path": "/health",
        "status": {"healthy": [200], "unhealthy": [500, 503]},
        "body": "text",
        "content_type": TEXT,
        "fields": NO_FIELDS,
    },
}
"""By name, from what is said nowhere else in the file. Every key here is one that depends on the form."""
KEYS = ("path", "status", "body", "content_type", "expect_text", "schema", "fields")
"""The keys that depend on the form."""


def described(said: Mapping[str, Any], below: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What is meant of one endpoint, for the keys in ``KEYS``.

    ``said`` is what the file says of it, ``below`` what it says of all endpoints, and means by that: an endpoint with a
    form of its own takes none of these keys from there.
    """
    if "form" in said or below is None:
        # Whoever says that it is no JSON does not speak of Deal Scout.
        body = said.get("body")
        form = said.get("form") or {"text": "text", "none": "text"}.get(str(body), DEAL_SCOUT)
        base: Mapping[str, Any] = FORMS[form]
    else:
        base = {key: below[key] for key in KEYS if key in below}
    if said.get("body", base["body"]) != base["body"]:
        # What a form says of one kind of body says nothing of another.
        base = {"path": base["path"], "status": base["status"], "fields": NO_FIELDS}
    meant = {**base, **{key: said[key] for key in KEYS if key in said}}
    for key in ("status", "fields"):
        meant[key] = {**base[key], **(said.get(key) or {})}
    if "content_type" not in meant:
        meant["content_type"] = {"json": JSON, "text": TEXT, "none": None}[meant["body"]]
    return meant

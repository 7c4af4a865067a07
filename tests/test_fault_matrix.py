"""The fault matrix: every fault, and what every check of the health chapter says about it.

A row names the checks that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other selected check stays MET: a check that turns red for somebody else's fault fails here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reference.process import Reference, running_reference
from tests.raw_server import serve
from tests.suite import Ran, deployment_file, run_checks

IN_TIME = "test_answers_in_time"
OWN = "test_answer_is_its_own"
HEALTHY = "test_healthy_now"
STATUS = "test_status_tells_ok"
TYPE = "test_content_type_is_json"
STRICT = "test_body_is_strict_json"
SCHEMA = "test_body_fits_schema"
PARTS = "test_ok_is_all_parts"
DEPTH = "test_queue_depth_is_known"
CURRENT = "test_time_is_current"
MOVES = "test_time_moves_on"
STATED = "test_version_is_stated"
EXPECTED = "test_version_is_expected"
FRESH = "test_not_from_a_cache"
DISCLOSES = "test_discloses_nothing"
QUICK = "test_answers_within_max_response_time"
STEADY = "test_steady"
HOLDS = "test_holds_under_concurrency"

ALL = (
    IN_TIME, OWN, HEALTHY, STATUS, TYPE, STRICT, SCHEMA, PARTS, DEPTH, CURRENT, MOVES, STATED, EXPECTED, FRESH,
    DISCLOSES, QUICK, STEADY, HOLDS,
)  # fmt: skip
"""Every check but the outages, which have rows of their own below."""

WITHOUT_ANSWER = tuple(check for check in ALL if check != IN_TIME)
FROM_ELSEWHERE = tuple(check for check in ALL if check not in (IN_TIME, OWN))
FIELDS = (HEALTHY, STATUS, SCHEMA, PARTS, DEPTH, CURRENT, MOVES, STATED, EXPECTED, STEADY, HOLDS)
"""What needs the fields of a body that can be read."""


@dataclass(frozen=True)
class Row:
    """One fault."""

    fault: str
    breached: dict[str, str]
    """The checks that own it, each with a piece of its reason."""
    unmeasured: tuple[str, ...] = ()
    """The checks that could not judge because of it."""
    health: str = "{timeout: 2s, max_response_time: 1s, expect_version: 0.1.0}"
    """The deployment file's health part."""
    more: str = ""
    """More of the deployment file."""
    environ: dict[str, str] = field(default_factory=dict)


def compare(ran: Ran, row: Row) -> None:
    """Every verdict of the run is the row's, for the row's reason."""
    assert ran.record is not None, ran.output
    got = {entry["check"].rpartition("::")[2]: entry for entry in ran.record["checks"]}
    expected = dict.fromkeys(got, "MET") | dict.fromkeys(row.unmeasured, "UNMEASURED") | dict.fromkeys(row.breached, "BREACHED")  # fmt: skip
    told = {name: f"{entry['verdict']}: {entry['reason']}" for name, entry in got.items()}
    assert {name: entry["verdict"] for name, entry in got.items()} == expected, json.dumps(told, indent=1)
    for name, reason in row.breached.items():
        assert reason in got[name]["reason"], told[name]
    assert ran.status == (1 if row.breached or row.unmeasured else 0), ran.output
    assert "Traceback" not in ran.output, ran.output


# The service's own faults, switched on in the running reference: fault, who is BREACHED and why, who is UNMEASURED.
SERVICE = [
    Row("none", {}),
    # The body.
    Row("ok-false-with-200", {HEALTHY: "ok is false", STATUS: "200", PARTS: "ok is false"}),
    Row("status-503-when-ok", {HEALTHY: "503", STATUS: "503"}),
    Row("status-500", {HEALTHY: "500", STATUS: "500"}),
    Row("db-false-but-ok", {HEALTHY: "db is false", PARTS: "db is false"}),
    Row("all-false-200", {HEALTHY: "ok is false", STATUS: "200"}, (DEPTH,)),
    Row("ok-as-string", {SCHEMA: "ok"}, (HEALTHY, STATUS, PARTS, STEADY, HOLDS)),
    Row("ok-missing", {SCHEMA: "ok"}, (HEALTHY, STATUS, PARTS, STEADY, HOLDS)),
    Row("db-missing", {SCHEMA: "db"}, (HEALTHY, PARTS, STEADY, HOLDS)),
    Row("unknown-field-type", {SCHEMA: "queue_depth"}, (DEPTH,)),
    Row("queue-depth-negative", {DEPTH: "-1"}),
    Row("queue-depth-fraction", {DEPTH: "1.5"}),
    Row("queue-depth-null", {DEPTH: "null"}),
    Row("time-missing", {SCHEMA: "time"}, (CURRENT, MOVES)),
    Row("time-without-offset", {CURRENT: "offset"}, (MOVES,)),
    Row("time-not-a-time", {CURRENT: "RFC 3339"}, (MOVES,)),
    Row("time-behind", {CURRENT: "behind"}),
    Row("time-ahead", {CURRENT: "ahead"}),
    Row("time-frozen", {MOVES: "same"}),
    Row("version-empty", {STATED: "empty", EXPECTED: "0.1.0"}),
    Row("version-other", {EXPECTED: "0.0.9"}),
    Row("version-missing", {SCHEMA: "version"}, (STATED, EXPECTED)),
    Row("nan", {STRICT: "NaN"}, FIELDS),
    Row("duplicate-key", {STRICT: "twice"}, FIELDS),
    Row("trailing-garbage", {STRICT: "after"}, FIELDS),
    Row("invalid-utf8", {STRICT: "UTF-8"}, FIELDS),
    Row("bom", {STRICT: "byte-order mark"}, FIELDS),
    Row("empty-body", {STRICT: "empty"}, FIELDS),
    Row("html-body", {TYPE: "text/html", STRICT: "JSON"}, FIELDS),
    Row("array-body", {STRICT: "object"}, FIELDS),
    Row("text-plain", {TYPE: "text/plain"}),
    Row("no-content-type", {TYPE: "no Content-Type"}),
    # What it tells a stranger.
    Row("leaks-connection-string", {DISCLOSES: "connection string"}),
    Row("leaks-stack-trace", {DISCLOSES: "stack trace"}),
    Row("leaks-credential", {DISCLOSES: ""}),
    # Caches.
    Row("cached-age", {FRESH: "Age"}),
    Row("cached-max-age", {FRESH: "max-age"}),
    # Time and company.
    Row("flapping", {}),
    Row("flapping-rarely", {}),
    Row("slow", {QUICK: "1."}),
    Row("slow-sometimes", {QUICK: "1."}),
    Row("hangs", {IN_TIME: "2"}, WITHOUT_ANSWER),
    Row("one-at-a-time", {HOLDS: "2"}),
    Row("concurrent-503", {HOLDS: "503"}),
    # Answers from elsewhere.
    Row("redirect-login", {OWN: "/login"}, FROM_ELSEWHERE),
    Row("redirect-other-path", {OWN: "/ping"}, FROM_ELSEWHERE),
]  # fmt: skip


@pytest.fixture(scope="module")
def reference() -> Iterator[Reference]:
    """One reference Deal Scout for all rows that switch its faults."""
    with running_reference() as booted:
        yield booted


@pytest.mark.xdist_group("reference")
@pytest.mark.parametrize("row", SERVICE, ids=lambda row: row.fault)
def test_fault_of_the_service(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each fault of the service turns exactly its own checks red."""
    local = deployment_file(tmp_path, reference.deployment["base_url"], row.health, row.more)
    with reference.health_fault(row.fault):
        compare(run_checks(local, folder=tmp_path), row)

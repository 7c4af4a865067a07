"""The fault matrix: every fault, and what every check of the health chapter says about it.

A row names the checks that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other selected check stays MET: a check that turns red for somebody else's fault fails here too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reference.process import Reference, running_reference
from tests.raw_server import serve
from tests.suite import Ran, deployment_file, run_checks

IN_TIME = "test_answers_in_time"
OWN = "test_answer_is_its_own"
HEALTHY = "test_healthy_now"
STATUS = "test_status_tells_ok"
TYPE = "test_content_type_is_expected"
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


def compare(ran: Ran, row: Row, checks: tuple[str, ...] = ALL) -> None:
    """Every verdict of the run is the row's, for the row's reason, and no check has silently vanished."""
    assert ran.record is not None, ran.output
    got = {entry["check"].rpartition("::")[2]: entry for entry in ran.record["checks"]}
    expected = dict.fromkeys(checks, "MET") | dict.fromkeys(row.unmeasured, "UNMEASURED") | dict.fromkeys(row.breached, "BREACHED")  # fmt: skip
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
    Row("all-false-200", {HEALTHY: "ok is false", STATUS: "200"}),
    Row("ok-as-string", {SCHEMA: "$.ok: found"}, (HEALTHY, STATUS, PARTS, STEADY, HOLDS)),
    Row("ok-missing", {SCHEMA: "$.ok is missing"}, (HEALTHY, STATUS, PARTS, STEADY, HOLDS)),
    Row("db-missing", {SCHEMA: "$.db is missing"}, (HEALTHY, PARTS, STEADY, HOLDS)),
    Row("unknown-field-type", {SCHEMA: "$.queue_depth: found"}, (DEPTH,)),
    Row("queue-depth-negative", {DEPTH: "-1"}),
    Row("queue-depth-fraction", {DEPTH: "1.5", SCHEMA: "1.5"}),
    Row("queue-depth-null", {DEPTH: "null"}),
    Row("time-missing", {SCHEMA: "$.time is missing"}, (CURRENT, MOVES)),
    Row("time-without-offset", {CURRENT: "offset"}, (MOVES,)),
    Row("time-not-a-time", {CURRENT: "RFC 3339"}, (MOVES,)),
    Row("time-behind", {CURRENT: "behind"}),
    Row("time-ahead", {CURRENT: "ahead"}),
    Row("time-frozen", {MOVES: "stood still"}),
    Row("version-empty", {STATED: 'version is ""', EXPECTED: "0.1.0"}),
    Row("version-other", {EXPECTED: "0.0.9"}),
    Row("version-missing", {SCHEMA: "$.version is missing"}, (STATED, EXPECTED)),
    Row("nan", {STRICT: "NaN"}, FIELDS),
    Row("duplicate-key", {STRICT: "twice"}, FIELDS),
    Row("trailing-garbage", {STRICT: "after"}, FIELDS),
    Row("invalid-utf8", {STRICT: "UTF-8"}, FIELDS),
    Row("bom", {STRICT: "byte order mark"}, FIELDS),
    Row("empty-body", {STRICT: "empty"}, FIELDS),
    Row("html-body", {TYPE: "text/html", STRICT: "JSON"}, FIELDS),
    Row("array-body", {STRICT: "object"}, FIELDS),
    Row("text-plain", {TYPE: "text/plain"}),
    Row("no-content-type", {TYPE: "no Content-Type"}),
    # What it tells a stranger.
    Row("leaks-connection-string", {DISCLOSES: "connection string"}),
    Row("leaks-stack-trace", {DISCLOSES: "stack trace"}),
    Row("leaks-credential", {DISCLOSES: "discloses a credential"}),
    # Caches.
    Row("cached-age", {FRESH: "Age"}),
    Row("cached-max-age", {FRESH: "max-age"}),
    # Time and company.
    Row("flapping", {STEADY: "2 of 5 calls differ", HOLDS: "503"}),
    Row("flapping-rarely", {STEADY: "1 of 5 calls differs", HOLDS: "503"}),
    Row("slow", {QUICK: "the slowest call took 1.", HOLDS: "expected at most 1 s (max_response_time)"}),
    Row("slow-sometimes", {QUICK: "the slowest call took 1.", HOLDS: "expected at most 1 s (max_response_time)"}),
    Row("hangs", {IN_TIME: "the time limit of 2 s ran out"}, WITHOUT_ANSWER),
    Row("one-at-a-time", {HOLDS: "of 5 concurrent calls fail"}),
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


def _together(rows: list[Row]) -> list[Any]:
    """The rows in one group of pytest-xdist, with one reference, and not one boot a worker."""
    return [pytest.param(row, id=row.fault, marks=pytest.mark.xdist_group("health")) for row in rows]


@pytest.mark.parametrize("row", _together(SERVICE))
def test_fault_of_the_service(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each fault of the service turns exactly its own checks red."""
    local = deployment_file(tmp_path, reference.deployment["base_url"], row.health, row.more)
    with reference.health_fault(row.fault):
        compare(run_checks(local, folder=tmp_path), row)


@dataclass(frozen=True)
class Wire:
    """A fault of the wire: a transport fault of the raw server, and what is expected of it."""

    fault: str
    reason: str
    """A piece of the reason that ``test_answers_in_time`` gives."""
    url: str = "{url}"
    options: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)


# Each takes the answer away: test_answers_in_time is BREACHED for this reason, and nothing else can be judged. One of each kind
# of trouble: what is said of each of the raw server's faults, tests/tools/http/test_transport.py and its neighbours show.
NO_ANSWER = [
    Wire("refused", "refused"),
    Wire("accepts-never-answers", "headers"),
    Wire("reset-mid-body", "reset"),
    Wire("not-http", "HTTP"),
    Wire("gzip-bomb", "larger than"),
    Wire("redirect-loop", "loop"),
    Wire("expired", "expired"),
    Wire("unknown-ca", "certificate"),
    Wire("healthy", "no-such-host.invalid", "http://no-such-host.invalid", ("-p", "tests.faulty_resolver"), {"FAULTY_RESOLVER": "unknown"}),
    Wire("healthy", "name lookup", "http://stalled.invalid", ("-p", "tests.faulty_resolver"), {"FAULTY_RESOLVER": "stalled"}),
]  # fmt: skip


@pytest.mark.parametrize("wire", NO_ANSWER, ids=lambda wire: wire.environ.get("FAULTY_RESOLVER", wire.fault))
def test_fault_of_the_wire(wire: Wire, tmp_path: Path) -> None:
    """Without an answer one check is BREACHED for the fault's own reason, and all others say that they cannot judge.

    The whole run costs the time limit once, not once a check.
    """
    row = Row(wire.fault, {IN_TIME: wire.reason}, WITHOUT_ANSWER)
    with serve(wire.fault) as server:
        health = "{timeout: 1s, max_response_time: 1s, expect_version: 0.1.0}"
        ca = f"ca: {server.ca_file}" if server.ca_file and wire.fault != "unknown-ca" else ""
        local = deployment_file(tmp_path, wire.url.format(url=server.base_url), health, ca)
        ran = run_checks(local, *wire.options, folder=tmp_path, environ=wire.environ)
    compare(ran, row)
    assert ran.record is not None
    assert sum(entry["duration"] for entry in ran.record["checks"]) < 2 + 1, "the time limit and 1 s, once"


def test_a_resolver_that_does_not_answer_teaches_nothing(tmp_path: Path) -> None:
    """Where the prober's own side fails, every check is UNMEASURED, and none is BREACHED."""
    row = Row("unreachable", {}, ALL)
    local = deployment_file(
        tmp_path, "http://deal-scout.invalid", "{timeout: 1s, max_response_time: 1s, expect_version: 0.1.0}"
    )
    compare(
        run_checks(
            local, "-p", "tests.faulty_resolver", folder=tmp_path, environ={"FAULTY_RESOLVER": "unreachable"}
        ),
        row,
    )


def test_a_private_ca_is_named_and_trusted(tmp_path: Path) -> None:
    """With ``ca:`` the same server is green that is a breach without it."""
    with serve("tls-ok") as server:
        local = deployment_file(tmp_path, server.base_url, more=f"ca: {server.ca_file}")
        compare(run_checks(local, folder=tmp_path), Row("none", {}))
        local = deployment_file(
            tmp_path, server.base_url, "{timeout: 1s, max_response_time: 1s, expect_version: 0.1.0}"
        )
        compare(run_checks(local, folder=tmp_path), Row("no-ca", {IN_TIME: "certificate"}, WITHOUT_ANSWER))


def test_a_redirect_to_another_host_is_not_its_own_answer(tmp_path: Path) -> None:
    """A perfect answer from another host is somebody else's."""
    with serve("redirect-other-host") as server:
        row = Row("redirect-other-host", {OWN: "127.0.0.1"}, FROM_ELSEWHERE)
        compare(run_checks(deployment_file(tmp_path, server.base_url, row.health), folder=tmp_path), row)


def test_a_pass_after_a_retry_is_flaky(tmp_path: Path) -> None:
    """With ``retries`` a lost connection is tried again; what passes then is MET, but told as flaky, not as plain green."""
    health = "{timeout: 1s, max_response_time: 1s, expect_version: 0.1.0, retries: 3}"
    with serve("resets-then-ok") as server:
        ran = run_checks(deployment_file(tmp_path, server.base_url, health), "-rA", folder=tmp_path)
    compare(ran, Row("resets-then-ok", {}))
    assert ran.entry(HEALTHY)["flaky"]
    assert "MET (flaky) checks/test_health.py::test_healthy_now" in ran.output
    assert " flaky)" in ran.output
    titles = [piece["title"] for piece in ran.entry(HEALTHY)["evidence"]]
    assert any("attempt 1 of" in title for title in titles), titles


def test_without_retries_a_lost_connection_is_a_breach(tmp_path: Path) -> None:
    """By default nothing is tried twice."""
    with serve("resets-then-ok") as server:
        ran = run_checks(deployment_file(tmp_path, server.base_url), folder=tmp_path)
    assert ran.verdict(IN_TIME) == "BREACHED"


def test_every_check_has_a_fault() -> None:
    """A check that no row turns red does not land."""
    from_service = {check for row in SERVICE for check in row.breached}
    from_outages = {check.partition("[")[0] for row in OUTAGES for check in row.breached}
    collected = {
        line.partition("::")[2].partition("[")[0]
        for line in run_checks(None, "--collect-only", "-q", folder=Path("/nonexistent")).output.splitlines()
        if line.startswith("checks/test_health.py::")
    }
    # In test_endpoints.py and test_rollout.py: the reference has a body, and one replica.
    elsewhere = {"test_body_is_empty", "test_version_arrived"}
    assert collected == from_service | from_outages | elsewhere


FAULTS = ("redis-stopped", "redis-hung", "postgres-stopped", "postgres-hung")


def _outage(fault: str) -> str:
    return f"test_outage_is_told[{fault}]"


# Faults of a health endpoint that only an outage brings to light; Row.breached as above, of the outages alone.
OUTAGES = [
    Row("none", {}),
    Row("blind-to-redis", {_outage("redis-stopped"): "redis is true", _outage("redis-hung"): "redis is true"}),
    Row("blind-to-postgres", {_outage("postgres-stopped"): "db is true", _outage("postgres-hung"): "db is true"}),
    Row("blames-both", {_outage(fault): "false too" for fault in FAULTS}),
    Row("late-with-outage", {_outage(fault): "no complete answer" for fault in FAULTS}),
]  # fmt: skip


@pytest.mark.parametrize("row", _together(OUTAGES))
def test_fault_that_an_outage_brings_to_light(row: Row, reference: Reference, tmp_path: Path) -> None:
    """Each outage is told by a sound endpoint, and each way of not telling it is a breach of that outage's check."""
    with reference.health_fault(row.fault):
        ran = run_checks(reference.deployment_file, "-k", "outage", folder=tmp_path)
        compare(ran, row, tuple(map(_outage, FAULTS)))


@pytest.mark.xdist_group("health")
def test_a_part_that_comes_back_too_late(reference: Reference, tmp_path: Path) -> None:
    """Not healthy again within ``recovery`` of the part's return is a breach."""
    row = Row("slow-recovery", {_outage("redis-stopped"): "not healthy"})
    with reference.health_fault(row.fault):
        ran = run_checks(reference.deployment_file, "-k", "redis-stopped", folder=tmp_path)
        compare(ran, row, (_outage("redis-stopped"),))

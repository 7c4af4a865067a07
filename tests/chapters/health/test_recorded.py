"""What servers that others wrote have answered, described by a deployment file alone: `proven/deployments/NAME.yaml`.

The answers in `recorded/` are real ones, unless their file says that they were written from a system's documentation. The
servers themselves are asked by `make proven`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from deployspec.app import OURS
from deployspec.chapters.health.judge.form import body_is_empty
from deployspec.chapters.health.judge.meaning import healthy_now, status_tells_ok
from deployspec.chapters.health.judge.repeat import steady
from deployspec.chapters.health.model import HealthPromise
from deployspec.chapters.health.part import HEALTH, Health
from deployspec.deployment import load
from deployspec.model.http import Answer, Call, Timings
from deployspec.model.verdict import Outcome, Verdict
from tests.chapters.health.test_chain import judged
from tests.suite import ROOT

RECORDED = Path(__file__).with_name("recorded")
SYSTEMS = sorted(path.stem for path in RECORDED.glob("*.json"))
NOW = 1_795_902_656.7
"""About when py-healthcheck was recorded, which tells the time."""
NEVER_SICK = {
    ("redis-exporter", ""),
    ("flower", ""),
    ("prometheus", "liveness"),
}
"""Endpoints that went on to say that they are well while something behind them was not, as their file says."""
FROZEN = {
    "alertmanager",
    "blackbox-exporter",
    "datasette",
    "influxdb",
    "json-server",
    "jupyter-server",
    "pushgateway",
}
"""Nothing but to stop the process makes these sick, and then there is no answer to be recorded: `make proven` does so."""
PAGE = b"<html><title>503 Service Temporarily Unavailable</title></html>"


@cache
def recorded(system: str) -> list[dict[str, Any]]:
    """The answers of a system to whoever accepts JSON and has credentials."""
    answers: list[dict[str, Any]] = json.loads((RECORDED / f"{system}.json").read_text("utf-8"))["answers"]
    return [
        one
        for one in answers
        if one.get("request", {}).get("accept", "application/json") == "application/json"
        and "without credentials" not in one["state"]
    ]


@cache
def endpoints(system: str) -> tuple[tuple[Health, str], ...]:
    """The endpoints of a system, as its deployment file describes them, each with the base URL."""
    deployment = load(ROOT / "proven" / "deployments" / f"{system}.yaml", {}, OURS, ())
    return tuple((one, deployment.base_url) for one in deployment.require(HEALTH))


def promise_of(health: Health, base_url: str) -> HealthPromise:
    """What is promised, with the schema that the file means."""
    said = {key: value for key, value in vars(health).items() if key not in ("name", "schema")}
    assert not isinstance(health.schema, Path)
    return HealthPromise(**said, base_url=base_url, schema=health.schema or {})


def call_of(answer: dict[str, Any], base_url: str) -> Call:
    """A call that brought this answer."""
    headers = tuple((name, value) for name, value in answer["headers"])
    url = base_url.removesuffix("/v1") + answer["path"]
    body = answer["body"].encode()
    return Call((Answer(url, answer["status"], headers, body, NOW, NOW + 0.1, Timings({}, 0.1)),))


def answers_of(system: str, promise: HealthPromise) -> Iterator[tuple[str, Call]]:
    """State and call of each answer of this endpoint."""
    prefix = promise.base_url.partition("8000")[2]
    for one in recorded(system):
        if one["path"] == prefix + promise.path:
            yield one["state"], call_of(one, promise.base_url)


ENDPOINTS = [
    pytest.param(system, promise_of(health, base_url), health.name, id=f"{system}-{health.name}".strip("-"))
    for system in SYSTEMS
    for health, base_url in endpoints(system)
]


def verdicts_on(call: Call, promise: HealthPromise) -> dict[str, Verdict]:
    """By check, the verdicts of those that the deployment file asks for."""
    fields, body = promise.fields, promise.body
    asked = {
        "status_tells_ok": fields.ok is not None or promise.expect_text is not None,
        "content_type_is_expected": promise.content_type is not None,
        "body_is_strict_json": body == "json",
        "body_fits_schema": bool(promise.schema),
        "ok_is_all_parts": fields.ok is not None and fields.says_parts,
        "queue_depth_is_known": fields.queue_depth is not None,
        "time_is_current": fields.time is not None,
        "time_moves_on": False,
        "version_is_stated": fields.version is not None and fields.version.path is None,
        "version_is_expected": False,
        "answers_within_max_response_time": False,
    }
    found = {check: one for check, one in judged(call, promise).items() if asked.get(check, True)}
    return found | ({"body_is_empty": body_is_empty(call, promise)} if body == "none" else {})


def breached(call: Call, promise: HealthPromise) -> dict[str, str]:
    """The checks that are BREACHED, with their reasons; each of the others is MET."""
    verdicts = verdicts_on(call, promise)
    assert {check: one.reason for check, one in verdicts.items() if one.outcome is Outcome.UNMEASURED} == {}
    return {check: one.reason for check, one in verdicts.items() if one.outcome is Outcome.BREACHED}


def test_each_system_has_its_file() -> None:
    """What was recorded is described, and what is described was recorded."""
    assert sorted(path.stem for path in (ROOT / "proven" / "deployments").glob("*.yaml")) == SYSTEMS
    assert len(SYSTEMS) >= 19


@pytest.mark.parametrize(("system", "promise", "name"), ENDPOINTS)
def test_a_system_that_is_well_is_green(system: str, promise: HealthPromise, name: str) -> None:
    """Each check that its file asks for is MET for each answer, and for all of them in a row."""
    well = [call for state, call in answers_of(system, promise) if state.startswith("well")]
    assert well
    if system == "spring-boot-actuator" and name == "all":
        well = well[:2]  # with components, as its file says
    if system == "health-json-draft":
        well = well[:2]
    for call in well:
        assert breached(call, promise) == {}
    assert steady([well[0], *well, well[-1]], promise).outcome is Outcome.MET


@pytest.mark.parametrize(("system", "promise", "name"), ENDPOINTS)
def test_a_system_that_is_sick_says_so(system: str, promise: HealthPromise, name: str) -> None:
    """It is honestly unhealthy: no check but the one that it is healthy is BREACHED, and flapping is seen."""
    well = next(call for state, call in answers_of(system, promise) if state.startswith("well"))
    sick = [(state, call) for state, call in answers_of(system, promise) if state.startswith("sick")]
    assert bool(sick) is (system not in FROZEN)
    for state, call in sick:
        if (system, name) in NEVER_SICK or "warning" in state:
            assert breached(call, promise) == {}, state
            continue
        if call.result.status in promise.status.healthy:
            assert healthy_now(call, promise).outcome is (
                Outcome.BREACHED if "UNKNOWN" in state else Outcome.MET
            )
            continue
        assert "status 5" in healthy_now(call, promise).reason
        assert healthy_now(call, promise).outcome is Outcome.BREACHED
        if promise.says_state:
            verdict = status_tells_ok([call], promise)
            assert verdict.outcome is Outcome.MET or "names no field that says" in verdict.reason, verdict
        verdict = steady([well, call, well, call, well], promise)
        assert verdict.outcome is Outcome.BREACHED, state
        assert "2 of 5 calls differ" in verdict.reason


@pytest.mark.parametrize(("system", "promise", "name"), ENDPOINTS)
def test_a_page_in_its_place_is_red(system: str, promise: HealthPromise, name: str) -> None:
    """What a proxy says instead is never green, whatever its status: its body, its type or its status is wrong."""
    well = next(call for state, call in answers_of(system, promise) if state.startswith("well"))
    for status in (503, promise.status.healthy[0]):
        page = replace(well.result, status=status, body=PAGE, headers=(("content-type", "text/html"),))
        found = verdicts_on(Call((page,)), promise)
        assert any(one.outcome is Outcome.BREACHED for one in found.values()), (system, name, status)
        assert steady([well, Call((page,)), well], promise).outcome is Outcome.BREACHED

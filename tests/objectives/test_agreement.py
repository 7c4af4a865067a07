"""Alert rules against the objectives that they watch over."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.contracts.rule_files import Rule, read_rules
from deployspec.contracts.verdict import Outcome
from deployspec.objectives.agreement import agrees
from deployspec.objectives.model import Objective
from deployspec.objectives.openslo import read_objectives

ROOT = Path(__file__).resolve().parents[2]


def objective(name: str, **replaced: str) -> Objective:
    """One of the project's own."""
    text = (ROOT / "slos" / f"{name}.yaml").read_text()
    for old, new in replaced.items():
        text = text.replace(old, new)
    (found,) = read_objectives(text, f"slos/{name}.yaml").objectives
    return found


def rules(file: str, old: str = "", new: str = "") -> list[Rule]:
    """The project's own rules, with a piece replaced."""
    text = (ROOT / "rules" / file).read_text()
    assert old in text
    return list(read_rules(text.replace(old, new) if old else text, f"rules/{file}").rules)


LATENCY, AVAILABILITY = objective("api-latency"), objective("api-availability")


def test_the_projects_own_rules_agree() -> None:
    """Both of them."""
    assert agrees(LATENCY, rules("latency.rules.yml")).outcome is Outcome.MET
    assert agrees(AVAILABILITY, rules("api.rules.yml")).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("> 0.5", "> 0.51", "fires at > 0.51 s; expected > 0.5 s", id="threshold"),
        pytest.param("> 0.5", "> 0.5000001", "fires at > 0.5000001 s", id="threshold-by-a-hair"),
        pytest.param("> 0.5", ">= 0.5", "fires at >= 0.5 s", id="or-equal"),
        pytest.param("0.95,", "0.9,", "takes the quantile 0.9; expected 0.95", id="quantile"),
        pytest.param("/ping", "/pong", "reads deal_scout_request_duration_seconds_bucket{path!~", id="matchers"),
        pytest.param("deal_scout_request_duration", "other", "reads other_seconds_bucket", id="metric"),
        pytest.param("alert: HighLatency", "alert: SlowLatency", "HighLatency, which no rule file has", id="no-such-alert"),
    ],
)  # fmt: skip
def test_a_latency_rule_that_says_something_else(old: str, new: str, reason: str) -> None:
    """Each difference is a breach with its own reason, and where both stand."""
    verdict = agrees(LATENCY, rules("latency.rules.yml", old, new))
    assert verdict.outcome is Outcome.BREACHED
    assert reason in verdict.reason
    assert "slos/api-latency.yaml:2" in verdict.reason


@pytest.mark.parametrize("written", ["0.50", "5e-1", "(0.5)"])
def test_the_same_number_written_otherwise(written: str) -> None:
    """0.50 is 0.5."""
    assert agrees(LATENCY, rules("latency.rules.yml", "> 0.5", f"> {written}")).outcome is Outcome.MET


def test_the_share_form_agrees_too() -> None:
    """Fewer than 95% in the bucket of 0.5 s asks the same as the quantile."""
    text = (
        "groups:\n- name: g\n  rules:\n  - alert: HighLatency\n    expr: |\n"
        '      sum(rate(deal_scout_request_duration_seconds_bucket{path!~"/health|/metrics|/ping", le="0.5"}[5m]))\n'
        '        / sum(rate(deal_scout_request_duration_seconds_count{path!~"/health|/metrics|/ping"}[5m])) < 0.95\n'
    )
    assert agrees(LATENCY, read_rules(text, "r.yml").rules).outcome is Outcome.MET
    other = agrees(LATENCY, read_rules(text.replace('le="0.5"', 'le="1.0"'), "r.yml").rules)
    assert other.outcome is Outcome.BREACHED
    assert 'le="1.0"' in other.reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("> 0.05", "> 0.5", "fires at > 0.5; expected > 0.05 (5%)", id="threshold"),
        pytest.param('status=~"5.."', 'status=~"4.."', "reads deal_scout_requests_total{path!~", id="status"),
        pytest.param("deal_scout_requests_total", "x_total", "reads x_total", id="metric"),
    ],
)
def test_an_error_rule_that_says_something_else(old: str, new: str, reason: str) -> None:
    """Each difference is a breach with its own reason."""
    verdict = agrees(AVAILABILITY, rules("api.rules.yml", old, new))
    assert verdict.outcome is Outcome.BREACHED
    assert reason in verdict.reason


def test_the_number_may_stand_to_the_left() -> None:
    """``0.05 < …`` is ``… > 0.05``."""
    text = 'groups: [{name: g, rules: [{alert: HighErrorRate, expr: "0.05 < sum(rate(bad[5m])) / sum(rate(all[5m]))"}]}]'
    reason = agrees(AVAILABILITY, read_rules(text, "r.yml").rules).reason
    assert "fires at" not in reason
    assert "reads bad{}" in reason


def test_an_objective_without_alerts_is_unmeasured() -> None:
    """It says how to name one."""
    verdict = agrees(objective("api-latency", **{"    deployspec/alerts: HighLatency\n": "    x: y\n"}), [])
    assert verdict.outcome is Outcome.UNMEASURED
    assert "deployspec/alerts" in verdict.reason


@pytest.mark.parametrize("expr", ["up == 0 or up == 2", "up", "vector(1) > scalar(up)"])
def test_a_form_that_is_not_understood_is_unmeasured(expr: str) -> None:
    """Not green: which number is the threshold cannot be told."""
    text = f'groups: [{{name: g, rules: [{{alert: HighLatency, expr: "{expr}"}}]}}]'
    verdict = agrees(LATENCY, read_rules(text, "r.yml").rules)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "expected once" in verdict.reason

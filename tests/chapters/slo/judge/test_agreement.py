"""Alert rules against the objectives that they watch over."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deployspec.chapters.slo.judge.agreement import agrees
from deployspec.languages.openslo import read_objectives
from deployspec.languages.openslo.model import AvailabilityIndicator, Objective
from deployspec.languages.rule_files.model import Rule
from deployspec.languages.rule_files.rules import read_rules
from deployspec.model.verdict import Outcome
from tests.suite import ROOT


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


BAD = 'sum(rate(deal_scout_requests_total{path!~"/health|/metrics|/ping", status=~"5.."}[5m]))'
ALL = 'sum(rate(deal_scout_requests_total{path!~"/health|/metrics|/ping"}[5m]))'
BUCKETS = 'rate(deal_scout_request_duration_seconds_bucket{path!~"/health|/metrics|/ping"}[5m])'
QUICK = BUCKETS.replace('ping"', 'ping", le="0.5"')
EITHER = BAD.replace('status=~"5.."', 'status=~"5.." or path="x"')
COUNT = BUCKETS.replace("_bucket", "_count")


def alerts(name: str, *exprs: str) -> tuple[Rule, ...]:
    """A file with a rule of this name for each expression."""
    listed = "".join(f"  - alert: {name}\n    expr: {json.dumps(expr)}\n" for expr in exprs)
    return read_rules(f"groups:\n- name: g\n  rules:\n{listed}", "r.yml").rules


# columns: an alert's expression that has the right number, metrics and matchers somewhere, and why that is not enough
NOT_UNDERSTOOD = [
    pytest.param(f"100 * {BAD} / {ALL} > 0.05", "100 * sum(rate(", id="percent"),
    pytest.param(f"{BAD} + {ALL} > 0.05", "is not understood", id="sum-of-both"),
    pytest.param(f"{BAD} / ({ALL} + {BAD}) > 0.05", "is not understood", id="other-whole"),
    pytest.param(f"{BAD} / {ALL} > bool 0.05", "a comparison with bool", id="bool"),
    pytest.param(f"absent({BAD} / {ALL} > 0.05)", "not one comparison with a number", id="absent"),
    pytest.param(f"{BAD} / {ALL} > 0.05 unless {ALL}", "not one comparison with a number", id="unless"),
    pytest.param(f"({BAD} / {ALL} > 0.05) * 0 == 3", "not one comparison with a number", id="comparison-within"),
    pytest.param(f"{BAD} / {ALL} == 0.05", "not one comparison with a number", id="equal"),
    pytest.param(f"{BAD.replace('5m]', '5m] offset 1d')} / {ALL} > 0.05", "a time other than now", id="offset"),
    pytest.param(f"{BAD} / {ALL.replace('5m]', '5m] @ 100')} > 0.05", "a time other than now", id="at"),
    pytest.param(f"{BAD.replace('5m', '1h')} / {ALL} > 0.05", "over different times", id="two-ranges"),
    pytest.param(f"{BAD.replace('rate', 'increase')} / {ALL} > 0.05", "by different functions", id="two-functions"),
    pytest.param(f"max_over_time(({BAD} / {ALL})[1h:]) > 0.05", "max_over_time", id="worst-of-an-hour"),
    pytest.param(f"1 - {BAD} < 0.95", "from 1 something that is not a share", id="rest-of-a-rate"),
    pytest.param("up == 0 or up == 2", "not one comparison with a number", id="or"),
    pytest.param("up", "not one comparison with a number", id="no-comparison"),
    pytest.param("vector(1) > scalar(up)", "not one comparison with a number", id="no-number"),
    pytest.param("vector(1) > 0.05", "vector(1) is not understood", id="constant"),
    pytest.param("sum(", "cannot be read", id="no-promql"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "reason"), NOT_UNDERSTOOD)
def test_a_form_that_is_not_understood_is_unmeasured(expr: str, reason: str) -> None:
    """Not green although a number and the selectors agree: what stands around them makes something else of them."""
    verdict = agrees(AVAILABILITY, alerts("HighErrorRate", expr))
    assert verdict.outcome is Outcome.UNMEASURED
    assert reason in verdict.reason
    assert "slos/api-availability.yaml:2" in verdict.reason
    assert "r.yml:5:12" in verdict.reason


@pytest.mark.parametrize(
    "quantile",
    [
        pytest.param("1000 * histogram_quantile(0.95, BUCKETS) > 0.5", id="milliseconds"),
        pytest.param("avg_over_time(histogram_quantile(0.95, BUCKETS)[1h:]) > 0.5", id="mean-of-quantiles"),
        pytest.param("histogram_quantile(scalar(up), BUCKETS) > 0.5", id="quantile-from-elsewhere"),
        pytest.param("histogram_quantile(0.95, BUCKETS) > 0.5 and on () COUNT > 10", id="only-with-traffic"),
    ],
)
def test_a_quantile_with_something_around_it_is_unmeasured(quantile: str) -> None:
    """The same for latencies."""
    expr = quantile.replace("BUCKETS", BUCKETS).replace("COUNT", COUNT)
    assert agrees(LATENCY, alerts("HighLatency", expr)).outcome is Outcome.UNMEASURED


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        pytest.param(f"{ALL} / {BAD} > 0.05", "status=~\"5..\"} divided by deal_scout_requests_total{path", id="upside-down"),
        pytest.param(f"{BAD} > 0.05", "which is not a share; expected", id="requests-a-second"),
        pytest.param(f"{BAD} / {ALL} < 0.05", "fires at < 0.05; expected > 0.05", id="other-way-round"),
        pytest.param(f"1 - {BAD} / {ALL} > 0.95", "fires at > 0.95; expected < 0.95", id="rest-other-way-round"),
        pytest.param(f"{BAD} / {ALL} > 0.0500001", "fires at > 0.0500001; expected > 0.05 (5%)", id="by-a-hair"),
        pytest.param(f"{EITHER} / {ALL} > 0.05", 'or path="x"}', id="or-between-matchers"),
        pytest.param('rate(deal_scout_requests_total{status=~"5.."}[5m]) > 0.05', "which is not a share", id="the-guides-own"),
    ],
)  # fmt: skip
def test_a_share_that_is_another(expr: str, reason: str) -> None:
    """Read in full, and not what the objective says."""
    verdict = agrees(AVAILABILITY, alerts("HighErrorRate", expr))
    assert verdict.outcome is Outcome.BREACHED
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("expr", "outcome"),
    [
        pytest.param(f"sum({QUICK}) / sum({COUNT}) < 0.95", Outcome.MET, id="share"),
        pytest.param(f"1 - sum({QUICK}) / sum({COUNT}) > 0.05", Outcome.MET, id="share-of-slow-ones"),
        pytest.param(f"0.95 > (sum by (job) ({QUICK}) / sum by (job) ({COUNT}))", Outcome.MET, id="number-first"),
        pytest.param(f"sum({QUICK}) / sum({QUICK.replace('0.5', '+Inf')}) < 0.95", Outcome.MET, id="last-bucket"),
        pytest.param(f"sum({QUICK}) / sum({COUNT}) <= 0.95", Outcome.BREACHED, id="or-equal"),
        pytest.param(f"sum({QUICK}) / sum({COUNT}) < 0.9500001", Outcome.BREACHED, id="by-a-hair"),
        pytest.param(f"sum({COUNT}) / sum({QUICK}) < 0.95", Outcome.BREACHED, id="upside-down"),
        pytest.param(f"sum({QUICK}) < 0.95", Outcome.BREACHED, id="requests-a-second"),
        pytest.param(f"sum({QUICK.replace('0.5', '0.50')}) / sum({COUNT}) < 0.95", Outcome.BREACHED, id="no-such-bucket"),
        pytest.param(f"sum({BUCKETS}) / sum({COUNT}) < 0.95", Outcome.BREACHED, id="all-buckets"),
    ],
)  # fmt: skip
def test_shares_of_quick_requests(expr: str, outcome: Outcome) -> None:
    """The share at the boundary, or what is missing to it, over all requests."""
    assert agrees(LATENCY, alerts("HighLatency", expr)).outcome is outcome


@pytest.mark.parametrize("boundary", ["1", "1.0"])
def test_a_boundary_of_a_whole_second(boundary: str) -> None:
    """Clients write le="1"; Prometheus 3 keeps it as le="1.0"."""
    text = f"sum({QUICK.replace('0.5', boundary)}) / sum({COUNT}) < 0.95"
    one_second = objective("api-latency", **{"value: 0.5": "value: 1"})
    assert agrees(one_second, alerts("HighLatency", text)).outcome is Outcome.MET


def test_every_rule_of_the_name_is_asked() -> None:
    """Of two rules with one name the first says something else: what the last says does not hide it."""
    verdict = agrees(AVAILABILITY, alerts("HighErrorRate", f"{BAD} / {ALL} > 0.5", f"{BAD} / {ALL} > 0.05"))
    assert verdict.outcome is Outcome.BREACHED
    assert "HighErrorRate (r.yml:5:12) fires at > 0.5; expected > 0.05" in verdict.reason
    assert "r.yml:7" not in verdict.reason


def test_what_is_known_to_differ_is_a_breach_beside_what_is_not_understood() -> None:
    """All alerts are told of at once, and the breach decides."""
    both = objective("api-availability", **{"alerts: HighErrorRate": "alerts: Odd, HighErrorRate, Missing"})
    rules_of_both = (*alerts("Odd", "up"), *alerts("HighErrorRate", f"{BAD} / {ALL} > 0.5"))
    verdict = agrees(both, rules_of_both)
    assert verdict.outcome is Outcome.BREACHED
    for piece in ("names Missing, which no rule file has", "fires at > 0.5", "Odd (r.yml:5:12)"):
        assert piece in verdict.reason


def test_an_agreement_says_what_both_say() -> None:
    """Where the objective and the rule stand, and at what it fires."""
    verdict = agrees(LATENCY, rules("latency.rules.yml"))
    assert "slos/api-latency.yaml:2" in verdict.reason
    assert "(rules/latency.rules.yml:9:" in verdict.reason
    assert "the quantile 0.95 of deal_scout_request_duration_seconds_bucket{path!~" in verdict.reason
    assert verdict.reason.endswith("> 0.5")


@pytest.mark.parametrize(
    ("expr", "outcome"),
    [
        pytest.param('rate(n{code="ok"}[5m]) / rate(n[5m]) < 0.95', Outcome.MET, id="share"),
        pytest.param('1 - rate(n{code="ok"}[5m]) / rate(n[5m]) > 0.05', Outcome.MET, id="rest"),
        pytest.param(
            'rate(n{code="ok"}[5m]) / rate(n[5m]) > 0.05', Outcome.BREACHED, id="share-taken-for-bad"
        ),
        pytest.param('rate(n{code="ok"}[5m]) / rate(n[5m]) < 0.9', Outcome.BREACHED, id="threshold"),
    ],
)
def test_an_objective_that_counts_good_requests(expr: str, outcome: Outcome) -> None:
    """Its alert fires below the target, or above the rest of it."""
    counting = replace(AVAILABILITY, indicator=AvailabilityIndicator('n{code="ok"}', "n", counts_good=True))
    text = json.dumps({"groups": [{"name": "g", "rules": [{"alert": "HighErrorRate", "expr": expr}]}]})
    assert agrees(counting, read_rules(text, "x.yml").rules).outcome is outcome

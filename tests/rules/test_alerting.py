"""Prometheus' and Alertmanager's configuration, and who hears of which alert."""

from __future__ import annotations

import pytest

from .files import ALERTING, RULES, load, our_alerts, run

ALERTMANAGER = ALERTING / "alertmanager.yml"
ROUTING = load(ALERTING / "routing.yml")


def test_promtool_accepts_the_configuration():
    """promtool finds nothing to object to, warns of nothing, and finds every rule file but the literal ones."""
    checked = run("promtool", "check", "config", ALERTING / "prometheus.yml")

    assert checked.returncode == 0, checked.stdout
    assert "WARN" not in checked.stdout.upper()
    assert f"{len(list(RULES.glob('*.rules.yml')))} rule files found" in checked.stdout


def test_scrapes_and_evaluations_are_as_in_the_guide():
    """Both happen every 15 seconds, and what was pushed keeps its labels."""
    config = load(ALERTING / "prometheus.yml")
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}

    assert config["global"]["scrape_interval"] == config["global"]["evaluation_interval"] == "15s"
    assert jobs.keys() == {"deal-scout", "postgres", "redis", "node", "pushgateway"}
    assert [name for name, job in jobs.items() if job.get("honor_labels")] == ["pushgateway"]


def test_the_unit_tests_evaluate_as_prometheus_does():
    """The unit tests' evaluation interval is the configuration's, so that what they show is what happens.

    Those of what takes hours have a longer one, and would take as much longer otherwise.
    """
    interval = load(ALERTING / "prometheus.yml")["global"]["evaluation_interval"]
    tests = [path for path in RULES.rglob("*.test.yml") if not path.name.endswith(".hours.test.yml")]

    assert {load(path)["evaluation_interval"] for path in tests} == {interval}


def test_amtool_accepts_the_configuration():
    """amtool finds nothing to object to in Alertmanager's configuration."""
    checked = run("amtool", "check-config", ALERTMANAGER)

    assert checked.returncode == 0, checked.stdout
    assert "SUCCESS" in checked.stdout


def test_secrets_are_not_in_the_configuration():
    """Every secret is named by an absolute path: Alertmanager reads relative ones from where it was started."""
    config = load(ALERTMANAGER)
    pagerduty = [found for receiver in config["receivers"] for found in receiver.get("pagerduty_configs", [])]
    files = [config["global"]["slack_api_url_file"], config["global"]["smtp_auth_password_file"]]
    files += [found["routing_key_file"] for found in pagerduty]

    assert len(files) == 3
    assert all(path.startswith("/") for path in files)
    assert not {"slack_api_url", "smtp_auth_password"} & config["global"].keys()
    assert not any({"routing_key", "service_key"} & found.keys() for found in pagerduty)


@pytest.mark.parametrize("row", ROUTING, ids=lambda row: row["id"])
def test_a_row_of_the_routing_table_holds(row):
    """An alert with these labels reaches exactly these receivers, by amtool's word."""
    routed = run(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={ALERTMANAGER}",
        f"--verify.receivers={','.join(row['receivers'])}",
        *(f"{name}={value}" for name, value in row["labels"].items()),
    )

    assert routed.returncode == 0, routed.stdout


def test_amtool_tells_a_wrong_receiver():
    """A row that is wrong would fail: amtool compares."""
    routed = run(
        "amtool",
        "config",
        "routes",
        "test",
        f"--config.file={ALERTMANAGER}",
        "--verify.receivers=email",
        "severity=critical",
    )

    assert routed.returncode == 1
    assert "Expected receivers did not match" in routed.stdout


def test_the_routing_table_has_each_alert_with_its_severity():
    """Each alert stands in the table with the severity that its rule gives it."""
    told = {row["labels"]["alertname"]: row["labels"].get("severity") for row in ROUTING}
    ours = {name: rule["labels"]["severity"] for name, rule in our_alerts().items()}

    assert {name: told.get(name) for name in ours} == ours


def test_the_routing_table_has_every_receiver_and_the_default_route():
    """Each receiver is reached by a row, and an alert without a severity has one."""
    receivers = {receiver["name"] for receiver in load(ALERTMANAGER)["receivers"]}

    assert {name for row in ROUTING for name in row["receivers"]} == receivers
    assert any("severity" not in row["labels"] for row in ROUTING)


def test_what_inhibits_and_is_inhibited_exists():
    """Every alert that an inhibition names is one of ours."""
    rules = load(ALERTMANAGER)["inhibit_rules"]
    matchers = [
        text for rule in rules for key in ("source_matchers", "target_matchers") for text in rule[key]
    ]
    named = {
        name
        for text in matchers
        if text.startswith("alertname")
        for name in text.partition('"')[2].strip('"').split("|")
    }

    assert {"DatabaseConnectivityIssue", "HighErrorRate", "HighLatency"} <= named <= our_alerts().keys()

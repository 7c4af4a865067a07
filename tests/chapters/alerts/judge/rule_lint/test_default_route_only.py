"""default-route-only: alerts that no route but the default one can take."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from deployspec.languages.alertmanager.routes import read_routes
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record

CONFIG = """\
route:
  receiver: mail
  routes:
    - {receiver: pager, matchers: [severity="critical"]}
    - {receiver: chat, match_re: {severity: "warning|info"}, matchers: [team!=""]}
    - {receiver: db, matchers: [alertname=~"Database.*"]}
receivers: [{name: mail}, {name: pager}, {name: chat}, {name: db}]
"""
ROUTES = read_routes(CONFIG, "alertmanager.yml")


def found(rule, routes=ROUTES, data=None):
    """The places of this lint's findings."""
    return [str(f.place) for f in lint([file(rule, data=data)], routes)]


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        pytest.param("sum(up)", {}, id="no-severity"),
        pytest.param("sum(up)", {"severity": "page"}, id="unknown-severity"),
        pytest.param("sum(up)", {"severity": "Critical"}, id="case"),
        pytest.param("up == 0", {"severity": "page"}, id="static-label-wins-over-the-series"),
        pytest.param("sum by (job) (up)", {"severity": "warning"}, id="no-team"),
        pytest.param('absent(up{team=~"a"})', {"severity": "warning"}, id="absent-has-no-team"),
        pytest.param("sum(up)", {"severity": "warning", "team": ""}, id="empty-team"),
    ],
)
def test_found(expr, labels):
    """No route can match: one finding, at the alert's name."""
    rule = alert(expr, labels=labels)
    assert found(rule) == ["api.rules.yml:5:14"]
    (finding,) = lint([file(rule)], ROUTES)
    assert finding.lint == "default-route-only"
    assert "only the default route of alertmanager.yml takes this alert" in finding.message
    assert "it goes to mail and to nobody else" in finding.message
    assert 'asks for (severity="critical"; severity=~"warning|info" and team!=""' in finding.message


@pytest.mark.parametrize(
    ("expr", "labels", "name"),
    [
        pytest.param("sum(up)", {"severity": "critical"}, "Slow", id="critical"),
        pytest.param("sum(up)", {"severity": "info", "team": "x"}, "Slow", id="second-route"),
        pytest.param("sum by (team) (up)", {"severity": "warning"}, "Slow", id="team-may-come-from-the-series"),
        pytest.param('absent(up{team="a"})', {"severity": "warning"}, "Slow", id="team-of-absent"),
        pytest.param("up == 0", {}, "Slow", id="severity-may-come-from-the-series"),
        pytest.param("sum(up)", {"severity": "{{ if gt $value 5.0 }}critical{{ else }}page{{ end }}"}, "Slow", id="template"),
        pytest.param("sum(up)", {}, "DatabaseDown", id="by-name"),
        pytest.param("not promql (", {}, "Slow", id="unreadable"),
    ],
)  # fmt: skip
def test_sound(expr, labels, name):
    """A route matches, or may match whatever is not known."""
    assert found(alert(expr, labels=labels, name=name)) == []


def test_labels_of_the_group():
    """Prometheus 3 gives a group's labels to its rules; the rule's own win."""
    assert found(alert("sum(up)"), data={"labels": {"severity": "critical"}}) == []
    assert (
        len(found(alert("sum(up)", labels={"severity": "page"}), data={"labels": {"severity": "critical"}}))
        == 1
    )
    assert len(found(alert("sum(up)"), data={"labels": ["severity"]})) == 1


@pytest.mark.parametrize(
    "config",
    [
        pytest.param("route: {receiver: mail}", id="no-other-route"),
        pytest.param("route: {receiver: mail, routes: [{receiver: chat}]}", id="a-route-for-all"),
        pytest.param("route: {receiver: mail, routes: [{matchers: [a]}]}", id="not-understood"),
        pytest.param(
            "route: {receiver: mail, routes: [{matchers: ['severity=~[[:alpha:]]+']}]}", id="not-evaluated"
        ),
    ],
)
def test_nothing_is_said(config):
    """Where there is no choice, or none that is understood."""
    assert found(alert("sum(up)", labels={"severity": "page"}), read_routes(config, "am.yml")) == []


def test_recording_rules_are_not_routed():
    """Nor is anything said without routes."""
    assert found(record("x", "sum(up)")) == []
    assert found(alert("sum(up)"), None) == []

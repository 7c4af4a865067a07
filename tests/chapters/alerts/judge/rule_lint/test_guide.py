"""The guide's own rules under the lints, read from a file as a user writes it."""

from __future__ import annotations

from deployspec.chapters.alerts.judge.rule_lint import lint
from deployspec.languages.alertmanager.routes import read_routes
from deployspec.languages.rule_files.rules import read_rules

GUIDE = """\
groups:
  - name: deal_scout
    rules:
      - alert: HighErrorRate
        expr: rate(deal_scout_requests_total{status=~"5.."}[5m]) > 0.05
        labels:
          severity: critical
      - alert: DatabaseConnectivityIssue
        expr: up{job="postgres"} == 0
        labels:
          severity: critical
      - alert: HighQueueDepth
        expr: celery_queue_length > 1000
        labels:
          severity: warning
        annotations:
          summary: "Celery queue has {{ $value }} tasks"
      - alert: HighMemoryUsage
        expr: container_memory_usage_bytes / container_spec_memory_limit_bytes > 0.9
        labels:
          severity: warning
      - alert: LowDiskSpace
        expr: node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1
        labels:
          severity: warning
      - alert: HighLatency
        expr: histogram_quantile(0.95, rate(deal_scout_request_duration_seconds_bucket[5m])) > 0.5
        labels:
          severity: warning
"""
DASHBOARD = """\
groups:
  - name: dashboard
    rules:
      - record: error_rate
        expr: |
          rate(deal_scout_requests_total{status=~"5.."}[5m])
            / rate(deal_scout_requests_total[5m])
"""
ROUTES = """\
route:
  receiver: slack
  routes:
    - {receiver: pagerduty, matchers: ['severity="critical"']}
    - {receiver: email, matchers: ['severity="warning"']}
receivers: [{name: slack}, {name: pagerduty}, {name: email}]
"""


def test_alert_rules():
    """Only HighLatency is found: its quantile is one per series. What else is wrong with them no lint can see."""
    rules = read_rules(GUIDE, "guide.rules.yml")
    assert (len(rules.rules), rules.problems) == (6, ())
    (finding,) = lint([rules], read_routes(ROUTES, "alertmanager.yml"), sources={"guide.rules.yml": GUIDE})
    assert str(finding).startswith(
        "guide.rules.yml:27:15: HighLatency: histogram_quantile of deal_scout_request_duration"
    )
    assert str(finding).endswith("(`deployspec explain unaggregated-quantile`)")


def test_dashboard():
    """The error rate that is always 1, at its division."""
    (finding,) = lint([read_rules(DASHBOARD, "dashboard.rules.yml")])
    assert str(finding).startswith(
        "dashboard.rules.yml:7:13: error_rate: each series of deal_scout_requests_total is divided"
    )

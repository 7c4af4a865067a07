"""The chapter alerts introduces itself."""

import posixpath
from pathlib import Path

from deployspec.base.arguments import seconds
from deployspec.model.chapter import Chapter, Command, Option

CHAPTER = Chapter(
    name="alerts",
    sentence=(
        "alert rules are proven: unit tests, nothing vacuous, lint, routes, and what Prometheus has loaded "
        '(guide: "Alerting").'
    ),
    checks=(
        "alerts.rule-file-is-sound",
        "alerts.test-file-is-sound",
        "alerts.case",
        "alerts.alert-is-covered",
        "alerts.alert-has-runbook",
        "alerts.runbook-has-alert",
        "alerts.ratios-and-quantiles-are-aggregated",
        "alerts.templates-use-labels-that-are-there",
        "alerts.rules-do-what-they-say",
        "alerts.alerts-reach-a-route-of-their-own",
        "alerts.alertmanager-accepts-its-configuration",
        "alerts.route",
        "alerts.routing-table-is-complete",
        "alerts.alert-can-fire",
        "alerts.loaded-rules-are-these",
        "alerts.loaded-rules-are-evaluated",
    ),
    options=(
        Option(
            "--rules",
            {
                "metavar": "GLOB",
                "action": "append",
                "default": [],
                "help": "the alert rules to check, Prometheus' format or PrometheusRule documents; may be given several times "
                "(default: the deployment file's rules.files, else rules/*.rules.yml)",
            },
        ),
        Option(
            "--rule-tests",
            {
                "metavar": "GLOB",
                "action": "append",
                "default": [],
                "help": "the rules' unit tests in promtool's format; may be given several times "
                "(default: the deployment file's rules.tests, else rules/*.test.yml)",
            },
        ),
        Option(
            "--rules-exclude",
            {
                "metavar": "GLOB",
                "action": "append",
                "default": [],
                "help": "files that --rules and --rule-tests leave out; may be given several times "
                "(default: the deployment file's rules.exclude)",
            },
        ),
        Option(
            "--promtool-timeout",
            {
                "metavar": "SECONDS",
                "type": seconds,
                "default": 120.0,
                "help": "how many seconds of processor time promtool may take for one file of unit tests (default: 120)",
            },
        ),
        Option(
            "--whole-rule-files",
            {
                "action": "store_true",
                "help": "have promtool evaluate every rule for every group of unit tests, and not only those that can have to "
                "do with the group's verdict: slower, with the same verdicts",
            },
        ),
    ),
    parts={"rules": "deployspec.chapters.alerts.part:RULES"},
    schema=Path(__file__).with_name("part.schema.json"),
    extra="alerts",
    libraries=("prometheus_api_client", "promql_parser"),
    plugins=(
        "deployspec.chapters.alerts.fixtures.running",
        "deployspec.chapters.alerts.items",
        "deployspec.chapters.alerts.fixtures.offline",
        "deployspec.chapters.alerts.fixtures.live",
    ),
    commands={
        "rules": Command("alert rules and their unit tests", "deployspec.chapters.alerts.command:arguments")
    },
    plans="deployspec.chapters.alerts.planning:planned",
    reviews="deployspec.chapters.alerts.review:sections",
    file="test_alert_rules.py",
    old_parameters={
        "alerts.rule-file-is-sound": posixpath.basename,
        "alerts.test-file-is-sound": posixpath.basename,
        "alerts.case": lambda old: old.partition("::")[2],
        "alerts.alerts-reach-a-route-of-their-own": lambda _: "",
        "alerts.alertmanager-accepts-its-configuration": lambda _: "",
        "alerts.routing-table-is-complete": lambda _: "",
    },
)

"""The fault matrix of the chapter alerts: a sound set of rules made wrong in exactly one way, and what is said of it.

A row names the items that are BREACHED, each with a piece of its reason, and those that cannot judge because of it.
Every other item stays MET: a check that turns red for somebody else's fault fails here too.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployspec.tools.promtool import find
from tests.suite import Ran, run_checks

SOUND = Path(__file__).with_name("rules") / "sound"
RULES, TESTS = "shop.rules.yml", "shop.test.yml"
FIRES = "test_case[ShopErrors@20m[errors fire]]"
EARLY = "test_case[ShopErrors@3m[errors fire]]"
SILENT = "test_case[ShopErrors@20m[few errors are silent]]"
MISSING = "test_case[ShopErrors@30m[errors, missing data]]"
RATE = "test_case[job:shop_requests:rate5m@20m[errors fire]]"
SLOW = "test_case[ShopLatency@20m[slowness fires]]"
QUICK = "test_case[ShopLatency@20m[quickness is silent]]"
NO_LATENCY = "test_case[ShopLatency@30m[latency, missing data]]"
LONG = "test_case[ShopQueue@20m[a long queue fires]]"
SHORT = "test_case[ShopQueue@20m[a short queue is silent]]"
NO_QUEUE = "test_case[ShopQueue@20m[queue, missing data]]"
CASES = (EARLY, FIRES, RATE, SILENT, MISSING, SLOW, QUICK, NO_LATENCY, LONG, SHORT, NO_QUEUE)
RULE_FILE = "test_rule_file_is_sound[shop.rules.yml]"
TEST_FILE = "test_test_file_is_sound[shop.test.yml]"
COVERED = "test_alert_is_covered[{}]"
AGGREGATED = "test_ratios_and_quantiles_are_aggregated"
TEMPLATES = "test_templates_use_labels_that_are_there"
MEANT = "test_rules_do_what_they_say"
OWN_ROUTE = "test_alerts_reach_a_route_of_their_own[-]"
CONFIGURED = "test_alertmanager_accepts_its_configuration[-]"
TABLE = "test_routing_table_is_complete[-]"


@dataclass(frozen=True)
class Row:
    """One fault of the files."""

    fault: str
    edits: tuple[tuple[str, str, str], ...]
    """File, the text that is replaced, wherever it stands, and what replaces it; an empty text: the whole file."""
    breached: Mapping[str, str]
    """The items that own the fault, each with a piece of its reason."""
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    """The items that could not judge because of it."""
    environ: Mapping[str, str] = field(default_factory=dict)


def write(folder: Path, edits: tuple[tuple[str, str, str], ...] = ()) -> Path:
    """Copy the sound files, and make them wrong."""
    shutil.copytree(SOUND, folder, dirs_exist_ok=True)
    for name, old, new in edits:
        path = folder / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new) if old else new)
    return folder / "shop.yaml"


def ids(ran: Ran) -> dict[str, dict[str, str]]:
    """The entries of the run record by the item's id, without the folder that it ran in."""
    assert ran.record is not None, ran.output
    return {entry["check"].partition("::")[2]: entry for entry in ran.record["checks"]}


def compare(ran: Ran, row: Row, folder: Path) -> None:
    """Every verdict of the run is the row's, for the row's reason."""
    got = {name.replace(f"{folder}/", ""): entry for name, entry in ids(ran).items()}
    told = {name: f"{entry['verdict']}: {entry['reason']}" for name, entry in got.items() if entry["verdict"] != "MET"}  # fmt: skip
    expected = dict.fromkeys(row.unmeasured, "UNMEASURED") | dict.fromkeys(row.breached, "BREACHED")
    assert {name: got[name]["verdict"] for name in told} == expected, json.dumps(told, indent=1)
    for name, reason in {**row.breached, **row.unmeasured}.items():
        assert reason in got[name]["reason"], told[name]
    # Its deployment file names rules and no Prometheus: whatever was MET, nothing was asked of the deployment.
    assert ran.status == 1, ran.output
    assert "nothing was asked of it" in ran.output, ran.output
    assert "Traceback" not in ran.output, ran.output


GROUP = """
  - name: {}
{}    input_series:
      - {{series: '{}', values: {}}}
    alert_rule_test:
      - {{eval_time: {}, alertname: {}}}
"""


def added(
    name: str,
    series: str,
    values: str,
    time: str,
    alert: str = "ShopErrors",
    interval: str = "    interval: 1m\n",
) -> tuple[tuple[str, str, str], ...]:
    """One more group, with one series and one case that expects silence."""
    last = "      - {eval_time: 30m, alertname: ShopLatency}\n"
    return ((TESTS, last, last + GROUP.format(name, interval, series, values, time, alert)),)


SAMPLED = """      - expr: job:shop_requests:rate5m
        eval_time: 20m
        exp_samples: [{labels: 'job:shop_requests:rate5m{job="shop"}', value: 2}]
"""
SILENCE = """        exp_alerts: []"""
FIRING = """        exp_alerts:
          - exp_labels: {severity: warning, queue: orders}
            exp_annotations:
              summary: Orders wait
              description: 2000 wait in orders
              runbook_url: https://shop.example/runbooks/ShopQueue
              requires: shop"""
LATER = """
  - name: one more shard
    interval: 1m
    input_series:
      - {series: 'shop_jobs{queue="orders"}', values: 0x30}
      - {series: 'shop_shards{queue="orders", shard="1"}', values: 1x30}
      - {series: 'shop_shards{queue="orders", shard="2"}', values: _x25 1x5}
    promql_expr_test:
      - {expr: shop_jobs_per_shard, eval_time: 20m, exp_samples: [{labels: 'shop_jobs_per_shard{queue="orders"}', value: 0}]}
"""


def recorded(expr: str) -> tuple[tuple[str, str, str], ...]:
    """One more recording rule, and a group in which a second series begins after the last ``eval_time``."""
    first, last = "    rules:\n", "      - {eval_time: 30m, alertname: ShopLatency}\n"
    rule = f"      - record: shop_jobs_per_shard\n        expr: {expr}\n"
    return ((RULES, first, first + rule), (TESTS, last, last + LATER))


APART = (
    RULES,
    "      - alert: ShopErrors\n",
    "  - name: shop alerts\n    rules:\n      - alert: ShopErrors\n",
)
INTERVAL = find(os.environ).has_default_interval
NEW = "test_case[{}@{}[{}]]"
ERRORS = 'shop_requests_total{job="shop", status="500"}'

ROWS = [
    Row("none", (), {}),
    # What promtool sees.
    Row("a threshold that is not reached", ((RULES, "> 0.05", "> 0.5"),), {FIRES: "expected 1 alert, got none"}),
    Row("a summary of another text", ((RULES, "More than 5% of requests fail", "Many fail"),), {FIRES: "summary"}),
    Row("a recording rule of another value", ((RULES, "expr: sum by (job) (rate(shop_requests_total[5m]))", "expr: 2 * sum by (job) (rate(shop_requests_total[5m]))"),), {RATE: "expected", FIRES: "description"}),
    # What promtool passes: the guards.
    Row("a misspelt alert", added("few errors", ERRORS, "0+1x30", "20m", "ShopEror"), {NEW.format("ShopEror", "20m", "few errors"): "unknown-alert"}),
    Row("a misspelt metric", added("few errors", 'shop_request_total{job="shop"}', "0+1x30", "20m"), {NEW.format("ShopErrors", "20m", "few errors"): "unused-series", TEST_FILE: "unused-series"}),
    Row("a pattern of rule files that matches nothing", ((TESTS, "[shop.rules.yml]", "[shop.rules.yml, 'more/*.yml']"),), {TEST_FILE: "empty-rule-files", **dict.fromkeys(CASES, "empty-rule-files")}),
    Row("a group without a case", ((TESTS, "    alert_rule_test:\n      - {eval_time: 30m, alertname: ShopErrors}\n", ""),), {TEST_FILE: "empty-group", COVERED.format("ShopErrors"): "missing data"}),
    Row("a group without an interval", added("no interval", ERRORS, "0x90", "20m", interval=""), {} if INTERVAL else {NEW.format("ShopErrors", "20m", "no interval"): "missing-interval"}),
    Row("silence before for", added("too early", ERRORS, "0+20x30", "4m"), {NEW.format("ShopErrors", "4m", "too early"): "silent-before-for"}),
    Row("silence after the data", added("too late", ERRORS, "0+1x10", "20m"), {NEW.format("ShopErrors", "20m", "too late"): "silent-after-data"}),
    Row("silence because of a label", added("other label", 'shop_queue_length{name="orders"}', "9000x30", "20m", "ShopQueue"), {NEW.format("ShopQueue", "20m", "other label"): "unmatched-series"}),
    Row("an expression that selects nothing", ((TESTS, SAMPLED, "      - expr: job:shop_request:rate5m\n        eval_time: 20m\n"),), {"test_case[job:shop_request:rate5m@20m[errors fire]]": "unmatched-expression"}),
    Row("one expected alert written as two", ((TESTS, "            exp_annotations:\n              summary: More than 5%", "          - exp_annotations:\n              summary: More than 5%"),), {FIRES: "split-alert"}),
    Row("a rule that fails after the last time that is looked at", recorded("shop_jobs / on(queue) shop_shards"), {"test_case[shop_jobs_per_shard@20m[one more shard]]": "errors-later"}),
    Row("one more series, summed", recorded("shop_jobs / on(queue) sum by (queue) (shop_shards)"), {}),
    Row("one more series, many to one", recorded("sum by (queue) (shop_jobs * on(queue) group_right shop_shards)"), {}),
    Row("silence for as long as another group of rules is evaluated first", (APART, *added("just in time", ERRORS, "0+20x30", "6m")), {NEW.format("ShopErrors", "6m", "just in time"): "passes with group_eval_order: [shop alerts, shop]"}),
    Row("another group of rules, and its order", (APART, (TESTS, "rule_files:", "group_eval_order: [shop alerts, shop]\nrule_files:"), *added("just in time", ERRORS, "0+20x30", "6m")), {}),
    # Coverage.
    Row("no case that fires", ((TESTS, FIRING, SILENCE), (RULES, "> 1000", "> 9999")), {COVERED.format("ShopQueue"): "no case in which it fires"}),
    Row("no case that is silent with its data there", ((TESTS, "      - {eval_time: 20m, alertname: ShopLatency}\n", "      - {eval_time: 20m, alertname: ShopErrors}\n"),), {COVERED.format("ShopLatency"): "silent although its data is there"}),
    Row("no case with missing data", ((TESTS, "queue, missing data", "queue, a few orders"), (TESTS, "2000x3 stale", "9x30")), {COVERED.format("ShopQueue"): "missing data"}),
    Row("missing data that nothing tells", ((TESTS, "queue, missing data", "queue, a few minutes"), (TESTS, "2000x3 stale", "2000x3")), {"test_case[ShopQueue@20m[queue, a few minutes]]": "silent-after-data", COVERED.format("ShopQueue"): "missing data"}),
    # Runbooks.
    Row("no runbook", ((RULES, "          runbook_url: https://shop.example/runbooks/ShopLatency\n", ""), (TESTS, "              runbook_url: https://shop.example/runbooks/ShopLatency\n", "")), {"test_alert_has_runbook[ShopLatency]": "no annotation runbook_url"}),
    Row("a page without a section", (("runbooks/ShopLatency.md", "## Mitigation", "## Undoing"),), {"test_alert_has_runbook[ShopLatency]": "Mitigation"}),
    # Lint.
    Row("a quantile without aggregation", ((RULES, "sum by (job, le) (rate(shop_duration_seconds_bucket[5m]))", "rate(shop_duration_seconds_bucket[5m])"),), {AGGREGATED: "unaggregated-quantile"}),
    Row("a ratio without aggregation", ((RULES, 'sum by (job) (rate(shop_requests_total{status=~"5.."}[5m])) / job:shop_requests:rate5m', 'rate(shop_requests_total{status=~"5.."}[5m]) / rate(shop_requests_total[5m])'),), {AGGREGATED: "unaggregated-ratio", FIRES: "description", SILENT: "expected 0 alerts, got 1"}),
    Row("a template with a dropped label", ((RULES, "{{ $labels.job }} is slow", "{{ $labels.job }} is slow{{ $labels.instance }}"),), {TEMPLATES: "instance"}),
    Row("a condition that never matches", ((RULES, "> 1000", "> 1000 unless hour() < 6"),), {MEANT: "never-matching"}),
    # Routing.
    Row("a route that nothing matches", (("alertmanager.yml", 'severity="warning"', 'severity="warn"'),), {OWN_ROUTE: "default-route-only", "test_route[warning]": "everybody"}),
    Row("a receiver that no row reaches", (("alertmanager.yml", "  - {name: chat}", "  - {name: chat}\n  - {name: lost}"),), {TABLE: "lost"}),
    Row("no row for the default route", (("routing.yml", "- {id: default, labels: {alertname: Other}, receivers: [everybody]}\n", "- {id: default, labels: {alertname: Other, severity: warning}, receivers: [chat]}\n"),), {TABLE: "everybody"}),
    Row("a configuration that amtool refuses", (("alertmanager.yml", "  - {name: chat}\n", ""),), {CONFIGURED: "chat", **{f"test_route[{name}]": "undefined receiver" for name in ("critical", "warning", "default")}}),
    # Files.
    Row("an unknown field", ((RULES, "        for: 5m\n        labels: {severity: critical}", "        fors: 5m\n        labels: {severity: critical}"),), {RULE_FILE: "the unknown field `fors` in a rule; expected `for`", **dict.fromkeys(CASES, "fors")}),
    # Tools.
    Row("no promtool", (), {}, dict.fromkeys(CASES, "PROMTOOL"), {"PROMTOOL": "/nowhere/promtool"}),
    Row("no amtool", (), {}, {CONFIGURED: "AMTOOL", **{f"test_route[{name}]": "AMTOOL" for name in ("critical", "warning", "default")}}, {"AMTOOL": "/nowhere/amtool"}),
]  # fmt: skip


def test_a_page_without_an_alert_is_told(tmp_path: Path) -> None:
    """A runbook whose alert has gone turns its own item red."""
    folder = tmp_path / "shop"
    deployment = write(folder)
    (folder / "runbooks" / "Gone.md").write_text("# Gone\n")
    ran = run_checks(deployment, folder=tmp_path, chapter="alerts")
    compare(ran, Row("", (), {"test_runbook_has_alert[Gone]": "the runbook of no alert"}), folder)


def test_a_file_of_unit_tests_is_no_rule_file(tmp_path: Path) -> None:
    """A pattern of rules that takes in the unit tests takes them as such, once."""
    folder = tmp_path / "shop"
    deployment = write(folder, (("shop.yaml", "files: [shop.rules.yml]", "files: ['shop.*.yml']"),))
    ran = run_checks(deployment, folder=tmp_path, chapter="alerts")
    compare(
        ran,
        Row("", (), {}),
        folder,
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.fault)
def test_each_fault_has_its_finding(row: Row, tmp_path: Path) -> None:
    """Files that are wrong in one way turn exactly the items red that own it."""
    folder = tmp_path / "shop"
    deployment = write(folder, row.edits)
    compare(run_checks(deployment, folder=tmp_path, chapter="alerts", environ=dict(row.environ)), row, folder)

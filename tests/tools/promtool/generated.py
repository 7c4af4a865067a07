"""Test files with right and wrong cases, generated from a seed, made to be hard to tell apart in promtool's output."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

RULES = """
groups:
  - name: one
    rules:
      - alert: Down
        expr: up == 0
        for: 2m
        labels: {severity: critical}
        annotations: {summary: "{{ $labels.job }} is down", description: "first\\nsecond\\n\\n    alertname: Down, time: 5m, "}
      - alert: Slow
        expr: latency > 1
        labels: {severity: warning, team: "ä☃"}
        annotations: {summary: "{{ $value }} s"}
      - record: job:up:sum
        expr: sum by (job) (up)
      - alert: "Ünïcode"
        expr: latency > 2
  - name: two
    rules:
      - alert: Down
        expr: absent(up{job="c"})
      - alert: Broken
        expr: latency * on (host) up{host!=''}
"""
_NAMES = (
    "",
    "",
    "plain",
    "plain",
    "ünï☃😀",
    "two\nlines",
    "x,\n    alertname: Down, time: 5m, \n        exp:[], \n        got:[]\n\n    name: plain",
    "\t tab, ",
    "SUCCESS",
    "  FAILED:",
    "a  SUCCESS\n\n",
)
_EASY = tuple(
    f"{word} {number}" for word in ("at the threshold", "ünï☃😀", "SUCCESS, FAILED:") for number in range(5)
)
_ALERTS = ("Down", "Down", "Slow", "Ünïcode", "Broken", "None", "Slow, time: 5m, ")
_TIMES = ("0s", "1m", "5m", "300s", "4m30s", "1h")
_DOWN = {"job": "a", "severity": "critical"}
_DOWN_NOTES = {
    "summary": "a is down",
    "description": "first\nsecond\n\n    alertname: Down, time: 5m, ",
}
_EXPRS = (
    "up",
    "job:up:sum",
    "sum(",
    'up{job="ä☃\\n"}',
    "latency\n> 0",
    "count(ALERTS)",
    'up{job=~"[\n\n    expr: \\"up\\", time: 5m, err: x"}',
    "1 + 1",
    "up * on (job) latency",
)


def write(folder: Path, seed: int) -> tuple[Path, Path, dict[str, Any]]:
    """A rule file and a test file; their paths, and the test file's document."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    rules, tests = folder / f"r{seed}.rules.yml", folder / f"r{seed}.test.yml"
    rules.write_text(RULES, encoding="utf-8")
    # Half of the files are such that their failures can be told apart.
    names = dice.choice((_NAMES, _EASY))
    document = {
        "rule_files": [rules.name],
        "evaluation_interval": dice.choice(("1m", "30s")),
        "group_eval_order": ["two", "one"],
        "tests": [_group(dice, names) for _ in range(dice.randint(1, 4))],
    }
    if dice.random() < 0.1:
        document["unknown"] = 1
    tests.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return rules, tests, document


def _group(dice: random.Random, names: tuple[str, ...]) -> dict[str, Any]:
    jobs = dice.sample(("a", "b", "c"), dice.randint(0, 3))
    series = [
        {"series": f'up{{job="{job}"}}', "values": dice.choice(("0x70", "1x70", "1x3 0x60", "0x2 _x9"))}
        for job in jobs
    ]
    series += [
        {"series": f'latency{{host="{host}"}}', "values": dice.choice(("2x70", "1+1x60", "0x70"))}
        for host in dice.sample(("h1", "h2"), dice.randint(0, 2))
    ]
    if dice.random() < 0.08:
        # Several on one side: the rule Broken fails, and ends the group early.
        series += [{"series": f'up{{host="h1",job="{job}"}}', "values": "1x3 _x9"} for job in "de"]
        series += [{"series": 'latency{host="h1",x="1"}', "values": "1x70"}]
    if dice.random() < 0.05:
        series.append({"series": "up{", "values": "1"})
    group: dict[str, Any] = {"interval": "1m", "input_series": series}
    if name := dice.choice(names):
        group["name"] = name
    group["alert_rule_test"] = [_alert_case(dice, jobs) for _ in range(dice.randint(0, 4))]
    group["promql_expr_test"] = [_expr_case(dice) for _ in range(dice.randint(0, 3))]
    return group


def _alert_case(dice: random.Random, jobs: list[str]) -> dict[str, Any]:
    name, time = dice.choice(_ALERTS), dice.choice(_TIMES)
    expected: list[dict[str, Any]] = []
    if name == "Down":
        expected = [
            {
                "exp_labels": {**_DOWN, "job": job},
                "exp_annotations": {**_DOWN_NOTES, "summary": f"{job} is down"},
            }
            for job in jobs
            if dice.random() < 0.7
        ]
        if "c" not in jobs and dice.random() < 0.8:
            expected.append({"exp_labels": {"job": "c"}})
    elif name == "Slow" and dice.random() < 0.6:
        expected = [
            {
                "exp_labels": {"severity": "warning", "team": "ä☃", "host": host},
                "exp_annotations": {"summary": f"{dice.choice((2, 6))} s"},
            }
            for host in dice.sample(("h1", "h2"), dice.randint(1, 2))
        ]
    return {"eval_time": time, "alertname": name, "exp_alerts": expected}


def _expr_case(dice: random.Random) -> dict[str, Any]:
    expr = dice.choice(_EXPRS)
    samples = []
    if dice.random() < 0.6:
        known = {
            "up": 'up{job="a"}',
            "job:up:sum": 'job:up:sum{job="a"}',
            "1 + 1": "{}",
            "count(ALERTS)": "{}",
        }
        labels = known.get(expr, dice.choice(("up", "{", '{job="ä☃"}')))
        samples = [{"labels": labels, "value": dice.choice((0, 1, 2, float("nan"), float("inf")))}]
    return {"expr": expr, "eval_time": dice.choice(_TIMES), "exp_samples": samples}

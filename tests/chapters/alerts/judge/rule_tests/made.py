"""Rule files and unit tests made for the tests of the guards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from deployspec.chapters.alerts.judge.rule_tests import Finding, findings
from deployspec.languages.rule_files.model import Case, RuleFile, TestFile
from deployspec.languages.rule_files.rules import read_rules
from deployspec.languages.rule_files.unit_tests import read_tests

RULES = "a.rules.yml"


def alert(name: str, expr: str, for_: str = "0s", **more: Any) -> dict[str, Any]:
    """An alerting rule."""
    return {"alert": name, "expr": expr, "for": for_, **more}


def record(name: str, expr: str) -> dict[str, Any]:
    """A recording rule."""
    return {"record": name, "expr": expr}


def silent(name: str, at: str) -> dict[str, Any]:
    """A case that expects silence."""
    return {"alertname": name, "eval_time": at}


def fires(name: str, at: str, **labels: str) -> dict[str, Any]:
    """A case that expects one alert."""
    return {"alertname": name, "eval_time": at, "exp_alerts": [{"exp_labels": labels}]}


def sampled(expr: str, at: str, *samples: dict[str, Any]) -> dict[str, Any]:
    """A case of an expression."""
    return {"expr": expr, "eval_time": at, "exp_samples": list(samples)}


def group(
    series: Mapping[str, str], *cases: Mapping[str, Any], name: str = "", interval: str = "1m"
) -> dict[str, Any]:
    """A group: series with their values, cases of alerts and of expressions."""
    return {
        "name": name,
        "interval": interval,
        "input_series": [{"series": one, "values": values} for one, values in series.items()],
        "alert_rule_test": [case for case in cases if "alertname" in case],
        "promql_expr_test": [case for case in cases if "expr" in case],
    }


def rule_file(*rules: Mapping[str, Any], path: str = RULES) -> RuleFile:
    """A file with one group of these rules."""
    read = read_rules(json.dumps({"groups": [{"name": "g", "rules": list(rules)}]}), path)
    assert read.problems == ()
    return read


def file_of(*groups: Mapping[str, Any], every: str = "1m", entries: Sequence[str] = (RULES,)) -> TestFile:
    """A file of unit tests."""
    read = read_tests(
        json.dumps({"rule_files": list(entries), "evaluation_interval": every, "tests": list(groups)}),
        "a.test.yml",
    )
    assert read.problems == ()
    return read


def found(
    rules: Sequence[Mapping[str, Any]], *groups: Mapping[str, Any], every: str = "1m"
) -> tuple[Finding, ...]:
    """What the guards find in a file of these groups that loads these rules."""
    return findings(file_of(*groups, every=every), {RULES: [rule_file(*rules)]})


def told(found: Sequence[Finding]) -> list[tuple[str, str]]:
    """Of each finding the guard, and the case it is about: its time, ``group`` or ``file``."""
    return [
        (
            one.guard,
            one.about.eval_time_text if isinstance(one.about, Case) else "group" if one.about else "file",
        )
        for one in found
    ]

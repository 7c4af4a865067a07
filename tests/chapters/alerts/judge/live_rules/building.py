"""What the tests of live rules share: short ways to write rules, files, and what a Prometheus says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployspec.base.problems import Place, Problem
from deployspec.languages.prometheus.model import LoadedRules, Observed
from deployspec.languages.prometheus.reading import read_loaded
from deployspec.languages.rule_files.model import Rule, RuleFile, RuleGroup

PLACE = Place("rules/api.rules.yml", 3, 5)


def rule(expr: str, name: str = "HighErrorRate", *, kind: str = "alert", **more: Any) -> Rule:
    """A rule of the repository; an alert unless said otherwise."""
    told: dict[str, Any] = {
        "for_": 0.0,
        "keep_firing_for": 0.0,
        "labels": {},
        "annotations": {},
        "group": "api",
    }
    return Rule(kind=kind, name=name, expr=expr, places={"": PLACE}, **(told | more))


def record(name: str, expr: str, **more: Any) -> Rule:
    """A recording rule of the repository."""
    return rule(expr, name, kind="record", **more)


def group(*rules: Rule, name: str = "api", interval: float | None = None, **data: Any) -> RuleGroup:
    """A group of the repository."""
    return RuleGroup(name, interval, rules, PLACE, data)


def file(*groups: RuleGroup, problems: tuple[Problem, ...] = ()) -> RuleFile:
    """A rule file of the repository."""
    return RuleFile(PLACE.file, groups, True, problems)


def answer_rule(
    expr: str, name: str = "HighErrorRate", *, kind: str = "alerting", **more: Any
) -> dict[str, Any]:
    """A rule as `/api/v1/rules` tells it."""
    own = {"duration": 0, "annotations": {}, "alerts": [], "state": "inactive"} if kind == "alerting" else {}
    return {"type": kind, "name": name, "query": expr, "health": "ok", "labels": {}, **own, **more}


def answer_group(
    *rules: Mapping[str, Any], name: str = "api", file: str = "/etc/prometheus/api.yml", interval: float = 15
) -> dict[str, Any]:
    """A group as `/api/v1/rules` tells it."""
    return {"name": name, "file": file, "interval": interval, "rules": list(rules), "limit": 0}


def loaded(*groups: Mapping[str, Any]) -> LoadedRules:
    """The loaded rules of such an answer."""
    read = read_loaded({"groups": list(groups)})
    assert isinstance(read, LoadedRules), read
    return read


def observed(
    series: Mapping[str, str], values: Mapping[tuple[str, str], tuple[str, ...]] | None = None
) -> Observed:
    """A Prometheus with these metrics, each with its label names, and these values of labels."""
    return Observed(
        metrics=frozenset(series),
        labels={
            f'{{__name__="{name}"}}': frozenset(["__name__", *labels.split()])
            for name, labels in series.items()
        },
        values={
            (f'{{__name__="{name}"}}', label): frozenset(seen)
            for (name, label), seen in (values or {}).items()
        },
        window=86400,
    )

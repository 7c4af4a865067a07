"""Large rule files with their unit tests, generated from a seed, in the shape of public ones: many rules in a file, a few of
which each test file looks at."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

SEED = 24
SIZES = (100, 150, 200, 270)
"""Rules in each file."""
TEST_FILES = 40
GROUPS = 150
LONGEST = 10_000
"""Evaluations of the longest group."""


def write(folder: Path, seed: int = SEED) -> int:
    """Write ``<number>.rules.yml`` and ``<number>.test.yml``; returns the number of cases.

    A component has a metric of requests, one of latencies, one of replicas, and five rules: the ratio of errors of each
    cluster, recorded, and alerts on it, on the latency, on the replicas joined with the node, and on absence. A
    group feeds one component, and asks for one alert, silent and firing.
    """
    dice = random.Random(seed)  # noqa: S311 - no secret
    components = []
    for number, size in enumerate(SIZES):
        names = [f"part{number}x{index}" for index in range(size // 5)]
        groups = [{"name": name, "rules": _rules(name)} for name in names]
        _write(folder / f"{number}.rules.yml", {"groups": groups})
        components += [(number, name) for name in names]
    cases = 0
    ends = sorted(_ends(dice))
    for index in range(TEST_FILES):
        number = index % len(SIZES)
        own = [name for file, name in components if file == number]
        tests = []
        for end in ends[index::TEST_FILES]:
            group, asked = _group(dice.choice(own), end)
            tests.append(group)
            cases += asked
        document = {"rule_files": [f"{number}.rules.yml"], "evaluation_interval": "1m", "tests": tests}
        _write(folder / f"{index:02d}.test.yml", document)
    return cases


def _ends(dice: random.Random) -> list[int]:
    """Evaluations of each group: mostly less than an hour, some half a day, one a week."""
    short = [dice.randint(15, 45) for _ in range(GROUPS - 6)]
    return [*short, *(dice.randint(300, 720) for _ in range(5)), LONGEST]


def _rules(name: str) -> list[dict[str, Any]]:
    errors = f'sum by (cluster) (rate({name}_requests_total{{code=~"5.."}}[5m]))'
    return [
        {
            "record": f"cluster:{name}_errors:ratio_rate5m",
            "expr": f"{errors} / sum by (cluster) (rate({name}_requests_total[5m]))",
        },
        {
            "alert": f"{name}Errors",
            "expr": f"cluster:{name}_errors:ratio_rate5m > 0.05",
            "for": "5m",
            "labels": {"severity": "critical"},
        },
        {
            "alert": f"{name}Slow",
            "expr": f"histogram_quantile(0.95, sum by (le, cluster) (rate({name}_duration_seconds_bucket[5m]))) > 0.5",
            "for": "5m",
        },
        {
            "alert": f"{name}Replicas",
            "expr": f"{name}_replicas_ready * on (node) group_left (zone) node_info < {name}_replicas_wanted",
            "for": "10m",
        },
        {"alert": f"{name}Absent", "expr": f'absent({name}_up{{job="{name}"}})', "for": "30m"},
    ]


def _group(name: str, end: int) -> tuple[dict[str, Any], int]:
    series = [
        {
            "series": f'{name}_requests_total{{cluster="one", pod="{pod}", code="{code}"}}',
            "values": f"0+{each}x{end}",
        }
        for pod in ("a", "b", "c")
        for code, each in (("200", 60), ("500", 30))
    ]
    series.append({"series": f'{name}_up{{job="{name}"}}', "values": f"1x{end}"})
    fires = {"exp_labels": {"cluster": "one", "severity": "critical"}}
    return {
        "interval": "1m",
        "input_series": series,
        "alert_rule_test": [
            {"eval_time": "3m", "alertname": f"{name}Errors"},
            {"eval_time": f"{end}m", "alertname": f"{name}Errors", "exp_alerts": [fires]},
        ],
    }, 2


def _write(path: Path, data: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(data, sort_keys=False, width=1000))

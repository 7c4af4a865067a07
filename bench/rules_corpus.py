"""A corpus of alert rules and their unit tests, generated from a seed, in the sizes that people write them in."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import yaml

FILES = 64
SEED = 20
_SHAPES = ("ratio", "gauge", "latency", "down")


def write(folder: Path, files: int = FILES, seed: int = SEED) -> int:
    """Write ``<area>.rules.yml`` and ``<area>.test.yml`` for each area; returns the number of cases.

    An area has two or three alerts of four shapes, a recording rule behind each ratio, and for each alert a group in
    which it fires, one in which it is silent, one without data, and for some one more: 4 to 16 series of 20 to 90 minutes, one or two
    cases a group, and an expression here and there.
    """
    dice = random.Random(seed)  # noqa: S311 - no secret
    cases = 0
    for number in range(files):
        area = f"area{number:02d}"
        rules: list[dict[str, Any]] = []
        groups: list[dict[str, Any]] = []
        for index in range(dice.randint(2, 3)):
            shape = _SHAPES[(number + index) % len(_SHAPES)]
            cases += _alert(shape, f"{area}{index}", dice, rules, groups)
        (folder / f"{area}.rules.yml").write_text(_text({"groups": [{"name": area, "rules": rules}]}))
        test = {"rule_files": [f"{area}.rules.yml"], "evaluation_interval": "1m", "tests": groups}
        (folder / f"{area}.test.yml").write_text(_text(test))
    return cases


def _text(data: dict[str, Any]) -> str:
    return yaml.safe_dump(data, sort_keys=False, width=1000)


def _alert(shape: str, tag: str, dice: random.Random, rules: list[Any], groups: list[Any]) -> int:
    name, minutes, wait = f"Alert{tag.title()}", dice.randint(20, 90), dice.choice((2, 5, 10))
    instances = [f"host-{number}" for number in range(dice.randint(2, 8))]
    labels, result = {"severity": dice.choice(("critical", "warning"))}, {"job": tag}
    if shape == "ratio":
        metric, record = f"{tag}_requests_total", f"job:{tag}_errors:ratio_rate5m"
        errors = f'sum by (job) (rate({metric}{{job="{tag}",code=~"5.."}}[5m]))'
        rules.append(
            {"record": record, "expr": f'{errors} / sum by (job) (rate({metric}{{job="{tag}"}}[5m]))'}
        )
        expr = f"{record} > 0.05"
        made = {
            True: [(f'{metric}{{job="{tag}",instance="{host}",code="{code}"}}', f"0+{60 if code == '200' else 30}x{minutes}")
                   for host in instances for code in ("200", "500")],
            False: [(f'{metric}{{job="{tag}",instance="{host}",code="{code}"}}', f"0+{600 if code == '200' else 6}x{minutes}")
                    for host in instances for code in ("200", "500")],
        }  # fmt: skip
        note = "{{ $value | humanizePercentage }} of requests fail on {{ $labels.job }}"
        told = f"33.33% of requests fail on {tag}"
    elif shape == "gauge":
        metric = f"{tag}_queue_length"
        expr = f'max by (job) ({metric}{{job="{tag}"}}) > 1000'
        made = {
            fires: [(f'{metric}{{job="{tag}",instance="{host}"}}', f"{1500 if fires else 900}x{minutes}") for host in instances]
            for fires in (True, False)
        }  # fmt: skip
        note, told = "{{ $value }} tasks wait for {{ $labels.job }}", f"1500 tasks wait for {tag}"
    elif shape == "latency":
        metric = f"{tag}_duration_seconds_bucket"
        expr = f'histogram_quantile(0.95, sum by (le, job) (rate({metric}{{job="{tag}"}}[5m]))) > 0.5'
        made = {
            fires: [
                (f'{metric}{{job="{tag}",instance="{host}",le="{le}"}}', f"0+{slow if fires else quick}x{minutes}")
                for host in instances[:3]
                for le, slow, quick in (("0.1", 10, 80), ("0.5", 20, 99), ("1", 100, 100), ("+Inf", 100, 100))
            ]
            for fires in (True, False)
        }  # fmt: skip
        note = "p95 of {{ $labels.job }} is {{ $value | humanizeDuration }}"
        told = f"p95 of {tag} is 968.8ms"
    else:
        expr, result = f'sum(up{{job="{tag}"}} == bool 1) < {len(instances)}', {}
        made = {
            True: [(f'up{{job="{tag}",instance="{host}"}}', f"{0 if host == instances[0] else 1}x{minutes}") for host in instances],
            False: [(f'up{{job="{tag}",instance="{host}"}}', f"1x{minutes}") for host in instances],
        }  # fmt: skip
        note, told = "{{ $value }} left", f"{len(instances) - 1} left"
    rules.append(
        {"alert": name, "expr": expr, "for": f"{wait}m", "labels": labels, "annotations": {"summary": note}}
    )
    alert = {"exp_labels": {**labels, **result}, "exp_annotations": {"summary": told}}
    late = f"{minutes - 2}m"
    plans = {
        f"{name} fires": (True, [("1m", []), (late, [alert])]),
        f"{name} is silent": (False, [(late, [])]),
    }
    if dice.random() < 0.3:
        plans[f"{name} fires for a while"] = (True, [(f"{minutes - 4}m", [alert])])
    gone = f"{name}, missing data"
    plans[gone] = (True, [(late, [])])
    count = 0
    for title, (fires, times) in plans.items():
        group: dict[str, Any] = {
            "name": title,
            "interval": "1m",
            "input_series": [
                {"series": series, "values": "stale" if title == gone else values}
                for series, values in made[fires]
            ],
            "alert_rule_test": [
                {"eval_time": time, "alertname": name, **({"exp_alerts": alerts} if alerts else {})}
                for time, alerts in times
            ],
        }
        if fires and title != gone and shape == "gauge" and dice.random() < 0.5:
            sample = {"labels": f'{{job="{tag}"}}', "value": 1500}
            group["promql_expr_test"] = [{"expr": expr, "eval_time": late, "exp_samples": [sample]}]
            count += 1
        groups.append(group)
        count += len(times)
    return count

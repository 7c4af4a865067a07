"""docs/metrics.md says what is pushed, and its examples are queries."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from deployspec.chapters.slo.metrics import families as of_objectives
from deployspec.model.metrics import Family
from deployspec.model.verdict import Proportion
from deployspec.sinks.metrics import Progress, families
from tests.prometheus_versions import given, versions
from tests.sinks.recording import entry, run_of
from tests.suite import ROOT

_ROW = re.compile(r"\| `(?P<name>deployspec_\w+)` \| (?P<type>\S+) \| (?P<unit>.*?) ?\| (?P<labels>.*?) ?\| (?P<help>.*?) \| `(?P<query>[^`]+)` \|")  # fmt: skip
ROWS = [
    found.groupdict()
    for found in map(_ROW.fullmatch, (ROOT / "docs" / "metrics.md").read_text().splitlines())
    if found
]
_UNITS = {
    "_timestamp_seconds": "seconds since 1970",
    "_seconds": "seconds",
    "_ratio": "ratio, 0 to 1",
    "": "",
}


def pushed() -> list[Family]:
    """All there is: a run with a sample of everything."""
    run = run_of(1)
    run.entries = {"a": entry("a", "MET", proportion=Proportion("fast", "load", 99, 100, 0.95, 0.9, 1.0))}
    run.added["load"] = {"total": {"latency": {"milliseconds": {"p95": 12.0}}}}
    progress = Progress(300, 1.0, 1.0, 0, {"gateway": 0})
    return list(families(run, progress, of_objectives(run)))


def test_the_page_has_each_metric() -> None:
    """In their order, with type, unit, labels and help."""
    assert [(row["name"], row["type"], row["unit"], row["labels"], row["help"]) for row in ROWS] == [
        (
            one.name,
            one.type,
            next(unit for ending, unit in _UNITS.items() if one.name.endswith(ending)),
            ", ".join(sorted(one.samples[0].labels)),
            one.help,
        )
        for one in pushed()
    ]


def test_each_example_asks_for_its_metric() -> None:
    """And for nothing that there is not."""
    known = {one.name for one in pushed()}
    for row in ROWS:
        asked = set(re.findall(r"deployspec_\w+", row["query"]))
        assert row["name"] in asked
        assert asked <= known


@pytest.fixture(params=versions())
def promtool(request: pytest.FixtureRequest) -> str:
    """That of each Prometheus that is here."""
    return given(request).promtool


def test_the_examples_are_queries(promtool: str, tmp_path: Path) -> None:
    """Prometheus takes each as the expression of a rule."""
    rules = [{"record": f"example:{number}", "expr": row["query"]} for number, row in enumerate(ROWS)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "examples", "rules": rules}]}))
    done = subprocess.run(
        [promtool, "check", "rules", str(file)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, f"SUCCESS: {len(ROWS)} rules found" in done.stdout) == (0, True), done.stderr

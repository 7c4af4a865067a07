"""A Prometheus that is filled with a past, and a deployment that it watches."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from deployspec.app import OURS
from deployspec.deployment import Deployment, load
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.entry import Entry
from deployspec.record.record import Run
from tests.prometheus_versions import Version
from tests.tools.prometheus.test_asking import probe

LIMIT = 60.0
"""Seconds that are waited for at most: only a hang takes so long."""


@contextlib.contextmanager
def filled(version: Version, folder: Path, lines: Iterable[str]) -> Iterator[str]:
    """Its address, until the block ends. It scrapes nothing, and keeps everything."""
    (folder / "past.om").write_text("".join(f"{line}\n" for line in lines))
    # One block for all of it: with those of two hours, promtool would read the file once for each.
    blocks = ["--max-block-duration=2000h", "past.om", "data"]
    command = [version.promtool, "tsdb", "create-blocks-from", "openmetrics", *blocks]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=LIMIT)
    (folder / "prometheus.yml").write_text("{}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        version.prometheus,
        f"--web.listen-address=127.0.0.1:{port}",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        "--storage.tsdb.retention.time=100y",
        "--log.level=warn",
    ]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + LIMIT
        while isinstance(probe(url).version(), Unavailable):
            assert process.poll() is None, (folder / "output").read_text()
            assert time.monotonic() < end, "waited in vain for Prometheus to answer"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_of(started: str, verdicts: Mapping[str, str], location: str = "", **more: Any) -> Run:
    """A finished run whose checks had these verdicts."""
    entries = {
        f"t.py::{check}": Entry(
            f"t.py::{check}", check, check.partition(".")[0], "It is as it should be.", verdict, "So it was."
        )
        for check, verdict in verdicts.items()
    }
    kind = "probe" if location else "check"
    return Run(
        started, "shop", id=started, kind=kind, location=location, entries=entries, exit_status=0, **more
    )


RULES = """\
groups:
  - name: shop
    rules:
      - alert: HighErrorRate
        expr: sum(rate(requests_total{status=~"5.."}[5m])) / sum(rate(requests_total[5m])) > 0.05
        for: 5m
      - {alert: MemoryHigh, expr: memory_share > 0.9, for: 5m}
      - {alert: DiskFills, expr: 0.8 < disk_used_share, for: 10m}
      - {alert: FewBytesFree, expr: free_bytes < 1e9}
      - {alert: Vanished, expr: absent(up)}
      - alert: ProbeCheckBreached
        expr: deployspec_check_verdict > 0
        annotations: {requires: deployspec}
"""

_AVAILABILITY = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, annotations: {deployspec/alerts: HighErrorRate}}
spec:
  service: shop
  indicator:
    metadata: {name: NAME}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: Prometheus, spec: {query: 'COUNTER{status=~"5.."}'}}}
        total: {metricSource: {type: Prometheus, spec: {query: COUNTER}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: it, target: 0.99}]
"""
_LATENCY = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, annotations: {deployspec/alerts: HighLatency}}
spec:
  service: shop
  indicator:
    metadata: {name: NAME}
    spec:
      thresholdMetric:
        metricSource: {type: Prometheus, spec: {histogram: HISTOGRAM, matchers: 'job="shop"'}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: it, op: lt, value: 0.5, target: 0.95}]
"""


def availability(name: str, counter: str) -> str:
    """99% of what a counter counts do not fail."""
    return _AVAILABILITY.replace("NAME", name).replace("COUNTER", counter)


def latency(name: str, histogram: str) -> str:
    """95% of what a histogram counts take less than 0.5 s."""
    return _LATENCY.replace("NAME", name).replace("HISTOGRAM", histogram)


def deployment_at(folder: Path, prometheus: str, objectives: Iterable[str], more: str = "") -> Deployment:
    """The deployment ``shop`` that a Prometheus watches (empty: none does)."""
    (folder / "slos").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(objectives):
        (folder / "slos" / f"{number}.yaml").write_text(text)
    (folder / "shop.rules.yml").write_text(RULES)
    watched = f'prometheus: {{url: "{prometheus}", window: 28d}}\n' if prometheus else ""
    path = folder / "shop.yaml"
    path.write_text(
        f"base_url: http://127.0.0.1:9\n{watched}rules: {{files: [shop.rules.yml]}}\nslos: {{files: [slos/*.yaml]}}\n{more}"
    )
    return load(path, {}, OURS, ())

"""Names that arrive under labels of their own: a Pushgateway that is scraped with `honor_labels`."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import yaml

from deployspec.app import OURS
from deployspec.chapters.metrics.judge.scraped import names_arrive
from deployspec.chapters.metrics.measure.measurements import Measurements
from deployspec.deployment import load
from deployspec.model.verdict import Verdict
from tests.probe.servers import Server, prometheus, running, wait_for
from tests.prometheus_versions import Version, given, versions


@pytest.fixture(params=versions())
def version(request: pytest.FixtureRequest) -> Version:
    """Each Prometheus that is there."""
    return given(request)


def _push(gateway: Server, group: str, name: str) -> None:
    page = f"# TYPE {name} gauge\n{name} 1\n"
    httpx.post(f"{gateway.url}/metrics/{group}", content=page, trust_env=False).raise_for_status()


def _arrived(gateway: Server, watching: str, folder: Path) -> Verdict:
    file = folder / "deployment.yaml"
    said = {"base_url": gateway.url, "metrics": {}, "prometheus": {"url": watching, "window": "1m"}}
    file.write_text(yaml.safe_dump(said))
    found = Measurements(load(file, {}, OURS, ()))
    return names_arrive(found.arrived, found.first)


def test_pushed_groups_arrive_under_their_own_labels(version: Version, tmp_path: Path) -> None:
    """Their job and instance are not the target's; one without an instance has none in Prometheus either."""
    with (
        running("prometheus-pushgateway", "--persistence.file=", path="/-/ready") as gateway,
        prometheus(tmp_path, {"gateway": gateway}, program=version.prometheus) as watching,
    ):
        _push(gateway, "job/backup", "backup_completed")
        _push(gateway, "job/report/instance/host-1", "report_completed")
        wait_for(lambda: watching.ask("backup_completed") and watching.ask("report_completed"))
        found = _arrived(gateway, watching.url, tmp_path)
    assert found.outcome == "MET", found.reason

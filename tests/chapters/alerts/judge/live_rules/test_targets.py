"""What a Prometheus scrapes, as it tells it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from deployspec.languages.prometheus.model import Unavailable
from deployspec.languages.prometheus.targets import Job, Targets, read_targets

STATIC = {"job_name": "api", "static_configs": [{"targets": ["a:1"], "labels": {"env": "x"}}]}
ACTIVE = {
    "activeTargets": [{"labels": {"job": "api", "instance": "a:1"}, "health": "up"}],
    "droppedTargets": [],
}


def read(*jobs: dict[str, Any], flags: object = None, **more: Any) -> Targets | Unavailable:
    """What is read where these jobs are configured."""
    config = {"yaml": yaml.safe_dump({"scrape_configs": list(jobs), **more})}
    return read_targets(ACTIVE, config, {} if flags is None else flags)


def job(**config: Any) -> Job:
    """How a job of this configuration is read."""
    found = read({"job_name": "api", **config})
    assert isinstance(found, Targets), found
    return found.jobs[0]


def test_targets_and_jobs() -> None:
    """Targets have their labels after relabelling, jobs those that the configuration gives them."""
    assert read(STATIC) == Targets(
        ({"job": "api", "instance": "a:1"},), (Job("api", frozenset({("env", "x")})),)
    )


FILES: dict[str, Any] = {"file_sd_configs": [{"files": ["x.json"]}]}
PODS: dict[str, Any] = {"kubernetes_sd_configs": [{"role": "pod"}]}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (FILES, Job("api", discovers=True, renames=True)),
        (PODS, Job("api", discovers=True)),
        (PODS | {"relabel_configs": [{"target_label": "job"}]}, Job("api", discovers=True, renames=True)),
        (PODS | {"relabel_configs": [{"target_label": "$1"}]}, Job("api", discovers=True, renames=True)),
        (PODS | {"relabel_configs": [{"action": "labelmap"}]}, Job("api", discovers=True, renames=True)),
        (PODS | {"relabel_configs": [{"action": "drop"}, {"target_label": "pod"}]}, Job("api", discovers=True)),
        ({"relabel_configs": [{"target_label": "job"}]}, Job("api")),
        ({"honor_labels": True}, Job("api", honors=True)),
        ({"honor_labels": True, "metrics_path": "/prometheus/federate"}, Job("api", honors=True, federates=True)),
        ({"metrics_path": "/federate"}, Job("api")),
        ({"metric_relabel_configs": [{"action": "labeldrop", "regex": "x"}]}, Job("api")),
        ({"metric_relabel_configs": [{"target_label": "job", "replacement": "x"}]}, Job("api", honors=True)),
    ],
)  # fmt: skip
def test_what_a_job_may_bring(config: dict[str, Any], expected: Job) -> None:
    """Discovery, relabelling and honored labels may bring values that nobody knows yet."""
    assert job(**config) == expected


@pytest.mark.parametrize(
    ("more", "elsewhere"),
    [
        ({}, ""),
        ({"flags": {"web.enable-remote-write-receiver": "false", "enable-feature": "native-histograms"}}, ""),
        ({"flags": {"web.enable-remote-write-receiver": "true"}}, "others may write series into it"),
        ({"flags": {"web.enable-otlp-receiver": "true"}}, "others may write series into it"),
        ({"flags": {"enable-feature": "a,remote-write-receiver"}}, "others may write series into it"),
        ({"remote_read": [{"url": "http://x"}]}, "it reads series of another store"),
        ({"scrape_config_files": ["x.yml"]}, "a part of its scrape configuration is in files of their own"),
    ],
)
def test_how_series_come_from_elsewhere(more: dict[str, Any], elsewhere: str) -> None:
    """What is not scraped may have any job."""
    found = read(STATIC, **more)
    assert isinstance(found, Targets)
    assert found.elsewhere == elsewhere


def test_a_prometheus_that_scrapes_nothing() -> None:
    """All its series come from elsewhere."""
    found = read()
    assert isinstance(found, Targets)
    assert found.elsewhere == "it scrapes nothing itself"


@pytest.mark.parametrize(
    ("targets", "config", "flags"),
    [
        ([], {"yaml": ""}, {}),
        ({}, {"yaml": "a: 1"}, {}),
        ({"activeTargets": "x"}, {"yaml": "a: 1"}, {}),
        ({"activeTargets": [{"labels": []}]}, {"yaml": "a: 1"}, {}),
        (ACTIVE, {}, {}),
        (ACTIVE, {"yaml": 1}, {}),
        (ACTIVE, {"yaml": "["}, {}),
        (ACTIVE, {"yaml": "- a"}, {}),
        (ACTIVE, {"yaml": "scrape_configs: [{scheme: http}]"}, {}),
        (ACTIVE, {"yaml": "scrape_configs: {}"}, {}),
        (ACTIVE, {"yaml": "a: 1"}, []),
    ],
)
def test_what_is_not_understood_is_unavailable(targets: object, config: object, flags: object) -> None:
    """What was not understood must not pass for no target."""
    found = read_targets(targets, config, flags)
    assert isinstance(found, Unavailable)
    assert found.reason.startswith("what it scrapes could not be understood: ")

"""The part of the deployment file, and the file that names metrics: what is refused, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployspec.app import deployment_named
from deployspec.base.errors import DeployspecError
from deployspec.chapters.metrics.measure.promised import read_promised
from deployspec.chapters.metrics.part import METRICS, Raised
from tests.suite import ROOT


def test_deal_scouts_own_file() -> None:
    """It can be read, and names what the guide names."""
    wanted = {one.name: one for one in read_promised(ROOT / "schemas" / "metrics.yaml")}
    assert {"deal_scout_requests_total", "celery_workers", "node_filesystem_avail_bytes"} <= wanted.keys()
    assert wanted["celery_workers"].place.endswith("metrics.yaml:45")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("metrics: [{name: a}, {name: a}]", ":1:29: found a for the second time; expected each metric once", id="twice"),
        pytest.param("metrics: [{type: counter}]", ":1:11: found neither name nor pattern", id="no-name"),
        pytest.param("metrics: [{name: a, pattern: b}]", ":1:11: found name beside pattern", id="both"),
        pytest.param("metrics: [{name: a, type: countr}]", ":1:27: found countr; expected counter, gauge", id="type"),
        pytest.param("metrics: [{nam: a}]", "did you mean name?", id="key"),
        pytest.param("metrics: [{pattern: 'a('}]", "expected a regular expression", id="pattern"),
        pytest.param("metrics: [{name: a, labels: {b: 'a('}}]", "expected a regular expression", id="label"),
        pytest.param("metrics: []", "an empty list", id="empty"),
        pytest.param("- a", "expected a mapping with the key metrics", id="a-list"),
    ],
)  # fmt: skip
def test_a_faulty_file_of_metrics(text: str, problem: str, tmp_path: Path) -> None:
    """One error, with the line and column, what was found and what was expected."""
    (tmp_path / "metrics.yaml").write_text(text)
    with pytest.raises(DeployspecError) as raised:
        read_promised(tmp_path / "metrics.yaml")
    assert problem in str(raised.value)


def test_no_such_file(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(DeployspecError, match="no such file"):
        read_promised(tmp_path / "metrics.yaml")


def loaded(folder: Path, metrics: str, more: str = "") -> str:
    """What is wrong with a deployment file."""
    file = folder / "local.yaml"
    file.write_text(f"base_url: http://127.0.0.1:9\nmetrics: {metrics}\n{more}\n")
    with pytest.raises(DeployspecError) as raised:
        deployment_named(str(file))
    return str(raised.value)


@pytest.mark.parametrize(
    ("metrics", "problem"),
    [
        pytest.param("{url: http://a.test/m, path: /metrics}", "path beside url", id="url-and-path"),
        pytest.param("{unseen: [/a]}", "expected a path with {unseen}, such as /{unseen}", id="unseen"),
        pytest.param("{schema: none.yaml}", "none.yaml", id="schema"),
        pytest.param("{max_size: 5}", "expected a size with its unit", id="size"),
        pytest.param("{movement: [{name: a, raises: [b]}]}", "found neither path nor fault", id="nothing-done"),
        pytest.param("{movement: [{name: a, path: /a}]}", "found neither raises nor lowers", id="nothing-moves"),
        pytest.param("{movement: [{name: a, path: /a, lowers: [b]}]}", "lowers without a fault", id="lowers"),
        pytest.param("{movement: [{name: a, path: /a, raises: ['rate(b[5m])']}]}", "no selector of one metric's series", id="no-selector"),
        pytest.param("{movement: [{name: a, path: /a, raises: ['b{']}]}", "which is no PromQL", id="no-promql"),
        pytest.param("{movement: [{name: a, path: /a, method: POST, raises: [b]}]}", "POST without a body", id="no-body"),
        pytest.param("{movement: [{name: a, path: /a, from: prometheus, raises: [b]}]}", "this file describes none", id="no-prometheus"),
        pytest.param("{movement: [{name: a, fault: {inject: [x], restore: [y]}, raises: [b]}]}", "no request is sent", id="none-sent"),
        pytest.param("{movement: [{name: a, path: /a, raises: [b]}, {name: a, path: /b, raises: [b]}]}", "for the second time", id="twice"),
    ],
)  # fmt: skip
def test_a_faulty_part(metrics: str, problem: str, tmp_path: Path) -> None:
    """What cannot be meant is refused where it stands."""
    said = loaded(tmp_path, metrics)
    assert problem in said
    assert "local.yaml:2:" in said


def test_what_the_part_becomes(tmp_path: Path) -> None:
    """Defaults filled in, sizes in bytes, times in seconds."""
    file = tmp_path / "local.yaml"
    file.write_text(
        "base_url: http://127.0.0.1:9\nmetrics: {movement: [{name: a, path: /a, raises: [b, {series: c, at_least: 2}]}]}\n"
    )
    metrics = deployment_named(str(file)).require(METRICS)
    assert (metrics.path, metrics.max_size, metrics.max_scrape_time, metrics.max_growth) == ("/metrics", 20_000_000, 10.0, None)  # fmt: skip
    (one,) = metrics.movement
    assert (one.times, one.writes, one.fault, one.within) == (5, False, None, 5.0)
    assert one.raises == (Raised("b"), Raised("c", 2))

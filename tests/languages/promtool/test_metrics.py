"""What promtool check metrics prints, read by both versions' own words."""

from __future__ import annotations

import subprocess

import pytest

from deployspec.languages.promtool.metrics import MetricLint, metric_lints
from tests.prometheus_versions import Version, versions


@pytest.mark.parametrize("version", versions())
def test_findings_name_their_metric(version: Version | None) -> None:
    """Each finding has the metric and the sentence."""
    page = "# TYPE x gauge\nx 1\n# HELP a_total h\n# TYPE a_total gauge\na_total 3\n"
    assert set(metric_lints(_printed(version, page))) == {
        MetricLint("x", "no help text"),
        MetricLint("a_total", 'non-counter metrics should not have "_total" suffix'),
    }


@pytest.mark.parametrize("version", versions())
def test_what_it_cannot_read_has_its_line(version: Version | None) -> None:
    """The page that it cannot read is one finding, with the line and no metric."""
    found = metric_lints(_printed(version, "x 1\nx{ 2\n"))
    assert [(one.metric, one.line) for one in found] == [("", 2)]
    assert "label name" in found[0].text


def test_nothing_is_found_where_nothing_is_printed() -> None:
    """A sound page."""
    assert metric_lints("") == []


def _printed(version: Version | None, page: str) -> str:
    assert version is not None
    done = subprocess.run(
        [version.promtool, "check", "metrics"],
        input=page,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stderr

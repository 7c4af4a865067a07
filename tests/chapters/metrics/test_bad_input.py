"""An endpoint that gives no page, or none that ends: one check is BREACHED, the others say so, and all of it in bounded time."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest

from deployspec.app import chapters, sinks
from deployspec.chapters.metrics.measure.scraping import Endpoint
from deployspec.deployment import load
from deployspec.model.verdict import Unmeasured
from tests.raw_server import serve
from tests.suite import run_checks

IN_TIME = "test_answers_in_time"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("refused", "refused"),
        ("accepts-never-answers", "the time limit of 1 s ran out"),
        ("drip-body", "the time limit of 1 s ran out"),
        ("endless-body", "larger than"),
        ("body-200mb", "larger than"),
        ("gzip-bomb", "larger than"),
        ("truncated-gzip", "gzip"),
        ("not-http", "HTTP"),
        ("redirect-loop", "loop"),
    ],
)
def test_no_page(fault: str, reason: str, tmp_path: Path) -> None:
    """The time limit is spent once, or twice where the second format might be had."""
    with serve(fault) as server:
        file = tmp_path / "local.yaml"
        file.write_text(
            f"base_url: {server.base_url}\nmetrics: {{max_scrape_time: 1s, max_size: 1MB, promtool: true}}\n"
        )
        began = time.monotonic()
        ran = run_checks(file, folder=tmp_path, chapter="metrics")
    assert ran.record is not None, ran.output
    verdicts = {entry["check"].rpartition("::")[2]: entry["verdict"] for entry in ran.record["checks"]}
    assert verdicts.pop(IN_TIME) == "BREACHED"
    assert reason in ran.entry(IN_TIME)["reason"]
    assert set(verdicts.values()) == {"UNMEASURED"}, verdicts
    assert len(verdicts) == 10
    assert "Traceback" not in ran.output
    assert sum(entry["duration"] for entry in ran.record["checks"]) < 6
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("fault", ["gzip-bomb", "body-200mb", "endless-body"])
def test_no_more_is_held_than_the_limit(fault: str, tmp_path: Path) -> None:
    """Each scrape, of whichever check, unpacks what comes up to ``max_size``, and stops there."""
    with serve(fault) as server:
        file = tmp_path / "local.yaml"
        file.write_text(f"base_url: {server.base_url}\nmetrics: {{max_scrape_time: 20s, max_size: 1MB}}\n")
        endpoint = Endpoint(load(file, {}, chapters(), sinks()))
        tracemalloc.start()
        try:
            scrapes = [
                endpoint.negotiated,
                endpoint.plain,
                endpoint.scrape(),
                endpoint.scrape(base_url=server.base_url),
            ]
            assert tracemalloc.get_traced_memory()[1] < 16_000_000
        finally:
            tracemalloc.stop()
    for scrape in scrapes:
        assert scrape.page is None
        with pytest.raises(
            Unmeasured, match=r"gave no exposition .*larger than .*; see metrics.answers-in-time"
        ):
            _ = scrape.whole

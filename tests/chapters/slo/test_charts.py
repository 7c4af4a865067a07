"""The charts of a load run's checks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployspec.chapters.slo.charts import charts
from deployspec.chapters.slo.load.result import Second
from deployspec.chapters.slo.load.tally import Tally
from deployspec.model.entry import Entry
from tests.chapters.slo.load.test_result import HALF, result

ENTRY = Entry("node", "slo.load-run[api-latency]", "slo", "It is quick.", "MET", "fine")
SECONDS = (Second(1, 10, 9, 1, 2, 0.1, 0.2, 0.3), Second(2, 10, 9, 0, 3, 0.4, 0.5, 0.6))


def added(**more: Any) -> dict[str, Any]:
    return {"load": result(**{"seconds": SECONDS, **more}).document()}


def test_all_requests_and_their_way_through_time() -> None:
    """Every request is in one bar, on its side of the limit; lines are in milliseconds."""
    tally = Tally.empty((HALF,), 2)
    for milliseconds in (3, 30, 499, 502, 2000):
        tally.routes[0].add_request(0, milliseconds * 1_000_000, "200", "")
    distribution, over_time = charts(ENTRY, added(tally=tally))
    assert distribution.bars is not None
    assert sum(distribution.bars.counts) == 5
    assert 500.0 in distribution.bars.edges
    pairs = zip(distribution.bars.edges, distribution.bars.counts, strict=False)
    assert sum(count for edge, count in pairs if edge >= 500.0) == 2
    assert list(distribution.bars.edges) == sorted(distribution.bars.edges)
    assert distribution.limits == over_time.limits == (("500 ms", 500.0),)
    assert {line.name: line.y for line in over_time.lines} == {
        "p50": (100.0, 400.0),
        "p95": (200.0, 500.0),
        "longest": (300.0, 600.0),
    }


def test_one_kind_of_requests_has_its_own() -> None:
    """As many as there are of that kind."""
    (distribution,) = charts(replace(ENTRY, id="slo.load-run[api-latency, b]"), added())
    assert distribution.bars is not None
    assert sum(distribution.bars.counts) == 50
    assert distribution.title == "Latency of b in the load run (50 requests)"


# check: an id; more: of the load run.
@pytest.mark.parametrize(
    ("check", "more"),
    [
        pytest.param("slo.window[api-latency]", {}, id="another-check"),
        pytest.param("slo.load-run[x]", {"tally": Tally.empty((HALF,), 2), "seconds": ()}, id="no-request"),
    ],
)
def test_nothing_to_draw(check: str, more: dict[str, Any]) -> None:
    """No empty picture."""
    assert charts(replace(ENTRY, id=check), added(**more)) == []


def test_without_a_load_run_there_is_none() -> None:
    """Such as in a run that was ended before it began."""
    assert charts(ENTRY, {"load": None}) == []
    assert charts(ENTRY, {}) == []

"""Whether ranges hold enough scrapes, at the limit and just below it."""

from __future__ import annotations

import pytest

from deployspec.chapters.dashboards.judge.ranges import holds_four_scrapes
from deployspec.model.verdict import Outcome


@pytest.mark.parametrize(
    ("query", "outcome", "measured"),
    [
        ("rate(x[1m])", Outcome.MET, "1m"),
        ("rate(x[59999ms])", Outcome.BREACHED, "59s999ms"),
        ("rate(x[5m]) / rate(y[30s])", Outcome.BREACHED, "30s"),
        ("rate(y[30s]) / rate(x[5m])", Outcome.BREACHED, "30s"),
        ("rate(x[1h]) / rate(y[5m]) + z", Outcome.MET, "5m"),
        ("x", Outcome.MET, ""),
    ],
)
def test_the_shortest_range_holds_four_scrapes(query: str, outcome: Outcome, measured: str) -> None:
    """Of 15 s each: 1m is enough."""
    verdict = holds_four_scrapes(query, 15.0)
    assert (verdict.outcome, verdict.measured) == (outcome, measured), verdict
    assert verdict.limit == "at least 1m, four scrape intervals"


def test_the_range_that_is_too_short_is_named() -> None:
    """With what it looks at."""
    verdict = holds_four_scrapes("rate(x[5m]) / rate(y[30s])", 15.0)
    assert verdict.reason.startswith("`y[30s]` looks at 30s, less than four scrape intervals of 15s"), verdict

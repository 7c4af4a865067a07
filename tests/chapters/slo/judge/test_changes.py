"""Two load runs compared: percentiles and shares, however requests come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from deployspec.chapters.slo.judge.changes import latencies, objections, shares, vanished
from deployspec.chapters.slo.load.result import LoadResult
from deployspec.chapters.slo.load.tally import RouteTally, Tally
from deployspec.model.figure import Figure
from deployspec.model.verdict import Proportion
from deployspec.record.baseline import IMPROVED, REGRESSED, TOO_FEW, judged
from tests.trials import trials

HALF = 500_000_000
PLAN = {
    "arrival_rate": 50.0,
    "arrivals": "constant",
    "timeout": 10.0,
    "max_in_flight": 100,
    "new_connections": 0.0,
    "proxy": "",
    "routes": [{"name": "a", "method": "GET", "path": "/a", "weight": 1.0}],
}


def result(took: Sequence[float], *, bad: Sequence[bool] = (), **more: Any) -> LoadResult:
    """A run whose requests, 50 a second, took so many seconds each."""
    tally = RouteTally([HALF])
    for number, seconds in enumerate(took):
        failed = bool(bad) and bad[number]
        tally.add_request(number // 5, round(seconds * 1e9), "200", "status 500" if failed else "")
    return LoadResult(**{"plan": PLAN, "started": "", "tally": Tally([HALF], [tally]), **more})


def drawn(seed: int, many: int = 750, slower: float = 1.0, waves: Sequence[float] = (1.0,)) -> list[float]:
    """Lognormal latencies about 10 ms, times the waves, each as long as the others."""
    dice = np.random.default_rng(seed)
    wave = np.repeat(waves, -(-many // len(waves)))[:many]
    return (slower * wave * 0.01 * dice.lognormal(0, 0.3, many)).tolist()


def words(before: LoadResult, after: LoadResult) -> dict[str, str]:
    """By figure."""
    return {one.figure.name: one.judgement for one in judged(list(latencies(before, after)), 0.05)}


def test_the_interval_of_a_percentile() -> None:
    """Of 100 independent requests, the 40th and the 61st are the ends of the median's at 95% (binomial: 0.398 to 0.602)."""
    order = np.random.default_rng(1).permutation(np.arange(1, 101))
    run = result((order / 1000).tolist())
    median = next(latencies(run, run)).after
    assert (median.value, median.samples) == (0.05, 100)
    low, high = median.within(0.95, 1.0)
    # few blocks: at least as wide as the binomial one
    assert 0.020 < low <= 0.040
    assert 0.061 <= high < 0.080
    lower, higher = median.within(0.95, 100.0)
    assert low < lower < 0.05 < higher < high


def test_nothing_is_known_beyond_the_last_sample() -> None:
    """The p95 of twenty requests has no upper end."""
    run = result(drawn(1, 20))
    assert [figure.after.within(0.99, 1.0)[1] for figure in latencies(run, run)][1] == float("inf")


@pytest.mark.parametrize("seed", range(3))
def test_what_is_half_as_slow_again_is_found(seed: int) -> None:
    """In 15 s of independent requests, and what has become quicker as well."""
    before, after = result(drawn(seed)), result(drawn(100 + seed, slower=1.5))
    assert words(before, after)["p50 of all requests"] == REGRESSED
    assert words(after, before)["p50 of all requests"] == IMPROVED


def test_a_machine_that_is_busy_for_a_while_is_no_regression() -> None:
    """Every request of 5 s of the second run takes twice as long; in the first run, none."""
    before, after = result(drawn(1)), result(drawn(2, waves=(2.0, 1.0, 1.0)))
    assert REGRESSED not in words(before, after).values()


def test_one_build_is_seldom_called_regressed() -> None:
    """Independent requests and waves of 2 s, a few pairs here; 10,000 by the benchmark."""
    found = 0
    for seed in range(trials(30)):
        waves = np.random.default_rng(1000 + seed).lognormal(0, 0.2, (2, 8))
        pair = [result(drawn(2 * seed + one, waves=waves[one].tolist())) for one in (0, 1)]
        found += REGRESSED in words(*pair).values()
    assert found <= trials(30) // 20


def share(before: LoadResult, after: LoadResult, slow_from: int | None = None) -> Figure:
    one = Proportion("of", "load", 1, 1, 0.95, slow_from=slow_from)
    (figure,) = shares(before, after, [("of", one, one)])
    return figure


def test_shares_of_bad_requests() -> None:
    """From 1% to 8%, where 5% are allowed, one by one: worse by 1.4 of these, which is found."""
    before = result([0.01] * 3000, bad=[number % 100 == 0 for number in range(3000)])
    after = result([0.01] * 3000, bad=[number % 25 < 2 for number in range(3000)])
    figure = share(before, after)
    (found,) = judged([figure], 0.05)
    assert found.judgement == REGRESSED
    assert found.change == pytest.approx(1.4)
    (back,) = judged([share(after, before)], 0.05)
    assert back.judgement == IMPROVED


def test_one_outage_is_too_little() -> None:
    """A run without a bad request does not know that they come together; the other one does."""
    before = result([0.01] * 750)
    after = result([0.01] * 650 + [0.6] * 100)
    (found,) = judged([share(before, after, HALF)], 0.05)
    assert (found.figure.before.value, found.figure.after.value) == (0.0, pytest.approx(100 / 750))
    assert found.judgement == TOO_FEW


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"trouble": "it died"}, "this run's load run was not made to its end: it died"),
        ({"cut_short": "interrupted"}, "this run's load run was not made to its end: interrupted"),
        ({"plan": PLAN | {"arrival_rate": 40.0}}, "another arrival rate: 50 in the baseline, 40 in this run"),
        (
            {"plan": PLAN | {"arrivals": "poisson"}},
            "another kind of arrivals: constant in the baseline, poisson",
        ),
        ({"plan": PLAN | {"new_connections": 0.5}}, "another share of new connections"),
        ({"plan": PLAN | {"warm_up": 5.0}}, "another warm-up: 0 in the baseline, 5 in this run"),
        (
            {"plan": PLAN | {"proxy": "http://p:1"}},
            "another proxy: none in the baseline, http://p:1 in this run",
        ),
        ({"plan": PLAN | {"routes": []}}, "sends other requests"),
        ({"plan": PLAN | {"duration": 300.0, "base_url": "http://elsewhere", "seed": 9}}, ""),
    ],
)
def test_what_is_not_compared(change: dict[str, Any], said: str) -> None:
    """Each with its reason; a longer run, at another address, with another seed, is compared."""
    run = result([0.01] * 50)
    reasons = list(objections(run, replace(run, **change)))
    assert len(reasons) == bool(said)
    assert said in "".join(reasons)


def test_neither_a_late_generator_nor_an_old_result_is_compared() -> None:
    """What a late generator adds is nothing of the build's; and older results say nothing of when."""
    run, late, old = (result([0.01] * 50) for _ in range(3))
    late.tally.lateness.update({20_000: 50})
    assert "the baseline's load generator was late: 100.00% of" in next(objections(late, run))
    old.tally.routes[0].paces.clear()
    assert "it was made by an older version" in next(objections(old, run))


def turned_away(many: int) -> LoadResult:
    """A run none of whose requests was sent, because as many as may wait were waiting."""
    away = result([])
    for number in range(many):
        away.tally.routes[0].add_turned_away(number // 5)
    return away


def test_latencies_that_have_vanished_are_told() -> None:
    """Whichever run has none; where neither has any, nothing has."""
    run, away = result([0.01] * 50), turned_away(50)
    assert list(objections(away, run)) == []
    assert list(latencies(run, away)) == []
    assert list(vanished(run, away)) == ["percentiles of all requests: this run has no latency of any"]
    assert list(vanished(away, run)) == ["percentiles of all requests: the baseline has no latency of any"]
    assert [*vanished(run, run), *vanished(away, away)] == []

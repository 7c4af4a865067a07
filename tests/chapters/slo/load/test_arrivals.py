"""When which request is sent."""

from __future__ import annotations

from itertools import islice, pairwise

import pytest

from deployspec.chapters.slo.load.arrivals import arrivals, planned
from deployspec.chapters.slo.load.plan import Plan, Route

NANO = 1_000_000_000


def plan(**more: object) -> Plan:
    routes = (Route("often", "GET", "/", 3.0), Route("seldom", "GET", "/b", 1.0))
    return Plan(
        **{"base_url": "http://h", "routes": routes, "rate": 50.0, "duration": 10.0, "seed": 7, **more}
    )


def test_constant_arrivals_keep_their_distance_for_ever() -> None:
    """Each is a whole number of distances after the origin, so a rate that is no round number does not drift."""
    last = list(arrivals(plan(rate=3.0, duration=1000.0)))[-1]
    assert last.at == round(last.number * NANO / 3)
    assert last.number == 2999


def test_the_duration_is_half_open() -> None:
    """At 50 a second, 10 s have exactly 500: the one at second 10 is not among them."""
    assert sum(1 for _ in arrivals(plan())) == 500


def test_the_same_seed_sends_the_same() -> None:
    """Times and routes are those of the seed, and others with another one."""
    assert list(arrivals(plan(poisson=True))) == list(arrivals(plan(poisson=True)))
    assert list(arrivals(plan(poisson=True))) != list(arrivals(plan(poisson=True, seed=8)))


def test_poisson_arrivals_have_the_rate_and_its_spread() -> None:
    """Their distances are exponential: the mean is that of the rate, and the deviation equals the mean."""
    times = [arrival.at / NANO for arrival in arrivals(plan(poisson=True, rate=200.0, duration=100.0))]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert mean == pytest.approx(1 / 200, rel=0.03)
    assert deviation == pytest.approx(mean, rel=0.05)


def test_weights_are_shares() -> None:
    """A weight of 3 beside 1 takes three quarters of the requests."""
    routes = [arrival.route for arrival in arrivals(plan(rate=1000.0, duration=20.0))]
    assert routes.count(0) / len(routes) == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("processes", [2, 3, 7])
def test_processes_together_send_the_plan_exactly(processes: int) -> None:
    """Their shares are disjoint, and their union is what one process would send."""
    shares = [list(arrivals(plan(poisson=True, warm_up=1.0), share, processes)) for share in range(processes)]
    assert sorted(arrival for share in shares for arrival in share) == list(
        arrivals(plan(poisson=True, warm_up=1.0))
    )


def test_the_warm_up_does_not_count_by_time() -> None:
    """What arrives within it has no span; the first after it opens span 0, and the duration counts from there."""
    every = list(arrivals(plan(warm_up=2.0)))
    assert [arrival.bin for arrival in every[:101]] == [-1] * 100 + [0]
    assert len(every) == 100 + 500
    assert every[-1].bin == 99


def test_the_warm_up_does_not_count_by_number() -> None:
    """The longer of the two warm-ups is the warm-up."""
    every = list(arrivals(plan(warm_up=1.0, warm_up_requests=80)))
    assert [arrival.bin for arrival in islice(every, 79, 82)] == [-1, 0, 0]
    assert len(every) == 80 + 500


def test_new_connections_are_chosen_by_the_seed() -> None:
    """The share that was asked for, whatever the kind; and neither times nor kinds change with it."""
    every = list(arrivals(plan(rate=500.0, new_connections=0.05)))
    for route, expected in ((0, 0.05), (1, 0.05)):
        fresh = [arrival.is_fresh for arrival in every if arrival.route == route]
        assert abs(sum(fresh) / len(fresh) - expected) < 0.02
    assert every == list(arrivals(plan(rate=500.0, new_connections=0.05)))
    none, all_ = (list(arrivals(plan(rate=500.0, new_connections=share))) for share in (0.0, 1.0))
    assert not any(arrival.is_fresh for arrival in none)
    assert all(arrival.is_fresh for arrival in all_)
    assert [arrival[:4] for arrival in every] == [arrival[:4] for arrival in none]


def test_planned_counts_what_arrives() -> None:
    """The number for each route is that of its arrivals, warm-up excluded."""
    told = planned(plan(poisson=True, warm_up=1.0))
    every = [arrival for arrival in arrivals(plan(poisson=True, warm_up=1.0)) if arrival.bin >= 0]
    assert told.total() == len(every)
    assert told["seldom"] == sum(arrival.route == 1 for arrival in every)


def test_a_plan_survives_json() -> None:
    """What the generator reads is what the probe wrote."""
    import json

    routes = (Route("a", "POST", "/a", 1.0, {"X-A": "b"}, "{}", "id", (200, 202), "x"),)
    told = plan(routes=routes, thresholds=(5, 6), proxy=("h", 1, None, None), ca="/ca.pem")
    assert Plan.from_document(json.loads(json.dumps(told.document()))) == told


def test_a_plan_keeps_its_secrets_out_of_repr() -> None:
    """Headers, bodies and the proxy's password are in no traceback."""
    routes = (Route("a", "POST", "/a", 1.0, {"Authorization": "sesame"}, '{"password": "sesame"}'),)
    assert "sesame" not in repr(plan(routes=routes, proxy=("h", 1, "user", "sesame")))

"""What counts as failed, slow, and neither."""

from __future__ import annotations

import json

import pytest

from deployspec.chapters.slo.load.tally import RouteTally, Tally, step_of

HALF = 500_000_000
"""The threshold, in nanoseconds."""


def of(elapsed: int, status: str = "200", error: str = "") -> list[int]:
    """The four counts of one request: requests, failed, those that tell something of the threshold, slow."""
    tally = RouteTally([HALF])
    tally.add_request(0, elapsed, status, error)
    return tally.bins[0]


@pytest.mark.parametrize(
    ("elapsed", "error", "counts"),
    [
        # just below, at and just above the threshold
        pytest.param(HALF - 1, "", [1, 0, 1, 0], id="below"),
        pytest.param(HALF, "", [1, 0, 1, 1], id="at"),
        pytest.param(HALF + 1, "", [1, 0, 1, 1], id="above"),
        # one that failed sooner tells nothing of how long a success takes
        pytest.param(HALF - 1, "status 500", [1, 1, 0, 0], id="failed-below"),
        pytest.param(HALF, "status 500", [1, 1, 1, 1], id="failed-at"),
        pytest.param(10 * HALF, "no answer within 5 s", [1, 1, 1, 1], id="no-answer"),
    ],
)
def test_a_request_is_counted(elapsed: int, error: str, counts: list[int]) -> None:
    """A request that takes exactly the threshold is slow; a failure is failed, and slow if it took as long."""
    assert of(elapsed, error=error) == counts


def test_one_that_was_never_answered_is_slow_by_any_threshold() -> None:
    """Also where its time was shorter than the threshold: it was given up, and is no quick success left out."""
    tally = RouteTally([HALF])
    tally.add_request(0, HALF - 1, "", "no answer within 0.4 s", given_up=True)
    assert tally.bins[0] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("waited", "error", "more", "certain"),
    [
        # slow by 1 s from its intended start; without what the generator has added just below, at and above
        pytest.param(HALF - 1, "", {}, [0, 0], id="below"),
        pytest.param(HALF, "", {}, [0, 1], id="at"),
        pytest.param(HALF + 1, "", {}, [0, 1], id="above"),
        pytest.param(0, "status 503", {}, [1, 0], id="lateness-makes-no-503"),
        pytest.param(
            0, "no answer within 1 s", {"given_up": True, "excused": True}, [0, 0], id="read-too-late"
        ),
        pytest.param(0, "no answer within 1 s", {"given_up": True}, [1, 1], id="not-answered-at-all"),
    ],
)
def test_what_is_bad_whatever_the_generator_did(
    waited: int, error: str, more: dict[str, bool], certain: list[int]
) -> None:
    """Of failed ones and of slow ones; a good request leaves no trace there."""
    tally = RouteTally([HALF])
    tally.add_request(0, HALF // 2, "200", "")
    assert not tally.certain
    tally.add_request(0, 2 * HALF, "200", error, waited=waited, **more)
    assert tally.certain == {0: certain}


def test_one_that_was_turned_away_is_bad_by_any_measure() -> None:
    """The deployment kept too many waiting: failed and slow, under every threshold; without a latency of its own."""
    tally = RouteTally([HALF, 2 * HALF])
    tally.add_turned_away(3)
    assert tally.bins == {3: [1, 1, 1, 1, 1, 1]}
    assert not tally.latencies


def test_one_that_the_generator_did_not_send_is_none_of_the_deployments() -> None:
    """It is in no count of requests, but known with its span and why."""
    tally = RouteTally([HALF])
    tally.add_undispatched(3, "no free port left")
    assert not tally.bins
    assert tally.undispatched == {"no free port left": 1}
    assert tally.undispatched_bins == {3: 1}


@pytest.mark.parametrize(("elapsed", "counts"), [(HALF - 1, [0, 0, 0, 0]), (HALF, [0, 0, 1, 1])])
def test_one_that_nobody_waited_for_is_slow_if_it_was_already(elapsed: int, counts: list[int]) -> None:
    """Of a request that was under way when the run was stopped, only this is known."""
    tally = RouteTally([HALF])
    tally.add_unfinished(0, elapsed)
    assert tally.bins[0] == counts
    # And of how many nothing is known: whether they fail, and whether they are slow where they are not yet.
    assert tally.unfinished == {0: [1, 1 - counts[3]]}


def test_latencies_are_rounded_up() -> None:
    """A request is never told to be quicker than it was."""
    tally = RouteTally([HALF])
    tally.add_request(0, 1_000_001, "200", "")
    assert tally.latencies == {1001: 1}


def test_tallies_add_up() -> None:
    """Two processes' counts are those of one that had seen all, also after their way through JSON."""
    one, two, both = (Tally.empty([HALF], 2) for _ in range(3))
    for tally in (one, two, both, both):
        tally.routes[1].add_unfinished(3, 10)
    for tally in (one, both):
        tally.routes[0].add_request(0, 100, "200", "")
        tally.routes[1].add_request(2, HALF, "", "connection reset")
        tally.lateness[40] += 1
        tally.warm_up["ok"] += 3
    for tally in (two, both):
        tally.routes[0].add_request(0, 200, "503", "status 503")
        tally.routes[1].add_request(2, 2 * HALF, "200", "", waited=HALF)
        tally.routes[0].add_turned_away(1)
        tally.routes[1].add_undispatched(2, "late by more than 1 s")
        tally.lateness[40] += 1
    for tally in (two, both):
        tally.chosen[0].add_request(0, 200, "503", "status 503")
        tally.needed[1].add_request(2, 2 * HALF, "200", "", waited=HALF)
    sent = Tally.from_document(json.loads(json.dumps(two.document())), [HALF])
    assert sent == two
    one.add(sent)
    assert one == both


@pytest.mark.parametrize(
    ("latency", "step"),
    # a doubling is 32 steps; just below, at and just above one of them
    [(0, 0), (1, 0), (2, 32), (4, 64), (1023, 319), (1024, 320), (1025, 320), (1047, 321)],
)
def test_the_step_of_a_latency(latency: int, step: int) -> None:
    """Each step is 2.2% above the one before."""
    assert step_of(latency) == step


def test_latencies_are_kept_by_span() -> None:
    """They are added up, and survive a document; one without them is of an older version."""
    tally, other = RouteTally([HALF]), RouteTally([HALF])
    tally.add_request(3, 1_024_000, "200", "")
    other.add_request(3, 1_024_000, "200", "")
    other.add_request(4, 2_048_000, "", "reset")
    tally.add(other)
    assert tally.paces == {3: {320: 2}, 4: {352: 1}}
    document = json.loads(json.dumps(tally.document()))
    assert document["paces"] == [[3, 320, 2], [4, 352, 1]]
    assert RouteTally.from_document(document, [HALF]).paces == tally.paces
    del document["paces"]
    assert RouteTally.from_document(document, [HALF]).paces == {}

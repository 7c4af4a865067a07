"""A load run's counts beside the deployment's own."""

from __future__ import annotations

import pytest

from deployspec.contracts.live_rules import Unavailable
from deployspec.objectives.reconcile import Seen, reconcile, seen_by
from tests.objectives.test_load import AVAILABILITY, LATENCY, run

CLIENT = Seen(requests=1000, failed=50, within=900)


@pytest.mark.parametrize(
    ("deployment", "piece"),
    [
        pytest.param(Seen(1000, 50, 900), "", id="the-same"),
        pytest.param(Seen(890, 50, 801), "", id="explained-by-scraping"),
        pytest.param(Seen(889, 50, 801), "metrics are blind: they have counted 889 requests", id="fewer"),
        pytest.param(Seen(5000, 50, 4900), "", id="others-are-quick"),
        pytest.param(Seen(1000, 0, 900), "", id="few-failures-explained"),
        pytest.param(Seen(1000, 50, 1000), "", id="slow-ones-explained"),
    ],
)
def test_a_disagreement_names_the_blind_side(deployment: Seen, piece: str) -> None:
    """Within 1% and what was scraped before or after, nothing is said."""
    told = reconcile(CLIENT, deployment, slack=100).disagreement
    assert piece in told
    assert bool(told) == bool(piece)


def test_failures_before_the_application() -> None:
    """A proxy's 502s are in no metric of the application."""
    assert "blind to failures" in reconcile(CLIENT, Seen(1000, 5, 900), slack=10).disagreement


def test_time_before_the_application() -> None:
    """A frozen server counts requests as quick that waited at its door."""
    told = reconcile(CLIENT, Seen(1000, 50, 999), slack=10).disagreement
    assert "10.0% of the answers were slow for the load run, and 0.1% by its own metrics" in told


def test_what_a_load_run_has_seen() -> None:
    """All that was answered in full, the warm-up included, for the deployment has counted that, too."""
    result = run(100, slow=10)
    result.tally.routes[0].add_request(0, 1, "503", "status 503")
    result.tally.routes[0].add_request(0, 1, "", "connection reset")
    warm_up = {
        "ok": 5,
        "status 500": 2,
        "status 404": 1,
        "an answer without the expected text": 3,
        "not HTTP": 9,
    }
    result.tally.warm_up.update(warm_up)
    assert seen_by(result, [LATENCY]) == Seen(112, 3, 112 * 0.9)
    assert seen_by(result, [AVAILABILITY]) == Seen(112, 3, 112)


def test_what_the_load_run_did_not_see() -> None:
    """Its own metrics tell of failures, or of slowness, that something before the application keeps from clients."""
    sound = Seen(10_000, 0, 10_000)
    assert (
        "the load run is blind to failures"
        in reconcile(sound, Seen(10_000, 1500, 10_000), slack=100).disagreement
    )
    assert (
        "the load run is blind to slowness" in reconcile(sound, Seen(10_000, 0, 8500), slack=100).disagreement
    )
    assert reconcile(sound, Seen(10_000, 200, 9800), slack=100).disagreement == ""


def test_other_traffic_is_no_disagreement() -> None:
    """The deployment may have users."""
    told = reconcile(CLIENT, Seen(5000, 250, 4500), slack=10)
    assert told.disagreement == ""
    assert "it has other traffic, too" in told.text


def test_the_table() -> None:
    """Both sides, side by side."""
    lines = reconcile(CLIENT, Seen(998, 50, 898), slack=10).text.splitlines()
    assert lines[1].split() == ["requests", "answered", "1,000", "998"]
    assert lines[3].split()[-2:] == ["90.000%", "89.980%"]


def test_what_cannot_be_compared_is_said() -> None:
    """And is no disagreement."""
    told = reconcile(CLIENT, Unavailable("an instance was restarted"), slack=10)
    assert told.text == "not compared: an instance was restarted"
    assert told.disagreement == ""


def test_what_came_in_between() -> None:
    """A difference of two moments; what is not known of one is not known of both."""
    assert Seen(5, 2, 3, 4).since(Seen(1, 1, 1, 2)) == Seen(4, 1, 2, 2)
    assert Seen(5, 2, None).since(Seen(1, None, 1)) == Seen(4, None, None)


def test_what_nobody_has_counted_is_no_disagreement() -> None:
    """Without a counter of failures, or the bucket, that side is not blind: it was not asked."""
    told = reconcile(CLIENT, Seen(1000, None, None), slack=10)
    assert told.disagreement == ""
    assert [line.split()[-1] for line in told.text.splitlines()[2:4]] == ["-", "-"]


def test_a_histogram_of_fewer_requests_has_its_own_share() -> None:
    """The share within the threshold is that of the requests that the histogram has, not of all."""
    assert reconcile(CLIENT, Seen(1000, 50, 450, timed=500), slack=10).disagreement == ""
    told = reconcile(CLIENT, Seen(1000, 50, 499, timed=500), slack=10)
    assert "10.0% of the answers were slow for the load run, and 0.2% by its own metrics" in told.disagreement


def test_no_requests_have_no_share() -> None:
    """A run without answers beside a deployment without requests: nothing differs, and nothing is divided by 0."""
    told = reconcile(Seen(0, 0, 0), Seen(0, 0, 0), slack=0)
    assert told.disagreement == ""
    assert told.text.splitlines()[3].split()[-2:] == ["-", "-"]


def test_the_slack_is_taken_once() -> None:
    """One request more than a hundredth and the slack explain is a disagreement."""
    client = Seen(10_000, 0, 10_000)
    assert reconcile(client, Seen(9_800, 0, 9_800), slack=100).disagreement == ""
    assert "are blind" in reconcile(client, Seen(9_799, 0, 9_799), slack=100).disagreement
    assert reconcile(Seen(10_000, 200, 10_000), Seen(10_000, 0, 10_000), slack=100).disagreement == ""
    assert "blind to failures" in reconcile(Seen(10_000, 201, 10_000), Seen(10_000, 0, 10_000), slack=100).disagreement  # fmt: skip

"""A load run's counts beside the deployment's own."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from deployspec.chapters.slo.judge.leaving_out import counts
from deployspec.chapters.slo.judge.reconcile import Reconciliation, Seen, reconcile, seen_by
from deployspec.chapters.slo.judge.selecting import selector_of
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator
from deployspec.languages.prometheus.model import Unavailable
from tests.chapters.slo.judge.test_load_run import AVAILABILITY, LATENCY, fill, objective, run

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


@pytest.mark.parametrize(
    ("client", "deployment", "slack", "counts"),
    [
        (CLIENT, Seen(1000, 5, 900), 10, "50 times, and they have counted 5 ("),
        (Seen(60, 1, 9), Seen(60, 0, 9), 0, "1 time, and they have counted 0 ("),
    ],
    ids=["many", "one"],
)
def test_failures_before_the_application(client: Seen, deployment: Seen, slack: int, counts: str) -> None:
    """A proxy's 502s are in no metric of the application."""
    told = reconcile(client, deployment, slack=slack).disagreement
    assert "blind to failures" in told
    assert counts in told


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
    assert seen_by(result, [AVAILABILITY]) == Seen(112, 3, None), "it has no threshold"


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


NOT_MACHINES = 'path!~"/health|/metrics|/ping"'


@pytest.mark.parametrize(
    ("matchers", "method", "target", "status", "counted"),
    [
        pytest.param("", "GET", "/ping", "200", True, id="no-matchers"),
        pytest.param(NOT_MACHINES, "GET", "/ping", "200", False, id="left-out"),
        pytest.param(NOT_MACHINES, "GET", "/ping?deep=1", "200", False, id="left-out-whatever-the-query"),
        pytest.param(NOT_MACHINES, "GET", "/listings?path=/ping", "200", True, id="counted"),
        pytest.param(NOT_MACHINES, "GET", "/api/ping", "200", None, id="prefix-may-be-taken-off"),
        pytest.param(NOT_MACHINES, "GET", "/{next}", "200", True, id="placeholder-is-none-of-them"),
        pytest.param('path!="/seller/1"', "GET", "/seller/{snap}", "200", None, id="placeholder-may-be-it"),
        pytest.param('path="/seller/snap/{id}"', "GET", "/seller/snap/17", "200", None, id="template"),
        pytest.param('path="/seller/snap/{id}"', "GET", "/seller/snap/{snap}", "200", None, id="templates"),
        pytest.param('path="/seller/snap/{id}"', "GET", "/ping", "200", False, id="another-template"),
        pytest.param('path=~"/seller/snap/{id}|/x"', "GET", "/seller/snap/a", "200", None, id="bare-braces"),
        pytest.param('path!~"/seller/snap/:id"', "GET", "/seller/snap/a", "200", None, id="colon"),
        pytest.param('path=~"/seller/snap/[0-9]+"', "GET", "/seller/snap/17", "200", None, id="digits"),
        pytest.param('path=~"/seller/.+"', "GET", "/seller/snap/17", "200", True, id="any"),
        pytest.param('handler="listings"', "GET", "/listings", "200", None, id="handler-without-a-path"),
        pytest.param('handler!="none"', "GET", "/listings", "200", None, id="handler-may-be-none"),
        pytest.param('path=~".*"', "GET", "/listings", "200", True, id="everything"),
        pytest.param('path!~"/[[:alpha:]]+"', "GET", "/listings", "200", None, id="cannot-be-read"),
        pytest.param('job="api"', "GET", "/listings", "200", True, id="job"),
        pytest.param('env="prod"', "GET", "/listings", "200", None, id="another-label"),
        pytest.param('env="prod", path!="/x"', "GET", "/x", "200", False, id="left-out-anyhow"),
        pytest.param('method="get"', "GET", "/", "200", True, id="method"),
        pytest.param('method!="GET"', "GET", "/", "200", False, id="not-this-method"),
        pytest.param('code=~"5.."', "GET", "/", "503", True, id="status"),
        pytest.param('code="5xx"', "GET", "/", "503", True, id="class-of-status"),
        pytest.param('code="500"', "GET", "/", "503", False, id="another-status"),
        pytest.param('code="error"', "GET", "/", "503", None, id="word-for-a-status"),
        pytest.param('path!~"/a"', "GET", "/1/2/3/4/5/6/7/8/9/0/1/2", "200", None, id="too-many-readings"),
    ],
)
def test_which_requests_a_selector_counts(
    matchers: str, method: str, target: str, status: str, counted: bool | None
) -> None:
    """As far as the matchers and the request tell; None where it cannot be told."""
    assert counts(selector_of(f"m{{{matchers}}}"), method, target, status, "/api") is counted


def both(matchers: str) -> list[Any]:
    """The two objectives of all requests that meet the matchers."""
    also = f"{matchers}, " if matchers else ""
    return [
        objective("latency", indicator=LatencyIndicator(Fraction(1, 2), False, "h", matchers)),
        objective(
            "availability",
            indicator=AvailabilityIndicator(f'n{{{also}status=~"5.."}}', f"n{{{matchers}}}"),
        ),
    ]


def beside(matchers: str, counted: Seen, **paths: int) -> Reconciliation:
    """A load run of so many requests of these kinds (``listings`` to ``/listings``) beside what was counted."""
    result = run(routes=len(paths))
    for route, tally, (name, number) in zip(
        result.plan["routes"], result.tally.routes, paths.items(), strict=True
    ):
        route.update(name=name, path=f"/{name}")
        fill(tally, number)
    return reconcile(seen_by(result, both(matchers)), counted, slack=10)


def test_metrics_are_not_blind_to_what_the_objective_leaves_out() -> None:
    """A run of /ping alone, which the objective leaves out on purpose, can be compared with nothing."""
    told = beside(NOT_MACHINES, Seen(0, 0, 0, 0), ping=1000)
    assert told.disagreement == ""
    assert told.text.splitlines() == [
        "not compared: no request of the load run counts for the deployment's metrics",
        'left out by api-availability: n{path!~"/health|/metrics|/ping"} does not count 1,000 answers to ping',
        'left out by api-latency: h_count{path!~"/health|/metrics|/ping"} does not count 1,000 answers to ping',
    ]


def test_only_what_counts_is_compared() -> None:
    """The rest is told apart, and a metric that is blind to what it has to count is found all the same."""
    told = beside(NOT_MACHINES, Seen(1000, 0, 1000, 1000), ping=1000, listings=1000)
    assert told.disagreement == ""
    assert told.text.splitlines()[1].split()[-2:] == ["1,000", "1,000"]
    assert "does not count 1,000 answers to ping" in told.text
    blind = beside(NOT_MACHINES, Seen(500, 0, 500, 500), ping=1000, listings=1000).disagreement
    assert (
        "are blind: they have counted 500 requests, and it has answered 1,000 of the load run alone" in blind
    )
    assert "only the requests that the objectives' own matchers count" in blind


def test_what_may_not_count_is_no_blindness() -> None:
    """A label may have anything: where it cannot be told, that is said, and only what is certain is compared."""
    told = beside('handler="Listings"', Seen(0, 0, 0, 0), listings=1000)
    assert told.disagreement == ""
    assert told.text.startswith("not compared: it is not known whether any request of the load run counts")
    template = 'path=~"/ping|/seller/{id}"'
    assert beside(template, Seen(1000, 0, 1000, 1000), **{"ping": 1000, "seller/a": 9}).disagreement == ""
    told = beside(template, Seen(1009, 0, 1000, 1009), **{"ping": 1000, "seller/a": 9})
    assert "may or may not count 9 answers to seller/a" in told.text
    assert (
        "are blind" in beside(template, Seen(500, 0, 500, 500), **{"ping": 1000, "seller/a": 9}).disagreement
    )


def test_failures_that_the_objective_does_not_mean_are_none() -> None:
    """Where bad requests are those with 500, 502 is none that its counter has missed."""
    result = run(1000)
    result.tally.routes[0].statuses.update(Counter({"502": 100, "500": 3}))
    bad = objective("availability", indicator=AvailabilityIndicator('n{status="500"}', "n"))
    seen = seen_by(result, [bad])
    assert (seen.requests, seen.failed) == (1103, 3)
    assert any("does not count 100 answers to r0" in one for one in seen.apart)
    assert reconcile(seen, Seen(1103, 3, None), slack=10).disagreement == ""

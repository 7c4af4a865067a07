"""What Prometheus takes over: just below, at and just above each limit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployspec.chapters.metrics.judge.scraped import (
    Arrived,
    Quickness,
    Range,
    Taken,
    Target,
    brought,
    is_scraped,
    names_arrive,
    nothing_is_dropped,
    ranges_are_long_enough,
    scrapes_are_quick,
)
from deployspec.languages.exposition import Limits, read
from deployspec.languages.exposition.model import Format
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import parse

UP = Target("shop", "http://a/metrics", {"job": "shop", "instance": "a"}, "up", "", 1e9, 15.0, 10.0)
DOWN = replace(UP, health="down", last_error="server returned HTTP status 500")
PAGE = read(
    [
        b"""# TYPE shop_requests_total counter
shop_requests_total{path="/"} 1
# TYPE shop_seconds histogram
shop_seconds_bucket{le="+Inf"} 1
shop_seconds_sum 1
shop_seconds_count 1
"""
    ],
    Format.TEXT,
)
NAMES = frozenset({"shop_requests_total", "shop_seconds_bucket", "shop_seconds_sum", "shop_seconds_count"})
LABELS = frozenset({"__name__", "job", "instance", "path", "le"})
ARRIVED = Arrived((UP,), NAMES, LABELS, frozenset(), frozenset(), drops=False)


@pytest.mark.parametrize(
    ("targets", "verdict", "reason"),
    [
        pytest.param([UP], "MET", "job shop), up", id="up"),
        pytest.param([UP] * 4, "MET", "(job shop) and 1 more, up", id="many-up"),
        pytest.param(
            [DOWN] * 3, "BREACHED", "status 500; and 2 more of 3 targets; expected up", id="all-down"
        ),
        pytest.param([UP, DOWN], "BREACHED", "is down: server returned HTTP status 500", id="one-down"),
        pytest.param([replace(UP, last_error="x")], "BREACHED", "x", id="error"),
        pytest.param([replace(UP, health="down")], "BREACHED", "is down; expected up", id="down-without-an-error"),
        pytest.param([replace(UP, health="unknown", last_error="x")], "BREACHED", "is unknown: x; expected up", id="unknown-with-an-error"),
        pytest.param([replace(UP, health="unknown")], "UNMEASURED", "has not scraped", id="not-yet"),
    ],
)  # fmt: skip
def test_up(targets: list[Target], verdict: str, reason: str) -> None:
    """Every target, with its last error."""
    found = is_scraped(targets, "Prometheus")
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


@pytest.mark.parametrize(
    ("took", "verdict", "measured"),
    [
        pytest.param([0.1] * 10, "MET", "0 of 10 slow", id="quick"),
        pytest.param([0.1] * 9 + [7.4999], "MET", "0 of 10 slow", id="below-half"),
        pytest.param([0.1] * 9 + [7.5], "MET", "1 of 10 slow", id="one-of-ten"),
        pytest.param([7.5] + [0.1] * 8 + [10.0], "BREACHED", "2 of 10 slow", id="two-of-ten"),
        pytest.param([0.1] * 18 + [9.0] * 2, "MET", "2 of 20 slow", id="two-of-twenty"),
        pytest.param([0.1] * 17 + [9.0] * 2, "BREACHED", "2 of 19 slow", id="two-of-nineteen"),
        pytest.param([0.1] * 8 + [9.0], "UNMEASURED", "", id="one-of-nine"),
        pytest.param([9.0], "UNMEASURED", "", id="the-only-one"),
        pytest.param([9.0, 9.0], "BREACHED", "2 of 2 slow", id="each-of-two"),
        pytest.param([], "UNMEASURED", "", id="none"),
    ],
)
def test_half_of_the_interval(took: list[float], verdict: str, measured: str) -> None:
    """Exactly half of it is too long, for more than one of ten: one slow scrape of a busy machine is none."""
    found = scrapes_are_quick([Quickness(UP, took)])
    assert (found.outcome, found.measured) == (verdict, measured), found.reason


@pytest.mark.parametrize(
    ("took", "shown"),
    [
        ([0.1] * 20 + [7.4999], "the slowest took 7.4999 s"),
        ([0.1] * 20 + [7.50001], "the slowest took 7.50001 s"),
        ([0.1] * 3 + [7.50001], "took 7.50001 s, and with fewer than 10"),
        ([7.5, 7.50001], "up to 7.50001 s; expected less than 7.5 s"),
    ],
)
def test_a_scrape_is_not_rounded_onto_half_of_the_interval(took: list[float], shown: str) -> None:
    """It would contradict the verdict."""
    assert shown in scrapes_are_quick([Quickness(UP, took)]).reason


def test_a_target_of_which_too_little_is_known_hides_no_slow_one() -> None:
    """And is not hidden by a quick one."""
    quick, opened, slow = Quickness(UP, [0.1] * 20), Quickness(UP, [9.0]), Quickness(UP, [9.0] * 20)
    assert scrapes_are_quick([quick, opened, slow]).outcome == "BREACHED"
    assert scrapes_are_quick([quick, opened]).outcome == "UNMEASURED"


@pytest.mark.parametrize(
    ("taken", "verdict", "reason"),
    [
        pytest.param(Taken(UP, 100, 100, None, drops=False), "MET", "100 of 100", id="all"),
        pytest.param(Taken(UP, 100, 99, None, drops=False), "BREACHED", "kept 99", id="one-lost"),
        pytest.param(Taken(UP, 100, 60, None, drops=True), "MET", "leave out 40", id="by-a-rule"),
        pytest.param(Taken(UP, 100, 60, None, drops=None), "UNMEASURED", "scrape_config_files", id="by-a-rule-that-is-not-shown"),
        pytest.param(Taken(UP, 100, 100, None, drops=None), "MET", "100 of 100", id="all-by-a-job-that-is-not-shown"),
        pytest.param(Taken(UP, 90, 90, 100, drops=False), "MET", "", id="at-nine-tenths"),
        pytest.param(Taken(UP, 91, 91, 100, drops=False), "BREACHED", "sample_limit of 100", id="beyond-nine-tenths"),
        pytest.param(Taken(UP, None, None, None, drops=False), "UNMEASURED", "metrics.is-scraped", id="unknown"),
        pytest.param(Taken(DOWN, 100, 100, None, drops=False), "UNMEASURED", "metrics.is-scraped", id="down"),
    ],
)  # fmt: skip
def test_what_is_kept(taken: Taken, verdict: str, reason: str) -> None:
    """All samples, and a limit that is not near."""
    found = nothing_is_dropped([taken], PAGE)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_what_stands_twice_is_lost_without_being_dropped() -> None:
    """Prometheus counts it as scraped and as kept; another check owns it."""
    page = read(
        [b'x 1\nx 2\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'],
        Format.TEXT,
    )  # fmt: skip
    found = nothing_is_dropped([Taken(UP, 100, 100, None, drops=False)], page)
    assert (found.outcome, "the page has 2 series twice" in found.reason) == ("UNMEASURED", True), (
        found.reason
    )


@pytest.mark.parametrize(
    ("arrived", "verdict", "reason"),
    [
        pytest.param(ARRIVED, "MET", "4 names of 4, and 2 labels", id="all"),
        pytest.param(replace(ARRIVED, names=NAMES - {"shop_requests_total"}), "BREACHED", "does not have shop_requests_total", id="a-name"),
        pytest.param(replace(ARRIVED, names=NAMES - {"shop_requests_total"}, drops=True), "MET", "3 names of 4, and 2 labels; metric_relabel_configs leave out or rename 1 name", id="by-a-rule"),
        pytest.param(replace(ARRIVED, names=NAMES - {"shop_requests_total"}, drops=None), "UNMEASURED", "scrape_config_files", id="by-a-rule-that-is-not-shown"),
        pytest.param(replace(ARRIVED, labels=LABELS - {"path"}), "BREACHED", "no label path", id="a-label"),
        pytest.param(replace(ARRIVED, labels=LABELS - {"path"}, drops=True), "MET", "4 names of 4, and 1 label; metric_relabel_configs leave out or rename 1 label", id="a-label-by-a-rule"),
        pytest.param(replace(ARRIVED, labels=LABELS - {"path"}, drops=None), "UNMEASURED", "no label path of this target, and does not show", id="a-label-by-a-rule-that-is-not-shown"),
        pytest.param(replace(ARRIVED, labels=LABELS - {"le"}), "BREACHED", "no label le", id="the-label-of-buckets"),
        pytest.param(replace(ARRIVED, names=frozenset({"shop_requests_total", "shop_seconds"}), native=frozenset({"shop_seconds"}), labels=LABELS - {"le"}), "MET", "shop_seconds as native", id="native"),
        pytest.param(replace(ARRIVED, names=frozenset({"shop_requests_total", "shop_seconds"}), native=frozenset({"shop_seconds"}), read_by_rules=frozenset({"shop_seconds_bucket"})), "BREACHED", "without shop_seconds_bucket, which loaded rules read", id="native-and-rules"),
    ],
)  # fmt: skip
def test_which_names_arrive(arrived: Arrived, verdict: str, reason: str) -> None:
    """All of them, unless the configuration leaves some out."""
    found = names_arrive(arrived, PAGE)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_a_label_of_the_targets_own() -> None:
    """It arrives under another name."""
    page = read([b'# TYPE a gauge\na{job="nightly"} 1\n'], Format.TEXT)
    arrived = replace(ARRIVED, names=frozenset({"a"}), labels=LABELS | {"exported_job"})
    for targets in ((UP,), (UP, replace(UP, labels={}))):
        found = names_arrive(replace(arrived, targets=targets), page)
        assert (found.outcome, "arrives as exported_job" in found.reason) == ("BREACHED", True), found.reason


def test_a_label_that_no_target_has_is_not_renamed() -> None:
    """Another series may have brought ``exported_path``."""
    assert names_arrive(replace(ARRIVED, labels=LABELS | {"exported_path"}), PAGE).outcome == "MET"


def test_a_native_histogram_excuses_no_other_label() -> None:
    """Prometheus has no ``le`` of it; ``path`` is missing all the same."""
    native = replace(
        ARRIVED,
        names=frozenset({"shop_requests_total", "shop_seconds"}),
        native=frozenset({"shop_seconds"}),
        labels=LABELS - {"le", "path"},
    )
    found = names_arrive(native, PAGE)
    assert (found.outcome, "no label path" in found.reason) == ("BREACHED", True), found.reason


def test_names_in_quotes_arrive() -> None:
    """By what stands in the quotes."""
    page = read([b'{"my.shop"} 1\n'], Format.TEXT)
    assert names_arrive(replace(ARRIVED, names=frozenset({"my.shop"})), page).outcome == "MET"
    found = names_arrive(ARRIVED, page)
    assert (found.outcome, "does not have my.shop" in found.reason) == ("BREACHED", True), found.reason


def test_how_many_names_arrived_is_measured() -> None:
    """Without those that the configuration leaves out."""
    found = names_arrive(replace(ARRIVED, names=NAMES - {"shop_requests_total"}, drops=True), PAGE)
    assert (found.outcome, found.measured) == ("MET", "3 of 4")


def test_a_label_that_the_page_itself_has_as_exported() -> None:
    """A Pushgateway's, say, with honor_labels: nothing was renamed."""
    page = read([b'# TYPE a gauge\na{job="nightly",exported_job="x"} 1\n'], Format.TEXT)
    arrived = replace(ARRIVED, names=frozenset({"a"}), labels=LABELS | {"exported_job"})
    assert names_arrive(arrived, page).outcome == "MET"


def test_of_a_page_that_was_not_read_to_its_end_not_all_names_are_known() -> None:
    """What is missing of the others is a breach all the same."""
    page = read([b"a 1\nb 1\n"], Format.TEXT, Limits(size=6))
    known = replace(ARRIVED, names=frozenset({"a", "b"}))
    assert not page.whole
    assert names_arrive(known, page).outcome == "UNMEASURED"
    assert names_arrive(replace(known, names=frozenset()), page).outcome == "BREACHED"
    assert names_arrive(known, read([b""], Format.TEXT)).outcome == "UNMEASURED"
    ranges = [Range("rule", one) for one in selectors(parse("rate(a[15s])"))]
    assert ranges_are_long_enough(ranges, [UP], {"a"}, is_whole=False).outcome == "BREACHED"
    assert ranges_are_long_enough(ranges, [UP], {"c"}, is_whole=False).outcome == "UNMEASURED"


def test_labels_that_series_bring_themselves() -> None:
    """Of one series for each name and each label: under honor_labels it is found by these."""
    page = read(
        [
            b"""# TYPE a gauge
a{job="backup",instance=""} 1
a{job="nightly",instance=""} 1
a{job="report",instance="",zone="b"} 1
# TYPE b gauge
b{instance="host"} 1
# TYPE c gauge
c{zone="a"} 1
"""
        ],
        Format.TEXT,
    )
    assert brought(page) == {(("job", "backup"),), (("job", "report"),), (("instance", "host"),)}
    assert brought(PAGE) == set()


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        pytest.param("rate(shop_requests_total[1m])", "MET", id="four-intervals"),
        pytest.param("rate(shop_requests_total[59s])", "BREACHED", id="a-second-less"),
        pytest.param("rate(other_total[15s])", "MET", id="another-metric"),
        pytest.param('rate({__name__=~"other_total|shop_requests_total"}[15s])', "BREACHED", id="one-of-two-metrics"),
        pytest.param('rate({__name__=~"shop_.*"}[15s])', "MET", id="names-that-nobody-can-list"),
        pytest.param('rate(shop_requests_total{job="other"}[15s])', "MET", id="another-job"),
        pytest.param('rate(shop_requests_total{job="shop"}[15s])', "BREACHED", id="its-own-job"),
        pytest.param("shop_requests_total", "MET", id="no-range"),
    ],
)  # fmt: skip
def test_ranges(query: str, verdict: str) -> None:
    """Scrapes are 15 s apart."""
    ranges = [Range("rule", one) for one in selectors(parse(query))]
    for targets in ([UP], [UP, replace(UP, job="second")]):
        assert ranges_are_long_enough(ranges, targets, NAMES).outcome == verdict

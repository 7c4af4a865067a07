"""Whether a metric is there as it is promised."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.chapters.metrics.judge.presence import Found, Wanted, is_exported, names_of, on_page
from deployspec.languages.exposition import read
from deployspec.languages.exposition.model import Format
from deployspec.model.verdict import Verdict

TEXT = b"""# TYPE shop_requests_total counter
shop_requests_total{method="GET",status="200"} 5
shop_requests_total{method="GET",status="404"} 2
# TYPE shop_seconds histogram
shop_seconds_bucket{le="1"} 1
shop_seconds_bucket{le="+Inf"} 1
shop_seconds_sum 1
shop_seconds_count 1
# TYPE shop_queue_mails_length gauge
shop_queue_mails_length 0
# TYPE shop_failures_total counter
"""
OPEN = b"""# TYPE shop_requests counter
shop_requests_total{method="GET",status="200"} 5
shop_requests_created{method="GET",status="200"} 1e9
# EOF
"""


def judged(page: bytes = TEXT, form: Format = Format.TEXT, **wanted: Any) -> Verdict:
    """The verdict on one metric."""
    read_page = read([page], form)
    one = Wanted(place="metrics.yaml:3", **wanted)
    names = [name for family in read_page.families for name in names_of(family)]
    return is_exported(one, on_page(one, read_page), names, "the endpoint", is_whole=read_page.whole)


@pytest.mark.parametrize(
    ("wanted", "verdict", "reason"),
    [
        pytest.param({"name": "shop_requests_total", "type": "counter"}, "MET", "has shop_requests_total (counter)", id="there"),
        pytest.param({"name": "shop_request_total", "why": "requests"}, "BREACHED", "has no shop_request_total (requests), promised in metrics.yaml:3; nearest is `shop_requests_total`", id="nearest"),
        pytest.param({"name": "shop_requests_total", "type": "gauge"}, "BREACHED", "is of type counter; expected gauge", id="type"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": None, "status": "[1-5].."}}, "MET", "", id="labels"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": ["GET"], "status": ["200"]}}, "BREACHED", 'has status="404"; expected 200', id="value"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": ["POST"], "status": None}}, "BREACHED", 'has method="GET"', id="value-of-a-list"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": None, "status": "2.."}}, "BREACHED", 'has status="404"; expected what fits 2..', id="value-of-a-pattern"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": None, "status": "3.."}}, "BREACHED", 'has status="200" and 1 other value not promised; expected what fits 3..', id="two-values"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": None}}, "BREACHED", "the label status, which is not promised; expected method alone", id="a-label-more"),
        pytest.param({"name": "shop_requests_total", "labels": {}}, "BREACHED", "the label method, which is not promised; expected no label", id="a-label-where-none-is"),
        pytest.param({"name": "shop_requests_total", "labels": {"method": None, "status": None, "path": None}}, "BREACHED", "without the label path (it has method and status)", id="a-label-less"),
        pytest.param({"name": "shop_seconds", "type": "histogram", "labels": {}}, "MET", "", id="le-is-the-types"),
        pytest.param({"name": "shop_queue_.*_length", "is_pattern": True, "labels": {}}, "MET", "has shop_queue_mails_length", id="pattern"),
        pytest.param({"name": "shop_tasks_.*", "is_pattern": True}, "BREACHED", "no metric whose name fits shop_tasks_.*", id="pattern-of-none"),
        pytest.param({"name": "shop_failures_total", "labels": {"reason": None}}, "UNMEASURED", "is declared and has no series yet", id="no-series-yet"),
        pytest.param({"name": "shop_failures_total", "type": "counter"}, "MET", "", id="declared-is-enough"),
    ],
)  # fmt: skip
def test_what_is_promised(wanted: dict[str, Any], verdict: str, reason: str) -> None:
    """Name, type, labels, and their values."""
    found = judged(**wanted)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_openmetrics_says_counters_without_their_suffix() -> None:
    """And ``_created`` is no series of theirs."""
    found = judged(OPEN, Format.OPENMETRICS, name="shop_requests_total", type="counter", labels={"method": None, "status": None})  # fmt: skip
    assert found.outcome == "MET", found.reason


@pytest.mark.parametrize(
    ("page", "form"),
    [
        (b'# TYPE build info\nbuild_info{v="1"} 1\n# TYPE mode stateset\nmode{mode="a"} 1\nmode{mode="b"} 0\n# EOF\n', Format.OPENMETRICS),
        (b'# TYPE build_info gauge\nbuild_info{v="1"} 1\n# TYPE mode gauge\nmode{mode="a"} 1\nmode{mode="b"} 0\n', Format.TEXT),
    ],
)  # fmt: skip
def test_types_that_the_text_format_does_not_have(page: bytes, form: Format) -> None:
    """An info is found by either of its names, and in the text format as the gauge that libraries make of it."""
    for name in ("build", "build_info"):
        found = judged(page, form, name=name, type="info", labels={"v": None})
        assert found.outcome == "MET", found.reason
        assert judged(page, form, name=name, type="info", labels={}).outcome == "BREACHED"
    assert judged(page, form, name="mode", type="stateset", labels={}).outcome == "MET"
    assert judged(page, form, name="mode", type="info").outcome == (
        "BREACHED" if form is Format.OPENMETRICS else "MET"
    )


@pytest.mark.parametrize(
    ("kind", "wanted", "verdict"),
    [
        ("untyped", "untyped", "MET"),
        ("untyped", "unknown", "MET"),
        ("untyped", "gauge", "BREACHED"),
        ("gauge", "untyped", "BREACHED"),
    ],
)
def test_the_two_words_for_no_type(kind: str, wanted: str, verdict: str) -> None:
    """The text format says untyped, OpenMetrics unknown."""
    found = judged(f"# TYPE x {kind}\nx 1\n".encode(), name="x", type=wanted)
    assert found.outcome == verdict, found.reason


@pytest.mark.parametrize(("labels", "verdict"), [({"a": None}, "MET"), ({}, "BREACHED")])
def test_a_metric_that_is_called_created_itself(labels: dict[str, Any], verdict: str) -> None:
    """Its series are its own."""
    found = judged(b'# TYPE x_created gauge\nx_created{a="1"} 1\n', name="x_created", labels=labels)
    assert found.outcome == verdict, found.reason


def test_labels_are_judged_where_the_type_is_not_known() -> None:
    """As of a Prometheus that has no metadata: the type is not held against it, and the labels are."""
    one = Wanted("a", type="gauge", labels={"mode": ["idle"]}, place="metrics.yaml:3")
    for value, verdict in (("idle", "MET"), ("busy", "BREACHED")):
        found = Found("a", "", [{"mode": value}], is_all=False)
        assert is_exported(one, [found], ["a"], "Prometheus").outcome == verdict


@pytest.mark.parametrize(("is_all", "verdict"), [(True, "BREACHED"), (False, "MET")])
def test_labels_that_are_not_promised(is_all: bool, verdict: str) -> None:
    """They are held against it only where what is known are all labels of the endpoint's own series."""
    one = Wanted("a", labels={"mode": ["idle"]}, place="metrics.yaml:3")
    found = Found("a", "gauge", [{"mode": "idle", "instance": "a:80"}], is_all=is_all)
    assert is_exported(one, [found], ["a"], "Prometheus").outcome == verdict


@pytest.mark.parametrize(
    ("allowed", "verdict"), [(["", "a"], "MET"), ("a?", "MET"), (["a"], "BREACHED"), (None, "BREACHED")]
)
def test_an_empty_label_is_none(allowed: Any, verdict: str) -> None:
    """Where the empty value is allowed, a series may lack the label."""
    page = b'# TYPE x gauge\nx{l="a"} 1\nx{l=""} 1\n'
    assert judged(page, name="x", labels={"l": allowed}).outcome == verdict


def test_of_a_page_that_was_not_read_to_its_end_nothing_is_missing() -> None:
    """It may stand further down."""
    one = Wanted("shop_items")
    assert is_exported(one, [], ["a"], "the endpoint", is_whole=False).outcome == "UNMEASURED"

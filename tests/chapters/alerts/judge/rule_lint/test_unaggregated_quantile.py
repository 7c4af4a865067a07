"""unaggregated-quantile: histogram_quantile of each series' own buckets, or of buckets without bounds."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record

RATE = "rate(deal_scout_request_duration_seconds_bucket[5m])"
EACH = "histogram_quantile of deal_scout_request_duration_seconds_bucket takes one quantile per series"


@pytest.mark.parametrize(
    ("expr", "place", "message"),
    [
        pytest.param(f"histogram_quantile(0.95, {RATE}) > 0.5", "6:15", EACH, id="guide-HighLatency"),
        pytest.param(f"0.5 <\nhistogram_quantile (0.95, (({RATE})))", "7:11", EACH, id="brackets"),
        pytest.param(f"max(histogram_quantile(0.95, {RATE}))", "6:19", EACH, id="aggregated-too-late"),
        pytest.param(f'label_replace(histogram_quantile(0.9, sum by (le) ({RATE})), "a", "histogram_quantile(", "b", "")'
                     f" or histogram_quantile(0.95, {RATE})", "6:162", EACH, id="the-second-call"),
        pytest.param(f"histogram_quantile(0.95, topk(5, {RATE}))", "6:15", EACH, id="topk-adds-nothing-up"),
        pytest.param(f'histogram_quantile(0.95, label_replace({RATE}, "a", "b", "c", "d"))', "6:15", EACH, id="label-replace"),
        pytest.param(f"histogram_quantile(0.95, {RATE} * on(job) group_left sum by (job) (up))", "6:15", EACH,
                     id="many-to-one"),
        pytest.param("histogram_quantile(0.95, rate(request_duration_seconds[5m]))", "6:15",
                     "histogram_quantile of request_duration_seconds takes one", id="native-histogram"),
        pytest.param(f"histogram_quantile(0.95, sum by (job) ({RATE}))", "6:15", "added up without le: their bounds are gone",
                     id="without-le"),
        pytest.param(f"histogram_quantile(0.95, sum without (le) ({RATE}))", "6:15", "added up without le", id="le-dropped"),
    ],
)  # fmt: skip
def test_found(expr, place, message):
    """One finding, at the call."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, str(finding.place)) == ("unaggregated-quantile", f"api.rules.yml:{place}")
    assert message in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param(f"histogram_quantile(0.95, sum by (le) ({RATE})) > 0.5", id="by-le"),
        pytest.param(f"histogram_quantile(0.95, sum by (le, job, instance) ({RATE}))", id="each-instance-said-so"),
        pytest.param(f"histogram_quantile(0.95, sum without (path, status) ({RATE}))", id="without"),
        pytest.param("histogram_quantile(0.95, sum by (job) (rate(request_duration_seconds[5m])))", id="native-has-no-le"),
        pytest.param("histogram_quantile(0.95, job:request_duration_seconds_bucket:rate5m)", id="recorded-elsewhere"),
        pytest.param(f"histogram_quantile(0.95, 2 * sum by (le) ({RATE}))", id="scaled"),
        pytest.param(f"histogram_quantile(0.95, avg_over_time(sum by (le) ({RATE})[1h:5m]))", id="subquery"),
        pytest.param("http_request_duration_seconds{quantile=\"0.95\"} > 1", id="summary"),
    ],
)  # fmt: skip
def test_sound(expr):
    """Quantiles of buckets that were added up."""
    assert lint([file(alert(expr))]) == ()


@pytest.mark.parametrize(
    ("recorded", "message"),
    [
        pytest.param(f"sum by (le, job) ({RATE})", None, id="aggregated"),
        pytest.param(f"sum by (job) ({RATE})", "without le", id="without-le"),
        pytest.param(RATE, EACH, id="not-aggregated"),
    ],
)
def test_recording_rules_are_followed(recorded, message):
    """The recorded buckets are what their rule made of them."""
    rules = file(
        alert("histogram_quantile(0.95, seconds:rate5m_bucket)"), record("seconds:rate5m_bucket", recorded)
    )
    assert [message in finding.message for finding in lint([rules])] == ([] if message is None else [True])


@pytest.mark.parametrize(
    ("expr", "text", "count"),
    [
        pytest.param(f"histogram_quantile(0.9, {RATE})", "{{ $labels.pod }} is slow", 0, id="each-pod"),
        pytest.param(f"histogram_quantile(0.9, {RATE})", "{{ $value }} s", 1, id="no-label"),
        pytest.param(f"histogram_quantile(0.9, {RATE})", "{{ $labels.job }} is slow", 1, id="of-many-series"),
        pytest.param(f"histogram_quantile(0.9, {RATE})", "{{ $labels.severity }}", 1, id="the-alert-s-own"),
        pytest.param(f"max(histogram_quantile(0.9, {RATE}))", "{{ $labels.pod }}", 1, id="not-kept"),
        pytest.param('histogram_quantile(0.9, rate(a_bucket{pod="a"}[5m]))', "{{ $labels.pod }}", 1, id="fixed"),
        pytest.param('histogram_quantile(0.9, rate(a_bucket{pod=~"a.*"}[5m]))', "{{ $labels.pod }}", 0, id="chosen"),
        pytest.param(f"histogram_quantile(0.9, sum by (pod) ({RATE}))", "{{ $labels.pod }}", 1, id="without-le"),
    ],
)  # fmt: skip
def test_an_alert_that_names_its_series_means_each(expr, text, count):
    """A label that the result keeps and that tells series apart, in an annotation."""
    found = lint([file(alert(expr, annotations={"summary": text}, labels={"severity": "warning"}))])
    assert [one.lint for one in found if one.lint == "unaggregated-quantile"] == [
        "unaggregated-quantile"
    ] * count

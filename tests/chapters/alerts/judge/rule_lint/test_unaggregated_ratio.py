"""unaggregated-ratio: divisions of series one by one where a share was meant, and those that mean it."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record

ERRORS = 'rate(deal_scout_requests_total{status=~"5.."}[5m])'
ALL = "rate(deal_scout_requests_total[5m])"
KNOWN = 'rate(deal_scout_requests_total{status=~".+"}[5m])'
ITSELF = "each series of deal_scout_requests_total is divided by itself"
EMPTY = "one side of the division is aggregated and has no label status"
BY_SERIES = "is divided by http_requests_total series by series"


@pytest.mark.parametrize(
    ("expr", "place", "message"),
    [
        pytest.param(f"{ERRORS} / {ALL}", "6:66", ITSELF, id="guide-dashboard"),
        pytest.param(f"{ERRORS}\n/\n{ALL} > 0.05", "7:11", ITSELF, id="on-a-line-of-its-own"),
        pytest.param(f"100 * {ERRORS} / {ALL} > 5", "6:72", ITSELF, id="percent"),
        pytest.param(f"({ERRORS} * 100) / ({ALL} > 0)", "6:74", ITSELF, id="brackets-and-filter"),
        pytest.param(f"{ERRORS} / clamp_min({ALL}, 1)", "6:66", ITSELF, id="clamped"),
        pytest.param(f"{ERRORS} / ignoring(status) {ALL}", "6:66", ITSELF, id="ignoring"),
        pytest.param(f"{ERRORS} / on(job) {ALL}", "6:66", ITSELF, id="on"),
        pytest.param(f"{ERRORS} / on(job) group_left {ALL}", "6:66", ITSELF, id="group-left-of-the-narrow-side"),
        pytest.param(f"{ALL} / {ERRORS}", "6:51", ITSELF, id="upside-down"),
        pytest.param(f"{ALL} / {ALL}", "6:51", ITSELF, id="the-same"),
        pytest.param(f'{ERRORS} / {ERRORS.replace("5..", "2..")}', "6:66", ITSELF, id="two-values-that-never-meet"),
        pytest.param(f"sum by (job) ({ERRORS} / {ALL})", "6:80", ITSELF, id="aggregated-too-late"),
        pytest.param(f"1 - {ERRORS} / {ALL} < 0.95", "6:70", ITSELF, id="availability"),
        pytest.param(f'label_replace(x, "a", "/", "b", "/") # 1/2\n> 1 / 2 and {ERRORS} / {ALL}', "7:74", ITSELF,
                     id="other-slashes-before"),
        pytest.param(f"{ERRORS} / sum by (job) ({ALL})", "6:66", EMPTY, id="only-the-divisor-is-aggregated"),
        pytest.param(f"sum({ERRORS}) / {KNOWN}", "6:71", EMPTY,
                     id="only-the-dividend-is-aggregated"),
        pytest.param("rate(http_errors_total[5m]) / rate(http_requests_total[5m]) > 0.05", "6:43", BY_SERIES,
                     id="two-counters"),
        pytest.param("100 * increase(http_errors_total[1h]) / increase(http_requests_total[1h])", "6:53", BY_SERIES,
                     id="two-counters-increase"),
    ],
)  # fmt: skip
def test_found(expr, place, message):
    """One finding, at the division."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, finding.rule) == ("unaggregated-ratio", "Slow")
    assert str(finding.place) == f"api.rules.yml:{place}"
    assert message in finding.message
    assert "Add up both sides first" in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param("node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1", id="guide-LowDiskSpace"),
        pytest.param("container_memory_usage_bytes / container_spec_memory_limit_bytes > 0.9", id="guide-HighMemoryUsage"),
        pytest.param('container_memory_usage_bytes{id!="/"} / container_spec_memory_limit_bytes{id!="/"}', id="gauges-with-matchers"),
        pytest.param("container_memory_usage_bytes / (container_spec_memory_limit_bytes > 0)", id="gauges-filtered"),
        pytest.param(f"sum by (job) ({ERRORS}) / sum by (job) ({ALL}) > 0.05", id="aggregated"),
        pytest.param(f"sum({ERRORS}) / sum({ALL})", id="aggregated-to-one"),
        pytest.param(f"sum by (job) ({ERRORS}) / on(job) sum by (job) ({ALL})", id="aggregated-and-on"),
        pytest.param(f"{ERRORS} / ignoring(status) group_left sum without (status) ({ALL})", id="share-of-each-status"),
        pytest.param(f"{ERRORS} / on(job) group_left sum by (job) ({ALL})", id="share-of-the-job"),
        pytest.param(f"{ERRORS} / scalar(sum({ALL}))", id="divided-by-a-number"),
        pytest.param(f"{ALL} / 60", id="divided-by-a-literal"),
        pytest.param(f"{ALL} / {ALL.replace('5m', '1h')} > 2", id="against-a-longer-range"),
        pytest.param(f"{ALL} / ({ALL[:-1]} offset 1w)) < 0.5", id="against-last-week"),
        pytest.param("x / max_over_time(x[1h])", id="against-its-own-maximum"),
        pytest.param('x{mode="a"} / ignoring(mode) x{mode="b"}', id="two-modes"),
        pytest.param('x / ignoring(mode) group_left x{mode="total"}', id="each-mode-of-the-total"),
        pytest.param('x{mode="total"} / ignoring(mode) group_right x', id="the-total-of-each-mode"),
        pytest.param("job:errors:rate5m / job:requests:rate5m > 0.05", id="recorded-elsewhere"),
        pytest.param("rate(node_network_receive_errs_total[2m]) / rate(node_network_receive_packets_total[2m]) > 0.01",
                     id="per-network-card"),
        pytest.param("rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])", id="mean"),
        pytest.param("rate(http_errors_total[5m]) / on(job, instance) rate(http_requests_total[5m])", id="each-series-named"),
        pytest.param("redis_memory_used_bytes / redis_memory_max_bytes > 0.9 and redis_memory_max_bytes > 0", id="gauges-and"),
        pytest.param('{__name__="a"} / {__name__="b"}', id="names-as-matchers"),
        pytest.param("not promql (", id="unreadable-is-told-elsewhere"),
    ],
)  # fmt: skip
def test_sound(expr):
    """Ratios that say what they mean."""
    assert lint([file(alert(expr))]) == ()


def test_recording_rules_are_followed():
    """A recorded series is as aggregated as the rule that records it; a recording rule has findings of its own."""
    by_job = record("job:errors:rate5m", f"sum by (job) ({ERRORS})")
    raw = record("errors:rate5m", ERRORS)
    assert lint([file(alert(f"job:errors:rate5m / sum by (job) ({ALL})"), by_job, raw)]) == ()
    (finding,) = lint([file(alert(f"errors:rate5m / sum by (job) ({ERRORS.replace('~', '')})", line=3),
                            record("ratio", f"{ERRORS} / {ALL}"), raw)])  # fmt: skip
    assert (finding.rule, str(finding.place)) == ("ratio", "api.rules.yml:101:66")


def test_a_rule_that_records_itself_ends():
    """Nothing is known of such a metric."""
    assert lint([file(alert("a / b"), record("a", "b"), record("b", "a"))]) == ()


def test_deep_expressions():
    """Long sums of ratios are read without recursion."""
    expr = " + ".join([f"{ERRORS} / {ALL}"] * 60)
    assert len(lint([file(alert(expr))])) == 60

"""wrong-metric-type: functions of counters on gauges, and of gauges on counters."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_lint import lint
from tests.chapters.alerts.judge.rule_lint.rules import alert, file, record


@pytest.mark.parametrize(
    ("expr", "column", "message"),
    [
        pytest.param("rate(up[5m]) > 0", 15, "rate of the gauge up", id="up"),
        pytest.param("increase(node_memory_MemAvailable_bytes[1h]) > 1", 15, "Use delta", id="memory"),
        pytest.param("sum(irate(http_requests_in_flight[5m])) > 1", 19, "irate of the gauge", id="in-flight"),
        pytest.param("rate((job_queue_length[5m])) > 1", 15, "Use deriv", id="queue"),
        pytest.param("increase(kube_pod_status_phase[5m]) > 0", 15, "or changes", id="phase"),
        pytest.param("x > 0 and increase(build_info[5m]) > 0", 25, "build_info", id="info"),
        pytest.param("delta(http_requests_total[5m]) > 0", 15, "Use increase", id="delta-of-counter"),
        pytest.param("deriv(process_cpu_seconds_total[5m]) > 0", 15, "Use rate", id="deriv-of-counter"),
    ],
)
def test_found(expr, column, message):
    """One finding, at the function."""
    (finding,) = lint([file(alert(expr))])
    assert (finding.lint, finding.rule) == ("wrong-metric-type", "Slow")
    assert str(finding.place) == f"api.rules.yml:6:{column}"
    assert message in finding.message


@pytest.mark.parametrize(
    "expr",
    [
        pytest.param("rate(http_requests_total[5m]) > 0", id="rate-of-counter"),
        pytest.param("increase(requests[5m]) > 0", id="a-counter-of-any-name"),
        pytest.param("delta(node_memory_MemFree_bytes[5m]) > 0", id="delta-of-gauge"),
        pytest.param("changes(up[5m]) > 2", id="changes"),
        pytest.param("increase(kube_pod_container_status_restarts_total[5m]) > 2", id="restarts"),
        pytest.param("rate(go_memstats_alloc_bytes_total[5m]) > 2", id="allocated-in-all"),
        pytest.param("delta(rabbitmq_queue_messages_total[5m]) > 2", id="a-gauge-named-total"),
        pytest.param("predict_linear(http_requests_total[1h], 3600) > 1e9", id="predicted"),
        pytest.param("histogram_quantile(0.9, sum(rate(job_queue_size[5m]))) > 9", id="a-histogram-without-buckets"),
        pytest.param("increase(max_over_time(up[5m])[1h:]) > 0", id="subquery"),
        pytest.param("rate({__name__=~'up|down'}[5m]) > 0", id="no-single-name"),
    ],
)  # fmt: skip
def test_sound(expr):
    """The right type, or one that is not known."""
    assert lint([file(alert(expr))]) == ()


def test_the_rules_themselves_say_the_type():
    """What one rule takes for a gauge, another one does not take for a counter."""
    grows, rises = alert("deriv(backlog[1h]) > 0"), alert("increase(backlog[1h]) > 9", name="Rises")
    (finding,) = lint([file(grows, rises)])
    assert (finding.lint, finding.rule) == ("wrong-metric-type", "Rises")
    assert "which these rules take for a gauge, too (deriv)" in finding.message
    (finding,) = lint([file(alert("delta(x_total[1h]) > 0"), record("x:rate", "rate(x_total[5m])"))])
    assert (finding.rule, "of the counter x_total" in finding.message) == ("Slow", True)

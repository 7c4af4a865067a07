"""Requests keep the objectives: p95 below 500 ms, fewer than 5% failed.

Chapter of the guide: "Alert Rules" (HighLatency, HighErrorRate) and "Key Metrics to Monitor". The objectives are the
OpenSLO documents in slos/, and are defined nowhere else. One load run serves all checks that need one.
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slo


@pytest.mark.load
@pytest.mark.needs("load", "allow.load")
def test_load_run(objective, traffic, load_run, judge):
    """Under the load that the deployment file describes, requests keep the objective, both all together and each kind.

    Source: the guide, "p95 latency > 500ms" and "High error rate (> 5%)". That each kind of request also has to keep
    it is our own choice, because a slow kind hides among many quick ones.
    Limit: the objective's target; the whole 95% confidence interval must be on its good side.
    Measured: every request of the load run, from its intended start to its last byte, after the warm-up.
    Fault: errors-seven-percent: seven of a hundred requests are answered with status 500.
    Keys: slos.files, load, allow
    """
    judge(load_run.judged(objective, traffic), **load_run.how())


@pytest.mark.after_load
@pytest.mark.needs("prometheus")
def test_window(objective, window, judge):
    """What Prometheus has counted in the objective's window keeps the objective.

    Source: the guide, "p95 latency > 500ms" and "High error rate (> 5%)".
    Limit: the objective's target, compared with the exact count.
    Measured: queries to Prometheus over the objective's window, or over `window` if that is shorter.
    Fault: slow-seven-percent: seven of a hundred requests take 0.7 s longer.
    Keys: slos.files, prometheus.url, prometheus.window
    """
    judge(window.judged(objective), **window.how(objective))


@pytest.mark.needs("prometheus")
@pytest.mark.of_kind("latency")
def test_buckets(objective, window, judge):
    """Every series of the histogram has a bucket that ends at the objective's threshold.

    Source: our own choice; without it, the share of slow requests can only be guessed from two other buckets.
    Limit: no series without that bucket.
    Measured: the buckets that Prometheus has for the objective's histogram.
    Fault: a threshold that the metrics do not have: the objective says 0.3 s, where no bucket ends.
    Keys: slos.files, prometheus.url
    """
    judge(window.buckets(objective), **window.how(objective))


@pytest.mark.after_load
def test_alerts_agree(objective, alert_rules, judge):
    """The alert rules that watch over an objective have its thresholds, its metrics and its selection of requests.

    If the deployment has a Prometheus, the check asks it whether there are such series, because two files can agree on
    a label that no metric has.

    Source: the guide's HighLatency and HighErrorRate, which have to say the same as the objectives.
    Limit: no difference.
    Measured: the expressions of the alerts that the objective names, read as PromQL.
    Fault: a threshold that the metrics do not have: the objective says 0.3 s, and its alert still fires at 0.5 s.
    Keys: slos.files, rules.files, prometheus.url
    """
    judge(alert_rules.agreement(objective), **alert_rules.how(objective))

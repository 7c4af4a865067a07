"""Whether a rule can fire on what a Prometheus has."""

from __future__ import annotations

import dataclasses

import pytest

from deployspec.chapters.alerts.judge.live_rules import can_fire, question, wanted
from deployspec.languages.prometheus.model import Observed, Unavailable
from deployspec.languages.prometheus.targets import Job, Targets
from deployspec.languages.rule_files.model import Rule
from deployspec.model.verdict import Outcome
from tests.chapters.alerts.judge.live_rules.building import (
    answer_group,
    answer_rule,
    file,
    group,
    loaded,
    observed,
    record,
    rule,
)

THERE = observed(
    {
        "requests_total": "job instance method path status",
        "latency_bucket": "job instance le",
        "up": "job instance",
        "pg_up": "job instance",
        "info": "job version",
    },
    {
        ("requests_total", "status"): ("200", "201", "404", "503"),
        ("up", "job"): ("api", "node"),
        ("pg_up", "job"): ("postgres",),
    },
)

TARGETS = Targets(
    (
        {"job": "api", "instance": "a:1"},
        {"job": "node", "instance": "n:1"},
        {"job": "postgres", "instance": "p:1"},
    ),
    (Job("api"), Job("node"), Job("postgres"), Job("batch")),
)


def judged(expr: str, *recording: Rule) -> tuple[Outcome, str]:
    """The outcome and the reason for an alert of this expression, beside these recording rules."""
    alert = rule(expr)
    verdict = can_fire(alert, [file(group(alert, *recording))], THERE, TARGETS)
    return verdict.outcome, verdict.reason


# id, expression: everything it names is there, or may be missing.
POSSIBLE = [
    ("plain", "up == 0"),
    ("all-the-labels", 'sum by (job) (rate(requests_total{status=~"5..", path!~"/health"}[5m])) > 1'),
    ("joined", "up * on (job) group_left (version) info == 0"),
    ("made-by-label-replace", 'sum by (team) (label_replace(up, "team", "$1", "job", "(.*)")) == 0'),
    ("quantile", "histogram_quantile(0.95, sum by (le) (rate(latency_bucket[5m]))) > 0.5"),
    ("allows-an-absent-label", 'up{shard=""} == 0'),
    ("allows-an-absent-label-by-pattern", 'up{shard=~"|a"} == 0'),
    ("name-as-a-label", '{__name__="up"} == 0'),
    ("prometheus-own", 'ALERTS{alertname="Other", alertstate="firing"} == 1'),
    ("range-and-subquery", "max_over_time(rate(requests_total[1m])[1h:]) > 1"),
    ("every-metric-of-a-label", "count by (job) ({__name__='up'}) > 1"),
]


@pytest.mark.parametrize("expr", [pytest.param(expr, id=name) for name, expr in POSSIBLE])
def test_an_alert_whose_names_exist_can_fire(expr: str) -> None:
    """MET where every metric and label is there."""
    outcome, reason = judged(expr)
    assert outcome is Outcome.MET
    assert reason.startswith("HighErrorRate can fire: every metric and label that it needs exists there")


# id, expression, the whole reason.
IMPOSSIBLE = [
    (
        "misspelt-metric",
        'rate(request_total{status="503"}[5m]) > 1',
        "this alert can never fire: metric `request_total` does not exist there; nearest is `requests_total`",
    ),
    (
        "nothing-like-it",
        "container_memory_usage_bytes > 1",
        "this alert can never fire: metric `container_memory_usage_bytes` does not exist there",
    ),
    (
        "misspelt-label",
        'requests_total{statuss="503"} > 1',
        "this alert can never fire: label `statuss` does not exist there on `requests_total`; nearest is `status`",
    ),
    (
        "label-that-must-not-be-empty",
        'requests_total{shard!=""} > 1',
        "this alert can never fire: label `shard` does not exist there on `requests_total`",
    ),
    (
        "label-of-another-metric",
        'up{status="503"} == 0',
        "this alert can never fire: label `status` does not exist there on `up`",
    ),
    (
        "one-side-of-and",
        "up == 0 and on (job) upp == 0",
        "this alert can never fire: metric `upp` does not exist there; nearest is `up`",
    ),
    (
        "one-side-of-or",
        "up == 0 or upp == 0",
        "a part of HighErrorRate does not work: metric `upp` does not exist there; nearest is `up`",
    ),
    (
        "behind-unless",
        "up == 0 unless on (job) inffo",
        "a part of HighErrorRate does not work: metric `inffo` does not exist there; nearest is `info`",
    ),
    (
        "excludes-nothing",
        'requests_total{pth!~"/health"} > 1',
        (
            "a part of HighErrorRate does not work: label `pth` does not exist there on `requests_total`; nearest is `path`,"
            ' so `pth!~"/health"` excludes nothing'
        ),
    ),
    (
        "grouped-by-what-is-not-there",
        "sum by (jobb) (up) == 0",
        "a part of HighErrorRate does not work: label `jobb` does not exist there on `up`; nearest is `job` (by)",
    ),
    (
        "dropped-that-is-not-there",
        "sum without (instanse) (up) == 0",
        (
            "a part of HighErrorRate does not work: label `instanse` does not exist there on `up`; nearest is `instance`"
            " (without)"
        ),
    ),
    (
        "taken-over-that-is-not-there",
        "up * on (job) group_left (versoin) info == 0",
        (
            "a part of HighErrorRate does not work: label `versoin` does not exist there on `info`; nearest is `version`"
            " (group_left or group_right)"
        ),
    ),
    (
        "name-pattern",
        '{__name__=~"upp|uppp"} == 0',
        'this alert can never fire: no metric there matches `{__name__=~"upp|uppp"}`',
    ),
    (
        "several",
        "a1 + b2 + c3 + d4 + e5 > 1",
        (
            "this alert can never fire: metric `a1` does not exist there; metric `b2` does not exist there; metric `c3` does"
            " not exist there; and 2 more"
        ),
    ),
]


@pytest.mark.parametrize(
    ("expr", "reason"), [pytest.param(expr, reason, id=name) for name, expr, reason in IMPOSSIBLE]
)
def test_a_name_that_does_not_exist_is_a_breach(expr: str, reason: str) -> None:
    """BREACHED where a name is not there, with what follows from it, and the nearest name that is."""
    assert judged(expr) == (Outcome.BREACHED, reason)


def test_the_nearest_of_very_many() -> None:
    """Among tens of thousands of names, the nearest is still found."""
    many = observed(
        {"requests_total": "job"} | {f"node_{number}_requests_seconds": "job" for number in range(30_000)}
    )
    reason = can_fire(rule("request_total > 1"), [], many, TARGETS).reason
    assert reason.endswith("metric `request_total` does not exist there; nearest is `requests_total`")


def test_values_not_seen_are_listed() -> None:
    """A value that was not seen yet fails nothing, and is listed beside those that were."""
    outcome, reason = judged('requests_total{status="500"} > 0')
    assert outcome is Outcome.MET
    assert reason.endswith('; not seen yet: `requests_total{status="500"}` (seen: 200, 201, 404 and 1 more)')


@pytest.mark.parametrize(
    ("matcher", "listed"),
    [
        ('status="503"', False),
        ('status=~"5.."', False),
        ('status=~"50[0-2]"', True),
        ('status!="500"', False),
        ('status!~"5.."', False),
        ('status=~".*"', False),
    ],
)
def test_which_values_are_listed(matcher: str, listed: bool) -> None:
    """Listed is a matcher that wants a value and met none; not one that excludes, nor one that takes anything."""
    outcome, reason = judged(f"requests_total{{{matcher}}} > 0")
    assert outcome is Outcome.MET
    assert ("not seen yet" in reason) == listed


def test_values_that_could_not_be_told_are_not_listed() -> None:
    """Where a label has more values than can be told, nothing is said of them."""
    alert = rule('requests_total{path="/seller"} > 0')
    assert "not seen yet" not in can_fire(alert, [], THERE, TARGETS).reason


@pytest.mark.parametrize(
    ("expr", "note"),
    [
        ('absent(up{job="api"})', ""),
        (
            'absent(up{job="batch"})',
            '; no target now: job `batch` is configured there, and none of its targets has `job="batch"`',
        ),
        (
            "absent(pg_upp)",
            "; absent() holds, because metric `pg_upp` does not exist there; nearest is `pg_up`",
        ),
        (
            "absent_over_time(maintenance[5m])",
            "; absent() holds, because metric `maintenance` does not exist there",
        ),
        (
            'up == 0 and on () absent(up{jobb="x"})',
            "; absent() holds, because label `jobb` does not exist there on `up`; nearest is `job`",
        ),
    ],
)
def test_what_absent_asks_for_may_be_missing(expr: str, note: str) -> None:
    """What only absent() asks for fails nothing, and is listed."""
    outcome, reason = judged(expr)
    assert outcome is Outcome.MET
    assert reason == f"HighErrorRate can fire: every metric and label that it needs exists there{note}"


def test_what_absent_and_another_ask_for_must_be_there() -> None:
    """A metric that absent() asks for, and a comparison too, is missed by the comparison."""
    outcome, reason = judged("pg_upp == 0 or absent(pg_upp)")
    assert outcome is Outcome.BREACHED
    assert reason.startswith("a part of HighErrorRate does not work: metric `pg_upp` does not exist there")


def test_a_metric_that_a_rule_records_counts() -> None:
    """A metric without data yet exists when the recording rule behind it can record."""
    outcome, reason = judged(
        "job:errors:rate5m > 1", record("job:errors:rate5m", "sum by (job) (requests_total)")
    )
    assert outcome is Outcome.MET
    assert reason.endswith("; `job:errors:rate5m` has a recording rule and no data yet")


def test_a_metric_whose_rule_cannot_record_does_not_count() -> None:
    """A recorded metric is missing when what it is recorded from is, however many rules lie between."""
    chain = record("job:a", "sum by (job) (job:b)"), record("job:b", "sum by (job) (request_total)")
    outcome, reason = judged("job:a > 1", *chain)
    assert outcome is Outcome.BREACHED
    assert reason == (
        "this alert can never fire: metric `job:a` is not recorded there, because metric `job:b` is not recorded there, "
        "because metric `request_total` does not exist there; nearest is `requests_total`"
    )


def test_a_label_that_the_recording_rule_drops() -> None:
    """A recorded metric without data yet has the labels that its rule leaves it, and those that it adds."""
    recording = record("job:errors", "sum by (job) (requests_total)", labels={"team": "shop"})
    assert judged('job:errors{team="shop", job="api"} > 1', recording)[0] is Outcome.MET
    outcome, reason = judged('job:errors{path="/"} > 1', recording)
    assert outcome is Outcome.BREACHED
    assert reason.startswith("this alert can never fire: label `path` does not exist there on `job:errors`")


def test_rules_that_record_in_a_circle_end() -> None:
    """A rule that reads what it records is judged by the rest."""
    assert judged("job:a > 1", record("job:a", "job:a or up"))[0] is Outcome.MET


def test_a_recording_rule_is_judged_in_its_own_words() -> None:
    """What a recording rule cannot do is record."""
    verdict = can_fire(record("job:a", "sum(request_total)"), [], THERE, TARGETS)
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason.startswith(
        "this rule can never record anything: metric `request_total` does not exist"
    )


def test_a_metric_that_only_a_loaded_rule_records_counts() -> None:
    """A metric that somebody else's rule records there exists, with or without data."""
    alert = rule('team:errors{job="x"} > 1')
    theirs = loaded(answer_group(answer_rule("sum(up)", "team:errors", kind="recording")))
    assert can_fire(alert, [], THERE, TARGETS, theirs).outcome is Outcome.MET
    assert can_fire(alert, [], THERE, TARGETS, Unavailable("no answer")).outcome is Outcome.BREACHED


# id, what was observed, the alert, the reason.
UNKNOWN = [
    ("no-answer", Unavailable("Prometheus at http://p did not answer"), "up == 0", "Prometheus at http://p did not answer"),
    ("empty", observed({}), "up == 0", "the Prometheus there had no metric at all in the last 1d"),
    ("hours", dataclasses.replace(observed({}), window=5400), "up", "the Prometheus there had no metric at all in the last 1h30m"),
    ("unparsable", THERE, "up ==", "the expression of HighErrorRate cannot be parsed: "),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "expr", "reason"), [pytest.param(seen, expr, why, id=name) for name, seen, expr, why in UNKNOWN]
)
def test_what_is_not_known_is_unmeasured(seen: Observed | Unavailable, expr: str, reason: str) -> None:
    """UNMEASURED where Prometheus told nothing, has nothing, or the rule cannot be read."""
    verdict = can_fire(rule(expr), [], seen, TARGETS)
    assert verdict.outcome is Outcome.UNMEASURED
    assert verdict.reason.startswith(reason)


def test_an_alert_on_an_unreadable_recording_rule_is_unmeasured() -> None:
    """What a recording rule that cannot be read makes is not known."""
    outcome, reason = judged("job:a > 1", record("job:a", "sum("))
    assert outcome is Outcome.UNMEASURED
    assert reason.startswith("the expression of job:a cannot be parsed: ")


def test_an_alert_that_names_nothing_can_fire() -> None:
    """An alert on the clock alone needs no metric."""
    assert judged("hour() > 22") == (Outcome.MET, "HighErrorRate can fire: it names no metric")


def test_what_is_asked_of_prometheus() -> None:
    """One selector for each metric, with the labels of which a matcher wants a value; what cannot be read wants nothing."""
    rules = [
        rule('rate(requests_total{status=~"5..", path!="/health", method=""}[5m]) > 1'),
        rule('requests_total{job="api"} > 1 and absent(up)'),
        rule('{__name__=~"a|b", job="c"} + on (job) {job="d"} > 1'),
        rule("broken ("),
    ]
    assert wanted([*rules, rule("histogram_quantile(0.9, rate(latency[5m])) > 1")]) == {
        '{__name__="latency"}': {"le"},
        '{__name__="requests_total"}': {"status", "job"},
        '{__name__="up"}': set(),
        '{__name__=~"a|b"}': {"job"},
        '{__name__="a"}': set(),
        '{__name__="b"}': set(),
        '{__name__=~".+"}': {"job"},
    }


def of_buckets(expr: str, *there: str, label: str = "le", recorded: bool = False) -> tuple[Outcome, str]:
    """The outcome and the reason where `h` has these buckets."""
    seen = observed({"h": f"job {label}"}, {("h", label): there, ("h", "job"): ("api",)})
    recording = [record("h", "sum by (job, le) (h)")] if recorded else []
    verdict = can_fire(rule(expr), [file(group(*recording))], seen, TARGETS)
    return verdict.outcome, verdict.reason


THREE = ("0.5", "1.0", "10.0", "+Inf")
TWO = ("0.5", "1", "10", "+Inf")
STORED = 'this alert can never fire: `le="{}"` is stored as `"{}"` there'
# id, expression, the buckets, what is said; nothing: MET.
BUCKETS: list[tuple[str, str, tuple[str, ...], str]] = [
    ("as-2-wrote-it-on-3", 'rate(h{le="1"}[5m]) > 1', THREE, STORED.format("1", "1.0")),
    ("as-3-writes-it-on-2", 'rate(h{le="1.0"}[5m]) > 1', TWO, STORED.format("1.0", "1")),
    ("both-of-a-list", 'h{le=~"1|10"} > 1', THREE, STORED.format("1", "1.0") + '; `le="10"` is stored as `"10.0"` there'),
    ("one-of-a-list", 'h{le=~"0.5|1"} > 1', THREE, 'a part of HighErrorRate does not work: `le="1"` is stored as `"1.0"` there'),
    ("escaped-in-a-list", r'h{le=~"0\\.5|1\\.0"} > 1', TWO, 'a part of HighErrorRate does not work: `le="1.0"` is stored as `"1"` there'),
    ("in-a-group", 'h{le=~"(?:0.1|1)"} > 1', THREE, STORED.format("1", "1.0")),
    ("infinity", 'h{le="Inf"} > 1', THREE, STORED.format("Inf", "+Inf")),
    ("no-such-bucket", 'h{le="2"} > 1', THREE, 'this alert can never fire: no bucket there matches `le="2"`; nearest is `1.0`'),
    ("no-such-pattern", 'h{le=~"7.*"} > 1', THREE, 'this alert can never fire: no bucket there matches `le=~"7.*"` (there: 0.5, 1.0, 10.0 and 1 more)'),
    ("excludes-another-spelling", 'h{le!="1"} > 1', THREE, 'a part of HighErrorRate does not work: `le="1"` is stored as `"1.0"` there, so `le!="1"` does not exclude it'),
    ("excludes-nothing", 'h{le!~"2|3"} > 1', THREE, 'a part of HighErrorRate does not work: no bucket there matches `le!~"2|3"`; nearest is `1.0`, so it excludes nothing'),
    ("excludes-half", 'h{le!~"0.5|1"} > 1', THREE, 'a part of HighErrorRate does not work: `le="1"` is stored as `"1.0"` there, so `le!~"0.5|1"` does not exclude it'),
    ("absent", 'absent(h{le="1"})', THREE, 'this alert always fires: absent() always holds, because `le="1"` is stored as `"1.0"` there'),
    ("there", 'h{le="1.0"} > 1', THREE, ""),
    ("either-spelling", r'h{le=~"1|1\\.0"} > 1', THREE, ""),
    ("either-spelling-excluded", r'h{le!~"1|1\\.0"} > 1', TWO, ""),
    ("a-bucket-of-others-too", 'h{le=~"0.5|2"} > 1', THREE, ""),
    ("optional", r'h{le=~"1(\\.0)?"} > 1', THREE, ""),
    ("excluded", 'h{le!="+Inf"} > 1', THREE, ""),
    ("any", 'h{le!=""} > 1', THREE, ""),
    ("no-numbers", 'h{le="2"} > 1', ("large", "small"), ""),
    ("a-pattern-that-is-not-read", 'h{le!~"[[:digit:]]"} > 1', THREE, ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "there", "reason"), [pytest.param(*rest, id=name) for name, *rest in BUCKETS]
)
def test_a_bucket_that_is_not_there_will_not_come(expr: str, there: tuple[str, ...], reason: str) -> None:
    """BREACHED where no bucket is written so: Prometheus 3 stores `1` as `1.0`, and 2 as the application wrote it."""
    outcome, said = of_buckets(expr, *there)
    assert (outcome, said if reason else "") == (Outcome.BREACHED if reason else Outcome.MET, reason), said


@pytest.mark.parametrize("matcher", ['le="1"', 'le="1.0"', 'le=~"0.5|1"', 'le!="1"'])
def test_a_bucket_that_is_written_in_two_ways(matcher: str) -> None:
    """After an update to Prometheus 3 the spelling of before is still in the window: it is not known to be written on."""
    outcome, said = of_buckets(f"rate(h{{{matcher}}}[5m]) > 1", "0.5", "1", "1.0", "+Inf")
    assert outcome is Outcome.UNMEASURED, said
    assert 'is stored there as `"1"` and as `"1.0"`' in said
    assert of_buckets(r'rate(h{le=~"1|1\\.0"}[5m]) > 1', "0.5", "1", "1.0", "+Inf")[0] is Outcome.MET


def test_buckets_of_another_job_are_no_buckets_of_this_one() -> None:
    """Services share the name of a histogram, and have their own buckets."""
    seen = observed({"h": "job le"}, {("h", "le"): ("0.3", "0.5", "+Inf"), ("h", "job"): ("api", "node")})
    own = {('{__name__="h",job="api"}', "le"): frozenset(("0.3", "+Inf"))}
    seen = dataclasses.replace(seen, values={**seen.values, **own})
    verdict = can_fire(rule('h{job="api", le="0.5"} > 1'), [], seen, TARGETS)
    assert verdict.outcome is Outcome.BREACHED, verdict.reason
    assert 'no bucket there matches `le="0.5"`; nearest is `0.3`' in verdict.reason
    assert can_fire(rule('h{le="0.5"} > 1'), [], seen, TARGETS).outcome is Outcome.MET
    assert wanted([rule('h{job="api", le="0.5"} > 1')]) == {
        '{__name__="h"}': {"job", "le"},
        '{__name__="h",job="api"}': {"le"},
    }


def test_quantiles_are_like_buckets() -> None:
    """A summary's quantiles are numbers that are there or not; a recording rule may still make others."""
    assert of_buckets('h{quantile="1"} > 1', "0.5", "1.0", label="quantile")[0] is Outcome.BREACHED
    outcome, reason = of_buckets('h{quantile="0.9"} > 1', "0.5", label="quantile")
    assert outcome is Outcome.BREACHED
    assert reason.endswith('no quantile there matches `quantile="0.9"`; nearest is `0.5`')
    assert of_buckets('h{le="2"} > 1', *THREE, recorded=True)[0] is Outcome.MET
    assert of_buckets('h{le="1"} > 1', *THREE, recorded=True)[0] is Outcome.BREACHED


@pytest.mark.parametrize(
    ("expr", "reason"),
    [
        ("histogram_quantile(0.9, sum by (le) (rate(h[5m]))) > 1", ""),
        ("histogram_quantile(0.9, rate(h[5m])) > 1", ""),
        ("histogram_quantile(0.9, rate(up[5m])) > 1", "`up` is not a histogram there: it has no label `le`, and is not a native one"),
        ('histogram_quantile(0.9, sum by (le) (rate({"my.h", "label.x"="y"}[5m]))) > 1', "`my.h` is not a histogram there: it has no label `le`, and is not a native one"),
        ('h_bucket{le="1"} > 1', "metric `h_bucket` does not exist there"),
    ],
)  # fmt: skip
def test_native_histograms_have_no_buckets(expr: str, reason: str) -> None:
    """A native histogram has no `le`, and needs none; what is not a histogram at all gives no quantile."""
    seen = observed({"h": "job", "up": "job", "my.h": "job label.x"})
    verdict = can_fire(rule(expr), [], dataclasses.replace(seen, native=frozenset({"h"})), TARGETS)
    assert verdict.outcome is (Outcome.BREACHED if reason else Outcome.MET), verdict.reason
    assert reason in verdict.reason


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        ('{"my.metric", "label.x"="y"} > 1', ""),
        ('{"my.metrik"} > 1', "metric `my.metrik` does not exist there; nearest is `my.metric`"),
        ('{"my.metric", "label.y"="y"} > 1', "label `label.y` does not exist there on `my.metric`; nearest is `label.x`"),
        ('{"my.metric", "label.y"!="y"} > 1', 'so `"label.y"!="y"` excludes nothing'),
    ],
)  # fmt: skip
def test_names_that_are_no_words(expr: str, said: str) -> None:
    """Prometheus 3 allows any name; they are judged as others are."""
    verdict = can_fire(rule(expr), [], observed({"my.metric": "job label.x"}), TARGETS)
    assert verdict.outcome is (Outcome.BREACHED if said else Outcome.MET), verdict.reason
    assert said in verdict.reason


def of_targets(expr: str, targets: Targets | Unavailable = TARGETS, *recording: Rule) -> tuple[Outcome, str]:
    """The outcome and the reason where these targets are scraped."""
    seen = observed(
        {"up": "job instance", "requests_total": "job instance status", "pushed": "job instance"},
        {
            ("up", "job"): ("api", "node", "gone"),
            ("up", "instance"): ("a:1", "n:1"),
            ("requests_total", "job"): ("api",),
            ("requests_total", "status"): ("200",),
            ("requests_total", "instance"): ("a:1",),
            ("pushed", "job"): ("nightly",),
        },
    )
    verdict = can_fire(rule(expr), [file(group(*recording))], seen, targets)
    return verdict.outcome, verdict.reason


def jobs(*more: Job, elsewhere: str = "") -> Targets:
    """The same targets, with other jobs beside."""
    return dataclasses.replace(TARGETS, jobs=(*TARGETS.jobs, *more), elsewhere=elsewhere)


NEVER, CAN, UNTOLD = Outcome.BREACHED, Outcome.MET, Outcome.UNMEASURED
# id, expression, what is scraped, the outcome, a part of the reason.
SCRAPED: list[tuple[str, str, Targets | Unavailable, Outcome, str]] = [
    ("no-such-job", 'up{job="apii"} == 0', TARGETS, NEVER, 'this alert can never fire: no target there has `job="apii"`; nearest is `api`'),
    ("nothing-like-it", 'up{job="redis"} == 0', TARGETS, NEVER, '`job="redis"` (targets there have: api, node, postgres)'),
    ("no-such-instance", 'up{instance="b:1"} == 0', TARGETS, NEVER, 'no target there has `instance="b:1"`'),
    ("another-metric-of-scrapes", 'scrape_duration_seconds{job="redis"} > 1', TARGETS, NEVER, "scrape_duration_seconds"),
    ("absent", 'absent(up{job="redis"})', TARGETS, NEVER, 'this alert always fires: absent() always holds, because no target there has `job="redis"`'),
    ("absent-for-a-while", '(absent_over_time(up{job="redis"}[5m])) or up == 0', TARGETS, NEVER, "this alert always fires: "),
    ("absent-beside-a-condition", 'absent(up{job="redis"}) and on () up == 0', TARGETS, NEVER, "a part of HighErrorRate does not work: absent() always holds"),
    ("application", 'requests_total{job="redis"} > 1', TARGETS, NEVER, 'no target there has `job="redis"`'),
    ("by-pattern", 'up{job=~"redis|apii?"} == 0', TARGETS, CAN, ""),
    ("seen-before", 'up{job="gone"} == 0', TARGETS, CAN, ""),
    ("a-target-not-scraped-yet", 'up{job="postgres"} == 0', TARGETS, CAN, "not seen yet: `up{job=\"postgres\"}`"),
    ("not-together", 'up{job="api", instance="n:1"} == 0', TARGETS, NEVER, 'this alert can never fire: no target there has `job="api"` and `instance="n:1"` together'),
    ("not-together-and-absent", 'absent(up{job="api", instance="n:1"})', TARGETS, NEVER, "this alert always fires: absent() always holds, because no target there has"),
    ("not-together-on-the-application", 'requests_total{job="api", instance=~"n:.*"} > 1', TARGETS, NEVER, "no target there has"),
    ("together", 'up{job=~"api|node", instance="n:1"} == 0', TARGETS, CAN, ""),
    ("together-where-a-job-has-no-target-now", 'up{job=~"api|batch", instance="n:1"} == 0', TARGETS, CAN, ""),
    ("together-by-discovery", 'up{job="api", instance="n:1"} == 0', Targets(TARGETS.active, (Job("api", discovers=True),)), UNTOLD, "together; it is not known whether one will: job `api` may discover targets that bring them"),
    ("configured-without-a-target", 'up{job="batch"} == 0', TARGETS, CAN, "no target now: job `batch` is configured there"),
    ("a-label-that-is-configured", 'up{instance="x:1"} == 0', jobs(Job("x", frozenset({("instance", "x:1")}))), CAN, "no target now: job `x`"),
    ("a-status-may-come", 'requests_total{status="500"} > 1', TARGETS, CAN, "not seen yet"),
    ("pushed", 'pushed{job="weekly"} > 1', TARGETS, CAN, "not seen yet"),
    ("honored", 'requests_total{job="redis"} > 1', Targets(TARGETS.active, (Job("api", honors=True),)), CAN, "not seen yet"),
    ("up-is-not-honored", 'up{job="redis"} > 1', Targets(TARGETS.active, (Job("api", honors=True),)), NEVER, "no target there has"),
    ("excluded", 'up{job!="redis"} == 0', TARGETS, CAN, ""),
    ("discovered-job", 'up{job="redis"} == 0', jobs(Job("pods", discovers=True, renames=True)), UNTOLD, "job `pods` may discover targets that bring it"),
    ("discovered-instance", 'up{instance="b:1"} == 0', jobs(Job("pods", discovers=True)), UNTOLD, "job `pods` may discover"),
    ("discovery-keeps-the-job", 'up{job="redis"} == 0', jobs(Job("pods", discovers=True)), NEVER, "no target there has"),
    ("discovered-by-another-job", 'up{instance="b:1", job="api"} == 0', jobs(Job("pods", discovers=True)), NEVER, "no target there has"),
    ("federated", 'up{job="redis"} == 0', jobs(Job("other", honors=True, federates=True)), UNTOLD, "job `other` takes over those of another Prometheus"),
    ("written-by-others", 'up{job="redis"} == 0', jobs(elsewhere="others may write series into it"), UNTOLD, "others may write series into it"),
    ("not-told", 'up{job="redis"} == 0', Unavailable("status 404"), UNTOLD, "it is not known whether a target may bring it: status 404"),
    ("not-told-of-the-application", 'requests_total{job="redis"} > 1', Unavailable("status 404"), UNTOLD, "status 404"),
    ("not-told-and-not-needed", 'up{job="api"} == 0', Unavailable("status 404"), CAN, ""),
    ("not-told-of-a-status", 'requests_total{status="500"} > 1', Unavailable("status 404"), CAN, "not seen yet"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("expr", "targets", "outcome", "said"), [pytest.param(*rest, id=name) for name, *rest in SCRAPED]
)
def test_what_targets_bring(expr: str, targets: Targets | Unavailable, outcome: Outcome, said: str) -> None:
    """A job comes from the scrape configuration: one that is not there never will be, unless it may come otherwise."""
    if "scrape_duration" in expr:
        seen = observed({"scrape_duration_seconds": "job"}, {("scrape_duration_seconds", "job"): ("api",)})
        assert can_fire(rule(expr), [], seen, targets).outcome is outcome
        return
    found, reason = of_targets(expr, targets)
    assert found is outcome, reason
    assert said in reason


def test_a_recorded_metric_may_have_any_job() -> None:
    """A recording rule may give its series a job of its own."""
    assert of_targets('requests_total{job="redis"} > 1', TARGETS, record("requests_total", "up"))[0] is CAN


def test_the_question_that_shows_it() -> None:
    """All that a rule reads, by the labels that it names; an expression that is not read has no question."""
    asked = question(rule('up{job="a"} == 0 and on (job) {"my.m", "label.x"="y"}'), "1d")
    assert asked == (
        'group by (__name__, job) (last_over_time({__name__="up"}[1d])) or '
        'group by (__name__, "label.x", job) (last_over_time({__name__="my.m"}[1d]))'
    )
    assert question(rule("hour() > 22"), "1d") == question(rule("up =="), "1d") == ""

"""The metrics are sound, are there, move, are bounded, and arrive in Prometheus.

Chapter of the guide: "Metrics". Where the guide is silent, the docstring says "our own choice".
"""

from __future__ import annotations

import pytest

from deployspec.base.lazy import Lazy

bounds = Lazy("deployspec.chapters.metrics.judge.bounds")
form = Lazy("deployspec.chapters.metrics.judge.form")
presence = Lazy("deployspec.chapters.metrics.judge.presence")
rules = Lazy("deployspec.languages.exposition.rules")
scraped = Lazy("deployspec.chapters.metrics.judge.scraped")
pytestmark = [pytest.mark.metrics, pytest.mark.needs("metrics")]


def test_answers_in_time(metrics, judge):
    """A scrape gets a complete answer with status 200, within `max_scrape_time` and `max_size`.

    Source: the guide, "Prometheus Metrics"; the limits are our own choice: Prometheus gives a target 10 s unless it is
    configured otherwise, and stores nothing of an answer that comes later.
    Limit: at most `max_scrape_time` from name lookup to last byte, and at most `max_size` after decompression.
    Measured: one GET as Prometheus sends it, and one that asks for the text format where the first brought another.
    Fault: metrics-500: the endpoint answers with status 500.
    Keys: metrics.path, metrics.url, metrics.max_scrape_time, metrics.max_size
    """
    metrics.judge_in_time(judge)


def test_content_type_is_accepted(metrics, judge):
    """The answer says in its Content-Type in which format it is, so that Prometheus 3 scrapes it.

    Source: our own choice; Prometheus 3 refuses a target without a Content-Type that it knows, and 2 guesses.
    Limit: text/plain or application/openmetrics-text, once.
    Measured: the header of each scrape.
    Fault: metrics-as-json: the page is right, and is sent as application/json.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_type(judge)


def test_is_whole(metrics, judge):
    """The page has series, and could be read to its end: no line is longer than 1 MB, and there are not millions of series.

    Source: our own choice; beyond such limits nobody can say what a page has.
    Limit: at least one series; a line of at most 1 MB, and at most a million series, or twice `max_series` if that is more.
    Measured: the page, read line by line.
    Fault: metrics-endless-line: one line has 2 MB.
    Keys: metrics.max_size, metrics.max_series
    """
    metrics.judge_page(judge, lambda page, _: form.is_whole(page))


def test_well_formed(metrics, judge):
    """Each line of the page is as its format has it: text 0.0.4, or OpenMetrics 1.0 where the service offers that.

    The reason says what Prometheus 2.42 and 3.5 make of a line that is not.
    Source: the two formats' own specifications; promtool and the servers are more lenient, each in its own way.
    Limit: no line that is anything else.
    Measured: the page of one scrape in each format, read line by line.
    Fault: metrics-blank-before: one sample has a blank before it.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_page(
        judge,
        lambda page, scrape: form.well_formed(page, has_any_name=scrape.media.has_any_name),
        rules.Aspect.SYNTAX,
    )


def test_series_once(metrics, judge):
    """No series stands on the page twice: Prometheus would keep the first one and lose the other, without a word.

    Source: the formats' specifications.
    Limit: each name with the same labels once.
    Measured: the page of one scrape in each format.
    Fault: metrics-series-twice: a sample stands there twice, with two values.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_page(judge, lambda page, _: form.series_once(page), rules.Aspect.SERIES)


def test_types_constant(metrics, judge):
    """Each metric has one TYPE and one HELP, before its samples, which stand together; and the same ones a scrape later.

    Source: the formats' specifications.
    Limit: no second TYPE or HELP, no samples elsewhere, no change.
    Measured: the page of one scrape in each format; of the text format, a later one as well.
    Fault: metrics-type-twice: a metric has a second TYPE, which says something else.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_page(
        judge,
        lambda page, _: form.types_constant(page, metrics.second if page is metrics.first else None),
        rules.Aspect.TYPES,
    )


def test_timestamps_fresh(metrics, judge):
    """Samples have no timestamps, or such that Prometheus stores and a query for now finds.

    Source: our own choice; a sample with an old timestamp is stored where no query for now sees it, and `up` stays 1.
    Limit: at most 5 minutes old, and at most 1 minute ahead.
    Measured: the timestamps on the page, by the clock of the prober.
    Fault: metrics-stale: a sample has a timestamp of an hour ago.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_page(judge, lambda page, _: form.timestamps_fresh(page), rules.Aspect.TIMES)


def test_sums_add_up(metrics, judge):
    """Buckets of histograms are cumulative, that of `+Inf` is there and equals the count; quantiles are what they can be.

    Source: the formats' specifications.
    Limit: no histogram or summary that contradicts itself.
    Measured: the page of one scrape in each format.
    Fault: metrics-not-cumulative: a bucket has more than the next one.
    Keys: metrics.path, metrics.url
    """
    metrics.judge_page(judge, lambda page, _: form.sums_add_up(page), rules.Aspect.SUMS)


def test_counters_rise(metrics, judge):
    """From one scrape to the next, no counter goes back, unless its process has started anew.

    Source: our own choice; `rate()` takes each step back for a restart, and counts everything anew.
    Limit: no step back, of counters and of the counts, sums and buckets of histograms.
    Measured: two scrapes in the text format, compared.
    Fault: metrics-counter-falls: a counter is lower at each scrape.
    Keys: metrics.path, metrics.url
    """
    judge(form.counters_rise(metrics.first, metrics.second), reproduce=metrics.curl)


@pytest.mark.needs("metrics.promtool")
def test_promtool_finds_nothing(metrics, judge):
    """`promtool check metrics` finds nothing, or what it finds is listed, where the file says `promtool: false`.

    Source: our own choice, after Prometheus' naming conventions. Sound exporters have findings: etcd 20, node_exporter 68.
    Limit: no finding.
    Measured: the page in the text format, given to promtool; each finding with the line of its metric.
    Fault: metrics-badly-named: a counter's name does not end in _total.
    Keys: metrics.promtool
    """
    metrics.judge_lints(judge)


@pytest.mark.needs("metrics.schema")
def test_is_exported(exported, judge, metrics):
    """Each metric that `schema` names is there, is of its type, and its labels have no other values than they may have.

    Source: the guide, "Key Metrics to Monitor", as schemas/metrics.yaml.
    Limit: as the file says it.
    Measured: the page of one scrape; of those that other exporters have, what Prometheus has seen in its window.
    Fault: metrics-without-workers: the number of Celery's workers is missing.
    Keys: metrics.schema, prometheus.url, prometheus.window
    """
    judge(
        presence.is_exported(
            exported.wanted, exported.found, exported.there, exported.where, is_whole=exported.is_whole
        ),
        reproduce=metrics.curl,
    )


@pytest.mark.needs("metrics.movement")
def test_requests_are_counted(requests_moved, judge):
    """Requests of a known status raise the series that they should, each of them by one, and no others of these metrics.

    Others may send such requests meanwhile. Where a sum rises by exactly what was sent, in one round of three, each
    request was counted once; where it rises by the same multiple in all of them, it was not.
    Source: the guide, "Prometheus Metrics": requests by method, path and status.
    Limit: by exactly the number of requests, within `within`.
    Measured: a scrape, `times` requests, and further scrapes until all have risen; none is sent twice.
    Fault: metrics-frozen: the page is always that of the first scrape.
    Keys: metrics.movement
    """
    judge(requests_moved.verdict, *requests_moved.calls, reproduce=requests_moved.reproduce)


@pytest.mark.needs("metrics.movement", "allow.write")
def test_work_is_counted(work_moved, judge):
    """Requests that change something, such as those that queue a job, raise the series that they should, each by one.

    Source: the guide, "Key Metrics to Monitor": Celery's rate and duration.
    Limit: by exactly the number of requests, within `within`.
    Measured: a scrape, `times` requests, and further scrapes until all have risen; none is sent twice.
    Fault: metrics-jobs-frozen: Celery's series stay as they were.
    Keys: allow, metrics.movement
    """
    judge(work_moved.verdict, *work_moved.calls, reproduce=work_moved.reproduce)


@pytest.mark.needs("metrics.movement", "allow.faults")
def test_faults_show(faults_moved, judge):
    """While something is broken, the series say so: a stopped worker lowers the count, slow queries move their histogram.

    Source: the guide, "Key Metrics to Monitor": query duration, and Celery's workers.
    Limit: within `within`; what was lowered is back within the same time of the fault's end.
    Measured: scrapes before, during and after the fault, which a command causes and a second one ends.
    Fault: metrics-workers-made-up: the number of workers is always 1.
    Keys: allow, metrics.movement
    """
    judge(faults_moved.verdict, *faults_moved.calls, reproduce=faults_moved.reproduce)


@pytest.mark.needs("allow.write")
def test_labels_are_bounded(metrics, judge):
    """Thirty unseen paths, ids in paths and user agents make no new series.

    It needs `allow: [write]`, because a service that makes a series of each keeps them until it is started anew.
    Source: our own choice; a label that callers can fill is how a Prometheus runs out of memory.
    Limit: no new series that has what was unseen in a label, and no label with as many new values as there were requests.
    Measured: a scrape, 30 GETs to each path of `unseen`, each with a path and a user agent of its own, and a scrape.
    Fault: metrics-by-path: requests are counted by the path as it was sent.
    Keys: allow, metrics.unseen
    """
    unseen = metrics.unseen
    judge(
        bounds.labels_are_bounded(
            unseen.before, unseen.after, unseen.words, unseen.statuses, unseen.paths, unseen.control
        ),
        unseen.call,
        reproduce=metrics.curl,
    )


def test_series_are_few(metrics, judge):
    """The endpoint has at most `max_series` series.

    Source: our own choice.
    Limit: at most `max_series`; exactly as many are allowed.
    Measured: the series of the page in the text format; a histogram has one for each bucket, and two more.
    Fault: metrics-many: there are 3,000 series more.
    Keys: metrics.max_series
    """
    judge(bounds.series_are_few(metrics.first, metrics.endpoint.promise.max_series), reproduce=metrics.curl)


@pytest.mark.needs("prometheus", "metrics.max_growth")
def test_growth_is_bounded(metrics, judge):
    """The number of series does not grow by more than `max_growth` an hour, again and again.

    Source: our own choice.
    Limit: in the calmest quarter of Prometheus' window, at most `max_growth` an hour: a single step is no growth. Faster growth
        of an endpoint that is known for less than ten minutes of the window is UNMEASURED: so a service begins.
    Measured: how many samples scrapes had over the window, after relabelling.
    Fault: metrics-growing: each scrape has a hundred series more than the one before.
    Keys: metrics.max_growth, metrics.job, prometheus.window
    """
    judge(
        bounds.growth_is_bounded(
            metrics.growth, metrics.endpoint.promise.max_growth, metrics.watching.window
        ),
        reproduce=metrics.curl_of("scrape_samples_post_metric_relabeling"),
    )


@pytest.mark.needs("prometheus")
def test_is_scraped(metrics, judge):
    """Prometheus scrapes the endpoint, its `up` is 1, and the last scrape had no error.

    Source: the guide, "Setup Prometheus".
    Limit: every target of the endpoint is up.
    Measured: Prometheus' list of targets; the endpoint's are those of its address, or of `job`.
    Fault: metrics-500: the endpoint answers with status 500.
    Keys: metrics.job, prometheus.url
    """
    judge(scraped.is_scraped(metrics.targets, metrics.watching.who), reproduce=metrics.curl_of("up"))


@pytest.mark.needs("prometheus")
def test_scrapes_are_quick(metrics, judge):
    """Nine of ten scrapes take less than half of the interval between two.

    Source: our own choice; one that takes longer than the scrape's time limit leaves a gap.
    Limit: at most one of ten takes half of the target's scrape interval or longer. One of fewer than ten is UNMEASURED.
    Measured: each scrape of Prometheus' window, or the last ten if it is shorter, and at most 10,000.
    Fault: metrics-slow: a scrape takes 0.7 s.
    Keys: metrics.job, prometheus.url, prometheus.window
    """
    judge(
        scraped.scrapes_are_quick(metrics.quickness),
        reproduce=metrics.curl_of("scrape_duration_seconds"),
    )


@pytest.mark.needs("prometheus")
def test_nothing_is_dropped(metrics, judge):
    """Prometheus keeps every sample of a scrape, unless its configuration leaves some out, and is not near its limit.

    Source: our own choice; beyond a `sample_limit` the whole scrape is refused.
    Limit: as many samples kept as scraped, and at most nine tenths of `sample_limit`.
    Measured: what Prometheus has recorded of the last scrape, and its configuration.
    Fault: a low limit: sample_limit is little more than the endpoint has.
    Keys: metrics.job, prometheus.url
    """
    judge(
        scraped.nothing_is_dropped(metrics.taken, metrics.endpoint.plain.page),
        reproduce=metrics.curl_of("scrape_samples_scraped - scrape_samples_post_metric_relabeling"),
    )


@pytest.mark.needs("prometheus")
def test_names_arrive(metrics, judge):
    """Every name of a series and of a label that the endpoint has, Prometheus has too.

    A histogram that arrives as a native one has no series for buckets: a breach only if a loaded rule reads them.
    Source: our own choice; a label of the target's name arrives as `exported_…`, and rules find nothing.
    Limit: no name missing or renamed, but by `metric_relabel_configs`.
    Measured: the names that Prometheus has of the target, and those of a scrape of ours before.
    Fault: metrics-own-job: the series have a label job of their own.
    Keys: metrics.job, prometheus.url
    """
    judge(scraped.names_arrive(metrics.arrived, metrics.first), reproduce=metrics.curl_of("up"))


@pytest.mark.needs("prometheus")
def test_ranges_are_long_enough(metrics, judge):
    """Every range of a loaded rule that reads the endpoint's series spans at least four scrapes.

    Source: our own choice; with fewer, one lost scrape leaves a rate without what it needs.
    Limit: at least four times the target's scrape interval; exactly four times is enough.
    Measured: the rules that Prometheus has loaded, and the interval of the endpoint's target.
    Fault: a short range: a rule looks back three intervals.
    Keys: metrics.job, prometheus.url
    """
    judge(
        scraped.ranges_are_long_enough(
            metrics.ranges, metrics.targets, scraped.sample_names(metrics.first), is_whole=metrics.first.whole
        ),
        reproduce=metrics.curl_of("up"),
    )

"""Each query of the dashboards parses, shows something, and shows what its panel's title and unit say.

Chapter of the guide: "Dashboard Setup". Where the guide is silent, the docstring says "our own choice".
"""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.dashboards


@pytest.mark.needs("dashboards")
def test_file_is_read(dashboard_file, judge):
    """Each pattern matches a file, and each file is a dashboard of which every part is read, with a query to Prometheus.

    A library panel that is not there and saved filters of an ad hoc variable are no fault of the file: UNMEASURED.
    Source: the guide, "Grafana Dashboard Example"; that an empty pattern is not a success is our own choice.
    Limit: no objection, and at least one query in each file.
    Measured: every file that the patterns match, read from disk.
    Fault: no dashboard: a file holds JSON that is not Grafana's.
    Keys: dashboards.files, dashboards.libraries, dashboards.datasource
    """
    dashboard_file(judge)


# dashboard_query: one query of one panel, annotation or variable.
@pytest.mark.needs("dashboards", "prometheus")
def test_query_parses(dashboard_query, judge):
    """Each query is PromQL once its variables and Grafana's macros are in place.

    A query whose variable has no value is UNMEASURED: half of all queries parse without being expanded, so that proves
    nothing.
    Source: the guide, "Grafana Dashboard Example".
    Limit: no objection of the parser.
    Measured: the query as Grafana would send it: variables that the file does not choose are asked of Prometheus.
    Fault: a broken query: a closing bracket is missing.
    Keys: dashboards.variables, dashboards.scrape_interval, dashboards.range
    """
    dashboard_query(judge, "parses")


@pytest.mark.needs("dashboards", "prometheus")
def test_query_answers(dashboard_query, judge):
    """Prometheus answers each query in time, and every name, label and value in it is there, or comes with an event.

    A query that shows nothing now is no fault where all that it reads is there, or begins with an event: a counter that a
    target declares, or a status code that was not seen yet. Labels of targets (`job`, `instance`) come with no event.
    Source: our own choice; a panel of a misspelt name is as empty as that of a service without errors.
    Limit: within `max_query_time`, and at most `max_series` series.
    Measured: the query over the range; of one that shows nothing, and beside an `or`, each selector on its own.
    Fault: a misspelt metric: the panel asks for a name that does not exist.
    Keys: dashboards.max_query_time, dashboards.max_series, dashboards.range, dashboards.variables, dashboards.meanings
    """
    dashboard_query(judge, "answers")


@pytest.mark.needs("dashboards", "prometheus")
def test_query_shows_what_it_says(dashboard_query, judge):
    """Each value is one that the panel's title and unit allow: an error rate lies between 0 and 1, and is not always 1.

    A hidden query shows nothing by itself. What a transformation makes of values is not known: UNMEASURED.
    Source: our own choice; the guide's own panel of the error rate divides each series by itself, and always shows 1.
    Limit: what the list of meanings says of such titles and units; a title of which it says nothing is MET.
    Measured: the query's values over the range.
    Fault: a ratio of each series: the error rate divides each series by itself.
    Keys: dashboards.meanings, dashboards.range
    """
    dashboard_query(judge, "says")


@pytest.mark.needs("dashboards", "prometheus")
def test_query_is_sound(dashboard_query, judge):
    """No query is one that Prometheus answers and that does not show what its author believes.

    Source: the guide's own dashboard, whose queries are; the lints are docs/lint/dashboards.md.
    Limit: no finding.
    Measured: the query, read as PromQL, with its panel's unit and legend, and the types that targets declare.
    Fault: a ratio of each series: the error rate divides each series by itself.
    Keys: dashboards.files
    """
    dashboard_query(judge, "sound")


@pytest.mark.needs("dashboards", "prometheus")
def test_ranges_hold_four_scrapes(dashboard_query, judge):
    """Each range of a query is at least four scrape intervals long.

    Source: our own choice; a rate over less has gaps with each scrape that is late, and Grafana's own
    `$__rate_interval` is as long.
    Limit: exactly four intervals are enough.
    Measured: the ranges of the query, with its variables and macros in place.
    Fault: a short range: a rate is taken over a single scrape.
    Keys: dashboards.scrape_interval, dashboards.variables
    """
    dashboard_query(judge, "ranges")


@pytest.mark.needs("dashboards", "prometheus", "rules")
def test_alert_metrics_are_shown(dashboards, judge):
    """Every metric that an alert looks at is on a panel, or listed as not shown.

    A metric that a recording rule makes is shown by all that the rule reads, too.
    Source: our own choice; whoever is woken by an alert looks for what it saw.
    Limit: no metric is missing.
    Measured: the metrics in the alerts' expressions, compared with those in all queries.
    Fault: an alert without a panel: the panel that shows the queue is gone.
    Keys: rules.files, dashboards.unshown, dashboards.files
    """
    dashboards.judge_alerts(judge)


# dashboard_movement: its name under `dashboards.movement` in the deployment file.
@pytest.mark.needs("dashboards", "prometheus", "allow.faults")
def test_fault_moves_panels(dashboard_movement, judge):
    """During a fault the panels that are to show it do, and those that are not to move stay.

    Source: our own choice; only a panel that moves with what it names is known to show it.
    Limit: what `shows` and `stays` say; a share of failing requests within its 95% interval.
    Measured: each panel's values before the fault and once it has settled, while the requests of the movement are sent; the
    fault is ended whatever happens.
    Fault: a panel that stands still: the error rate is that of another service.
    Keys: allow, dashboards.movement, dashboards.scrape_interval
    """
    dashboard_movement(judge)

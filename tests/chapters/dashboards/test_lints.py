"""Each lint: what it finds, and what it leaves alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from deployspec.base.places import Places
from deployspec.chapters.dashboards.judge.lints import lint
from deployspec.languages.grafana import Dashboard, read

_ALL = {
    "rate-of-gauge", "quantile-per-series", "buckets-without-le", "ratio-of-itself", "one-of-many", "percent-twice",
    "ratio-in-percent", "missing-unit", "legend-without-label", "irate-over-a-day",
}  # fmt: skip


def _found(*exprs: str, types: dict[str, str] | None = None, **said: object) -> list[str]:
    """The names of the lints that find something in a panel with these queries."""
    dashboard = said.pop("dashboard", {})
    legend = said.pop("legend", "")
    panel = {
        "title": said.pop("title", "x"), "type": said.pop("type", "timeseries"),
        "fieldConfig": {"defaults": {"unit": said.pop("unit", "reqps")}},
        "targets": [{"expr": expr, "legendFormat": legend} for expr in exprs], **said,
    }  # fmt: skip
    read_one = read(json.dumps({"panels": [panel], **dashboard}), "a.json")  # type: ignore[dict-item]
    assert isinstance(read_one, Dashboard)
    return [one.lint for one in lint(read_one, types)]


def test_each_lint_has_its_section():
    """``deployspec explain`` shows it."""
    page = (Places(Path()).guides / "lint" / "dashboards.md").read_text()
    assert set(re.findall(r"^## (\S+)$", page, re.MULTILINE)) == _ALL


def test_a_finding_says_where_and_how_to_read_on():
    """Place, reason, the command that explains it."""
    dashboard = read(
        '{"panels": [{"title": "Latency", "targets": [{"expr": "rate(node_load1[5m])"}]}]}', "a.json"
    )
    assert isinstance(dashboard, Dashboard)
    assert str(lint(dashboard)[0]) == (
        'a.json: panel "Latency", query 1 (panels[0].targets[0].expr): rate of the gauge node_load1: rate takes each fall '
        "for a restart from zero, so that a value that goes down and up again adds to it. Use deriv, or changes, for a gauge "
        "(`deployspec explain rate-of-gauge`)"
    )


@pytest.mark.parametrize("name", ["node_load1", "process_open_fds", "celery_queue_length", "app_in_progress"])
def test_rate_of_a_gauge_by_name(name):
    """Where nobody tells the type, only names that are gauges for sure."""
    assert _found(f"increase({name}[5m])") == ["rate-of-gauge"]
    assert _found(f"clamp_min(rate({name}[5m]), 0)", f"irate({name}[5m])") == ["rate-of-gauge"] * 2
    assert _found(f"deriv({name}[5m])") == []
    assert _found(f"rate({name}[5m])", types={name: "counter"}) == []


@pytest.mark.parametrize(
    ("type_", "found"),
    [("gauge", ["rate-of-gauge"]), ("counter", []), ("unknown", []), ("histogram", []), ("summary", [])],
)
def test_rate_of_a_gauge_by_metadata(type_, found):
    """What Prometheus knows of it counts before the name."""
    assert _found("rate(my_things[5m])", types={"my_things": type_}) == found


@pytest.mark.parametrize(
    "expr",
    [
        "rate(my_things[5m])",
        "rate(a_total[5m])",
        "irate(a_bytes[5m])",
        "histogram_quantile(0.9, rate(node_load1[5m]))",
        "rate((up)[5m:1m])",
        "rate({job='a'}[5m])",
    ],
)
def test_no_rate_of_a_gauge(expr):
    """Names that may be either; native histograms; subqueries."""
    assert "rate-of-gauge" not in _found(expr)


_PER_SERIES = "histogram_quantile(0.95, rate(deal_scout_request_duration_seconds_bucket[5m]))"


def test_a_quantile_per_series():
    """The guide's own panel, whose legend says nothing."""
    assert _found(_PER_SERIES, unit="s") == ["quantile-per-series"]
    assert _found(_PER_SERIES, unit="s", legend="p95 {{job}}") == ["quantile-per-series"]
    assert _found(f"min({_PER_SERIES})", unit="s") == ["quantile-per-series"]


@pytest.mark.parametrize(
    ("expr", "legend"),
    [
        pytest.param(_PER_SERIES, "{{instance}} p95", id="legend-tells-series-apart"),
        pytest.param(_PER_SERIES, "__auto", id="legend-of-all-labels"),
        pytest.param("histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])))", "", id="added-up"),
        pytest.param("histogram_quantile(0.95, job:a_bucket:rate5m)", "", id="recorded"),
        pytest.param("histogram_quantile(0.95, rate(a_seconds[5m]))", "", id="native"),
        pytest.param("histogram_quantile(0.95, rate(a_bucket[5m]) * 2)", "", id="calculated"),
        pytest.param("histogram_quantile(0.95, rate({job='a'}[5m]))", "", id="without-a-name"),
        pytest.param("histogram_quantile(0.95, vector(1))", "", id="of-no-series"),
        pytest.param(f"max({_PER_SERIES})", "", id="the-worst"),
        pytest.param(f"topk(3, {_PER_SERIES})", "", id="the-worst-three"),
    ],
)
def test_no_quantile_per_series(expr, legend):
    """What is added up, or meant."""
    assert _found(expr, unit="s", legend=legend) == []


def test_no_quantile_per_series_in_a_table():
    """It has a column for each label."""
    assert _found(_PER_SERIES, unit="s", type="table") == []


@pytest.mark.parametrize(
    ("overrides", "found"),
    [([], ["percent-twice"]), ([{"alias": "x", "yaxis": 2}], []), ([{"alias": "x"}], ["percent-twice"])],
)
def test_the_axis_on_the_right_counts_where_it_is_used(overrides, found):
    """Graphs before Grafana 7 name a unit for each of the two axes."""
    axes = [{"format": "percentunit"}, {"format": "short"}]
    query = "100 * sum(a_total) / sum(b_total)"
    assert _found(query, unit="", type="graph", yaxes=axes, seriesOverrides=overrides) == found


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ("histogram_quantile(0.9, sum by (job) (rate(a_bucket[5m])))", ["buckets-without-le"]),
        ("histogram_quantile(0.9, sum(rate(a_bucket[5m])))", ["buckets-without-le"]),
        ("histogram_quantile(0.9, sum by (job, le) (rate(a_bucket[5m])))", []),
        ("histogram_quantile(0.9, sum without (job) (rate(a_bucket[5m])))", []),
        ("histogram_quantile(0.9, sum by (vmrange) (rate(a_bucket[5m])))", []),
        ("histogram_quantile(0.9, sum by ($labels) (rate(a_bucket[5m])))", []),
        ("histogram_quantile(0.9, sum(rate(native_seconds[5m])))", []),
    ],
)
def test_buckets_without_le(expr, found):
    """VictoriaMetrics' bounds count; native histograms need none."""
    assert (
        _found(
            expr,
            dashboard={"templating": {"list": [{"name": "labels", "type": "custom", "query": "job,le"}]}},
        )
        == found
    )


@pytest.mark.parametrize(
    ("expr", "found"),
    [
        ('rate(a_total{status=~"5.."}[5m]) / rate(a_total[5m])', ["ratio-of-itself"]),
        ('100 * (rate(a_total{b="c",d="e"}[5m]) / rate(a_total{d="e"}[5m]))', ["ratio-of-itself"]),
        ('sum(rate(a_total{status=~"5.."}[5m])) / sum(rate(a_total[5m]))', []),
        ('rate(a_total{status="500"}[5m]) / ignoring(status) rate(a_total{status="200"}[5m])', []),
        ('rate(a_total{status="500"}[5m]) / on(job) group_left rate(a_total[5m])', []),
        ("rate(a_total[5m]) / rate(a_total[1h])", []),
        ('a{b="c"} / a', ["ratio-of-itself"]),
        ('(rate((a_total{b="c"})[5m:]) / rate(a_total[5m]))', []),
        ('irate(a_total{b="c"}[5m]) / rate(a_total[5m])', []),
        ('rate(a_total{b="c"}[5m]) * rate(a_total[5m])', []),
        ('rate(a_total{b="c"}[5m]) / rate(b_total[5m])', []),
        ('rate(a_total{b="c"}[5m]) / rate(a_total[5m] offset 1w)', []),
        ('rate(a_total{b="c"}[5m]) / rate(a_total[1h])', []),
        ('rate(a_total{b="c"}[5m]) / rate(a_total{d="e"}[5m])', []),
        ('rate(a_total[5m]) / rate(a_total{b="c"}[5m])', []),
        ('{__name__=~"a.*",b="c"} / {__name__=~"a.*"}', []),
        ('sum by (b) (rate(a_total{b="c"}[5m])) / rate(a_total[5m])', []),
        ('sum by (b) (rate(a_total{b="c",d="e"}[5m])) / sum by (b) (rate(a_total[5m]))', []),
        ('sum by (b) (sum by (d) (a{b="c"})) / sum by (d) (a)', []),
        (
            'sum by (path, status) (rate(a_total{status=~"5.."}[5m])) / sum by (status, path) (rate(a_total[5m]))',
            ["ratio-of-itself"],
        ),
        ('sum by (path) (rate(a_total{status=~"5.."}[5m])) / sum by (path) (rate(a_total[5m]))', []),
        ('sum by (path, status) (rate(a_total{status="500"}[5m])) / sum by (path) (rate(a_total[5m]))', []),
        ('sum without (path) (rate(a_total{b="c"}[5m])) / sum without (path) (rate(a_total[5m]))', []),
        ('avg by (b) (rate(a_total{b="c"}[5m])) / avg by (b) (rate(a_total[5m]))', []),
        ("rate(a_total[5m]) / rate(a_total[5m] offset 1w)", []),
        ("rate(a_seconds_sum[5m]) / rate(a_seconds_count[5m])", []),
    ],
)
def test_ratio_of_itself(expr, found):
    """The guide's error rate; what compares two times, or two metrics, is none."""
    assert _found(expr, unit="percentunit" if "100" not in expr else "percent") == found


@pytest.mark.parametrize(
    ("variable", "expr", "found"),
    [
        pytest.param({"multi": True}, 'up{a="$v"}', ["one-of-many"], id="several"),
        pytest.param({"includeAll": True}, 'up{a="${v}"}', ["one-of-many"], id="all"),
        pytest.param({"multi": True}, 'up{a!="[[v]]"}', ["one-of-many"], id="not-equal"),
        pytest.param({"includeAll": True, "allValue": ".*"}, 'up{a="$v"}', ["one-of-many"], id="all-value"),
        pytest.param(
            {"includeAll": True, "allValue": "total"}, 'up{a="$v"}', [], id="all-value-that-is-a-word"
        ),
        pytest.param(
            {"includeAll": True, "allValue": "to.al"},
            'up{a="$v"}',
            ["one-of-many"],
            id="all-value-with-a-dot",
        ),
        pytest.param(
            {"multi": True, "allValue": "total"}, 'up{a="$v"}', ["one-of-many"], id="several-or-a-word"
        ),
        pytest.param({"multi": True}, 'up{a="${v:regex}"}', ["one-of-many"], id="as-a-regex-for-sure"),
        pytest.param({"multi": True}, 'up{a=~"$v"}', [], id="as-a-regex"),
        pytest.param({"multi": True}, 'up{a!~"$v"}', [], id="as-a-regex-negated"),
        pytest.param({}, 'up{a="$v"}', [], id="one"),
        pytest.param({"multi": True}, 'up{a="$vv"}', [], id="another-variable"),
        pytest.param({"multi": True}, 'up{a="x-$v"}', ["one-of-many"], id="a-part-of-the-value"),
        pytest.param(
            {"multi": True}, 'up{a="${v}:9100", b="c"}', ["one-of-many"], id="the-beginning-of-the-value"
        ),
        pytest.param({"multi": True}, 'up{a="b", c=~"x-$v"}', [], id="another-label"),
        pytest.param({"multi": True}, 'up{a="x-$vv"}', [], id="a-part-is-another-variable"),
        pytest.param({"multi": True}, 'up{a="${v:raw}"}', [], id="as-the-author-says"),
    ],
)
def test_one_of_many(variable, expr, found):
    """``=`` beside what Grafana writes as a regular expression."""
    listed = [
        {"name": "v", "type": "query", "query": "label_values(a)", "current": {"value": "x"}, **variable}
    ]
    assert _found(expr, dashboard={"templating": {"list": listed}}) == found
    assert _found(expr, repeat="v", dashboard={"templating": {"list": listed}}) == []
    assert _found(expr, repeat="w", dashboard={"templating": {"list": listed}}) == found


@pytest.mark.parametrize(
    ("expr", "unit", "found"),
    [
        ("sum(rate(a_total[5m])) / sum(rate(b_total[5m])) * 100", "percentunit", ["percent-twice"]),
        ("100 * (sum(a) / sum(b))", "percentunit", ["percent-twice"]),
        ("100 - avg(a) * 100", "percentunit", ["percent-twice"]),
        ("100 * (availability - 0.99)", "percentunit", []),
        ("sum(a) / sum(b) * 100", "percent", []),
        ("sum(rate(a_total[5m])) / sum(rate(b_total[5m]))", "percentunit", []),
        ("sum(rate(a_total[5m])) / sum(rate(b_total[5m]))", "percent", ["ratio-in-percent"]),
        ("sum(rate(a_total[5m])) / sum(rate(b_total[5m])) * 100", "percent", []),
        ("sum(rate(a_seconds_total[5m])) / count(b)", "percent", []),
        ("a_percent / b_ratio", "percent", []),
        ("(sum(a_total) / sum(b_total))", "percent", ["ratio-in-percent"]),
        ("99 * sum(a_total) / sum(b_total)", "percent", ["ratio-in-percent"]),
        ("100 * sum(a_total) / sum(b_total)", "percent", []),
        ("sum(a_total) * sum(b_total)", "percent", []),
        ("sum(a_total + b_count) / sum(c_total + d_count)", "percent", []),
        ("(sum(a) * 100)", "percentunit", ["percent-twice"]),
        ("sum(a) * 100 / sum(b)", "percentunit", ["percent-twice"]),
        ("100 - sum(a)", "percentunit", ["percent-twice"]),
        ("100 * (1 - a)", "percentunit", ["percent-twice"]),
        ("100 * (a - b)", "percentunit", ["percent-twice"]),
        ("100 * (a + 1)", "percentunit", ["percent-twice"]),
        ("(availability - 0.99) * 100", "percentunit", []),
        ("sum(a) * 101", "percentunit", []),
        ("sum(a) + 100", "percentunit", []),
        ("sum(a) - 100", "percentunit", []),
        ("sum(a) / 100", "percentunit", []),
        ("1 - a", "percentunit", []),
        ("a", "percentunit", []),
        ("a", "percent", []),
    ],
)
def test_percent(expr, unit, found):
    """1 for all, or 100 for all: unit and query have to agree."""
    assert _found(expr, unit=unit) == found


@pytest.mark.parametrize(
    "expr",
    ["a_bytes", "sum by (job) (a_bytes)", "rate(a_bytes_total[5m])", "max_over_time(a_seconds[1h])",
     "histogram_quantile(0.9, sum by (le) (rate(a_seconds_bucket[5m])))", "topk(5, avg by (b) (a_bytes))",
     "irate(a_bytes_total[5m])", "histogram_quantile(0.9, sum by (le) (rate(a_bytes_bucket[5m])))",
     "quantile_over_time(0.5, a_bytes[5m])"],
)  # fmt: skip
def test_missing_unit(expr):
    """Seconds and bytes as bare numbers; a unit that says nothing is none."""
    for unit in ("", "short", "none"):
        assert _found(expr, unit=unit) == ["missing-unit"]
    assert _found(expr, unit="s") == []


@pytest.mark.parametrize(
    ("exprs", "said"),
    [
        pytest.param(("rate(a_seconds_total[5m])",), {}, id="seconds-a-second"),
        pytest.param(("a_seconds_count",), {}, id="a-number-of-things"),
        pytest.param(("a_bytes / 1024",), {}, id="calculated"),
        pytest.param(("a_bytes", "up"), {}, id="of-several-kinds"),
        pytest.param(("a_bytes", "b_seconds"), {}, id="of-several-units"),
        pytest.param(("a_bytes",), {"types": {"a_bytes": "counter"}}, id="no-gauge"),
        pytest.param(("a_bytes_total",), {}, id="since-the-start"),
        pytest.param(("rate(a_bytes[5m])",), {}, id="rate-of-what-may-be-a-gauge"),
        pytest.param(("rate(a_seconds[5m])",), {}, id="seconds-of-what-may-be-a-gauge"),
        pytest.param(("rate(rate(a_bytes_total[5m])[5m:])",), {}, id="bytes-a-second-a-second"),
        pytest.param(("count(a_bytes)",), {}, id="counted"),
        pytest.param(("{job='a'}",), {}, id="of-any-name"),
        pytest.param(("histogram_quantile(0.9, rate({job='a'}[5m]))",), {}, id="without-a-name"),
        pytest.param(
            ("histogram_quantile(0.9, sum by (le) (rate(a_things_bucket[5m])))",), {}, id="of-things"
        ),
        pytest.param(
            ("histogram_quantile(0.9, sum by (le) (rate(a_seconds_bucket[5m]) + rate(b_bytes_bucket[5m])))",),
            {},
            id="of-two-histograms",
        ),
        pytest.param(("a_timestamp_seconds",), {}, id="a-moment"),
        pytest.param(("node_network_mtu_bytes",), {}, id="the-mtu"),
        pytest.param(("a_bytes",), {"title": "Memory (bytes)"}, id="said-in-the-title"),
        pytest.param(("a_bytes",), {"legend": "used MiB"}, id="said-in-the-legend"),
        pytest.param(("a_bytes",), {"type": "table"}, id="table"),
        pytest.param(("a_bytes",), {"transformations": [{"id": "calculateField"}]}, id="transformed"),
    ],
)
def test_no_missing_unit(exprs, said):
    """Where the unit is not sure, or is told otherwise."""
    assert _found(*exprs, unit="", **said) == []


def test_a_missing_unit_is_told_once_a_panel():
    """Of queries in one unit, and of gauges by what Prometheus knows, too."""
    assert _found("a_bytes", "b_bytes", unit="", types={"b_bytes": "gauge"}) == ["missing-unit"]


@pytest.mark.parametrize(
    ("expr", "legend", "said", "found"),
    [
        pytest.param("sum by (job) (a)", "used by {{instance}}", {}, ["legend-without-label"], id="added-up"),
        pytest.param("sum by (job) (a)", "{{ instance }} {{b}} x", {}, ["legend-without-label"], id="two"),
        pytest.param("sum by (job) (a)", "{{instance}}", {}, [], id="nothing-left"),
        pytest.param("sum by (job) (a)", "{{instance}} of {{job}}", {}, [], id="one-is-there"),
        pytest.param("sum by (job) (a)", "x {{job}}", {}, [], id="kept"),
        pytest.param("sum without (job) (a)", "x {{instance}}", {}, [], id="not-taken-away"),
        pytest.param("a * on (job) group_left (version) b", "x {{version}}", {}, [], id="taken-over"),
        pytest.param("sum(a)", "x {{used}}", {}, [], id="one-curve"),
        pytest.param("sum by (job) (a)", "x {{instance}}", {"type": "stat"}, [], id="one-number"),
        pytest.param("sum by (job) (a)", "x {{instance}}", {"transformations": [{"id": "merge"}]}, [], id="transformed"),
        pytest.param("sum by ($g) (a)", "x {{pod}}", {}, [], id="by-a-variable"),
    ],
)  # fmt: skip
def test_legend_without_label(expr, legend, said, found):
    """Labels that the result cannot have, and curves that nothing else tells apart."""
    listed = {"templating": {"list": [{"name": "g", "type": "custom", "query": "pod,job"}]}}
    assert _found(expr, legend=legend, dashboard=listed, **said) == found
    assert _found(targets=[{"expr": expr, "legendFormat": legend, "format": "table"}], dashboard=listed) == []


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param(
            {"dashboard": {"time": {"from": "now-24h", "to": "now"}}}, ["irate-over-a-day"], id="a-day"
        ),
        pytest.param({"dashboard": {"time": {"from": "now-1h", "to": "now"}}}, [], id="an-hour"),
        pytest.param({}, [], id="not-said"),
        pytest.param({"timeFrom": "7d"}, ["irate-over-a-day"], id="of-the-panel"),
        pytest.param(
            {"timeFrom": "1h", "dashboard": {"time": {"from": "now-7d", "to": "now"}}},
            [],
            id="the-panel-counts",
        ),
    ],
)
def test_irate_over_a_day(said, found):
    """The time that the panel opens with."""
    assert _found("sum(irate(a_total[5m]))", **said) == found
    assert _found("sum(rate(a_total[5m]))", **said) == []
    at_once = [{"expr": "sum(irate(a_total[5m]))", "instant": True}]
    assert _found(targets=at_once, **said) == []


@pytest.mark.parametrize("expr", ["sum(", 'up{a="$nosuch"}', "", '{app="a"} |= "b"'])
def test_what_cannot_be_read_is_none_of_a_lints_business(expr):
    """Other checks tell of it."""
    assert _found(expr) == []


@pytest.mark.parametrize(
    ("variable", "found"),
    [
        ({"type": "custom", "query": "5m,1h"}, ["rate-of-gauge"]),
        ({"type": "interval", "query": "5m,1h"}, ["rate-of-gauge"]),
        ({"type": "query", "query": "label_values(a)", "current": {"value": "5m"}}, ["rate-of-gauge"]),
        ({"type": "query", "query": "label_values(a)"}, []),
    ],
)
def test_a_query_is_read_with_a_value_that_its_variable_may_have(variable, found):
    """Of the list in the file, or the one that was chosen when it was saved."""
    listed = {"templating": {"list": [{"name": "v", **variable}]}}
    assert _found("rate(node_load1[$v])", dashboard=listed) == found


def test_a_variables_query_is_drawn_nowhere():
    """An annotation's is, and has no unit or legend."""
    listed = [{"name": "v", "type": "query", "query": "query_result(rate(node_load1[5m]))"}]
    noted = [{"name": "n", "datasource": {"type": "prometheus"}, "expr": "rate(node_load1[5m]) > a_bytes"}]
    assert _found("up", dashboard={"templating": {"list": listed}}) == []
    assert _found("up", dashboard={"annotations": {"list": noted}}) == ["rate-of-gauge"]


@pytest.mark.parametrize(
    ("variable", "expr", "says"),
    [
        ({"multi": True}, 'up{a="$v"}', 'a="$v" compares with what Grafana writes as a regular expression: (a|b) for several values, and a dot in a value is escaped. No series has such a text. Use =~'),
        ({"includeAll": True, "allValue": ".*"}, 'up{b="c", a!="x-$v"}', 'a!="$v" compares with what Grafana writes as a regular expression: .* for all of them. No series has such a text. Use !~'),
    ],
)  # fmt: skip
def test_one_of_many_says_what_to_write(variable, expr, says):
    """Of the label at which it stands."""
    listed = [{"name": "v", "type": "query", "query": "label_values(a)", **variable}]
    panels = [{"title": "P", "targets": [{"expr": expr}]}]
    made = read(json.dumps({"panels": panels, "templating": {"list": listed}}), "a.json")
    assert isinstance(made, Dashboard)
    assert [one.message for one in lint(made) if one.lint == "one-of-many"] == [says]

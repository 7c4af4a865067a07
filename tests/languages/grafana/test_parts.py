"""Each part of a dashboard is read in each of the places and forms that it has had."""

from __future__ import annotations

import pytest

from deployspec.languages.grafana import Dashboard, Language
from tests.languages.grafana.documents import dashboard_of, panel


def _asked(dashboard: Dashboard) -> list[tuple[str, str]]:
    return [(query.place.path, query.text) for query in dashboard.queries]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        pytest.param({"qryType": 0, "match": "go"}, "label_names(go)", id="names"),
        pytest.param({"qryType": 1, "label": "job"}, "label_values(job)", id="values-of-all"),
        pytest.param({"qryType": 1, "metric": "up", "label": "job"}, "label_values(up, job)", id="values"),
        pytest.param(
            {"qryType": 1, "label": "job", "labelFilters": [{"label": "a", "value": "b"}, {"label": "c", "op": "!=", "value": "d"}]},
            'label_values({a="b",c!="d"}, job)',
            id="values-with-filters-alone",
        ),
        pytest.param({"qryType": 2, "metricFilter": "go_.*"}, "metrics(go_.*)", id="metrics"),
        pytest.param({"qryType": 3, "varQuery": "sum(up)"}, "query_result(sum(up))", id="result"),
        pytest.param({"qryType": 4, "seriesQuery": "up"}, "up", id="series"),
        pytest.param({"qryType": 5, "classicQuery": "label_names()"}, "label_names()", id="classic"),
        pytest.param({"qryType": 5}, "metrics(x)", id="definition-for-an-empty-one"),
        pytest.param("", "metrics(x)", id="definition"),
        pytest.param({"query": "metrics(y)", "qryType": 0}, "metrics(y)", id="text-before-fields"),
        pytest.param({"expr": "up"}, "up", id="expr"),
    ],
)  # fmt: skip
def test_what_a_variable_asks_in_each_form(query, asked):
    """As the one text that it was before Grafana had fields for it."""
    variable = {"name": "v", "type": "query", "query": query, "definition": "metrics(x)"}
    assert dashboard_of({"panels": [], "templating": {"list": [variable]}}).variables[0].query == asked


@pytest.mark.parametrize(
    ("datasource", "source", "kind"),
    [
        pytest.param("default", "", "", id="default"),
        pytest.param({}, "", "", id="empty"),
        pytest.param("Thanos EU", "Thanos EU", "prometheus", id="thanos"),
        pytest.param("my-Mimir", "my-Mimir", "prometheus", id="mimir"),
        pytest.param("ElasticSearch", "ElasticSearch", "elastic", id="another-name"),
        pytest.param("Main", "Main", "", id="nothing-told"),
        pytest.param("$ds", "$ds", "loki", id="variable"),
        pytest.param("${ds}", "${ds}", "loki", id="variable-in-braces"),
        pytest.param("${ds:raw}", "${ds:raw}", "loki", id="variable-with-a-format"),
        pytest.param("[[ds]]", "[[ds]]", "loki", id="variable-in-brackets"),
        pytest.param({"uid": "${ds}"}, "${ds}", "loki", id="variable-as-an-object"),
        pytest.param({"uid": "x", "type": "$ds"}, "x", "loki", id="type-of-a-variable"),
        pytest.param({"uid": "P1", "type": "prometheus"}, "P1", "prometheus", id="object"),
        pytest.param({"name": "My Tempo"}, "My Tempo", "tempo", id="object-with-a-name"),
        pytest.param("-- Mixed --", "", "", id="mixed"),
        pytest.param("-- Grafana --", "-- Grafana --", "grafana", id="of-grafana"),
        pytest.param("-- Dashboard --", "-- Dashboard --", "dashboard", id="of-another-panel"),
    ],
)
def test_which_source_a_query_has(datasource, source, kind):
    """As it is written, and its type where the file tells it."""
    document = {
        "templating": {"list": [{"name": "ds", "type": "datasource", "query": "loki"}, {"name": "Main", "type": "custom", "query": "loki"}]},
        "panels": [{"datasource": datasource, "targets": [{"expr": "up"}]}],
    }  # fmt: skip
    assert [(one.source, one.source_type) for one in dashboard_of(document).queries] == [(source, kind)]


@pytest.mark.parametrize(
    ("required", "kind"),
    [
        pytest.param([{"type": "datasource", "id": "loki"}, {"type": "panel", "id": "graph"}], "loki", id="one"),
        pytest.param([{"type": "datasource", "id": "loki"}, {"type": "datasource", "id": "x"}], "", id="several"),
        pytest.param([{"type": "panel", "id": "graph"}], "", id="none"),
    ],
)  # fmt: skip
def test_a_source_that_is_not_told_is_the_only_one_that_an_export_requires(required, kind):
    """Where there is one alone."""
    document = {"__requires": required, "panels": [{"datasource": "Main", "targets": [{"expr": "up"}]}]}
    assert [one.source_type for one in dashboard_of(document).queries] == [kind]


def test_the_source_of_a_variable_of_schema_v2():
    """It has its type as the id of a plugin."""
    query = {"kind": "DataQuery", "datasource": {"name": "$ds"}, "spec": {"expr": "up"}}
    document = {
        "title": "T",
        "variables": [{"kind": "DatasourceVariable", "spec": {"name": "ds", "pluginId": "loki"}}],
        "elements": {"p": {"kind": "Panel", "spec": {"data": {"spec": {"queries": [{"spec": {"query": query}}]}}}}},
    }  # fmt: skip
    assert [(one.source, one.source_type, one.language) for one in dashboard_of(document).queries] == [("$ds", "loki", Language.OTHER)]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "units"),
    [
        pytest.param({"fieldConfig": {"defaults": {"unit": "s"}}}, ("s",), id="fields"),
        pytest.param({"options": {"fieldOptions": {"defaults": {"unit": "s"}}}}, ("s",), id="field-options"),
        pytest.param({"options": {"fieldOptions": {"unit": "s"}}}, ("s",), id="older-field-options"),
        pytest.param({"options": {"yAxis": {"unit": "s"}}}, ("s",), id="axis-of-a-heatmap"),
        pytest.param({"options": {"cellValues": {"unit": "s"}}}, ("s",), id="cells-of-a-heatmap"),
        pytest.param({"options": {"valueOptions": {"unit": "s"}}}, ("s",), id="gauge"),
        pytest.param({"format": "s"}, ("s",), id="singlestat"),
        pytest.param({"yAxis": {"format": "s"}}, ("s",), id="axis-of-an-older-heatmap"),
        pytest.param({"styles": [{"unit": "s"}, {"unit": "ms"}, {}]}, ("s", "ms"), id="table"),
        pytest.param({"y_formats": ["s", "ms"]}, ("s",), id="formats"),
        pytest.param({"yaxes": [{"format": "s"}, {"format": "ms"}]}, ("s",), id="axes"),
        pytest.param({"yaxes": [{"format": "s"}, {"format": "ms"}], "seriesOverrides": [{}, {"yaxis": 2}]}, ("s", "ms"), id="both-axes"),
        pytest.param({"yaxes": [{"format": "s"}, {"format": "ms"}], "seriesOverrides": [{"yaxis": 1}]}, ("s",), id="left-axis"),
        pytest.param({"fieldConfig": {"overrides": [{"properties": [{"id": "min", "value": "0"}, {"id": "unit", "value": "s"}]}]}}, ("s",), id="override"),
        pytest.param({"format": "s", "fieldConfig": {"defaults": {"unit": "s"}}}, ("s",), id="each-once"),
        pytest.param({}, (), id="none"),
    ],
)  # fmt: skip
def test_units_in_each_of_their_places(options, units):
    """As panels of any age have them."""
    assert dashboard_of({"panels": [panel("x", "up", **options)]}).queries[0].panel.units == units


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        pytest.param({"expr": "a", "datasource": "p"}, ["a"], id="expr"),
        pytest.param({"builtIn": 1, "expr": "a"}, [], id="built-in"),
        pytest.param({"builtIn": True, "expr": "a"}, [], id="built-in-as-a-yes"),
        pytest.param({"builtIn": 0, "expr": "a"}, ["a"], id="not-built-in"),
        pytest.param({"datasource": "-- Grafana --"}, [], id="of-grafana"),
        pytest.param({}, [], id="of-no-source"),
        pytest.param({"datasource": "prometheus"}, [""], id="empty"),
        pytest.param({"datasource": "-- Grafana --", "target": {"type": "tags"}}, [], id="tags"),
        pytest.param({"expr": "a", "target": {"refId": "Anno"}}, ["a"], id="target-without-a-query"),
    ],
)
def test_which_annotations_have_a_query(said, texts):
    """Those of Grafana's own have none."""
    document = {"panels": [], "annotations": {"list": [{"name": "n", **said}]}}
    assert [one.text for one in dashboard_of(document).queries] == texts


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        pytest.param({"query": {"group": "prometheus", "spec": {"expr": "a"}}}, ["a"], id="expr"),
        pytest.param({"query": {"group": "prometheus", "spec": {"expr": "a"}}, "legacyOptions": {"expr": "b"}}, ["a"], id="both"),
        pytest.param({"query": {"spec": {}}, "legacyOptions": {"target": {"expr": "b"}}}, ["b"], id="target-of-the-older-form"),
        pytest.param({"builtIn": True, "query": {"group": "prometheus", "spec": {"expr": "a"}}}, [], id="built-in"),
        pytest.param({"query": {"group": "grafana", "spec": {}}}, [], id="of-grafana"),
        pytest.param({"query": {"group": "datasource", "spec": {}}}, [], id="of-a-source-of-grafana"),
        pytest.param({"query": {"kind": "DataQuery", "spec": {}}}, [], id="of-no-source"),
        pytest.param({"query": {"group": "prometheus", "spec": {}}}, [""], id="empty"),
    ],
)  # fmt: skip
def test_which_annotations_of_schema_v2_have_a_query(said, texts):
    """As those of schema v1."""
    document = {"title": "T", "elements": {}, "annotations": [{"spec": {"name": "n", **said}}]}
    assert [one.text for one in dashboard_of(document).queries] == texts


@pytest.mark.parametrize(
    ("source", "target", "text", "path"),
    [
        pytest.param("prometheus", {"expr": "up", "query": "x"}, "up", "expr", id="promql"),
        pytest.param("prometheus", {"query": "x"}, "", "", id="promql-has-one-key"),
        pytest.param("loki", {"expr": '{a="b"}'}, '{a="b"}', "expr", id="logql"),
        pytest.param("influxdb", {"query": "x", "rawSql": "y"}, "x", "query", id="query"),
        pytest.param("postgres", {"rawSql": "y"}, "y", "rawSql", id="sql"),
        pytest.param("graphite", {"target": "z"}, "z", "target", id="graphite"),
        pytest.param("__expr__", {"expression": "$A", "expr": "x"}, "$A", "expression", id="expression"),
    ],
)
def test_where_the_text_of_a_query_stands(source, target, text, path):
    """Each language has its own key."""
    document = {"panels": [{"datasource": {"type": source}, "targets": [target]}]}
    end = f".{path}" if path else ""
    assert _asked(dashboard_of(document)) == [(f"panels[0].targets[0]{end}", text)]


def test_what_a_target_says_of_its_steps():
    """``step`` is the older key; a factor is 1 at least."""
    asking = panel("x")
    asking["targets"] = [
        {"expr": "a", "step": 30, "intervalFactor": 0, "format": "table"},
        {"expr": "b", "hidden": True},
    ]
    first, second = dashboard_of({"panels": [asking]}).queries
    assert (first.interval, first.factor, first.format, first.hidden) == ("30", 1, "table", False)
    assert (second.interval, second.factor, second.format, second.hidden) == ("", 1, "", True)


@pytest.mark.parametrize(
    ("said", "current", "options"),
    [
        pytest.param({"type": "custom", "query": "a,b", "current": {"value": ["a", ""]}}, ("a",), ("a", "b"), id="custom"),
        pytest.param({"type": "custom", "query": "a", "options": [{"value": "$__all"}, {"value": "c"}, {"value": "c"}]}, (), ("c",), id="listed"),
        pytest.param({"type": "textbox", "query": "x", "current": {"value": ""}}, ("",), ("x",), id="textbox"),
        pytest.param({"type": "textbox", "query": "x"}, ("x",), ("x",), id="textbox-that-was-never-written-in"),
        pytest.param({"type": "constant", "query": "x"}, ("x",), ("x",), id="constant"),
        pytest.param({"type": "interval", "query": "1m,'5m', ,1m"}, (), ("1m", "5m"), id="interval"),
        pytest.param({"type": "switch", "current": "on"}, ("on",), (), id="switch"),
        pytest.param({"type": "custom", "query": "a", "current": "a"}, (), ("a",), id="a-text-is-no-value"),
    ],
)  # fmt: skip
def test_what_is_saved_of_a_variable(said, current, options):
    """What is chosen, and what can be."""
    (variable,) = dashboard_of({"panels": [], "templating": {"list": [{"name": "v", **said}]}}).variables
    assert (variable.current, variable.options) == (current, options)


@pytest.mark.parametrize(
    ("source", "language"),
    [
        pytest.param({"type": "prometheus"}, Language.PROMQL, id="prometheus"),
        pytest.param({"type": "loki"}, Language.OTHER, id="loki"),
        pytest.param(None, Language.PROMQL, id="default"),
        pytest.param("-- Mixed --", Language.PROMQL, id="mixed"),
    ],
)
def test_which_language_a_variable_has(source, language):
    """Told by the type of its source alone; what is not of Prometheus is kept as it is written."""
    variable = {"name": "v", "type": "query", "datasource": source, "query": "label_values(up, job)"}
    dashboard = dashboard_of({"panels": [], "templating": {"list": [variable]}})
    text = "up" if language is Language.PROMQL else "label_values(up, job)"
    assert dashboard.variables[0].language is language
    assert [(one.language, one.text) for one in dashboard.queries] == [(language, text)]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        pytest.param({"query": "up"}, "query", id="text"),
        pytest.param({"query": {"query": "up"}}, "query.query", id="object"),
        pytest.param({"query": {"__legacyStringValue": "up"}}, "query.__legacyStringValue", id="migrated"),
        pytest.param({"query": {"qryType": 4, "seriesQuery": "up"}}, "query", id="fields"),
        pytest.param({"definition": "up"}, "definition", id="definition"),
    ],
)
def test_where_the_query_of_a_variable_stands(said, path):
    """For who edits the file."""
    document = {"panels": [], "templating": {"list": [{"name": "v", "type": "query", **said}]}}
    assert _asked(dashboard_of(document)) == [(f"templating.list[0].{path}", "up")]


@pytest.mark.parametrize(
    ("said", "language"),
    [
        pytest.param({"type": "query", "query": ""}, Language.PROMQL, id="empty"),
        pytest.param({"type": "custom", "query": "a,b"}, Language.OTHER, id="custom"),
        pytest.param({"type": "datasource", "query": "prometheus"}, Language.OTHER, id="datasource"),
    ],
)
def test_a_variable_that_asks_nobody_has_no_query(said, language):
    """What it holds is none of Prometheus."""
    dashboard = dashboard_of({"panels": [], "templating": {"list": [{"name": "v", **said}]}})
    assert dashboard.queries == ()
    assert dashboard.variables[0].language is language


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param({"filters": [{"key": "a"}]}, ["filters of the variable v, which Grafana adds to every query; here they are left out"], id="filters"),
        pytest.param({"baseFilters": [{"key": "a"}]}, ["filters of the variable v, which Grafana adds to every query; here they are left out"], id="base-filters"),
        pytest.param({"filters": [], "baseFilters": []}, [], id="none"),
    ],
)  # fmt: skip
def test_filters_that_grafana_adds_are_told(said, found):
    """The file is right, and what is asked here is not what Grafana asks."""
    document = {"panels": [], "templating": {"list": [{"name": "v", "type": "adhoc", **said}]}}
    assert [(one.found, one.is_sound) for one in dashboard_of(document).troubles] == [
        (one, True) for one in found
    ]


@pytest.mark.parametrize(
    ("begin", "end", "span"),
    [
        ("now-6h", "now", 21_600.0),
        ("now-6h", "now-1h", None),
        ("now/d", "now", None),
        ("2024-01-01T00:00:00Z", "now", None),
    ],
)
def test_the_range_that_a_dashboard_opens_with(begin, end, span):
    """Where it is one up to now."""
    assert dashboard_of({"panels": [], "title": "T", "time": {"from": begin, "to": end}}).span == span


def test_rows_in_the_items_of_a_grid():
    """As v2alpha1 has them; a row has its name and repeat from what is around it where it has none."""

    def element(expr: str) -> dict[str, object]:
        query = {"kind": "prometheus", "spec": {"expr": expr}}
        return {
            "kind": "Panel",
            "spec": {"title": expr, "data": {"spec": {"queries": [{"spec": {"query": query}}]}}},
        }

    def at(name: str) -> dict[str, object]:
        return {"kind": "GridLayoutItem", "spec": {"element": {"name": name}}}

    row = {
        "kind": "GridLayoutRow",
        "spec": {"title": "R", "repeat": {"value": "host"}, "elements": [at("b")]},
    }
    inner = {"kind": "GridLayout", "spec": {"items": [at("c")]}}
    tabs = {
        "spec": {
            "tabs": [
                {
                    "spec": {
                        "title": "T",
                        "repeat": {"value": "zone"},
                        "layout": {"spec": {"rows": [{"spec": {"layout": inner}}]}},
                    }
                }
            ]
        }
    }
    for layout, expected in (
        (
            {"kind": "GridLayout", "spec": {"items": [at("a"), row]}},
            [("a", "", ""), ("b", "R", "host"), ("c", "", "")],
        ),
        (tabs, [("a", "", ""), ("b", "", ""), ("c", "T", "zone")]),
    ):
        document = {"title": "T", "elements": {name: element(name) for name in "abc"}, "layout": layout}
        assert [
            (one.text, one.place.row, one.panel.repeat) for one in dashboard_of(document).queries
        ] == expected


@pytest.mark.parametrize(
    ("targets", "reference", "found"),
    [
        pytest.param([{"expr": "a"}], {"uid": "n", "name": "N"}, [("a", ())], id="queries-of-its-own"),
        pytest.param(None, {"uid": "n"}, [], id="not-there"),
        pytest.param([], {"uid": "n"}, [], id="not-there-and-a-list-of-none"),
        pytest.param(None, {"name": "G"}, [("g", ("ms",))], id="by-its-name"),
    ],
)
def test_a_library_panel_whose_model_is_elsewhere(targets, reference, found):
    """It may have its queries beside the reference; what is neither there nor known is told."""
    model = {"targets": [{"expr": "g"}], "fieldConfig": {"defaults": {"unit": "ms"}}}
    document = {"panels": [{"title": "P", "targets": targets, "libraryPanel": reference}]}
    dashboard = dashboard_of(document, libraries={"G": model})
    assert [(one.text, one.panel.units) for one in dashboard.queries] == found
    told = [("the library panel n, whose queries are not in the file", True)]
    assert [(one.found, one.is_sound) for one in dashboard.troubles] == ([] if found else told)


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        pytest.param({"kind": "stat"}, "stat", id="v2alpha1"),
        pytest.param({"kind": "VizConfig", "group": "stat"}, "stat", id="v2beta1"),
        pytest.param({"kind": "VizConfig"}, "", id="none"),
    ],
)
@pytest.mark.parametrize(
    ("of_query", "of_spec", "source"),
    [
        pytest.param({"uid": "q"}, {"uid": "s"}, "q", id="of-the-query"),
        pytest.param(None, {"uid": "s"}, "s", id="of-what-is-around-it"),
        pytest.param(None, None, "", id="default"),
    ],
)
def test_the_type_and_the_source_of_an_element(shown, kind, of_query, of_spec, source):
    """Each version of the schema has its own places for them."""
    query = {"kind": "prometheus", "spec": {"expr": "up"}, "datasource": of_query}
    spec = {
        "data": {"spec": {"queries": [{"spec": {"query": query, "datasource": of_spec}}]}},
        "vizConfig": shown,
    }
    document = {"title": "T", "elements": {"p": {"kind": "Panel", "spec": spec}}}
    (found,) = dashboard_of(document).queries
    assert (found.panel.type, found.source, found.source_type) == (kind, source, "prometheus")

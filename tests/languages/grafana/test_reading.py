"""Every query of a dashboard is found, with its place, in whichever form and corner it stands."""

from __future__ import annotations

import pytest

from deployspec.languages.grafana import Dashboard, Kind, Language
from deployspec.languages.grafana.model import Form
from tests.languages.grafana.documents import dashboard_of, panel


def _asked(dashboard: Dashboard) -> list[tuple[str, str]]:
    return [(query.place.path, query.text) for query in dashboard.queries]


def test_a_query_is_told_where_a_person_finds_it():
    """File, panel, row, letter; and the path in the JSON for who edits it."""
    dashboard = dashboard_of({"panels": [{"type": "row", "title": "API"}, {**panel("Errors"), "targets": [{"expr": "up", "refId": "B"}]}]})  # fmt: skip
    assert (
        str(dashboard.queries[0].place)
        == 'a.json: panel "Errors" in row "API", query B (panels[1].targets[0].expr)'
    )


def test_a_target_without_a_letter_has_its_number():
    """Published dashboards have no letters, as a rule."""
    assert [query.place.ref for query in dashboard_of({"panels": [panel("x", "a", "b")]}).queries] == [
        "1",
        "2",
    ]


@pytest.mark.parametrize(
    ("wrapped", "prefix"),
    [
        pytest.param(lambda bare: bare, "", id="plain"),
        pytest.param(lambda bare: {"dashboard": bare, "meta": {"slug": "x"}}, "dashboard.", id="of-the-api"),
        pytest.param(
            lambda bare: {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "spec": bare},
            "spec.",
            id="resource-of-v1",
        ),
        pytest.param(
            lambda bare: {"dashboard": {"apiVersion": "x/v1", "kind": "Dashboard", "spec": bare}},
            "dashboard.spec.",
            id="resource-in-the-api",
        ),
    ],
)
def test_what_is_around_a_dashboard(wrapped, prefix):
    """It is taken off, and told in the path."""
    dashboard = dashboard_of(wrapped({"title": "T", "uid": "u", "panels": [panel("x", "up")]}))
    assert (dashboard.title, dashboard.uid, dashboard.form) == ("T", "u", Form.V1)
    assert _asked(dashboard) == [(f"{prefix}panels[0].targets[0].expr", "up")]


def test_panels_of_every_kind_of_row():
    """Open rows, collapsed ones, rows in rows, panels in panels, and those after a row."""
    dashboard = dashboard_of(
        {
            "panels": [
                panel("first", "a"),
                {"type": "row", "title": "open"},
                panel("in open", "b"),
                {"type": "row", "title": "shut", "collapsed": True, "panels": [
                    panel("in shut", "c"),
                    {"type": "row", "title": "deep", "panels": [panel("in deep", "d")]},
                    {**panel("outer", "e"), "panels": [panel("inner", "f")]},
                ]},
                panel("after shut", "g"),
            ]
        }
    )  # fmt: skip
    assert sorted((query.text, query.place.name, query.place.row) for query in dashboard.queries) == [
        ("a", "first", ""),
        ("b", "in open", "open"),
        ("c", "in shut", "shut"),
        ("d", "in deep", "deep"),
        ("e", "outer", "shut"),
        ("f", "inner", "shut"),
        ("g", "after shut", "shut"),
    ]


def test_rows_of_the_older_form():
    """With their titles, and what they are repeated by."""
    dashboard = dashboard_of(
        {"title": "T", "rows": [{"title": "R", "repeat": "host", "panels": [panel("x", "up")]}]}
    )
    query = dashboard.queries[0]
    assert (dashboard.form, query.place.row, query.panel.repeat) == (Form.ROWS, "R", "host")
    assert query.place.path == "rows[0].panels[0].targets[0].expr"


def test_annotations_in_each_of_their_keys():
    """``expr``, and ``target.expr`` since Grafana 8; built-in ones have no query."""
    dashboard = dashboard_of(
        {
            "panels": [],
            "annotations": {
                "list": [
                    {"name": "old", "datasource": "prometheus", "expr": "a"},
                    {"name": "new", "datasource": {"type": "prometheus", "uid": "p"}, "target": {"expr": "b"}, "expr": "a"},
                    {"name": "alerts", "builtIn": 1, "datasource": "-- Grafana --"},
                ]
            },
        }
    )  # fmt: skip
    assert [(query.place.kind, query.place.name, query.text) for query in dashboard.queries] == [
        (Kind.ANNOTATION, "old", "a"),
        (Kind.ANNOTATION, "new", "b"),
    ]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("label_values(up{a=~\"$b\"}, job)", 'up{a=~"$b"}', id="label_values"),
        pytest.param("label_values(job)", "", id="label_values-of-all"),
        pytest.param("query_result(topk(5, sum by (job) (up)))", "topk(5, sum by (job) (up))", id="query_result"),
        pytest.param("metrics(go_.*)", "", id="metrics"),
        pytest.param("label_names()", "", id="label_names"),
        pytest.param("up{job=\"a\"}", 'up{job="a"}', id="selector"),
        pytest.param({"query": "label_values(up, job)", "refId": "x"}, "up", id="object"),
        pytest.param({"qryType": 1, "metric": "up", "label": "job", "labelFilters": [{"label": "a", "op": "=~", "value": "b"}]}, 'up{a=~"b"}', id="fields"),
        pytest.param({"qryType": 3, "varQuery": "sum(up)"}, "sum(up)", id="fields-of-query_result"),
    ],
)  # fmt: skip
def test_queries_of_variables(query, text):
    """The PromQL in them is a query like others; what has none in it has an empty text."""
    variable = {"name": "v", "type": "query", "datasource": {"type": "prometheus"}, "query": query}
    dashboard = dashboard_of({"panels": [], "templating": {"list": [variable]}})
    assert [(one.place.kind, one.text) for one in dashboard.queries] == [(Kind.VARIABLE, text)]


@pytest.mark.parametrize(
    ("panel", "target", "language"),
    [
        pytest.param({"type": "prometheus", "uid": "p"}, None, Language.PROMQL, id="of-the-panel"),
        pytest.param("-- Mixed --", {"type": "loki", "uid": "l"}, Language.OTHER, id="mixed-loki"),
        pytest.param("-- Mixed --", {"type": "prometheus"}, Language.PROMQL, id="mixed-prometheus"),
        pytest.param("-- Mixed --", None, Language.PROMQL, id="mixed-default"),
        pytest.param("-- Mixed --", "-- Mixed --", Language.PROMQL, id="mixed-in-the-target"),
        pytest.param({"type": "prometheus"}, {"type": "__expr__", "uid": "__expr__"}, Language.EXPRESSION, id="expression"),
        pytest.param({"type": "datasource", "uid": "-- Mixed --"}, None, Language.PROMQL, id="mixed-as-an-object"),
        pytest.param({"type": "datasource", "uid": "-- Mixed --"}, {"type": "loki"}, Language.OTHER, id="mixed-as-an-object-loki"),
        pytest.param({"type": "datasource", "uid": "grafana"}, None, Language.OTHER, id="of-grafana"),
        pytest.param({"type": "datasource", "uid": "-- Dashboard --"}, None, Language.OTHER, id="of-another-panel"),
        pytest.param("${DS_LOGS}", None, Language.OTHER, id="input-of-an-export"),
        pytest.param("${DS_PROM}", None, Language.PROMQL, id="input-prometheus"),
        pytest.param("$datasource", None, Language.PROMQL, id="variable"),
        pytest.param({"type": "loki", "uid": "$datasource"}, None, Language.OTHER, id="type-before-name"),
        pytest.param("My Loki", None, Language.OTHER, id="told-by-name"),
        pytest.param(None, None, Language.PROMQL, id="default"),
        pytest.param({"type": "victoriametrics-metrics-datasource"}, None, Language.PROMQL, id="victoriametrics"),
    ],
)  # fmt: skip
def test_which_language_a_query_has(panel, target, language):
    """Told by the type of its source, which may stand in the target, the panel, an input or a variable."""
    dashboard = dashboard_of(
        {
            "__inputs": [
                {"name": "DS_LOGS", "type": "datasource", "pluginId": "loki"},
                {"name": "DS_PROM", "type": "datasource", "pluginId": "prometheus"},
            ],
            "templating": {"list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]},
            "panels": [{"datasource": panel, "targets": [{"expr": "up", "expression": "$A", "datasource": target}]}],
        }
    )  # fmt: skip
    assert [query.language for query in dashboard.queries] == [language]


def test_a_source_that_is_not_told_is_told_by_the_query():
    """LogQL is no PromQL that is wrong."""
    dashboard = dashboard_of(
        {"panels": [panel("logs", '{app="a"} |= "x"', 'sum(rate({app="a"} | json [5m]))', "rate(a[5m])")]}
    )
    assert [query.language for query in dashboard.queries] == [
        Language.OTHER,
        Language.OTHER,
        Language.PROMQL,
    ]


def test_library_panels():
    """With a model in the reference, in the export, or given; without one that is told."""
    model = {"type": "stat", "targets": [{"expr": "a"}], "fieldConfig": {"defaults": {"unit": "s"}}}
    document = {
        "__elements": {"x": {"uid": "x", "model": {"targets": [{"expr": "b"}]}}},
        "panels": [
            {"title": "P", "libraryPanel": {"uid": "i", "name": "I", "model": model}},
            {"title": "Q", "libraryPanel": {"uid": "x", "name": "X"}},
            {"title": "R", "libraryPanel": {"uid": "g", "name": "G"}},
            {"title": "S", "libraryPanel": {"uid": "n", "name": "Not there"}},
        ],
    }
    dashboard = dashboard_of(document, libraries={"g": {"targets": [{"expr": "c"}]}})
    assert [(query.panel.title, query.text) for query in dashboard.queries] == [
        ("P", "a"),
        ("Q", "b"),
        ("R", "c"),
    ]
    assert dashboard.queries[0].panel.units == ("s",)
    assert [str(one) for one in dashboard.troubles] == [
        'a.json: panels[3].libraryPanel: found the library panel "Not there", whose queries are not in the file; expected its model, there or in a file of library panels'
    ]


def test_what_a_query_and_its_panel_say():
    """Hidden and instant targets, steps, repeats, units in each of their places."""
    panel = {
        "id": 7, "title": "x", "type": "graph", "repeat": "host", "interval": ">10s", "maxDataPoints": "50",
        "timeFrom": "24h", "timeShift": "1d", "transformations": [{"id": "merge"}],
        "yaxes": [{"format": "bytes"}, {"format": "short"}],
        "fieldConfig": {"defaults": {"unit": "s"}, "overrides": [{"properties": [{"id": "unit", "value": "ms"}]}]},
        "targets": [
            {"expr": "a", "hide": True, "instant": True, "legendFormat": "{{b}}", "interval": "1m", "intervalFactor": 2},
            {"expr": "b", "instant": True, "range": True},
            {"expr": ""},
        ],
    }  # fmt: skip
    first, both, empty = dashboard_of({"panels": [panel], "time": {"from": "now-2d", "to": "now"}}).queries
    assert (first.hidden, first.instant, first.legend, first.interval, first.factor) == (
        True,
        True,
        "{{b}}",
        "1m",
        2,
    )
    assert (both.hidden, both.instant, empty.text) == (False, False, "")
    shown = first.panel
    assert (shown.id, shown.repeat, shown.interval, shown.points) == ("7", "host", ">10s", 50)
    assert (shown.from_, shown.shift, shown.transformations) == ("24h", "1d", ("merge",))
    # The axis on the right has no series.
    assert set(shown.units) == {"s", "ms", "bytes"}


def _v2(kind: str, group: str | None) -> dict[str, object]:
    """A resource: ``kind`` has the source's type in v2alpha1, ``group`` since v2beta1."""

    def query(expr: str) -> dict[str, object]:
        return {
            "kind": kind,
            **({"group": group} if group else {}),
            "datasource": {"name": "p"},
            "spec": {"expr": expr},
        }

    def panel(title: str, expr: str) -> dict[str, object]:
        return {"kind": "Panel", "spec": {
            "title": title,
            "data": {"kind": "QueryGroup", "spec": {
                "queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "hidden": True, "query": query(expr)}}],
                "queryOptions": {"interval": "30s", "maxDataPoints": 100}, "transformations": [{"kind": "merge"}],
            }},
            "vizConfig": {"kind": "VizConfig", "group": "stat", "spec": {"fieldConfig": {"defaults": {"unit": "s"}}}},
        }}  # fmt: skip

    def at(name: str, repeat: str = "") -> dict[str, object]:
        spec = {"element": {"kind": "ElementReference", "name": name}}
        return {
            "kind": "GridLayoutItem",
            "spec": spec | ({"repeat": {"mode": "variable", "value": repeat}} if repeat else {}),
        }

    grid = {"kind": "GridLayout", "spec": {"items": [at("p1", "host")]}}
    return {
        "apiVersion": "dashboard.grafana.app/v2beta1", "kind": "Dashboard", "metadata": {"name": "n"},
        "spec": {
            "title": "T",
            "timeSettings": {"from": "now-1h", "to": "now"},
            "variables": [
                {"kind": "QueryVariable", "spec": {"name": "job", "multi": True, "query": {**query(""), "spec": {"__legacyStringValue": "label_values(up, job)"}}}},
                {"kind": "ConstantVariable", "spec": {"name": "c", "query": "5m", "current": {"value": "5m"}}},
            ],
            "annotations": [
                {"kind": "AnnotationQuery", "spec": {"name": "new", "query": query("a")}},
                {"kind": "AnnotationQuery", "spec": {"name": "migrated", "query": {**query(""), "spec": {}}, "legacyOptions": {"expr": "b"}}},
                {"kind": "AnnotationQuery", "spec": {"name": "built in", "builtIn": True, "query": query("")}},
            ],
            "elements": {
                "p1": panel("One", "c"),
                "p2": panel("Two", "d"),
                "p3": panel("Nowhere", "e"),
                "lib": {"kind": "LibraryPanel", "spec": {"title": "L", "libraryPanel": {"uid": "u", "name": "N"}}},
            },
            "layout": {"kind": "RowsLayout", "spec": {"rows": [
                {"kind": "RowsLayoutRow", "spec": {"title": "R", "layout": grid}},
                {"kind": "RowsLayoutRow", "spec": {"title": "S", "layout": {"kind": "TabsLayout", "spec": {"tabs": [
                    {"kind": "TabsLayoutTab", "spec": {"title": "Tab", "layout": {"kind": "AutoGridLayout", "spec": {"items": [at("p2")]}}}},
                ]}}}},
            ]}},
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    "document", [_v2("prometheus", None), _v2("DataQuery", "prometheus")], ids=["v2alpha1", "v2beta1"]
)
def test_schema_v2(document):
    """Elements, where the layout has them and where it has not; variables; annotations in both keys."""
    dashboard = dashboard_of(document)
    assert (dashboard.form, dashboard.title, dashboard.span) == (Form.V2, "T", 3600.0)
    assert [
        (query.place.name, query.text, query.place.row, query.language) for query in dashboard.queries
    ] == [
        ("job", "up", "", Language.PROMQL),
        ("new", "a", "", Language.PROMQL),
        ("migrated", "b", "", Language.PROMQL),
        ("One", "c", "R", Language.PROMQL),
        ("Two", "d", "Tab", Language.PROMQL),
        ("Nowhere", "e", "", Language.PROMQL),
    ]
    one = dashboard.queries[3]
    assert one.place.path == "spec.elements.p1.spec.data.spec.queries[0].spec.query.spec.expr"
    assert (one.panel.type, one.panel.units, one.panel.repeat, one.panel.points) == (
        "stat",
        ("s",),
        "host",
        100,
    )
    assert one.hidden
    assert [variable.name for variable in dashboard.variables] == ["job", "c"]
    assert ["the library panel N" in one.found for one in dashboard.troubles] == [True]


def test_variables_come_after_those_that_they_use():
    """Whatever the file's order; a circle is told, and what only waits for it is not in it."""

    def of(name: str, query: str, **more: object) -> dict[str, object]:
        return {"name": name, "type": "query", "query": query, **more}

    dashboard = dashboard_of({"panels": [], "templating": {"list": [
        of("pod", 'label_values(up{ns="$ns"}, pod)'),
        of("ns", "label_values(up, ns)", regex="/$prefix(.*)/"),
        of("prefix", "label_values(x)"),
        of("itself", 'label_values(up{a="$itself"}, a)'),
        of("one", 'label_values(up{a="$two"}, a)'),
        of("two", 'label_values(up{a="[[one]]"}, a)'),
        of("waits", 'label_values(up{a="${one:regex}"}, a)'),
    ]}})  # fmt: skip
    names = [variable.name for variable in dashboard.variables]
    assert names.index("prefix") < names.index("ns") < names.index("pod")
    assert [str(one) for one in dashboard.troubles] == [
        "a.json: templating.list[4]: found variables that wait for one another: one, two; expected no circle among variables"
    ]


def test_a_switch_and_a_chosen_interval_of_schema_v2():
    """A switch has its value without anything around it."""
    document = {
        "title": "T",
        "elements": {},
        "variables": [
            {"kind": "SwitchVariable", "spec": {"name": "s", "current": "on", "enabledValue": "on", "disabledValue": "off"}},
            {"kind": "IntervalVariable", "spec": {"name": "i", "query": "1m,5m", "auto": True, "auto_count": 6, "auto_min": "1s", "current": {"value": "$__auto"}}},
        ],
    }  # fmt: skip
    switch, interval = dashboard_of(document).variables
    assert (switch.type, switch.current) == ("switch", ("on",))
    assert (interval.auto_count, interval.auto_min, interval.current) == (6, "1s", ("$__auto",))


def test_a_library_panel_of_schema_v2_has_what_the_panel_has():
    """Its transformations, and its own time."""
    model = {
        "title": "L",
        "targets": [{"expr": "a"}],
        "transformations": [{"id": "reduce"}],
        "timeFrom": "1d",
    }
    document = {
        "title": "T",
        "elements": {
            "p": {"kind": "LibraryPanel", "spec": {"id": 1, "title": "P", "libraryPanel": {"uid": "l"}}}
        },
    }
    (query,) = dashboard_of(document, libraries={"l": model}).queries
    assert (query.panel.transformations, query.panel.from_) == (("reduce",), "1d")

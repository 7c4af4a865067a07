"""Whatever the file: a dashboard, or one clear trouble, soon and in bounded memory."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.languages.grafana import Dashboard, read
from deployspec.languages.grafana.collecting import MOST_VARIABLES
from deployspec.languages.grafana.document import MOST_BYTES, MOST_QUERIES
from tests.trials import trials


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", "an empty file", id="empty"),
        pytest.param("[]", "a list", id="list"),
        pytest.param("null", "null", id="null"),
        pytest.param("{}", "an empty object", id="empty-object"),
        pytest.param('{"message": "Unauthorized"}', "an object with the keys message", id="refusal"),
        pytest.param("apiVersion: 1\n", "no JSON (line 1, column 1: Expecting value)", id="yaml"),
        pytest.param('{"panels": [\n}', "no JSON (line 2, column 1: Expecting value)", id="broken"),
        pytest.param('{"panels": NaN}', "no JSON (NaN stands in it)", id="nan"),
        pytest.param(b'{"a": "\xff"}', "a byte 0xff at 7 that is not UTF-8", id="bytes"),
        pytest.param("\ufeff{}", "a byte order mark at the beginning", id="mark"),
        pytest.param('{"id": 1' + "0" * 5000 + "}", "a number of more digits than can be read", id="digits"),
        pytest.param('{"groups": []}', "an object with groups, as files of rules have them", id="rules"),
        pytest.param('"x"', "a text", id="text"),
        pytest.param("true", "a yes or no", id="yes"),
        pytest.param("1.5", "a number", id="number"),
        pytest.param('{"title": "T"}', "an object with the keys title", id="title-alone"),
        pytest.param('{"schemaVersion": 30, "templating": {}}', "an object with the keys schemaVersion, templating", id="no-title"),
        pytest.param('{"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}', "an object with the keys a, b, c, d, e", id="many-keys"),
        pytest.param('{"spec": {"spec": {"spec": {"spec": {"panels": []}}}}}', "an object with the keys spec", id="four-specs"),
        pytest.param('{"kind": "ConfigMap"}', "an object with the keys kind", id="kind-alone"),
        pytest.param('{"apiVersion": "v1", "kind": "ConfigMap"}', "a Kubernetes resource of the kind ConfigMap", id="configmap"),
        pytest.param('{"panels": {}}', "an object with the keys panels", id="panels-are-no-list"),
        pytest.param('{"panels":' + "[" * 100_000, "JSON that is nested too deeply to be read", id="deep-lists"),
        pytest.param('{"panels":[' + '{"panels":[' * 100_000, "JSON that is nested too deeply to be read", id="deep-panels"),
        pytest.param('{"spec":' * 100_000, "JSON that is nested too deeply to be read", id="deep-specs"),
        pytest.param(" " * (MOST_BYTES + 1), "32 MB", id="large"),
    ],
)  # fmt: skip
def test_what_is_no_dashboard_is_one_trouble(text, found):
    """It says what was found, of the file as a whole."""
    troubles = read(text, "a.json")
    assert isinstance(troubles, tuple)
    assert [(one.file, one.path, one.found) for one in troubles] == [("a.json", "", found)]


@pytest.mark.parametrize(
    "document",
    [
        {"title": "T", "schemaVersion": 30},
        {"title": "T", "templating": {}},
        {"title": "T", "timeSettings": {}},
        {"title": "T", "layout": {}},
        {"panels": []},
        {"rows": []},
        {"elements": {}},
        {"dashboard": {"spec": {"spec": {"panels": []}}}},
    ],
    ids=lambda document: "-".join(document),
)
def test_what_is_a_dashboard(document):
    """Also an empty one: without a panel it has a title, and what dashboards alone have."""
    assert isinstance(read(json.dumps(document), "a.json"), Dashboard)


@pytest.mark.parametrize(
    ("depth", "is_read"), [pytest.param(30, True, id="thirty"), pytest.param(31, False, id="thirty-one")]
)
def test_the_deepest_panel_that_is_read(depth, is_read):
    """A limit is allowed itself."""
    panel: dict[str, object] = {"targets": [{"expr": "up"}]}
    for _ in range(depth):
        panel = {"panels": [panel]}
    dashboard = read(json.dumps({"panels": [panel]}), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert (len(dashboard.queries), len(dashboard.troubles)) == ((1, 0) if is_read else (0, 1))


def test_of_many_troubles_fifty_are_told():
    """The others are counted; the same twice is one."""
    dashboard = read(json.dumps({"panels": list(range(60))}), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert [one.path for one in dashboard.troubles] == [*(f"panels[{number}]" for number in range(50)), ""]
    assert dashboard.troubles[-1].found == "10 more troubles"


@pytest.mark.parametrize(
    ("written", "points"),
    [(50, 50), ("60", 60), (99_999_999_999, 99_999_999_999), (10**11, None), (-5, None), (1.5, None), (True, None), ("x", None), ([], None)],
)  # fmt: skip
def test_a_whole_number(written, points):
    """Also as text; of no more digits than anybody means."""
    document = {"panels": [{"maxDataPoints": written, "targets": [{"expr": "up"}]}]}
    dashboard = read(json.dumps(document), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert dashboard.queries[0].panel.points == points


def test_panels_in_panels_are_read_to_a_depth():
    """What is deeper is told."""
    dashboard = read('{"panels":[' + '{"panels":[' * 50 + "]}" * 50 + "]}", "a.json")
    assert isinstance(dashboard, Dashboard)
    assert ["panels in panels, more than 30 deep" in one.found for one in dashboard.troubles] == [True]


def test_layouts_in_layouts_are_read_to_a_depth():
    """What is deeper stands in no row."""
    layout: object = None
    for _ in range(50):
        layout = {"spec": {"rows": [{"spec": {"title": "x", "layout": layout}}]}}
    dashboard = read(json.dumps({"elements": {}, "layout": layout}), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert ["layouts in layouts, more than 30 deep" in one.found for one in dashboard.troubles] == [True]


def test_parts_of_another_type_are_told_and_passed_over():
    """Each with its place; the rest is read."""
    document = {
        "panels": [1, None, {"targets": "x"}, {"targets": [{"expr": "up"}, 2]}],
        "templating": {"list": {"a": 1}},
        "annotations": [],
    }
    dashboard = read(json.dumps(document), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert [query.text for query in dashboard.queries] == ["up"]
    assert [(one.path, one.found, one.expected) for one in dashboard.troubles] == [
        ("templating.list", "an object", "a list"),
        ("panels[0]", "a number", "an object"),
        ("panels[2].targets", "a text", "a list"),
        ("panels[3].targets[1]", "a number", "an object"),
    ]


def test_twenty_megabytes_are_read_to_a_number_of_queries():
    """Beyond it, that there are more is told."""
    panel = {"title": "p", "description": "d" * 1800, "targets": [{"expr": "up"}]}
    dashboard = read(json.dumps({"panels": [panel] * (MOST_QUERIES + 500)}), "a.json")
    assert isinstance(dashboard, Dashboard)
    assert len(dashboard.queries) == MOST_QUERIES
    assert [one.found for one in dashboard.troubles] == [
        f"more than {MOST_QUERIES} queries; the others are left out"
    ]


def test_a_circle_of_all_variables():
    """Its names are told up to ten; the panels are read all the same."""
    number = MOST_VARIABLES + 5
    listed = [
        {"name": f"v{one}", "type": "query", "query": f"label_values(x{{a='$v{(one + 1) % 1000}'}}, b)"}
        for one in range(number)
    ]
    dashboard = read(
        json.dumps({"panels": [{"targets": [{"expr": "up"}]}], "templating": {"list": listed}}), "a.json"
    )
    assert isinstance(dashboard, Dashboard)
    assert len(dashboard.variables) == MOST_VARIABLES
    assert dashboard.queries[-1].text == "up"
    assert [
        "more than 1000 variables" in dashboard.troubles[0].found,
        "v0, v1, v2" in dashboard.troubles[1].found,
    ] == [True, True]


_KEYS = st.sampled_from(
    [
        "panels",
        "rows",
        "targets",
        "expr",
        "title",
        "type",
        "spec",
        "elements",
        "layout",
        "items",
        "datasource",
        "templating",
        "list",
        "name",
        "query",
        "current",
        "value",
        "options",
        "regex",
        "annotations",
        "target",
        "libraryPanel",
        "model",
        "__inputs",
        "__elements",
        "kind",
        "fieldConfig",
        "overrides",
        "yaxes",
    ]
)


@given(st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.just("$a"), st.just("row"), st.just("query")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=30,
))  # fmt: skip
@settings(max_examples=trials(200), deadline=None)
def test_never_an_exception(value):
    """Any JSON with the keys of dashboards in any place."""
    for document in (
        value,
        {"panels": value},
        {"panels": [value]},
        {"elements": value},
        {"elements": {"a": value}, "variables": [value]},
    ):
        read(json.dumps(document), "a.json")

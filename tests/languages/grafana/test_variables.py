"""The values of variables: what is asked, what is taken of the answer, what is chosen."""

from __future__ import annotations

import json
import time

import pytest

from deployspec.languages.grafana import (
    Chosen,
    Dashboard,
    Expanded,
    Question,
    Scope,
    Unexpanded,
    Variable,
    answer_text,
    choose,
    expand,
    options,
    question,
    read,
    scope_of,
)
from deployspec.languages.grafana.variables import fitting


def _variable(**said: object) -> Variable:
    document = {"panels": [], "templating": {"list": [{"name": "v", "type": "query", **said}]}}
    dashboard = read(json.dumps(document), "a.json")
    assert isinstance(dashboard, Dashboard)
    variable = dashboard.variable("v")
    assert variable is not None
    return variable


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        pytest.param('label_values(up{job="$job"}, instance)', Question("label_values", 'up{job="api"}', "instance"), id="label_values"),
        pytest.param("label_values(instance)", Question("label_values", "", "instance"), id="of-all"),
        pytest.param("label_values({}, instance)", Question("label_values", "", "instance"), id="of-nothing-said"),
        pytest.param("label_values(up{a=~\"x,y\"},  instance )", Question("label_values", 'up{a=~"x,y"}', "instance"), id="comma-in-a-string"),
        pytest.param("label_names()", Question("label_names"), id="label_names"),
        pytest.param("label_names(go)", Question("label_names", '{__name__=~".*go.*"}'), id="label_names-of-some"),
        pytest.param("metrics(go_.*)", Question("metrics", pattern="go_.*"), id="metrics"),
        pytest.param("query_result(topk(1, up))", Question("query", "topk(1, up)"), id="query_result"),
        pytest.param("up", Question("series", "up"), id="selector"),
        pytest.param("label_values(x{v=\"$v\"}, v)", Question("label_values", 'x{v="saved"}', "v"), id="itself"),
        pytest.param("label_values(x{a=\"$nosuch\"}, v)", Unexpanded(("$nosuch",)), id="unknown"),
    ],
)  # fmt: skip
def test_what_is_asked(query, asked):
    """Other variables are in place; what is not known is named."""
    variable = _variable(query=query, current={"value": "saved"}, options=[{"value": "saved"}])
    assert question(variable, Scope({"job": Chosen(("api",))})) == asked


def test_one_that_refers_to_itself_is_asked_with_what_is_wanted():
    """What is saved is for when nothing is."""
    variable = _variable(query='label_values(x{v="$v"}, v)', current={"value": "saved"}, options=[{"value": "saved"}])  # fmt: skip
    assert question(variable, Scope({"v": Chosen(("wanted",))})) == Question(
        "label_values", 'x{v="wanted"}', "v"
    )


def test_which_variables_a_variable_uses():
    """In its query and its regex; neither itself nor a macro."""
    assert _variable(query="query_result(rate(x{a='$a',v='$v'}[$__range]))", regex="/$b(.*)/").uses == (
        "a",
        "b",
    )


@pytest.mark.parametrize("kind", ["custom", "constant", "textbox", "interval", "datasource", "adhoc"])
def test_other_types_ask_nothing(kind):
    """Their values stand in the file."""
    assert question(_variable(type=kind, query="a,b"), Scope()) is None


def test_a_query_that_is_empty_asks_nothing():
    """Grafana has them of variables that nobody finished."""
    assert question(_variable(query=""), Scope()) is None


@pytest.mark.parametrize(
    ("regex", "values"),
    [
        pytest.param("", ("web-1", "web-2", "db"), id="none"),
        pytest.param("/web-(.*)/", ("1", "2"), id="group"),
        pytest.param("/(?<text>\\w+)-(?<value>.*)/", ("1", "2"), id="named-groups"),
        pytest.param("/WEB/i", ("WEB-1", "web-2"), id="flags"),
        pytest.param("/eb-/", ("web-1", "web-2"), id="no-group-is-the-whole-answer"),
        pytest.param("/([a-z])/g", ("w", "e", "b", "d"), id="every-match"),
        pytest.param("/([a-z])/", ("w", "d"), id="the-first-match-alone"),
        pytest.param("/(x)|web-(1)/", (), id="the-first-group-alone"),
        pytest.param("/^(?!db)(.*)$/", ("web-1", "web-2"), id="looks-ahead"),
        pytest.param("/(?<=web-)\\d/", ("web-1", "web-2"), id="looks-behind"),
        pytest.param("web.*", ("web-1", "web-2"), id="without-slashes-is-anchored"),
        pytest.param("/$prefix-.*/", ("web-1", "web-2"), id="with-a-variable"),
        pytest.param("/(/", None, id="none-that-can-be-read"),
        pytest.param("/(?:web)?-(\\d+)/", ("1", "2"), id="optional-part"),
    ],
)
def test_what_is_taken_of_an_answer(regex, values):
    """The first group, ``value`` before others; each once."""
    answers = ["web-1", "web-2", "db", "web-1"] if "i" not in regex[-1:] else ["WEB-1", "web-2"]
    assert options(_variable(query="x", regex=regex), answers, Scope({"prefix": Chosen(("web",))})) == values


@pytest.mark.parametrize(
    "regex", ["/^(a|a)+$/", "/((a+)b?)+x$/", "/^(?:a+)+$/", "/(a*)*b/", "/.*a.*a.*a.*a.*b/"]
)
def test_an_expression_that_may_take_for_ever_does_not(regex):
    """Whatever makes it so: it is said to have no match, or not to be readable."""
    began = time.monotonic()
    assert not options(_variable(query="x", regex=regex), ["a" * 60 + "!"] * 100)
    assert time.monotonic() - began < 60


def test_an_expression_that_takes_for_ever_is_told():
    """As one that cannot be read."""
    assert options(_variable(query="x", regex="/^(a|a)+$/"), ["a" * 60 + "!"] * 1000) is None


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        pytest.param("^go_", ("go_a",), id="some"),
        pytest.param("", ("go_a", "up"), id="all"),
        pytest.param("(", (), id="none"),
        pytest.param("^(\\w|\\w)+$!", (), id="for-ever"),
    ],
)
def test_which_names_metrics_gives(pattern, names):
    """Those with a match anywhere, as a whole."""
    assert fitting(pattern, ["go_a", "up"]) == names


@pytest.mark.parametrize(
    ("said", "values"),
    [
        pytest.param(
            {"type": "custom", "query": "a, b\\,c ,Name : value"}, ("a", "b,c", "value"), id="custom"
        ),
        pytest.param({"type": "interval", "query": "1m,'5m',1h"}, ("1m", "5m", "1h"), id="interval"),
        pytest.param({"type": "constant", "query": "x"}, ("x",), id="constant"),
        pytest.param({"type": "textbox", "query": "x"}, ("x",), id="textbox"),
        pytest.param(
            {"type": "custom", "options": [{"value": "$__all"}, {"value": "z"}]}, ("z",), id="listed"
        ),
    ],
)
def test_values_that_stand_in_the_file(said, values):
    """By type."""
    assert options(_variable(**said)) == values


@pytest.mark.parametrize(
    ("said", "offered", "wanted", "chosen"),
    [
        pytest.param({}, ("a", "b"), (), Chosen(("a",)), id="the-first"),
        pytest.param({"current": {"value": "b"}}, ("a", "b"), (), Chosen(("b",)), id="what-is-saved"),
        pytest.param({"current": {"value": "gone"}}, ("a",), (), Chosen(("a",)), id="saved-and-gone"),
        pytest.param({"current": {"value": "b"}}, ("a", "b"), ("a",), Chosen(("a",)), id="wanted"),
        pytest.param({"multi": True, "current": {"value": ["a", "gone"]}}, ("a", "b"), (), Chosen(("a",), many=True), id="several"),
        pytest.param({"includeAll": True, "current": {"value": "$__all"}}, ("a", "b"), (), Chosen(("a", "b"), many=True, texts=("All",)), id="all"),
        pytest.param({"includeAll": True, "allValue": ".*", "current": {"value": ["$__all"]}}, (), (), Chosen((".*",), many=True, raw=True, texts=("All",)), id="all-value"),
        pytest.param({"includeAll": True}, ("a", "b"), (), Chosen(("a", "b"), many=True, texts=("All",)), id="nothing-saved-and-all"),
        pytest.param({"includeAll": True}, ("a", "b"), ("$__all",), Chosen(("a", "b"), many=True, texts=("All",)), id="all-wanted"),
        pytest.param({"current": {"value": "b"}}, (), (), None, id="nothing-offered"),
        pytest.param({"type": "textbox", "query": "", "current": {"value": ""}}, (), (), Chosen(("",)), id="empty-textbox"),
        pytest.param({"type": "constant", "query": "5m"}, ("5m",), (), Chosen(("5m",)), id="constant"),
        pytest.param({"includeAll": True}, ("a", "b"), ("All",), Chosen(("a", "b"), many=True, texts=("All",)), id="all-wanted-by-its-text"),
        pytest.param({}, ("a", "b"), ("All",), Chosen(("All",)), id="a-value-wanted-that-is-called-All"),
        pytest.param({"current": {"value": "$__all"}}, ("a", "b"), (), Chosen(("a", "b"), many=True, texts=("All",)), id="all-saved-though-it-is-not-offered"),
        pytest.param({"includeAll": True, "allValue": ".*"}, ("$__all", "a"), ("$__all",), Chosen((".*",), many=True, raw=True, texts=("All",), listed=("a",)), id="what-all-value-stands-for"),
        pytest.param({"includeAll": True, "current": {"value": "$__all"}}, (), (), None, id="all-of-nothing"),
        pytest.param({"type": "custom", "includeAll": True, "current": {"value": "gone"}}, ("a", "b"), (), Chosen(("a",), many=True), id="of-a-list-the-first"),
        pytest.param({"multi": True}, ("a", "b"), ("b", "c"), Chosen(("b", "c"), many=True), id="several-wanted"),
        pytest.param({}, ("a", "b"), ("b", "c"), Chosen(("b",)), id="several-wanted-of-one"),
        pytest.param({"type": "interval", "query": "1m,5m"}, ("1m", "5m"), (), Chosen(("1m",)), id="an-interval-that-was-never-chosen"),
        pytest.param({"type": "custom", "query": "All, b", "options": [{"value": "All"}], "current": {"value": "All"}}, ("All", "b"), (), Chosen(("All",)), id="a-value-that-is-called-All"),
        pytest.param({"type": "textbox", "current": {"value": "All"}}, (), (), Chosen(("All",)), id="a-text-that-is-All"),
        pytest.param({"type": "switch", "current": {"value": "on"}, "options": [{"value": "off"}, {"value": "on"}]}, ("off", "on"), (), Chosen(("on",)), id="switch"),
        pytest.param({"type": "interval", "query": "1m,5m", "auto": True, "auto_count": 6, "auto_min": "1s", "current": {"value": "$__auto_interval_v"}}, ("1m", "5m"), (), Chosen(("$__auto",), auto=(6, 1.0)), id="an-interval-that-grafana-chooses"),
        pytest.param({"type": "interval", "query": "1m,5m", "current": {"value": "$__auto"}}, ("1m", "5m"), (), Chosen(("$__auto",), auto=(30, 10.0)), id="an-interval-that-grafana-chooses-by-default"),
    ],
)  # fmt: skip
def test_what_is_chosen(said, offered, wanted, chosen):
    """Wanted before saved before first."""
    assert choose(_variable(**said), offered, wanted) == chosen


def test_a_series_of_an_answer_as_text():
    """As query_result hands it to the regex."""
    assert answer_text({"__name__": "up", "job": "a"}, "1", 1.5) == 'up{job="a"} 1 1500'


@pytest.mark.parametrize(
    ("panel", "target", "known"),
    [
        pytest.param({}, {}, (60.0, 1, 15.0), id="of-the-source"),
        pytest.param({"interval": "5m"}, {}, (300.0, 1, 15.0), id="of-the-panel"),
        pytest.param({"interval": "5m"}, {"interval": "10m"}, (600.0, 1, 600.0), id="of-the-query"),
        pytest.param({}, {"interval": "$every", "intervalFactor": 2}, (120.0, 2, 120.0), id="of-a-variable"),
        pytest.param({}, {"interval": "$__interval"}, (60.0, 1, 60.0), id="of-the-step-itself"),
        pytest.param(
            {},
            {"interval": "$__rate_interval", "intervalFactor": 3},
            (75.0, 1, 15.0),
            id="of-the-rate-itself",
        ),
        pytest.param({"maxDataPoints": 100}, {}, (900.0, 1, 15.0), id="points"),
    ],
)
def test_what_a_query_is_asked_with(panel, target, known):
    """Its own least step counts for $__rate_interval too; the panel's does not."""
    dashboard = read(json.dumps({"panels": [{**panel, "targets": [{"expr": "up", **target}]}]}), "a.json")
    assert isinstance(dashboard, Dashboard)
    scope = scope_of(dashboard.queries[0], {"every": Chosen(("2m",))}, 0.0, 86_400.0)
    assert isinstance(scope, Scope)
    assert (scope.step, scope.factor, scope.scrape) == known


def test_a_least_step_of_the_rate_interval_is_the_rate_interval():
    """It is not made longer a second time."""
    document = {
        "panels": [{"targets": [{"expr": "rate(a[$__rate_interval])", "interval": "$__rate_interval"}]}]
    }
    dashboard = read(json.dumps(document), "a.json")
    assert isinstance(dashboard, Dashboard)
    scope = scope_of(dashboard.queries[0], {}, 0.0, 86_400.0)
    assert isinstance(scope, Scope)
    assert expand(dashboard.queries[0].text, scope) == Expanded("rate(a[1m15s])")


def test_a_least_step_that_is_not_known_is_named():
    """As any other variable."""
    dashboard = read('{"panels": [{"targets": [{"expr": "up", "interval": "$nosuch"}]}]}', "a.json")
    assert isinstance(dashboard, Dashboard)
    assert scope_of(dashboard.queries[0], {}, 0.0, 1.0) == Unexpanded(("$nosuch",))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        pytest.param({}, "(mail|sms)", id="not-repeated"),
        pytest.param({"repeat": "v"}, "mail", id="repeated"),
        pytest.param({"repeat": "other"}, "(mail|sms)", id="repeated-by-another"),
        pytest.param({"repeat": "w"}, "(mail|sms)", id="repeated-by-what-is-not-there"),
    ],
)
def test_of_a_repeated_panel_the_first_copy_is_asked(said, written):
    """Grafana makes a panel for each value, and none of them asks for `v="(mail|sms)"`."""
    document = {"panels": [{**said, "targets": [{"expr": 'a{v="$v"}'}]}]}
    dashboard = read(json.dumps(document), "a.json")
    assert isinstance(dashboard, Dashboard)
    values = {"v": Chosen(("mail", "sms"), many=True, texts=("All",)), "other": Chosen(("x",))}
    scope = scope_of(dashboard.queries[0], values, 0.0, 3600.0)
    assert isinstance(scope, Scope)
    assert expand(dashboard.queries[0].text, scope) == Expanded(f'a{{v="{written}"}}', ("v",))


def test_a_repeated_panel_has_none_of_all_value():
    """It stands for all values at once, and each copy has one; as before, it is escaped as several values are."""
    variable = _variable(includeAll=True, allValue=".*", current={"value": "$__all"})
    chosen = choose(variable, ("mail.example", "sms"))
    assert chosen is not None
    assert chosen.raw
    assert chosen.first == Chosen(("mail.example",), many=True)
    assert expand("$v", Scope({"v": chosen.first})) == Expanded(r"mail\\.example", ("v",))

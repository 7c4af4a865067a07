"""Why a selector selects nothing: each reason, and the nearest that is another one."""

from __future__ import annotations

from typing import Any

import pytest

from deployspec.chapters.dashboards.judge.meanings import Event
from deployspec.chapters.dashboards.judge.nothing import (
    Why,
    leaves_out,
    meet_in_time,
    to_look_at,
    unmatched,
    why_nothing,
)
from deployspec.chapters.dashboards.model import Curve, Known
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import parse

CODES = frozenset({"200", "404"})
CLASSES = frozenset({"2xx", "4xx"})


def known(query: str, **more: Any) -> Known:
    """What is known of the query's only selector."""
    (selector,) = selectors(parse(query))
    return Known(selector, selects=False, **more)


@pytest.mark.parametrize(
    ("found", "why", "text"),
    [
        (known("upp", named=False, names=frozenset({"up"})), Why.UNKNOWN, "there is no metric `upp`"),
        (known("upp", named=False, type="gauge"), Why.UNKNOWN, "there is no metric `upp`"),
        (known("errors_total", named=False, type="counter"), Why.NOT_YET, "a target declares this counter"),
        (known("a:b", named=False, recorded=True), Why.NOT_YET, "a loaded rule records `a:b`"),
        (known('{__name__=~"x.*"}', named=False), Why.UNKNOWN, "no metric there has a name"),
        (
            known('{__name__=~"x.*", code="5"}', values={"code": CODES}),
            Why.UNTOLD,
            'no series of `{__name__=~"x.*"}` has `code="5"`, and it is not known',
        ),
        (known('{job="b"}', values={"job": frozenset({"shop"})}), Why.NO_MATCH, 'no series of `{}` has `job="b"`'),
        (known("ALERTS", named=False), Why.NOT_YET, "Prometheus makes `ALERTS` itself"),
        (
            known('x_total{code="500"}', values={"code": None}, labels=frozenset({"status"})),
            Why.NO_MATCH,
            "no series of `x_total` has a label `code`",
        ),
        (known('x_total{code=~"5.."}', values={"code": CODES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="100"}', values={"code": CODES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="599"}', values={"code": CODES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="99"}', values={"code": CODES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="600"}', values={"code": CODES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="1xx"}', values={"code": CLASSES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="0xx"}', values={"code": CLASSES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="5xx"}', values={"code": CODES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="5xx"}', values={"code": CLASSES}), Why.NOT_YET, "status codes"),
        (known('x_total{code=~"5.*"}', values={"code": CLASSES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="5XX"}', values={"code": CLASSES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="500"}', values={"code": CLASSES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="6xx"}', values={"code": CLASSES}), Why.UNTOLD, "it is not known"),
        (known('x_total{code="500"}', values={"code": CODES | {"lost"}}), Why.UNTOLD, "it is not known"),
        (known('x{code="5xx"}', type="gauge", values={"code": CLASSES}), Why.UNTOLD, "it is not known"),
        (known('x{code=~"5.."}', values={"code": CODES}), Why.UNTOLD, "it is not known"),
        (known('x{code=~"5.."}', type="counter", values={"code": CODES}), Why.NOT_YET, "status codes"),
        (known('x_total{code="500"}', type="gauge", values={"code": CODES}), Why.UNTOLD, "it is not known"),
        (
            known('x{queue="mials"}', values={"queue": frozenset({"mails"})}),
            Why.NO_MATCH,
            "did you mean mails?",
        ),
        (
            known('x_total{job="shopp"}', values={"job": frozenset({"bazaar"})}),
            Why.NO_MATCH,
            "(there: bazaar)",
        ),
        (known('x_total{job="d"}', values={"job": frozenset("cab")}), Why.NO_MATCH, "(there: a, b, c)"),
        (known('x_total{job="e"}', values={"job": frozenset("cabd")}), Why.NO_MATCH, "(there: a, b, c and 1 more)"),
        (known('x_total{path!~".*"}', values={"path": frozenset({"/"})}), Why.NOT_YET, "left out by"),
        (known('x{path!~".*"}', values={"path": frozenset({"/"})}), Why.UNTOLD, "left out by"),
        (
            known('x_total{a="1", b="2"}', values={"a": frozenset("1"), "b": frozenset("2")}),
            Why.NOT_YET,
            "each matcher fits some",
        ),
        (
            known('x{a="1", b="2"}', values={"a": frozenset("1"), "b": frozenset("2")}),
            Why.UNTOLD,
            "none fits all",
        ),
        (
            known('x_total{job="a", instance="b"}', values={"job": frozenset("a"), "instance": frozenset("b")}),
            Why.UNTOLD,
            "none fits all",
        ),
        # Classes of status codes, and other values of which all are known, begin with their first event; of a gauge they
        # do not.
        (known('x_total{code="5xx"}', values={"code": frozenset({"2xx"})}), Why.NOT_YET, "status codes"),
        (known('x_total{code=~"5.."}', values={"code": frozenset({"2xx"})}), Why.NOT_YET, "status codes"),
        (known('x_total{code="500"}', values={"code": frozenset({"2xx"})}), Why.UNTOLD, "it is not known"),
        (known('x_total{method="PUT"}', values={"method": frozenset({"GET", "POST"})}), Why.NOT_YET, "a few known values"),
        (known('x{method="PUT"}', values={"method": frozenset({"GET"})}), Why.UNTOLD, "it is not known"),
        (known('x_total{code=~"Internal|DataLoss"}', values={"code": frozenset({"OK"})}), Why.NOT_YET, "a few known values"),
        (known('x_total{code="Inernal"}', values={"code": frozenset({"OK", "Internal"})}), Why.NO_MATCH, "did you mean Internal?"),
        (known('x_total{level="warn"}', values={"level": frozenset({"info", "warning"})}), Why.UNTOLD, "it is not known"),
        (known('x_total{level="error"}', values={"level": frozenset({"info", "warning"})}), Why.NOT_YET, "a few known values"),
        (known('x_total{level="error"}', values={"level": frozenset({"INFO"})}), Why.UNTOLD, "it is not known"),
        # Another number, another letter, another ending is another thing, and no slip.
        (known('x{device="sdb"}', values={"device": frozenset({"sda"})}), Why.UNTOLD, "it is not known"),
        (known('x{version="v1.2.4"}', values={"version": frozenset({"v1.2.3"})}), Why.UNTOLD, "it is not known"),
        (known('x{zone="eu-west-1b"}', values={"zone": frozenset({"eu-west-1a"})}), Why.UNTOLD, "it is not known"),
        (known('x{zone="eu-we-1"}', values={"zone": frozenset({"eu-west-1"})}), Why.NO_MATCH, "did you mean eu-west-1?"),
        (known('x_bucket{le="a"}', values={"le": frozenset({"b"})}), Why.UNTOLD, "it is not known"),
        (known('x{pod="web-0"}', values={"pod": frozenset({"web-1"})}), Why.UNTOLD, "it is not known"),
        (known('x{state="failed"}', values={"state": frozenset({"failure"})}), Why.UNTOLD, "it is not known"),
        (known('x{queue="Mails"}', values={"queue": frozenset({"mails"})}), Why.NO_MATCH, "did you mean mails?"),
        (known('x{queue="mail"}', values={"queue": frozenset({"mails"})}), Why.NO_MATCH, "did you mean mails?"),
        # What was there in the window, and is not in the range.
        (known("x", past=True), Why.UNTOLD, "has series in the window, and none in the range"),
        (known("x offset 1w", past=True), Why.UNTOLD, "has series in the window, and none so long ago"),
        (known('x_total{job="a"}', past=True), Why.UNTOLD, "none in the range"),
        (known('x_total{code="500"}', past=True), Why.NOT_YET, "begins again with its first event"),
        (known('x{code="500"}', past=True, type="gauge"), Why.UNTOLD, "none in the range"),
        (known("x"), Why.UNTOLD, "was there before"),
        (
            known('x{quantile="0"}', type="summary", values={"quantile": frozenset({"0.0", "0.5", "1.0"})}),
            Why.NO_MATCH,
            "did you mean 0.0? Prometheus 3 writes numbers",
        ),
        (
            known('x_bucket{le=~"1|2"}', values={"le": frozenset({"0.1", "2.0", "+Inf"})}),
            Why.NO_MATCH,
            "did you mean 2.0?",
        ),
        (
            known('x{quantile="0.9"}', type="summary", values={"quantile": frozenset({"0.5", "0.99"})}),
            Why.UNTOLD,
            "it is not known",
        ),
        (known('x{state="active"}', values={"state": frozenset({"inactive"})}), Why.UNTOLD, "it is not known"),
        (known('x{state="not_ready"}', values={"state": frozenset({"ready"})}), Why.UNTOLD, "it is not known"),
        (known('x{state="eready"}', values={"state": frozenset({"ready"})}), Why.NO_MATCH, "did you mean ready"),
        (known('x{version="1.2.3"}', values={"version": frozenset({"1.2.4"})}), Why.UNTOLD, "it is not known"),
        (known('x{worker="mail-1"}', values={"worker": frozenset({"mail-12"})}), Why.UNTOLD, "it is not known"),
        (known('x{worker="mial-1"}', values={"worker": frozenset({"mail-1"})}), Why.NO_MATCH, "did you mean"),
        (known('x{queue="mail-s"}', values={"queue": frozenset({"mails"})}), Why.NO_MATCH, "did you mean mails?"),
        (known('x{queue="maaills"}', values={"queue": frozenset({"mails"})}), Why.NO_MATCH, "did you mean mails?"),
        (known('x{queue="maaillss"}', values={"queue": frozenset({"mails"})}), Why.UNTOLD, "it is not known"),
        # A slip changes a letter's place for its neighbour's only.
        (known('x{queue="cbac"}', values={"queue": frozenset({"cccbca"})}), Why.UNTOLD, "it is not known"),
        (known('x{queue="mailsmsails"}', values={"queue": frozenset({"mails"})}), Why.UNTOLD, "it is not known"),
        (known('x{shard="1"}', values={"shard": frozenset({"1.0"})}), Why.UNTOLD, "it is not known"),
        # A label that is asked to be absent is no fault where it is absent.
        (known('x{gone=""}', values={"gone": None}), Why.UNTOLD, "none fits all"),
    ],
)  # fmt: skip
def test_each_reason(found: Known, why: Why, text: str) -> None:
    """It is told by what is there."""
    reason = why_nothing(found)
    assert (reason.why, text in reason.text) == (why, True), reason


@pytest.mark.parametrize(
    ("labels", "query", "believed"),
    [
        ({"reason": "OOM*"}, 'oom_kills{reason="OOMKilled"}', True),
        ({"reason": "OOM*"}, 'oom_kills{reason="Evicted"}', False),
        ({"reason": "OOM*"}, 'x{reason="OOMKilled"}', False),
        ({"reason": "OOM*"}, 'oom_kills{reason=~"Evicted|OOMKilled"}', True),
        ({"reason": "OOM*"}, 'oom_kills{reason=~"Evicted|Lost"}', False),
        ({"reason": "OOM*"}, 'oom_kills{reason=~"OOM.+"}', True),
        # All but one value: the event's may still come.
        ({"reason": "OOM*"}, 'oom_kills{reason!="Error"}', True),
        ({"reason": "OOM*"}, 'oom_kills{reason!~"Error|Lost"}', True),
        ({"reason": "OOM*"}, 'oom_kills{reason!~"OOM.*|Error"}', False),
        ({"reason": "OOM"}, 'oom_kills{reason!~"OOM|Error"}', False),
        ({"reason": "OOM"}, 'oom_kills{reason!="OOM",reason!="Error"}', False),
        # Each label counts, and those of which the event says nothing do not.
        ({"reason": "OOM*", "pod": "*"}, 'oom_kills{reason="OOMKilled",pod="a"}', True),
        ({"reason": "OOM*", "pod": "b"}, 'oom_kills{reason="OOMKilled",pod="a"}', False),
        ({"reason": "OOM*"}, 'oom_kills{reason="OOMKilled",pod="a"}', True),
        ({"reason": "OOM*"}, 'oom_kills{pod="a"}', False),
        ({}, 'oom_kills{pod="a"}', True),
    ],
)
def test_which_users_events_are_believed(labels: dict[str, str], query: str, believed: bool) -> None:
    """By metric, and by the labels that they name; by no other."""
    event = Event("oom_*", labels, "nothing was killed")
    there = {"reason": frozenset({"Error"}), "pod": frozenset({"z"})}
    assert (why_nothing(known(query, values=there), [event]).why is Why.NOT_YET) is believed


def test_a_users_event_says_why() -> None:
    """Of a metric that is not there, too."""
    event = Event("oom_*", {"reason": "OOM*"}, "nothing was killed")
    unnamed = known('oom_kills{reason="OOMKilled"}', named=False)
    assert why_nothing(unnamed, [event]).text.endswith("nothing was killed")


@pytest.mark.parametrize(
    ("query", "shows", "looked"),
    [
        ("a / b", False, ["a", "b"]),
        ("a / b", True, []),
        ("sum(a) or vector(0)", True, ["a"]),
        ("c / (sum(a) or vector(0))", True, ["a"]),
        ("a unless b", True, ["a", "b"]),
        ("absent(a)", True, ["a"]),
        ("a or a", True, ["a"]),
        ("a / scalar(sum(b))", True, ["b"]),
        ("a > 5 and b", True, []),
    ],
)
def test_what_an_answer_leaves_open(query: str, shows: bool, looked: list[str]) -> None:
    """Of one with series, what could be missing without anyone seeing it."""
    assert [one.name for one in to_look_at(query, shows=shows)] == looked


def test_operations_between_vectors() -> None:
    """A comparison or a scalar leaves nothing that could fail to meet."""
    found = [str(node.op) for node, *_ in unmatched("(a / b) * 2 > 1 and c - on (x) d", shows=False)]
    assert found == ["/", "-"]


@pytest.mark.parametrize(
    ("query", "operations"),
    [
        ("a / b", []),
        ("a / b or vector(0)", ["/"]),
        ("1 - (a / b or vector(0))", ["/"]),
        ("a / b or c - d", ["-", "/"]),
        ("a / scalar(b * c)", ["*"]),
        ("a / 2 or vector(0)", []),
        ("2 / a or vector(0)", []),
    ],
)
def test_operations_that_an_answer_hides(query: str, operations: list[str]) -> None:
    """Of a query that shows a number, those that may be empty all the same."""
    assert sorted(str(node.op) for node, *_ in unmatched(query, shows=True)) == operations


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("sum(rate(x[5m]))", False),
        ("x > 5", True),
        ("x > bool 5", False),
        ("(x > bool 5) > 0", True),
        ("x and y", True),
        ("x unless y", True),
        ("x or y", False),
        ("absent(x)", True),
        ("absent_over_time(x[5m])", True),
        ("x / y", False),
        ("histogram_quantile(0.9, sum(rate(x_bucket[5m])))", False),
    ],
)
def test_which_queries_may_show_nothing_of_what_is_there(query: str, filters: bool) -> None:
    """Those that leave series out on purpose."""
    assert leaves_out(query) is filters


def test_sides_meet_in_time_where_they_share_a_moment() -> None:
    """Series of different times cannot be said never to meet."""
    early, late = Curve({}, ((1.0, 0.0), (2.0, 0.0))), Curve({}, ((2.0, 0.0), (3.0, 0.0)))
    later = Curve({}, ((3.0, 0.0),))
    assert meet_in_time([early], [late])
    assert meet_in_time([early, later], [later])
    assert not meet_in_time([early], [later])
    assert not meet_in_time([early], [])

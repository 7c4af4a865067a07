"""What titles and units promise, and a user's list of it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import pytest
import yaml

from deployspec.chapters.dashboards.judge.meanings import (
    Event,
    Meaning,
    Meanings,
    MeaningsError,
    is_mirrored,
    read_meanings,
    shows_what_it_says,
)
from deployspec.chapters.dashboards.measure.meanings import meanings_of
from deployspec.chapters.dashboards.model import Answer, Curve, Item, Kind
from deployspec.languages.grafana import read
from deployspec.model.verdict import Outcome, Verdict

OURS = meanings_of(None)


def item(title: str, unit: str = "", *, hide: bool = False, transformations: Sequence[str] = ()) -> Item:
    """A query of a panel."""
    panel: dict[str, Any] = {
        "type": "timeseries",
        "title": title,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "targets": [{"refId": "A", "expr": "x", "hide": hide}],
        "transformations": [{"id": one, "options": {}} for one in transformations],
    }
    board = read(json.dumps({"title": "T", "schemaVersion": 39, "panels": [panel]}), "t.json")
    assert not isinstance(board, tuple)
    return Item("t", board, board.queries[0])


def judged(title: str, unit: str, *values: float, nothing: str = "", meanings: Meanings = OURS) -> Verdict:
    """The verdict on a panel that shows these."""
    curves = (Curve({}, tuple((float(at), value) for at, value in enumerate(values))),) if values else ()
    return shows_what_it_says(item(title, unit), Answer(Kind.ANSWERED, 0.0, curves), meanings, nothing)


@pytest.mark.parametrize(
    ("title", "unit", "values", "outcome"),
    [
        ("Error Rate", "percentunit", (0.0, 1.0), Outcome.MET),
        ("Error Rate", "", (0.0, 0.2), Outcome.MET),
        ("Error Rate", "percentunit", (0.0, 1.0001), Outcome.BREACHED),
        ("Error Rate", "percentunit", (-0.0001, 0.5), Outcome.BREACHED),
        ("Error Rate", "percentunit", (1.0, 1.0), Outcome.BREACHED),
        ("Error Rate", "percentunit", (1.0, math.nan, 1.0), Outcome.BREACHED),
        # One moment is no "always".
        ("Error Rate", "percentunit", (1.0,), Outcome.MET),
        ("Error Rate", "percentunit", (0.0, 0.0), Outcome.MET),
        # Errors a second, as the unit says.
        ("Error Rate", "reqps", (40.0, 50.0), Outcome.MET),
        ("Error Rate", "percent", (40.0, 50.0), Outcome.MET),
        ("Error Rate", "percent", (40.0, 150.0), Outcome.BREACHED),
        ("Error Rate", "percent", (100.0, 100.0), Outcome.BREACHED),
        ("Error budget burn rate", "percentunit", (14.4, 14.4), Outcome.MET),
        ("Request Rate", "reqps", (-1.0, 5.0), Outcome.BREACHED),
        ("Change of Request Rate", "reqps", (-1.0, 5.0), Outcome.MET),
        ("Latency (p95)", "s", (-0.1, 0.2), Outcome.BREACHED),
        ("Latency (p95)", "s", (0.1, math.inf), Outcome.MET),
        ("Queue Depth", "short", (-1.0, 0.0), Outcome.BREACHED),
        ("Success rate", "percentunit", (0.9, 1.0), Outcome.MET),
        ("Success rate", "percentunit", (0.9, 1.1), Outcome.BREACHED),
        ("Weather", "celsius", (-5.0, 1.0), Outcome.MET),
        # Units that a person wrote say a rate, too; and a budget may be overdrawn.
        ("Error Rate", "suffix: err/s", (40.0, 50.0), Outcome.MET),
        ("Error Rate", "errors/s", (40.0, 50.0), Outcome.MET),
        ("Error Rate", "none", (40.0, 50.0), Outcome.BREACHED),
        ("Error rate vs last week", "percentunit", (-0.1, 0.1), Outcome.MET),
        ("Availability: error budget left", "percentunit", (-0.5, 0.1), Outcome.MET),
        ("Availability", "percentunit", (-0.5, 0.1), Outcome.BREACHED),
    ],
)
def test_ours(title: str, unit: str, values: tuple[float, ...], outcome: Outcome) -> None:
    """At the limit, and just beyond it."""
    verdict = judged(title, unit, *values)
    assert verdict.outcome is outcome, verdict


def test_nothing_is_met_where_that_is_no_fault() -> None:
    """And UNMEASURED where it is one, which another check tells."""
    assert judged("Error Rate", "", nothing="no error yet").outcome is Outcome.MET
    assert judged("Error Rate", "").outcome is Outcome.UNMEASURED
    assert judged("Error Rate", "", math.nan).outcome is Outcome.UNMEASURED
    late = shows_what_it_says(item("Error Rate"), Answer(Kind.SLOW), OURS, "")
    assert late.outcome is Outcome.UNMEASURED


VALUES = Answer(Kind.ANSWERED, 0.0, (Curve({}, ((0.0, 8.0), (1.0, 8.0))),))


def test_a_hidden_query_shows_nothing_by_itself() -> None:
    """What an expression makes of it is the panel's, and may be right."""
    assert shows_what_it_says(item("Error Rate"), VALUES, OURS, "").outcome is Outcome.BREACHED
    hidden = shows_what_it_says(item("Error Rate", hide=True), VALUES, OURS, "")
    assert (hidden.outcome, hidden.reason) == (Outcome.MET, "it is hidden, and shows nothing by itself")


@pytest.mark.parametrize(
    ("transformations", "outcome"),
    [
        (["organize", "sortBy"], Outcome.BREACHED),
        (["calculateField"], Outcome.UNMEASURED),
        (["organize", "reduce"], Outcome.UNMEASURED),
        (["one of tomorrow"], Outcome.UNMEASURED),
    ],
)
def test_what_a_transformation_makes_of_it_is_not_known(transformations: list[str], outcome: Outcome) -> None:
    """Only those that change no value are looked through."""
    changed = item("Error Rate", transformations=transformations)
    assert shows_what_it_says(changed, VALUES, OURS, "").outcome is outcome
    assert (
        shows_what_it_says(item("x", transformations=transformations), VALUES, OURS, "").outcome
        is Outcome.MET
    )


@pytest.mark.parametrize(
    ("query", "mirrored"),
    [
        ("-sum(rate(x[5m]))", True),
        ("(-(x))", True),
        ("x * -1", True),
        ("-1 * x", True),
        ("0 - x", True),
        ("-rate(x[5m]) * 8", True),
        ("(-rate(x[5m])) / 60", True),
        ("8 * -(x)", True),
        ("x * -8", True),
        ("x / -1", True),
        ("x", False),
        ("-(-x)", False),
        ("-x * -8", False),
        ("x * 8", False),
        ("x / y", False),
        ("x + 0", False),
        ("0 + x", False),
        ("0 - x + y", False),
        ("-x + 5", False),
        ("x - 0", False),
        ("x - y", False),
        ("x * -2 + 5", False),
        ("1 - x", False),
    ],
)
def test_which_queries_are_drawn_below_zero(query: str, mirrored: bool) -> None:
    """On purpose: the whole of them has its sign changed."""
    assert is_mirrored(query) is mirrored


def test_what_is_drawn_below_zero_is_judged_above() -> None:
    """And is BREACHED for values that it may not have there."""
    below = Answer(Kind.ANSWERED, 0.0, (Curve({}, ((0.0, -8.0), (1.0, 0.0))),))
    above = Answer(Kind.ANSWERED, 0.0, (Curve({}, ((0.0, 8.0),)),))
    panel = item("Disk", "iops")
    assert shows_what_it_says(panel, below, OURS, "").outcome is Outcome.BREACHED
    assert shows_what_it_says(panel, below, OURS, "", mirrored=True).outcome is Outcome.MET
    assert shows_what_it_says(panel, above, OURS, "", mirrored=True).outcome is Outcome.BREACHED


def test_a_users_list_is_beside_ours() -> None:
    """One of the same name takes the place of ours; others are added."""
    own = read_meanings(
        {
            "meanings": [
                {"name": "an error rate", "at_least": None, "title": "error"},
                {"name": "a temperature", "unit": "celsius", "at_least": -273.15},
            ]
        }
    ).beside(OURS)
    assert judged("Error Rate", "", 5.0, 6.0, meanings=own).outcome is Outcome.MET
    assert judged("Kelvin", "celsius", -300.0, meanings=own).outcome is Outcome.BREACHED
    assert judged("Queue Depth", "", -1.0, meanings=own).outcome is Outcome.BREACHED


def test_a_list_is_read() -> None:
    """Each key, and what is meant where there is none."""
    whole = {
        "name": "a", "title": "t", "not_title": "n", "unit": ["s", "ms"], "not_unit": "h",
        "at_least": 1, "at_most": 2.5, "not_constant": 2, "why": "w",
    }  # fmt: skip
    read_ones = read_meanings(
        {
            "meanings": [whole, {"name": "b", "unit": "s", "at_most": 0}],
            "events": [{"metric": "x*", "labels": {"a": "b"}, "why": "w"}, {"metric": "y"}],
        }
    )
    assert read_ones == Meanings(
        (
            Meaning("a", "t", "n", frozenset({"s", "ms"}), frozenset({"h"}), 1.0, 2.5, 2.0, "w"),
            Meaning("b", None, None, frozenset({"s"}), frozenset(), None, 0.0, None, ""),
        ),
        (Event("x*", {"a": "b"}, "w"), Event("y", {}, "")),
    )
    assert read_meanings(None) == read_meanings({"meanings": None}) == Meanings()


@pytest.mark.parametrize(
    ("promise", "values", "reason"),
    [
        ({"at_most": 1}, (-5.0, 1.0), ""),
        ({"at_most": 1}, (0.0, 1.1), '"P" shows 1.1, and x is at most 1'),
        ({"at_least": 1}, (1.0, 5.0), ""),
        ({"at_least": 1}, (0.9, 5.0), '"P" shows 0.9, and x is at least 1'),
        ({"not_constant": 2}, (2.0, 2.1), ""),
        ({"not_constant": 2}, (2.0,), ""),
        ({"not_constant": 2}, (3.0, 3.0), ""),
        ({"not_constant": 2}, (2.0, 2.0), '"P" shows 2 at each moment, in one series, and x is not always 2'),
        ({"at_most": 1, "why": "so"}, (2.0,), '"P" shows 2, and x is at most 1 (so)'),
    ],
)
def test_each_promise_alone(promise: dict[str, Any], values: tuple[float, ...], reason: str) -> None:
    """At its limit, and just beyond it."""
    verdict = judged("P", "", *values, meanings=read_meanings({"meanings": [{"name": "x", **promise}]}))
    wanted = (Outcome.BREACHED, reason) if reason else (Outcome.MET, "every value is what x may be")
    assert (verdict.outcome, verdict.reason) == wanted


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "the file: found an array of 0 items; expected a mapping"),
        ("meaning: []", "found the key meaning"),
        ("meanings: {}\nevents: 3", "events: found 3; expected a list"),
        ("meanings: [{title: x, at_least: 0}]", "meanings[0]: found no name"),
        ("meanings: [{name: x}]", "found nothing that is promised"),
        ("meanings: [{name: x, at_least: '0'}]", "meanings[0] (x).at_least: found"),
        ("meanings: [{name: x, at_least: .nan}]", "expected a number"),
        ("meanings: [{name: x, title: '(', at_least: 0}]", "found no regular expression"),
        ("meanings: [{name: x, unit: [1], at_least: 0}]", "expected a unit of Grafana's"),
        ("events: [{labels: {a: b}}]", "events[0]: found no metric"),
        ("events: [{metric: x, labels: {a: 5}}]", "found labels that are no texts"),
        ("events: [{metric: x, labels: {5: a}}]", "found labels that are no texts"),
        ("events: [{metric: x, labels: [a]}]", "found labels that are no texts"),
        ("meanings: [{name: x, at_least: true}]", "meanings[0] (x).at_least: found true; expected a number"),
        ("meanings: [{name: 5, at_least: 0}]", "meanings[0].name: found 5; expected a text"),
        ("meanings: [{name: x, unit: 5, at_least: 0}]", "expected a unit of Grafana's"),
    ],
)
def test_a_list_that_is_none_is_told(text: str, says: str) -> None:
    """In one line: where, what was found, what was expected."""
    with pytest.raises(MeaningsError) as told:
        read_meanings(yaml.safe_load(text))
    assert says in str(told.value)
    assert "\n" not in str(told.value)

"""Which series an expression reads."""

from __future__ import annotations

import pytest

from deployspec.languages.promql.selectors import Matcher, metric_names, selectors
from deployspec.languages.promql.syntax import parse


def test_selectors_in_order_with_range_and_offset():
    """A range selector is one selector, not two; durations are in seconds."""
    found = selectors(
        parse('rate(a{x="1"}[5m] offset 90s) / on(job) (b offset -1h) > max_over_time(c[1d:1m])')
    )
    assert [(one.name, one.range, one.offset, one.text) for one in found] == [
        ("a", 300, 90, 'a{x="1"}[5m] offset 1m30s'),
        ("b", None, -3600, "b offset -1h"),
        ("c", None, 0, "c"),
    ]
    assert found[0].matchers == (Matcher("x", "=", "1"),)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("a + b / a", ("a", "b"), id="each-once"),
        pytest.param('{__name__="a"}', ("a",), id="by-its-label"),
        pytest.param('{__name__=~"a|b_total", __name__!="a"}', ("b_total",), id="listed"),
        pytest.param('{__name__=~"(?:a|b)"}', ("a", "b"), id="in-parentheses"),
        pytest.param('{__name__=~"a.*"}', (), id="not-to-be-listed"),
        pytest.param('{job="x"}', (), id="without-a-name"),
        pytest.param("vector(1)", (), id="no-metric"),
    ],
)
def test_metric_names(text, names):
    """The metrics that an expression reads, as far as they can be listed."""
    assert metric_names(parse(text)) == names


@pytest.mark.parametrize(
    ("matcher", "value", "met"),
    [
        pytest.param('x="5"', "5", True, id="equal"),
        pytest.param('x="5"', "50", False, id="not-equal"),
        pytest.param('x=""', "", True, id="a-missing-label-is-empty"),
        pytest.param('x!="5"', "", True, id="missing-differs"),
        pytest.param('x!="5"', "5", False, id="does-not-differ"),
        pytest.param('x=~"5.."', "503", True, id="regex"),
        pytest.param('x=~"5.."', "1503", False, id="anchored-at-the-start"),
        pytest.param('x=~"5.."', "5031", False, id="anchored-at-the-end"),
        pytest.param('x=~"a|b"', "bc", False, id="alternatives-are-anchored-together"),
        pytest.param('x=~".*"', "", True, id="anything-is-met-by-missing"),
        pytest.param('x=~".+"', "", False, id="something-is-not-met-by-missing"),
        pytest.param('x!~"5.."', "503", False, id="not-regex"),
        pytest.param('x!~"5.."', "200", True, id="not-regex-met"),
        pytest.param(r'x=~"\\d+"', "12", True, id="class"),
        pytest.param(r'x=~"\\d+"', "١٢", False, id="class-is-ascii"),
        pytest.param('x=~"(?i)ab"', "AB", True, id="flag"),
        pytest.param('x=~"a(?i)b"', "aB", True, id="flag-in-the-middle"),
        pytest.param('x=~"[[:alpha:]]"', "1", True, id="unreadable-counts-as-met"),
        pytest.param('x!~"[[:alpha:]]"', "a", True, id="unreadable-counts-as-met-when-negated"),
        pytest.param('x=~"(a+)+b"', "a" * 60, False, id="in-linear-time"),
    ],
)
def test_matchers_match_as_prometheus_does(matcher, value, met):
    """Missing is empty, a regular expression is anchored, and what cannot be read may match."""
    (selector,) = selectors(parse(f"a{{{matcher}}}"))
    assert selector.matchers[0].matches(value) is met
    assert selector.matches("a", {"x": value} if value else {}) is met
    assert not selector.matches("b", {"x": value})


@pytest.mark.parametrize(
    ("text", "name", "matches"),
    [
        pytest.param('{__name__=~"a|b", x="1"}', "b", True, id="listed"),
        pytest.param('{__name__=~"a|b", x="1"}', "c", False, id="not-listed"),
        pytest.param('{__name__!="a", x="1"}', "b", True, id="another"),
        pytest.param('{__name__!="a", x="1"}', "a", False, id="excluded"),
        pytest.param('{x="1"}', "anything", True, id="no-name"),
    ],
)
def test_a_selector_without_one_name_reads_those_that_fit(text, name, matches):
    """``__name__`` is matched as any label."""
    (selector,) = selectors(parse(text))
    assert selector.matches_name(name) is matches
    assert selector.matches(name, {"x": "1"}) is matches


def test_alternatives_of_matchers():
    """One of the groups between ``or`` must hold, which is promql-parser's own."""
    (selector,) = selectors(parse('a{x="1" or y="2"}'))
    assert selector.matches("a", {"x": "1"})
    assert selector.matches("a", {"y": "2"})
    assert not selector.matches("a", {"x": "2"})


def test_a_matcher_is_shown_as_promql():
    """Quotes, backslashes and ends of lines are escaped."""
    assert str(Matcher("x", "=~", 'a"\\d\n')) == r'x=~"a\"\\d\n"'

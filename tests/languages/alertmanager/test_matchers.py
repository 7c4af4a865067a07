"""Alertmanager's matchers: what they say, and what they match."""

from __future__ import annotations

import pytest

from deployspec.languages.alertmanager.matchers import parse_matchers
from deployspec.languages.promql.selectors import Matcher


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param('severity="critical"', [("severity", "=", "critical")], id="quoted"),
        pytest.param("severity=critical", [("severity", "=", "critical")], id="unquoted"),
        pytest.param(" severity \t!= critical ", [("severity", "!=", "critical")], id="blanks"),
        pytest.param("team=~api|web", [("team", "=~", "api|web")], id="regex"),
        pytest.param('team!~"api.*"', [("team", "!~", "api.*")], id="not-regex"),
        pytest.param("a=", [("a", "=", "")], id="empty"),
        pytest.param('a=""', [("a", "=", "")], id="empty-quoted"),
        pytest.param("a==b", [("a", "=", "=b")], id="second-equals-sign-is-the-value"),
        pytest.param("a=b c", [("a", "=", "b c")], id="blank-in-the-value"),
        pytest.param('{a="b",c=~"d,e",}', [("a", "=", "b"), ("c", "=~", "d,e")], id="braces-and-commas"),
        pytest.param(r'a="say \"hi\"\n\\ \d"', [("a", "=", 'say "hi"\n\\ \\d')], id="escapes"),
        pytest.param("a=b\\", [("a", "=", "b\\")], id="backslash-at-the-end"),
        pytest.param('"größe in m"="é"', [("größe in m", "=", "é")], id="name-in-quotes"),
        pytest.param("", [], id="nothing-is-no-matcher"),
    ],
)
def test_what_is_read(text, expected):
    """Each form that amtool accepts (or, of names in quotes, that later versions accept) means what it means there."""
    assert [(m.label, m.op, m.value) for m in parse_matchers(text)] == expected


@pytest.mark.parametrize(
    "text", ["severity", "=critical", 'a="b', 'a=b"', 'a="b" c', "a-b=c", "a=b,,c=d", 'a="b"c"'], ids=str
)
def test_what_is_refused(text):
    """What amtool refuses raises, with the piece that cannot be read."""
    with pytest.raises(ValueError, match=r"."):
        parse_matchers(text)


@pytest.mark.parametrize(
    ("op", "pattern", "value", "expected"),
    [
        ("=", "a", "a", True),
        ("=", "a", "ab", False),
        ("!=", "a", "", True),
        ("=", "", "", True),
        ("=~", "a|b", "b", True),
        ("=~", "a", "ab", False),
        ("=~", ".+", "", False),
        ("=~", ".*", "", True),
        ("!~", "a.*", "abc", False),
        ("!~", "a.*", "cab", True),
        ("=~", "x(?i)b", "xB", True),
        ("=~", r"\d+", "٣", False),
        ("=~", "[[:alpha:]]+", "abc", None),
        ("=~", "[", "[", None),
        ("!~", r"\Qa.b\E", "a.b", None),
        ("=~", "(a+)+b", "a" * 5000, False),
    ],
)
def test_what_is_matched(op, pattern, value, expected):
    """The whole value, as Go's expressions do; None for what cannot be evaluated; never for long."""
    assert Matcher("l", op, pattern).meets(value) is expected


def test_as_text():
    """A matcher prints as amtool reads it."""
    text = r'a=~"say \"hi\"\n\\d"'
    (matcher,) = parse_matchers(text)
    assert str(matcher) == text

"""What stands in the place of variables and macros, as Grafana writes it."""

from __future__ import annotations

import pytest

from deployspec.languages.grafana import Chosen, Expanded, Scope, Unexpanded, expand, expanding
from deployspec.languages.grafana.expanding import has_references, references
from deployspec.languages.grafana.macros import length, step

_SCOPE = Scope(
    {
        "one": Chosen(("a.b'c\\d",)),
        "many": Chosen(("a.b", "c|d"), many=True),
        "single": Chosen(("10.0.0.1:9100",), many=True),
        "all": Chosen((".*$one",), many=True, raw=True, texts=("All",)),
        "plain": Chosen(("api",)),
        "two": Chosen(("x", 'y"z'), many=True, texts=("X", "Y")),
        "interval": Chosen(("$__rate_interval",)),
        "auto": Chosen(("$__auto",), auto=(30, 10.0)),
        "longer": Chosen(("$__auto",), auto=(300, 300.0)),
        "circle": Chosen(("$circle",), many=True, raw=True),
    },
    begin=1_700_000_000.0,
    end=1_700_003_600.0,
    step=30.0,
    scrape=15.0,
)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param('up{a="$plain"}', 'up{a="api"}', id="plain"),
        pytest.param('up{a="${plain}b"}', 'up{a="apib"}', id="braces"),
        pytest.param('up{a="[[plain]]"}', 'up{a="api"}', id="brackets"),
        pytest.param("$one", r"a.b\\'c\\d", id="one-is-escaped-for-quotes"),
        pytest.param("$many", r"(a\\.b|c\\|d)", id="many-are-escaped-for-a-regex"),
        pytest.param("$single", r"10\\.0\\.0\\.1:9100", id="one-of-many-has-no-brackets"),
        pytest.param("$all", r".*a.b\\'c\\d", id="all-value-as-it-is"),
        pytest.param("${many:regex}", r"(a\.b|c\|d)", id="regex"),
        pytest.param("[[many:regex]]", r"(a\.b|c\|d)", id="regex-in-brackets"),
        pytest.param("${two:pipe}", 'x|y"z', id="pipe"),
        pytest.param("${two:csv}", 'x,y"z', id="csv"),
        pytest.param("${two:raw}", 'x,y"z', id="raw"),
        pytest.param("${two:join:;}", 'x;y"z', id="join"),
        pytest.param("${two:glob}", '{x,y"z}', id="glob"),
        pytest.param("${plain:glob}", "api", id="glob-of-one"),
        pytest.param("${two:json}", '["x","y\\"z"]', id="json"),
        pytest.param("${two:distributed}", 'x,two=y"z', id="distributed"),
        pytest.param("${two:text}", "X + Y", id="text"),
        pytest.param("${all:text}", "All", id="text-of-all"),
        pytest.param("${all:regex}", r".*a.b\\'c\\d", id="all-value-in-any-format"),
        pytest.param("${two:doublequote}", r'"x","y\"z"', id="doublequote"),
        pytest.param("${one:singlequote}", r"'a.b\'c\d'", id="singlequote"),
        pytest.param("${one:sqlstring}", r"'a.b''c\d'", id="sqlstring"),
        pytest.param("${two:queryparam}", "var-two=x&var-two=y%22z", id="queryparam"),
        pytest.param("${two:percentencode}", "%7Bx%2Cy%22z%7D", id="percentencode"),
        pytest.param("${single:lucene}", r'("10.0.0.1\:9100")', id="lucene"),
        pytest.param("rate(a[$__rate_interval])", "rate(a[1m])", id="rate-interval-is-four-scrapes"),
        pytest.param("a[$__interval] ${__interval_ms}", "a[30s] 30000", id="interval"),
        pytest.param("a[[[__interval]]] ${__interval:raw}", "a[30s] 30s", id="interval-in-brackets"),
        pytest.param("a[$__range] $__range_s $__range_ms", "a[3600s] 3600 3600000", id="range"),
        pytest.param("a[${interval}]", "a[1m]", id="macro-in-a-value"),
        pytest.param("a[$auto]", "a[2m]", id="interval-that-grafana-chooses"),
        pytest.param("a[${longer}]", "a[5m]", id="of-at-least"),
        pytest.param("$__from $__to", "1700000000000 1700003600000", id="ends"),
        pytest.param("${__from:date}", "2023-11-14T22:13:20.000Z", id="date"),
        pytest.param("${__from:date:iso}", "2023-11-14T22:13:20.000Z", id="date-iso"),
        pytest.param("${__to:date:seconds}", "1700003600", id="date-seconds"),
        pytest.param("${__from:date:YYYY-MM-DD HH:mm:ss}", "2023-11-14 22:13:20", id="date-of-ones-own"),
        pytest.param("${__to:date:YY M D H m s SSS [at] MM}", "23 11 14 23 13 20 000 at 11", id="date-in-parts"),
        pytest.param("${__from:date:ms} ${__from:raw}", "1700000000000 1700000000000", id="ends-in-milliseconds"),
        pytest.param("$__rate_interval_ms", "60000", id="rate-interval-in-milliseconds"),
        pytest.param("${two.text}", "(X|Y)", id="text-as-a-field"),
        pytest.param("${two.value}", '(x|y"z)', id="value-as-a-field"),
        pytest.param("${plain.text}", "api", id="text-as-a-field-of-what-has-none"),
        pytest.param("${many:text}", "a.b + c|d", id="text-of-what-has-none"),
        pytest.param("${plain:regex}", "api", id="regex-of-one"),
        pytest.param("${single:glob}", "10.0.0.1:9100", id="glob-of-one-of-many"),
        pytest.param("${plain:json}", "api", id="json-of-one"),
        pytest.param("${plain:pipe}", "api", id="pipe-of-one"),
        pytest.param("${plain:distributed}", "api", id="distributed-of-one"),
        pytest.param("${one:percentencode}", "a.b%27c%5Cd", id="percentencode-of-one"),
        pytest.param("${one:lucene}", r"a.b'c\\d", id="lucene-of-one"),
        pytest.param("${two:lucene}", r'("x" OR "y\"z")', id="lucene-of-several"),
        pytest.param("${two:singlequote}", "'x','y\"z'", id="singlequote-of-several"),
        pytest.param("${two:join}", 'x,y"z', id="join-by-a-comma"),
        pytest.param('label_replace(a, "b", "$1-${2}", "c", "(x)$")', 'label_replace(a, "b", "$1-${2}", "c", "(x)$")', id="groups-are-prometheus-own"),
        pytest.param('a{b=~"[[:alpha:]]+$|x"}', 'a{b=~"[[:alpha:]]+$|x"}', id="class-of-characters"),
    ],
)  # fmt: skip
def test_what_is_written(text, written):
    """By the kind of variable and the format."""
    assert expand(text, _SCOPE) == Expanded(written, expand(text, _SCOPE).used)


def test_which_variables_were_used():
    """Each once, also within an allValue; macros are none."""
    assert expand("$plain $all $plain $__range", _SCOPE).used == ("plain", "all", "one")


def test_which_names_a_text_refers_to():
    """Each once, in any of the three forms; the groups of ``label_replace`` are none."""
    assert references("$b ${a:regex} [[c]] ${b} $1 $__range") == ("b", "a", "c", "__range")
    assert has_references("[[a]]")
    assert not has_references("$1 and ${2}")


@pytest.mark.parametrize(
    ("scope", "written"),
    [
        pytest.param(Scope(step=30.0, factor=4), "2m 120000 1m", id="factor"),
        pytest.param(Scope(step=0.75, scrape=0.25), "750ms 750 1s", id="below-a-second"),
        pytest.param(Scope(step=90.0), "1m 90000 1m45s", id="cut-off"),
        pytest.param(Scope(step=7200.0), "2h 7200000 2h15s", id="hours"),
        pytest.param(Scope(step=86_400.0, rate=60.0), "1d 86400000 1m", id="days"),
        pytest.param(Scope(step=31_536_000.0, rate=60.0), "1y 31536000000 1m", id="years"),
        pytest.param(Scope(step=15.0, scrape=60.0), "15s 15000 4m", id="four-scrapes"),
    ],
)
def test_what_stands_for_the_step(scope, written):
    """In the largest unit; the rate's interval knows no factor."""
    found = expand("$__interval $__interval_ms $__rate_interval", scope)
    assert found == Expanded(written)


@pytest.mark.parametrize(
    ("seconds", "nice"),
    [
        (0.009, 0.001), (0.012, 0.01), (0.03, 0.02), (0.07, 0.05), (0.1, 0.1), (0.3, 0.2), (0.7, 0.5), (1, 1), (3, 2), (7, 5),
        (12, 10), (17, 15), (24, 20), (44, 30), (89, 60), (209, 120), (449, 300), (749, 600), (1049, 900), (1499, 1200),
        (2699, 1800), (5399, 3600), (8999, 7200), (16_199, 10_800), (32_399, 21_600), (86_399, 43_200), (604_799, 86_400),
        (1_814_399, 604_800), (3_628_799, 2_592_000), (3_628_800, 31_536_000),
    ],
)  # fmt: skip
def test_which_lengths_are_nice(seconds, nice):
    """The table of Grafana's ``roundInterval``, at the end of each of its lines."""
    assert step(seconds, 1, 0.0) == nice


@pytest.mark.parametrize(
    ("seconds", "nice"),
    [
        (0.01, 0.01), (0.015, 0.02), (0.035, 0.05), (0.075, 0.1), (0.15, 0.2), (0.35, 0.5), (0.75, 1), (1.5, 2), (3.5, 5),
        (7.5, 10), (12.5, 15), (17.5, 20), (25, 30), (45, 60), (90, 120), (210, 300), (450, 600), (750, 900), (1050, 1200),
        (1500, 1800), (2700, 3600), (5400, 7200), (9000, 10_800), (16_200, 21_600), (32_400, 43_200), (86_400, 86_400),
        (604_800, 604_800), (1_814_400, 2_592_000),
    ],
)  # fmt: skip
def test_a_length_at_the_end_of_a_line_is_in_the_next(seconds, nice):
    """Each line ends before what it names."""
    assert step(seconds, 1, 0.0) == nice


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("$nosuch + ${nosuch} + $nosuch", ("$nosuch", "${nosuch}"), id="unknown"),
        pytest.param("[[nosuch]]", ("[[nosuch]]",), id="in-brackets"),
        pytest.param("${__user.login}", ("${__user.login}",), id="of-the-user"),
        pytest.param("${plain:nosuch}", ("${plain:nosuch}",), id="format"),
        pytest.param("${plain.field}", ("${plain.field}",), id="field"),
        pytest.param("[[__rate_interval]]", ("[[__rate_interval]]",), id="macro-that-only-the-backend-knows"),
        pytest.param("$circle", ("$circle",), id="circle"),
        pytest.param("a[$__nosuch]", ("$__nosuch",), id="macro"),
    ],
)
def test_what_cannot_be_put_in_place_is_named(text, names):
    """As it is written."""
    assert expand(text, _SCOPE) == Unexpanded(names)


@pytest.mark.parametrize(("number", "is_known"), [(10, True), (11, False)])
def test_how_far_values_may_name_others(number, is_known):
    """Ten in a row; more is taken for a circle."""
    values = {f"v{one}": Chosen((f"$v{one + 1}",), raw=True) for one in range(number)}
    found = expand("$v0", Scope({**values, f"v{number}": Chosen(("x",))}))
    assert (found.text == "x") if is_known else (found == Unexpanded(("$v10",)))


@pytest.mark.parametrize("least", ["x" * 1000, ""])
def test_a_query_has_an_end(least, monkeypatch):
    """Values that multiply stop at a number of characters, and empty ones at as many values."""
    monkeypatch.setattr(expanding, "MOST_TEXT", 10_000)
    values = {
        "a": Chosen((least,), raw=True),
        "b": Chosen(("$a" * 1000,), raw=True),
        "c": Chosen(("$b" * 1000,), raw=True),
    }
    result = expand("$c", Scope(values))
    assert isinstance(result, Unexpanded)
    assert "more than 10000 characters" in result.names[0]


@pytest.mark.parametrize(
    ("span", "points", "least", "factor", "seconds"),
    [
        pytest.param(3600, 1000, 15, 1, 15, id="least"),
        pytest.param(3600, 1000, 45, 1, 45, id="least-is-not-rounded"),
        pytest.param(86_400, 1000, 15, 1, 60, id="a-day"),
        pytest.param(86_400, 1000, 15, 10, 600, id="factor"),
        pytest.param(7 * 86_400, 1000, 15, 1, 600, id="a-week"),
        pytest.param(30 * 86_400, 100_000, 1, 1, 300, id="not-more-points-than-prometheus-gives"),
        pytest.param(3600, 100, 1, 1, 30, id="few-points"),
    ],
)
def test_step(span, points, least, factor, seconds):
    """Rounded to lengths that a person would choose."""
    assert step(span, points, least, factor) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), (">10s", 10), ("1M", 2_592_000), ("1.5h", 5400), ("20", 20), ("100ms", 0.1), ("1d", 86_400), ("2w", 1_209_600), ("1y", 31_536_000), ("5m", 300), ("", None), ("0", None), ("auto", None), ("$x", None)],
)  # fmt: skip
def test_length(text, seconds):
    """As dashboards write it; a bare number is seconds."""
    assert length(text) == seconds

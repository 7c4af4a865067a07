"""What a page says: its families, the values of its series, and when they were."""

from __future__ import annotations

import math

import pytest

from deployspec.languages.exposition import Effect, Exposition, Family, Format, Series, Trouble, read
from deployspec.languages.exposition.model import name_of, taken_apart, unescaped

TEXT = rb"""# HELP x_total A \\ and \n here.
# TYPE x_total counter
x_total{b="2",a="1"} 1.5 1700000000500
x_total{a="say \"no\"\\n\n"} 2
y 3
# TYPE h histogram
h_bucket{le="+Inf"} 4
h_sum 5
h_count 4
"""
OPENMETRICS = rb"""# TYPE x_seconds counter
# UNIT x_seconds seconds
# HELP x_seconds A help.
x_seconds_total{a="1"} 1 1700000000.5
x_seconds_created{a="1"} 2
# TYPE i info
i_info{v="1"} 1
# TYPE g gauge
g -Inf
# EOF
"""


@pytest.fixture(params=[False, True], ids=["quick", "exact"])
def is_exact(request: pytest.FixtureRequest) -> bool:
    """Either way of reading."""
    return bool(request.param)


def _page(text: bytes, form: Format, *, is_exact: bool = False) -> Exposition:
    page = read([text], form, is_exact=is_exact)
    assert page.troubles == ()
    return page


def test_what_the_text_format_says(is_exact: bool) -> None:
    """Times are milliseconds there, and HELP has escapes."""
    page = _page(TEXT, Format.TEXT, is_exact=is_exact)
    assert page.families == (
        Family("x_total", "counter", "A \\ and \n here.", "", 1, 0, 2),
        Family("y", "untyped", None, "", 5, 2, 3),
        Family("h", "histogram", None, "", 6, 3, 6),
    )
    assert list(page.series()) == [
        Series("x_total", {"a": "1", "b": "2"}, 1.5, 3, 1_700_000_000.5),
        Series("x_total", {"a": 'say "no"\\n\n'}, 2.0, 4, None),
        Series("y", {}, 3.0, 5, None),
        Series("h_bucket", {"le": "+Inf"}, 4.0, 7, None),
        Series("h_sum", {}, 5.0, 8, None),
        Series("h_count", {}, 4.0, 9, None),
    ]
    assert (page.size, page.whole) == (len(TEXT), True)


def test_what_openmetrics_says(is_exact: bool) -> None:
    """Times are seconds there, and families have units."""
    page = _page(OPENMETRICS, Format.OPENMETRICS, is_exact=is_exact)
    assert page.families == (
        Family("x_seconds", "counter", "A help.", "seconds", 1, 0, 2),
        Family("i", "info", None, "", 6, 2, 3),
        Family("g", "gauge", None, "", 8, 3, 4),
    )
    assert list(page.series(page.families[0])) == [
        Series("x_seconds_total", {"a": "1"}, 1.0, 4, 1_700_000_000.5),
        Series("x_seconds_created", {"a": "1"}, 2.0, 5, None),
    ]
    assert page.value(b"g") == -math.inf
    assert page.value(b"nosuch") is None


def test_of_a_series_with_several_times_the_latest_counts(is_exact: bool) -> None:
    """With its line; one without a time stays as it was first."""
    text = read([b"x 1 2000\nx 2 3000\nx 3 1000\ny 1\ny 2\n"], Format.TEXT, is_exact=is_exact)
    assert [(one.value, one.line, one.timestamp) for one in text.series()] == [(2.0, 2, 3.0), (1.0, 4, None)]
    assert [one.text for one in text.troubles] == [
        "the series x stands there already, with another time: 1 in line 1; expected each once",
        "the series x stands there already, with 2 in line 2; here it has 3",
        "the series y stands there already, with 1 in line 4; here it has 2",
    ]


@pytest.mark.parametrize(
    ("form", "name", "family"),
    [
        pytest.param(Format.TEXT, "x_total", "x_total", id="counter"),
        pytest.param(Format.TEXT, "y", "y", id="without-type"),
        pytest.param(Format.TEXT, "h_bucket", "h", id="part-of-a-histogram"),
        pytest.param(Format.TEXT, "h", "h", id="histogram"),
        pytest.param(Format.TEXT, "y_sum", None, id="no-part-of-an-untyped"),
        pytest.param(Format.TEXT, "nosuch", None, id="none"),
        pytest.param(Format.OPENMETRICS, "x_seconds_total", "x_seconds", id="total"),
        pytest.param(Format.OPENMETRICS, "x_seconds", "x_seconds", id="counter-of-openmetrics"),
        pytest.param(Format.OPENMETRICS, "i_info", "i", id="info"),
        pytest.param(Format.OPENMETRICS, "g_total", None, id="no-part-of-a-gauge"),
    ],
)
def test_which_family_a_name_belongs_to(form: Format, name: str, family: str | None) -> None:
    """That which has samples of the name, or the name itself."""
    page = _page(TEXT if form is Format.TEXT else OPENMETRICS, form)
    found = page.family_of(name)
    assert (found.name if found is not None else None) == family


def test_a_name_with_a_family_of_its_own_is_no_part_of_another(is_exact: bool) -> None:
    """Also where another family stands between them."""
    text = b"# TYPE x_sum gauge\n# TYPE x summary\ny 1\nx_sum 1\nx_count 2\n"
    page = read([text], Format.TEXT, is_exact=is_exact)
    assert [(one.rule, one.line, one.text[:13]) for one in page.troubles] == [
        ("split-family", 4, "x_sum goes on"),
        ("split-family", 5, "x goes on her"),
    ]


def test_a_counter_beside_a_gauge_has_the_name_of_its_samples() -> None:
    """As Go's metrics of memory have it: two families of one name, each with its own series."""
    page = read([b"# TYPE x gauge\nx 1\n# TYPE x counter\nx_total 2\n# EOF\n"], Format.OPENMETRICS)
    assert [(one.type, one.first, one.last) for one in page.named["x"]] == [
        ("gauge", 0, 1),
        ("counter", 1, 2),
    ]
    found = [page.family_of(name) for name in ("x", "x_total")]
    assert [one.type if one is not None else None for one in found] == ["gauge", "counter"]


@pytest.mark.parametrize(
    ("text", "name", "labels"),
    [
        pytest.param(b"x", "x", {}, id="bare"),
        pytest.param(b'x{a="1",b="}, c=\\"2\\""}', "x", {"a": "1", "b": '}, c="2"'}, id="awkward"),
        pytest.param(b'{"a.b",c="d"}', "a.b", {"c": "d"}, id="quoted-name"),
        pytest.param(b'x{"a.b"="c"}', "x", {"a.b": "c"}, id="quoted-label"),
        pytest.param(b'x{a="\\\\n\\n\\d"}', "x", {"a": "\\n\n\\d"}, id="escapes"),
    ],
)
def test_a_canonical_text_is_taken_apart(text: bytes, name: str, labels: dict[str, str]) -> None:
    """Into its name and labels, as they are meant."""
    assert taken_apart(text) == (name, labels)
    assert name_of(text) == name


def test_no_escape_is_no_change() -> None:
    """Most values have none."""
    assert (unescaped("a"), unescaped('\\\\\\n\\"\\q')) == ("a", '\\\n"\\q')


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (Effect.REFUSES, Effect.REFUSES, "Prometheus refuses the whole scrape"),
        (Effect.NOTHING, Effect.NOTHING, "Prometheus takes it all the same"),
        (Effect.REFUSES, Effect.NOTHING, "Prometheus 2.42 refuses the whole scrape, 3.5 takes it as it is"),
    ],
)
def test_what_servers_make_of_a_trouble(old: Effect, new: Effect, said: str) -> None:
    """In one word where both make the same of it."""
    assert Trouble("value", 1, 1, "", old, new).servers == said

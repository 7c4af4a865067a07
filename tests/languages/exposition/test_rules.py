"""Each rule has a page that breaks it, and nothing else; sound pages break none."""

from __future__ import annotations

import pytest

from deployspec.languages.exposition import Format, Limits, read
from deployspec.languages.exposition.rules import RULES
from tests.languages.exposition.cases import BROKEN, CASES, NOW, SOUND, Case

IN_A_LINE = frozenset(
    {
        "blanks-in-type", "carriage-return", "carriage-return-in-help", "comma-last", "comma-missing", "escape", "exemplar",
        "exemplar-in-text", "metadata", "quote-in-help", "quoted-name", "syntax", "timestamp", "timestamp-sign", "type-name",
        "utf-8", "utf-8-in-comment", "value", "metadata-ignored", "unit",
    }
)  # fmt: skip
"""The rules whose troubles have a place in their line; the others are about the whole of it."""


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in CASES])
@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_a_page_breaks_the_rules_that_it_breaks(case: Case, is_exact: bool) -> None:
    """Read by either way, each case breaks its rules, beginning with its line, and no other."""
    page = read([case.at(NOW)], case.form, now=NOW, is_exact=is_exact)
    assert tuple(one.rule for one in page.troubles) == case.rules
    assert [one.line for one in page.troubles][:1] == [case.line][: len(case.rules)]
    assert all("{}" not in one.text and len(one.text) > 10 for one in page.troubles)
    assert all(one.column == 1 for one in page.troubles if one.rule not in IN_A_LINE)


@pytest.mark.parametrize(
    ("case_id", "column", "text"),
    [
        pytest.param("text-name-of-digits", 1, "1x 1 is no name of a metric", id="name"),
        pytest.param("text-name-missing", 1, '{a="b"} 1 has no name of a metric', id="no-name"),
        pytest.param("text-label-with-hyphen", 4, 'the label a-b="c"} 1 has no =', id="label"),
        pytest.param("text-label-unquoted", 5, "b} 1 is no value of a label", id="label-value"),
        pytest.param("text-label-open", 5, "a quote is not closed", id="quote"),
        pytest.param("text-brace-open", 9, "1 is no name of a label", id="label-name"),
        pytest.param("text-two-commas", 9, ',c="d"} 1 is no name of a label', id="two-commas"),
        pytest.param("text-value-missing", 3, "there is no value behind the name", id="no-value"),
        pytest.param("text-three-numbers", 7, "3 stands behind value and timestamp", id="third-number"),
        pytest.param("text-comma-missing", 8, 'before c="d"} 1 a comma is missing', id="comma-missing"),
        pytest.param("openmetrics-comma-last", 9, 'a="b",} 1 ends in a comma', id="comma-last"),
        pytest.param("text-escape", 5, r"the escape \t does not exist", id="escape"),
        pytest.param("text-escape-in-help", 11, r"\d stands in a HELP; expected \\ or \n", id="escape-in-help"),
        pytest.param("openmetrics-quote-in-help", 11, r'" stands in a HELP; expected \" for a quote', id="quote-in-help"),
        pytest.param("text-quoted-name", 2, "the name a.b stands in quotes", id="quoted-name"),
        pytest.param("text-quoted-label", 3, "the name a.b stands in quotes", id="quoted-label"),
        pytest.param("text-quoted-type", 8, "the name a.b stands in quotes", id="quoted-type"),
        pytest.param("text-value-1_000", 3, "1_000 is no number", id="value"),
        pytest.param("text-time-word", 5, "now is no timestamp; expected whole milliseconds", id="milliseconds"),
        pytest.param("text-time-negative", 5, "-3982045 is a timestamp with a sign", id="signed"),
        pytest.param("openmetrics-time-1_0", 5, "1_0 is no timestamp; expected seconds", id="seconds"),
        pytest.param("text-exemplar", 11, '# {a="b"} 1 stands behind the value', id="exemplar-in-text"),
        pytest.param("openmetrics-exemplar-without-value", 11, '# {t="a"} is no exemplar', id="exemplar"),
        pytest.param("text-crlf", 4, "the line ends in CR LF", id="carriage-return"),
        pytest.param("text-crlf-of-type", 9, "the line ends in CR LF", id="carriage-return-of-type"),
        pytest.param("openmetrics-crlf-of-help", 11, "the line ends in CR LF", id="carriage-return-in-help"),
        pytest.param("text-utf-8-in-value", 6, "byte 6 of the line is no UTF-8 (0xff)", id="utf-8"),
        pytest.param("text-type-of-no-name", 9, ".b gauge follows the name; expected a blank and a type", id="type-of-no-name"),
        pytest.param("text-help-of-no-name", 8, "1x foo is no name of a metric; expected one behind HELP", id="help-of-no-name"),
        pytest.param("openmetrics-help-without-text", 9, "nothing follows the name", id="help-without-text"),
        pytest.param("text-help-of-half-a-name", 9, ".b foo follows the name", id="help-of-half-a-name"),
        pytest.param("text-bare-type", 1, "# TYPE names no metric", id="bare-type"),
        pytest.param("text-no-blank-behind-hash", 1, "#TYPE x gauge has no blank behind #", id="no-blank"),
        pytest.param("text-type-Gauge", 10, "Gauge is no type; expected one of counter, gauge, histogram, summary, untyped", id="type"),
        pytest.param("text-blanks-in-type", 9, "more blanks than one stand around the type gauge", id="blanks-in-type"),
        pytest.param("text-count-missing", 1, "the histogram h has no _count", id="count"),
        pytest.param("openmetrics-count-missing", 1, "the histogram g has no _gcount", id="gcount"),
        pytest.param("openmetrics-histogram-sample", 1, "a sample of the histogram h has its name; expected _bucket, _sum or _count", id="parts"),
        pytest.param("openmetrics-gaugehistogram-sample", 1, "a sample of the gaugehistogram g has its name; expected _bucket, _gsum or _gcount", id="gauge-parts"),
        pytest.param("text-not-cumulative", 1, "the bucket le=2 has the value 1, and a smaller bound 2", id="cumulative"),
        pytest.param("text-time-in-seconds", 1, "the timestamp 1700000000 is one in seconds; expected milliseconds", id="unit-of-time"),
        pytest.param("openmetrics-time-in-milliseconds", 1, "the timestamp 1700000000000 is one in milliseconds; expected seconds", id="unit-of-time-in-openmetrics"),
        pytest.param("text-time-ahead", 1, "the timestamp is 400 s ahead; expected less than a minute", id="ahead"),
        pytest.param("text-time-old", 1, "the timestamp is 4000 s old; expected less than an hour", id="old"),
    ],
)  # fmt: skip
def test_a_trouble_tells_its_place_and_what_stands_there(case_id: str, column: int, text: str) -> None:
    """The column is that of the first byte that is meant."""
    case = next(one for one in CASES if one.id == case_id)
    first = read([case.at(NOW)], case.form, now=NOW).troubles[0]
    assert (first.line, first.column, first.text[: len(text)]) == (case.line, column, text)


def test_every_rule_has_a_page_in_each_format_that_has_it() -> None:
    """A rule that no page breaks would be one that nothing shows to be true. (Limits have tests of their own.)"""
    shown = {(rule, case.form) for case in BROKEN for rule in case.rules}
    asked = {
        (name, form)
        for name, rule in RULES.items()
        for form in Format
        if not rule.allows(form) and not name.startswith("limit-")
    }
    assert shown == asked


def test_ids_are_unique() -> None:
    """A case is found by its id."""
    assert len({case.id for case in CASES}) == len(SOUND) + len(BROKEN)


@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_of_many_troubles_the_first_are_kept_and_all_are_counted(is_exact: bool) -> None:
    """Thirty histograms without a count, and thirty series that stand there already."""
    lines = [f'h_bucket{{a="{number}",le="+Inf"}} 1\nh_sum{{a="{number}"}} 1\n' for number in range(30)]
    again = [f'x{{a="{number}"}} 1\n' for number in range(30)] * 2
    page = read(["".join(["# TYPE h histogram\n", *lines, *again]).encode()], Format.TEXT, is_exact=is_exact)
    assert page.counts == {"histogram-count": 30, "series-twice": 30}
    kept = [one.rule for one in page.troubles]
    assert [kept.count(rule) for rule in page.counts] == [20, 20]
    assert page.troubles[0].line == 2


@pytest.mark.parametrize(
    ("age", "rule"),
    [
        (-601, "timestamp-future"),
        (-600, "timestamp-ahead"),
        (-61, "timestamp-ahead"),
        (-60, None),
        (0, None),
        (300, None),
        (301, "timestamp-stale"),
        (3600, "timestamp-stale"),
        (3601, "timestamp-old"),
    ],
)
@pytest.mark.parametrize("form", Format)
def test_from_which_age_a_timestamp_is_told(age: int, rule: str | None, form: Format) -> None:
    """A query looks back five minutes, storage an hour; clocks may differ by a minute, and storage takes ten."""
    unit, end = ("000", "") if form is Format.TEXT else ("", "# EOF\n")
    page = f"x 1 {NOW - age}{unit}\n{end}".encode()
    assert [one.rule for one in read([page], form, now=NOW).troubles] == ([rule] if rule else [])
    assert read([page], form).troubles == ()


@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_the_first_of_each_rule_is_kept_beyond_the_limit_of_troubles(is_exact: bool) -> None:
    """However many others the page has."""
    page = read([b"x 1_0\n" * 5 + b"y 1\ny 1\ny 1"], Format.TEXT, Limits(troubles=3), is_exact=is_exact)
    assert [(one.rule, one.line) for one in page.troubles] == [
        ("value", 1), ("value", 2), ("value", 3), ("series-twice", 7), ("last-newline", 8),
    ]  # fmt: skip
    assert page.counts == {"value": 5, "series-twice": 2, "last-newline": 1}


def test_what_a_trouble_quotes_is_cut() -> None:
    """A page may hold anything."""
    (trouble,) = read([b'x{a="' + b"y" * 5000 + b'"} 1_0' + b"0" * 5000 + b"\n"], Format.TEXT).troubles
    assert (trouble.rule, trouble.column) == ("value", 5009)
    assert len(trouble.text) < 150


@pytest.mark.parametrize("is_exact", [False, True], ids=["quick", "exact"])
def test_a_bucket_without_a_bound_is_told_as_such_each_time(is_exact: bool) -> None:
    """Whatever other label it has."""
    lines = b'# TYPE h histogram\nh_bucket{quantile="1"} 1\nh_bucket{quantile="2"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'
    troubles = read([lines], Format.TEXT, is_exact=is_exact).troubles
    found = [(one.line, one.text) for one in troubles if one.rule == "bucket-bound"]
    assert found == [(number, "the bucket has no le; expected a number") for number in (2, 3)]


def test_of_one_rule_twenty_troubles_are_kept() -> None:
    """All are counted."""
    page = read([b"x 1_0\n" * 25], Format.TEXT)
    assert ([one.line for one in page.troubles], page.counts) == (list(range(1, 21)), {"value": 25})

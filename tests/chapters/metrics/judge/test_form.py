"""Verdicts on the form of a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deployspec.chapters.metrics.judge import form
from deployspec.languages.exposition import Exposition, Format, Limits, read
from deployspec.languages.exposition.media_type import media_type
from deployspec.languages.exposition.rules import Aspect
from deployspec.languages.promtool.metrics import metric_lints
from deployspec.model.verdict import Outcome, Verdict

SOUND = b"""# HELP requests_total Requests.
# TYPE requests_total counter
requests_total{method="GET"} 3
# HELP seconds Latency.
# TYPE seconds histogram
seconds_bucket{le="0.5"} 2
seconds_bucket{le="+Inf"} 3
seconds_sum 1.5
seconds_count 3
"""
JUDGES: dict[str, Callable[[Exposition], Verdict]] = {
    "whole": form.is_whole,
    "well-formed": form.well_formed,
    "once": form.series_once,
    "types": form.types_constant,
    "times": form.timestamps_fresh,
    "sums": form.sums_add_up,
}


def _text(page: bytes, limits: Limits | None = None) -> Exposition:
    return read([page], Format.TEXT, limits, now=1_700_000_000)


def _outcomes(page: Exposition) -> dict[str, Outcome]:
    return {name: judge(page).outcome for name, judge in JUDGES.items()}


def test_a_sound_page_keeps_every_promise() -> None:
    """All are MET, and the reason says what was read."""
    page = _text(SOUND)
    assert set(_outcomes(page).values()) == {Outcome.MET}
    assert (
        form.well_formed(page).reason == "text 0.0.4: 2 metrics, 5 series, each line is as the format has it"
    )


@pytest.mark.parametrize(
    ("more", "broken", "reason"),
    [
        (b"x 1_0\n", "well-formed", "line 10, column 3: 1_0 is no number"),
        (b" x 1\n", "well-formed", "(Prometheus 2.42 refuses the whole scrape, 3.5 stores something else)"),
        (b"x 1", "well-formed", "(Prometheus takes it all the same)"),
        (
            b"x 1\nx 2\n",
            "once",
            "line 11: the series x stands there already, with 1 in line 10; here it has 2",
        ),
        (
            b"# TYPE x gauge\n# TYPE x counter\nx 1\n",
            "types",
            "line 11: x has a TYPE already: gauge, and counter here",
        ),
        (b"x 1 1699999000000\n", "times", "the timestamp is 1000 s old; expected less than five minutes"),
        (
            b'# TYPE h histogram\nh_bucket{le="+Inf"} 2\nh_sum 1\nh_count 1\n',
            "sums",
            "has the _count 1; expected 2",
        ),
    ],
)
def test_what_is_wrong_breaches_its_own_promise_alone(more: bytes, broken: str, reason: str) -> None:
    """One is BREACHED, with the place, what was found and what both servers make of it; all others are MET."""
    page = _text(SOUND + more)
    assert _outcomes(page) == {name: Outcome.BREACHED if name == broken else Outcome.MET for name in JUDGES}
    assert reason in JUDGES[broken](page).reason


def test_evidence_names_the_rule() -> None:
    """By which the table in docs/exposition.md is found."""
    (trouble,) = form.troubles_of(_text(b"x 1\nx 2\n"), Aspect.SERIES)
    assert form.line_with_rule(trouble).endswith(
        "(Prometheus loses the sample without a word) [series-twice]"
    )


def test_the_worst_is_told_first() -> None:
    """What costs the scrape stands before what the format alone forbids, and the rest is counted."""
    verdict = form.well_formed(_text(b'x{a="C:\\d"} 1\ny True\nz True'))
    assert verdict.reason.startswith("line 2, column 3: True is no number")
    assert verdict.reason.endswith("; and 3 more")


def test_the_worse_of_both_servers_counts() -> None:
    """What the newer one alone loses is as bad as what both lose, and the first line is told."""
    page = b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="1.0"} 1\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n'
    assert form.series_once(_text(page + b"x 1\nx 2\n")).reason.startswith("line 3")


def test_a_histogram_that_lacks_what_could_not_be_read_is_not_judged() -> None:
    """The line is BREACHED in the check that owns it; the sums are UNMEASURED, and name it."""
    page = _text(b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} one\nh_sum 1\nh_count 1\n')
    assert form.well_formed(page).outcome is Outcome.BREACHED
    verdict = form.sums_add_up(page)
    assert verdict.outcome is Outcome.UNMEASURED
    assert "(see metrics.well-formed)" in verdict.reason


def test_beyond_a_limit_nothing_is_known() -> None:
    """The limit is BREACHED; what was read is sound, and the rest is UNMEASURED."""
    page = _text(SOUND, Limits(size=100))
    assert form.is_whole(page).outcome is Outcome.BREACHED
    assert "larger than 100 bytes" in form.is_whole(page).reason
    rest = {outcome for name, outcome in _outcomes(page).items() if name != "whole"}
    assert rest == {Outcome.UNMEASURED}


def test_a_limit_behind_many_troubles_is_told() -> None:
    """However many others were found before it, and so is the first of each other rule."""
    data = b"x 1_0\ny 1_0\nz 1\nz 2\n"
    assert form.series_once(_text(data, Limits(troubles=1))).outcome is Outcome.BREACHED
    short = form.is_whole(_text(data, Limits(troubles=1, size=len(data) - 1)))
    assert (short.outcome, "larger than 19 bytes" in short.reason) == (Outcome.BREACHED, True), short.reason


def test_names_in_quotes_are_sound_where_they_were_agreed_on() -> None:
    """Only with ``escaping=allow-utf-8`` or version 1.0.0."""
    page = _text(b'{"a.b"} 1\n')
    assert form.well_formed(page).outcome is Outcome.BREACHED
    assert [one.rule for one in form.troubles_of(page, Aspect.SYNTAX)] == ["quoted-name"]
    agreed = media_type(("text/plain; version=1.0.0; escaping=allow-utf-8",))
    assert form.well_formed(page, has_any_name=agreed.has_any_name).outcome is Outcome.MET
    assert not media_type(("text/plain; version=0.0.4; escaping=underscores",)).has_any_name
    other = form.well_formed(_text(b'{"a.b"} 1\nx 1_0\n'), has_any_name=True)
    assert (other.outcome, other.measured) == (Outcome.BREACHED, "1 trouble")


def test_what_libraries_in_wide_use_write_is_listed() -> None:
    """Go's counter and gauge of one name in OpenMetrics cost nobody anything: no breach, but told."""
    page = read([b"# TYPE x gauge\nx 1\n# TYPE x counter\nx_total 1\n# EOF\n"], Format.OPENMETRICS)
    assert set(_outcomes(page).values()) == {Outcome.MET}
    assert [one.rule for one in form.listed_troubles(page, Aspect.TYPES)] == ["name-clash"]
    assert form.listed_troubles(page, Aspect.SUMS) == []
    broken = _text(b"# TYPE x gauge\n# TYPE x counter\nx 1\n")
    assert form.listed_troubles(broken, Aspect.TYPES) == []
    assert [(one.name, one.type) for one in page.families] == [("x", "gauge"), ("x", "counter")]
    found = page.family_of("x_total")
    assert found is not None
    assert found.type == "counter"


def test_a_type_that_changes_between_two_scrapes() -> None:
    """The second page is sound by itself."""
    verdict = form.types_constant(_text(b"# TYPE x gauge\nx 1\n"), _text(b"y 1\n# TYPE x counter\nx 1\n"))
    assert verdict.outcome is Outcome.BREACHED
    assert "x was a gauge in line 1, and is a counter in line 2 of the next scrape" in verdict.reason


def test_a_help_that_changes_between_two_scrapes() -> None:
    """One that begins or ends is none that changes."""
    one, other, none = (_text(text + b"x 1\n") for text in (b"# HELP x a\n", b"# HELP x b\n", b""))
    verdict = form.types_constant(one, other)
    assert verdict.outcome is Outcome.BREACHED
    assert "the HELP of x was a (line 1), and is b in line 1 of the next scrape" in verdict.reason
    assert {form.types_constant(*pair).outcome for pair in ((one, one), (one, none), (none, one))} == {
        Outcome.MET
    }


@pytest.mark.parametrize("data", [b"", b"# TYPE x gauge\n"])
def test_a_page_without_series_keeps_no_promise(data: bytes) -> None:
    """One check says what is wrong, and the others have nothing to judge."""
    page = _text(data)
    found = _outcomes(page)
    assert found.pop("whole") is Outcome.BREACHED
    assert set(found.values()) == {Outcome.UNMEASURED}
    assert form.counters_rise(page, page).outcome is Outcome.UNMEASURED


def test_a_page_of_something_else_is_badly_formed_and_no_more() -> None:
    """Such as a start page: whose lines cannot be read, nobody can say what it has."""
    found = _outcomes(_text(b"<!DOCTYPE html>\n<html></html>\n"))
    assert found.pop("well-formed") is Outcome.BREACHED
    assert set(found.values()) == {Outcome.UNMEASURED}


def test_counters_of_a_page_that_was_not_read_to_its_end() -> None:
    """One that went back did so; of the others nothing is known."""
    before, after = START % 7 + COUNTER % (5, 5), START % 7 + COUNTER % (5, 6)
    short = _text(after, Limits(size=len(after) - 1))
    assert form.counters_rise(_text(before), short).outcome is Outcome.UNMEASURED
    assert form.counters_rise(_text(START % 7 + COUNTER % (6, 5)), short).outcome is Outcome.BREACHED


@pytest.mark.parametrize(
    ("header", "outcome", "reason"),
    [
        (("text/plain; version=0.0.4; charset=utf-8",), Outcome.MET, "text 0.0.4, version 0.0.4"),
        (("application/openmetrics-text",), Outcome.MET, "OpenMetrics 1.0"),
        ((), Outcome.BREACHED, "there is no Content-Type"),
        (("application/json",), Outcome.BREACHED, "the Content-Type is application/json"),
        (("text/plain; version",), Outcome.BREACHED, "is none"),
        (("text/plain", "text/plain"), Outcome.BREACHED, "there are 2 headers"),
        (("application/vnd.google.protobuf; encoding=delimited",), Outcome.BREACHED, "not asked for"),
    ],
)
def test_the_content_type(header: tuple[str, ...], outcome: Outcome, reason: str) -> None:
    """What Prometheus 3 does not scrape is BREACHED."""
    verdict = form.content_type_is_accepted(media_type(header))
    assert verdict.outcome is outcome
    assert reason in verdict.reason


COUNTER = b"# TYPE c_total counter\nc_total %d\n# TYPE d_total counter\nd_total %d\n"
START = b"# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds %d\n"
CREATED = b"# TYPE c_created gauge\nc_created 2\n"
SUM = b'# TYPE h histogram\nh_bucket{le="+Inf"} 3\nh_sum %d\nh_count 3\n'
PAIR = b'# TYPE e counter\ne{a="x"} %d\ne{a="y"} %d\n'
QUOTED = b'# TYPE "my.shop_total" counter\n{"my.shop_total",a="b"} %d\n'


@pytest.mark.parametrize(
    ("before", "after", "outcome", "reason"),
    [
        pytest.param(COUNTER % (5, 5), COUNTER % (5, 6), Outcome.MET, "2 counters that had counted", id="rise"),
        pytest.param(
            START % 7 + COUNTER % (5, 5), START % 7 + COUNTER % (4, 6), Outcome.BREACHED, "c_total went from 5 back to 4 (line 4) with the process the same; expected", id="back"
        ),
        pytest.param(COUNTER % (5, 5), COUNTER % (4, 6), Outcome.BREACHED, "rate() takes each step back", id="back-alone"),
        pytest.param(COUNTER % (5, 5), COUNTER % (0, 1), Outcome.UNMEASURED, "as after a restart", id="all-back"),
        pytest.param(COUNTER % (5, 0), COUNTER % (1, 0), Outcome.UNMEASURED, "as after a restart", id="all-back-that-had-counted"),
        pytest.param(
            START % 7 + COUNTER % (5, 5), START % 7 + COUNTER % (0, 1), Outcome.BREACHED, "and 1 more", id="all-back-in-one-process"
        ),
        pytest.param(
            START % 7 + COUNTER % (5, 5), START % 8 + COUNTER % (0, 1), Outcome.UNMEASURED, "another process", id="restart"
        ),
        pytest.param(
            b"# TYPE c_total counter\nc_total 5\n# TYPE c_created gauge\nc_created 1\nd 1\n",
            b"# TYPE c_total counter\nc_total 1\n# TYPE c_created gauge\nc_created 2\nd 1\n",
            Outcome.MET,
            "did not go back",
            id="one-series-began-anew",
        ),
        pytest.param(
            b'# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 3\nh_sum 1\nh_count 3\n' + START % 7,
            b'# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="+Inf"} 3\nh_sum 1\nh_count 3\n' + START % 7,
            Outcome.BREACHED,
            'h_bucket{le="1"} went from 2 back to 1',
            id="bucket",
        ),
        pytest.param(b"# TYPE g gauge\ng 5\n", b"# TYPE g gauge\ng 1\n", Outcome.MET, "no counter had counted, so", id="gauge"),
        pytest.param(
            COUNTER % (5, 5), b"# TYPE g gauge\ng 1\n", Outcome.UNMEASURED, "no number for any of 2 counters that had counted", id="all-gone"
        ),
        pytest.param(
            COUNTER % (5, 5), START % 7 + COUNTER % (4, 6), Outcome.BREACHED, "c_total went from 5 back to 4", id="start-known-afterwards-only"
        ),
        pytest.param(
            START % 7 + COUNTER % (5, 5), COUNTER % (4, 6), Outcome.BREACHED, "c_total went from 5 back to 4", id="start-known-before-only"
        ),
        pytest.param(
            START % 7 + COUNTER % (5, 5), START % 7 + COUNTER % (4, 6) + CREATED, Outcome.BREACHED, "c_total went from 5 back to 4", id="created-known-afterwards-only"
        ),
        pytest.param(
            START % 7 + COUNTER % (5, 5) + CREATED, START % 7 + COUNTER % (4, 6), Outcome.BREACHED, "c_total went from 5 back to 4", id="created-known-before-only"
        ),
        pytest.param(START % 7 + SUM % 3, START % 7 + SUM % 2, Outcome.BREACHED, "h_sum went from 3 back to 2", id="sum"),
        pytest.param(START % 7 + SUM % -2, START % 7 + SUM % -3, Outcome.MET, "2 counters", id="sum-of-what-is-below-zero"),
        pytest.param(
            START % 7 + COUNTER % (-2, 5), START % 7 + COUNTER % (-3, 5), Outcome.BREACHED, "c_total went from -2 back to -3", id="counter-below-zero"
        ),
        pytest.param(
            COUNTER % (5, 5), COUNTER.replace(b"c_total %d", b"c_total NaN") % 5, Outcome.MET, "1 counter that had counted", id="no-number-later"
        ),
        pytest.param(
            COUNTER.replace(b"c_total %d", b"c_total NaN") % 5, COUNTER % (5, 5), Outcome.MET, "1 counter that had counted", id="no-number-before"
        ),
        pytest.param(
            START % 7 + QUOTED % 5, START % 7 + QUOTED % 4, Outcome.BREACHED, '{"my.shop_total",a="b"} went from 5 back to 4', id="name-in-quotes"
        ),
        pytest.param(
            START % 7 + PAIR % (1, 5), START % 7 + (PAIR % (1, 4)).replace(b'e{a="x"} 1\n', b""), Outcome.BREACHED, 'e{a="y"} went from 5 back to 4', id="beside-one-that-is-gone"
        ),
    ],
)  # fmt: skip
def test_counters_between_two_scrapes(before: bytes, after: bytes, outcome: Outcome, reason: str) -> None:
    """A step back is a breach, unless the process or the series is a new one."""
    verdict = form.counters_rise(_text(before), _text(after))
    assert verdict.outcome is outcome
    assert reason in verdict.reason


def test_counters_of_openmetrics() -> None:
    """By their suffix, and with the creation of the series itself."""
    page = b"# TYPE c counter\nc_total %d\nc_created %d\n# TYPE d counter\nd_total 1\n# EOF\n"
    before, again, anew = (read([page % values], Format.OPENMETRICS) for values in ((5, 1), (4, 1), (4, 2)))
    assert form.counters_rise(before, again).outcome is Outcome.BREACHED
    assert form.counters_rise(before, anew).outcome is Outcome.MET


def test_promtools_findings_have_their_place() -> None:
    """With the line of the metric's family; listed, unless the deployment file promises that there is none."""
    found = form.placed(metric_lints("seconds no help text\nother no help text\n"), _text(SOUND))
    assert found == ["line 4: seconds no help text", "other no help text"]
    unread = "error while linting: text format parsing error in line 3: expected float\n"
    assert form.placed(metric_lints(unread), _text(SOUND)) == ["line 3: expected float"]
    assert form.promtool_finds_nothing(found, is_promise=False).outcome is Outcome.MET
    verdict = form.promtool_finds_nothing(found, is_promise=True)
    assert verdict.outcome is Outcome.BREACHED
    assert verdict.reason == "promtool check metrics has 2 findings: line 4: seconds no help text; and 1 more"
    assert form.promtool_finds_nothing([], is_promise=True).outcome is Outcome.MET

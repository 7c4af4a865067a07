"""The guards on silence: a case that expects it must be one in which the alert could have fired."""

from __future__ import annotations

import pytest

from deployspec.chapters.alerts.judge.rule_tests import concerning, findings
from tests.chapters.alerts.judge.rule_tests.made import (
    RULES,
    alert,
    file_of,
    fires,
    found,
    group,
    record,
    rule_file,
    sampled,
    silent,
    told,
)

LONG = "0x60"


# for, evaluation_interval, and the time at which silence is expected.
@pytest.mark.parametrize(
    ("for_", "every", "at", "vacuous"),
    [
        pytest.param("5m", "1m", "4m59s", True, id="just-below"),
        pytest.param("5m", "1m", "5m", False, id="at"),
        pytest.param("5m", "1m", "5m1s", False, id="just-above"),
        pytest.param("5m", "2m", "5m59s", True, id="the-last-evaluation-is-below"),
        pytest.param("5m", "2m", "6m", False, id="the-last-evaluation-is-above"),
        pytest.param("5m", "15s", "4m59s999ms", True, id="just-below-in-short-steps"),
        pytest.param("300ms", "100ms", "299ms", True, id="milliseconds-below"),
        pytest.param("300ms", "100ms", "300ms", False, id="milliseconds-at"),
        pytest.param("0s", "1m", "0s", False, id="without-for"),
        pytest.param("1s", "1m", "0s", True, id="a-short-for-at-the-beginning"),
    ],
)
def test_silent_before_for(for_, every, at, vacuous):
    """Silence shows nothing while the alert could only be pending, at the last evaluation that the case sees."""
    rules = [alert("Low", "a > 0", for_)]
    expected = [("silent-before-for", at)] if vacuous else []
    assert told(found(rules, group({"a": LONG}, silent("Low", at)), every=every)) == expected


def test_silent_before_for_says_when_to_look():
    """The reason names for, and the time of the last evaluation where it is another."""
    rules = [alert("Low", "a > 0", "5m")]
    reasons = [
        one.reason for one in found(rules, group({"a": LONG}, silent("Low", "4m"), silent("Low", "4m30s")))
    ]
    end = ", as its for is 5m; look at 5m or later, or show that it fires later with the same series"
    assert reasons == [
        f"Low cannot fire at 4m{end}",
        f"Low cannot fire at 4m30s (the last evaluation is at 4m){end}",
    ]


@pytest.mark.parametrize(
    ("later", "vacuous"),
    [
        pytest.param(fires("Low", "6m"), False, id="fires-later"),
        pytest.param(fires("Low", "4m"), True, id="fires-at-the-same-time"),
        pytest.param(silent("Low", "6m"), True, id="silent-later"),
        pytest.param(fires("High", "6m"), True, id="another-fires-later"),
    ],
)
def test_silence_before_for_is_welcome_when_it_fires_later(later, vacuous):
    """The same alert, in the same group, at a later time."""
    rules = [alert("Low", "a > 0", "5m"), alert("High", "a > 9")]
    guards = [one[0] for one in told(found(rules, group({"a": LONG}, silent("Low", "4m"), later)))]
    assert guards == (["silent-before-for"] if vacuous else [])


@pytest.mark.parametrize(
    ("series", "at", "vacuous"),
    [
        pytest.param({"a": "1x60"}, "6m", False, id="the-same"),
        pytest.param({"a": "1 1 1 1 1x20"}, "6m", False, id="the-same-written-otherwise"),
        pytest.param({"a": "1x4 7x20"}, "6m", False, id="the-same-until-then"),
        pytest.param({"a": "1x60", "other": "1x60"}, "6m", False, id="beside-what-the-alert-does-not-read"),
        pytest.param({"a": "1x60"}, "4m", True, id="no-later"),
        pytest.param({"a": "2x60"}, "6m", True, id="other-values"),
        pytest.param({"a": "1x3 7x20"}, "6m", True, id="another-value-at-that-time"),
        pytest.param({'a{x="1"}': "1x60"}, "6m", True, id="another-series"),
        pytest.param({"a": "1x60", 'a{x="1"}': "1x60"}, "6m", True, id="one-series-more"),
    ],
)
def test_firing_in_another_group_shows_what_the_same_series_can_do(series, at, vacuous):
    """Another group with other data shows nothing of this one's."""
    rules = [alert("Low", "a > 0", "5m"), record("more", "other")]
    groups = group({"a": "1x60"}, silent("Low", "4m")), group(series, fires("Low", at))
    assert told(found(rules, *groups)) == ([("silent-before-for", "4m")] if vacuous else [])


@pytest.mark.parametrize(
    ("series", "vacuous"),
    [
        pytest.param(['a{job="x",pod="3"}', 'b{pod="3"}'], False, id="another-pod"),
        pytest.param(['a{job="x",pod="3"}', 'b{pod="4"}'], True, id="two-pods"),
        pytest.param(['a{job="y",pod="1"}', 'b{pod="1"}'], True, id="another-job"),
        pytest.param(['a{job="x",node="1"}', 'b{pod="1"}'], True, id="another-label"),
    ],
)
def test_series_are_the_same_whatever_their_other_labels_say(series, vacuous):
    """Those that no matcher asks for, as long as they tell the same series apart."""
    rules = [alert("Low", 'a{job="x"} > 0 and on(pod) b', "5m")]
    shown = group({'a{job="x",pod="1"}': "1x60", 'b{pod="1"}': "1x60"}, fires("Low", "6m"))
    other = found(rules, shown, group(dict.fromkeys(series, "1x60"), silent("Low", "4m")))
    assert told(other) == ([("silent-before-for", "4m")] if vacuous else [])


@pytest.mark.parametrize(("le", "vacuous"), [("1", False), ("2", True)])
def test_another_bound_is_another_series(le, vacuous):
    """It changes the quantile."""
    rules = [alert("Slow", "histogram_quantile(0.9, sum by (le) (rate(a_bucket[1m]))) > 0", "5m")]
    shown = group({'a_bucket{le="1"}': "1x60"}, fires("Slow", "6m"))
    other = group({f'a_bucket{{le="{le}"}}': "1x60"}, silent("Slow", "4m"))
    assert told(found(rules, shown, other)) == ([("silent-before-for", "4m")] if vacuous else [])


@pytest.mark.parametrize(("at", "vacuous"), [("59s", True), ("1m", False)])
def test_of_alerts_of_one_name_the_shortest_for_counts(at, vacuous):
    """One of them could have fired."""
    rules = [alert("Low", "a > 0", "5m"), alert("Low", "a > 9", "1m")]
    assert bool(found(rules, group({"a": LONG}, silent("Low", at)), every="1s")) is vacuous


def test_keep_firing_for_makes_nothing_fire_earlier():
    """It only holds an alert longer."""
    rules = [alert("Low", "a > 0", "5m", keep_firing_for="10m")]
    assert told(found(rules, group({"a": LONG}, silent("Low", "4m")))) == [("silent-before-for", "4m")]


# The series has an item each minute.
@pytest.mark.parametrize(
    ("values", "every", "at", "vacuous"),
    [
        pytest.param("1x9", "1m", "9m", False, id="at-the-last-item"),
        pytest.param("1x9", "1m", "13m", False, id="in-reach"),
        pytest.param("1x9", "1s", "14m", False, id="at-the-end-of-its-reach"),
        pytest.param("1x9", "1s", "14m1s", True, id="out-of-reach"),
        pytest.param("1x9", "1m", "9m59s", False, id="the-last-evaluation-is-at-the-last-item"),
        pytest.param("1x9", "1s", "13m59s", False, id="just-below"),
        pytest.param("1x9", "1m", "15m59s", True, id="the-last-evaluation-is-out-of-reach"),
        pytest.param("1x8 _", "1m", "9m", False, id="a-gap-is-an-item"),
        pytest.param("1x8 stale", "1m", "9m", False, id="stale-is-an-item"),
        pytest.param("1x8 stale", "1m", "10m", False, id="it-ends-in-stale"),
        pytest.param("1x7 stale 1", "1m", "13m", False, id="a-number-after-stale"),
        pytest.param("1x7 stale 1", "1m", "15m", True, id="stale-that-was-over"),
        pytest.param("_x9", "1m", "10m", False, id="only-gaps"),
        pytest.param("1x8 stale _x5", "1m", "15m", False, id="it-ends-in-gaps"),
        pytest.param("_", "1m", "0s", False, id="one-gap"),
    ],
)  # fmt: skip
def test_silent_after_data(values, every, at, vacuous):
    """Silence shows nothing past the last item of the only series."""
    expected = [("silent-after-data", at)] if vacuous else []
    assert (
        told(found([alert("Low", "a > 0")], group({"a": values}, silent("Low", at)), every=every)) == expected
    )


# What the expression sees of a series whose last number is at 5m, and until when, in minutes.
@pytest.mark.parametrize(
    ("rules", "values", "end"),
    [
        pytest.param([alert("X", "a > 9")], "1x5", 10, id="instant"),
        pytest.param([alert("X", "rate(a[12m]) > 9")], "1x5", 17, id="range"),
        pytest.param([alert("X", "rate(a[2m]) > 9")], "1x5", 7, id="a-range-has-no-lookback"),
        pytest.param([alert("X", "a offset 20m > 9")], "1x5", 30, id="offset"),
        pytest.param([alert("X", "rate(a[10m] offset 20m) > 9")], "1x5", 35, id="range-and-offset"),
        pytest.param([alert("X", "max_over_time(a[10m:1m] offset 3m) > 9")], "1x5", 23, id="subquery"),
        pytest.param([alert("X", "a > 9 and a offset 20m > 1")], "1x5", 30, id="any-selector"),
        pytest.param([alert("X", "a > 9", keep_firing_for="30m")], "1x5", 40, id="keep-firing-for"),
        pytest.param([record("r", "rate(a[12m])"), alert("X", "r > 9")], "1x5", 17, id="recorded"),
        pytest.param([record("r", "a"), alert("X", "avg_over_time(r[9m]) > 9")], "1x5", 19, id="range-of-recorded"),
        pytest.param([alert("X", "a > 9")], "1x5 stale", 6, id="stale"),
        pytest.param([alert("X", "rate(a[12m]) > 9")], "1x5 stale", 17, id="stale-in-a-range"),
        pytest.param([alert("X", "a offset 20m > 9")], "1x5 stale", 25, id="stale-and-offset"),
        pytest.param([alert("X", "b > 9"), record("r", "a")], "1x5", 5, id="not-read"),
        pytest.param([alert("X", 'a{x!=""} > 9')], "1x5", 10, id="labels-are-not-looked-at"),
    ],
)  # fmt: skip
def test_data_is_there_while_a_selector_sees_it(rules, values, end):
    """And not a second longer. A second series ends in a number, so that this is no group on missing data."""
    series = {"a": values, 'a{y="1"}': "1"}
    before = found(rules, group(series, silent("X", f"{end}m")), every="1s")
    assert "silent-after-data" not in [one.guard for one in before]
    after = found(rules, group(series, silent("X", f"{end}m1s")), every="1s")
    assert "silent-after-data" in [one.guard for one in after]


@pytest.mark.parametrize(
    ("series", "vacuous"),
    [
        pytest.param({}, False, id="no-series"),
        pytest.param({"a": "1x5 stale"}, False, id="stale"),
        pytest.param({"a": "1x5 _x2"}, False, id="gaps"),
        pytest.param({"a": "1x5 stale", "b": "1x5"}, False, id="beside-a-series-that-is-not-read"),
        pytest.param({"a": "1x5"}, True, id="it-ends-without-a-word"),
        pytest.param({"a": "1x5 stale", 'a{x="1"}': "1x5"}, True, id="one-of-two"),
        pytest.param({"b": "1x5 stale"}, True, id="not-read"),
    ],
)
def test_series_may_say_missing_data(series, vacuous):
    """There are none, or each one that the alert reads ends in ``_`` or ``stale``."""
    rules = [alert("Low", "a > 0"), record("more", "b")]
    expected = [("silent-after-data", "1h")] if vacuous else []
    assert told(found(rules, group(series, silent("Low", "1h")))) == expected


@pytest.mark.parametrize(("at", "vacuous"), [("25m", False), ("26m", True)])
def test_the_longest_series_counts(at, vacuous):
    """Past the last item of every input, not of some."""
    both = group({"a": "1x5", "b": "1x20"}, silent("Low", at))
    expected = [("silent-after-data", at)] if vacuous else []
    assert told(found([alert("Low", "a > b")], both)) == expected


def test_silent_after_data_says_where_the_data_ends():
    """The reason has the end of the longest series, and of its reach."""
    (finding,) = found([alert("Low", "a > 0")], group({"a": "1x9"}, silent("Low", "1h")))
    assert finding.reason == (
        "silence at 1h shows nothing: the last input ends at 9m and is out of reach after 14m; let the series go on, or"
        " put “missing data” in the group's name"
    )


@pytest.mark.parametrize(
    ("name", "vacuous"),
    [
        ("missing data", False),
        ("Missing data: the target is gone", False),
        ("data is missing", True),
        ("", True),
    ],
)
def test_a_group_may_say_missing_data(name, vacuous):
    """Its name says so in these two words, capitals or not."""
    assert (
        bool(found([alert("Low", "a > 0")], group({"a": "1x5"}, silent("Low", "1h"), name=name))) is vacuous
    )


def test_firing_after_the_data_is_no_silence():
    """Only silence can be had for nothing."""
    assert found([alert("Gone", "absent(a)")], group({"a": "1x5"}, fires("Gone", "1h"))) == ()


@pytest.mark.parametrize(
    ("rules", "vacuous"),
    [
        pytest.param([alert("X", "absent(a)")], False, id="absent"),
        pytest.param([alert("X", "a > 5 or absent(a)")], False, id="or-absent"),
        pytest.param([alert("X", "absent(a) and a > 1")], True, id="absent-and-data"),
        pytest.param([record("r", "absent(a)"), alert("X", "r == 1")], False, id="absent-recorded"),
        pytest.param([record("r", "a > 0"), alert("X", "r == 1")], True, id="data-recorded"),
        pytest.param([alert("Gone", "absent(a)"), alert("X", 'ALERTS{alertname="Gone"} == 1')], False, id="an-alert-on-absent"),
        pytest.param([alert("Gone", "a > 1"), alert("X", 'ALERTS{alertname="Gone"} == 1')], True, id="an-alert-on-data"),
        pytest.param([record("r", "r or a"), alert("X", "r > 1")], True, id="a-circle"),
        pytest.param([alert("X", "vector(1) unless a")], False, id="nothing-read"),
        pytest.param([alert("X", "a > 1"), alert("X", "absent(a)")], False, id="one-of-two"),
    ],
)  # fmt: skip
def test_silence_without_data_says_something_where_the_alert_could_fire(rules, vacuous):
    """As with ``absent``, directly or through other rules: then promtool's verdict means something."""
    expected = [("silent-after-data", "11m")] if vacuous else []
    assert told(found(rules, group({"a": "1x5"}, silent("X", "11m")))) == expected


@pytest.mark.parametrize(
    ("case", "vacuous"),
    [
        pytest.param(sampled("a > 5", "10m"), False, id="in-reach"),
        pytest.param(sampled("a > 5", "10m1s"), True, id="out-of-reach"),
        pytest.param(sampled("r", "10m1s"), True, id="recorded"),
        pytest.param(sampled("absent(a)", "6m"), False, id="absent"),
        pytest.param(sampled("a", "6m", {"labels": "a", "value": 1}), False, id="samples"),
        pytest.param({"expr": "a > 5", "eval_time": "10m1s"}, True, id="no-exp-samples"),
    ],
)
def test_an_expression_that_expects_nothing_expects_silence(case, vacuous):
    """At its own time, as expressions are not evaluated at steps."""
    expected = [("silent-after-data", case["eval_time"])] if vacuous else []
    assert told(found([record("r", "a > 5")], group({"a": "1x5"}, case))) == expected


MATCHING = alert("Low", 'a{job="x"} > 5')


@pytest.mark.parametrize(
    ("rules", "series", "vacuous"),
    [
        pytest.param([MATCHING], ['a{job="y"}'], False, id="another-value"),
        pytest.param([MATCHING], ['a{jobs="x"}'], True, id="another-label"),
        pytest.param([MATCHING], ['a{jobs="x"}', 'a{job="y"}'], False, id="one-with-the-label"),
        pytest.param([alert("Low", 'a{job="x",z="1"} > 5')], ['a{job="y"}'], True, id="one-label-of-two"),
        pytest.param([alert("Low", 'a{job="x",z!="1"} > 5')], ['a{job="y"}'], False, id="a-label-that-may-be-absent"),
        pytest.param([alert("Low", 'a{job=~".+"} > 5')], ["a"], True, id="any-value-but-none"),
        pytest.param([MATCHING], ["a"], True, id="no-label"),
        pytest.param([MATCHING], ['a{job="y"}', 'a{job="x"}'], False, id="a-decoy-beside"),
        pytest.param([MATCHING], ['a{job="x",z="1"}'], False, id="all-matchers"),
        pytest.param([alert("Low", 'a{job="x",z=~"1.*"} > 5')], ['a{job="x",z="2"}', 'a{job="y",z="1"}'], False, id="each-only-one-matcher"),
        pytest.param([alert("Low", 'a{job!="x"} > 5')], ['a{job="x"}'], False, id="excluded"),
        pytest.param([alert("Low", 'sum(rate(a{s=~"5.."}[5m])) / sum(rate(a[5m])) > 0.1')], ['a{s="200"}'], False, id="a-ratio-without-a-failure"),
        pytest.param([alert("Low", 'a{job="x"} / b > 5')], ['a{jobs="x"}', "b"], True, id="half-of-a-ratio"),
        pytest.param([alert("Low", 'a{job="x"} > 5 or b > 5')], ['a{job="y"}', "b"], False, id="the-other-side-of-or"),
        pytest.param([alert("Low", 'b > 5 unless a{job="x"}')], ['a{job="y"}', "b"], False, id="the-right-side-of-unless"),
        pytest.param([alert("Low", 'a{job="x"} > 5 unless b')], ['a{jobs="x"}', "b"], True, id="the-left-side-of-unless"),
        pytest.param([alert("Low", 'absent(a{job="x"})')], ['a{job="y"}'], False, id="absent"),
        pytest.param([alert("Low", '{__name__=~"a|b",job="x"} > 5')], ['b{jobs="x"}'], True, id="a-pattern"),
        pytest.param([alert("Low", '{__name__=~"a|b",job="x"} > 5')], ['b{job="y"}', 'a{job="x"}'], False, id="a-pattern-and-another-metric"),
        pytest.param([alert("Low", 'a{job=~"[[:alpha:]]"} > 5')], ['a{job="1"}'], False, id="an-expression-that-may-match"),
        pytest.param([record("r", 'sum(a{job="x"})'), alert("Low", "r > 5")], ['a{jobs="x"}'], True, id="recorded"),
        pytest.param([record("r", "sum(a)"), alert("Low", "r > 5")], ['a{job="y"}'], False, id="recorded-and-matching"),
        pytest.param([record("r", 'a{job="x"}'), record("q", "r * 2"), alert("Low", "q > 5")], ['a{jobs="x"}'], True, id="recorded-twice"),
        pytest.param([record("r", 'a{job="x"}'), alert("Low", "r > 5")], ['a{job="y"}', "r"], False, id="the-recorded-series-itself"),
        pytest.param([MATCHING, alert("Low", "b > 5")], ['a{job="y"}', "b"], False, id="another-rule-of-that-name"),
        pytest.param([MATCHING, alert("Low", 'a{job="z"} > 5')], ['a{jobs="x"}'], True, id="no-rule-of-that-name"),
        pytest.param([MATCHING, alert("Other", "b > 5")], ["b"], False, id="no-series-of-that-name"),
    ],
)  # fmt: skip
def test_unmatched_series(rules, series, vacuous):
    """Silence shows nothing where the group has the alert's metric, but no series with the labels that it reads."""
    expected = [("unmatched-series", "5m")] if vacuous else []
    assert told(found(rules, group(dict.fromkeys(series, "1x5"), silent("Low", "5m")))) == expected


def test_unmatched_series_says_what_the_rule_reads():
    """The reason has the series as written and the selector; the place is the series'."""
    file = file_of(
        group({'a{jobs="x"}': "1x5", 'a{jobs="z"}': "1x5"}, silent("Low", "4m"), silent("Low", "5m"))
    )
    found = findings(file, {RULES: [rule_file(MATCHING)]})
    assert [one.reason for one in found] == [
        'a{jobs="x"} has the name but not the labels that Low reads (a{job="x"}), no other series has them, and nothing'
        f" in the group fires: silence at {at} shows nothing"
        for at in ("4m", "5m")
    ]
    assert {one.place for one in found} == {file.groups[0].series[0].place}
    assert [len(concerning(found, case)) for case in file.cases] == [1, 1]


def test_unmatched_series_blames_what_the_rule_needs():
    """Where several metrics are there under their names only, the one without which the rule cannot hold."""
    rules = [alert("Low", 'a{job="x"} > 5 unless b{job="x"}')]
    (finding,) = found(rules, group({'b{jobs="x"}': "1x5", 'a{jobs="x"}': "1x5"}, silent("Low", "5m")))
    assert finding.reason.startswith(
        'a{jobs="x"} has the name but not the labels that Low reads (a{job="x"})'
    )


@pytest.mark.parametrize("name", ["Low", "Other"])
def test_a_decoy_is_welcome_where_something_fires(name):
    """Whatever fires in the group shows that its data is alive."""
    rules = [MATCHING, alert("Other", 'a{jobs="x"} > 0')]
    assert found(rules, group({'a{jobs="x"}': "1x5"}, silent("Low", "5m"), fires(name, "5m"))) == ()


def test_something_that_fires_in_another_group_excuses_no_decoy():
    """Each group has its own series."""
    rules = [MATCHING, alert("Other", 'a{jobs="x"} > 0')]
    decoy = group({'a{jobs="x"}': "1x5"}, silent("Low", "5m"))
    assert told(found(rules, decoy, group({'a{jobs="x"}': "1x5"}, fires("Other", "5m")))) == [
        ("unmatched-series", "5m")
    ]


@pytest.mark.parametrize(
    ("expr", "vacuous"),
    [
        ("b > 5", True),  # nobody has b
        ('a{x="2"} > 5', True),
        ('a{x="1"} > 5', False),
        ("a > 5", False),
        ("a and b", True),
        ("a > 5 or b", False),
        ("a unless b", False),
        ("sum(rate(b[5m])) / sum(rate(a[5m]))", True),
        ("kept > 5", False),
        ('ALERTS{alertname="Low"}', False),
        ('ALERTS{alertname="Lwo"}', True),
        ("absent(a)", False),
        ("vector(1) > 5", False),
        ('{__name__=~"a|b"} > 5', False),
    ],
)
def test_unmatched_expression(expr, vacuous):
    """An expression that expects nothing is vacuous where it selects nothing that the group or a rule makes."""
    rules = [alert("Low", "a < 1"), record("kept", "sum(a)")]
    told_of = told(found(rules, group({'a{x="1"}': "2x9"}, sampled(expr, "5m"))))
    assert told_of == ([("unmatched-expression", "5m")] if vacuous else [])


@pytest.mark.parametrize("name", ["b, missing data", "b, Missing Data"])
def test_an_expression_of_missing_data_may_select_nothing(name):
    """That there are no samples is what the group is about."""
    assert found([alert("Low", "a < 1")], group({"a": "2x9"}, sampled("b > 5", "5m"), name=name)) == ()


def test_an_expression_that_expects_samples_is_promtool_s_to_judge():
    """Where samples are expected, a misspelt name fails the case by itself."""
    case = sampled("b", "5m", {"labels": "b", "value": 1})
    assert found([alert("Low", "a < 1")], group({"a": "2x9"}, case)) == ()

"""Objectives, read from OpenSLO documents."""

from __future__ import annotations

import ast
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.languages.openslo import read_objectives
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator
from tests.suite import ROOT
from tests.trials import trials

LATENCY = (ROOT / "slos" / "api-latency.yaml").read_text()
AVAILABILITY = (ROOT / "slos" / "api-availability.yaml").read_text()


def problems(text: str) -> list[str]:
    """What is told of a text; no objective may come of it."""
    read = read_objectives(text, "x.yaml")
    assert read.problems
    return [str(problem) for problem in read.problems]


def test_the_projects_latency_objective() -> None:
    """At least 95% below 0.5 s, exactly, in 28 days, watched over by HighLatency."""
    (objective,) = read_objectives(LATENCY, "slos/api-latency.yaml").objectives
    assert isinstance(objective.indicator, LatencyIndicator)
    assert objective.indicator.threshold == Fraction(1, 2)
    assert not objective.indicator.inclusive
    assert (objective.target, objective.strict) == (Fraction(19, 20), False)
    assert objective.window == 28 * 86400
    assert objective.alerts == ("HighLatency",)
    assert objective.promise == "at least 95% of requests take less than 0.5 s"
    assert objective.source.startswith("slos/api-latency.yaml:")


def test_the_projects_availability_objective() -> None:
    """Fewer than 5% failed: 5% itself is a breach."""
    (objective,) = read_objectives(AVAILABILITY, "slos/api-availability.yaml").objectives
    assert isinstance(objective.indicator, AvailabilityIndicator)
    assert objective.promise == "fewer than 5% of requests fail"
    assert not objective.is_met_by(95, 100)
    assert objective.is_met_by(951, 1000)


def test_health_metrics_and_ping_are_left_out_visibly() -> None:
    """The matchers say it, and so does the description, of synthetic requests too."""
    for text in (LATENCY, AVAILABILITY):
        (objective,) = read_objectives(text, "x.yaml").objectives
        for word in ("/health", "/metrics", "/ping", "Synthetic"):
            assert word in objective.description
        assert text.count('path!~"/health|/metrics|/ping"') >= 1


def test_the_numbers_stand_nowhere_else() -> None:
    """Neither the threshold nor the share is a number in the code that judges by them, makes load, or checks."""
    folders = ("chapters/slo", "languages/openslo", "tools/prometheus")
    files = [file for folder in folders for file in (ROOT / "src" / "deployspec" / folder).rglob("*.py")]
    assert len(files) > 30
    files += [*(ROOT / "load").glob("*.py"), ROOT / "checks" / "test_latency_slo.py"]
    found = [
        f"{file.name}:{node.lineno}"
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and node.value in (0.5, 500, 500_000_000, 0.05)
    ]
    # How much there has to be, how often one looks: other numbers that are alike.
    known = {"running.py", "locustfile.py", "interval.py"}
    assert [place for place in found if place.partition(":")[0] not in known] == []


def test_an_indicator_by_reference() -> None:
    """An SLI of its own in the same file serves; kinds that we do not judge are passed over."""
    inline = LATENCY.partition("  indicator:\n")[2].partition("  timeWindow:")[0]
    sli = inline.replace("    metadata:\n      name: quick-requests\n    spec:\n", "").replace(
        "\n      ", "\n  "
    )
    text = (
        LATENCY.replace("  indicator:\n" + inline, "  indicatorRef: quick\n")
        + "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: quick}\nspec:\n  " + sli.strip() + "\n"
        + "---\napiVersion: openslo/v1\nkind: Service\nmetadata: {name: deal-scout}\nspec: {}\n"
    )  # fmt: skip
    read = read_objectives(text, "x.yaml")
    assert not read.problems
    assert isinstance(read.objectives[0].indicator, LatencyIndicator)
    assert "no SLI in this file has that name" in problems(text.replace("Ref: quick", "Ref: quik"))[0]


def test_a_percentage_is_the_same_target() -> None:
    """targetPercent: 99.95 is 0.9995, exactly."""
    (objective,) = read_objectives(
        LATENCY.replace("target: 0.95", "targetPercent: 99.95"), "x.yaml"
    ).objectives
    assert objective.target == Fraction(9995, 10000)


def test_annotations() -> None:
    """Routes and alerts are lists with commas; annotations of others are left alone."""
    text = LATENCY.replace("deployspec/alerts: HighLatency", 'deployspec/alerts: A, B\n    deployspec/routes: "x y, z"\n    other/thing: 1x')  # fmt: skip
    (objective,) = read_objectives(text, "x.yaml").objectives
    assert objective.alerts == ("A", "B")
    assert objective.routes == ("x y", "z")


# columns: what is replaced, by what, where that is wrong, what is found, what was expected
WRONG = [
    pytest.param("openslo/v1", "openslo/v2", "2:13", '"openslo/v2"', "openslo/v1", id="version"),
    pytest.param("kind: SLO", "kind: SLOO", "3:7", '"SLOO"', "did you mean SLO?", id="kind"),
    pytest.param("name: api-latency", "name: API latency", "5:9", '"API latency"', "small letters", id="name"),
    pytest.param("  name: api-latency\n", "", "5:3", "without `name`", "such as api-latency", id="no-name"),
    pytest.param("deployspec/alerts", "deployspec/alert", "8:23", "the unknown annotation deployspec/alert", "did you mean deployspec/alerts?", id="annotation"),
    pytest.param("alerts: HighLatency", "alerts: HighLatency, HighLatency", "8:24", '"HighLatency, HighLatency"', "each once", id="alert-twice"),
    pytest.param("alerts: HighLatency", "alerts: 1", "8:24", '"1"', "in quotes", id="annotation-without-quotes"),
    pytest.param("  service: deal-scout\n", "", "10:3", "without `service`", "the name of the service", id="no-service"),
    pytest.param("thresholdMetric", "treshold", "20:7", "the unknown field `treshold`", "`thresholdMetric`", id="metric"),
    pytest.param("type: Prometheus", "type: Datadog", "22:17", '"Datadog"', "Prometheus", id="source"),
    pytest.param("name: quick-requests", "name: Quick", "18:13", '"Quick"', "small letters", id="indicator-name"),
    pytest.param("name: quick-requests", "nam: quick-requests", "18:7", "the unknown field `nam`", "`name`", id="indicator-key"),
    pytest.param('path!~"/health|/metrics|/ping"', "'path!~\"/health\" or a=\"b\"'", "25:23", "or between", "commas", id="or-between-matchers"),
    pytest.param(' path!~"/health|/metrics|/ping"', "", "25:22", "nothing", "matchers such as", id="matchers-left-blank"),
    pytest.param('path!~"/health|/metrics|/ping"', "''", "25:23", "an empty text", "matchers such as", id="matchers-empty"),
    pytest.param('path!~"/health|/metrics|/ping"', "'} #'", "25:23", "not PromQL", "a plain selector", id="closing-brace-and-comment"),
    pytest.param('path!~"/health|/metrics|/ping"', "'a=\"b\"} offset 1d #'", "25:23", "not PromQL", "a plain selector", id="offset-out-of-the-braces"),
    pytest.param('path!~"/health|/metrics|/ping"', "'le=\"0.5\"'", "25:23", "a matcher on le", "the objective's value", id="boundary-said-twice"),
    pytest.param("_seconds\n", "_seconds_bucket\n", "24:24", "_bucket", "without _bucket", id="bucket"),
    pytest.param("path!~", "rate(path", "25:23", "not PromQL", "a plain selector", id="function"),
    pytest.param("28d", "28", "27:17", '"28"', "such as 28d", id="duration"),
    pytest.param("28d", "600s", "27:17", '"600s"', "such as 28d", id="seconds-are-not-openslos"),
    pytest.param("28d", "1M", "27:17", "not always the same", "28d or 4w", id="month"),
    pytest.param("isRolling: true", "isRolling: false", "28:18", '"false"', "the only kind", id="not-rolling"),
    pytest.param("isRolling: true", 'isRolling: "true"', "28:18", '"true" in quotes', "true", id="rolling-as-text"),
    pytest.param("isRolling: true", "isRolling: true\n      calendar: {startTime: 2020-01-21 12:30:00}", "29:17", "follows the calendar", "isRolling: true", id="calendar"),
    pytest.param("      isRolling: true\n", "", "27:7", "without `isRolling`", "true", id="rolling-not-said"),
    pytest.param("isRolling: true", "isRolling: true\n    - duration: 1d\n      isRolling: true", "27:5", "a list of 2", "one window", id="two-windows"),
    pytest.param("Occurrences", "Timeslices", "29:20", '"Timeslices"', "Occurrences", id="time-slices"),
    pytest.param("  budgetingMethod", "  alertPolicies: none\n  budgetingMethod", "29:18", '"none"', "a list of alert policies", id="alert-policies"),
    pytest.param("op: lt", "op: gt", "32:11", '"gt"', "lt or lte", id="op"),
    pytest.param("      op: lt\n", "", "31:7", "without `op`", "lt or lte", id="no-op"),
    pytest.param("value: 0.5", "value: 0", "33:14", '"0"', "above 0", id="threshold-of-0"),
    pytest.param("value: 0.5", "value: -0.5", "33:14", '"-0.5"', "above 0", id="negative-threshold"),
    pytest.param("value: 0.5", "value: 010", "33:14", '"010"', "above 0", id="ten-or-eight"),
    pytest.param("value: 0.5", "value: 500ms", "33:14", '"500ms"', "a number of seconds", id="threshold-with-unit"),
    pytest.param("target: 0.95", "target: 1.0", "34:15", '"1.0"', "between 0 and 1", id="target-of-1"),
    pytest.param("target: 0.95", "target: 0", "34:15", '"0"', "between 0 and 1", id="target-of-0"),
    pytest.param("target: 0.95", "target: 95", "34:15", '"95"', "between 0 and 1", id="target-as-percent"),
    pytest.param("target: 0.95", 'target: "0.95"', "34:15", "in quotes", "a number", id="quoted-number"),
    pytest.param("target: 0.95", "target: .nan", "34:15", '".nan"', "a number", id="nan"),
    pytest.param("target: 0.95", "target: 0.95\n      targetPercent: 95", "35:22", "target and targetPercent", "one of the two", id="two-targets"),
    pytest.param("target: 0.95", "targt: 0.95", "34:7", "the unknown field `targt`", "`target`", id="near-miss"),
    pytest.param("target: 0.95", "target: 0.95\n      timeSliceTarget: 0.9", "35:24", "timeSliceTarget", "no time slices", id="time-slice"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "position", "found", "expected"), WRONG)
def test_what_is_wrong_has_its_place_and_reason(
    old: str, new: str, position: str, found: str, expected: str
) -> None:
    """One mistake is told once, where it is, with what was found and what was expected."""
    assert LATENCY.count(old) >= 1
    (told,) = problems(LATENCY.replace(old, new, 1))
    assert told.startswith(f"x.yaml:{position}: found ")
    assert found in told.partition("; expected ")[0]
    assert expected in told.partition("; expected ")[2]


@pytest.mark.parametrize(
    ("old", "new", "piece"),
    [
        pytest.param("counter: true", "counter: false", "counters are asked how much they increased", id="gauge"),
        pytest.param("counter: true", 'counter: "true"', '"true" in quotes', id="counter-as-text"),
        pytest.param("        bad:", "        raw:", "good or bad, and total", id="raw"),
        pytest.param("        bad:", "        good: {}\n        bad:", "found good and bad; expected one of the two", id="good-and-bad"),
        pytest.param('status=~"5.."', 'le="1"', "a matcher on le", id="bucket-of-the-bad"),
        pytest.param(', status=~"5.."', "", "the same counter as total", id="all-requests-are-bad"),
        pytest.param(', status=~"5.."', ', status=~"5..", path="/health"', "failed requests that are among total's", id="failures-of-others"),
        pytest.param("query: deal_scout_requests_total{path!~", "query: sum(deal_scout_requests_total) or x{path!~", "more than that", id="or"),
        pytest.param('query: deal_scout_requests_total{path!~"/health|/metrics|/ping"}', "query: 'deal_scout_requests_total # all'", "not PromQL", id="comment"),
        pytest.param('{path!~"/health|/metrics|/ping"}\n', '{path!~"/health|/metrics|/ping"}[5m]\n', "no range", id="range"),
        pytest.param("query: deal", "query: sum(deal", "not PromQL", id="half-an-expression"),
        pytest.param("      target: 0.95", "      op: lt\n      target: 0.95", "no op with a ratioMetric", id="op"),
        pytest.param('strict: "true"', "strict: true", "in quotes", id="boolean-annotation"),
        pytest.param('strict: "true"', 'strict: "yes"', '"true" or "false"', id="strict"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_ratio(old: str, new: str, piece: str) -> None:
    """Each mistake is told with what to write instead."""
    assert AVAILABILITY.count(old) >= 1
    assert any(piece in told for told in problems(AVAILABILITY.replace(old, new)))


def test_all_problems_at_once() -> None:
    """Three mistakes are three lines."""
    text = LATENCY.replace("op: lt", "op: gt").replace("28d", "28").replace("0.95", "95")
    assert len(problems(text)) == 3


def test_a_name_that_is_there_twice() -> None:
    """The second document is told, with where the first is."""
    (told,) = [str(one) for one in read_objectives(LATENCY + "---\n" + LATENCY, "x.yaml").problems]
    assert "api-latency for the second time (first: x.yaml:2)" in told


def test_the_second_of_a_name_is_told_of_a_broken_first_one_too() -> None:
    """Neither gives an objective then: which of the two is meant cannot be known."""
    told = problems(LATENCY.replace("op: lt", "op: gt") + "---\n" + LATENCY)
    assert len(told) == 2
    assert '"gt"' in told[0]
    assert "api-latency for the second time (first: x.yaml:2)" in told[1]


SLI = (
    "---\napiVersion: openslo/v1\nkind: SLI\nmetadata: {name: quick}\n"
    "spec: {thresholdMetric: {metricSource: {type: Prometheus, spec: {histogram: h}}}}\n"
)


def test_two_indicators_of_one_name() -> None:
    """The second is told: which of the two the reference means cannot be known."""
    (told,) = problems(SLI + SLI)
    assert told.startswith("x.yaml:7:1: found the SLI quick for the second time (first: x.yaml:2)")


def test_labels_may_be_lists() -> None:
    """OpenSLO's labels are texts or lists of texts; what is neither has its own place."""
    labels = '  labels: {team: identity, tags: [auth, "1"]}\n'
    text = LATENCY.replace("  annotations:\n", labels + "  annotations:\n", 1)
    assert not read_objectives(text, "x.yaml").problems
    (told,) = problems(text.replace('"1"', "1"))
    assert told.startswith('x.yaml:7:41: found "1"; expected a text')


@pytest.mark.parametrize("written", [".5", "5e-1", "0.50", "50E-2"])
def test_a_number_is_read_exactly_however_it_is_written(written: str) -> None:
    """As YAML lets one write it."""
    (objective,) = read_objectives(LATENCY.replace("value: 0.5", f"value: {written}"), "x.yaml").objectives
    assert isinstance(objective.indicator, LatencyIndicator)
    assert objective.indicator.threshold == Fraction(1, 2)


def test_a_number_is_not_rounded() -> None:
    """0.1 is exactly a tenth, and nine nines are nine nines."""
    text = LATENCY.replace("value: 0.5", "value: 0.1").replace("0.95", "0.999999999")
    (objective,) = read_objectives(text, "x.yaml").objectives
    assert isinstance(objective.indicator, LatencyIndicator)
    assert objective.indicator.threshold == Fraction(1, 10)
    assert objective.target == 1 - Fraction(1, 10**9)


def test_a_comma_at_the_end_of_matchers_is_left_out() -> None:
    """PromQL lets it stand there; whoever puts a matcher behind it must not get two."""
    text = LATENCY.replace('path!~"/health|/metrics|/ping"', "'a=\"b,\" , '")
    (objective,) = read_objectives(text, "x.yaml").objectives
    assert isinstance(objective.indicator, LatencyIndicator)
    assert objective.indicator.matchers == 'a="b,"'


@pytest.mark.parametrize(("length", "good"), [(1049, True), (1050, True), (1051, False)])
def test_the_length_of_a_description(length: int, good: bool) -> None:
    """At most 1050 characters, which is OpenSLO's own limit."""
    before, _, rest = LATENCY.partition("  description:")
    text = f"{before}  description: {'x' * length}\n  service:{rest.partition('  service:')[2]}"
    told = [str(problem) for problem in read_objectives(text, "x.yaml").problems]
    assert told == (
        [] if good else [f"x.yaml:10:16: found a text of {length} characters; expected at most 1050"]
    )


def test_an_objective_with_a_problem_is_missing() -> None:
    """Also where the problem is not one of its values, such as an unknown key beside `spec`."""
    read = read_objectives(LATENCY + "stauts: {}\n---\n" + AVAILABILITY, "x.yaml")
    assert [objective.name for objective in read.objectives] == ["api-availability"]
    assert len(read.problems) == 1


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n---\n", "x", "- 1", "a: [", "kind: SLO", "\x00", "a: &a [*a]"]
)
def test_what_is_no_document(text: str) -> None:
    """It is told, and nothing is raised."""
    assert problems(text)
    assert not read_objectives(text, "x.yaml").objectives


@settings(max_examples=trials(150), deadline=None)
@given(st.data())
def test_no_text_breaks_the_reader(data: st.DataObject) -> None:
    """A document with a piece cut out, or repeated, is read or refused, never a traceback."""
    text = data.draw(st.sampled_from([LATENCY, AVAILABILITY]))
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 200)))
    more = data.draw(st.sampled_from(["", text[begin:end] * 2, "{", "null", "- a\n", '"']))
    read_objectives(text[:begin] + more + text[end:], "x.yaml")


BUCKET = 'h_bucket{job="shop", le="0.5"}'


def ratio(good: str, total: str) -> str:
    """The project's objective with ``good`` beside ``total``."""
    of_bad = 'deal_scout_requests_total{path!~"/health|/metrics|/ping", status=~"5.."}'
    of_all = 'deal_scout_requests_total{path!~"/health|/metrics|/ping"}'
    assert of_bad in AVAILABILITY
    text = AVAILABILITY.replace("bad:", "good:").replace(of_bad, f"'{good}'")
    return text.replace(of_all, f"'{total}'")


@pytest.mark.parametrize("total", ['h_count{job="shop"}', 'h_bucket{le="+Inf", job="shop"}'])
def test_a_bucket_beside_the_count_is_a_latency(total: str) -> None:
    """``le`` is "at most", so the threshold itself is good; the bucket says it, and no ``value`` does."""
    read = read_objectives(ratio(BUCKET, total), "x.yaml")
    assert not read.problems
    assert read.objectives[0].indicator == LatencyIndicator(Fraction(1, 2), True, "h", 'job="shop"')
    assert read.objectives[0].promise == "more than 95% of requests take at most 0.5 s"


def test_good_requests_beside_all_are_an_availability() -> None:
    """The counter of good ones is kept as such."""
    read = read_objectives(ratio('n{status!~"5.."}', "n"), "x.yaml")
    assert not read.problems
    assert read.objectives[0].indicator == AvailabilityIndicator('n{status!~"5.."}', "n", counts_good=True)
    assert read.objectives[0].counts_good


@pytest.mark.parametrize(
    ("good", "total"),
    [
        pytest.param(BUCKET, 'other_count{job="shop"}', id="another-histogram"),
        pytest.param(BUCKET, "h_count", id="other-matchers"),
        pytest.param('h_bucket{job="shop", le="+Inf"}', 'h_count{job="shop"}', id="everything"),
        pytest.param('h_bucket{job="shop", le=~"0.5|1"}', 'h_count{job="shop"}', id="two-buckets"),
    ],
)
def test_a_bucket_beside_something_else_is_told(good: str, total: str) -> None:
    """A bucket is the good part of its own histogram's count alone."""
    (told,) = problems(ratio(good, total))
    assert "found a matcher on le; expected good as one bucket" in told


def test_that_no_alert_watches_can_be_said() -> None:
    """``none`` stands alone: it is no name among names."""
    (objective,) = read_objectives(LATENCY.replace("HighLatency", "none"), "x.yaml").objectives
    assert (objective.alerts, objective.unwatched) == ((), True)
    (told,) = problems(LATENCY.replace("HighLatency", "HighLatency, none"))
    assert "found none among names of alerts; expected names of alerts, or none alone" in told

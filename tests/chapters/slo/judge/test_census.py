"""What Prometheus' counts say of an objective, and why they sometimes say nothing."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import pytest

from deployspec.chapters.slo.judge.census import (
    Asked,
    Buckets,
    Census,
    duration,
    judge_buckets,
    judge_census,
    le_matcher,
    window_of,
)
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.languages.prometheus.model import Unavailable
from deployspec.model.verdict import Outcome

DAY = 86400.0


def objective(kind: str, **more: Any) -> Objective:
    """At least 95% below 500 ms in 28 days, or fewer than 5% failed."""
    latency = kind == "latency"
    indicator: Any = (
        LatencyIndicator(
            more.pop("threshold", Fraction(1, 2)), inclusive=False, histogram="h", matchers='a="b"'
        )
        if latency
        else AvailabilityIndicator('m{status=~"5.."}', "m")
    )
    told = {
        "name": f"api-{kind}",
        "indicator": indicator,
        "target": Fraction(19, 20),
        "strict": not latency,
        "window": 28 * DAY,
        "routes": (),
        "alerts": (),
        "description": "",
        "source": "slos/x.yaml:1",
    }
    return Objective(**(told | more))


LATENCY, AVAILABILITY = objective("latency"), objective("availability")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("of", [LATENCY, AVAILABILITY], ids=["latency", "availability"])
@pytest.mark.parametrize(("good", "kept"), [(949, False), (950, None), (951, True)])
def test_the_limit(of: Objective, strict: bool, good: int, kept: bool | None) -> None:
    """Just below the target is a breach, just above it none; exactly the target is one only where it is strict."""
    found = judge_census(
        objective(of.name.removeprefix("api-"), strict=strict), Census(good, 1000, 1.0), asked_window=DAY
    )
    expected = (not strict) if kept is None else kept
    assert found.outcome is (Outcome.MET if expected else Outcome.BREACHED)


def test_what_is_said_of_latency() -> None:
    """Objective, share, count, window and the objective's, estimate and promise are all there."""
    found = judge_census(LATENCY, Census(1900, 2000, 1.0, p95=0.48), asked_window=DAY)
    assert found.reason == (
        "api-latency: 95.00% of 2,000 requests in the last 1d (of the objective's 4w) took at most 0.5 s (le), "
        "p95 about 0.48 s (histogram_quantile, interpolated within a bucket); promised: at least 95% of requests take less than 0.5 s"
    )
    assert found.measured == "95.00% of 2,000"
    assert found.limit == LATENCY.promise


def test_what_is_said_of_availability() -> None:
    """It tells the share that failed; of the whole window, the window stands alone."""
    found = judge_census(AVAILABILITY, Census(1900, 2000, 1.0), asked_window=99 * DAY)
    assert found.outcome is Outcome.BREACHED
    assert found.reason == (
        "api-availability: 5.00% of 2,000 requests in the last 4w failed; "
        "promised: fewer than 5% of requests fail"
    )


@pytest.mark.parametrize("kind", ["latency", "availability"])
@pytest.mark.parametrize("target", [Fraction(95, 100), Fraction(999, 1000), Fraction(93, 100)])
@pytest.mark.parametrize("off", [1e-3, 1e-7, 1e-11, 1e-15])
def test_a_share_is_never_shown_on_or_across_the_limit(kind: str, target: Fraction, off: float) -> None:
    """However near, the share that is read is on the side of the limit that the verdict is on."""
    for sign in (-1, 1):
        good = 1000 * float(target) * (1 + sign * off)
        of = objective(kind, target=target, strict=False)
        found = judge_census(of, Census(good, 1000.0, 1.0), asked_window=DAY)
        read = re.search(r": ([0-9.]+)% of ", found.reason)
        assert read is not None
        share = Fraction(read[1]) / 100
        share = 1 - share if kind == "availability" else share
        assert (share > target) == (Fraction(good) / 1000 > target)
        assert (share < target) == (Fraction(good) / 1000 < target)
        assert (share >= target) == (found.outcome is Outcome.MET)


def test_one_failure_of_very_many_is_not_shown_as_none() -> None:
    """A share that is not 0 is told as one that is not 0."""
    found = judge_census(AVAILABILITY, Census(10**7 - 1, 10**7, 1.0), asked_window=DAY)
    assert found.outcome is Outcome.MET
    assert "0.00001% of 10,000,000 requests" in found.reason


SERIES = ('{instance="a"}', '{instance="b"}', '{instance="c"}', '{instance="d"}')
ENOUGH = Census(1000, 1000, 1.0)
# id, what was measured, what is said after "api-latency: ".
NOTHING_TOLD: list[tuple[str, Census | Unavailable, str]] = [
    ("unavailable", Unavailable("Prometheus at X is not there"), "Prometheus at X is not there"),
    ("covered", Census(1000, 1000, 0.93), "there is data for 93.0% of the 1d asked about; expected 95% (prometheus.window sets a shorter window)"),
    ("nearly-covered", Census(1000, 1000, 0.94999), "there is data for 94.999% of the 1d asked about; expected 95% (prometheus.window sets a shorter window)"),
    ("no-data", Census(0, 0, 0.0), 'Prometheus has no data for h_count{a="b"} in the last 1d'),
    ("no-traffic", Census(0, 0, 1.0), "Prometheus has counted no request in the last 1d"),
    ("too-few", Census(19, 19, 1.0), "Prometheus has counted 19 requests in the last 1d; expected 20 at least, so that no single request decides about 95%"),
    ("nearly-enough", Census(19, 19.99, 1.0), "Prometheus has counted 19.99 requests in the last 1d; expected 20 at least, so that no single request decides about 95%"),
    ("without-bucket", Census(900, 1000, 1.0, SERIES[:1]), '1 series of the histogram has no bucket that ends at the threshold, so the share is not known: {instance="a"}'),
    ("bucket-for-a-time", Census(900, 1000, 1.0, bucket_for_a_time=SERIES[:1]), 'the bucket that ends at 0.5 s was missing for a part of the last 1d, while the count went on, so the share is not known: {instance="a"}'),
    ("covered-least", Census(1000, 1000, 0.93, least='the target {instance="a"}'), 'there is data for 93.0% of the 1d asked about, of the target {instance="a"}; expected 95% (prometheus.window sets a shorter window)'),
    ("doubt", Census(1000, 1000, 1.0, doubts=("`x` selects nothing", "y")), "`x` selects nothing; y"),
    ("no-traffic-split", Census(0, 0, 1.0, split_by="`path` (300 values)"), "Prometheus has counted no request in the last 1d; the label `path` (300 values) splits them into series that never increase"),
    ("without-buckets", Census(900, 1000, 1.0, SERIES), '4 series of the histogram have no bucket that ends at the threshold, so the share is not known: {instance="a"}, {instance="b"}, {instance="c"} and 1 more'),
    ("nan", Census(math.nan, 1000, 1.0), "Prometheus answers with nan good ones of 1000 requests, which is impossible for counters"),
    ("nan-total", Census(1000, math.nan, 1.0), "Prometheus answers with 1000 good ones of nan requests, which is impossible for counters"),
    ("nan-covered", Census(1000, 1000, math.nan), "Prometheus answers with a share of nan of the window that has data, which is impossible"),
    ("infinite", Census(1000, math.inf, 1.0), "Prometheus answers with 1000 good ones of inf requests, which is impossible for counters"),
    ("negative", Census(-1.0, 1000, 1.0), "Prometheus answers with -1.0 good ones of 1000 requests, which is impossible for counters"),
    ("more-good-than-all", Census(1002, 1000, 1.0), "Prometheus answers with 1002.0 good ones of 1000.0 requests, which is impossible"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("census", "said"), [pytest.param(census, said, id=name) for name, census, said in NOTHING_TOLD]
)
def test_counts_that_tell_nothing(census: Census | Unavailable, said: str) -> None:
    """Counts that tell nothing are UNMEASURED, with what is missing."""
    found = judge_census(LATENCY, census, asked_window=DAY)
    assert (found.outcome, found.reason) == (Outcome.UNMEASURED, f"api-latency: {said}")
    assert found.limit == LATENCY.promise


@pytest.mark.parametrize(
    "census",
    [
        Census(1000, 1000, 0.95),
        Census(20, 20, 1.0),
        Census(1000 * (1 + 1e-12), 1000, 1.0),
        Census(1000, 1000, 1.0, p95=math.nan),
    ],
    ids=["covered", "enough", "rounding", "no-estimate"],
)
def test_counts_that_just_tell_enough(census: Census) -> None:
    """At each limit, and with the last digit of an extrapolation, there is a verdict."""
    found = judge_census(LATENCY, census, asked_window=DAY)
    assert found.outcome is Outcome.MET
    assert "100.00% of" in found.reason
    assert "nan" not in found.reason


@pytest.mark.parametrize(
    ("bad", "outcome"), [(1, Outcome.UNMEASURED), (2, Outcome.BREACHED), (19, Outcome.BREACHED)]
)
def test_a_certain_breach_needs_no_least_number(bad: int, outcome: Outcome) -> None:
    """Of 19 requests, one bad one decides nothing; two are too many, whatever the one that is missing would have been."""
    verdict = judge_census(objective("availability"), Census(19 - bad, 19, 1.0), asked_window=DAY)
    assert verdict.outcome is outcome, verdict.reason


@pytest.mark.parametrize(("target", "least"), [("0.95", 20), ("0.999", 1000), ("0.5", 2), ("0.93", 15)])
def test_no_single_request_decides(target: str, least: int) -> None:
    """How many requests there have to be follows from the target."""
    of = objective("latency", target=Fraction(target))
    enough = judge_census(of, Census(least, least, 1.0), asked_window=DAY)
    too_few = judge_census(of, Census(least - 0.01, least - 0.01, 1.0), asked_window=DAY)
    assert (enough.outcome, too_few.outcome) == (Outcome.MET, Outcome.UNMEASURED)
    assert f"expected {least:,} at least" in too_few.reason


@pytest.mark.parametrize(
    ("good", "began_good", "began_bad", "outcome"),
    [
        pytest.param(960, 0, 10, Outcome.MET, id="few-bad"),  # 960 of 1,010 are 95.05%
        pytest.param(960, 0, 11, Outcome.UNMEASURED, id="bad"),  # 960 of 1,011 are 94.96%
        pytest.param(
            940, 200, 0, Outcome.BREACHED, id="few-good"
        ),  # 1,140 of 1,200 are 95%, where it must be more
        pytest.param(940, 201, 0, Outcome.UNMEASURED, id="good"),
        pytest.param(990, 900, 10, Outcome.MET, id="both"),
        pytest.param(0, 10, 900, Outcome.BREACHED, id="all-bad"),
    ],
)
def test_what_series_had_counted_when_they_began(
    good: int, began_good: int, began_bad: int, outcome: Outcome
) -> None:
    """What increase leaves out makes no verdict, but where it could have turned one, there is none."""
    counted = Census(good, 1000, 1.0, began_good=began_good, began_total=began_good + began_bad)
    found = judge_census(AVAILABILITY, counted, asked_window=DAY)
    assert found.outcome is outcome, found.reason
    said = f"had counted {began_good} good and {began_bad} bad requests when they were scraped first"
    assert (said in found.reason) == (outcome is Outcome.UNMEASURED)


@pytest.mark.parametrize(
    ("boundaries", "said"),
    [
        (("0.1", "0.25", "0.75", "+Inf"), "; there are next to it: 0.25, 0.75"),
        (("0.25", "+Inf"), "; there are next to it: 0.25, +Inf"),
        (("1.0", "1e+06", "+Inf"), "; there are next to it: 1.0"),
        (("", "many"), ""),
    ],
    ids=["both", "infinity", "above", "none"],
)
def test_the_nearest_boundaries(boundaries: tuple[str, ...], said: str) -> None:
    """Where a series has no bucket at the threshold, those that end next to it are told."""
    found = judge_census(LATENCY, Census(0, 1000, 1.0, SERIES[:1], boundaries=boundaries), asked_window=DAY)
    assert found.outcome is Outcome.UNMEASURED
    assert found.reason.endswith(f'share is not known: {{instance="a"}}{said}')


def test_availability_needs_no_more_failures_than_requests() -> None:
    """More failed ones than there were requests cannot be counted."""
    found = judge_census(AVAILABILITY, Census(-5.0, 1000, 1.0), asked_window=DAY)
    assert found.outcome is Outcome.UNMEASURED
    assert "-5.0 good ones of 1000 requests" in found.reason


@pytest.mark.parametrize(("asked", "judged"), [(DAY, DAY), (28 * DAY, 28 * DAY), (90 * DAY, 28 * DAY)])
def test_the_shorter_window_is_judged(asked: float, judged: float) -> None:
    """The window asked for never makes the objective's longer."""
    assert window_of(LATENCY, asked) == judged
    reason = judge_census(LATENCY, ENOUGH, asked_window=asked).reason
    assert ("(of the objective's 4w)" in reason) == (asked < 28 * DAY)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (6, "6s"), (90, "90s"), (120, "2m"), (3600, "1h"), (DAY, "1d"), (28 * DAY, "4w"), (30 * DAY, "30d"),
        (0.25, "250ms"), (1.5, "1500ms"), (0.0001, "1ms"),
    ],
)  # fmt: skip
def test_durations_as_prometheus_writes_them(seconds: float, text: str) -> None:
    """In the largest unit that leaves no rest, of milliseconds at least."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("threshold", "matcher", "spelled"),
    [
        ("0.5", 'le=~"0*[.]50*"', ["0.5", "0.50", ".5", "0.500"]),
        ("1", 'le=~"0*1([.]0*)?"', ["1", "1.0", "1.00"]),
        ("0.25", 'le=~"0*[.]250*"', ["0.25", "0.250"]),
        ("0.05", 'le=~"0*[.]050*"', ["0.05", "0.050"]),
        ("2.5", 'le=~"0*2[.]50*"', ["2.5", "2.50"]),
        ("10", 'le=~"0*10([.]0*)?"', ["10", "10.0"]),
        (
            "0.00001",
            'le=~"0*[.]000010*|1([.]0*)?[eE]-0*5"',
            ["1e-05", "1E-5", "1.0E-5", "0.00001"],
        ),
        (
            "2500000",
            'le=~"0*2500000([.]0*)?|2[.]50*[eE][+]?0*6"',
            ["2.5e+06", "2.5E6", "2500000", "2500000.0"],
        ),
    ],
)
def test_the_bucket_in_every_spelling(threshold: str, matcher: str, spelled: list[str]) -> None:
    """Buckets are compared as numbers: clients write whole boundaries with and without ".0"."""
    found = le_matcher(objective("latency", threshold=Fraction(threshold)))
    assert found == matcher
    pattern = found.removeprefix('le=~"').removesuffix('"')
    for text in (
        *spelled,
        "0x5",
        "11.0",
        "100",
        "0.255",
        "0.05e1",
        "5",
        "05e",
        "25",
        "+Inf",
        "1e-06",
        "2.5e+07",
    ):
        assert bool(re.fullmatch(pattern, text)) == (text in spelled)


def test_the_questions_of_latency() -> None:
    """A person may ask the same: the whole, the good ones, the estimate, and who lacks the bucket."""
    assert Asked(LATENCY, DAY).all() == [
        'sum(increase(h_count{a="b"}[1d]))',
        'sum(increase(h_bucket{a="b", le=~"0*[.]50*"}[1d]))',
        'sum(min_over_time(h_count{a="b"}[1d]) unless h_count{a="b"} offset 1d)',
        'sum(min_over_time(h_bucket{a="b", le=~"0*[.]50*"}[1d]) unless h_bucket{a="b", le=~"0*[.]50*"} offset 1d)',
        'histogram_quantile(0.95, sum by (le) (increase(h_bucket{a="b"}[1d])))',
        (
            'sum without (le) (last_over_time(h_count{a="b"}[1d])) unless '
            'sum without (le) (last_over_time(h_bucket{a="b", le=~"0*[.]50*"}[1d]))'
        ),
        (
            'sum without (le) (count_over_time(h_count{a="b"}[1d])) - '
            'sum without (le) (count_over_time(h_bucket{a="b", le=~"0*[.]50*"}[1d])) > 2'
        ),
    ]


def test_the_questions_of_availability() -> None:
    """The whole and the bad ones, as their selectors stand in the objective."""
    assert Asked(AVAILABILITY, 6).all() == [
        "sum(increase(m[6s]))",
        'sum(increase(m{status=~"5.."}[6s]))',
        "sum(min_over_time(m[6s]) unless m offset 6s)",
        'sum(min_over_time(m{status=~"5.."}[6s]) unless m{status=~"5.."} offset 6s)',
    ]


def test_questions_without_matchers() -> None:
    """Where there are no matchers, there is no comma either."""
    bare = objective(
        "latency", indicator=LatencyIndicator(Fraction(1), inclusive=True, histogram="h", matchers="")
    )
    assert Asked(bare, 6).all()[:2] == [
        "sum(increase(h_count{}[6s]))",
        'sum(increase(h_bucket{le=~"0*1([.]0*)?"}[6s]))',
    ]


def test_every_series_has_the_bucket() -> None:
    """It tells how many series there are."""
    found = judge_buckets(LATENCY, Buckets(3, (), ("0.1", "0.5", "+Inf")))
    assert found.outcome is Outcome.MET
    assert found.reason == "api-latency: all 3 series of h have a bucket that ends at 0.5 s"


def test_series_without_the_bucket() -> None:
    """It names the series, at most three, and the boundaries that there are instead."""
    found = judge_buckets(LATENCY, Buckets(5, SERIES, ("0.25", "0.75", "+Inf")))
    assert found.outcome is Outcome.BREACHED
    assert found.reason == (
        'api-latency: 4 of 5 series of h have no bucket that ends at 0.5 s: {instance="a"}, {instance="b"}, '
        '{instance="c"} and 1 more; there are: 0.25, 0.75, +Inf'
    )
    assert found.measured == "1 of 5 series"


@pytest.mark.parametrize(
    ("buckets", "said"),
    [
        (Unavailable("Prometheus at X is not there"), "Prometheus at X is not there"),
        (
            Buckets(0, (), ()),
            'Prometheus has no series of h_bucket{a="b"}, so nothing is known about its buckets',
        ),
    ],
    ids=["unavailable", "no-series"],
)
def test_nothing_is_known_of_the_buckets(buckets: Buckets | Unavailable, said: str) -> None:
    """Without any series, or any answer, there is no verdict on buckets."""
    found = judge_buckets(LATENCY, buckets)
    assert (found.outcome, found.reason) == (Outcome.UNMEASURED, f"api-latency: {said}")


def test_one_series_is_not_many() -> None:
    """Nor one request."""
    one = judge_buckets(LATENCY, Buckets(1, (), ("0.5",)))
    assert "the 1 series of " in one.reason
    assert " has a bucket that ends at 0.5 s" in one.reason
    assert "1 of 2 series of" in (told := judge_buckets(LATENCY, Buckets(2, SERIES[:1], ())).reason)
    assert " has no bucket that ends at 0.5 s" in told


@pytest.mark.parametrize(
    ("buckets", "measured", "reason"),
    [
        (Unavailable("it is away"), "", "it is away"),
        (Buckets(0, (), ()), "", "so nothing is known about its buckets"),
        (Buckets(2, (), ("0.5",)), "2 of 2 series", "all 2 series of h have a bucket"),
        (Buckets(2, SERIES[:2], ()), "0 of 2 series", "; there are: none"),
        (Buckets(4, SERIES[:3], ("1",)), "1 of 4 series", '{instance="c"}; there are: 1'),
        (Buckets(0, (), (), SERIES[:1]), "", "1 series of h are native histograms there"),
    ],
    ids=["unavailable", "no-series", "all", "none", "three-without", "native"],
)
def test_the_verdict_on_buckets_is_whole(buckets: Buckets | Unavailable, measured: str, reason: str) -> None:
    """What was measured, if anything was, and the limit in any case."""
    verdict = judge_buckets(LATENCY, buckets)
    assert (verdict.measured, verdict.limit) == (measured, 'le="0.5" on every series')
    assert reason in verdict.reason


def test_a_percentile_is_not_rounded_onto_the_threshold() -> None:
    """0.4996 s is less than 0.5 s, and 0.4999996 s too."""
    told = judge_census(LATENCY, Census(990, 1000, 1.0, p95=0.4999996), asked_window=86400.0)
    assert "p95 about 0.499999600 s" in told.reason or "p95 about 0.4999996 s" in told.reason


def test_what_a_person_asks_of_names() -> None:
    """Of a histogram, its count; of an availability objective both selectors, the one of bad requests last."""
    assert Asked(LATENCY, 300.0).names() == ['count(last_over_time(h_count{a="b"}[5m]))']
    assert Asked(AVAILABILITY, 300.0).names() == [
        "count(last_over_time(m[5m]))",
        'count(last_over_time(m{status=~"5.."}[5m]))',
    ]

"""What a load run says of an objective."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from deployspec.chapters.slo.judge.load_run import (
    certainly_breached,
    judge_load,
    slowest,
    threshold_of,
    thresholds_of,
)
from deployspec.chapters.slo.load.plan import Plan, Route
from deployspec.chapters.slo.load.result import LoadResult, described
from deployspec.chapters.slo.load.tally import RouteTally, Tally
from deployspec.languages.openslo.model import AvailabilityIndicator, LatencyIndicator, Objective
from deployspec.model.verdict import Outcome

HALF = 500_000_000
FAST, SLOW = HALF // 10, HALF * 2


def objective(kind: str, **more: Any) -> Objective:
    """The project's own objectives: at least 95% below 500 ms, and fewer than 5% failed."""
    latency = kind == "latency"
    indicator: Any = (
        LatencyIndicator(Fraction(1, 2), inclusive=False, histogram="h", matchers="")
        if latency
        else AvailabilityIndicator("bad", "total")
    )
    told = {
        "name": f"api-{kind}",
        "indicator": indicator,
        "target": Fraction(19, 20),
        "strict": not latency,
        "window": 28 * 86400.0,
        "routes": (),
        "alerts": (),
        "description": "",
        "source": "slos/x.yaml:1",
    }
    return Objective(**{**told, **more})


LATENCY, AVAILABILITY = objective("latency"), objective("availability")


def fill(tally: RouteTally, requests: int, *, slow: int = 0, failed: int = 0, spans: int = 600) -> None:
    """Requests spread over the spans, the slow and the failed ones too."""
    bad = slow + failed
    for number in range(requests):
        span = number * spans // requests
        # The bad ones at equal distances: the integer part moves on.
        nth, before = (number + 1) * bad // requests, number * bad // requests
        if nth == before:
            tally.add_request(span, FAST, "200", "")
        elif nth <= failed:
            tally.add_request(span, FAST, "500", "status 500")
        else:
            tally.add_request(span, SLOW, "200", "")


def run(requests: int = 0, *, slow: int = 0, failed: int = 0, routes: int = 1, spans: int = 600, **more: Any) -> LoadResult:  # fmt: skip
    """A run of 60 s."""
    plan = Plan(
        base_url="http://h",
        routes=tuple(Route(f"r{number}", "GET", "/", 1.0) for number in range(routes)),
        rate=50.0,
        duration=60.0,
        seed=1,
        thresholds=(HALF,),
    )
    tally = Tally.empty(plan.thresholds, routes)
    if requests:
        fill(tally.routes[0], requests, slow=slow, failed=failed, spans=spans)
    tally.lateness.update({100: requests})
    return LoadResult(**{"plan": described(plan), "started": "", "tally": tally, "elapsed": 60.0, **more})


@pytest.mark.parametrize(
    ("bad", "latency", "availability"),
    [
        # of 190,000 requests: so many are needed for the near cases
        pytest.param(9_310, Outcome.MET, Outcome.MET, id="4.9%"),
        pytest.param(9_500, Outcome.UNMEASURED, Outcome.UNMEASURED, id="5%-itself"),
        pytest.param(9_690, Outcome.BREACHED, Outcome.BREACHED, id="5.1%"),
    ],
)
def test_near_cases_need_many_requests(bad: int, latency: Outcome, availability: Outcome) -> None:
    """With 190,000 requests 4.9% is MET and 5.1% is BREACHED; at 5% itself no number settles it, and that is told."""
    slow, failed = run(190_000, slow=bad), run(190_000, failed=bad)
    assert judge_load(LATENCY, slow).outcome is latency
    assert judge_load(AVAILABILITY, failed).outcome is availability
    if bad == 9_500:
        assert "no number of requests would settle it" in judge_load(LATENCY, slow).reason


@pytest.mark.parametrize("bad", [73, 75, 77])
def test_near_cases_with_few_requests_are_not_settled(bad: int) -> None:
    """Of 1,500 requests, 4.9% to 5.1% settle nothing; how many more would is told, and how long they take."""
    verdict = judge_load(LATENCY, run(1_500, slow=bad))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "too few samples" in verdict.reason


def test_what_was_unanswered_when_the_run_was_ended_is_not_good() -> None:
    """100 quick answers, and then a server that hangs: neither promise is MET, though no request has failed yet."""
    result = run(100, cut_short="interrupted")
    for span in range(600, 640):
        result.tally.routes[0].add_unfinished(span, HALF - 1)
    for objective in (LATENCY, AVAILABILITY):
        verdict = judge_load(objective, result)
        assert verdict.outcome is Outcome.UNMEASURED
        assert (
            "40 requests had no answer yet when the run was stopped, and that could have changed"
            in verdict.reason
        )
    assert judge_load(LATENCY, run(3_000, cut_short="x")).outcome is Outcome.MET


def test_a_few_unanswered_ones_change_nothing() -> None:
    """Where it would stand with all of them as bad ones, MET stands."""
    result = run(3_000, cut_short="interrupted")
    for span in range(0, 600, 60):
        result.tally.routes[0].add_unfinished(span, 1)
    assert judge_load(LATENCY, result).outcome is Outcome.MET
    assert judge_load(AVAILABILITY, result).outcome is Outcome.MET


def test_nothing_was_answered_before_the_run_was_ended() -> None:
    """Then that is the reason."""
    result = run(cut_short="interrupted")
    result.tally.routes[0].add_unfinished(0, 1)
    reason = judge_load(AVAILABILITY, result).reason
    assert "no request was answered before the run was stopped; 1 request had no answer yet" in reason


def test_the_summary_rounds_onto_no_limit() -> None:
    """Its interval beside the limit: 4.96% is not shown as 5.0%."""
    for slow in range(9_280, 9_340, 20):
        verdict = judge_load(LATENCY, run(190_000, slow=slow))
        assert "5.0%" not in (verdict.measured or "")


def test_how_much_longer() -> None:
    """At 3% of 300 requests, a few hundred more are needed, at the rate at which these came."""
    reason = judge_load(LATENCY, run(300, slow=9)).reason
    assert "more would settle it (about" in reason
    assert "at this rate" in reason


@pytest.mark.parametrize(
    ("requests", "outcome"), [(58, Outcome.UNMEASURED), (59, Outcome.MET), (60, Outcome.MET)]
)
def test_59_requests_settle_95_percent(requests: int, outcome: Outcome) -> None:
    """With no failure, 59 are enough for 95%, and 58 are not, though none of them failed."""
    assert judge_load(LATENCY, run(requests)).outcome is outcome
    assert judge_load(AVAILABILITY, run(requests)).outcome is outcome


@pytest.mark.parametrize("requests", [2, 58, 59, 60])
def test_a_certain_breach_needs_no_least_number(requests: int) -> None:
    """Where all have failed, the interval is above the limit, with however few: that is a breach."""
    verdict = judge_load(AVAILABILITY, run(requests, failed=requests, spans=requests))
    assert verdict.outcome is Outcome.BREACHED, verdict.reason
    assert judge_load(LATENCY, run(requests, slow=requests, spans=requests)).outcome is Outcome.BREACHED


@pytest.mark.parametrize(
    ("failed", "outcome"), [(7, Outcome.UNMEASURED), (8, Outcome.BREACHED), (9, Outcome.BREACHED)]
)
def test_a_breach_by_few_is_one_by_the_interval(failed: int, outcome: Outcome) -> None:
    """Of 58 requests, 7 failed ones have an interval from 4.99% on, 8 one from above 5% on."""
    verdict = judge_load(AVAILABILITY, run(58, failed=failed, spans=58))
    assert verdict.outcome is outcome, verdict.reason


@pytest.mark.parametrize("target", [Fraction(19, 20), Fraction(999, 1000)])
@pytest.mark.parametrize("requests", [1, 20])
def test_one_bad_request_of_few_is_no_share(target: Fraction, requests: int) -> None:
    """It says nothing of how frequent bad ones are, though the interval of one of 20 begins above 0.1%."""
    verdict = judge_load(objective("availability", target=target), run(requests, failed=1, spans=requests))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "too few samples" in verdict.reason


@pytest.mark.parametrize(("bad", "requests"), [(3, 58), (2, 20), (1, 58)])
def test_what_would_settle_few_requests_settles_them(bad: int, requests: int) -> None:
    """Also below the least number: as many more as it says, just as bad, give a verdict."""
    verdict = judge_load(AVAILABILITY, run(requests, failed=bad, spans=requests))
    assert verdict.outcome is Outcome.UNMEASURED
    told = re.search(r"([0-9,]+) more would settle it", verdict.reason)
    assert told, verdict.reason
    total = requests + int(told[1].replace(",", ""))
    share = bad / requests
    failed = math.ceil(total * share) if share < 0.05 else math.floor(total * share)
    assert judge_load(AVAILABILITY, run(total, failed=failed, spans=total)).outcome is not Outcome.UNMEASURED
    assert "95% interval" in verdict.reason


def test_a_slow_kind_is_named_as_the_cause() -> None:
    """Failures that were quick made nothing slow, so a breach of latency does not name them."""
    result = run(3_000, failed=100, routes=2)
    fill(result.tally.routes[1], 600, slow=600)
    reason = judge_load(LATENCY, result).reason
    assert reason.endswith("; slowest: r1 (p95 1 s)"), reason
    assert "status 500" not in reason


def test_a_kind_that_waits_for_a_field_that_never_comes() -> None:
    """Its path wants what no answer has brought: that is told."""
    result = run(600, routes=2)
    result.plan["routes"][1]["path"] = "/b/{r0}"
    reason = judge_load(LATENCY, result, "r1").reason
    assert "its path needs a value kept from answers to r0, and no answer had that field" in reason


def test_neighbours_that_fail_together_are_told() -> None:
    """Why thousands of requests may settle nothing."""
    result = run(3_000)
    for number in range(200):
        result.tally.routes[0].add_request(300 + number // 50, SLOW, "200", "")
    assert "failures are clustered: worth about" in judge_load(LATENCY, result).reason
    assert "neighbours" not in judge_load(LATENCY, run(3_000, slow=100)).reason


def test_failures_and_slowness_have_an_owner_each() -> None:
    """7% failed quickly: availability is BREACHED and latency is not; 7% slow: the other way round."""
    failed, slow = run(3_000, failed=210), run(3_000, slow=210)
    assert judge_load(AVAILABILITY, failed).outcome is Outcome.BREACHED
    assert judge_load(LATENCY, failed).outcome is Outcome.MET
    assert judge_load(AVAILABILITY, slow).outcome is Outcome.MET
    assert judge_load(LATENCY, slow).outcome is Outcome.BREACHED
    assert "210 times status 500" in judge_load(AVAILABILITY, failed).reason


def test_a_service_that_fails_every_request_is_quick_for_nobody() -> None:
    """Quick failures are no quick successes: latency is UNMEASURED, and says why."""
    verdict = judge_load(LATENCY, run(1_000, failed=1_000))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "no request was answered as expected (1,000 times status 500)" in verdict.reason


def test_nothing_sent_is_unmeasured() -> None:
    """Not green."""
    for each in (LATENCY, AVAILABILITY):
        assert judge_load(each, run()).outcome is Outcome.UNMEASURED


def test_a_stall_counts_for_less_than_as_many_lone_failures() -> None:
    """One burst of 3.2% slow requests leaves open whether it is 5% in the long run; spread evenly, it does not."""
    burst = run(6_000)
    fill(burst.tally.routes[0], 6_000)
    for span in range(100, 119):
        for _ in range(20):
            burst.tally.routes[0].add_request(span, SLOW, "200", "")
    spread = run(12_380, slow=380)
    assert judge_load(LATENCY, spread).outcome is Outcome.MET
    assert judge_load(LATENCY, burst).outcome is Outcome.UNMEASURED


def late(result: LoadResult) -> LoadResult:
    """The same, by a generator that was late."""
    return replace(result, tally=replace(result.tally, lateness=Counter({50_000: 100})))


def test_a_late_generator_leaves_met_as_it_is() -> None:
    """Lateness can only redden: what is good enough although it was late is good."""
    assert judge_load(LATENCY, late(run(3_000))).outcome is Outcome.MET


@pytest.mark.parametrize(
    ("certain", "outcome"),
    # 207 of 3,600 is the first whose interval is all above 5%
    [(0, Outcome.UNMEASURED), (206, Outcome.UNMEASURED), (207, Outcome.BREACHED), (600, Outcome.BREACHED)],
)
def test_a_late_generator_is_a_breach_where_it_would_be_one_without_its_lateness(
    certain: int, outcome: Outcome
) -> None:
    """600 of 3,600 were slow; so many of them also without what the generator's lateness has added."""
    result = run(3_000)
    for number in range(600):
        waited = HALF if number * certain // 600 != (number + 1) * certain // 600 else HALF - 1
        result.tally.routes[0].add_request(number, SLOW, "200", "", waited=waited)
    verdict = judge_load(LATENCY, late(result))
    assert verdict.outcome is outcome, verdict.reason
    assert "the load generator was late" in verdict.reason
    assert "the latest of them 0.05 s" in verdict.reason
    assert ("that cannot explain it" in verdict.reason) == (outcome is Outcome.BREACHED)


def test_lateness_makes_no_503() -> None:
    """Every answer is a 503: BREACHED, whatever the generator did, also where it did not send half of them."""
    result = late(run(600, failed=600))
    for number in range(600):
        result.tally.routes[0].add_undispatched(number, "late by more than 1 s")
    verdict = judge_load(AVAILABILITY, result)
    assert verdict.outcome is Outcome.BREACHED
    assert "50.00% of 1,200 requests failed" in verdict.reason


@pytest.mark.parametrize("error", ["no answer within 5 s", "closed without an answer on a kept connection"])
def test_what_lateness_may_have_made_fail_is_no_breach_of_a_late_generator(error: str) -> None:
    """An answer that was read too late, and a connection that idled for too long."""
    result = run(3_000)
    for number in range(600):
        result.tally.routes[0].add_request(number, FAST, "", error, excused=True)
    assert judge_load(AVAILABILITY, result).outcome is Outcome.BREACHED
    assert judge_load(AVAILABILITY, late(result)).outcome is Outcome.UNMEASURED


def test_who_was_turned_away_by_a_late_generator_may_be_its_crowd() -> None:
    """The crowd may be of its own making: UNMEASURED; and BREACHED where it was not late."""
    result = run(3_000)
    for number in range(600):
        result.tally.routes[0].add_turned_away(number)
    for each in (LATENCY, AVAILABILITY):
        assert judge_load(each, result).outcome is Outcome.BREACHED
        assert judge_load(each, late(result)).outcome is Outcome.UNMEASURED


@pytest.mark.parametrize(("unknown", "outcome"), [(100, Outcome.BREACHED), (3_000, Outcome.UNMEASURED)])
def test_a_breach_stands_with_all_that_is_unknown_as_good(unknown: int, outcome: Outcome) -> None:
    """7% failed before the run was ended early; those that were unanswered might have made up for it, if many."""
    result = run(3_000, failed=210, cut_short="interrupted")
    for number in range(unknown):
        result.tally.routes[0].add_unfinished(600 + number // 100, 1)
    verdict = judge_load(AVAILABILITY, result)
    assert verdict.outcome is outcome, verdict.reason
    assert ("that could have changed the verdict" in verdict.reason) == (outcome is Outcome.UNMEASURED)


@pytest.mark.parametrize(("lost", "outcome"), [(30, Outcome.MET), (600, Outcome.UNMEASURED)])
def test_what_was_not_sent_may_have_been_bad(lost: int, outcome: Outcome) -> None:
    """MET stands only if it would stand with every request that was not sent as a bad one."""
    result = run(3_000)
    for number in range(lost):
        result.tally.routes[0].add_undispatched(number * 600 // lost, "no free port left")
    verdict = judge_load(LATENCY, result)
    assert verdict.outcome is outcome
    if outcome is Outcome.UNMEASURED:
        assert "no free port left" in verdict.reason


def test_a_few_lost_ones_that_could_matter_are_named() -> None:
    """Under 1% lost makes no late generator, but where they could turn the verdict it is not given."""
    result = run(3_000, slow=120)
    assert judge_load(LATENCY, result).outcome is Outcome.MET
    for number in range(25):
        result.tally.routes[0].add_undispatched(24 * number, "no free port left")
    verdict = judge_load(LATENCY, LoadResult(**vars_of(result)))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "did not send 25 requests" in verdict.reason


def vars_of(result: LoadResult) -> dict[str, Any]:
    """The fields of a result, without what it has computed."""
    return {name: getattr(result, name) for name in ("plan", "started", "tally", "elapsed")}


def test_trouble_is_told_and_never_green() -> None:
    """A worker that died leaves every objective unmeasured, and says which."""
    verdict = judge_load(LATENCY, run(3_000, trouble="process 2 of 2 (pid 7) died"))
    assert verdict.outcome is Outcome.UNMEASURED
    assert "process 2 of 2 (pid 7) died" in verdict.reason


def test_a_run_that_was_cut_short_is_judged_and_marked() -> None:
    """By what it has measured."""
    verdict = judge_load(LATENCY, run(3_000, cut_short="interrupted"))
    assert verdict.outcome is Outcome.MET
    assert "(cut short: interrupted)" in verdict.reason


def test_a_slow_route_hides_among_quick_ones() -> None:
    """All together keep the objective, one route alone does not, and it is the slowest."""
    result = run(routes=2)
    fill(result.tally.routes[0], 10_000)
    fill(result.tally.routes[1], 200, slow=200)
    assert judge_load(LATENCY, result).outcome is Outcome.MET
    assert judge_load(LATENCY, result, "r0").outcome is Outcome.MET
    assert judge_load(LATENCY, result, "r1").outcome is Outcome.BREACHED
    assert next(slowest(result))[0] == "r1"


def test_an_objective_of_a_route_looks_at_no_other() -> None:
    """Its routes are judged; one that the run does not have is unmeasured."""
    result = run(routes=2)
    fill(result.tally.routes[0], 10_000, slow=5_000)
    fill(result.tally.routes[1], 200)
    assert judge_load(objective("latency", routes=("r1",)), result, "r1").outcome is Outcome.MET
    missing = judge_load(objective("latency", routes=("r9",)), result, "r9")
    assert missing.outcome is Outcome.UNMEASURED
    assert "has no request of that name" in missing.reason


def test_shares_are_never_rounded_across_the_limit() -> None:
    """4.9996% failed is not told as 5.00%."""
    reason = judge_load(AVAILABILITY, run(250_000, failed=12_499)).reason
    assert "4.9996%" in reason


@pytest.mark.parametrize(
    ("threshold", "inclusive", "first"),
    [
        pytest.param(Fraction(1, 2), False, HALF, id="less-than"),
        pytest.param(Fraction(1, 2), True, HALF + 1, id="at-most"),
        pytest.param(Fraction(1, 3), False, 333_333_334, id="between-nanoseconds"),
    ],
)
def test_the_first_latency_that_is_too_slow(threshold: Fraction, inclusive: bool, first: int) -> None:
    """Exactly, in whole nanoseconds."""
    indicator = LatencyIndicator(threshold, inclusive=inclusive, histogram="h", matchers="")
    assert threshold_of(objective("latency", indicator=indicator)) == first


def test_thresholds_of_many_objectives() -> None:
    """Each once, ascending; availability has none."""
    quick = objective("latency", indicator=LatencyIndicator(Fraction(1, 10), False, "h", ""))
    assert thresholds_of([LATENCY, AVAILABILITY, quick, LATENCY]) == (100_000_000, HALF)


def test_certainly_breached_means_whatever_is_still_to_come() -> None:
    """Of 3,000 planned requests 151 slow ones are too many for ever; 150 might still be made up for."""
    for bad, certain in ((150, False), (151, True)):
        result = run()
        for number in range(bad):
            result.tally.routes[0].add_request(number // 5, SLOW, "200", "")
        assert certainly_breached(LATENCY, result, None, 3_000) is certain
        assert judge_load(LATENCY, result).outcome is Outcome.BREACHED
        assert certainly_breached(LATENCY, late(result), None, 3_000) is certain
        for known in result.tally.routes[0].certain.values():
            known[1] = 0
        assert not certainly_breached(LATENCY, late(result), None, 3_000)


def test_nothing_is_certain_below_the_least_number() -> None:
    """58 slow ones of 58 are too few for a verdict, even where only 100 are planned."""
    result = run()
    for number in range(58):
        result.tally.routes[0].add_request(number // 5, SLOW, "200", "")
    assert not certainly_breached(LATENCY, result, None, 100)


def newcomers(
    fresh: int, bad: int, *, kind: str = "slow", others_bad: int = 0, late: bool = False
) -> LoadResult:
    """3,000 requests in 60 s, so many of them chosen for new connections; ``bad`` ones of those, and of the others."""
    result = run(3_000 - fresh, **{kind: others_bad})
    for number in range(fresh):
        told = {"slow": (SLOW, "200", ""), "failed": (FAST, "", "connection reset")}[kind]
        told = told if number < bad else (FAST, "200", "")
        for tally in (result.tally.routes[0], result.tally.chosen[0]):
            tally.add_request(number * 600 // fresh, *told, waited=FAST if late else None)
    if late:
        result.tally.lateness.update({50_000: 3_000})
    return result


@pytest.mark.parametrize(
    ("bad", "outcome"), [(0, Outcome.MET), (7, Outcome.MET), (14, Outcome.BREACHED), (90, Outcome.BREACHED)]
)
@pytest.mark.parametrize(("judged", "kind"), [(LATENCY, "slow"), (AVAILABILITY, "failed")])
def test_newcomers_are_judged_by_themselves(judged: Objective, kind: str, bad: int, outcome: Outcome) -> None:
    """Of 90 on new connections, 7 bad ones may be 5%, and 14 may not: though of all 3,000 they are 0.5%."""
    for route in (None, "r0"):
        verdict = judge_load(judged, newcomers(90, bad, kind=kind), route)
        assert verdict.outcome is outcome, verdict.reason
        assert ("on new connections" in verdict.reason) == (outcome is Outcome.BREACHED)
    if bad == 90:
        assert verdict.measured.startswith("on new connections 90 of 90 bad")  # type: ignore[union-attr]
        assert "0.00% of all others" in verdict.reason


def test_those_that_needed_a_new_connection_are_no_sample_of_newcomers() -> None:
    """In a stall of 3% all of them are slow, for no kept connection is free then."""
    result = run(2_910)
    for number in range(90):
        for tally in (result.tally.routes[0], result.tally.needed[0]):
            tally.add_request(number * 6, SLOW, "200", "")
    assert judge_load(LATENCY, result).outcome is Outcome.MET


def test_newcomers_are_named_where_they_alone_are_slow() -> None:
    """In a breach of all requests; not where the others are as slow."""
    assert "; on new connections" in judge_load(LATENCY, newcomers(300, 300)).reason
    verdict = judge_load(LATENCY, newcomers(300, 300, others_bad=2_700))
    assert verdict.outcome is Outcome.BREACHED
    assert "new connections" not in verdict.reason


def test_lateness_of_the_generator_excuses_newcomers_too() -> None:
    """What it may have added makes no breach of theirs."""
    verdict = judge_load(LATENCY, newcomers(90, 90, late=True))
    assert verdict.outcome is not Outcome.BREACHED, verdict.reason


def test_a_late_generator_is_named_beside_a_certain_breach_of_newcomers() -> None:
    """They waited for the deployment for too long, by whatever the generator was late."""
    result = newcomers(90, 90)
    result.tally.lateness.update({50_000: 3_000})
    verdict = judge_load(LATENCY, result)
    assert verdict.outcome is Outcome.BREACHED, verdict.reason
    assert "the load generator was late, but that cannot explain it" in verdict.reason


def test_the_percentile_is_that_of_the_requests_that_the_objective_speaks_of() -> None:
    """Not that of all, and not rounded onto the threshold."""
    result = run(routes=2)
    fill(result.tally.routes[0], 1000)
    fill(result.tally.routes[1], 1000)
    result.tally.routes[0].latencies.update({499_600: 1000})
    result.tally.routes[1].latencies.update({900_000: 1000})
    told = judge_load(replace(LATENCY, routes=("r0",)), result).reason
    assert "p95 0.4996 s" in told or "p95 0.499" in told
    assert "p95 0.5 s" not in told
    assert "p95 0.9" in judge_load(LATENCY, result).reason

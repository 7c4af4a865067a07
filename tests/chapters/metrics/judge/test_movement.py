"""What moved by what was sent, told apart from what others send. The limits: exactly as many is right, one less is a breach."""

from __future__ import annotations

import pytest

from deployspec.chapters.metrics.judge.movement import (
    Lowered,
    Round,
    Sums,
    is_counted,
    is_enough,
    is_lowered,
    is_settled,
    sums_on,
)
from deployspec.languages.exposition import read
from deployspec.languages.exposition.model import Format
from deployspec.languages.promql.selectors import selectors
from deployspec.languages.promql.syntax import parse

TOTAL = 'shop_requests_total{status="404"}'
PAGE = b"""# TYPE shop_items gauge
shop_items 3
# TYPE shop_requests_total counter
shop_requests_total{method="GET",status="404"} 5
shop_requests_total{method="POST",status="404"} 2
shop_requests_total{method="GET",status="200"} 90
"""


def rounds(*rises: tuple[int, float], others: tuple[float, ...] = ()) -> list[Round]:
    """Rounds of so many requests, in which the sum rose by so much; and another series, by that."""
    more = [*others, *[0.0] * (len(rises) - len(others))]
    return [
        Round(
            sent, Sums({TOTAL: 7.0}, {"other": 1.0}), Sums({TOTAL: 7.0 + rise}, {"other": 1.0 + other}), 0.1
        )
        for (sent, rise), other in zip(rises, more, strict=True)
    ]


def test_a_sum_is_of_the_series_that_the_selector_finds() -> None:
    """All others of the same metric are kept apart, and other metrics are nobody's business."""
    selector = selectors(parse(TOTAL))[0]
    sums = sums_on(read([PAGE], Format.TEXT), {TOTAL: selector})
    assert sums.values == {TOTAL: 7}
    assert sums.others == {'shop_requests_total{method="GET",status="200"}': 90}


def test_a_sum_of_a_metric_whose_name_stands_in_quotes() -> None:
    """It is found by its name, as any other."""
    page = read([b'{"my.shop",status="404"} 5\n{"my.shop",status="200"} 9\n{"my.other"} 1\n'], Format.TEXT)
    sums = sums_on(page, {"it": selectors(parse('{"my.shop",status="404"}'))[0]})
    assert (sums.values, sums.others) == ({"it": 5}, {'{"my.shop",status="200"}': 9})


@pytest.mark.parametrize(
    ("sent", "first", "second", "other", "expected"),
    [
        pytest.param(2, 2, 2, 1.0, True, id="exactly"),
        pytest.param(2, 3, 2, 4.0, True, id="more"),
        pytest.param(2, 1, 2, 1.0, False, id="one-less-of-the-first"),
        pytest.param(2, 2, 1, 1.0, False, id="one-less-of-the-second"),
        pytest.param(2, 2, 2, 0.999, False, id="too-little-of-another"),
        pytest.param(0, 0, 0, 0.499, False, id="nothing-sent-and-too-little"),
        pytest.param(0, 0, 0, 0.5, True, id="nothing-sent-and-enough"),
    ],
)
def test_when_nothing_has_to_be_waited_for(
    sent: int, first: float, second: float, other: float, expected: bool
) -> None:
    """All that should rose by what was sent, and by half of a second for each, or for what was done without a request."""
    one = Round(sent, Sums({}), Sums({"a": first, "b": second, "s": other}), 0.1)
    assert is_enough(one, ["a", "b"], {"s": 0.5}) is expected


# what: the rounds; verdict, and a piece of its reason
@pytest.mark.parametrize(
    ("what", "verdict", "reason"),
    [
        pytest.param(rounds((5, 5)), "MET", "by 5", id="exactly"),
        pytest.param(rounds((5, 4)), "BREACHED", "rose by 4 after it; expected 5", id="one-less"),
        pytest.param(rounds((5, 0), others=(5,)), "BREACHED", "other rose by 5 instead", id="elsewhere"),
        pytest.param(rounds((5, -7)), "UNMEASURED", "fell by 7", id="falls"),
        pytest.param(rounds((5, 6), (6, 6)), "MET", "by 6", id="exactly-in-the-second-round"),
        pytest.param(rounds((5, 10), (6, 12), (7, 14)), "BREACHED", "rose by 2 for each request", id="twice"),
        pytest.param(rounds((5, 10), (6, 12)), "BREACHED", "rose by 2 for each request", id="twice-in-two-rounds"),
        pytest.param(rounds((5, 10)), "UNMEASURED", "others send such requests", id="twice-in-one-round"),
        pytest.param(rounds((5, 6), (6, 9), (7, 8)), "UNMEASURED", "others send such requests", id="others"),
        pytest.param(rounds((5, 5), (6, 6), (7, 7), others=(5, 6, 7)), "BREACHED", "other rose by as much", id="twin"),
        pytest.param(rounds((5, 5), others=(5,)), "MET", "1 other series", id="no-twin-in-one-round"),
        pytest.param([Round(2, Sums({}), Sums({TOTAL: 2.0}), 0.1)], "MET", "by 2 for 2", id="begins"),
        pytest.param([Round(2, Sums({}), Sums({}), 0.1)], "BREACHED", "rose by 0 after it; expected 2 (it has no such series)", id="never-begins"),
        pytest.param([Round(2, Sums({TOTAL: 3.0}), Sums({}), 0.1)], "UNMEASURED", "fell by 3", id="is-gone"),
        pytest.param(rounds((5, 5), (6, 6), others=(5, 1)), "MET", "by 6", id="no-twin"),
    ],
)  # fmt: skip
def test_what_is_counted(what: list[Round], verdict: str, reason: str) -> None:
    """Less is a breach, unless it fell, as after a restart; more is one where it is the same multiple each time."""
    found = is_counted(what, [TOTAL], {}, what="it", within=5)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason


def test_when_a_further_round_tells_nothing_more() -> None:
    """All exact, or one that rose by less."""
    assert is_settled(rounds((5, 5)), [TOTAL])
    assert is_settled(rounds((5, 4)), [TOTAL])
    assert is_settled(rounds((5, 9), others=(5,)), [])
    assert not is_settled(rounds((5, 6)), [TOTAL])
    assert not is_settled(rounds((5, 5), others=(5,)), [TOTAL])
    assert is_settled(rounds((5, 5), (6, 6), others=(5, 1)), [TOTAL])


@pytest.mark.parametrize(("rise", "verdict"), [(0.999, "BREACHED"), (1.0, "MET"), (40.0, "MET")])
def test_at_least(rise: float, verdict: str) -> None:
    """Half of a second for each of two requests."""
    one = Round(2, Sums({"s": 3.0}), Sums({"s": 3.0 + rise}), 0.1)
    assert is_counted([one], [], {"s": 0.5}, what="it", within=5).outcome == verdict


def test_what_rises_by_at_least_so_much_has_no_twin() -> None:
    """Only where a sum rises by exactly what was sent, another that does so, too, is one."""
    found = is_counted(rounds((5, 5), (6, 6), others=(5, 6)), [], {TOTAL: 1.0}, what="it", within=5)
    assert found.outcome == "MET", found.reason


def test_each_sum_is_judged() -> None:
    """One that is exact does not speak for the next, which counts each request twice."""
    both = [
        Round(sent, Sums({"a": 0.0, "b": 0.0}), Sums({"a": sent, "b": 2.0 * sent}), 0.1) for sent in (5, 6, 7)
    ]
    found = is_counted(both, ["a", "b"], {}, what="it", within=5)
    assert (found.outcome, found.reason[:30]) == ("BREACHED", "b rose by 2 for each request (")


@pytest.mark.parametrize(("rise", "verdict"), [(0.499, "BREACHED"), (0.5, "MET")])
def test_at_least_where_nothing_is_sent(rise: float, verdict: str) -> None:
    """A command is done once, and the sum rises by what it should for one."""
    found = is_counted([Round(0, Sums({}), Sums({"s": rise}), 0.1)], [], {"s": 0.5}, what="it", within=5)
    assert (found.outcome, found.limit) == (verdict, "by at least 0.5, within 5 s")


@pytest.mark.parametrize(("process", "verdict"), [(100.0, "BREACHED"), (None, "UNMEASURED")])
def test_a_fall_is_a_breach_where_the_process_is_the_same(process: float | None, verdict: str) -> None:
    """Where nobody knows, it was restarted, or another replica has answered."""
    one = Round(2, Sums({TOTAL: 9.0}, {}, process), Sums({TOTAL: 8.0}, {}, process), 0.1)
    for exact, least in (([TOTAL], {}), ([], {TOTAL: 1.0})):
        found = is_counted([one], exact, least, what="it", within=5)
        assert (found.outcome, "fell by 1 after it; expected 2 more" in found.reason) == (verdict, True), (
            found.reason
        )


def test_what_is_said_of_a_sum_is_what_it_was_judged_by() -> None:
    """Exactly one for each, or at least so much in all."""
    one = Round(2, Sums({TOTAL: 3.0, "s": 3.0}), Sums({TOTAL: 5.0, "s": 4.204}), 0.1)
    found = is_counted([one], [TOTAL], {"s": 0.5}, what="2 requests (it)", within=5)
    assert (found.outcome, found.measured, found.limit) == (
        "MET",
        "by 2 for 2 requests and by 1.204",
        "by one for each request and by at least 1, within 5 s",
    )
    assert found.reason == f"after 2 requests (it) rose {TOTAL} by 2 for 2 requests and s by 1.204"
    lowered = is_lowered(
        Lowered(Sums({"w": 2.0}), Sums({"w": 1.0}), Sums({"w": 2.0})), ["w"], what="it", within=5
    )
    assert (lowered.measured, lowered.reason) == (
        "from 2 to 1",
        "during it fell w from 2 to 1, and came back",
    )


def test_other_series_that_moved() -> None:
    """One that begins has begun at 0, and one that stays has not moved."""
    one = Round(
        2, Sums({}, {"moves": 1.0, "stays": 4.0}), Sums({}, {"moves": 4.0, "stays": 4.0, "new": 5.0}), 0.1
    )
    assert one.moved_others == {"moves": 3, "new": 5}


@pytest.mark.parametrize(("before", "after"), [(100.0, None), (None, 100.0), (100.0, 100.0)])
def test_a_process_that_is_known_once_is_no_other(before: float | None, after: float | None) -> None:
    """Nobody knows, and what was counted was counted."""
    one = Round(2, Sums({TOTAL: 9.0}, {}, before), Sums({TOTAL: 11.0}, {}, after), 0.1)
    assert is_counted([one], [TOTAL], {}, what="it", within=5).outcome == "MET"


def test_another_process_tells_nothing() -> None:
    """Its counters began anew."""
    one = Round(2, Sums({TOTAL: 9.0}, {}, 100.0), Sums({TOTAL: 0.0}, {}, 200.0), 0.1)
    found = is_counted([one], [TOTAL], {}, what="it", within=5)
    assert (found.outcome, "another process" in found.reason) == ("UNMEASURED", True)


@pytest.mark.parametrize(
    ("before", "during", "after", "verdict", "reason"),
    [
        pytest.param(2.0, 1.0, 2.0, "MET", "from 2 to 1", id="lower"),
        pytest.param(2.0, None, 2.0, "MET", "no series", id="gone-meanwhile"),
        pytest.param(2.0, 2.0, 2.0, "BREACHED", "expected less", id="the-same"),
        pytest.param(2.0, 1.0, 1.0, "BREACHED", "expected 2 again", id="stays-low"),
        pytest.param(2.0, 1.0, None, "BREACHED", "is gone", id="stays-away"),
        pytest.param(None, None, None, "UNMEASURED", "nothing can fall", id="never-there"),
        pytest.param(0.0, 0.0, 0.0, "UNMEASURED", "is 0 before it, so nothing can fall", id="none-before"),
    ],
)
def test_what_is_lowered(
    before: float | None, during: float | None, after: float | None, verdict: str, reason: str
) -> None:
    """Lower while it lasts, and back after it."""

    def sums(value: float | None) -> Sums:
        return Sums({} if value is None else {"workers": value})

    found = is_lowered(Lowered(sums(before), sums(during), sums(after)), ["workers"], what="it", within=5)
    assert (found.outcome, reason in found.reason) == (verdict, True), found.reason

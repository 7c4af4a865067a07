"""Figures of two runs, judged by intervals."""

from __future__ import annotations

import math

import pytest

from deployspec.model.figure import Estimate, Figure
from deployspec.record.baseline import (
    FAMILY,
    IMPROVED,
    NO_WORSE,
    REGRESSED,
    TOO_FEW,
    confidence_for,
    is_passed_over,
    judged,
    objection,
)
from deployspec.record.record import Run


def estimate(value: float, low: float, high: float, samples: int = 100) -> Estimate:
    """Whose interval becomes narrower by the root of the number of samples."""

    def within(_: float, times: float) -> tuple[float, float]:
        root = math.sqrt(times)
        return value - (value - low) / root, value + (high - value) / root

    return Estimate(value, samples, within)


def share(
    before: tuple[float, float, float], after: tuple[float, float, float], allowed: float = 1
) -> Figure:
    return Figure("of", "share", estimate(*before), estimate(*after), allowed)


def test_the_interval_of_a_difference_of_shares() -> None:
    """Newcombe (1998), table II, method 10: 56 of 70 and 48 of 80, by Wilson's intervals: 0.0524 to 0.3339."""
    figure = share((0.6, 0.4905, 0.7004), (0.8, 0.6919, 0.8769))
    change, low, high = figure.change(0.95)
    assert change == pytest.approx(0.2)
    # 1e-4: of inputs with four digits
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=3e-4)


def test_a_change_of_a_share_is_in_parts_of_what_is_allowed() -> None:
    """From 1% to 2% of bad requests, where 5% are allowed, is a fifth of that."""
    change, low, high = share((0.01, 0.01, 0.01), (0.02, 0.02, 0.03), 0.05).change(0.99)
    assert (change, low, high) == pytest.approx((0.2, 0.2, 0.4))


def test_a_change_of_a_latency_is_relative() -> None:
    """On a logarithmic scale: the interval of a quotient is that of a difference of logarithms."""
    figure = Figure("p50", "latency", estimate(0.1, 0.1, 0.1), estimate(0.12, 0.1, 0.2))
    assert figure.change(0.99) == pytest.approx((0.2, 0.0, 1.0))


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        # just above, at and below the margin of 1/8
        (0.125 + 2**-20, 0.375, REGRESSED),
        (0.125, 0.375, TOO_FEW),
        (0.0625, 0.375, TOO_FEW),
        (-0.25, 0.125 + 2**-20, TOO_FEW),
        (-0.25, 0.125, NO_WORSE),
        (0.0625, 0.1, NO_WORSE),
        (-0.125, 0.0625, NO_WORSE),
        (-0.375, -0.125 - 2**-20, IMPROVED),
    ],
)
def test_each_judgement(low: float, high: float, word: str) -> None:
    """By the whole interval beside the margin, which is itself no worse."""
    middle = (low + high) / 2
    (found,) = judged([share((0, 0, 0), (middle, low, high))], 0.125)
    assert found.judgement == word
    assert (found.needed is None) == (word != TOO_FEW)


@pytest.mark.parametrize(
    ("after", "needed"),
    [
        # a half width of 0.4 has to become one of 0.2, or of 0.1: four times, or 16 times as many
        ((0.3, -0.1, 0.7), 400),
        ((0.0, -0.4, 0.4), 1600),
        # the share is the margin
        ((0.1, 0.0, 0.2), None),
    ],
)
def test_how_many_would_be_needed(after: tuple[float, float, float], needed: int | None) -> None:
    """At the change that was found, to 1%."""
    (found,) = judged([share((0.0, 0.0, 0.0), after)], 0.1)
    assert found.needed is None if needed is None else found.needed == pytest.approx(needed, rel=0.011)


def test_the_more_figures_the_wider_each_interval() -> None:
    """So that all of them together err as seldom as one alone would."""
    assert confidence_for(1) == pytest.approx(1 - 2 * FAMILY)
    assert confidence_for(20) == pytest.approx(0.999)
    assert judged([], 0.05) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"deployment": "production"}, "a run of production; expected one of staging"),
        ({"exit_status": None}, "a run that has not finished; expected one that has"),
        ({"finished": ""}, "a run that has not finished; expected one that has"),
        (
            {"cut_short": "interrupted"},
            "a run that was cut short (interrupted); expected one that came to its end",
        ),
        ({"started": None}, "a damaged run, whose started is no text; expected a run record"),
        ({"id": 5}, "a damaged run, whose id is no text; expected a run record"),
    ],
)
def test_what_cannot_be_compared_with(change: dict[str, object], said: str) -> None:
    """A breach is no objection: it came to its end."""
    told = {
        "started": "2026-11-28T12:00:00.000Z",
        "deployment": "staging",
        "finished": "then",
        "exit_status": 1,
    }
    assert objection(Run(**{**told, **change}), "staging") == said  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "passed_over"),
    [
        ({}, False),
        ({"maintenance": "nightly"}, True),
        ({"problems": ["--fail-on-regression: 1 of 1 figures has regressed"]}, True),
        # nothing failed by it, and another load is a new beginning
        ({"problems": ["no check fails, but pytest ended with status 1"]}, False),
        (
            {
                "problems": ["--fail-on-regression: nothing could be compared"],
                "added": {"comparison": {"figures": []}},
            },
            False,
        ),
    ],
)
def test_what_the_newest_run_is_not(change: dict[str, object], passed_over: bool) -> None:
    """A failed regression, run again, would else be compared with itself."""
    told = {"started": "then", "added": {"comparison": {"figures": [{"judgement": REGRESSED}]}}}
    assert is_passed_over(Run(**{**told, **change})) is passed_over  # type: ignore[arg-type]
    assert not is_passed_over(Run("then", added={"comparison": None}))

"""Durations as Prometheus writes them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base.duration import format_duration, parse_duration
from deployspec.base.unfit import Unfit
from tests.trials import trials


# columns: text, seconds
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("1ms", 0.001, id="shortest"),
        pytest.param("500ms", 0.5, id="milliseconds"),
        pytest.param("2s", 2.0, id="seconds"),
        pytest.param("1h30m", 5400.0, id="two-units"),
        pytest.param("1m1ms", 60.001, id="m-then-ms"),
        pytest.param("0h5m", 300.0, id="a-zero-inside"),
        pytest.param("1d", 86400.0, id="day"),
        pytest.param("1w", 604800.0, id="week"),
        pytest.param("1y", 31536000.0, id="year"),
        pytest.param("1y2w3d4h5m6s7ms", 33019506.007, id="all-units"),
        pytest.param("0005s", 5.0, id="leading-zeros"),
        pytest.param("292y", 9208512000.0, id="just-in-range"),
    ],
)
def test_durations_are_read_in_seconds(text: str, seconds: float) -> None:
    """Every unit has Prometheus's own length, and units add up."""
    assert parse_duration(text) == pytest.approx(seconds, abs=1e-9)


# columns: text, a piece of what was found, a piece of what was expected
@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        pytest.param("", "an empty duration", "such as 2s", id="empty"),
        pytest.param("2", "a value without a unit", "such as 2s, 500ms", id="no-unit"),
        pytest.param("0", "a value", "longer than 0", id="bare-zero"),
        pytest.param("0s", "a value", "longer than 0", id="zero-seconds"),
        pytest.param("0m0s", "a value", "longer than 0", id="zero-sum"),
        pytest.param("-2s", "which is negative", "longer than 0", id="negative"),
        pytest.param("1.5s", "with a fraction", "1500ms", id="fraction"),
        pytest.param("1,5s", "with a fraction", "1500ms", id="comma"),
        pytest.param("1s500ms1s", "with a unit given twice", "each unit once", id="twice"),
        pytest.param("30m1h", "out of order", "from the largest", id="order"),
        pytest.param("500ms1s", "out of order", "from the largest", id="ms-before-s"),
        pytest.param("2 s", "with a space in it", "without spaces", id="space"),
        pytest.param("2s\n", "with a space in it", "without spaces", id="line-break"),
        pytest.param("2min", "with an unknown unit", "y, w, d, h, m, s and ms", id="unknown-unit"),
        pytest.param("2S", "with an unknown unit", "y, w, d, h, m, s and ms", id="capital"),
        pytest.param("1h30", "whose last number has no unit", "such as 2s", id="last-without-unit"),
        pytest.param("s", "which is not a duration", "such as 2s", id="no-number"),
        pytest.param("+2s", "which is not a duration", "such as 2s", id="plus"),
        pytest.param("٢s", "which is not a duration", "such as 2s", id="other-digits"),
        pytest.param("293y", "out of range", "292 years", id="just-out-of-range"),
        pytest.param("9" * 30 + "ms", "out of range", "292 years", id="many-digits"),
        pytest.param("9" * 5000 + "s", "out of range", "292 years", id="too-many-digits-for-int"),
        pytest.param("x" + "9" * 5000, "too long", "such as 2s", id="long"),
    ],
)
def test_anything_else_is_refused_with_its_own_reason(text: str, found: str, expected: str) -> None:
    """A text that is not a duration, or not one above 0, says what is wrong with it."""
    with pytest.raises(Unfit) as caught:
        parse_duration(text)
    assert found in str(caught.value)
    assert expected in caught.value.expected


@settings(max_examples=trials(100), deadline=None)
@given(st.integers(min_value=1, max_value=9_000_000_000_000))
def test_a_duration_survives_the_way_to_text_and_back(milliseconds: int) -> None:
    """What is formatted and parsed again is the same to the millisecond."""
    assert parse_duration(format_duration(milliseconds / 1000)) == pytest.approx(
        milliseconds / 1000, abs=1e-6
    )


# columns: seconds, text
@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(5400, "1h30m", id="hours-and-minutes"),
        pytest.param(0.25, "250ms", id="milliseconds"),
        pytest.param(1209600, "2w", id="whole-weeks"),
        pytest.param(691200, "8d", id="weeks-only-where-nothing-is-left"),
        pytest.param(0, "0s", id="zero"),
    ],
)
def test_durations_are_written_as_prometheus_does(seconds: float, text: str) -> None:
    """The form is the one that Prometheus itself would print."""
    assert format_duration(seconds) == text


@settings(max_examples=trials(100), deadline=None)
@given(st.text(max_size=30) | st.text(alphabet="0123456789ywdhms.- ", max_size=20))
def test_any_text_is_a_duration_or_unfit(text: str) -> None:
    """No text brings another exception, and every duration is above 0."""
    with contextlib.suppress(Unfit):
        assert parse_duration(text) > 0

"""What a deployment file says of its weekly review."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from deployspec.deployment.review import REVIEW, Clocks
from tests.deployment.conftest import BASE, Reader, Refusal


def test_by_which_clocks_it_tells(read: Reader) -> None:
    """A night in minutes of the day; UTC, and from ten to seven, where nothing else is said."""
    said = read(BASE + "review: {time_zone: Europe/Berlin, night: 23:30-06:05}\n")
    assert said.get(REVIEW) == Clocks(ZoneInfo("Europe/Berlin"), "Europe/Berlin", (23 * 60 + 30, 6 * 60 + 5))
    assert read(BASE + "review: {}\n").get(REVIEW) == Clocks() == Clocks(UTC, "UTC", (1320, 420))
    assert read(BASE).get(REVIEW) is None


@pytest.mark.parametrize(
    "night", ["22-7", "24:00-07:00", "22:00-07:60", "22:00 - 07:00", "22:00-\u0660\u0667:00"]
)
def test_what_is_no_night(refusal: Refusal, night: str) -> None:
    """Two times of day as clocks show them, joined by a hyphen."""
    [line] = refusal(f"{BASE}review: {{night: '{night}'}}\n")
    assert line.startswith("2:17: found ")
    assert line.endswith("; expected two times of day such as 22:00-07:00")


def test_a_night_has_a_length(refusal: Refusal) -> None:
    """From a time to the same time is none."""
    [line] = refusal(f"{BASE}review: {{night: 07:00-07:00}}\n")
    assert "07:00-07:00, which is the same time twice" in line


def test_a_zone_that_is_none(refusal: Refusal) -> None:
    """As in maintenance windows."""
    [line] = refusal(f"{BASE}review: {{time_zone: Berlin}}\n")
    assert "did you mean Europe/Berlin?" in line

"""Charts as tables."""

from __future__ import annotations

from deployspec.model.chart import Chart, Line


def test_moments_are_told_by_the_clocks_of_the_zone() -> None:
    """With their offset: of an hour that the clocks show twice, each is told apart."""
    moments = (1_774_746_000.0, 1_792_886_400.0, 1_792_890_000.0)
    chart = Chart("it", "time", "s", lines=(Line("a", moments, (1.0, None, 2.5)),), zone="Europe/Berlin")
    assert chart.rows() == [
        ["time", "s, a"],
        ["2026-03-29 03:00+02:00", "1"],
        ["2026-10-25 02:00+02:00", ""],
        ["2026-10-25 02:00+01:00", "2.5"],
    ]


def test_without_a_zone_they_are_numbers() -> None:
    chart = Chart("it", "seconds", "ms", lines=(Line("a", (0.5, 60.0), (1.0, 2.0)),))
    assert chart.rows()[1:] == [["0.5", "1"], ["60", "2"]]

"""Times that alerts fired, out of the minutes at which they were seen firing."""

from __future__ import annotations

from datetime import UTC, datetime

from deployspec.chapters.alerts.judge.fired import Fired, Firing, firings_of, in_order, section
from deployspec.model.review import Cell, Section, Span, Table, Tone, Week

BEGIN = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
HOUR = 3600.0
PAUSED = Span(BEGIN + 10 * HOUR, BEGIN + 11 * HOUR)
WEEK = Week("shop", Span(BEGIN, BEGIN + 7 * 24 * HOUR), UTC, maintenance=(("upgrade", PAUSED),))


def firings(begin: float, minutes: int, **labels: str) -> list[Firing]:
    """Of an alert that fires from so many hours after the week's begin on."""
    first = BEGIN + begin * HOUR + 60
    moments = [first + 60 * place for place in range(minutes)]
    return firings_of({"alertname": "Slow", "alertstate": "firing", **labels}, moments, WEEK)


def table_of(made: Section) -> Table:
    """Its only one."""
    (table,) = (part for part in made.parts if isinstance(part, Table))
    return table


def test_minutes_in_a_row_are_one_time() -> None:
    (one,) = firings(1, 5, pod="a")
    assert one.span == Span(BEGIN + HOUR, BEGIN + HOUR + 300)
    assert (one.alert, one.labels, len(one.minutes), one.paused) == ("Slow", (("pod", "a"),), 5, 0)


def test_a_minute_in_between_makes_two() -> None:
    moments = [BEGIN + 60, BEGIN + 120, BEGIN + 240]
    spans = [one.span for one in firings_of({"alertname": "Slow"}, moments, WEEK)]
    assert spans == [Span(BEGIN, BEGIN + 120), Span(BEGIN + 180, BEGIN + 240)]


def test_what_fired_before_the_week_is_cut_off_at_its_begin() -> None:
    (one,) = firings_of({"alertname": "Slow"}, [BEGIN, BEGIN + 60], WEEK)
    assert one.span.begin == BEGIN


def test_maintenance_is_apart_to_the_minute() -> None:
    (one,) = firings(9.5, 120)
    assert len(one.minutes) == 60
    assert one.paused == HOUR
    # The minute that ends where the window begins is outside of it; the one that ends where it ends is inside.
    assert PAUSED.begin in one.minutes
    assert PAUSED.begin + 60 not in one.minutes
    assert PAUSED.end not in one.minutes


def test_two_series_at_once_count_once_in_how_long() -> None:
    fired = Fired(in_order([*firings(12, 30, pod="a"), *firings(12.25, 30, pod="b")]))
    (row,) = table_of(section(fired, WEEK)).rows
    assert [cell.value for cell in row[1:]] == [2, 45 * 60, 30 * 60, 0, 0, 0]


def test_a_time_is_at_night_where_it_begins_and_long_at_night_by_each_minute() -> None:
    # Night is from 22:00 until 7:00; from 6:30 it is an hour, of which 30 minutes, less the one that is seen at 7:00.
    (row,) = table_of(section(Fired(in_order(firings(6.5, 60))), WEEK)).rows
    assert [cell.value for cell in row[1:]] == [1, HOUR, HOUR, 1, 29 * 60, 0]


def test_what_fired_in_maintenance_alone_is_no_time() -> None:
    (row,) = table_of(section(Fired(in_order(firings(10.25, 15))), WEEK)).rows
    assert [cell.value for cell in row[1:]] == [0, 0, 0, 0, 0, 15 * 60]
    assert row[1].tone is Tone.MUTED


def test_a_silent_prometheus_is_no_quiet_week() -> None:
    made = section(Fired((), known=WEEK.span.seconds - 2 * HOUR), WEEK)
    assert made.unmeasured == ("alerts (2 h of 168 h without a sample in Prometheus)",)
    assert table_of(made).none == "No alert is known to have fired."
    assert not section(Fired(()), WEEK).unmeasured
    assert table_of(section(Fired(()), WEEK)).none == "No alert fired."


def test_names_are_one_line_of_text() -> None:
    (row,) = table_of(section(Fired((Firing("a\x1b[31m\nb", (), WEEK.span, (BEGIN + 60,), 0),)), WEEK)).rows
    assert isinstance(row[0], Cell)
    assert "\n" not in row[0].text
    assert "\x1b" not in row[0].text

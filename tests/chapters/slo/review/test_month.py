"""Every figure of the sections on objectives and alerts, of a real Prometheus that has a simulated month, beside what is true.

Prometheus' ``increase`` scales what it saw between an hour's first and last sample, here 59 of 60 minutes, to the whole hour. So of
an hour in which the rate is steady it tells the truth, and where it changes it is off by a sixtieth of the change at most;
where a piece begins or ends at a gap, it is off by half an interval. The tolerances below are these.
"""

from __future__ import annotations

import json
import math
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pytest

from deployspec.chapters.alerts import review as alerts
from deployspec.chapters.slo import review as slo
from deployspec.model.review import Cell, Figure, Section, Span, Table, Week
from deployspec.record.history import History
from deployspec.review.reading import week_of
from tests.chapters.slo.review import month as simulated
from tests.chapters.slo.review.filled import availability, deployment_at, filled, latency, run_of
from tests.chapters.slo.review.month import (
    BEFORE,
    BEGIN,
    BUCKETS,
    END,
    LOOKBACK,
    THRESHOLD,
    WEEK,
    ZONE,
    Month,
    at,
)
from tests.prometheus_versions import given, versions
from tests.review.histories import history_of

pytestmark = pytest.mark.xdist_group("prometheus-review")  # one Prometheus of each version will do

MORE = """\
review: {time_zone: Europe/Berlin, night: 22:00-07:00}
maintenance_windows:
  - {name: weekly, cron: 30 4 * * SUN, duration: 45m, time_zone: Europe/Berlin}
  - {name: move, start: "2026-03-25T01:20:00+01:00", duration: 90m}
"""
TARGETS = {"shop-availability": 0.99, "shop-latency": 0.95}


@dataclass
class Told:
    """What the chapters say of the week."""

    url: str
    week: Week
    sections: list[Section]
    month: Month

    def section(self, key: str) -> Section:
        """One of them."""
        return next(one for one in self.sections if one.key == key)

    def table(self, key: str) -> Table:
        """A table of any."""
        return next(
            part for one in self.sections for part in one.parts if isinstance(part, Table) and part.key == key
        )

    def figure(self, key: str) -> Figure:
        """A figure of any."""
        return next(
            part
            for one in self.sections
            for part in one.parts
            if isinstance(part, Figure) and part.key == key
        )

    def cell(self, table: str, row: str, column: str) -> Cell:
        """One cell, by names."""
        found = self.table(table)
        place = [one.name for one in found.columns].index(column)
        return next(cells for cells in found.rows if cells[0].text == row)[place]

    def value(self, table: str, row: str, column: str) -> float:
        """Its number."""
        value = self.cell(table, row, column).value
        assert value is not None, (table, row, column)
        return value


@pytest.fixture(scope="module", params=versions())
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The week that ends with the night in which summer time begins."""
    version, month = given(request), simulated.month()
    folder = tmp_path_factory.mktemp("month")
    objectives = [
        availability("shop-availability", "requests_total"),
        latency("shop-latency", "seconds"),
        availability("gone", "gone_total"),
    ]
    with filled(version, folder, simulated.openmetrics(month)) as url:
        deployment = deployment_at(folder, url, objectives, MORE)
        week = week_of("shop", deployment, Span(WEEK, END))
        sections = [
            one for make in (alerts.sections, slo.sections) for one in make(week, deployment, probes(week))
        ]
        yield Told(url, week, sections, month)


def probes(week: Week) -> History:
    """Two runs of a probe: in one a check is breached, in the other one all are MET."""
    both = {"health.healthy-now": "MET", "health.answers-in-time": "MET"}
    runs = [
        run_of("2026-03-28T07:55:00.000Z", both | {"health.healthy-now": "BREACHED"}, "a"),
        run_of("2026-03-28T09:55:00.000Z", both, "a"),
    ]
    return history_of(runs, Span(week.before.begin, week.span.end))


def bad_of(month: Month, name: str) -> np.ndarray[Any, Any]:
    """The bad requests of each minute."""
    if name == "shop-availability":
        return month.bad
    slow: np.ndarray[Any, Any] = month.requests - month.buckets[:, THRESHOLD]
    return slow


SPANS = {"7 days": (WEEK, END), "28 days": (BEGIN, END)}


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("span", SPANS)
def test_budgets(told: Told, name: str, span: str) -> None:
    """Requests, bad ones, the share, what was spent and what is left: of the week, and of the four weeks."""
    own = told.month.of(*SPANS[span])
    total, bad = told.month.requests[own].sum(), bad_of(told.month, name)[own].sum()
    table, limit = f"objective-{name}", 1 - TARGETS[name]
    spent = bad / total / limit
    assert told.value(table, "requests", span) == pytest.approx(total, rel=0.001)
    assert told.value(table, "bad requests", span) == pytest.approx(bad, rel=0.02)
    assert told.value(table, "good requests", span) == pytest.approx(1 - bad / total, abs=0.0005)
    assert told.value(table, "bad requests allowed", span) == pytest.approx(total * limit, rel=0.001)
    assert told.value(table, "budget spent", span) == pytest.approx(spent, rel=0.02)
    assert told.value(table, "budget left", span) == pytest.approx(1 - spent, abs=0.02 * max(1, spent))


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("span", SPANS)
def test_silence_and_maintenance(told: Told, name: str, span: str) -> None:
    """What is not known is told to the minute, and what was in maintenance is left out, and told."""
    table = f"objective-{name}"
    gaps = 1 if span == "7 days" else 2
    assert told.value(table, "no data", span) == pytest.approx(
        told.month.missing(*SPANS[span]), abs=60 * gaps
    )
    windows = [(at(begin), at(end)) for begin, end in simulated.MAINTENANCE]
    paused = sum(end - begin for begin, end in windows if begin >= SPANS[span][0])
    assert told.value(table, "maintenance, left out", span) == paused
    inside = told.month.of(*SPANS[span], paused=True)
    said = told.cell(table, "maintenance, left out", span).note.replace(",", "").split()
    # Each end of a window is between two samples.
    edges = 60 * len(windows)
    assert float(said[0]) == pytest.approx(told.month.requests[inside].sum(), abs=edges)
    assert float(said[2]) == pytest.approx(bad_of(told.month, name)[inside].sum(), abs=edges)


def test_the_silent_hours_are_told_as_such(told: Told) -> None:
    """As a row of its own, and never as good."""
    assert told.cell("objective-shop-latency", "no data", "7 days").text in (
        f"7 h {minutes} min of 164 h 45 min" for minutes in (11, 12, 13)
    )


@pytest.mark.parametrize("name", TARGETS)
def test_days_until_the_budget_is_spent(told: Told, name: str) -> None:
    """What the four weeks have left, by what was spent in a day of the week for which there is data."""
    month, limit = told.month, 1 - TARGETS[name]
    weeks, week = month.of(BEGIN, END), month.of(WEEK, END)
    left = month.requests[weeks].sum() * limit - bad_of(month, name)[weeks].sum()
    days = week.sum() / 1440
    found = told.cell(f"objective-{name}", "days until it is spent", "28 days")
    if left > 0:
        assert found.value == pytest.approx(left / (bad_of(month, name)[week].sum() / days), rel=0.1)
    else:
        assert found.text == "spent"


def test_the_newest_data(told: Told) -> None:
    """The last sample came 43 s before the end."""
    newest = told.value("objective-shop-availability", "newest data", "28 days")
    assert newest == pytest.approx(60 - simulated.AFTER, abs=1)


@pytest.mark.parametrize("name", TARGETS)
def test_each_day(told: Told, name: str) -> None:
    """Days by the clocks of the zone, of which the last has 23 hours."""
    days = told.week.days()
    assert [day.seconds / 3600 for day in days] == [24, 24, 24, 24, 24, 24, 23]
    table = f"days-{name}"
    for day in days:
        label = f"{datetime.fromtimestamp(day.begin, ZONE):%a %Y-%m-%d}"
        span = round(day.begin), round(day.end)
        own = told.month.of(*span)
        total, bad = told.month.requests[own].sum(), bad_of(told.month, name)[own].sum()
        assert told.value(table, label, "requests") == pytest.approx(total, rel=0.002)
        assert told.value(table, label, "bad") == pytest.approx(bad, rel=0.03)
        burn = bad / total / (1 - TARGETS[name])
        assert told.value(table, label, "burn rate") == pytest.approx(burn, rel=0.03)
        assert told.value(table, label, "no data") == pytest.approx(told.month.missing(*span), abs=60)


@pytest.mark.parametrize("name", TARGETS)
def test_each_hour(told: Told, name: str) -> None:
    """The burn of each hour, by which nothing is drawn where nothing is known."""
    chart = told.figure(f"burn-{name}").chart
    assert chart.zone == "Europe/Berlin"
    (line,) = chart.lines
    limit = 1 - TARGETS[name]
    for begin, end, burn in zip(line.x, [*line.x[1:], float(END)], line.y, strict=True):
        own = told.month.of(round(begin), round(end))
        if not own.any():
            assert burn is None, begin
            continue
        assert burn is not None
        bad, requests = bad_of(told.month, name)[own], told.month.requests[own]
        # A change within the hour: one of its minutes may be on the other side.
        change = (bad.max() - bad.min()) / requests.min() / limit / len(bad)
        assert burn == pytest.approx(bad.sum() / requests.sum() / limit, rel=0.02, abs=1.5 * change), begin


def true_p95(month: Month, begin: int, end: int) -> float:
    """By the buckets that were really filled."""
    counts = month.buckets[month.of(begin, end)].sum(axis=0)
    rank = 0.95 * counts[-1]
    place = next(number for number, count in enumerate(counts) if count >= rank)
    ends = [0.0, *map(float, BUCKETS)]
    before = counts[place - 1] if place else 0.0
    share = (rank - before) / (counts[place] - before)
    return float(ends[place] + (ends[place + 1] - ends[place]) * share)


def test_p95_by_day(told: Told) -> None:
    """With that of the same day of the week before, and by Prometheus itself where nothing is left out."""
    table, clean = "p95-shop-latency", 0
    for day in told.week.days():
        begin, end = round(day.begin), round(day.end)
        clock = datetime.fromtimestamp(begin, ZONE)
        label = f"{clock:%a %Y-%m-%d}"
        p95 = told.value(table, label, "p95")
        assert p95 == pytest.approx(true_p95(told.month, begin, end), rel=0.005)
        first, last = (at(f"{clock.replace(day=clock.day - days):%Y-%m-%dT%H:%M}") for days in (7, 6))
        earlier = told.value(table, label, "the week before")
        assert earlier == pytest.approx(true_p95(told.month, max(first, BEFORE), last), rel=0.005)
        if told.month.of(begin, end).sum() * 60 == day.seconds:
            clean += 1
            span = f"{round(day.seconds)}s"
            query = f"histogram_quantile(0.95, sum by (le) (increase(seconds_bucket[{span}])))"
            assert p95 == pytest.approx(asked(told.url, query, end), rel=0.001)
    assert clean >= 3
    assert told.value(table, "all of it", "p95") == pytest.approx(true_p95(told.month, WEEK, END), rel=0.005)


def answer(url: str, query: str, moment: float) -> Any:
    """What Prometheus tells anybody who asks."""
    words = urllib.parse.urlencode({"query": query, "time": moment})
    with urllib.request.urlopen(f"{url}/api/v1/query?{words}", timeout=30) as told:  # noqa: S310 - loopback
        return json.load(told)


def asked(url: str, query: str, moment: float) -> float:
    """The one number of its answer."""
    return float(answer(url, query, moment)["data"]["result"][0]["value"][1])


@pytest.mark.parametrize(("key", "begin", "end"), [("now", WEEK, END), ("then", BEFORE, WEEK)])
def test_the_distribution(told: Told, key: str, begin: int, end: int) -> None:
    """How many requests there were between each two ends, outside of maintenance."""
    bars = told.figure(f"latency-{key}-shop-latency").chart.bars
    assert bars is not None
    # The first bar begins at half of its end, and the last one ends at twice its beginning.
    assert bars.edges == (50, 100, 250, 500, 1000, 2000)
    counts = told.month.buckets[told.month.of(begin, end)].sum(axis=0)
    assert bars.counts == pytest.approx(np.diff(counts, prepend=0.0), rel=0.003)


def test_what_is_breached_and_what_is_not_known(told: Told) -> None:
    """More than 1% failed in the four weeks; a counter that is not there is never good."""
    section = told.section("objectives")
    assert [text.split(" (")[0] for text in section.breached] == ["objective shop-availability"]
    assert [text.split(" (")[0] for text in section.unmeasured] == ["objective gone"]
    assert "no data for" in section.unmeasured[0]
    row = next(cells for cells in told.table("objectives").rows if cells[0].text == "gone")
    assert row[1].text == "UNMEASURED"
    assert all(cell.value is None for cell in row[2:-1])


def seconds_of(begin: str, end: str) -> int:
    """How long an alert is seen firing: promtool writes no mark that it has ended, so for five minutes more."""
    return at(end) - at(begin) + LOOKBACK - 60


def test_alerts_that_fired(told: Told) -> None:
    """How often, for how long, at night, and in maintenance."""
    quiet, outage, paused, night = (seconds_of(begin, end) for _, begin, end in simulated.FIRING[:4])
    row = "HighErrorRate"
    assert told.value("alerts", row, "times") == 3
    assert told.value("alerts", row, "for") == pytest.approx(quiet + outage + night, abs=3 * 60)
    assert told.value("alerts", row, "longest") == pytest.approx(outage, abs=60)
    assert told.value("alerts", row, "times at night") == 1
    assert told.value("alerts", row, "at night") == pytest.approx(night, abs=60)
    assert told.value("alerts", row, "in maintenance") == pytest.approx(paused, abs=60)
    assert {cells[0].text for cells in told.table("alerts").rows} == {"HighErrorRate", "ProbeCheckBreached"}
    sentences = [part for part in told.section("alerts").parts if isinstance(part, str)]
    assert any(
        "1 alert that fired and that the deployment's rule files do not have" in one for one in sentences
    )
    # When Prometheus itself had nothing.
    assert any("Prometheus has no samples" in one and " of 167 h" in one for one in sentences)


def test_noise_and_what_nobody_was_told_of(told: Told) -> None:
    """An alert beside an outage is none, two others are; and one outage had no alert."""
    assert told.value("noise", "HighErrorRate", "with a breach") == 1
    assert told.value("noise", "HighErrorRate", "without (noise)") == 2
    # A probe's run found the one check breached, and the other one MET.
    assert told.value("noise", "ProbeCheckBreached", "with a breach") == 1
    assert told.value("noise", "ProbeCheckBreached", "without (noise)") == 1
    unseen = {(cells[0].value, cells[1].text): cells for cells in told.table("blind").rows}
    outage = float(at("2026-03-26T03:00")), "shop-availability"
    assert [key for key in unseen if key[1] == "shop-availability"] == [outage]
    assert unseen[outage][2].value == 3600
    assert unseen[outage][3].value == pytest.approx(40 * 24 * 0.3 + 20 * 24 * 0.001, rel=0.05)
    # The slow day was slow for all its hours but those in maintenance, and nobody was told.
    slow = sum(cells[2].value or 0 for key, cells in unseen.items() if key[1] == "shop-latency")
    assert slow == 24 * 3600 - 90 * 60
    advice = told.section("alerts-and-objectives").advice
    assert any(text.startswith("HighErrorRate fired 2 times while nothing was breached") for text in advice)
    assert any(
        text.startswith("shop-availability was breached for 1 h and no alert fired") for text in advice
    )


def test_thresholds(told: Told) -> None:
    """Memory never came half way, the disk came closer than a tenth each day, and few bytes were never few."""
    table = "thresholds"
    assert told.value(table, "MemoryHigh", "nearest") == pytest.approx(0.3 + 0.029)
    assert told.cell(table, "MemoryHigh", "found").text == "never half way there"
    assert told.value(table, "MemoryHigh", "the week suggests") == 0.49
    assert told.value(table, "DiskFills", "nearest") == 0.76
    assert told.value(table, "DiskFills", "days within a tenth") == 7
    assert told.cell(table, "DiskFills", "found").text == "within a tenth every day"
    assert told.value(table, "DiskFills", "the week suggests") == 0.88
    assert told.value(table, "FewBytesFree", "nearest") == 5e9
    assert told.value(table, "FewBytesFree", "the week suggests") == 3.3e9
    # In an outage it was far above, on other days far below.
    assert told.value(table, "HighErrorRate", "nearest") == pytest.approx(0.5, rel=0.01)
    assert told.cell(table, "HighErrorRate", "found").text == "nothing"
    section = told.section("thresholds")
    assert [text.split()[0] for text in section.advice] == ["DiskFills", "FewBytesFree", "MemoryHigh"]
    assert any("Vanished" in part for part in section.parts if isinstance(part, str))


def test_sources_can_be_asked_again(told: Told) -> None:
    """Each is PromQL as Prometheus reads it, and each cell's source is there."""
    known = {source.id: source for one in told.sections for source in one.sources}
    for source in known.values():
        assert answer(told.url, source.query, source.at or 0)["status"] == "success", source
    tables = [part for one in told.sections for part in one.parts if isinstance(part, Table)]
    cells = [cell for table in tables for row in table.rows for cell in row]
    assert {cell.source for cell in cells} - {""} <= known.keys()
    assert all(cell.value is None or math.isfinite(cell.value) for cell in cells)

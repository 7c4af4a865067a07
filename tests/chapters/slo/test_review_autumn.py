"""A review of the week in which summer time ends, of a service with two instances and a release, by a real Prometheus.

The truth is worked out from the simulated requests, minute by minute, and knows nothing of PromQL or of pieces of time.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from deployspec.app import OURS
from deployspec.chapters.alerts.review import sections as sections_of_alerts
from deployspec.chapters.slo.review import sections
from deployspec.deployment import load
from deployspec.model.review import Cell, Figure, Section, Span, Table, Week
from deployspec.record.history import History
from deployspec.sinks.ours import SINKS
from tests.chapters.slo.measure.test_window import prometheus
from tests.prometheus_versions import Version, given, versions

pytestmark = pytest.mark.xdist_group("prometheus-review-autumn")

ZONE = ZoneInfo("Europe/Berlin")
MINUTE, HOUR = 60, 3600
AFTER = 17
"""Seconds from a full minute to its sample."""


def at(text: str, fold: int = 0) -> int:
    """A moment of October 2025, by the clocks in Berlin."""
    return round(datetime.fromisoformat(f"2025-10-{text}").replace(tzinfo=ZONE, fold=fold).timestamp())


BEGIN = round(datetime(2025, 9, 29, tzinfo=ZONE).timestamp())
WEEK, END = at("20T00:00"), at("27T00:00")
BEFORE = WEEK - (END - WEEK)
OUTAGE = (at("21T10:05"), at("21T10:50"), 0.4)
UNTOLD = (at("23T03:10"), at("23T03:40"), 0.3)
EARLIER = (at("08T14:00"), at("08T16:00"), 0.2)
PAUSED = (at("25T12:15"), at("25T14:40"))
SILENT = (at("24T05:00"), at("24T12:12"))
SLOW = [(at("22T08:00"), at("22T20:00")), (at("14T09:00"), at("14T15:00"))]
RELEASE = at("22T21:30")
"""One instance is replaced by one with another address: its counters begin at 0."""
RESET = at("20T15:30")
"""The other one is restarted."""
ENDS = (0.1, 0.25, 0.5, 1.0, float("inf"))
QUICK, TARDY = np.array((0.5, 0.85, 0.98, 0.995, 1.0)), np.array((0.3, 0.6, 0.88, 0.96, 1.0))
FIRED = [
    ("HighErrorRate", {}, at("21T10:12"), at("21T10:55")),
    ("HighErrorRate", {}, at("25T12:20"), at("25T12:50")),  # in maintenance
    (
        "LongQueue",
        {"queue": "a"},
        at("26T02:30"),
        at("26T02:10", fold=1),
    ),  # 40 minutes, in an hour that comes twice
    ("LongQueue", {"queue": "b"}, at("26T02:40"), at("26T02:10", fold=1)),
    ("HighLatency", {}, at("22T08:10"), at("22T20:05")),
]

RULES = """\
groups:
  - name: shop
    rules:
      - {alert: HighErrorRate, for: 5m, expr: 'sum(rate(requests_total{code="503"}[5m])) / sum(rate(requests_total[5m])) > 0.05'}
      - {alert: HighLatency, expr: 'histogram_quantile(0.95, sum by (le) (rate(seconds_bucket[5m]))) > 0.5'}
      - {alert: LongQueue, expr: queue_length > 1000}
      - {alert: LittleSpace, expr: free_share < 0.1}
      - {alert: Down, expr: up == 0}
"""
OBJECTIVE = """\
apiVersion: openslo/v1
kind: SLO
metadata: {name: NAME, annotations: {deployspec/alerts: HighErrorRate}}
spec:
  service: shop
  indicator: {metadata: {name: it}, spec: INDICATOR}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [OBJECTIVES]
"""


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _ratio(counter: str) -> dict[str, Any]:
    bad = _metric(f'{counter}{{code="503"}}')
    return {"ratioMetric": {"counter": True, "bad": bad, "total": _metric(counter)}}


OBJECTIVES = {
    "availability": (_ratio("requests_total"), {"target": 0.99}),
    "latency": (
        {"thresholdMetric": {"metricSource": {"type": "Prometheus", "spec": {"histogram": "seconds"}}}},
        {"target": 0.95, "op": "lt", "value": 0.5},
    ),
    "absent": (_ratio("nothing_total"), {"target": 0.99}),
}


@dataclass
class Truth:
    """What happened in each minute from ``BEGIN``, by instance."""

    requests: np.ndarray[Any, Any]
    bad: np.ndarray[Any, Any]
    buckets: np.ndarray[Any, Any]
    counted: np.ndarray[Any, Any]
    """Whether there are samples at both of its ends, which alone makes it known."""
    paused: np.ndarray[Any, Any]

    def of(self, begin: int, end: int) -> np.ndarray[Any, Any]:
        """Which minutes of a span are known, and in no maintenance."""
        found = np.zeros(len(self.requests), bool)
        found[(begin - BEGIN) // MINUTE : (end - BEGIN) // MINUTE] = True
        return found & self.counted & ~self.paused

    def sums(self, begin: int, end: int) -> tuple[float, float]:
        """Requests, and bad ones."""
        minutes = self.of(begin, end)
        return float(self.requests[minutes].sum()), float(self.bad[minutes].sum())


def _marked(*spans: tuple[int, ...]) -> np.ndarray[Any, Any]:
    found = np.zeros((END - BEGIN) // MINUTE, bool)
    for begin, end, *_ in spans:
        found[(begin - BEGIN) // MINUTE : (end - BEGIN) // MINUTE] = True
    return found


@pytest.fixture(scope="module")
def truth() -> Truth:
    """All that happened."""
    hours = (np.arange((END - BEGIN) // MINUTE) // 60) % 24
    requests = np.where((hours >= 6) & (hours < 20), 80.0, 40.0)
    share = np.full(len(hours), 0.002)
    for one in (OUTAGE, UNTOLD, EARLIER):
        share[_marked(one)] = one[2]
    share[_marked(PAUSED)] = 0.8
    shares = np.where(_marked(*SLOW)[:, None], TARDY, QUICK)
    return Truth(requests, requests * share, requests[:, None] * shares, ~_marked(SILENT), _marked(PAUSED))


def _openmetrics(truth: Truth) -> Iterator[str]:
    """As two instances have it, each with half of the requests; each is scraped once a minute."""
    counters: dict[str, np.ndarray[Any, Any]] = {}
    for minute in range(-1, len(truth.requests)):
        now = BEGIN + minute * MINUTE
        first = "b:80" if now >= RELEASE else "a:80"
        stamp = now + MINUTE + AFTER
        for name in (first, "c:80"):
            own = counters.setdefault(name, np.zeros(2 + len(ENDS)))
            if name == "c:80" and now == RESET:
                own[:] = 0
            if minute < 0:
                continue
            bad = truth.bad[minute] / 2
            own += (truth.requests[minute] / 2 - bad, bad, *(truth.buckets[minute] / 2))
        if minute >= 0 and not truth.counted[minute]:
            continue
        for name in (first, "c:80"):
            own, labels = counters[name], f'job="shop",instance="{name}"'
            yield f"up{{{labels}}} 1 {stamp}"
            yield f'requests_total{{{labels},code="200"}} {own[0]:.12g} {stamp}'
            yield f'requests_total{{{labels},code="503"}} {own[1]:.12g} {stamp}'
            for end, count in zip(("0.1", "0.25", "0.5", "1.0", "+Inf"), own[2:], strict=True):
                yield f'seconds_bucket{{{labels},le="{end}"}} {count:.12g} {stamp}'
            yield f"seconds_count{{{labels}}} {own[-1]:.12g} {stamp}"
        clock = datetime.fromtimestamp(now, ZONE)
        yield f"queue_length {100 + clock.day + (60 if clock.hour == 12 else 0)} {stamp}"
        yield f"free_share {0.105 if clock.hour == 12 else 0.2} {stamp}"
    for name, more, begin, end in FIRED:
        labels = ",".join(f'{key}="{value}"' for key, value in more.items())
        for moment in range(begin, end, MINUTE):
            yield f'ALERTS{{alertname="{name}",alertstate="firing"{"," if labels else ""}{labels}}} 1 {moment + 30}'
    yield "# EOF"


@dataclass
class Found:
    """The sections that were made."""

    sections: dict[str, Section]
    again: dict[str, Section]
    deployment: Any

    def table(self, key: str) -> Table:
        """A table, wherever it is."""
        return next(
            part
            for one in self.sections.values()
            for part in one.parts
            if isinstance(part, Table) and part.key == key
        )

    def figure(self, key: str) -> Figure:
        """A figure, wherever it is."""
        return next(
            part
            for one in self.sections.values()
            for part in one.parts
            if isinstance(part, Figure) and part.key == key
        )


def cell(table: Table, row: str, column: str) -> Cell:
    """By the first cell's text, or the beginning of it, and the column's name."""
    place = [one.name for one in table.columns].index(column)
    return next(own[place] for own in table.rows if own[0].text.startswith(row))


WHOLE = Week("shop", Span(WEEK, END), ZONE, "Europe/Berlin", maintenance=(("upgrade", Span(*PAUSED)),))
NOTHING = History(
    "shop", (), (), np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.uint8), np.zeros((0, 0), np.float32)
)


@pytest.fixture(scope="module", params=versions())
def found(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, truth: Truth
) -> Iterator[Found]:
    """The chapters' sections by a Prometheus that has been filled."""
    version: Version = given(request)
    folder = tmp_path_factory.mktemp("autumn")
    (folder / "past.om").write_text("\n".join(_openmetrics(truth)) + "\n")
    command = [version.promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=744h"]
    subprocess.run([*command, "past.om", "data"], cwd=folder, check=True, capture_output=True, timeout=120)
    options = ("--storage.tsdb.retention.time=20y", "--query.lookback-delta=1m")
    with prometheus(version, folder, {}, folder / "data", *options) as url:
        deployment = deployed(folder, url)
        made = [
            {
                one.key: one
                for one in (
                    *sections(WHOLE, deployment, NOTHING),
                    *sections_of_alerts(WHOLE, deployment, NOTHING),
                )
            }
            for _ in range(2)
        ]
        yield Found(*made, deployment)


def deployed(folder: Path, url: str) -> Any:
    """A deployment with that Prometheus, objectives and rules."""
    for name, (indicator, objective) in OBJECTIVES.items():
        text = OBJECTIVE.replace("NAME", name)
        text = text.replace("INDICATOR", json.dumps(indicator)).replace("OBJECTIVES", json.dumps(objective))
        (folder / f"{name}.slo.yaml").write_text(text)
    (folder / "shop.rules.yaml").write_text(RULES)
    (folder / "shop.yaml").write_text(
        f"""\
base_url: http://127.0.0.1:9
prometheus: {{url: "{url}", window: 4w}}
slos: {{files: ["*.slo.yaml"]}}
rules: {{files: ["shop.rules.yaml"]}}
maintenance_windows:
  - {{name: upgrade, start: 2025-10-25T12:15:00+02:00, end: 2025-10-25T14:40:00+02:00}}
"""
    )
    return load(folder / "shop.yaml", {}, OURS, SINKS)


def tolerance(truth: Truth, of: np.ndarray[Any, Any], begin: int, end: int) -> float:
    """By how much a sum of hours may differ.

    An hour has 60 samples, so 59 of its minutes are between two of them: in the other one's place stands what is usual in the
    hour, for ``increase`` extrapolates. Where an instance begins, what it had counted at its first sample is left out, and
    where samples come again after a gap, half a minute; so much is allowed for once a span.
    """
    known = np.where(truth.of(begin, end), of, 0.0)[(begin - BEGIN) // MINUTE : (end - BEGIN) // MINUTE]
    hours = known.reshape(-1, 60) if len(known) % 60 == 0 else known.reshape(1, -1)
    apart = np.abs(hours - hours.mean(axis=1, keepdims=True)).max(axis=1)
    return float(apart.sum() + 2 * known.max(initial=0.0)) + 1e-6


def bad_of(truth: Truth, name: str) -> np.ndarray[Any, Any]:
    """The bad requests of each minute, as an objective has it."""
    return truth.bad if name == "availability" else truth.requests - truth.buckets[:, 2]


@pytest.mark.parametrize("name", ["availability", "latency"])
def test_budgets_are_those_of_the_requests_that_there_were(found: Found, truth: Truth, name: str) -> None:
    table, limit = found.table(f"objective-{name}"), 0.01 if name == "availability" else 0.05
    bad = bad_of(truth, name)
    columns = [one.name for one in table.columns]
    for place, (begin, end) in enumerate(((WEEK, END), (BEGIN, END)), 1):
        minutes = truth.of(begin, end)
        requests, failed = truth.requests[minutes].sum(), bad[minutes].sum()
        off, bad_off = tolerance(truth, truth.requests, begin, end), tolerance(truth, bad, begin, end)
        column = columns[place]
        assert cell(table, "requests", column).value == pytest.approx(requests, abs=off)
        assert cell(table, "bad requests", column).value == pytest.approx(failed, abs=bad_off)
        share = cell(table, "good requests", column).value
        assert share == pytest.approx(1 - failed / requests, abs=1.1 * (bad_off + 0.05 * off) / requests)
        spent = failed / (limit * requests)
        assert cell(table, "budget spent", column).value == pytest.approx(spent, rel=0.05)
        assert cell(table, "budget left", column).value == pytest.approx(1 - spent, abs=0.05 * spent)
    assert columns[1:] == ["7 days", "28 days"]


def test_what_is_not_known_and_what_was_left_out_have_rows_of_their_own(found: Found) -> None:
    table = found.table("objective-availability")
    missing = cell(table, "no data", "7 days")
    assert missing.value == pytest.approx(SILENT[1] - SILENT[0], abs=90)
    # 169 hours less 2 h 25 min: the week has an hour more, and maintenance is left out.
    assert missing.text.endswith(" of 166 h 35 min")
    paused = cell(table, "maintenance", "7 days")
    assert paused.value == PAUSED[1] - PAUSED[0]
    assert "requests" in paused.note
    newest = cell(table, "newest data", "28 days")
    assert newest.value == pytest.approx(MINUTE - AFTER, abs=MINUTE)


def test_days_until_it_is_spent(found: Found, truth: Truth) -> None:
    cells = {name: cell(found.table("objectives"), name, "days until it is spent") for name in OBJECTIVES}
    for name, limit in (("availability", 0.01), ("latency", 0.05)):
        minutes, week = truth.of(BEGIN, END), truth.of(WEEK, END)
        bad = bad_of(truth, name)
        left = limit * truth.requests[minutes].sum() - bad[minutes].sum()
        if left <= 0:
            assert cells[name].text == "spent"
        else:
            assert cells[name].value == pytest.approx(left / (bad[week].sum() / week.sum() * 1440), rel=0.1)


def test_burn_by_hour(found: Found, truth: Truth) -> None:
    line = found.figure("burn-availability").chart.lines[0]
    rates = dict(zip(line.x, line.y, strict=True))
    for begin in range(WEEK, END, HOUR):
        requests, bad = truth.sums(begin, begin + HOUR)
        if PAUSED[0] < begin + HOUR and begin < PAUSED[1]:
            continue
        rate = rates[begin]
        if not requests:
            assert rate is None
            continue
        off = tolerance(truth, truth.bad, begin, begin + HOUR) / (0.01 * requests)
        assert rate == pytest.approx(bad / (0.01 * requests), abs=off, rel=0.05)
    for moment, rate in rates.items():
        assert not PAUSED[0] <= moment < PAUSED[1] or rate is None


def test_day_by_day(found: Found, truth: Truth) -> None:
    table = found.table("days-availability")
    assert len(table.rows) == 7
    for day in WHOLE.days():
        name = f"{datetime.fromtimestamp(day.begin, ZONE):%a %Y-%m-%d}"
        requests, bad = truth.sums(int(day.begin), int(day.end))
        off = [tolerance(truth, of, int(day.begin), int(day.end)) for of in (truth.requests, truth.bad)]
        assert cell(table, name, "requests").value == pytest.approx(requests, abs=off[0])
        assert cell(table, name, "bad").value == pytest.approx(bad, abs=off[1])
    # The last day has 25 hours.
    assert cell(table, "Sun", "requests").value > 24 * HOUR / MINUTE * 40


def p95(truth: Truth, begin: float, end: float) -> float:
    """By the definition: the value below which 95 of 100 are, spread evenly within its bucket."""
    counts = truth.buckets[truth.of(int(begin), int(end))].sum(axis=0)
    rank = 0.95 * counts[-1]
    place = int(np.argmax(counts >= rank))
    low, before = (ENDS[place - 1], counts[place - 1]) if place else (0.0, 0.0)
    return float(low + (ENDS[place] - low) * (rank - before) / (counts[place] - before))


def test_latency_by_day_beside_the_week_before(found: Found, truth: Truth) -> None:
    table = found.table("p95-latency")
    before = WHOLE.days(Span(at("13T00:00"), WEEK))
    for now, then in zip(WHOLE.days(), before, strict=True):
        name = f"{datetime.fromtimestamp(now.begin, ZONE):%a %Y-%m-%d}"
        assert cell(table, name, "p95").value == pytest.approx(p95(truth, *now), rel=0.01)
        assert cell(table, name, "the week before").value == pytest.approx(p95(truth, *then), rel=0.01)


@pytest.mark.parametrize("key", ["now", "then"])
def test_distribution(found: Found, truth: Truth, key: str) -> None:
    begin, end = (WEEK, END) if key == "now" else (BEFORE, WEEK)
    counts = truth.buckets[truth.of(begin, end)].sum(axis=0)
    bars = found.figure(f"latency-{key}-latency").chart.bars
    assert bars is not None
    assert bars.edges == (50, 100, 250, 500, 1000, 2000)
    for count, wanted in zip(bars.counts, np.diff(counts, prepend=0), strict=True):
        assert count == pytest.approx(wanted, rel=0.01)


def test_verdicts(found: Found, truth: Truth) -> None:
    section = found.sections["objectives"]
    table = found.table("objectives")
    requests, bad = truth.sums(BEGIN, END)
    assert cell(table, "availability", "verdict").text == ("MET" if bad < 0.01 * requests else "BREACHED")
    assert cell(table, "latency", "verdict").text == "MET"
    absent = cell(table, "absent", "verdict")
    assert absent.text == "UNMEASURED"
    assert cell(table, "absent", "good in 7 days").value is None
    assert cell(table, "absent", "no data in 7 days").text == "166 h 35 min of 166 h 35 min"
    assert any(one.startswith("objective absent (") for one in section.unmeasured)
    assert not any("absent" in one for one in section.breached)


def test_alerts_that_fired(found: Found) -> None:
    table = found.table("alerts")
    rows = {row[0].text: tuple(one.value for one in row[1:]) for row in table.rows}
    hour_that_comes_twice = 40 * MINUTE
    latency = at("22T20:05") - at("22T08:10")
    assert rows == {
        "HighErrorRate": (1, 43 * MINUTE, 43 * MINUTE, 0, 0, 30 * MINUTE),
        "HighLatency": (1, latency, latency, 0, 0, 0),
        "LongQueue": (2, hour_that_comes_twice, hour_that_comes_twice, 2, hour_that_comes_twice, 0),
    }
    assert any("7 h" in one for one in found.sections["alerts"].unmeasured)


def test_alerts_beside_objectives(found: Found) -> None:
    table = found.table("noise")
    rows = {row[0].text: tuple(one.value for one in row[1:]) for row in table.rows}
    assert rows == {"HighErrorRate": (1, 0, 0), "HighLatency": (1, 0, 0), "LongQueue": (0, 2, 0)}
    (blind,) = found.table("blind").rows
    assert (blind[0].value, blind[1].text, blind[2].value) == (at("23T03:00"), "availability", HOUR)
    assert blind[3].value == pytest.approx(30 * 40 * 0.3 + 30 * 40 * 0.002, abs=0.3 * 40 + 1)


def test_thresholds(found: Found) -> None:
    table, section = found.table("thresholds"), found.sections["thresholds"]
    queue, space = (cell(table, name, "nearest") for name in ("LongQueue", "LittleSpace"))
    assert (queue.value, space.value) == (186, 0.105)
    suggested = {name: cell(table, name, "the week suggests") for name in ("LongQueue", "LittleSpace")}
    assert (suggested["LongQueue"].value, suggested["LittleSpace"].value) == (280, 0.07)
    assert cell(table, "HighErrorRate", "found").text == "nothing"
    assert cell(table, "HighErrorRate", "nearest").value == pytest.approx(OUTAGE[2], rel=0.1)
    assert [one.split()[0] for one in section.advice] == ["LittleSpace", "LongQueue"]
    assert any("Down" in part for part in section.parts if isinstance(part, str))


def test_sections_stand_in_the_order_in_which_a_team_asks(found: Found) -> None:
    order = sorted(found.sections.values(), key=lambda one: one.rank)
    assert [one.key for one in order] == [
        "objectives",
        "latency",
        "alerts",
        "alerts-and-objectives",
        "thresholds",
    ]


def test_the_same_week_twice_says_the_same(found: Found) -> None:
    assert found.sections == found.again


def test_each_figure_names_a_source_that_there_is(found: Found) -> None:
    for section in found.sections.values():
        known = {one.id for one in section.sources}
        named = set()
        for part in section.parts:
            if isinstance(part, str):
                continue
            named.add(part.source)
            if isinstance(part, Table):
                named |= {one.source for row in part.rows for one in row}
        assert named - {""} <= known


def test_a_week_that_begins_and_ends_at_no_full_hour(found: Found, truth: Truth) -> None:
    end = at("24T13:37") + 21
    span = Span(end - 7 * 24 * HOUR, end)
    of = Week("shop", span, ZONE, "Europe/Berlin", maintenance=())
    made = Found({one.key: one for one in sections(of, found.deployment, NOTHING)}, {}, found.deployment)
    begin, until = (int(one) - 21 for one in span)
    for name in ("availability", "latency"):
        bad, table = bad_of(truth, name), made.table(f"objective-{name}")
        minutes = truth.of(begin, until)
        for row, wanted in (("requests", truth.requests), ("bad requests", bad)):
            # Beside what increase may be off by, the minutes at both ends are not whole.
            off = tolerance(truth, wanted, begin, until) + 60 * wanted[minutes].max() / 20
            assert cell(table, row, "7 days").value == pytest.approx(wanted[minutes].sum(), abs=off)
    # All days together are the week, of which the first and the last are not whole.
    rows = made.table("days-availability").rows
    assert len(rows) == 8
    days = sum(row[1].value or 0.0 for row in rows)
    assert days == pytest.approx(cell(made.table("objective-availability"), "requests", "7 days").value)
    # So is the week before, to the request.
    before = truth.requests[truth.of(begin - 7 * 24 * HOUR, begin)].sum()
    bars = made.figure("latency-then-latency").chart.bars
    assert bars is not None
    assert sum(bars.counts) == pytest.approx(before, rel=0.002)

"""A simulated month of a shop, minute by minute: what its Prometheus has scraped, and what is true of it.

The four weeks end with the night in which summer time begins. All changes are at full minutes; samples are taken 17 s after
them, as no scrape is at a round time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Europe/Berlin")
MINUTE = 60
AFTER = 17
"""Seconds from a full minute to its sample."""
BUCKETS = ("0.1", "0.25", "0.5", "1.0", "+Inf")
QUICK = (0.5, 0.8, 0.98, 0.995, 1.0)
SLOW = (0.3, 0.6, 0.9, 0.96, 1.0)
"""The shares of requests up to each bucket's end."""
THRESHOLD = BUCKETS.index("0.5")


def at(text: str) -> int:
    """A moment by the clocks of the zone."""
    return round(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


BEGIN, END = at("2026-03-02T00:00"), at("2026-03-30T00:00")
WEEK = at("2026-03-23T00:00")
BEFORE = 2 * WEEK - END
OUTAGES = [
    ("2026-03-05T08:00", "2026-03-05T16:00", 0.6),
    ("2026-03-17T12:00", "2026-03-17T13:00", 0.2),
    ("2026-03-24T10:00", "2026-03-24T10:30", 0.5),
    ("2026-03-26T03:00", "2026-03-26T03:40", 0.3),
    # All of it in maintenance.
    ("2026-03-25T01:20", "2026-03-25T02:50", 1.0),
]
"""From, until, and the share that failed."""
SLOW_DAYS = [("2026-03-18T00:00", "2026-03-19T00:00"), ("2026-03-25T00:00", "2026-03-26T00:00")]
SILENCE = [("2026-03-10T14:30", "2026-03-10T19:30"), ("2026-03-27T00:00", "2026-03-27T07:12")]
RESTARTS = ["2026-03-12T11:23", "2026-03-28T15:20"]
MAINTENANCE = [
    ("2026-03-25T01:20", "2026-03-25T02:50"),
    *((f"2026-03-{day:02}T04:30", f"2026-03-{day:02}T05:15") for day in (8, 15, 22, 29)),
]
# In the order of their times: promtool leaves out what comes too late.
FIRING: list[tuple[dict[str, str], str, str]] = [
    ({"alertname": "HighErrorRate"}, "2026-03-23T15:00", "2026-03-23T15:20"),
    ({"alertname": "HighErrorRate"}, "2026-03-24T10:06", "2026-03-24T10:36"),
    ({"alertname": "HighErrorRate"}, "2026-03-25T01:30", "2026-03-25T02:40"),
    ({"alertname": "HighErrorRate"}, "2026-03-26T23:10", "2026-03-26T23:30"),
    (
        {"alertname": "ProbeCheckBreached", "check": "health.healthy-now", "deployment": "shop", "location": "a"},
        "2026-03-28T09:00",
        "2026-03-28T09:10",
    ),
    (
        {"alertname": "ProbeCheckBreached", "check": "health.answers-in-time", "deployment": "shop", "location": "a"},
        "2026-03-28T11:00",
        "2026-03-28T11:10",
    ),
    ({"alertname": "ProbeCheckBreached", "check": "x.y", "deployment": "other"}, "2026-03-28T09:00", "2026-03-28T09:30"),
    ({"alertname": "Stranger"}, "2026-03-28T09:00", "2026-03-28T09:30"),
]  # fmt: skip
LOOKBACK = 5 * MINUTE
"""For so long Prometheus shows a series after its last sample: promtool writes no mark that it has ended."""


@dataclass
class Month:
    """By the minute that begins ``LEAD`` before the four weeks: what happens in it."""

    first: int
    requests: np.ndarray[Any, Any]
    bad: np.ndarray[Any, Any]
    buckets: np.ndarray[Any, Any]
    """A row a minute, a column a bucket; counts up to its end."""
    seen: np.ndarray[Any, Any]
    """Whether there was a sample."""
    paused: np.ndarray[Any, Any]

    def of(self, begin: int, end: int, *, paused: bool = False) -> np.ndarray[Any, Any]:
        """Which minutes of a span count: those that were seen, outside of maintenance or inside of it."""
        minutes = np.zeros(len(self.seen), bool)
        minutes[(begin - self.first) // MINUTE : (end - self.first) // MINUTE] = True
        return minutes & self.seen & (self.paused == paused)

    def missing(self, begin: int, end: int) -> int:
        """Seconds of a span without data, outside of maintenance."""
        minutes = slice((begin - self.first) // MINUTE, (end - self.first) // MINUTE)
        return int((~self.seen[minutes] & ~self.paused[minutes]).sum()) * MINUTE

    def open(self, begin: int, end: int) -> int:
        """Seconds of a span outside of maintenance."""
        minutes = slice((begin - self.first) // MINUTE, (end - self.first) // MINUTE)
        return int((~self.paused[minutes]).sum()) * MINUTE


def month() -> Month:
    """The simulated one."""
    first = BEGIN - 60 * MINUTE
    moments = range(first, END, MINUTE)

    def marked(spans: Iterable[tuple[str, str]]) -> np.ndarray[Any, Any]:
        found = np.zeros(len(moments), bool)
        for begin, end in spans:
            found[(at(begin) - first) // MINUTE : (at(end) - first) // MINUTE] = True
        return found

    hours = np.array([datetime.fromtimestamp(moment, ZONE).hour for moment in moments])
    requests = np.where((hours >= 7) & (hours < 22), 60.0, 24.0)
    share = np.full(len(moments), 0.001)
    for begin, end, failed in OUTAGES:
        share[marked([(begin, end)])] = failed
    slow = marked(SLOW_DAYS)
    shares = np.where(slow[:, None], np.array(SLOW), np.array(QUICK))
    return Month(
        first, requests, requests * share, requests[:, None] * shares, ~marked(SILENCE), marked(MAINTENANCE)
    )


def openmetrics(of: Month) -> Iterator[str]:
    """What its Prometheus has scraped. Counters begin anew with each restart."""
    restarts = {(at(moment) - of.first) // MINUTE for moment in RESTARTS}
    good = bad = 0.0
    buckets = np.zeros(len(BUCKETS))
    target = 'instance="api:80",job="shop"'
    for minute in range(len(of.seen)):
        if minute in restarts:
            good = bad = 0.0
            buckets[:] = 0
        good += of.requests[minute] - of.bad[minute]
        bad += of.bad[minute]
        buckets += of.buckets[minute]
        if not of.seen[minute]:
            continue
        # What happened in the minute is seen at its end.
        stamp = of.first + minute * MINUTE + AFTER
        yield f"up{{{target}}} 1 {stamp}"
        yield f'requests_total{{{target},status="200"}} {good:.10g} {stamp}'
        yield f'requests_total{{{target},status="503"}} {bad:.10g} {stamp}'
        for end, count in zip(BUCKETS, buckets, strict=True):
            yield f'seconds_bucket{{{target},le="{end}"}} {count:.10g} {stamp}'
        yield f"seconds_count{{{target}}} {buckets[-1]:.10g} {stamp}"
        if minute % 4 == 0:
            clock = datetime.fromtimestamp(of.first + minute * MINUTE, ZONE)
            yield f"memory_share{{{target}}} {0.3 + 0.001 * clock.day:.10g} {stamp}"
            yield f"disk_used_share{{{target}}} {0.76 if clock.hour == 12 else 0.5:.10g} {stamp}"
            yield f"free_bytes{{{target}}} {5e9 if clock.hour == 12 else 9e9:.10g} {stamp}"
    for labels, begin, end in FIRING:
        told = ",".join(f'{name}="{value}"' for name, value in (labels | {"alertstate": "firing"}).items())
        for moment in range(at(begin), at(end), MINUTE):
            yield f"ALERTS{{{told}}} 1 {moment}"
    yield "# EOF"

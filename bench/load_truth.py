"""What a server that freezes now and then looks like to each load generator, beside what it is like."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.load_tools import NO_K6, Freezing, freezing_server, k6, k6_program, kept, locust, ours

EVERY, LASTS = 20.0, 3.0
FIRST = 8.5
"""Seconds from the first request to the first freeze: a run of whole cycles ends as long after a freeze."""
SECONDS = 40.0
RATE = 100
LIMIT = 0.03
"""How far from the truth, as a share of it."""


@dataclass(frozen=True)
class _Row:
    what: str
    p95: float
    """In milliseconds, as the truth."""
    truth: float
    remarks: str

    def __str__(self) -> str:
        away = f"{self.p95 / self.truth - 1:+.1%}"
        return f"| {self.what} | {self.p95:.0f} | {self.truth:.0f} | {away} | {self.remarks} |"


def run() -> str:
    """Measure, and return the results as Markdown."""
    # Those two at a time that are the same program: 100 requests a second are little for the machine.
    with ThreadPoolExecutor() as pool:
        rows = list(pool.map(_locust, (20, 100)))
        if k6_program() is not None:
            rows += pool.map(_k6, (50, 500))
    mine, complete = _ours()
    rows.append(mine)
    away = abs(mine.p95 / mine.truth - 1)
    lines = "\n".join(str(row) for row in rows)
    without = "" if k6_program() is not None else f"- {NO_K6}\n"
    return f"""### Truth: a server that freezes

A server that answers at once, but is frozen for {LASTS:g} s of every {EVERY:g} s, {RATE} requests a second for
{SECONDS:g} s, each generator with a server of its own that freezes for the first time {FIRST:g} s after its first
request; the two runs of Locust at the same time, the two of k6 too, ours alone. The truth is computed from the
arrivals' schedule and the freezes as they were: who arrives in one waits until its end; nearest rank of all {RATE * SECONDS:,.0f}.

| generator | p95, ms | truth, ms | away | not sent, or failed |
| --- | --- | --- | --- | --- |
{lines}

- Ours within {LIMIT:.0%} of the truth: {kept(away <= LIMIT)} ({away:.2%}). Every arrival sent and answered: {kept(complete)}.
{without}"""


def _truth(server: Freezing) -> float:
    """The true p95 in milliseconds: nearest rank of how long each arrival of the schedule waits."""
    waits = []
    for number in range(round(RATE * SECONDS)):
        at = server.began + number / RATE
        waits.append(max((end - at for begin, end in server.freezes if begin <= at < end), default=0.0))
    waits.sort()
    rank = -(-95 * len(waits) // 100)
    return 1000 * waits[rank - 1]


def _server() -> Freezing:
    return freezing_server(EVERY, LASTS, FIRST, 2 * SECONDS + 60)


def _locust(users: int) -> _Row:
    _say(f"plain Locust, {users} users")
    pace = RATE / users
    with _server() as server:
        told = locust(server.url, "Paced", users, SECONDS, pace=pace)
    missing = round(RATE * SECONDS) - told.requests
    return _Row(
        f"plain Locust: {users} `FastHttpUser`s, `constant_throughput({pace:g})`",
        told.p95,
        _truth(server),
        f"{missing} never sent, {told.failed} failed",
    )


def _k6(most: int) -> _Row:
    _say(f"k6, {most} users at most")
    with _server() as server:
        told = k6(server.url, RATE, SECONDS, most=most)
    return _Row(
        f"k6, `constant-arrival-rate`, `preAllocatedVUs` 50, `maxVUs` {most}",
        told.p95,
        _truth(server),
        f"{told.dropped} dropped, {told.failed} failed",
    )


def _ours() -> tuple[_Row, bool]:
    _say("ours")
    with _server() as server:
        result = ours(server.url, RATE, SECONDS)
    p95 = (result.histogram.at(95) or 0) / 1000
    undispatched = result.total.undispatched.total()
    failed = result.total.errors.total()
    complete = not undispatched and not failed and result.histogram.samples == round(RATE * SECONDS)
    remarks = f"{undispatched} not dispatched, {failed} failed or turned away"
    return _Row("ours: `load/`, 2,000 in flight at most", p95, _truth(server), remarks), complete


def _say(what: str) -> None:
    print(f"load: truth, {what}", file=sys.stderr, flush=True)

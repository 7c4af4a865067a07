"""Adds up what the processes of the load generator tell, second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployspec.base.disclosure import redact
from deployspec.base.moments import written
from deployspec.chapters.slo.load.arrivals import arrivals
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.chapters.slo.load.plan import BIN_SECONDS, Plan
from deployspec.chapters.slo.load.result import LoadResult, Process, Second
from deployspec.chapters.slo.load.tally import Tally

SILENCE = 5.0
"""Seconds after which a process that tells nothing counts as dead: each tells something every second."""


@dataclass
class _Report:
    """The last that one process has told."""

    pid: int
    at: float
    """By our clock, monotonic."""
    offered: int = 0
    in_flight: int = 0
    cpu: float = 0.0
    peak: int = 0
    last: bool = False
    elapsed: float = 0.0


@dataclass
class _Recent:
    """What came in one second, of all processes."""

    offered: int = 0
    ended: int = 0
    failed: int = 0
    in_flight: dict[int, int] = field(default_factory=dict)
    latencies: Counter[int] = field(default_factory=Counter)


class Counting:
    """A run as far as it has been told."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.tally = Tally.empty(plan.thresholds, len(plan.routes))
        self.histogram = Histogram.of({})
        """Latencies of all requests so far."""
        self._reports: dict[int, _Report] = {}
        self._started = ""
        self._recent: dict[int, _Recent] = {}
        self.begun = False
        self.failure = ""
        """What a process says that went wrong before it could send anything."""
        self.trouble = ""
        self.cut_short = ""

    def take(self, line: Mapping[str, Any], now: float) -> None:
        """One line of what the generator tells; ``now`` is monotonic, in seconds."""
        if line["kind"] == "hello":
            self._reports[line["share"]] = _Report(line["pid"], now)
        elif line["kind"] == "origin":
            self.begun = True
            self._started = written(line["epoch"])
        elif line["kind"] == "failed":
            self.failure = line["why"]
        else:
            self._count(line, now)

    def _count(self, line: Mapping[str, Any], now: float) -> None:
        report = self._reports[line["share"]]
        offered = line["offered"] - report.offered
        report.at = now
        for name in ("offered", "in_flight", "cpu", "peak", "last", "elapsed"):
            setattr(report, name, line[name])
        more = Tally.from_document(line["tally"], self._plan.thresholds)
        # A reason may be what a server has said.
        more.warm_up = _redacted(more.warm_up)
        for route in (*more.routes, *more.chosen, *more.needed):
            route.errors, route.undispatched = _redacted(route.errors), _redacted(route.undispatched)
        self.tally.add(more)
        # What is told at second 3 came between 2 and 3.
        recent = self._recent.setdefault(max(0, round(line["elapsed"]) - 1), _Recent())
        recent.offered += offered
        recent.in_flight[line["share"]] = line["in_flight"]
        for route in more.routes:
            self.histogram.add(route.latencies)
            recent.latencies.update(route.latencies)
            recent.ended += route.latencies.total()
            recent.failed += route.errors.total()

    @property
    def elapsed(self) -> float:
        """Seconds since the origin, as the processes count them."""
        return max((report.elapsed for report in self._reports.values()), default=0.0)

    @property
    def offered(self) -> int:
        """Arrivals that were due so far, warm-up included."""
        return sum(report.offered for report in self._reports.values())

    @property
    def in_flight(self) -> int:
        """Requests that wait for their answers."""
        return sum(report.in_flight for report in self._reports.values())

    @property
    def ended(self) -> bool:
        """Whether every process has told of its last request."""
        return len(self._reports) == self._plan.processes and all(
            report.last for report in self._reports.values()
        )

    def silent(self, now: float) -> str:
        """Which process has told nothing for too long; empty where none has."""
        for share, report in sorted(self._reports.items()):
            silence = now - report.at
            if not report.last and silence > SILENCE:
                process = (
                    f"process {share + 1} of {self._plan.processes} of the load generator (pid {report.pid})"
                )
                return f"{process} died, or got no processor time: no word from it for {silence:.0f} s"
        return ""

    def excuse(self, seconds: float) -> None:
        """Nobody has listened for so long: that is not the processes' silence."""
        for report in self._reports.values():
            report.at += seconds

    def lost(self) -> str:
        """How many of the plan's requests came to nothing that was told; empty where every one is accounted for.

        Of a run that was made to its end.
        """
        planned = sum(1 for _ in arrivals(self._plan))
        reported = self.tally.warm_up.total()
        reported += sum(route.total() + route.undispatched.total() for route in self.tally.routes)
        if reported == planned:
            return ""
        return f"the load generator lost count: of {planned:,} requests, it reported {reported:,}"

    def missing(self) -> str:
        """Which processes have not told of their last request."""
        lost = [
            f"process {share + 1} of {self._plan.processes} (pid {report.pid})"
            for share, report in sorted(self._reports.items())
            if not report.last
        ]
        return (
            ", ".join(lost)
            or f"{self._plan.processes - len(self._reports)} of {self._plan.processes} processes"
        )

    def second(self, number: int) -> Second:
        """One second of the run."""
        recent = self._recent.get(number, _Recent())
        histogram = Histogram.of(recent.latencies)
        p50, p95, longest = (
            None if value is None else value / 1e6
            for value in (histogram.at(50), histogram.at(95), histogram.longest)
        )
        waiting = sum(recent.in_flight.values())
        return Second(number, recent.offered, recent.ended, recent.failed, waiting, p50, p95, longest)

    def so_far(self, described: Mapping[str, Any]) -> LoadResult:
        """What can be judged already. It shares the tally, which goes on, and leaves out what takes long to make."""
        return LoadResult(plan=described, started=self._started, tally=self.tally)

    def result(self, described: Mapping[str, Any]) -> LoadResult:
        """All that is known."""
        spans = [span for route in self.tally.routes for span in (*route.bins, *route.undispatched_bins)]
        return LoadResult(
            plan=described,
            started=self._started,
            tally=self.tally,
            seconds=tuple(self.second(number) for number in sorted(self._recent)),
            processes=tuple(
                Process(share, report.pid, report.cpu, report.peak, report.last)
                for share, report in sorted(self._reports.items())
            ),
            trouble=self.trouble,
            cut_short=self.cut_short,
            elapsed=min((max(spans) + 1) * BIN_SECONDS, self._plan.duration) if spans else 0.0,
        )


def _redacted(reasons: Counter[str]) -> Counter[str]:
    redacted: Counter[str] = Counter()
    for why, count in reasons.items():
        redacted[redact(why)] += count
    return redacted

"""What a review of a simulated week has to say, worked out second by second: each second of the week is a byte."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise

import numpy as np

from deployspec.base.moments import seconds_of
from deployspec.model.review import Week
from deployspec.record.record import Run
from tests.review.month import INTERVALS, ZONE

THERE_NOT, NONE, PAUSE, GOOD, UNKNOWN_ACCEPTED, BAD_ACCEPTED, UNKNOWN, BAD = range(8)
Figures = dict[tuple[str, str, str], float]
"""By table, row and column."""
Seconds = np.ndarray[tuple[int], np.dtype[np.uint8]]


def begun(run: Run) -> int:
    """Simulated runs begin at whole seconds."""
    return round(seconds_of(run.started) or 0)


def code_of(run: Run, check: str) -> int:
    """What a run says of a check."""
    entry = next((entry for entry in run.entries.values() if entry.id == check), None)
    if entry is None:
        return THERE_NOT
    if run.maintenance:
        return PAUSE
    return {
        ("MET", False): GOOD,
        ("UNMEASURED", True): UNKNOWN_ACCEPTED,
        ("UNMEASURED", False): UNKNOWN,
        ("BREACHED", True): BAD_ACCEPTED,
        ("BREACHED", False): BAD,
    }[entry.verdict, entry.accepted is not None]


class Truth:
    """Of one week, of all runs that there are."""

    def __init__(self, runs: list[Run], week: Week) -> None:
        self.week = week
        self.begin, self.end = (round(moment) for moment in week.span)
        self.first = 2 * self.begin - self.end
        ordered = sorted(runs, key=begun)
        self.runs = [run for run in ordered if self.first <= begun(run) < self.end]
        finished = [run for run in self.runs if run.exit_status is not None]
        self.streams: dict[str, list[Run]] = {}
        for where in INTERVALS:
            if own := [run for run in finished if run.location == where]:
                self.streams[where] = own
        self.streams["check -m gate"] = [run for run in finished if run.kind == "check"]
        self.checks = sorted({entry.id for run in finished for entry in run.entries.values()})
        self.windows = np.zeros(self.end - self.begin, bool)
        for _, span in week.maintenance:
            self._paint(self.windows, round(span.begin), round(span.end), True)
        self.at = {
            where: {check: self._seconds(where, check) for check in self.checks}
            for where in INTERVALS
            if where in self.streams
        }
        nowhere = np.zeros(self.end - self.begin, np.uint8)
        self.worst = {
            check: np.maximum.reduce([nowhere, *(one[check] for one in self.at.values())])
            for check in self.checks
        }

    def _paint(self, seconds: np.ndarray, begin: int, end: int, value: int | bool) -> None:  # type: ignore[type-arg]
        seconds[max(0, begin - self.begin) : max(0, end - self.begin)] = value

    def _seconds(self, where: str, check: str) -> Seconds:
        """Each run paints the one and a half intervals after its start over what was there."""
        seconds = np.full(self.end - self.begin, NONE, np.uint8)
        own = self.streams[where]
        having = [run for run in own if code_of(run, check)]
        if not having:
            return np.full(self.end - self.begin, THERE_NOT, np.uint8)
        for run in having:
            self._paint(seconds, begun(run), begun(run) + INTERVALS[where] * 3 // 2, code_of(run, check))
        earlier = [run for run in own if begun(run) < begun(having[0]) and not run.cut_short]
        later = [run for run in own if begun(run) > begun(having[-1]) and not run.cut_short]
        if earlier:
            self._paint(seconds, self.begin, begun(having[0]), THERE_NOT)
        if later:
            self._paint(seconds, begun(later[0]), self.end, THERE_NOT)
        seconds[self.windows & (seconds != THERE_NOT)] = PAUSE
        return seconds

    def in_week(self, runs: list[Run]) -> list[Run]:
        """Those that began in it."""
        return [run for run in runs if begun(run) >= self.begin]

    def figures(self) -> Figures:
        """All numbers of the tables of the store's own sections."""
        found: Figures = {}
        for part in (
            self._time, self._days, self._gates, self._flaky, self._slow, self._accepted,
            self._failing, self._runs, self._silence, self._others,
        ):  # fmt: skip
            found |= part()
        return found

    def _row(self, table: str, name: str, counts: Counter[int], *, data: bool = True) -> Figures:
        return {
            (table, name, column): float(value)
            for column, value in {
                "MET": counts[GOOD],
                "BREACHED": counts[BAD] + counts[BAD_ACCEPTED],
                "UNMEASURED": counts[UNKNOWN] + counts[UNKNOWN_ACCEPTED],
                "Accepted of these": counts[BAD_ACCEPTED] + counts[UNKNOWN_ACCEPTED],
                **({"No data": counts[NONE]} if data else {}),
                "Maintenance": counts[PAUSE],
            }.items()
        }

    def _folded(
        self, table: str, each: dict[str, Counter[int]], of: str = "", *, data: bool = True
    ) -> Figures:
        """Rows of those that were BREACHED, and of all others that are alike."""
        found: Figures = {}
        groups = defaultdict(list)
        for check, counts in each.items():
            if counts[BAD] or counts[BAD_ACCEPTED]:
                found |= self._row(table, check + of, counts, data=data)
            elif any(counts[code] for code in range(NONE if data else PAUSE, BAD)):
                groups[
                    tuple(sorted((code, count) for code, count in counts.items() if code or not data))
                ].append(check)
        for counts_of, checks in groups.items():
            more = f" and {len(checks) - 1} more" if len(checks) > 2 else ""
            name = checks[0] + more if len(checks) != 2 else f"{checks[0]} and 1 more"
            found |= self._row(table, name + of, Counter(dict(counts_of)), data=data)
        return found

    def _time(self) -> Figures:
        counts = {check: Counter(seconds.tolist()) for check, seconds in self.worst.items()}
        found = self._folded("time", counts)
        for name in {row for _, row, _ in found}:
            seconds = self.worst.get(name, np.zeros(1, np.uint8)).tobytes()
            found["time", name, "Times breached"] = float(len(re.findall(rb"[\x05\x07]+", seconds)))
        bad = [
            check for check in self.checks
            if any(counts[check][code] for code in (UNKNOWN_ACCEPTED, UNKNOWN, BAD_ACCEPTED, BAD))
        ]  # fmt: skip
        if len(self.at) > 1:
            for where, seconds_of_all in self.at.items():
                own = {check: Counter(seconds_of_all[check].tolist()) for check in bad}
                found |= self._folded("time-by-location", own, f" at {where}")
        return found

    @property
    def _all(self) -> Seconds:
        worst = np.maximum.reduce(list(self.worst.values()))
        worst = np.where(worst == THERE_NOT, NONE, worst).astype(np.uint8)
        return np.where(self.windows, PAUSE, worst).astype(np.uint8)

    def _days(self) -> Figures:
        named: dict[str, Counter[int]] = defaultdict(Counter)
        worst = self._all
        # Each hour has one day: zones are set at whole hours.
        for second in range(0, len(worst), 3600):
            clock = datetime.fromtimestamp(self.begin + second, ZONE)
            named[f"{clock:%a %Y-%m-%d}"].update(worst[second : second + 3600].tolist())
        found: Figures = {}
        for name, counts in named.items():
            found |= self._row("days", name, counts)
        return found

    def _gates(self) -> Figures:
        own = self.in_week(self.streams["check -m gate"])
        each = {check: Counter(code_of(run, check) for run in own) for check in self.checks}
        return self._folded("runs-by-check", each, data=False)

    def _flaky(self) -> Figures:
        found: Figures = {}
        for check in self.checks:
            changes = flagged = made = 0
            for runs in self.streams.values():
                told = [run for run in runs if code_of(run, check) in (GOOD, BAD, BAD_ACCEPTED)]
                for one, other in pairwise(told):
                    bad = [code_of(run, check) != GOOD for run in (one, other)]
                    changes += bad[0] != bad[1] and begun(other) >= self.begin
                counting = [run for run in self.in_week(runs) if code_of(run, check) > PAUSE]
                made += len(counting)
                flagged += sum(
                    entry.flaky for run in counting for entry in run.entries.values() if entry.id == check
                )
            if changes >= 2 or flagged:
                for column, value in (("Changes", changes), ("Flaky runs", flagged), ("Runs", made)):
                    found["flakiest", check, column] = float(value)
        return found

    def _slow(self) -> Figures:
        found: Figures = {}
        means = {}
        for check in self.checks:
            lasted: dict[bool, list[float]] = {True: [], False: []}
            for runs in self.streams.values():
                for run in runs:
                    if code_of(run, check) > PAUSE:
                        of = next(entry.duration for entry in run.entries.values() if entry.id == check)
                        lasted[begun(run) >= self.begin].append(of)
            if lasted[True]:
                means[check] = lasted
        mean = {check: sum(one[True]) / len(one[True]) for check, one in means.items()}
        for check in sorted(mean, key=lambda check: -mean[check])[:10]:
            found["slowest", check, "Mean"] = mean[check]
            found["slowest", check, "Runs"] = float(len(means[check][True]))
            if before := means[check][False]:
                found["slowest", check, "Week before"] = sum(before) / len(before)
                found["slowest", check, "Change"] = mean[check] / (sum(before) / len(before)) - 1
        return found

    def _accepted(self) -> Figures:
        found: Figures = {}
        for check in self.checks:
            for run in reversed(self.runs):
                entry = next((entry for entry in run.entries.values() if entry.id == check), None)
                if entry:
                    if entry.accepted:
                        end = datetime.fromtimestamp(self.end, UTC).date()
                        days = (date.fromisoformat(entry.accepted.until) - end).days
                        found["accepted", check, "Days left"] = float(days)
                    break
        return found

    def failing(self, until: int) -> dict[str, tuple[str, int, int]]:
        """By check and place: the verdict, since when, and the start of the newest run that made it."""
        found = {}
        for name, all_runs in self.streams.items():
            runs = [run for run in all_runs if begun(run) < until]
            for check in self.checks:
                told = [run for run in runs if code_of(run, check) > PAUSE]
                if not told or code_of(told[-1], check) == GOOD:
                    continue
                after = [run for run in runs if begun(run) > begun(told[-1]) and not run.cut_short]
                if any(code_of(run, check) == THERE_NOT for run in after):
                    continue
                words = [
                    next(entry.verdict for entry in run.entries.values() if entry.id == check) for run in told
                ]
                since = len(words)
                while since and words[since - 1] == words[-1]:
                    since -= 1
                found[f"{check} at {name}"] = words[-1], begun(told[since]), begun(told[-1])
        return found

    def _failing(self) -> Figures:
        found: Figures = {}
        for name, (_, since, newest) in self.failing(self.end).items():
            found["failing", name, "Since"] = float(since)
            found["failing", name, "As of"] = float(newest)
        return found

    def _missed(self, where: str) -> int:
        due = 0
        runs = [begun(run) for run in self.streams[where]]
        for start, following in pairwise([*runs, self.end]):
            expected = start + INTERVALS[where]
            while expected + INTERVALS[where] / 2 <= following:
                if expected >= self.begin and not self.windows[expected - self.begin]:
                    due += 1
                expected += INTERVALS[where]
        return due

    def _quiet(self, where: str) -> list[tuple[int, int]]:
        told = np.zeros(self.end - self.begin, np.uint8)
        for run in self.streams[where]:
            self._paint(told, begun(run), begun(run) + INTERVALS[where] * 3 // 2, 1)
        told[self.windows] = 1
        return [(one.start(), one.end()) for one in re.finditer(rb"\x00+", told.tobytes())]

    def _runs(self) -> Figures:
        found: Figures = {}
        for name, runs in self.streams.items():
            own = self.in_week(runs)
            counting = [run for run in own if not run.maintenance]
            row = {
                "Runs": len(counting),
                "Failing": sum(run.exit_status != 0 for run in counting),
                "Cut short": sum(bool(run.cut_short) for run in counting),
                "In maintenance": len(own) - len(counting),
                "Last run": begun(own[-1]),
            }
            if name in INTERVALS:
                missed = self._missed(name)
                quiet = sum(end - begin for begin, end in self._quiet(name))
                row |= {"Expected": len(counting) + missed, "Missed": missed, "Silence": quiet}
            found |= {("runs", name, column): float(value) for column, value in row.items()}
        return found

    def _silence(self) -> Figures:
        found: Figures = {}
        spans = [(begin, end, where) for where in self.at for begin, end in self._quiet(where)]
        for begin, end, where in sorted(spans)[:20]:
            clock = datetime.fromtimestamp(self.begin + begin, ZONE)
            name = f"{clock:%Y-%m-%d %H:%M}"
            if clock.replace(fold=0).utcoffset() != clock.replace(fold=1).utcoffset():
                name += "+02:00" if clock.fold == 0 else "+01:00"
            row = {"Until": self.begin + end, "For": end - begin}
            found |= {("silence", f"{name}, {where}", column): float(value) for column, value in row.items()}
        return found

    def _others(self) -> Figures:
        """Runs that are named, windows, and the week itself."""
        found: Figures = {}
        own = self.in_week(self.runs)
        for run in own:
            if run.cut_short:
                found["cut-short", run.id, "Began"] = float(begun(run))
            if run.exit_status is None:
                found["unfinished", run.id, "Began"] = float(begun(run))
        for name in {name for name, _ in self.week.maintenance} | {run.maintenance for run in own} - {""}:
            mask = np.zeros(self.end - self.begin, bool)
            for window, span in self.week.maintenance:
                if window == name:
                    self._paint(mask, round(span.begin), round(span.end), True)
            counted = sum(run.maintenance == name for run in own)
            if mask.any() or counted:
                found["maintenance", name, "Open"] = float(mask.sum())
                found["maintenance", name, "Runs"] = float(counted)
        return found

"""A load run's result as text for a person, and one line of its progress."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deployspec.base import shown
from deployspec.chapters.slo.judge.changes import latencies, objections, shares, vanished
from deployspec.chapters.slo.judge.table import table
from deployspec.chapters.slo.load.histogram import PERCENTILES, Histogram
from deployspec.chapters.slo.load.result import DISPATCHED, LoadResult
from deployspec.chapters.slo.load.tally import RouteTally
from deployspec.model.figure import Figure

if TYPE_CHECKING:
    from deployspec.chapters.slo.measure.counting import Counting
    from deployspec.model.verdict import Proportion
    from deployspec.record.record import Run

FILE = "load.json"
"""Where, in the folder that the processes of a run share, the load run's result is kept once it was made."""
_MOST_ERRORS = 10
_BARS = " ▁▂▃▄▅▆▇█"
_MOST_BARS = 60
_CONNECTIONS = {
    "chosen": "all, chosen for a new connection",
    "needed": "all, no kept connection free",
    "kept": "all, others",
}


def recorded(folder: Path) -> dict[str, Any] | None:
    """The load run's result as the run record has it, whichever process made it; None where there was none.

    Raises OSError or ValueError where it cannot be read.
    """
    file = folder / FILE
    if not file.exists():
        return None
    try:
        document: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise ValueError(f"the load run's result cannot be read: {error}") from None
    return document


def changes(before: Run, after: Run) -> tuple[list[Figure], list[str]]:
    """What the load runs of two runs have in common, as figures; and what of them cannot be compared, and why."""
    runs = {"the baseline": before, "this run": after}
    missing = [which for which, run in runs.items() if run.added.get("load") is None]
    if missing:
        return [], [f"the load run: {which} has none" for which in missing] if len(missing) == 1 else []
    try:
        old, new = (LoadResult.from_document(run.added["load"]) for run in runs.values())
        why = list(objections(old, new))
        if why:
            return [], why
        both, not_compared = _in_both(before, after)
        figures = [*latencies(old, new), *shares(old, new, both)]
        return figures, [*vanished(old, new), *not_compared]
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        return [], [f"the load run: a result is damaged: {type(error).__name__}: {error}"]


def _in_both(before: Run, after: Run) -> tuple[list[tuple[str, Proportion, Proportion]], list[str]]:
    """The objectives of which the load runs of both know a share, by what they are called; and why others are left out."""
    then = {entry.id: entry.proportion for entry in before.entries.values()}
    both, not_compared = [], []
    for entry in after.ordered():
        now, earlier = entry.proportion, then.pop(entry.id, None)
        if now is None:
            if earlier is not None and earlier.counted_by == "load":
                not_compared.append(f"{entry.id}: this run has no share of it")
        elif now.counted_by != "load":
            not_compared.append(f"{entry.id}: Prometheus' window may hold requests of both runs")
        elif earlier is None:
            not_compared.append(f"{entry.id}: the baseline has no share of it")
        elif (earlier.target, earlier.slow_from, earlier.route) != (now.target, now.slow_from, now.route):
            not_compared.append(f"{entry.id}: the objective has changed")
        else:
            both.append((entry.id, earlier, now))
    not_compared += [
        f"{check}: this run did not make it"
        for check, earlier in then.items()
        if earlier is not None and earlier.counted_by == "load"
    ]
    return both, not_compared


def progress(counting: Counting) -> str:
    """One line: how far it is, what was offered and achieved, what waits, how long answers take, what failed.

    Requests of the warm-up are among those that were offered and have ended, and in nothing else. After a second at least.
    """
    elapsed, latencies, tally = counting.elapsed, counting.histogram, counting.tally
    ended = latencies.samples + tally.warm_up.total()
    failed = sum(route.errors.total() for route in tally.routes)
    percentiles = ", ".join(f"p{p:g} {_ms(latencies.at(p))}" for p in (50, 95, 99))
    return (
        f"load: {elapsed:.0f} s, {counting.offered / elapsed:,.0f}/s offered, {ended / elapsed:,.0f}/s ended, "
        f"{counting.in_flight} in flight, {percentiles}, {failed} failed"
    )


def as_text(result: LoadResult) -> str:
    """The result as text that ends with a line break; its length does not depend on the run's."""
    # A file may come from anywhere: what a terminal would obey is shown instead.
    return "".join(f"{shown.printable(line)}\n" for line in _lines(result))


def _lines(result: LoadResult) -> Iterator[str]:
    plan = result.plan
    yield (
        f"{plan['arrival_rate']:g} requests/s ({plan['arrivals']} arrivals, seed {plan['seed']}) "
        f"to {plan['base_url']} for {result.elapsed:.1f} of {plan['duration']:g} s, after a warm-up of "
        f"{_warm_up(result)}{', begun ' + result.started if result.started else ''}"
    )
    if plan["proxy"]:
        yield f"through the proxy {plan['proxy']}"
    if result.trouble:
        yield f"trouble: {result.trouble}"
    if result.cut_short:
        yield f"cut short: {result.cut_short}"
    yield ""
    yield from _table(result)
    yield from _errors(result)
    yield from _chart(result)
    if result.reconciliation is not None:
        yield ""
        yield from result.reconciliation["text"].splitlines()
        if result.disagreement:
            yield f"DISAGREEMENT: {result.disagreement}"
    yield from _generator(result)


def _warm_up(result: LoadResult) -> str:
    sent = result.tally.warm_up.total()
    failed = sent - result.tally.warm_up["ok"]
    return shown.counted(sent, "request") + (f", {failed} of which failed" if failed else "")


def _table(result: LoadResult) -> Iterator[str]:
    thresholds = [f"< {at / 1e9:g} s" for at in result.tally.thresholds]
    head = ["route", "requests", "failed", *thresholds, *(f"p{p:g}" for p in PERCENTILES), "max"]
    rows = [head]
    named = zip(result.route_names, result.tally.routes, result.histograms, strict=True)
    for name, tally, histogram in (*named, ("all", result.total, result.histogram)):
        rows.append([shown.one_line(name, 40), *_row(tally, histogram)])
    used = {name: tally for name, tally in result.connections().items() if tally.total()}
    if used.keys() - {"kept"}:
        rows += [
            [_CONNECTIONS[name], *_row(tally, Histogram.of(tally.latencies))] for name, tally in used.items()
        ]
    yield from table(rows)


def _row(tally: RouteTally, histogram: Histogram) -> list[str]:
    sums = [tally.total(place) for place in range(2 + 2 * len(tally.thresholds))]
    quick = [
        shown.percentage(Fraction(sums[place] - sums[place + 1], sums[place]), 1, 3) if sums[place] else "-"
        for place in range(2, len(sums), 2)
    ]
    return [
        f"{sums[0]:,}",
        f"{sums[1]:,}",
        *quick,
        *(_ms(histogram.at(p)) for p in PERCENTILES),
        _ms(histogram.longest),
    ]


def _errors(result: LoadResult) -> Iterator[str]:
    total = result.total
    if total.statuses:
        yield ""
        yield "statuses: " + ", ".join(
            f"{status} {count:,} times" for status, count in sorted(total.statuses.items())
        )
    if total.errors:
        yield "failures by reason:"
        for why, count in total.errors.most_common(_MOST_ERRORS):
            yield f"  {count:>9,} times {shown.one_line(why, 100)}"
        if len(total.errors) > _MOST_ERRORS:
            yield f"  … and {shown.counted(len(total.errors) - _MOST_ERRORS, 'other reason')}"
    if unfinished := sum(counts[0] for counts in total.unfinished.values()):
        yield f"still unanswered at the end: {unfinished:,} (not included above)"


def _chart(result: LoadResult) -> Iterator[str]:
    """The p95 of each second, at most sixty columns wide; the longest of the seconds that share one."""
    values = [second.p95 or 0.0 for second in result.seconds]
    if len(values) < 2 or not max(values):
        return
    group = -(-len(values) // _MOST_BARS)
    columns = [max(values[start : start + group]) for start in range(0, len(values), group)]
    most = max(columns)
    each = "second" if group == 1 else f"{group} s"
    yield ""
    yield f"p95 by {each}, at most {most * 1000:,.1f} ms, warm-up included"
    yield "".join(_BARS[round(value / most * (len(_BARS) - 1))] for value in columns).rstrip()


def _generator(result: LoadResult) -> Iterator[str]:
    yield ""
    late = ", ".join(f"p{p:g} {_ms(result.lateness.at(p))}" for p in (50, 99))
    share, dispatched = result.dispatched_share, "nothing to dispatch"
    if share is not None:
        # Neither rounded onto all of them, nor across the share that is enough.
        part = shown.percentage(share, 1 if share > DISPATCHED else DISPATCHED)
        dispatched = f"{part} of the arrivals dispatched"
    yield f"generator: lateness {late}, {dispatched}"
    for process in result.processes:
        ended = "" if process.ended else ", DIED"
        yield (
            f"  process {process.share + 1} of {result.plan['processes']} (pid {process.pid}): "
            f"{process.cpu:.1f} s of processor time, {process.peak / 1e6:.0f} MB{ended}"
        )
    if result.late:
        yield f"  LATE: {result.late}"
    yield (
        "latencies run from the intended start to the last byte; percentiles are nearest ranks of an HdrHistogram "
        "with 3 digits"
    )


def _ms(microseconds: int | None) -> str:
    """With three significant digits at least."""
    if microseconds is None:
        return "-"
    value = microseconds / 1000
    return f"{value:,.{0 if value >= 1000 else 1 if value >= 100 else 2}f} ms"


def slowest_routes(slowest: Sequence[tuple[str, int]]) -> str:
    """The slowest routes in a few words."""
    return ", ".join(f"{shown.one_line(name, 40)} p95 {_ms(at)}" for name, at in slowest[:3])

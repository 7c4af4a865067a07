"""What the store's load runs say of objectives, where no Prometheus does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from deployspec.base import shown
from deployspec.chapters.slo.judge.review.objective import date_of, day_name
from deployspec.chapters.slo.load.histogram import Histogram
from deployspec.model.review import Cell, Column, Section, Source, Span, Table, Tone, Week

if TYPE_CHECKING:
    from deployspec.model.verdict import Proportion
    from deployspec.record.history import History

DIGEST = "latency"


def digest(document: Mapping[str, Any]) -> dict[str, Any]:
    """What of a load run's result a review needs: the histogram of all requests, as the result has it."""
    return {DIGEST: document["total"]["latency"]["hdr"]}


class Counts(NamedTuple):
    """Of several load runs."""

    good: float = 0.0
    total: float = 0.0
    runs: int = 0


@dataclass(frozen=True)
class _Sum:
    of: Proportion
    now: Counts
    then: Counts


def section(week: Week, history: History, why: str) -> Section | None:
    """Shares and latencies of the load runs of the week, beside those of the week before; None where there is no load run."""
    sums, histograms = _sums(week, history), _histograms(history)
    if not sums and not histograms:
        return None
    parts: list[str | Table] = [why]
    parts.append(_shares(sums))
    if histograms:
        parts.append(_p95(week, history, histograms))
    sources = tuple(
        Source(f"load-{run.id or run.path.stem}", "load run", run=run.id, path=str(run.path))
        for number, run in enumerate(history.runs)
        if number in {share.run for share in history.shares} | set(histograms) and not run.maintenance
    )
    return Section("load-runs", "Load runs", tuple(parts), sources=sources, rank=25)


def _sums(week: Week, history: History) -> list[_Sum]:
    """Ratios of sums, by check: the newest target holds."""
    runs = history.runs
    found: dict[str, dict[str, Counts]] = defaultdict(dict)
    newest: dict[str, Proportion] = {}
    for share in history.shares:
        one, run = share.proportion, runs[share.run]
        if one.counted_by != "load" or run.maintenance:
            continue
        when = "now" if _is_in(run.started, week.span) else "then" if _is_in(run.started, week.before) else ""
        if not when:
            continue
        name = f"{one.objective}, {one.route}" if one.route else one.objective
        counts = found[name].get(when, Counts())
        found[name][when] = Counts(counts.good + one.good, counts.total + one.total, counts.runs + 1)
        newest[name] = one
    return [
        _Sum(newest[name], own.get("now", Counts()), own.get("then", Counts()))
        for name, own in sorted(found.items())
    ]


def _is_in(moment: float, span: Span) -> bool:
    return span.begin <= moment < span.end


def _shares(sums: Iterable[_Sum]) -> Table:
    rows = tuple(
        (
            Cell(f"{one.of.objective}, {one.of.route}" if one.of.route else one.of.objective, code=True),
            Cell(shown.percentage(one.of.target, one.of.target), one.of.target),
            _share(one.now, one.of),
            Cell(f"{one.now.total:,.0f}", one.now.total),
            Cell(str(one.now.runs), one.now.runs),
            _share(one.then, one.of),
        )
        for one in sums
    )
    return Table(
        "load-shares",
        "Good requests in load runs",
        (
            Column("objective"),
            Column("target", True),
            Column("good in the week", True),
            Column("requests", True),
            Column("load runs", True),
            Column("the week before", True),
        ),
        rows,
        "No load run was judged by an objective.",
        "The good requests of all load runs, divided by all of theirs. Runs in maintenance are left out.",
    )


def _share(counts: Counts, of: Proportion) -> Cell:
    if not counts.total:
        return Cell("no load run", tone=Tone.UNKNOWN)
    share, target = Fraction(counts.good) / Fraction(counts.total), Fraction(of.target)
    return Cell(shown.percentage(share, target), float(share), Tone.GOOD if share >= target else Tone.BAD)


def _histograms(history: History) -> dict[int, Histogram]:
    """By the place of its run. A digest that cannot be read is none."""
    found = {}
    for place, digested in history.added.get("load", ()):
        if history.runs[place].maintenance:
            continue
        try:
            found[place] = Histogram.from_document({"hdr": digested[DIGEST]})
        except (LookupError, TypeError, ValueError, AttributeError):
            continue
    return found


def _p95(week: Week, history: History, histograms: Mapping[int, Histogram]) -> Table:
    def of(span: Span | None) -> Cell:
        if span is None:
            return Cell("—", tone=Tone.MUTED)
        own = [one for place, one in histograms.items() if _is_in(history.runs[place].started, span)]
        at = Histogram.merged(own).at(95) if own else None
        if at is None:
            return Cell("no load run", tone=Tone.UNKNOWN)
        return Cell(shown.seconds(at / 1e6), at / 1e6, note=shown.counted(len(own), "run"))

    then = {date_of(day, week): day for day in week.days(week.before)}
    back = timedelta(days=round(week.span.seconds / 86400) or 1)
    rows = [
        (Cell(day_name(day, week), day.begin), of(day), of(then.get(date_of(day, week) - back)))
        for day in week.days()
    ]
    rows.append((Cell("all of it"), of(week.span), of(week.before)))
    return Table(
        "load-p95",
        "p95 by day, of load runs",
        (Column("day"), Column("p95", True), Column("the week before", True)),
        tuple(rows),
        note="Of all requests of the day's load runs together.",
    )

"""Alerts beside objectives: which fired while no objective was breached (noise), and which breaches no alert told of (blind)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

from deployspec.base import shown
from deployspec.chapters.slo.judge.past import FINE, HOUR, MINUTE, Past, is_breach, overlap, within
from deployspec.model.review import Cell, Column, Fold, Section, Span, Table, Tone, Week

if TYPE_CHECKING:
    from deployspec.languages.rule_files.model import Rule

BACK = 900.0
"""Seconds that an alert may need until it fires, where its rule is not known: its range and its ``for``."""
LATE = 900.0
"""Seconds after a breach within which an alert still tells of it."""
_LONG = 24 * HOUR
"""Seconds after which an alert that still fires tells of nothing new: some fire always, to show that alerts arrive."""
_PROBE = 2 * 3600.0
"""Seconds for which a probe's verdict counts in the rules for probes."""
_MOST = 100
_MOST_OPEN = 10
"""Rows that are shown without being asked for."""
Probed = Callable[[str, str, Span], tuple[int, int]]
"""How many runs of a location (empty: of any) that began in a span made a check, and in how many of them it was not MET."""
_OURS = "deployspec"
"""What the rules for probes require."""


class Firing(Protocol):
    """One time that an alert fired, as the chapter alerts tells of it."""

    @property
    def alert(self) -> str:
        """Its name."""

    @property
    def labels(self) -> tuple[tuple[str, str], ...]:
        """Without its name."""

    @property
    def span(self) -> Span:
        """From when to when."""

    @property
    def minutes(self) -> tuple[float, ...]:
        """Moments, a minute apart, at which it was firing outside of maintenance."""

    def label(self, name: str) -> str:
        """A label's value; empty where it has no such label."""


class Beside(NamedTuple):
    """What there was while an alert fired."""

    firing: Firing
    what: str
    noise: bool | None
    """None: not known, or nothing that an objective could tell."""


def reach(rule: Rule | None) -> float:
    """How far back what an alert says may lie when it begins to fire."""
    if rule is None:
        return BACK
    from deployspec.languages.promql.selectors import selectors
    from deployspec.languages.promql.syntax import PromqlError, parse

    try:
        ranges = [one.range or 0.0 for one in selectors(parse(rule.expr))]
    except PromqlError:
        return BACK
    return float(rule.for_) + max(ranges, default=0.0) + FINE


def beside(
    fired: Sequence[Firing], rules: Sequence[Rule], pasts: Sequence[Past], probed: Probed
) -> list[Beside]:
    """What there was while each alert fired that fired outside of maintenance."""
    known = {rule.name: rule for rule in rules}
    found = []
    for firing in fired:
        if not firing.minutes:
            continue
        rule = known.get(firing.alert)
        if rule is not None and rule.annotations.get("requires") == _OURS:
            found.append(_of_probe(firing, probed))
            continue
        back = reach(rule)
        span = Span(firing.span.begin - back, firing.span.end)
        known_from = min((past.fine[0][0] - FINE for past in pasts if past.fine), default=-math.inf)
        breached = [past.objective.name for past in pasts if _breached_in(past, span)]
        if breached:
            found.append(Beside(firing, f"breach of {shown.names(breached)}", False))
        elif not pasts or any(_unknown_in(past, span) for past in pasts):
            found.append(Beside(firing, "not known: no data of an objective then", None))
        elif span.begin < known_from and span.end - back < known_from:
            found.append(Beside(firing, "not known: it may tell of what was before the week", None))
        else:
            found.append(Beside(firing, "no objective was breached", True))
    return found


def _of_probe(firing: Firing, probed: Probed) -> Beside:
    """An alert on what probes push: it is about a check, or about the probes themselves."""
    check = firing.label("check")
    if not check:
        return Beside(firing, "about probes, and no objective", None)
    name = shown.one_line(check, 80)
    runs, bad = probed(check, firing.label("location"), Span(firing.span.begin - _PROBE, firing.span.end))
    if not runs:
        return Beside(firing, f"not known: no run with {name} in the store then", None)
    if bad:
        return Beside(firing, f"{name} was not MET in {shown.counted(bad, 'run')}", False)
    return Beside(firing, f"{name} was MET in each run then", True)


def _breached_in(past: Past, span: Span) -> bool:
    """Whether more than the allowed share was bad in one of the pieces of five minutes that are in the span, or partly."""
    return any(
        is_breach(past.objective, count)
        for end, count in past.fine
        if end > span.begin and end - FINE < span.end
    )


def _unknown_in(past: Past, span: Span) -> bool:
    return overlap([span], past.gaps) > 0


class Blind(NamedTuple):
    """Hours in a row in which an objective was breached, and no alert fired."""

    objective: str
    span: Span
    total: float
    bad: float


def blind(fired: Sequence[Firing], pasts: Sequence[Past], week: Week) -> list[Blind]:
    """The breaches that nobody was told of. An hour with too few requests to tell is none."""
    # What fires in maintenance is expected, and nobody looks. A look tells of the minute until it.
    spans = [Span(one.minutes[0] - MINUTE, one.minutes[-1]) for one in fired if one.minutes]

    def told(breach: Span) -> bool:
        return any(
            span.begin < breach.end + LATE and span.end > breach.begin and breach.begin - span.begin < _LONG
            for span in spans
        )

    found = []
    for past in pasts:
        hours: list[Blind] = []
        for piece, count in zip(past.pieces, past.counts, strict=True):
            if (
                piece.paused
                or count is None
                or not within(piece.span, week.span)
                or not is_breach(past.objective, count)
            ):
                continue
            if hours and hours[-1].span.end == piece.span.begin:
                last = hours.pop()
                hours.append(
                    Blind(
                        last.objective,
                        Span(last.span.begin, piece.span.end),
                        last.total + count.total,
                        last.bad + count.bad,
                    )
                )
            else:
                hours.append(Blind(past.objective.name, piece.span, *count))
        found += [one for one in hours if not told(one.span)]
    return sorted(found, key=lambda one: (one.span, one.objective))


def section(
    fired: Sequence[Firing], rules: Sequence[Rule], pasts: Sequence[Past], probed: Probed, week: Week
) -> Section:
    """Noise and blind breaches. ``pasts`` are of objectives that can be counted."""
    found, unseen = beside(fired, rules, pasts, probed), blind(fired, pasts, week)
    noise = [one for one in found if one.noise]
    parts: list[str | Table] = [_summary(found), _table(found, week), _blind_table(unseen, week)]
    quiet = [past.objective.name for past in pasts if past.objective.unwatched]
    if quiet:
        parts.append(f"No alert is to watch over {shown.names(quiet)}: their objectives say so.")
    return Section(
        "alerts-and-objectives",
        "Alerts beside objectives",
        tuple(parts),
        advice=tuple(_advice(noise, unseen)),
        rank=45,
    )


def _summary(found: Sequence[Beside]) -> Table:
    names = sorted({one.firing.alert for one in found})
    rows = []
    for name in names:
        own = [one.noise for one in found if one.firing.alert == name]
        rows.append(
            (
                Cell(shown.one_line(name, 80), code=True),
                _count(own.count(False)),
                _count(own.count(True), Tone.BAD),
                _count(own.count(None), Tone.UNKNOWN),
            )
        )
    return Table(
        "noise",
        "Alerts with and without a breach",
        (
            Column("alert"),
            Column("with a breach", True),
            Column("without (noise)", True),
            Column("not known", True),
        ),
        tuple(rows),
        "No alert fired outside of maintenance.",
        "A breach: more than the allowed share of an objective's requests was bad for five minutes, while the alert fired or in the time "
        "that it looks back at. For an alert on a probe's check: a run at that time found the check not MET.",
    )


def _count(number: int, tone: Tone = Tone.PLAIN) -> Cell:
    return Cell(f"{number:,}", number, tone if number else Tone.MUTED)


def _table(found: Sequence[Beside], week: Week) -> Table:
    tones = {True: Tone.BAD, False: Tone.PLAIN, None: Tone.UNKNOWN}
    rows = tuple(
        (
            Cell(week.told(one.firing.span.begin), one.firing.span.begin),
            Cell(shown.one_line(one.firing.alert, 80), code=True, note=_labels(one.firing)),
            Cell(shown.lasting(one.firing.span.seconds), one.firing.span.seconds),
            Cell("night" if week.is_night(one.firing.minutes[0]) else "day"),
            Cell(one.what, tone=tones[one.noise]),
        )
        for one in found[:_MOST]
    )
    more = f" The first {_MOST} of {len(found):,}." if len(found) > _MOST else ""
    return Table(
        "firings",
        "Each time that an alert fired",
        (Column("from"), Column("alert"), Column("for", True), Column("at"), Column("beside it")),
        rows,
        "No alert fired outside of maintenance.",
        f"To the minute.{more}",
        fold=Fold(f"Each time that an alert fired: {len(found):,}") if len(rows) > _MOST_OPEN else None,
    )


def _labels(firing: Firing) -> str:
    return shown.one_line(", ".join(f"{name}={value}" for name, value in firing.labels), 120)


def _blind_table(unseen: Sequence[Blind], week: Week) -> Table:
    rows = tuple(
        (
            Cell(week.told(one.span.begin), one.span.begin),
            Cell(one.objective, code=True),
            Cell(shown.lasting(one.span.seconds), one.span.seconds),
            Cell(f"{one.bad:,.0f} of {one.total:,.0f}", one.bad),
        )
        for one in unseen[:_MOST]
    )
    more = f" The first {_MOST} of {len(unseen):,}." if len(unseen) > _MOST else ""
    return Table(
        "blind",
        "Breaches without an alert",
        (Column("from"), Column("objective"), Column("for", True), Column("bad", True)),
        rows,
        "No breach without an alert is known.",
        "A breach here is an hour in which more than the allowed share was bad; no alert of any name fired during it, nor within "
        f"{shown.lasting(LATE)} of its end, or only what had fired for a day before.{more}",
    )


def _advice(noise: Sequence[Beside], unseen: Sequence[Blind]) -> Iterator[str]:
    for name in sorted({one.firing.alert for one in noise}):
        times = sum(one.firing.alert == name for one in noise)
        yield (
            f"{shown.one_line(name, 80)} fired {shown.counted(times, 'time')} while nothing was breached: raise its threshold, have it wait "
            "longer (for), or write the objective that it protects."
        )
    for name in sorted({one.objective for one in unseen}):
        own = [one for one in unseen if one.objective == name]
        hours = math.fsum(one.span.seconds for one in own)
        yield f"{name} was breached for {shown.lasting(hours)} and no alert fired: give it one, or lower the threshold of the one it has."

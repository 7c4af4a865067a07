"""Reviews as the page may be given them: a calm week, a bad one, an empty one, forty objectives, and hostile texts."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from deployspec.model.chart import Bars, Chart, Line
from deployspec.model.review import (
    Cell,
    Change,
    Column,
    Figure,
    Fold,
    Review,
    Section,
    Source,
    Span,
    Table,
    Tone,
    Week,
)

ZONE = "Europe/Berlin"
# The week in which summer time ends.
BEGIN = datetime(2026, 10, 19, tzinfo=ZoneInfo(ZONE)).timestamp()
END = datetime(2026, 10, 26, tzinfo=ZoneInfo(ZONE)).timestamp()
HOUR = 3600.0
MADE = datetime(2026, 10, 26, 6, 0, tzinfo=UTC)
OBJECTIVES = ("api-latency", "api-availability", "checkout-latency", "search-freshness")


def week(deployment: str = "production") -> Week:
    """Of 169 hours, with maintenance in it and before it."""
    windows = (
        ("backup", Span(BEGIN - 50 * HOUR, BEGIN - 49 * HOUR)),
        ("upgrade of the database", Span(BEGIN + 50 * HOUR, BEGIN + 52 * HOUR)),
    )
    return Week(deployment, Span(BEGIN, END), ZoneInfo(ZONE), ZONE, maintenance=windows)


def objectives(names: tuple[str, ...], *, bad: frozenset[str] = frozenset(), silent: frozenset[str] = frozenset()) -> Section:  # fmt: skip
    """Tables and figures as the chapter of objectives has them."""
    rows, sources, lines = [], [], []
    for number, name in enumerate(names):
        source = f"q-{name}-7d"
        sources.append(
            Source(
                source,
                f"{name}, 7 d",
                f'sum(increase(http_requests_total{{job="api",handler="/{name}",code!~"5.."}}[7d]))\n  /\nsum(increase(http_requests_total{{job="api",handler="/{name}"}}[7d]))',
                at=END,
            )
        )
        spent = 1.37 + number / 7 if name in bad else 0.113 + number / 100
        if name in silent:
            nothing = Cell("no data", tone=Tone.UNKNOWN, note="7 h 12 min of 169 h", source=source)
            rows.append((Cell(name, code=True), Cell("99.9%", 0.999), nothing, nothing, nothing, nothing, nothing, nothing))  # fmt: skip
            continue
        tone = Tone.BAD if name in bad else Tone.GOOD
        rows.append(
            (
                Cell(name, code=True),
                Cell("99.9%", 0.999),
                Cell(f"{100 - spent / 10:.3f}%", 1 - spent / 1000, tone, source),
                Cell(f"{100 - spent / 20:.3f}%", 1 - spent / 2000, Tone.PLAIN, source),
                Cell(f"{spent * 100:.1f}%", spent, tone, source),
                Cell(f"{(1 - spent) * 100:.1f}%", 1 - spent, tone, source),
                Cell("spent", 0.0, Tone.BAD) if name in bad else Cell(f"{26 + number} d", (26 + number) * 24 * HOUR),
                Cell("4 min", 240.0, note="of 169 h: 168 h 10 min"),
            )
        )  # fmt: skip
        steps = range(0, 169, 2)
        lines.append(
            Line(
                name,
                tuple(BEGIN + step * HOUR for step in steps),
                tuple(
                    None
                    if 50 <= step < 52
                    else round(spent * (1 + math.sin(step / 9 + number) / 2) * (6 if name in bad and 80 <= step < 96 else 1), 4)
                    for step in steps
                ),
            )
        )  # fmt: skip
    columns = (
        Column("Objective"),
        Column("Target", True),
        Column("7 d", True),
        Column("28 d", True),
        Column("Budget spent", True),
        Column("Left", True),
        Column("Spent in", True),
        Column("Age of the data", True),
    )
    return Section(
        "slo",
        "Objectives",
        parts=[
            "Shares are ratios of sums. Maintenance is left out.",
            Table("objectives", "Error budgets", columns, tuple(rows), none="The deployment has no objectives.", note="Budget spent is of 28 d."),
            *(
                Figure(f"burn-{line.name}", Chart(f"Burn rate of {line.name}", "day", "times the budget", lines=(line,), limits=(("sustainable", 1.0),), zone=ZONE), f"The burn rate of {line.name} stays between {min(v for v in line.y if v is not None):g} and {max(v for v in line.y if v is not None):g}.", f"q-{line.name}-7d")
                for line in lines[:4]
            ),
        ],
        breached=tuple(f"objective {name}" for name in names if name in bad),
        unmeasured=tuple(f"objective {name}" for name in names if name in silent),
        sources=tuple(sources),
    )  # fmt: skip


def latency(slow: float = 0.0) -> Section:
    """Percentiles by day, and distributions."""
    noons = tuple(BEGIN + day * 24 * HOUR + 12 * HOUR for day in range(7))
    now = tuple(round(0.212 + day / 90 + (slow if day == 4 else 0.0), 4) for day in range(7))
    then = tuple(None if day == 2 else round(0.201 + day / 110, 4) for day in range(7))
    edges = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
    counts = (120, 3400, 18500, 61000, 74000, 21000, 310 + int(slow * 4000), 12 + int(slow * 900))
    return Section(
        "latency",
        "Latency",
        parts=[
            Figure("p95", Chart("p95 by day", "day", "s", lines=(Line("this week", noons, now), Line("the week before", noons, then)), limits=(("500 ms", 0.5),), zone=ZONE), f"p95 is at most {max(now):g} s; the week before, {max(v for v in then if v):g} s.", "q-p95"),
            Figure("distribution", Chart("Latency of all requests", "s", "requests", bars=Bars(edges, counts), limits=(("500 ms", 0.5),)), "Most requests take from 25 to 250 ms.", "q-buckets"),
            Table("p95", "p95 by day", (Column("Day"), Column("This week", True), Column("The week before", True)), tuple((Cell(f"{19 + day} Oct"), Cell(f"{now[day] * 1000:.0f} ms", now[day], Tone.BAD if now[day] > 0.5 else Tone.PLAIN), Cell("no data", tone=Tone.UNKNOWN) if (before := then[day]) is None else Cell(f"{before * 1000:.0f} ms", before)) for day in range(7)), source="q-p95"),
        ],
        breached=("p95 on 23 Oct (712 ms)",) if slow else (),
        sources=(Source("q-p95", "p95 by day", "histogram_quantile(0.95, sum by (le) (increase(http_request_duration_seconds_bucket[1d])))", at=END), Source("q-buckets", "requests by latency", "sum by (le) (increase(http_request_duration_seconds_bucket[7d]))", at=END)),
        advice=("The limit of `HighLatency` (2 s) was never approached by half: 0.8 s would have been silent all week.",) if not slow else (),
    )  # fmt: skip


def checks(bad: bool = False) -> Section:
    """Tables of checks."""
    state = (Column("Check"), Column("MET", True), Column("BREACHED", True), Column("UNMEASURED", True), Column("No data", True), Column("Times breached", True))  # fmt: skip
    rows = [
        (Cell("health.healthy-now", code=True), Cell("161 h 3 min", 579780.0, Tone.GOOD, "run-7"), Cell("35 min", 2100.0, Tone.BAD, "run-7"), Cell("12 min", 720.0, Tone.UNKNOWN), Cell("5 h 10 min", 18600.0, Tone.UNKNOWN), Cell("3", 3.0)),
        (Cell("183 others", note="never BREACHED"), Cell("163 h 50 min", 589800.0, Tone.GOOD), Cell("-", 0.0, Tone.MUTED), Cell("-", 0.0, Tone.MUTED), Cell("5 h 10 min", 18600.0, Tone.UNKNOWN), Cell("-", 0.0, Tone.MUTED)),
    ]  # fmt: skip
    failing = [
        (Cell("logs.no-secrets", code=True), Cell("BREACHED", tone=Tone.BAD), Cell("Fri 23 Oct 2026 14:05", BEGIN + 110 * HOUR, source="run-7"), Cell("3 lines of 120,412 have a secret: an AWS key in the field `headers`, which was written by the payment service at 14:02:11 and twice more", note="limit: none"), Cell("deployspec check --deployment production -m 'logs and not slow' --log-source api", code=True)),
        (Cell("alerts.case[HighErrorRate]", code=True), Cell("UNMEASURED", tone=Tone.UNKNOWN), Cell("Sat 24 Oct 2026 02:00", BEGIN + 122 * HOUR, source="run-7"), Cell("Prometheus did not answer within 10 s"), Cell("deployspec check --deployment production -m alerts", code=True)),
    ]  # fmt: skip
    return Section(
        "checks",
        "Checks",
        parts=[
            Table("failing", "Failing now", (Column("Check"), Column("Verdict"), Column("Since"), Column("Found"), Column("Again by")), tuple(failing) if bad else (), none="No check fails."),
            Table("verdicts", "Time in each verdict", state, tuple(rows if bad else rows[1:]), note="A verdict holds until the next run."),
            Table("accepted", "Accepted", (Column("Check"), Column("Verdict"), Column("Days left", True), Column("Because")), ((Cell("health.version-is-stated", code=True), Cell("BREACHED", tone=Tone.MUTED), Cell("12", 12.0), Cell("the gateway hides it until November")),)),
        ],
        breached=("health.healthy-now (35 min)", "logs.no-secrets (59 h)") if bad else (),
        unmeasured=("alerts.case[HighErrorRate] (47 h)",) if bad else (),
        sources=(Source("run-7", "the newest run of the probe at cellar", run="0193d5c0a1b2", path="/var/lib/deployspec/runs/production/2026-10-25T23-55-00Z-0193d5c0a1b2.json"),),
    )  # fmt: skip


def made(store: str = "/var/lib/deployspec/runs") -> Section:
    """How it was made."""
    rows = ((Cell("Runs"), Cell("2,014", 2014.0)), (Cell("Time zone"), Cell(f"{ZONE} (+0100)")), (Cell("Store"), Cell(store, code=True)))  # fmt: skip
    return Section("made", "How it was made", parts=[
        Table("made", "Of what", (Column(""), Column("")), rows),
        Table("left-out", "Left out", (Column("What"),), (), none="Nothing."),
        "A review is no gate: that it was made says nothing of its verdict.",
    ])  # fmt: skip


def calm() -> Review:
    """All is well."""
    return Review(
        week(),
        "MET",
        "MET: every promise was kept, all the time outside maintenance. (188 checks in 2,014 runs, 169 h.)",
        (Change("health.ready is MET again", Tone.GOOD), Change("2 checks were added", Tone.PLAIN)),
        (objectives(OBJECTIVES), latency(), checks(), made()),
        MADE,
    )


def bad() -> Review:
    """Much is not as promised, and some is not known."""
    return Review(
        week(),
        "BREACHED",
        "BREACHED: objective checkout-latency, p95 on 23 Oct (712 ms), health.healthy-now (35 min) and logs.no-secrets (59 h). "
        "Not known: objective search-freshness, alerts.case[HighErrorRate] (47 h) and 5 h 10 min of 169 h without a probe. "
        "(188 checks in 1,952 runs, 169 h.)",
        (
            Change("logs.no-secrets is BREACHED since Fri 23 Oct 14:05", Tone.BAD),
            Change("objective checkout-latency has spent its budget", Tone.BAD),
            Change("alerts.case[HighErrorRate] is UNMEASURED since Sat 24 Oct 02:00", Tone.UNKNOWN),
            Change("health.ready is MET again", Tone.GOOD),
            Change("release: 4.11.0, first seen Wed 21 Oct 11:15", Tone.PLAIN),
            Change("the location attic has been silent since Thu 22 Oct 09:30", Tone.MUTED),
        ),
        (objectives(OBJECTIVES, bad=frozenset({"checkout-latency"}), silent=frozenset({"search-freshness"})), latency(0.5), checks(bad=True), made()),
        MADE,
    )  # fmt: skip


def empty() -> Review:
    """Nothing is known."""
    none = Figure("p95", Chart("p95 by day", "day", "s", lines=(Line("this week", (BEGIN,), (None,)),), zone=ZONE), "There are no requests.")  # fmt: skip
    return Review(
        Week("production", Span(BEGIN, END), ZoneInfo(ZONE), ZONE),
        "UNMEASURED",
        "UNMEASURED: no breach is known. Not known: 169 h of 169 h without a probe. (0 checks in 0 runs, 169 h.)",
        (),
        (
            Section("slo", "Objectives", parts=[Table("objectives", "Error budgets", (Column("Objective"),), none="The deployment file names no objectives."), none]),
            Section("checks", "Checks", parts=[Table("failing", "Failing now", (Column("Check"),), none="There is no run.")], unmeasured=("169 h of 169 h without a probe",)),
            made(),
        ),
        MADE,
    )  # fmt: skip


def folded(section: Section) -> Section:
    """The same, shown when it is asked for."""
    fold = Fold("api-latency: MET", Tone.GOOD)
    return dataclasses.replace(section, parts=[one if isinstance(one, str) else dataclasses.replace(one, fold=fold) for one in section.parts])  # fmt: skip


def forty() -> Review:
    """Forty objectives, with names as long as people give them."""
    names = tuple(f"team-{number % 7}-service-{number:02}-latency-of-the-endpoint" for number in range(40))
    some = frozenset(names[3::9])
    return dataclasses.replace(
        calm(),
        verdict="BREACHED",
        sentence=f"BREACHED: {', '.join(f'objective {name}' for name in names if name in some)}. All else is known. (188 checks in 2,014 runs, 169 h.)",
        sections=(objectives(names, bad=some, silent=frozenset(names[5::17])), folded(latency()), made()),
    )


HOSTILE = (
    '</title></style></desc></svg><script>alert(1)</script><img src=x onerror="alert(2)">&amp; --> ]]> '
    "{{ 7*7 }} {% raw %} [x](javascript:y) ![i](http://evil.example/i.png) **b** _e_ `c` ``` | a | <b> # 1 @channel <!here> "
    "\x1b[31mred\x1b[0m \u202e \ud800 \x00 \r\n::error::x\n## y\n- z $x^{2"
)


def hostile(text: str = HOSTILE) -> Review:
    """The bad week, each of whose texts is this one."""
    return with_texts(bad(), lambda _: text)


def with_texts(review: Review, change: Callable[[str], str]) -> Review:
    """A review with other texts: all but keys and ids of sources, the verdict, and names of zones."""
    kept = {"key", "source", "id", "verdict", "zone", "zone_name"}

    def changed(value: Any, name: str = "") -> Any:
        if isinstance(value, Tone) or name in kept:
            return value
        if isinstance(value, str):
            return change(value) if value or name == "name" else value
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return dataclasses.replace(value, **{one.name: changed(getattr(value, one.name), one.name) for one in dataclasses.fields(value)})  # fmt: skip
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return value._replace(**{one: changed(getattr(value, one), one) for one in value._fields})
        if isinstance(value, tuple | list):
            return type(value)(changed(one) for one in value)
        return value

    return changed(review)


ALL = {"calm": calm, "bad": bad, "empty": empty, "forty": forty, "hostile": hostile}
"""By name."""

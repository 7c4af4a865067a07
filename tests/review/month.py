"""A month that is simulated: four weeks of a shop, of which everything is known.

Probes at berlin every half hour and at paris every hour, gates by the day. Moments are whole seconds.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from deployspec.base.moments import written
from deployspec.model.entry import Accepted, Entry
from deployspec.model.review import Span, Week
from deployspec.record.record import Run

ZONE = ZoneInfo("Europe/Berlin")
HOUR = 3600
DAYS = (5, 12, 19, 26)
"""The Mondays of October 2026 with which the weeks begin. In the third one, summer time ends."""
INTERVALS = {"berlin": HOUR // 2, "paris": HOUR}
CHECKS = (
    "health.answers-in-time",
    "health.healthy-now",
    "health.version-is-stated",
    "logs.lines-are-records[api]",
    "slo.window[api-latency]",
)
ADDED, REMOVED, FLAPPING = "health.steady", "health.not-from-a-cache", "health.time-is-current"
GATE = (*CHECKS, "alerts.case", "alerts.route")
OWNER = Accepted("team-shop", "until the new parser is there", "2026-11-03", "accepted.yaml:1")


def moment(day: int, hour: float = 0) -> float:
    """A day of October (32 is the first of November) at an hour of Berlin's clocks."""
    month, date = (10, day) if day <= 31 else (11, day - 31)
    whole = datetime(2026, month, date, int(hour), round(hour % 1 * 60), tzinfo=ZONE)
    return whole.timestamp()


def weeks() -> Iterator[Week]:
    """The four, each with the windows of two weeks: Sunday night, and one Thursday afternoon."""
    for day in DAYS:
        span = Span(moment(day), moment(day + 7))
        before = span.begin - span.seconds
        windows = [("upgrade", Span(moment(15, 15), moment(15, 16.5)))]
        windows += [("weekly", Span(moment(sunday, 4), moment(sunday, 6))) for sunday in (4, 11, 18, 25, 32)]
        cut = [
            (name, Span(max(one.begin, before), min(one.end, span.end)))
            for name, one in windows
            if one.end > before and one.begin < span.end
        ]
        yield Week(
            "shop",
            span,
            ZONE,
            "Europe/Berlin",
            maintenance=tuple(sorted(cut, key=lambda one: one[1].begin)),
        )


WINDOWS = """\
maintenance_windows:
  - {name: upgrade, start: 2026-10-15T15:00:00+02:00, end: 2026-10-15T16:30:00+02:00}
  - {name: weekly, cron: 0 4 * * SUN, duration: 2h, time_zone: Europe/Berlin}
review: {time_zone: Europe/Berlin}
"""
"""The same in a deployment file."""


def _within(when: float, begin: float, end: float) -> bool:
    return begin <= when < end


def _verdict(check: str, where: str, when: float, dice: random.Random) -> str:
    """What a probe finds."""
    outages = [(moment(6, 10), moment(6, 11.75)), (moment(27, 2), moment(27, 2.5))]
    if check == "health.healthy-now" and any(_within(when, *one) for one in outages):
        return "BREACHED"
    # In maintenance, all may be.
    if check == "health.healthy-now" and _within(when, moment(18, 4), moment(18, 5)):
        return "BREACHED"
    if check == "health.answers-in-time" and where == "paris" and _within(when, moment(8), moment(10)):
        return "BREACHED"
    if check.startswith("slo.") and _within(when, moment(21, 13), moment(21, 16)):
        return "UNMEASURED"
    if check.startswith("logs.") and when >= moment(19):
        return "BREACHED"
    if check == FLAPPING and _within(when, moment(28), moment(29)):
        return dice.choice(("MET", "BREACHED", "UNMEASURED"))
    return "MET"


def _entry(check: str, verdict: str, seconds: float, **more: object) -> Entry:
    chapter = check.partition(".")[0]
    return Entry(
        f"t.py::{check}", check, chapter, f"{check} is as it should be.", verdict, f"{check} was {verdict}",
        reproduce=f"curl http://shop/{check}", source="t.py:1", duration=seconds, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _entries(where: str, when: float, dice: random.Random) -> list[Entry]:
    there = [*CHECKS]
    there += [ADDED] if when >= moment(21, 9) else []
    there += [REMOVED] if when < moment(29, 12) else []
    there += [FLAPPING]
    made = []
    for check in there:
        verdict = _verdict(check, where, when, dice)
        slow = 3.0 if _within(when, moment(8), moment(10)) and check == "health.answers-in-time" else 1.0
        more: dict[str, object] = {}
        if check.startswith("logs.") and verdict == "BREACHED" and when >= moment(20):
            more["accepted"] = OWNER
        if check == "health.healthy-now" and verdict == "MET" and dice.random() < 0.01:
            more["flaky"] = True
        if check == "health.version-is-stated":
            more["measured"] = '"1.5.0"' if when >= moment(14, 14) else '"1.4.0"'
        made.append(_entry(check, verdict, slow * dice.randrange(1, 64) / 64, **more))
    return made


def _is_silent(where: str, when: float) -> bool:
    return (
        _within(when, moment(17, 12), moment(17, 15))
        or (where == "berlin" and _within(when, moment(16, 3), moment(16, 9)))
        or (where == "paris" and when < moment(7, 8))
        or (where == "paris" and _within(when, moment(25, 2), moment(25, 8)))
    )


def runs() -> list[Run]:
    """All of them, in the order in which they came: not always that of their starts."""
    dice = random.Random(22)  # noqa: S311 - the same month each time
    made: list[Run] = []

    def add(when: float, entries: list[Entry], **more: object) -> None:
        fails = any(entry.verdict != "MET" and not entry.accepted for entry in entries)
        said = {
            "finished": written(when + 20), "exit_status": int(fails), "id": str(uuid.UUID(int=dice.getrandbits(128))),
            "versions": {"deployspec": "0.2.0" if when >= moment(14, 12) else "0.1.0"}, **more,
        }  # fmt: skip
        made.append(
            Run(
                written(when), "shop", "http://shop", entries={entry.check: entry for entry in entries}, **said  # type: ignore[arg-type]
            )
        )  # fmt: skip

    windows = [window for week in weeks() for window in week.maintenance]
    for where, interval in INTERVALS.items():
        due = moment(DAYS[0])
        while due < moment(DAYS[-1] + 7):
            when = due + dice.randrange(0, 90)
            due += interval
            if _is_silent(where, when) or dice.random() < 0.02:
                continue
            inside = next((name for name, span in windows if _within(when, *span)), "")
            more: dict[str, object] = {
                "kind": "probe", "location": where, "interval": float(interval), "maintenance": inside, "markers": "health",
            }  # fmt: skip
            entries = _entries(where, when, dice)
            chance = dice.random()
            if chance < 0.005:
                # As a probe tells of what it did not come to.
                rest = [_entry(one.id, "UNMEASURED", 0.0) for one in entries[2:]]
                entries = [*entries[:2], *rest]
                more |= {"cut_short": "the time limit of 60 s", "exit_status": 1}
            elif chance < 0.01:
                # Killed: its lines know nothing of its end, nor of its interval.
                more |= {"exit_status": None, "finished": "", "interval": None, "maintenance": ""}
                entries = entries[:3]
            add(when, entries, **more)
    for day in range(DAYS[0], DAYS[-1] + 7):
        when = moment(day, 11) + dice.randrange(0, 3000)
        bad = dice.random() < 0.2
        entries = [
            _entry(check, "BREACHED" if bad and check == "alerts.case" else "MET", dice.randrange(1, 64) / 64)
            for check in GATE
        ]
        add(when, entries, kind="check", markers="gate")
    # One that goes on.
    add(
        moment(32, 23.5) + 600, [_entry(CHECKS[0], "BREACHED", 0.5)], kind="probe", location="rome", markers="health",
        exit_status=None, finished="",
    )  # fmt: skip
    # A clock was set back: this one came later, and began before the one that came before it.
    berlin = [run for run in made if run.location == "berlin" and run.exit_status is not None]
    at = made.index(berlin[100])
    made[at], made[at + 1] = made[at + 1], made[at]
    return made

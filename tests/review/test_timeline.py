"""For how long each check was what: of any runs, as an oracle has it that asks about each minute."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from deployspec.base.moments import seconds_of
from deployspec.model.entry import Accepted, Entry
from deployspec.model.review import Span, Week
from deployspec.record.record import Run
from deployspec.review.assembly import judged
from deployspec.review.coming import missed, silent
from deployspec.review.judged import Judged
from tests.review.conftest import simple
from tests.review.histories import history_of
from tests.trials import trials

BEGIN = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
LENGTH = 120
"""Minutes of a week that is a short one."""
MINUTE = 60.0
GONE, NONE, PAUSE, MET, ACCEPTED_UNMEASURED, ACCEPTED_BREACHED, UNMEASURED, BREACHED = range(8)
RANKS = {
    ("MET", False): MET,
    ("UNMEASURED", True): ACCEPTED_UNMEASURED,
    ("BREACHED", True): ACCEPTED_BREACHED,
    ("UNMEASURED", False): UNMEASURED,
    ("BREACHED", False): BREACHED,
}
LIVES = Accepted("a", "b", "2026-12-01", "accepted.yaml:1")


@st.composite
def _runs(draw: st.DrawFn) -> list[Run]:
    """Runs of two days at whole minutes, with even numbers of minutes from one to the next."""
    runs = []
    for minute in draw(st.sets(st.integers(-LENGTH, LENGTH - 1), max_size=14)):
        entries = []
        for name in draw(st.sets(st.sampled_from("abc"), max_size=3)):
            verdict, accepted = draw(st.sampled_from(list(RANKS)))
            more = {"accepted": LIVES} if accepted else {}
            entries.append(Entry(f"t.py::{name}", name, "health", name, verdict, "", source="t.py:1", **more))  # type: ignore[arg-type]
        runs.append(
            simple(
                BEGIN + minute * MINUTE,
                *entries,
                id=f"{minute + LENGTH:08x}",
                location=draw(st.sampled_from(["berlin", "paris"])),
                interval=draw(st.sampled_from([2, 10, 30])) * MINUTE,
                exit_status=draw(st.sampled_from([0, 1, None])),
                cut_short=draw(st.sampled_from(["", "", "killed"])),
                maintenance=draw(st.sampled_from(["", "", "w"])),
            )
        )
    return runs


def _minute(run: Run) -> int:
    return round(((seconds_of(run.started) or 0) - BEGIN) / MINUTE)


def _rank(run: Run, check: str) -> int:
    entry = next((entry for entry in run.entries.values() if entry.id == check), None)
    if entry is None:
        return GONE
    return PAUSE if run.maintenance else RANKS[entry.verdict, entry.accepted is not None]


def _at(own: list[Run], check: str, minute: int, *, is_open: bool) -> int:
    """What the finished runs of a place, in their order, say of a check at a minute."""
    having = [run for run in own if _rank(run, check)]
    whole = [run for run in own if run.entries and not run.cut_short]
    if not having:
        return GONE
    if minute < _minute(having[0]) and any(_minute(run) < _minute(having[0]) for run in whole):
        return GONE
    if any(_minute(having[-1]) < _minute(run) <= minute for run in whole):
        return GONE
    if is_open:
        return PAUSE
    known = [run for run in having if _minute(run) <= minute]
    if not known or minute - _minute(known[-1]) >= 1.5 * (known[-1].interval or 0) / MINUTE:
        return NONE
    return _rank(known[-1], check)


@settings(max_examples=trials(150), deadline=None)
@given(
    runs=_runs(), windows=st.lists(st.tuples(st.integers(-LENGTH, LENGTH), st.integers(1, 60)), max_size=2)
)
def test_as_an_oracle_has_it_that_asks_about_each_minute(
    runs: list[Run], windows: list[tuple[int, int]]
) -> None:
    """By check, by place and of all; with windows, mixed intervals, runs that did not finish and runs that were cut short."""
    begin, end = BEGIN, BEGIN + LENGTH * MINUTE
    spans = sorted(
        ("w", Span(max(begin + first * MINUTE, begin - LENGTH * MINUTE), min(begin + (first + lasts) * MINUTE, end)))
        for first, lasts in windows
        if first < LENGTH
    )  # fmt: skip
    spans.sort(key=lambda one: one[1].begin)
    week = Week("shop", Span(begin, end), UTC, maintenance=tuple(spans))
    found = judged(week, history_of(runs, Span(begin - LENGTH * MINUTE, end)))
    finished = sorted((run for run in runs if run.exit_status is not None), key=_minute)
    for run in finished:
        when = BEGIN + _minute(run) * MINUTE
        run.maintenance = run.maintenance or "w" * any(span.begin <= when < span.end for _, span in spans)
    places = [
        own for where in ("berlin", "paris") if (own := [run for run in finished if run.location == where])
    ]
    is_open = [
        any(span.begin <= begin + minute * MINUTE < span.end for _, span in spans) for minute in range(LENGTH)
    ]
    checks = [check.id for check in found.history.checks]
    whole: Counter[int] = Counter()
    table = {
        (number, check): [_at(own, check, minute, is_open=is_open[minute]) for minute in range(LENGTH)]
        for number, own in enumerate(places)
        for check in checks
    }
    for minute in range(LENGTH):
        worst = max([GONE, *(row[minute] for row in table.values())])
        whole[PAUSE if is_open[minute] else worst or NONE] += 1
    assert [round(seconds / MINUTE, 6) for seconds in found.timeline.whole] == [
        whole[rank] for rank in range(8)
    ]
    for place, check in enumerate(checks):
        together = Counter(
            max((table[number, check][minute] for number in range(len(places))), default=GONE)
            for minute in range(LENGTH)
        )
        assert _minutes(found, place) == [together[rank] for rank in range(8)]
        for number in range(len(places)):
            alone = Counter(table[number, check])
            assert (found.timeline.places[number][place] / MINUTE).round(6).tolist() == [
                alone[rank] for rank in range(8)
            ]
    silence = sum(span.seconds for span in found.timeline.silence) / MINUTE
    assert round(silence, 6) == whole[NONE]


def _minutes(found: Judged, check: int) -> list[float]:
    minutes: list[float] = (found.timeline.checks[check] / MINUTE).round(6).tolist()
    return minutes


@settings(max_examples=trials(150), deadline=None)
@given(
    minutes=st.lists(st.integers(-LENGTH, LENGTH - 1), min_size=1, max_size=12, unique=True),
    interval=st.sampled_from([2, 10, 30]),
    window=st.none() | st.tuples(st.integers(0, LENGTH - 1), st.integers(1, 60)),
)
def test_what_was_missed(minutes: list[int], interval: int, window: tuple[int, int] | None) -> None:
    """As one has it who waits for each run: when it is half an interval late, it is missed, and the next one is waited for."""
    span = Span(BEGIN, BEGIN + LENGTH * MINUTE)
    opens = range(window[0], window[0] + window[1]) if window else range(0)
    maintenance = (("w", Span(BEGIN + opens.start * MINUTE, min(BEGIN + opens.stop * MINUTE, span.end))),)
    week = Week("shop", span, UTC, maintenance=maintenance if window else ())
    entry = Entry("t.py::a", "a", "health", "a", "MET", "", source="t.py:1")
    runs = [
        simple(BEGIN + minute * MINUTE, entry, id=f"{minute + LENGTH:08x}", interval=interval * MINUTE)
        for minute in minutes
    ]
    found = judged(week, history_of(runs, Span(week.before.begin, span.end)))
    [stream] = found.streams
    expected, silence = [], 0
    due: float | None = None
    # Before the first run that is known, nothing is.
    quiet_from = -LENGTH
    for half in range(-2 * LENGTH, 2 * LENGTH + 1):
        minute = half / 2
        if due is not None and minute >= due + interval / 2 and minute not in minutes:
            if due >= 0 and int(due) not in opens:
                expected.append(BEGIN + due * MINUTE)
            due += interval
        if minute in minutes:
            if due is not None and minute >= due + interval / 2 and due >= 0 and int(due) not in opens:
                expected.append(BEGIN + due * MINUTE)
            due = minute + interval
            quiet_from = int(minute + 1.5 * interval)
        if half % 2 == 0 and 0 <= minute < LENGTH and minute >= quiet_from and int(minute) not in opens:
            silence += 1
    assert missed(stream, week) == expected
    assert sum(span.seconds for span in silent(found, stream)) / MINUTE == silence

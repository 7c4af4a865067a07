"""Alerts that fired without a breach, and breaches that no alert told of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from types import SimpleNamespace
from typing import Any

from deployspec.chapters.alerts.judge.fired import Firing, firings_of
from deployspec.chapters.slo.judge.beside import LATE, beside, blind, reach, section
from deployspec.chapters.slo.judge.past import FINE, HOUR, Count, Past, Piece
from deployspec.languages.rule_files.model import Rule
from deployspec.model.review import Span, Table, Week
from tests.chapters.slo.judge.test_census import objective

BEGIN = 1_780_272_000.0  # 2026-06-01 00:00 UTC
WEEK = Week("shop", Span(BEGIN, BEGIN + 24 * HOUR), UTC)
GOOD, BAD = Count(1000, 1), Count(1000, 400)


def rule(name: str, expr: str = "sum(rate(a[5m])) > 1", for_: float = 0.0, **annotations: str) -> Rule:
    """An alert."""
    return Rule("alert", name, expr, for_, 0.0, {}, annotations, "group", {})


def past(*bad: tuple[float, float], gaps: tuple[Span, ...] = (), paused: tuple[int, ...] = ()) -> Past:
    """A day, with breaches from so many hours until so many."""

    def count(begin: float, end: float) -> Count:
        return BAD if any(begin < BEGIN + to * HOUR and end > BEGIN + of * HOUR for of, to in bad) else GOOD

    pieces = [
        Piece(Span(BEGIN + h * HOUR, BEGIN + (h + 1) * HOUR), h in paused, hour=True) for h in range(24)
    ]
    ends = [BEGIN + FINE * (place + 1) for place in range(24 * 12)]
    return Past(
        objective("latency"),
        tuple(pieces),
        tuple(count(*piece.span) for piece in pieces),
        tuple((end, count(end - FINE, end)) for end in ends),
        gaps,
    )


def firing(begin: float, minutes: int = 10, **labels: str) -> Firing:
    """An alert that fires from so many hours on."""
    first = BEGIN + begin * HOUR + 60
    told = {"alertname": "Slow"} | labels
    (one,) = firings_of(told, [first + 60 * place for place in range(minutes)], WEEK)
    return one


def nothing(*_: Any) -> tuple[int, int]:
    """No run."""
    return 0, 0


def noise(one: Firing, *pasts: Past, rules: tuple[Rule, ...] = (rule("Slow"),), probed: Any = nothing) -> Any:
    """Whether it was noise."""
    (found,) = beside([one], rules, pasts, probed)
    return found.noise


def test_an_alert_in_a_breach_is_none() -> None:
    assert noise(firing(10), past((9.9, 10.2))) is False
    assert noise(firing(10), past(), past((9.9, 10.2))) is False


def test_an_alert_without_a_breach_is_noise() -> None:
    assert noise(firing(10), past((12, 13))) is True


def test_an_alert_tells_of_what_its_rule_looks_back_at() -> None:
    breach = past((8, 8.5))
    assert noise(firing(9), breach) is True
    assert noise(firing(9), breach, rules=(rule("Slow", for_=1800),)) is False
    assert noise(firing(9), breach, rules=(rule("Slow", "sum(rate(a[30m])) > 1"),)) is False
    assert reach(rule("Slow", "sum(rate(a[30m])) > 1", 600)) == 1800 + 600 + FINE


def test_without_data_nothing_is_noise() -> None:
    gap = Span(BEGIN + 9.9 * HOUR, BEGIN + 10.1 * HOUR)
    assert noise(firing(10), past(gaps=(gap,))) is None
    assert noise(firing(10)) is None
    # What is known of one objective is enough to say that it was breached.
    assert noise(firing(10), past(gaps=(gap,)), past((10, 10.1))) is False


def test_what_was_just_before_the_week_counts() -> None:
    """An alert that fires when the week begins tells of the hour before it, and of what lies further back nothing is known."""
    early = past()
    before = tuple((BEGIN - FINE * place, BAD if place == 1 else GOOD) for place in reversed(range(12)))
    assert noise(firing(0, 4), replace(early, fine=before + early.fine)) is False
    quiet = tuple((end, GOOD) for end, _ in before)
    assert noise(firing(0, 4), replace(early, fine=quiet + early.fine)) is True
    long = (rule("Slow", "sum(rate(a[6h])) > 1"),)
    assert noise(firing(0, 4), replace(early, fine=quiet + early.fine), rules=long) is None
    # Of what it saw at its end all is known.
    assert noise(firing(0, 8 * 60), replace(early, fine=quiet + early.fine), rules=long) is True


def test_an_alert_on_a_probe_is_held_against_the_runs() -> None:
    ours = (rule("Slow", requires="deployspec"),)
    asked = []

    def probed(check: str, location: str, span: Span) -> tuple[int, int]:
        asked.append((check, location, span))
        return 4, 1 if check == "health.healthy-now" else 0

    one = firing(10, check="health.healthy-now", location="berlin")
    assert noise(one, past(), rules=ours, probed=probed) is False
    assert noise(firing(10, check="health.steady"), past(), rules=ours, probed=probed) is True
    assert noise(firing(10, check="health.steady"), past(), rules=ours) is None
    assert noise(firing(10), past(), rules=ours, probed=probed) is None
    assert asked[0] == ("health.healthy-now", "berlin", Span(BEGIN + 8 * HOUR, one.span.end))


def test_what_fired_in_maintenance_only_is_no_noise() -> None:
    week = Week("shop", WEEK.span, UTC, maintenance=(("upgrade", WEEK.span),))
    (one,) = firings_of({"alertname": "Slow"}, [BEGIN + 60], week)
    assert not beside([one], [], [past()], nothing)


def spans(fired: list[Firing], *pasts: Past) -> list[tuple[float, float]]:
    """Of blind breaches, in hours."""
    return [
        ((one.span.begin - BEGIN) / HOUR, (one.span.end - BEGIN) / HOUR) for one in blind(fired, pasts, WEEK)
    ]


def test_hours_in_a_row_are_one_breach() -> None:
    (one,) = blind([], [past((3, 5))], WEEK)
    assert (one.span.begin - BEGIN, one.span.seconds, one.bad, one.total) == (3 * HOUR, 2 * HOUR, 800, 2000)
    assert spans([], past((3, 4), (6, 7))) == [(3, 4), (6, 7)]


def test_a_breach_in_which_an_alert_fired_is_not_blind() -> None:
    assert not spans([firing(3.5)], past((3, 4)))
    # One that fires soon after it tells of it still; one that had ended before does not.
    assert not spans([firing(4 + (LATE - 60) / HOUR)], past((3, 4)))
    assert spans([firing(4 + LATE / HOUR)], past((3, 4))) == [(3, 4)]
    assert spans([firing(2.5)], past((3, 4))) == [(3, 4)]


def test_what_fires_always_tells_of_no_breach() -> None:
    """Else one that is there to show that alerts arrive would hide every breach."""
    week = Week("shop", Span(BEGIN - 24 * HOUR, BEGIN + 24 * HOUR), UTC)
    (always,) = firings_of(
        {"alertname": "Watchdog"}, [BEGIN - 24 * HOUR + 60 * place for place in range(48 * 60)], week
    )
    assert spans([always], past((3, 4))) == [(3, 4)]
    assert not spans([always, firing(3.5)], past((3, 4)))
    assert not spans([firing(1, minutes=240)], past((3, 4)))


def test_maintenance_is_no_breach() -> None:
    assert not spans([], past((3, 4), paused=(3,)))


def test_what_it_says() -> None:
    made = section(
        [firing(10), firing(12, check="x\n<script>")], [rule("Slow")], [past((3, 4))], nothing, WEEK
    )
    tables = {part.key: part for part in made.parts if isinstance(part, Table)}
    assert [cell.value for cell in tables["noise"].rows[0][1:]] == [0, 2, 0]
    assert "\n" not in tables["firings"].rows[1][1].note
    assert tables["blind"].rows[0][1].text == "api-latency"
    assert [text.split(" ", 3)[:3] for text in made.advice] == [
        ["Slow", "fired", "2"],
        ["api-latency", "was", "breached"],
    ]


def test_an_objective_that_nothing_watches_says_so() -> None:
    of = SimpleNamespace(**vars(past()) | {"objective": objective("latency", unwatched=True)})
    made = section([], [], [of], nothing, WEEK)  # type: ignore[list-item]
    assert any(
        "No alert is to watch over api-latency" in part for part in made.parts if isinstance(part, str)
    )

"""What fails now, what came and went, and the sentence of a week, on a handful of runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deployspec.model.entry import Accepted, Entry
from deployspec.model.review import Change, Review, Section, Span, Tone, Week
from deployspec.record.record import Run
from deployspec.review.assembly import Making, judged, review
from deployspec.review.headline import headline
from tests.review.conftest import simple
from tests.review.histories import history_of
from tests.review.test_month import figures, section, tables

HOUR = 3600.0
BEGIN = datetime(2026, 11, 2, tzinfo=UTC).timestamp()
DAY = Week("shop", Span(BEGIN, BEGIN + 24 * HOUR), UTC)


def check(name: str, verdict: str = "MET", **more: object) -> Entry:
    """A check of a run."""
    return Entry(f"t.py::{name}", name, "health", f"{name} holds.", verdict, "found", source="t.py:1", **more)  # type: ignore[arg-type]


def at(hour: float, *entries: Entry, **more: object) -> Run:
    """A run, so many hours after the day began."""
    return simple(BEGIN + hour * HOUR, *entries, **more)


def of(*runs: Run, week: Week = DAY) -> Review:
    """The review of a day, with the day before."""
    history = history_of(runs, Span(week.before.begin, week.span.end))
    return review(judged(week, history), {}, (), Making(datetime(2026, 11, 3, tzinfo=UTC), "0.1.0", "/store"))


def rows(one: Review, key: str, part: str = "checks") -> list[list[str]]:
    """A table as it is read."""
    return [[cell.text for cell in row] for row in tables(section(one, part))[key].rows]


def changes(one: Review) -> list[tuple[str, str]]:
    """What changed, and its tone."""
    return [(str(change.tone), change.text) for change in one.changes]


def test_a_check_that_is_gone_does_not_fail() -> None:
    """A later complete run is without it. One that was cut short says nothing of what it did not come to."""
    gone = of(at(1, check("a"), check("b", "BREACHED")), at(2, check("a")))
    assert rows(gone, "failing") == []
    short = of(
        at(1, check("a"), check("b", "BREACHED")), at(2, check("a"), cut_short="killed", exit_status=1)
    )
    [[name, verdict, since, as_of, *_]] = rows(short, "failing")
    assert (name, verdict, since, as_of) == ("b", "BREACHED", "2026-11-02 01:00", "2026-11-02 01:00")


def test_since_when_it_fails() -> None:
    """From the first of the runs that say the same, whatever was accepted; a run in maintenance says nothing."""
    accepted = Accepted("a", "b", "2026-12-01", "accepted.yaml:1")
    one = of(
        at(-3, check("a", "UNMEASURED")),
        at(-2, check("a", "BREACHED")),
        at(1, check("a"), maintenance="w"),
        at(2, check("a", "BREACHED", accepted=accepted)),
    )
    [row] = tables(section(one, "checks"))["failing"].rows
    assert (row[1].text, row[1].note, row[2].text, row[2].note) == (
        "BREACHED",
        "accepted",
        "2026-11-01 22:00",
        "",
    )
    one = of(at(-2, check("a", "BREACHED")), at(2, check("a", "BREACHED")))
    [row] = tables(section(one, "checks"))["failing"].rows
    assert row[2].note == "or before"


def test_what_began_to_fail_and_what_was_repaired() -> None:
    """As of the end of each of the two days; what was BREACHED in between is no change since."""
    one = of(
        at(
            -1,
            check("a"),
            check("b", "BREACHED"),
            check("c", "BREACHED"),
            check("d", "UNMEASURED"),
            check("e"),
        ),
        at(3, check("a"), check("b"), check("c", "BREACHED"), check("d", "BREACHED"), check("e", "BREACHED")),
        at(
            4,
            check("a", "UNMEASURED"),
            check("b"),
            check("c", "BREACHED"),
            check("d", "BREACHED"),
            check("e"),
        ),
    )
    assert changes(one) == [
        ("bad", "d is BREACHED since 2026-11-02 03:00"),
        ("unknown", "a is UNMEASURED since 2026-11-02 04:00"),
        ("good", "b is MET again"),
    ]


def test_what_changed_alike_is_told_of_once() -> None:
    """An outage of a hundred checks is a line, since the place that saw it first. What is accepted is no alarm."""
    accepted = Accepted("a", "b", "2026-12-01", "accepted.yaml:1")
    sick = [check(name, "BREACHED") for name in "abc"]
    one = of(
        at(-1, *map(check, "abcd")),
        at(-1, *map(check, "abcd"), location="paris"),
        at(2, *sick, check("d", "BREACHED", accepted=accepted)),
        at(3, *sick, check("d"), location="paris"),
    )
    assert changes(one) == [
        ("bad", "a, b and c are BREACHED since 2026-11-02 02:00"),
        ("", "d is BREACHED since 2026-11-02 02:00, accepted"),
    ]
    one = of(at(-1, *sick), at(2, *map(check, "abc")))
    assert changes(one) == [("good", "a, b and c are MET again")]


def test_a_first_run_is_told_as_such() -> None:
    """Whoever has just begun has neither lost probes nor changed nothing."""
    one = of(at(23.5, check("a")))
    assert changes(one) == [("muted", "checks cannot be compared: no run of the time before is known")]
    assert (
        "23 h 30 min of 24 h without a probe, all of it before the first run that is known." in one.sentence
    )
    late = of(at(1, check("a")), at(23.5, check("a")))
    assert "before the first" not in late.sentence


def test_where_nobody_ran_anything_nothing_is_said_to_be_well() -> None:
    """No list of flaky checks that is empty because there is no run."""
    assert [*tables(section(of(), "checks"))] == ["failing"]


def test_what_nobody_asked_about_again_is_not_repaired() -> None:
    """Without a run in the week, what failed before fails still, as far as is known."""
    one = of(at(-0.5, check("a", "BREACHED")))
    assert changes(one) == [("unknown", "berlin: no probe in the week")]
    assert [row[0] for row in rows(one, "failing")] == ["a"]
    assert one.verdict == "BREACHED", "its verdict holds for a quarter of an hour of the week"


def test_what_came_and_went() -> None:
    """Between the newest complete runs of the two days."""
    one = of(at(-1, check("a"), check("b")), at(1, check("a"), check("c")))
    assert rows(one, "sets") == [["c", "added", "c holds."], ["b", "removed", "b holds."]]
    assert changes(one) == [("", "1 check added: c"), ("", "1 check removed: b")]
    short = of(at(-1, check("a"), check("b")), at(1, check("a"), cut_short="killed", exit_status=1))
    assert rows(short, "sets") == []


def test_what_a_silent_place_had_is_not_gone() -> None:
    """Nor is all of a new place's added."""
    paris = {"location": "paris"}
    one = of(at(-1, check("a")), at(-1, check("b"), id="b" * 8, **paris), at(1, check("a")))
    assert rows(one, "sets") == []
    one = of(at(-1, check("a")), at(1, check("a")), at(1, check("b"), id="b" * 8, **paris))
    assert rows(one, "sets") == []
    assert changes(one) == [("", "paris: a location that was not there the week before")]


def test_a_location_that_has_become_silent_and_an_acceptance_that_has_run_out() -> None:
    """Both are changes, although another location still answers, and the verdict is what it was."""
    accepted = Accepted("me", "known", "2026-11-01", "accepted.yaml:1")
    one = of(
        *(at(hour / 2, check("a"), location="paris") for hour in range(-48, 20)),
        *(
            at(hour / 2, check("a"), check("b", "BREACHED", accepted=accepted if hour < 0 else None))
            for hour in range(-48, 48)
        ),
    )
    assert changes(one) == [
        ("bad", "b is still BREACHED, and no longer accepted"),
        ("unknown", "paris: silent since 2026-11-02 10:15"),
    ]


def test_two_schedules_at_one_location() -> None:
    """The quicker one does not make the checks of the other, and says nothing of them: they fail, and are not known when it
    has become silent. One that is asked for something else since is the same schedule."""
    quick = [at(hour / 2, check("a"), markers="health") for hour in range(-48, 48)]
    slow = {"interval": 2 * HOUR, "markers": "slo"}
    one = of(
        *quick, *(at(hour + 0.1, check("b", "MET" if hour < 8 else "BREACHED"), **slow) for hour in range(-24, 10, 2))
    )  # fmt: skip
    assert [row[:3] for row in rows(one, "failing")] == [["b", "BREACHED", "2026-11-02 08:06"]]
    assert figures(one)["time", "b", "BREACHED"] == 3 * HOUR
    # From one and a half intervals after the run at 08:06.
    assert figures(one)["time", "b", "No data"] == 24 * HOUR - 11.1 * HOUR
    assert changes(one) == [("bad", "b is BREACHED since 2026-11-02 08:06")]
    assert rows(one, "sets") == []
    asked_anew = of(
        *(at(hour / 2, check("a"), check("b", "BREACHED"), markers="health or slo") for hour in range(-48, 10)),
        *(at(hour / 2, check("a"), markers="health") for hour in range(10, 48)),
    )  # fmt: skip
    assert rows(asked_anew, "failing") == []
    assert figures(asked_anew)["time", "b", "No data"] == 0
    assert rows(asked_anew, "sets") == [["b", "removed", "b holds."]]


def test_a_version_that_went_back_and_forth() -> None:
    """Each change is one, and what two places tell alike is told of once, from the first of them on."""
    runs = []
    for hour, version in ((-1, "1"), (1, "2"), (2, "1"), (3, "2")):
        for place, late in (("berlin", 0.0), ("paris", 0.25)):
            runs.append(
                at(
                    hour + late,
                    check("a"),
                    location=place,
                    id=f"{place}{hour}",
                    versions={"deployspec": version},
                )
            )
    assert rows(of(*runs), "releases", "runs") == [
        ["2026-11-02 01:00", "deployspec", "1", "2", "berlin and paris"],
        ["2026-11-02 02:00", "deployspec", "2", "1", "berlin and paris"],
        ["2026-11-02 03:00", "deployspec", "1", "2", "berlin and paris"],
    ]


def test_an_accepted_breach_hides_nothing() -> None:
    """Where one place is accepted as BREACHED and another cannot measure, that is not known."""
    accepted = Accepted("a", "b", "2026-12-01", "accepted.yaml:1")
    one = of(
        at(0, check("a", "BREACHED", accepted=accepted)),
        at(0, check("a", "UNMEASURED"), location="paris", id="b" * 8),
    )
    assert figures(one)["time", "a", "UNMEASURED"] == 2700.0
    assert one.verdict == "UNMEASURED"
    assert "Not known: a (45 min) and 23 h 15 min of 24 h without a probe." in one.sentence
    alone = of(*(at(hour / 2, check("a", "BREACHED", accepted=accepted)) for hour in range(48)))
    assert alone.verdict == "MET"
    assert alone.sentence == (
        "MET: every promise was kept, or its breach accepted, all the time outside maintenance. "
        "(1 check in 48 runs, 24 h; 1 check accepted.)"
    )


def test_a_week_of_which_nothing_is_known_is_not_met() -> None:
    """Whatever ran: a gate that was interrupted before its first check, a probe in maintenance, a run that goes on. Nor is one
    of which gates alone tell, as nothing is known between them."""
    gate = {"kind": "check", "location": "", "interval": None, "markers": "gate"}
    for run in (
        at(1, cut_short="interrupted", exit_status=2, **gate),
        at(1, check("a"), maintenance="w"),
        at(1, check("a"), exit_status=None),
    ):
        one = of(run)
        assert one.verdict == "UNMEASURED"
        assert "the whole of it, as no run made a check" in one.sentence
    one = of(at(1, check("a"), **gate))
    assert one.verdict == "UNMEASURED"
    assert "Not known: 24 h of 24 h without a probe. (1 check in 1 run, 24 h.)" in one.sentence


def test_an_interval_that_changed() -> None:
    """What is expected, and for how long a verdict holds, goes by each run's own interval."""
    one = of(
        *(at(hour, check("a"), interval=HOUR) for hour in range(12)),
        *(at(12 + third / 6, check("a"), interval=600.0) for third in range(36)),
    )
    found = figures(one)
    assert (found["runs", "berlin", "Runs"], found["runs", "berlin", "Expected"]) == (48, 48 + 36)
    assert found["runs", "berlin", "Silence"] == 6 * HOUR - 300.0


def test_checks_that_other_runs_do_not_make() -> None:
    """A run without a check leaves what is known of it as it was."""
    one = of(at(0, check("a"), check("b")), at(0.5, check("a")), at(1, check("a"), check("b", "BREACHED")))
    found = figures(one)
    assert found["time", "b", "MET"] == 2700.0
    assert found["time", "b", "No data"] == 900.0 + 24 * HOUR - HOUR - 2700.0
    assert "b (15 min without data)" in one.sentence


# sections: what they say was BREACHED, and is not known
@pytest.mark.parametrize(
    ("breached", "unknown", "expected"),
    [
        ((), (), "MET: every promise was kept, all the time outside maintenance."),
        ((), ("a (1 h)",), "UNMEASURED: no breach is known. Not known: a (1 h)."),
        (("a (1 h)",), (), "BREACHED: a (1 h). All else is known."),
        (tuple("abcdefg"), ("h",), "BREACHED: a, b, c, d, e and 2 more. Not known: h."),
    ],
)
def test_the_sentence_of_a_week(breached: tuple[str, ...], unknown: tuple[str, ...], expected: str) -> None:
    """The worst first; numbers are in what sections say."""
    change = Section("c", "C", changes=(Change("well", Tone.GOOD), Change("ill", Tone.BAD)))
    found = headline(DAY, [Section("a", "A", (), breached, unknown), change], 1, 2, 0)
    assert found.sentence == f"{expected} (2 checks in 1 run, 24 h.)"
    assert found.verdict == expected.partition(":")[0]
    assert [one.text for one in found.changes] == ["ill", "well"]

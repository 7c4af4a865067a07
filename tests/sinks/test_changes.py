"""What is told of a row of runs, and what is remembered from one to the next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from deployspec.model.entry import Accepted
from deployspec.record.record import Run
from deployspec.sinks.changes import GONE, LONGEST, MOST_KEPT, MOST_REFUSED, Change, News, remembered, tell
from deployspec.sinks.sending import NotSent
from tests.sinks.recording import entry, report_of, run_of


class _Told:
    """A receiver, and a sink's memory, which goes through JSON as delivery has it."""

    def __init__(self, after: int = 1) -> None:
        self.after = after
        self.memory: Any = None
        self.posts: list[News] = []

    def send(self, run: Run, refusal: NotSent | None = None) -> list[tuple[str, str | None, str | None]]:
        """Send a run; of what it told, each check with its verdicts now and before."""
        posted: list[News] = []

        def post(news: News) -> None:
            if refusal is not None:
                raise refusal
            posted.append(news)

        try:
            memory = tell(report_of(run), self.memory, self.after, post)
        except NotSent as failed:
            memory = failed.memory
        self.memory = json.loads(json.dumps(memory))
        self.posts += posted
        return [(change.check, change.verdict, change.before) for news in posted for change in news.untold]


def _told(*runs: Mapping[str, str], after: int = 1) -> list[list[tuple[str, str | None, str | None]]]:
    receiver = _Told(after)
    return [receiver.send(run_of(number, verdicts)) for number, verdicts in enumerate(runs)]


def test_a_verdict_is_told_when_it_changes_and_not_again() -> None:
    """Once when a promise is breached, once when it is met again, and never in between; what is unmeasured is told apart."""
    assert _told(
        {"a": "MET"},
        {"a": "BREACHED"},
        {"a": "BREACHED"},
        {"a": "UNMEASURED"},
        {"a": "UNMEASURED"},
        {"a": "MET"},
        {"a": "MET"},
    ) == [
        [],
        [("a", "BREACHED", "MET")],
        [],
        [("a", "UNMEASURED", "BREACHED")],
        [],
        [("a", "MET", "UNMEASURED")],
        [],
    ]


def test_the_first_run_tells_what_is_not_met() -> None:
    """Nothing is known before it; what is met is no news."""
    assert _told({"a": "MET", "b": "BREACHED", "c": "UNMEASURED"}) == [
        [("b", "BREACHED", None), ("c", "UNMEASURED", None)]
    ]


def test_what_lasts_for_one_run_only_is_not_told_where_two_in_a_row_are_wanted() -> None:
    """Flapping is quiet; what stays is told, with the verdict that was told before."""
    assert _told(
        {"a": "MET"},
        {"a": "MET"},
        {"a": "BREACHED"},
        {"a": "MET"},
        {"a": "BREACHED"},
        {"a": "BREACHED"},
        {"a": "MET"},
        {"a": "MET"},
        after=2,
    ) == [[], [], [], [], [], [("a", "BREACHED", "MET")], [], [("a", "MET", "BREACHED")]]


def test_a_check_that_is_gone_is_told_once_where_it_was_not_met() -> None:
    """Otherwise whoever was told that it is breached would wait for ever. One that was met leaves in silence."""
    everything = {"a": "BREACHED", "b": "MET", "c": "MET"}
    receiver = _Told()
    receiver.send(run_of(0, everything))
    assert receiver.send(run_of(1, {"c": "MET"})) == [("a", None, "BREACHED")]
    assert receiver.posts[-1].untold[0].reason == GONE
    assert receiver.send(run_of(2, {"c": "MET"})) == []
    assert receiver.send(run_of(3, everything)) == [("a", "BREACHED", None)]


@pytest.mark.parametrize(
    "run",
    [
        run_of(1, {"c": "MET"}, cut_short="the time limit was reached"),
        run_of(1, {"c": "MET"}, markers="slo"),
        run_of(1),
    ],
    ids=["incomplete", "another expression", "nothing collected"],
)
def test_a_run_that_could_not_have_the_check_does_not_say_that_it_is_gone(run: Run) -> None:
    """It was not reached, or not selected."""
    receiver = _Told()
    receiver.send(run_of(0, {"a": "BREACHED", "c": "MET"}))
    assert receiver.send(run) == []
    assert receiver.send(run_of(2, {"a": "BREACHED", "c": "MET"})) == []


def test_a_maintenance_window_is_silent_and_what_still_is_breached_is_told_after_it() -> None:
    """What broke and was repaired within it is never told."""
    receiver = _Told()
    receiver.send(run_of(0, {"a": "MET", "b": "MET", "c": "BREACHED"}))
    window = {"maintenance": "nightly"}
    assert receiver.send(run_of(1, {"a": "BREACHED", "b": "BREACHED", "c": "MET"}, **window)) == []
    after = {"a": "BREACHED", "b": "MET", "c": "MET"}
    assert receiver.send(run_of(2, after)) == [("a", "BREACHED", "MET"), ("c", "MET", "BREACHED")]
    assert receiver.send(run_of(3, after)) == []


def test_what_could_not_be_sent_is_told_with_the_next_run_in_order_each_with_its_time() -> None:
    """Nothing is lost, and nothing told twice."""
    receiver = _Told()
    receiver.send(run_of(0, {"a": "MET"}))
    receiver.send(run_of(1, {"a": "BREACHED"}), NotSent("down"))
    receiver.send(run_of(2, {"a": "BREACHED"}), NotSent("down"))
    receiver.send(run_of(3, {"a": "MET"}), NotSent("down"))
    assert receiver.send(run_of(4, {"a": "MET", "b": "UNMEASURED"})) == [
        ("a", "BREACHED", "MET"),
        ("a", "MET", "BREACHED"),
        ("b", "UNMEASURED", None),
    ]
    changes = receiver.posts[-1].untold
    assert [(change.time, change.run[-1]) for change in changes] == [
        ("2026-11-29T05:01:09Z", "1"),
        ("2026-11-29T05:03:09Z", "3"),
        ("2026-11-29T05:04:09Z", "4"),
    ]
    assert receiver.send(run_of(5, {"a": "MET", "b": "UNMEASURED"})) == []


def test_another_attempt_at_the_same_run_tells_nothing_twice_and_counts_it_once() -> None:
    """Whether it was told or kept."""
    receiver = _Told(after=2)
    receiver.send(run_of(0, {"a": "MET"}))
    receiver.send(run_of(1, {"a": "MET"}))
    run = run_of(2, {"a": "BREACHED"})
    assert [receiver.send(run), receiver.send(run)] == [[], []]
    assert receiver.send(run_of(3, {"a": "BREACHED"})) == [("a", "BREACHED", "MET")]
    assert receiver.send(run_of(3, {"a": "BREACHED"})) == []


@pytest.mark.parametrize(
    ("refusal", "most"), [(NotSent("down"), MOST_KEPT), (NotSent("413", final=True), MOST_REFUSED)]
)
def test_of_too_many_the_oldest_are_dropped_and_counted_and_told_again_where_they_last(
    refusal: NotSent, most: int
) -> None:
    """The receiver that comes back hears how many are missing, and of each check that is still breached."""
    checks = {f"c{number:04}": "BREACHED" for number in range(most + 30)}
    receiver = _Told()
    receiver.send(run_of(0, checks), refusal)
    assert len(receiver.memory["untold"]) == most
    told = receiver.send(run_of(1, checks))
    assert receiver.posts[-1].dropped >= 30
    told += receiver.send(run_of(2, checks))
    assert {check for check, _, _ in told} == set(checks)
    assert receiver.send(run_of(3, checks)) == []


@pytest.mark.parametrize(
    "memory",
    [
        7,
        [],
        "x",
        {},
        {"run": "r", "seen": [], "untold": [], "dropped": 0},
        {"run": "r", "seen": {"a": ["MET"] * 9}, "untold": [], "dropped": 0},
        {"run": "r", "seen": {"a": ["MET", "MET", "one", ""]}, "untold": [], "dropped": 0},
        {"run": "r", "seen": {"a": [{}, "MET", 1, ""]}, "untold": [], "dropped": 0},
        {"run": "r", "seen": {"a": ["MET", "PURPLE", 1, ""]}, "untold": [], "dropped": 0},
        {"run": "r", "seen": {}, "untold": [{"check": "a"}], "dropped": 0},
        {"run": "r", "seen": {}, "untold": [["a"]], "dropped": 0},
        {
            "run": "r",
            "seen": {},
            "untold": [Change("r", "t", "a", "", "MET", None, 7)._asdict()],  # type: ignore[arg-type]
            "dropped": 0,
        },
        {"run": "r", "seen": {}, "untold": [], "dropped": None},
        {"run": None, "seen": {}, "untold": [], "dropped": 0},
    ],
)
def test_a_damaged_memory_is_none(memory: Any) -> None:
    """What is not met is told once more, and nothing ends in an error."""
    assert remembered(memory) == News()
    receiver = _Told()
    receiver.memory = memory
    assert receiver.send(run_of(1, {"a": "BREACHED", "b": "MET"})) == [("a", "BREACHED", None)]


def test_of_two_checks_with_one_id_the_worse_one_counts() -> None:
    """They cannot be told apart, and do not flap."""
    run = run_of(0)
    run.entries = {"one": entry("a", "BREACHED"), "two": entry("a", "MET")}
    receiver = _Told()
    assert receiver.send(run) == [("a", "BREACHED", None)]
    run.id = "another"
    assert receiver.send(run) == []


def test_the_texts_of_a_change_are_bounded_and_on_one_line() -> None:
    """A reason of a megabyte is no reason to lose the message; a command keeps its lines."""
    run = run_of(0)
    long = "x\n\x1b" + "y" * 100_000
    run.entries = {
        "a": entry("a" * 500, "BREACHED", long, promise=long, measured=long, limit=long, reproduce="a \\\n b")
    }
    receiver = _Told()
    receiver.send(run)
    (change,) = receiver.posts[0].untold
    for name, most in LONGEST.items():
        assert len(getattr(change, name)) <= most
    assert change.reason.startswith("x\\n\\x1byy")
    assert change.reproduce == "a \\\n b"
    assert len(change.check) == 120


def test_an_accepted_breach_is_no_news_but_its_expiry_is() -> None:
    """Whatever was told before it; and where it is met again, nobody has to be told."""
    accepted = Accepted("shop team", "rebuilding", "9999-12-31", "accepted.yaml:2")

    def told(
        *runs: tuple[str, Accepted | None], after: int = 1
    ) -> list[list[tuple[str, str | None, str | None]]]:
        receiver = _Told(after)
        found = []
        for number, (verdict, acceptance) in enumerate(runs):
            run = run_of(number, {"a": verdict})
            run.entries = {name: replace(one, accepted=acceptance) for name, one in run.entries.items()}
            found.append(receiver.send(run))
        return found

    breach, silent, met = ("BREACHED", None), ("BREACHED", accepted), ("MET", None)
    first = [("a", "BREACHED", None)]
    assert told(silent, silent, met) == [[], [], []]
    assert told(silent, breach) == [[], first]
    assert told(breach, silent, breach, met) == [first, [], first, [("a", "MET", "BREACHED")]]
    assert told(silent, silent, breach, breach, after=2) == [[], [], [], first]

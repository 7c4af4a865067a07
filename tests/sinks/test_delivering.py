"""Delivery to all sinks at once: what arrives, what is tried again, what is kept, and that no sink takes another with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from deployspec.base import durable
from deployspec.base.disclosure import hide
from deployspec.base.secret import Finder, Secret
from deployspec.sinks import delivering
from deployspec.sinks.delivering import Delivery, Known, Outcome
from deployspec.sinks.sending import NotSent, Report
from tests.sinks.recording import report_of, run_of
from tests.suite import ROOT

LONG = 20.0
"""Seconds that are more than any of it takes, also on a busy machine."""


class Made:
    """A sink that does what a test says, and keeps what it was given."""

    def __init__(self, *does: Callable[[Report], Any]) -> None:
        self._does = list(does)
        self.memories: list[Any] = []

    def send(self, report: Report, memory: Any) -> Any:
        """The next of what it does, or the last one again."""
        self.memories.append(memory)
        return (self._does.pop(0) if len(self._does) > 1 else self._does[0])(report)


class Beginner(Made):
    """A sink that wants to know that a run begins."""

    def __init__(self, begins: Callable[[Report], Any], sends: Callable[[Report], Any]) -> None:
        super().__init__(sends)
        self.begin = begins


def takes(memory: Any = None) -> Callable[[Report], Any]:
    """It arrives."""
    return lambda _: memory


def raises(error: BaseException) -> Callable[[Report], Any]:
    """It fails."""

    def fail(_: Report) -> Any:
        raise error

    return fail


def refuses(final: bool = False, **more: Any) -> Callable[[Report], Any]:
    """It does not arrive."""
    return lambda report: raises(NotSent("no", final=final, **more))(report)


@pytest.fixture
def hang() -> Any:
    """Does not return before the test's end."""
    over = threading.Event()
    yield lambda _: over.wait(60)
    over.set()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow one another quickly."""
    monkeypatch.setattr(delivering, "_FIRST_PAUSE", 0.01)
    monkeypatch.setattr(delivering, "_LONGEST_PAUSE", 0.02)


def deliver(folder: Path, number: int, limit: float = LONG, **senders: Any) -> dict[str, Outcome]:
    """A run of this number is sent by a new process; the outcome of each sink."""
    outcomes = Delivery(senders, folder).send(report_of(run_of(number), limit=limit))
    return {outcome.name: outcome for outcome in outcomes}


def known(folder: Path, name: str = "there") -> Known:
    """What is known of a sink."""
    return Delivery({name: Made(takes())}, folder).known(name)


def ids(runs: tuple[Mapping[str, str], ...]) -> list[int]:
    """The numbers of runs."""
    return [int(run["id"][-12:]) for run in runs]


def test_what_a_sink_remembers_is_given_to_it_with_the_next_run(tmp_path: Path) -> None:
    """Also what it gives with a failure, then to the next attempt already; it has a copy of its own."""
    first = Made(takes({"seen": ["ü", "\ud800"]}))
    assert deliver(tmp_path, 1, there=first) == {"there": Outcome("there", True)}
    assert first.memories == [None]
    second = Made(refuses(memory=[1]), refuses(), refuses(final=True))
    assert not deliver(tmp_path, 2, there=second)["there"].ok
    assert second.memories == [{"seen": ["ü", "\ud800"]}, [1], [1]]
    assert known(tmp_path).memory == [1]

    class Spoils(Made):
        def send(self, report: Report, memory: Any) -> Any:
            memory.append("spoilt")
            return super().send(report, memory)

    deliver(tmp_path, 3, there=Spoils(refuses(final=True)))
    assert known(tmp_path).memory == [1]


def test_a_sink_is_tried_again_within_the_limit(tmp_path: Path) -> None:
    """Until it takes the run: then it has arrived, and nothing has failed."""
    sink = Made(refuses(), refuses(after=0.0), refuses(after=-1.0), takes())
    assert deliver(tmp_path, 1, there=sink)["there"].ok
    assert len(sink.memories) == 4
    assert known(tmp_path).failures == 0
    assert known(tmp_path).last == {"id": run_of(1).id, "started": run_of(1).started}


def test_no_attempt_follows_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a receiver asks for: the pause grows, and is its Retry-After at least."""
    waits: list[float] = []
    monkeypatch.setattr(delivering, "_FIRST_PAUSE", 1.0)
    monkeypatch.setattr(delivering, "_LONGEST_PAUSE", 4.0)
    monkeypatch.setattr(delivering.time, "sleep", waits.append)
    sink = Made(refuses(), refuses(after=0.0), refuses(after=7.0), refuses(), refuses(), takes())
    assert deliver(tmp_path, 1, 1000.0, there=sink)["there"].ok
    for wait, least, most in zip(waits, (0.75, 1.5, 7, 3, 3), (1.25, 2.5, 7, 5, 5), strict=True):
        assert least <= wait <= most


def test_what_a_receiver_asks_for_is_never_more_than_what_is_left(tmp_path: Path) -> None:
    """It ends at once where another attempt would come too late."""
    began = time.monotonic()
    outcome = deliver(tmp_path, 1, there=Made(refuses(after=3600.0)))["there"]
    assert (outcome.ok, outcome.reason) == (False, "no")
    assert time.monotonic() - began < LONG / 2


def test_a_run_that_arrives_makes_older_ones_needless(tmp_path: Path) -> None:
    """They are counted as superseded and listed; a run that was refused for good is lost, and tried no second time."""
    for number in (1, 2):
        deliver(tmp_path, number, 0.05, there=Made(refuses()))
    final = Made(refuses(final=True))
    deliver(tmp_path, 3, there=final)
    assert len(final.memories) == 1
    found = known(tmp_path)
    assert (found.failures, found.superseded, found.lost) == (3, 0, 1)
    assert (ids(found.pending), ids(found.lost_runs)) == ([1, 2], [3])
    assert found.pending[0] == {"id": run_of(1).id, "started": run_of(1).started, "reason": "no"}
    deliver(tmp_path, 4, there=Made(takes()))
    found = known(tmp_path)
    assert (found.failures, found.superseded, found.lost) == (3, 2, 1)
    assert (ids(found.pending), ids(found.superseded_runs), ids(found.lost_runs)) == ([], [1, 2], [3])


def test_an_older_run_that_arrives_supersedes_no_newer_one(tmp_path: Path) -> None:
    """Sent by hand, it is no longer pending; the same run that fails again is pending once."""
    for number in (1, 2, 3, 2):
        deliver(tmp_path, number, 0.05, there=Made(refuses()))
    assert ids(known(tmp_path).pending) == [1, 3, 2]
    deliver(tmp_path, 2, there=Made(takes()))
    found = known(tmp_path)
    assert (ids(found.pending), ids(found.superseded_runs)) == ([3], [1])
    assert (found.failures, found.superseded) == (4, 1)


def test_lists_are_bounded_and_counts_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink that is down for years has a file of a few kilobytes."""
    monkeypatch.setattr(delivering, "_MOST_KEPT", 2)
    for number in range(1, 6):
        deliver(tmp_path, number, 0.0, there=Made(refuses()))
    for number in range(6, 10):
        deliver(tmp_path, number, there=Made(refuses(final=True)))
    found = known(tmp_path)
    assert (found.failures, found.superseded, found.lost) == (9, 3, 4)
    assert (ids(found.pending), ids(found.superseded_runs), ids(found.lost_runs)) == ([4, 5], [2, 3], [8, 9])


def test_a_reason_is_one_short_line_without_secrets(tmp_path: Path) -> None:
    """Whatever a sink says, in what is printed and in what is kept."""
    hide(Finder([Secret("geheim")]))
    outcome = deliver(tmp_path, 1, 0.05, there=Made(raises(NotSent(f"a\nb geheim {'x' * 9000}"))))["there"]
    assert outcome.reason.startswith("a b *** xxx")
    assert len(outcome.reason) == 500
    assert "geheim" not in (tmp_path / "there.json").read_text()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (raises(ValueError("geheim\nis wrong")), "an error of the sink's own: ValueError: *** is wrong"),
        (raises(SystemExit(3)), "an error of the sink's own: SystemExit: 3"),
        (takes({1, 2}), "an error of the sink's own: TypeError: Object of type set is not JSON serializable"),
        (refuses(memory=b"x"), "an error of the sink's own: TypeError: Object of type bytes is not JSON serializable"),
        (refuses(after="soon"), "an error of the sink's own: TypeError: '>' not supported between instances of 'str' and 'float'"),
        (raises(NotSent(None, final=True)), "None"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_a_sink_raises_takes_no_other_with_it(
    does: Callable[[Report], Any], reason: str, tmp_path: Path
) -> None:
    """It is a push that failed, by the exception's name, and is not tried again."""
    hide(Finder([Secret("geheim")]))
    found = deliver(tmp_path, 1, bad=Made(does), good=Made(takes()))
    assert found["good"].ok
    assert (found["bad"].ok, found["bad"].reason) == (False, reason)
    assert known(tmp_path, "bad").lost == 1


def test_a_sink_that_hangs_holds_up_neither_another_nor_the_end(hang: Any, tmp_path: Path) -> None:
    """The others' outcomes are there meanwhile; its own soon after the deadline, as a failure."""
    delivery = Delivery({"hangs": Made(hang), "good": Made(takes())}, tmp_path)
    began = time.monotonic()
    outcomes = delivery.send(report_of(run_of(1), limit=4.0))
    assert next(outcomes) == Outcome("good", True)
    assert list(outcomes) == [Outcome("hangs", False, "it did not end within the time limit of the probe")]
    assert 4 <= time.monotonic() - began < 4 + LONG
    assert ids(known(tmp_path, "hangs").pending) == [1]


def test_a_thread_that_hangs_does_not_keep_the_process(tmp_path: Path) -> None:
    """The interpreter ends although a sink never does."""
    script = f"""
import time
from pathlib import Path
from deployspec.sinks.delivering import Delivery
from tests.sinks.recording import report_of, run_of
class Hangs:
    def begin(self, report): time.sleep(3600)
    def send(self, report, memory): time.sleep(3600)
delivery = Delivery({{"hangs": Hangs()}}, Path({str(tmp_path)!r}))
delivery.begin(report_of(run_of(1), limit=0.3))
print([outcome.ok for outcome in delivery.send(report_of(run_of(1), limit=0.3))])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "[False]\n", "")


def test_a_beginning_that_hangs_holds_up_no_other_sink(hang: Any, tmp_path: Path) -> None:
    """Its own end is sent all the same, while there is time."""
    delivery = Delivery({"slow": Beginner(hang, takes()), "good": Made(takes())}, tmp_path)
    delivery.begin(report_of(run_of(1)))
    began = time.monotonic()
    outcomes = delivery.send(report_of(run_of(1), limit=6.0))
    assert next(outcomes) == Outcome("good", True)
    assert next(outcomes) == Outcome("slow", True)
    assert time.monotonic() - began >= 2.9


def test_a_beginning_is_told_before_the_end_and_is_tried_no_longer(tmp_path: Path) -> None:
    """While the checks run it is tried again; once they have ended, the end alone counts. An error of it is silent."""
    told: list[str] = []
    tried = threading.Event()

    def begins(_: Report) -> None:
        told.append("begin")
        if len(told) == 3:
            tried.set()
        raise NotSent("down")

    sink = Beginner(begins, lambda _: told.append("end"))
    broken = Beginner(raises(ValueError("x")), takes())
    delivery = Delivery({"there": sink, "broken": broken}, tmp_path)
    delivery.begin(report_of(run_of(1), limit=LONG))
    assert tried.wait(LONG)
    began = time.monotonic()
    assert all(outcome.ok for outcome in delivery.send(report_of(run_of(1), limit=LONG)))
    assert told[:3] == ["begin"] * 3
    assert told[-1] == "end"
    # Half of what is left is for a beginning that hangs.
    assert time.monotonic() - began < LONG / 2


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b'"deployspec.sink/1"',
        b"[" * 100_000,
        b'{"format": "deployspec.sink/2"}',
        *(
            json.dumps(
                {"format": "deployspec.sink/1", "failures": 1, "superseded": 0, "lost": 0, "pending": []}
                | {"superseded_runs": [], "lost_runs": [], "last": None, "memory": None}
                | {key: value}
            ).encode()
            for key, value in [
                ("failures", None),
                ("lost", float("inf")),
                ("pending", [{"id": "x"}]),
                ("pending", ["x"]),
                ("lost_runs", [{"id": 1, "started": "x"}]),
                ("last", {"id": "x"}),
                ("last", "x"),
            ]
        ),
    ],
)
def test_a_damaged_file_is_set_aside_and_stops_nothing(text: bytes, tmp_path: Path) -> None:
    """One line names it; the next run knows of nothing wrong."""
    file = tmp_path / "there.json"
    file.write_bytes(text)
    outcome = deliver(tmp_path, 1, there=Made(takes()))["there"]
    assert outcome.ok
    (aside,) = tmp_path.glob("there.json.corrupt-*")
    assert aside.read_bytes() == text
    assert outcome.trouble == (
        f"{file}: found a damaged file, and nothing is known of earlier pushes; it is {aside.name} now"
    )
    assert deliver(tmp_path, 2, there=Made(takes()))["there"].trouble == ""


def test_damaged_files_are_bounded(tmp_path: Path) -> None:
    """The last five are kept."""
    for number in range(8):
        (tmp_path / "there.json").write_text(str(number))
        deliver(tmp_path, number, there=Made(takes()))
    assert sorted(aside.read_text() for aside in tmp_path.glob("there.json.corrupt-*")) == list("34567")


def test_where_nothing_can_be_kept_all_is_sent(tmp_path: Path) -> None:
    """A line says of each that it is not kept: the folder is a file here, as nothing else keeps root out."""
    folder = tmp_path / "sinks"
    folder.write_text("")
    outcome = deliver(folder, 1, there=Made(takes()))["there"]
    assert outcome.ok
    assert "what became of this push is not kept" in outcome.trouble
    assert "Not a directory" in outcome.trouble


def test_a_full_disk_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no draft."""
    deliver(tmp_path, 1, there=Made(takes(1)))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    outcome = deliver(tmp_path, 2, there=Made(takes(2)))["there"]
    monkeypatch.undo()
    assert outcome.ok
    assert outcome.trouble == (
        f"{tmp_path / 'there.json'}: No space left on device; what became of this push is not kept"
    )
    assert known(tmp_path).memory == 1
    assert [file.name for file in tmp_path.iterdir()] == ["there.json"]


def test_a_memory_has_a_largest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it nothing is remembered, and a line says so."""
    monkeypatch.setattr(delivering, "_LARGEST", 100)
    outcome = deliver(tmp_path, 1, there=Made(takes("x" * 100)))["there"]
    assert (outcome.ok, outcome.trouble) == (
        True,
        "it wanted to remember more than 100 bytes, and remembers nothing",
    )
    assert known(tmp_path).memory is None


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    """At any moment of a process that does nothing but write; drafts that are old are removed by the next."""
    script = f"""
from pathlib import Path
from deployspec.sinks.delivering import Delivery
from tests.sinks.recording import report_of, run_of
class Takes:
    def send(self, report, memory): return (memory or []) + ["x" * 1000]
print("ready", flush=True)
for number in range(10_000):
    list(Delivery({{"there": Takes()}}, Path({str(tmp_path)!r})).send(report_of(run_of(number % 60))))
"""
    seen = 0
    for milliseconds in (3, 17, 41):
        with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            time.sleep(milliseconds / 1000)
            process.send_signal(signal.SIGKILL)
        found = Delivery({"there": Made(takes())}, tmp_path)
        remembered = found.known("there").memory or []
        assert len(remembered) >= seen
        assert list(tmp_path.glob("*corrupt*")) == []
        seen = len(remembered)
    draft = tmp_path / "there.json.1.draft"
    draft.write_text("{")
    os.utime(draft, (time.time() - 7200,) * 2)
    deliver(tmp_path, 1, there=Made(takes()))
    assert not draft.exists()

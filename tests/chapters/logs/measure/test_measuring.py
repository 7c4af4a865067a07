"""A source is judged once, in one process or several, with the same report; nothing outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from deployspec.chapters.logs.judge.model import Block, LogPromise, Piece, Trouble
from deployspec.chapters.logs.measure import crew, measuring
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.source import Source
from deployspec.chapters.logs.measure.sources.files import FilesSource

PROMISE = LogPromise(schema={"type": "object", "required": ["message"]}, secrets=False)


@pytest.fixture
def log(tmp_path: Path) -> FilesSource:
    """A log of about forty blocks, in which some lines are wrong, one is too long, and one file is missing."""
    record = b'{"timestamp":"2026-01-01T00:%02d:%02d.%03dZ","level":"INFO","logger":"a","message":"%s"}\n'
    with (tmp_path / "app.log").open("wb") as file:
        for number in range(60_000):
            file.write(record % (number // 60_000, number // 1000 % 60, number % 1000, b"x" * 100))
            if number % 7000 == 0:
                file.write(b'not json\n{"level":"INFO"}\n')
        file.write(b"y" * 300_000 + b"\n")
        file.write(record % (59, 59, 0, b"last"))
    return FilesSource([str(tmp_path / "app.log"), str(tmp_path / "missing.log")])


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch) -> list[Block]:
    """The blocks that other processes were given: small inputs go to them as well, and their start is waited for."""
    blocks: list[Block] = []
    start, give = crew.Crew.start, crew._Helper.give

    def start_and_wait(one: crew.Crew) -> None:
        start(one)
        while not all(helper.ready for helper in one._helpers):
            one._collect(60)

    def give_and_note(helper: crew._Helper, task: crew.Task, block: Block) -> None:
        blocks.append(block)
        give(helper, task, block)

    monkeypatch.setattr(measuring, "ALONE", 0)
    monkeypatch.setattr(crew.Crew, "start", start_and_wait)
    monkeypatch.setattr(crew._Helper, "give", give_and_note)
    return blocks


def helpers() -> list[psutil.Process]:
    """The processes that judge beside this one."""
    return [child for child in psutil.Process().children() if crew.START in child.cmdline()]


class Disturbed(Source):
    """Another source, with something that happens while it is read."""

    told = "a test's log"

    def __init__(self, source: Source, act: Callable[[], None]) -> None:
        self._source, self._act = source, act

    def pieces(self) -> Iterator[Piece]:
        """Its pieces."""
        for number, piece in enumerate(self._source.pieces()):
            if number == 10:
                self._act()
            yield piece


@pytest.mark.parametrize("workers", [2, 4])
def test_same_report(log: FilesSource, given: list[Block], workers: int) -> None:
    """However many processes judge, the report is the same."""
    alone = measure(log, PROMISE).to_dict()
    assert measure(log, PROMISE, workers=workers).to_dict() == alone
    # How many, is up to the machine.
    assert given
    assert helpers() == []


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_helper_that_is_lost(log: FilesSource, monkeypatch: pytest.MonkeyPatch, kill: signal.Signals) -> None:
    """What a process was given that was killed, or does not answer any more, is judged here."""
    monkeypatch.setattr(crew, "STUCK", 0.5)
    alone = measure(log, PROMISE).to_dict()
    lost = []

    def lose() -> None:
        for helper in helpers():
            helper.send_signal(kill)
            lost.append(helper.pid)

    assert measure(Disturbed(log, lose), PROMISE, workers=3).to_dict() == alone
    assert len(lost) == 2
    assert helpers() == []


def test_helper_that_fails(log: FilesSource, monkeypatch: pytest.MonkeyPatch, given: list[Block]) -> None:
    """A process that ends as soon as it has a block costs its time, nothing else."""
    alone = measure(log, PROMISE).to_dict()
    monkeypatch.setattr(
        crew,
        "START",
        "import sys; from multiprocessing.connection import Connection as C\n"
        "connection = C(int(sys.argv[1])); connection.recv(); connection.send('ready'); connection.recv()",
    )
    assert measure(log, PROMISE, workers=3).to_dict() == alone
    assert 2 <= len(given) <= 4


def test_no_process_can_be_started(log: FilesSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without other processes, this one judges all."""
    alone = measure(log, PROMISE).to_dict()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert measure(log, PROMISE, workers=4).to_dict() == alone


def test_small_input_stays_here(log: FilesSource, monkeypatch: pytest.MonkeyPatch) -> None:
    """For little, no process is started."""
    monkeypatch.setattr(measuring, "ALONE", 1 << 30)
    monkeypatch.setattr(crew, "_Helper", None)
    measure(log, PROMISE, workers=8)


def test_source_that_raises(log: FilesSource) -> None:
    """An exception comes through, and leaves no process."""

    def fail() -> None:
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        measure(Disturbed(log, fail), PROMISE, workers=3)
    assert helpers() == []


def test_progress(log: FilesSource) -> None:
    """Bytes done never fall, reach the total, and it is told at most ten times a second."""
    told: list[tuple[int, int | None, int]] = []
    began = time.monotonic()
    measure(log, PROMISE, progress=lambda done, total, lines: told.append((done, total, lines)))
    size = Path(log.patterns[0]).stat().st_size
    assert told[-1] == (size, size, 60_000 + 2 * 9 + 2)
    assert told == sorted(told)
    assert len(told) <= (time.monotonic() - began) * 10 + 1


def test_progress_without_total() -> None:
    """Where a source does not say how much there is, what was judged is counted."""

    class Little(Source):
        told = "little"

        def pieces(self) -> Iterator[Piece]:
            yield Trouble("little", 0, "is little")

    told = []
    measure(Little(), PROMISE, progress=lambda *numbers: told.append(numbers))
    assert told == [(0, None, 0)]


PROGRAM = """
import os, sys, time
from deployspec.chapters.logs.judge.model import LogPromise
from deployspec.chapters.logs.measure import measuring
from deployspec.chapters.logs.measure.measuring import measure
from deployspec.chapters.logs.measure.sources.files import FilesSource
measuring.ALONE = 0
class Endless(FilesSource):
    def pieces(self):
        while True:
            yield from super().pieces()
told = []
def progress(done, total, lines):
    if not told:
        print("going", flush=True)
    told.append(done)
measure(Endless([sys.argv[1]]), LogPromise(schema={}, secrets=False), workers=3, progress=progress)
"""


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_nothing_is_left(log: FilesSource, end: signal.Signals) -> None:
    """After Ctrl-C, and after a kill, no process is left."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, log.patterns[0]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"going\n"
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) == 2
        os.killpg(process.pid, end)
        try:
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    _, alive = psutil.wait_procs(children, timeout=60)
    assert alive == []
    if end == signal.SIGINT:
        assert errors.rstrip().endswith(b"KeyboardInterrupt")

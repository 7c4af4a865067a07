"""Other processes that judge blocks, so that more than one core does.

Each is a fresh interpreter at the end of a socket, not a fork and not multiprocessing's: it needs nothing of the
program that uses us, knows by the socket when that has died, and does not hear its Ctrl-C. Blocks go through memory
that both have mapped, so that giving one never waits.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection

from deployspec.base.disclosure import hidden, hide
from deployspec.chapters.logs.judge.judging import LineJudge
from deployspec.chapters.logs.judge.model import (
    MAX_LINE,
    Block,
    LogPromise,
    LongLine,
    Piece,
    Tally,
    Trouble,
    Unfinished,
)
from deployspec.chapters.logs.judge.report import Report
from deployspec.chapters.logs.measure.cutting import BLOCK

SLOT = BLOCK + MAX_LINE + 4096
"""The largest block that is given away, in bytes."""
DEPTH = 2
"""How many blocks one process has at a time: it judges one while the other waits."""
AHEAD = 16
"""How many blocks for each process are read before the first of them has its result: one that has just begun is slow
with its first block, and the others go on meanwhile."""
STUCK = 60.0
"""After so many seconds without an answer a process is given up; a block takes milliseconds."""
START = "from deployspec.chapters.logs.measure.crew import serve; serve()"

Result = Tally | LongLine | Unfinished | Trouble


@dataclass(slots=True, eq=False)
class Task:
    """A piece on its way to its result: a block that is judged, or what is a result already."""

    piece: Piece
    result: Result | None = None
    helper: _Helper | None = None


class Crew:
    """Judges in this process and in up to ``size`` others. Leaving the ``with`` ends them, whatever happened."""

    def __init__(self, promise: LogPromise, size: int) -> None:
        self._promise, self._size = promise, size
        self._judge = LineJudge(promise, time.thread_time)
        self._helpers: list[_Helper] = []
        self._started = False

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for helper in self._helpers:
            helper.end()
        self._helpers.clear()

    def start(self) -> None:
        """Start the processes, once; it does not wait for them. Where none can be started, there are none."""
        if self._started:
            return
        self._started = True
        for _ in range(self._size):
            with contextlib.suppress(OSError):
                self._helpers.append(_Helper(self._promise))

    def take(self, piece: Piece) -> Task:
        """Have a block judged: by a process that has room, else here and now. Any other piece is its own result."""
        task = Task(piece)
        if not isinstance(piece, Block):
            task.result = piece
            return task
        self._collect(0)
        helpers = sorted(self._helpers, key=lambda one: len(one.tasks)) if len(piece.data) <= SLOT else ()
        for helper in helpers:
            if helper.ready and helper.free:
                try:
                    helper.give(task, piece)
                except OSError:
                    self._give_up(helper)
                else:
                    return task
        task.result = self._judge.judge(piece)
        return task

    def add(self, task: Task, report: Report) -> Result:
        """Add the result of a task, in the order of reading; waits for it."""
        while task.result is None:
            if not self._collect(STUCK) and task.helper is not None:
                self._give_up(task.helper)
        if isinstance(task.piece, Block) and isinstance(task.result, Tally):
            self._judge.add(task.piece, task.result, report)
        else:
            report.add(task.result)
        return task.result

    def _collect(self, timeout: float) -> bool:
        """Take the answers that have come; True if any has, or a process has gone."""
        poll = select.poll()
        for helper in self._helpers:
            poll.register(helper.connection.fileno(), select.POLLIN)
        answered = {fd for fd, _ in poll.poll(timeout * 1000)} if self._helpers else set()
        for helper in [helper for helper in self._helpers if helper.connection.fileno() in answered]:
            try:
                helper.receive()
            except (EOFError, OSError):
                self._give_up(helper)
        return bool(answered)

    def _give_up(self, helper: _Helper) -> None:
        """Judge here what a process that has gone was given."""
        helper.end()
        self._helpers.remove(helper)
        # Our own judge has gone on: it would keep no places of blocks that come before its last.
        judge = LineJudge(self._promise)
        for task, block, _ in helper.tasks:
            task.result = judge.judge(block)


class _Helper:
    """One process, and what it was given. Raises OSError where it cannot be started."""

    def __init__(self, promise: LogPromise) -> None:
        self.ready = False
        self.tasks: deque[tuple[Task, Block, int]] = deque()
        self.free = list(range(DEPTH))
        memory = _shared_memory(DEPTH * SLOT)
        try:
            self._memory = mmap.mmap(memory, DEPTH * SLOT)
            ours, theirs = socket.socketpair()
            with theirs:
                self.connection = Connection(ours.detach())
                self._process = subprocess.Popen(
                    [sys.executable, "-c", START, str(theirs.fileno()), str(memory)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(), memory),
                    start_new_session=True,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(path or os.curdir for path in sys.path)},
                )
        finally:
            os.close(memory)
        try:
            self.connection.send((promise, hidden()))
        except OSError:
            self.end()
            raise

    def give(self, task: Task, block: Block) -> None:
        """Hand it a block; there is a free slot. Raises OSError where the process has gone."""
        slot = self.free.pop()
        self._memory[slot * SLOT : slot * SLOT + len(block.data)] = block.data
        self.connection.send(
            (slot * SLOT, len(block.data), block.file, block.line, block.stream, block.read_at)
        )
        task.helper = self
        self.tasks.append((task, block, slot))

    def receive(self) -> None:
        """Take one answer, which is there. Raises EOFError or OSError where the process has gone."""
        answer = self.connection.recv()
        if not self.ready:
            self.ready = True
            return
        task, _, slot = self.tasks.popleft()
        self.free.append(slot)
        task.result = answer

    def end(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self.connection.close()
        self._memory.close()


def _shared_memory(size: int) -> int:
    """A descriptor of memory that vanishes with the last process that has it."""
    if hasattr(os, "memfd_create"):
        memory = os.memfd_create("deployspec-logs")
    else:
        with tempfile.TemporaryFile() as file:
            memory = os.dup(file.fileno())
    os.truncate(memory, size)
    return memory


def serve() -> None:
    """Judge what comes, until nobody asks any more: the whole life of a process of the crew.

    An exception of the judge ends it: who asked judges the block again, and has the exception there.
    """
    connection, memory = Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), DEPTH * SLOT)
    with contextlib.suppress(EOFError, OSError):
        promise, secrets = connection.recv()
        hide(secrets)
        judge = LineJudge(promise, time.thread_time)
        connection.send("ready")
        while True:
            start, length, *place = connection.recv()
            connection.send(judge.judge(Block(memory[start : start + length], *place)))

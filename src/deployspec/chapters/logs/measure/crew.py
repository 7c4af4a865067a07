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
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from deployspec.base.disclosure import hidden, hide
from deployspec.chapters.logs.judge.model import (
    MAX_LINE,
    Block,
    LogPromise,
    LongLine,
    Tally,
    Trouble,
    Unfinished,
)
from deployspec.chapters.logs.measure.cutting import BLOCK

if TYPE_CHECKING:
    from deployspec.chapters.logs.judge.judging import LineJudge

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

    block: Block | None
    result: Result | None = None
    helper: _Helper | None = None


class Crew:
    """Up to ``size`` processes beside this one. Leaving the ``with`` ends them, whatever happened."""

    def __init__(self, promise: LogPromise, judge: LineJudge, size: int) -> None:
        self._promise, self._judge, self._size = promise, judge, size
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

    def take(self, block: Block) -> Task:
        """Have the block judged: by a process that has room, else here and now."""
        self._collect(0)
        task = Task(block)
        if len(block.data) <= SLOT:
            for helper in sorted(self._helpers, key=lambda one: len(one.tasks)):
                if helper.ready and helper.free:
                    try:
                        helper.give(task, block)
                    except OSError:
                        self._give_up(helper)
                        continue
                    return task
        task.result = self._judge.judge(block)
        return task

    def result(self, task: Task) -> Result:
        """The result of a task; waits for it."""
        while task.result is None:
            if not self._collect(STUCK) and task.result is None and task.helper is not None:
                self._give_up(task.helper)
        return task.result

    def _collect(self, timeout: float) -> bool:
        """Take the answers that have come; True if any has, or a process has gone."""
        poll = select.poll()
        for helper in self._helpers:
            poll.register(helper.connection.fileno(), select.POLLIN)
        answered = {fd for fd, _ in poll.poll(timeout * 1000)} if self._helpers else set()
        for helper in [helper for helper in self._helpers if helper.connection.fileno() in answered]:
            try:
                helper.receive(self._judge)
            except (EOFError, OSError):
                self._give_up(helper)
        return bool(answered)

    def _give_up(self, helper: _Helper) -> None:
        """Judge here what a process that has gone was given."""
        helper.end()
        self._helpers.remove(helper)
        if helper.tasks:
            from deployspec.chapters.logs.judge.judging import LineJudge

            # Our own judge has gone on: it would keep no places of blocks that come before its last.
            judge = LineJudge(self._promise)
            for task, block, _ in helper.tasks:
                task.result = judge.judge(block)
        helper.tasks.clear()


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

    def receive(self, judge: LineJudge) -> None:
        """Take one answer, which is there. Raises EOFError or OSError where the process has gone."""
        answer: Any = self.connection.recv()
        if not self.ready:
            self.ready = True
            return
        task, block, slot = self.tasks.popleft()
        self.free.append(slot)
        # None: judging raised an exception. It is to be raised here.
        task.result = answer if isinstance(answer, Tally) else judge.judge(block)

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
    """Judge what comes, until nobody asks any more: the whole life of a process of the crew."""
    from deployspec.chapters.logs.judge.judging import LineJudge

    connection, memory = Connection(int(sys.argv[1])), mmap.mmap(int(sys.argv[2]), DEPTH * SLOT)
    with contextlib.suppress(EOFError, OSError):
        promise, secrets = connection.recv()
        hide(secrets)
        judge = LineJudge(promise)
        connection.send("ready")
        while True:
            start, length, file, line, stream, read_at = connection.recv()
            block = Block(memory[start : start + length], file, line, stream, read_at)
            tally = None
            with contextlib.suppress(Exception):
                tally = judge.judge(block)
            connection.send(tally)

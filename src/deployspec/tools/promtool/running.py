"""Runs promtool over test files: several processes beside each other, several files in each."""

from __future__ import annotations

import atexit
import collections
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from deployspec.tools.process import operand, run
from deployspec.tools.promtool.batch import Output, Part, Separator
from deployspec.tools.promtool.finding import Promtool
from deployspec.tools.promtool.workspace import Workspace, folder_in_memory

_LARGEST = 24
"""Files in one process at most: a start costs about a third of a file of usual size, so more would save nothing."""

_HUNG_IN_A_ROW = 3
"""After so many files in a row that promtool did not finish alone, it is taken to hang at every file."""

_GO = {"GOGC": "200"}
"""Go's garbage collector, unless the user has set it: a fifth less time."""
_GO_SHARED = {**_GO, "GOMEMLIMIT": "36MiB"}
"""The same where several files share a process, so that two processes and pytest together stay below 150 MB. Not for a file
that is run alone: beyond the limit it collects without pause, so that a rule file of 5 MB takes three times as long."""


@dataclass(frozen=True, slots=True)
class FileRun:
    """What promtool made of one test file."""

    path: str
    exit_status: int | None
    """0: passed; 1: failed; None: not judged."""
    output: str
    """What promtool printed about this file, and about no other; bounded."""
    seconds: float
    trouble: str = ""
    """Why it was not judged: a clause without a full stop; else empty."""


@dataclass(slots=True)
class _Job:
    path: str
    alone: bool = False
    done: Future[FileRun] = field(default_factory=Future)


class TestRunner:
    """Judges test files in the background: ``processes`` promtools at a time, in the order of submission.

    A context manager; leaving it ends all that still runs. ``timeout`` is in seconds of processor time, for one file. A promtool that
    hangs, is killed or prints what cannot be divided with certainty costs no verdict of a file that it had finished;
    the others are run again, each alone, once. Where it does not finish several files in a row, even alone, the rest
    is not run: a broken promtool costs some time limits, not one for each file.
    """

    __test__ = False  # it is no test of pytest's

    def __init__(self, promtool: Promtool, *, timeout: float = 120.0, processes: int = 2) -> None:
        self._promtool, self._timeout, self._processes = promtool, timeout, processes
        self._jobs: collections.deque[_Job] = collections.deque()
        self._free = threading.Condition()
        self._late = f"promtool did not end within {timeout:g} s, other programs' time not counted (more: --promtool-timeout)"
        self._closed = False
        self._why_closed = "the run was cancelled"
        self._hung = 0
        self._threads: list[threading.Thread] = []
        self._folder: Workspace | None = None
        self._separator: Separator | None = None
        atexit.register(self.close)

    def submit(self, path: str) -> Future[FileRun]:
        """Have a test file judged. The future never raises; it always ends, also when the runner is closed."""
        return self.submit_all([path])[0]

    def submit_all(self, paths: Sequence[str]) -> list[Future[FileRun]]:
        """Have test files judged. Cheaper than one by one: they share processes."""
        jobs = [_Job(path) for path in paths]
        with self._free:
            if self._closed:
                for job in jobs:
                    _settle(job, self._called_off(job.path))
                return [job.done for job in jobs]
            if self._folder is None:
                self._folder = Workspace(folder_in_memory())
                self._separator = Separator(self._folder)
            self._jobs.extend(jobs)
            while len(self._threads) < min(self._processes, len(self._jobs)):
                # Daemons: a run that is interrupted must not wait for them. close() ends what they started.
                thread = threading.Thread(target=self._work, name="promtool", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._free.notify_all()
        return [job.done for job in jobs]

    def close(self) -> None:
        """End every promtool, settle every future, remove the temporary folder. Nothing happens the second time."""
        self._call_off()
        for thread in self._threads:
            thread.join()
        if self._folder is not None:
            self._folder.close()
        atexit.unregister(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _work(self) -> None:
        try:
            while batch := self._next():
                left = batch
                try:
                    left = self._judge(batch) if len(batch) > 1 else self._judge_alone(batch[0])
                finally:
                    self._again(left)
        finally:
            # A worker ends when the runner is closed; should it end otherwise, nobody must wait for it for ever.
            self._call_off()

    def _again(self, jobs: list[_Job]) -> None:
        """Run each of these again, alone, before all others."""
        with self._free:
            for job in jobs:
                job.alone = True
            self._jobs.extendleft(reversed(jobs))
            self._free.notify_all()
        if self._closed:
            self._call_off()

    def _call_off(self) -> None:
        with self._free:
            self._closed = True
            waiting = list(self._jobs)
            self._jobs.clear()
            self._free.notify_all()
        for job in waiting:
            _settle(job, self._called_off(job.path))

    def _called_off(self, path: str) -> FileRun:
        return FileRun(path, None, "", 0.0, self._why_closed)

    def _next(self) -> list[_Job]:
        """The next batch: many files while there are many, few towards the end, so that all end together."""
        with self._free:
            while not self._jobs and not self._closed:
                self._free.wait()
            batch: list[_Job] = []
            size = min(_LARGEST, max(1, len(self._jobs) * 2 // (3 * self._processes)))
            while self._jobs and len(batch) < size and not (batch and self._jobs[0].alone):
                batch.append(self._jobs.popleft())
                if batch[0].alone:
                    break
            return batch

    def _judge(self, batch: list[_Job]) -> list[_Job]:
        """Settle those files of the batch that were judged with certainty; the others."""
        separator = self._separator
        assert separator is not None  # noqa: S101 - submit_all() made it
        output = Output(separator)
        paths = [path for job in batch for path in (job.path, separator.path)]
        status, trouble = self._run(paths, output, in_memory=True)
        parts = output.parts
        ended = not trouble and status in (0, 1)
        if ended:
            # The exit status must agree with what was printed; else neither is believed.
            expected = [True] * len(batch) if status == 0 else None
            said = [part.passed for part in parts]
            agree = said == expected if expected else None not in said and False in said
            if not agree or len(parts) != len(batch) or output.rest().output:
                return batch
        for job, part in zip(batch, parts, strict=False):
            if part.passed is not None:
                _settle(job, FileRun(job.path, 0 if part.passed else 1, part.output, part.seconds))
                self._hung = 0
        return [job for job in batch if not job.done.done()]

    def _judge_alone(self, job: _Job) -> list[_Job]:
        status, part, trouble = self._alone(job, in_memory=not job.alone)
        if trouble and status is not None and not job.alone:
            return [job]  # it may have been the file system in memory, or a process too many
        judged = None if trouble else status
        _settle(job, FileRun(job.path, judged, part.output, part.seconds, trouble))
        with self._free:
            self._hung = self._hung + 1 if trouble == self._late else 0
            if self._hung < _HUNG_IN_A_ROW or self._closed:
                return []
            self._why_closed = f"not run, because promtool did not end within {self._timeout:g} s on {self._hung} files in a row"
        self._call_off()
        return []

    def _alone(self, job: _Job, *, in_memory: bool) -> tuple[int | None, Part, str]:
        output = Output(None)
        status, trouble = self._run([job.path], output, in_memory=in_memory)
        part = output.rest()
        if not trouble and (status, part.passed) not in ((0, True), (1, False)):
            trouble = (
                f"promtool ended with status {status}"
                if status not in (0, 1)
                else f"promtool ended with status {status}, which its output does not explain"
            )
        return status, part, trouble

    def _run(self, paths: list[str], output: Output, *, in_memory: bool) -> tuple[int | None, str]:
        """Exit status (None where it could not be started or did not end in time), and what went wrong."""
        environ = {**(_GO_SHARED if len(paths) > 1 else _GO), **os.environ, "GOMAXPROCS": "1"}
        folder = self._folder
        with Workspace(folder.path if folder and in_memory else None) as databases:
            environ["TMPDIR"] = databases.path
            argv = [self._promtool.path, "test", "rules", *map(operand, paths)]
            try:
                status = run(
                    argv,
                    self._timeout,
                    output.take,
                    environ=environ,
                    stop=lambda: self._closed,
                    own_time=True,
                )
            except OSError as error:
                return None, f"promtool could not be started: {error.strerror}"
        if self._closed:
            return None, self._why_closed
        if status is None:
            return None, self._late
        return status, f"promtool was killed by signal {-status}" if status < 0 else ""


def _settle(job: _Job, run: FileRun) -> None:
    with suppress(InvalidStateError):
        job.done.set_result(run)

"""One probe, from its lock to its exit status: the checks in a process of their own; then the record, then the pushes.

What takes a while to import is imported while the checks run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from deployspec.base.errors import DeployspecError, UsageError
from deployspec.probe.options import deployment_of, state_of
from deployspec.probe.status import FAILED, MET, NOT_PUSHED, OURS, SKIPPED, USAGE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from deployspec.deployment import Deployment
    from deployspec.probe.checking import Checks
    from deployspec.probe.saying import Says
    from deployspec.probe.state import Known, State
    from deployspec.record.record import Run
    from deployspec.record.store import Store
    from deployspec.sinks.metrics import Progress

_LAST = (0.3, 1.0, 12.0)
"""Of the time limit, the share that is kept for what follows the checks, and the least and the most seconds of it. Checks
that are past their time have half of it to end in order, the rest is for the pushes."""
_ENDING = 3.0
"""Seconds that checks have to end in order where a signal ends the probe."""


class StoppedError(BaseException):
    """A signal asks this process to end. It is raised where this waits, by sinks among others, and is no Exception: whoever takes
    those, such as an error of a sink's own, does not take it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Stopping:
    """Takes signals, and keeps the first until it can be raised: where this process waits for others, and nothing is half done.

    Raised in an import, it would leave half of a module to whoever needs it next; and in what a library calls back, it
    would be lost. After the first one this ends in order, and soon: another one does not disturb it.
    """

    def __init__(self) -> None:
        self._asked: int | None = None
        self._is_waiting = False
        self.is_ending = False

    def __call__(self, number: int, _: object) -> None:
        self._asked = self._asked or number
        self._raise()

    def _raise(self) -> None:
        if self._asked is not None and self._is_waiting and not self.is_ending:
            self._is_waiting = False
            raise StoppedError(self._asked)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """While this process waits. Raises StoppedError, also for a signal that came before."""
        self._is_waiting = True
        try:
            self._raise()
            yield
        finally:
            self._is_waiting = False


class Probe:
    """One probe, from its lock to its exit status."""

    def __init__(self, options: argparse.Namespace, name: str, stopping: Stopping) -> None:
        from deployspec.probe.state import State

        self.options = options
        self.stopping = stopping
        self.name = name
        self.began = time.monotonic()
        self.deadline = self.began + options.time_limit
        self.state_folder: Path = state_of(options.state)
        self.state: State = State(
            self.state_folder, Path(name).stem if _is_path(name) else name, options.location
        )
        self.deployment: Deployment | None = None
        """None until its file was read."""
        self.trouble = False
        """Whether the state could not be kept: no verdict, but nothing that may go on unseen."""

    @cached_property
    def says(self) -> Says:
        """What prints."""
        from deployspec.probe.saying import Says

        return Says(verbose=self.options.verbose, as_json=self.options.log_json)

    def run(self) -> int:
        """Its exit status."""
        lock: int | None = None
        try:
            folder = None
            try:
                lock = self.state.lock()
                if lock is None:
                    return self._skipped()
                if not self.state.is_full():
                    folder = self.state.working_folder()
            except OSError as error:
                self._cannot_keep(error)
            if folder is None:
                status, pushed = self._elsewhere(lock)
            else:
                status, pushed = self._in_folder(folder, lock)
                # What cannot be removed, the next one looks at.
                with contextlib.suppress(OSError):
                    self.state.forget(folder)
        finally:
            if lock is not None:
                os.close(lock)
        if status == MET and self.trouble:
            return OURS
        return NOT_PUSHED if status == MET and not pushed and self.options.strict_push else status

    def _skipped(self) -> int:
        """The exit status of a probe that was not started."""
        uncounted = ""
        try:
            self.state.skip()
        except OSError as error:
            uncounted = f"; it is not counted: {error.filename or self.state.folder}: {error.strerror}"
        self.says.problem(
            f"not started: a probe of {self.name} at {self.options.location} was running{uncounted}",
            event="skipped",
        )
        return SKIPPED

    def _elsewhere(self, lock: int | None) -> tuple[int, bool]:
        """The same where the state folder has no room for what goes on: all is measured and pushed, whatever can be kept."""
        from deployspec.base.temporary import MEMORY, TemporaryFolder

        folder = None
        for place in (MEMORY, None):
            with contextlib.suppress(OSError):
                folder = folder or TemporaryFolder("probe", place)
        if folder is None:
            raise UsageError(f"found no room for temporary files; expected some in $TMPDIR, or in {MEMORY}")
        with folder as path:
            return self._in_folder(path, lock)

    def _in_folder(self, folder: Path, lock: int | None) -> tuple[int, bool]:
        """The exit status, and whether all was pushed."""
        from deployspec.base.identity import new_id
        from deployspec.probe.checking import Checks

        identity = new_id()
        # By its name, whoever finds it knows which run it is.
        record = folder / f"{identity}.json"
        checks = Checks(self._arguments(record), identity, folder / "output", lock)
        try:
            return self._checked(checks, record, identity)
        except StoppedError as stopped:
            self.stopping.is_ending = True
            checks.ask_to_end()
            status = checks.wait(time.monotonic() + _ENDING)
            checks.close()
            why = f"ended by {signal.Signals(stopped.number).name}"
            said = f"incomplete: {why}"
            with contextlib.suppress(DeployspecError):
                from deployspec.probe.result import result_of

                # The checks may have been quicker than whoever reads the file here.
                deployment = self.deployment or deployment_of(self.name)
                found = result_of(record, status, self.state.known()[0], why)
                self._complete(found, identity, deployment)
                found.exit_status = 128 + stopped.number
                self._keep_run(deployment, found)
                said = said if found.cut_short else f"{why} before all was pushed; the run was complete"
            self.says.problem(said, event="stopped")
            return 128 + stopped.number, True
        finally:
            checks.close()

    def _arguments(self, record: Path) -> list[str]:
        """pytest's, for the process that makes the checks."""
        from deployspec.app import chapters

        markers = self.options.markers
        if markers is None:
            markers = " or ".join(chapter.name for chapter in chapters() if chapter.in_probes)
        left_out = [what for what in ("load", "faults") if not getattr(self.options, f"with_{what}")]
        return [
            *("-m", markers, "--deployment", self.name, "--record", str(record)),
            *(part for what in left_out for part in ("--leave-out", what)),
            *(() if self.options.accept is None else ("--accept", self.options.accept)),
            *("--no-store", "-q", "--tb=no", "-p", "no:cacheprovider"),
        ]

    def _checked(self, checks: Checks, record: Path, identity: str) -> tuple[int, bool]:
        try:
            deployment = self.deployment = deployment_of(self.name)
            push = self._pushes(deployment, identity)
            self._keep_what_is_left(deployment)
            for module in ("json", "deployspec.record.store", "deployspec.probe.saying"):
                # What is needed from here on, while there is time.
                import_module(module)
            from deployspec.outputs.troubles import troubles_of
            from deployspec.probe.result import result_of
            from deployspec.probe.verdicts import failing, status_of
        except DeployspecError as error:
            self.says.problem(str(error), event="refused")
            return USAGE, True
        known, damaged = self.state.known()
        if damaged:
            self.says.problem(damaged, event="damaged")
        share, least, most = _LAST
        limit = self.options.time_limit
        last = min(most, max(least, limit * share))
        with self.stopping.waiting():
            status = checks.wait(self.deadline - last)
        late = status is None
        if late:
            checks.ask_to_end()
            with self.stopping.waiting():
                status = checks.wait(self.deadline - last / 2)
            checks.close()
        if status == USAGE:
            self.says.problem(_first_error(checks.said()), event="refused")
            return USAGE, True
        why = f"the time limit of {limit:g} s was reached" if late else ""
        found = result_of(record, status, known, why)
        self._complete(found, identity, deployment)
        found.exit_status = ends = status_of(found)
        self._keep_run(deployment, found)
        progress = self._keep_progress(known, found)
        for line in troubles_of(found):
            self.says.problem(line, event="incomplete", quiet=bool(found.maintenance) and not found.cut_short)
        for entry in failing(found):
            self.says.verdict(entry, quiet=bool(found.maintenance))
        with self.stopping.waiting():
            pushed = push(found, progress, ends)
        self.says.summary(found, time.monotonic() - self.began)
        return ends, pushed

    def _complete(self, found: Run, identity: str, deployment: Deployment) -> None:
        """Say of a run what only the probe knows."""
        found.id, found.kind, found.location = identity, "probe", self.options.location
        found.deployment = deployment.name
        found.interval = self.options.interval
        found.maintenance = self._maintenance(deployment, found)
        if self.options.markers is None and found.entries:
            # Nobody asked for each of these chapters by its name.
            found.empty_markers = []

    def _maintenance(self, deployment: Deployment, found: Run) -> str:
        """The name of the window that the run fell into, even in part; empty where it fell into none."""
        windows = deployment.maintenance_windows
        if not windows:
            return ""
        from deployspec.base.moments import seconds_of
        from deployspec.deployment.windows import active

        now = time.time()
        window = active(windows, seconds_of(found.started) or now, seconds_of(found.finished) or now)
        return window.name if window else ""

    def _store(self, deployment: Deployment) -> Store:
        """Where runs are kept."""
        from deployspec.deployment.push import RUNS
        from deployspec.record.store import store_of

        return store_of(deployment.get(RUNS), self.options.state, os.environ)

    def _keep_run(self, deployment: Deployment, found: Run) -> None:
        """Put the run into the store."""
        store = self._store(deployment)
        try:
            store.add(found)
            store.prune(found.deployment, always=False)
        except OSError as error:
            self._cannot_keep(error)

    def _keep_what_is_left(self, deployment: Deployment) -> None:
        """Put what a probe that was killed had measured into the store, too. It is not pushed: this run is newer."""
        if not self.state.left.exists():
            return
        from deployspec.probe.result import read
        from deployspec.probe.verdicts import with_unmeasured

        reason = "the probe was killed"
        try:
            for identity in {file.name.partition(".")[0] for file in self.state.left.glob("*.json*")}:
                found = read(self.state.left / f"{identity}.json", reason)
                if found.exit_status is None or found.cut_short:
                    found.cut_short, found.exit_status = reason, FAILED
                    found.finished = found.finished or found.started
                self._complete(found, identity, deployment)
                store = self._store(deployment)
                # It may have been killed while it pushed.
                if (found.entries or found.not_run) and not store.path_of(found).exists():
                    store.add(with_unmeasured(found, reason) if found.cut_short else found)
            self.state.forget(self.state.left)
        except (OSError, ValueError) as error:
            self.says.note(f"{self.state.left}: {error}", event="left")

    def _keep_progress(self, known: Known, found: Run) -> Progress:
        """What is known from now on, on the disk before anything is sent."""
        from deployspec.probe.result import checks_of
        from deployspec.probe.state import Known, later
        from deployspec.probe.verdicts import all_met
        from deployspec.sinks.metrics import Progress

        at = time.time()
        complete = not found.cut_short
        kept = Known(
            later(known.last_completion, at) if complete else known.last_completion,
            later(known.last_success, at) if all_met(found) else known.last_success,
            checks_of(found) if complete else known.checks,
        )
        try:
            self.state.keep(kept)
        except OSError as error:
            self._cannot_keep(error)
        return Progress(self.options.interval, kept.last_completion, kept.last_success, self.state.skipped())

    def _cannot_keep(self, error: OSError) -> None:
        if not self.trouble:
            self.trouble = True
            self.says.problem(
                f"{error.filename or self.state_folder}: {error.strerror}; expected a state folder that can be written: --state DIR. "
                "What was measured is pushed all the same.",
                event="state",
            )

    def _pushes(self, deployment: Deployment, identity: str) -> Callable[[Run, Progress, int], bool]:
        """What sends the run where the file says; the sinks that want to know that a run begins are told so now."""
        from deployspec.deployment.push import PUSH

        said = deployment.get(PUSH)
        if not said:
            return lambda *_: True
        from deployspec.base.moments import written
        from deployspec.probe.pushing import Pushing
        from deployspec.record.record import Run

        location = self.options.location
        pushing = Pushing(said, self.state.folder / "sinks", deployment.name, location)
        begun = Run(
            started=written(), id=identity, kind="probe", deployment=deployment.name, location=location
        )
        with self.stopping.waiting():
            pushing.begin(begun, self.deadline)
        return lambda found, progress, status: pushing.send(found, progress, status, self.deadline, self.says)


def _first_error(said: str) -> str:
    """Why pytest could not begin, in its own words."""
    lines = [line.removeprefix("ERROR: ").strip() for line in said.splitlines() if line.strip()]
    errors = [
        line.removeprefix("ERROR: ").strip() for line in said.splitlines() if line.startswith("ERROR: ")
    ]
    return "\n".join(errors or lines[-1:]) or "pytest could not begin, and said nothing"


def _is_path(name: str) -> bool:
    return "/" in name or name.endswith((".yaml", ".yml"))

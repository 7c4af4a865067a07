"""Gathers a run's entries in one place, records them, and prints the summary. Controller only."""

from __future__ import annotations

import contextlib
import datetime
import os
import platform
import uuid
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import deployspec
from deployspec.base.disclosure import redact
from deployspec.base.errors import DeployspecError
from deployspec.model.chapter import imported
from deployspec.model.entry import Entry
from deployspec.plugin.collected import Selected, selected_by_workers, selected_in
from deployspec.plugin.deployments import named, obtained
from deployspec.plugin.interrupting import is_ending
from deployspec.plugin.options import chapters, is_worker, places
from deployspec.plugin.outcomes import relative
from deployspec.plugin.run_folder import is_made, run_folder
from deployspec.plugin.selection import SELECTION, Selection, positive_markers
from deployspec.record.record import RecordFile, Run, objection_to, write_record

if TYPE_CHECKING:
    from deployspec.record.store import Store


class Recorder:
    """The hooks of the process that sees the whole run: pytest itself, or the controller of its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.run = Run(
            started=_now(),
            id=str(uuid.uuid4()),
            markers=config.getoption("markexpr") or "",
            versions={
                "deployspec": deployspec.__version__,
                "python": platform.python_version(),
                "pytest": pytest.__version__,
            },
        )
        self.file: RecordFile | None = None
        self.store: Store | None = None
        """None where the run names no deployment, or its store has no place."""
        self.troubles: list[str] = []
        """What could not be written of the record, and why."""
        self.not_pruned: tuple[str, ...] = ()
        self._written: list[Path] = []
        self._selected: list[Selected] = []
        self._interrupted = self._stopped = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin the record with what is selected, so that a run that is killed tells what it did not measure."""
        if not self.config.getoption("collectonly"):
            self._begin(selected_in(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """The same, by what the first of the workers has collected."""
        if not self._selected:
            self._begin(selected_by_workers(self.config))

    def _begin(self, selected: list[Selected]) -> None:
        self._selected = selected
        if selected:
            with contextlib.suppress(OSError, DeployspecError):
                self._opened()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep and record a check's verdict as it comes."""
        attached: dict[str, Any] | None = getattr(report, "deployspec", None)
        if attached is None:
            return
        entry = Entry.from_dict(attached)
        known = (
            None if entry.source else next((one for one in self._selected if one.check == entry.check), None)
        )
        if known is not None:
            # Its worker has died.
            entry = replace(entry, id=known.id, chapter=known.chapter, asks=known.asks)
        self.run.entries[entry.check] = entry
        # Where there is no room for it, the end of the run says so.
        with contextlib.suppress(OSError, DeployspecError):
            self._opened().append(entry)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Decide what pytest cannot know: a marker that selected nothing fails the run. Then close the record."""
        selection = self.config.stash.get(SELECTION, Selection())
        self._describe()
        self.run.not_described = selection.not_described
        self.run.empty_markers = selection.empty_markers
        if self._stopped and self.run.entries and not is_ending(self.config):
            # pytest-xdist calls it an interruption where --maxfail is reached, and pytest itself does not.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == pytest.ExitCode.INTERRUPTED or self._interrupted:
            self.run.cut_short = "interrupted" if self._meant_checks(selection) else ""
        self.run.added = self._added()
        if selection.usage_error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._incomplete(selection) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.run.exit_status = int(session.exitstatus)
        self.run.finished = _now()
        if self.file is not None or self._asked_for_checks():
            self._finish()
        if self.troubles and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return (yield)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the summary table and where the record is."""
        from deployspec.outputs.terminal import summary

        selection = self.config.stash.get(SELECTION, Selection())
        if selection.usage_error:
            terminalreporter.line(f"ERROR: {selection.usage_error}", red=True)
            return
        if not (self.run.entries or self._asked_for_checks() or self.run.empty_markers):
            return
        if self.config.getoption("collectonly") and not self.run.empty_markers:
            return
        terminalreporter.section(f"verdicts: {self.run.deployment}" if self.run.deployment else "verdicts")
        more = [
            line
            for chapter in chapters(self.config).values()
            if chapter.summary
            for line in imported(chapter.summary)(self.run)
        ]
        width = terminalreporter._tw.fullwidth if terminalreporter.isatty else None
        for line in summary(self.run, width, more):
            terminalreporter.line(line.text, **({line.colour: True} if line.colour else {}))
        for trouble in self.troubles:
            terminalreporter.line(f"the run record could not be written: {trouble}", red=True)
        for trouble in self.not_pruned:
            terminalreporter.line(f"not removed from the store of runs: {trouble}", yellow=True)
        for what, path in zip(("run record", "a copy of it"), self._written, strict=False):
            terminalreporter.line(f"{what}: {relative(path, Path.cwd())}")

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep whether it was interrupted, or whether pytest-xdist stops because of ``--maxfail``."""
        self._stopped = str(excinfo.value).startswith("stopping after ")
        self._interrupted = not self._stopped

    def _incomplete(self, selection: Selection) -> bool:
        if self.config.getoption("collectonly"):
            return bool(self.run.empty_markers)
        if len(self.run.entries) < selection.checks and not self.run.cut_short:
            self.run.cut_short = (
                f"{selection.checks - len(self.run.entries)} of {selection.checks} checks did not run"
            )
        if selection.skipped_files and not self.run.cut_short:
            files = [f"{file} was skipped ({reason})" for file, reason in selection.skipped_files.items()]
            self.run.cut_short = ", ".join(files)
        nothing = selection.not_described and not selection.checks
        unasked = self.run.asked_nothing and (self.run.entries or self._asked_for_checks())
        return bool(self.run.empty_markers or self.run.cut_short or nothing or unasked)

    def _asked_for_checks(self) -> bool:
        """Whether checks were meant to run, so that even a run in which none did leaves its record.

        A variable that names a deployment may be there for other runs; an option is said for this one.
        """
        said = self.config.getoption("--deployment") is not None
        meant = self.run.not_described or self.run.empty_markers or self.run.cut_short or said
        return bool(meant) and not self.config.getoption("collectonly")

    def _meant_checks(self, selection: Selection) -> bool:
        """Whether an interrupted run was one of checks, as far as it came."""
        asked = positive_markers(self.run.markers)
        known = selection.checks or self.run.entries or selected_by_workers(self.config)
        return bool(known or self._asked_for_checks() or not set(chapters(self.config)).isdisjoint(asked))

    def _added(self) -> dict[str, Any]:
        """What the chapters add to the record; None where they have nothing."""
        added: dict[str, Any] = {}
        for chapter in chapters(self.config).values():
            for key, name in chapter.recorded.items():
                try:
                    value = imported(name)(run_folder(self.config)) if is_made(self.config) else None
                except (OSError, ValueError) as error:
                    self.troubles.append(str(error))
                    value = None
                added[key] = _redacted(value)
        return added

    def _opened(self) -> RecordFile:
        """The record's file, begun at the first need. Raises OSError, and DeployspecError where the store has no place."""
        if self.file is None:
            self._describe()
            if self.run.deployment:
                self.store = self._store()
                self.file = self.store.begin(self.run)
            else:
                file = RecordFile(self._said() or self._default())
                file.begin(self.run)
                self.file = file
            if self._selected:
                self.file.select(self._selected)
        return self.file

    def _finish(self) -> None:
        """Write the record, and its copy; then remove from the store what is to go."""
        try:
            file = self._opened()
            file.finish(self.run)
            self._written.append(file.path)
        except DeployspecError as error:
            self.troubles.append(str(error))
        except OSError as error:
            option = "--state DIR" if self.run.deployment else "--record PATH"
            self.troubles.append(f"{error}; expected a place that can be written: {option}")
        if self.run.deployment and (copy := self._said()):
            try:
                copy.parent.mkdir(parents=True, exist_ok=True)
                write_record(copy, self.run)
                self._written.append(copy)
            except OSError as error:
                self.troubles.append(f"{error}; expected a place that can be written: --record PATH")
        if self.store is not None and not self.troubles:
            try:
                pruned = self.store.prune_if_due(self.run.deployment)
                self.not_pruned = () if pruned is None else pruned.troubles
            except OSError as error:
                self.not_pruned = (str(error),)

    def _store(self) -> Store:
        """Where runs of this deployment are kept. Raises UsageError where that is nowhere."""
        from deployspec.deployment.push import RUNS, Runs
        from deployspec.record.store import Store

        deployment = obtained(self.config)
        runs = (deployment and deployment.get(RUNS)) or Runs()
        state = self.config.getoption("--state")
        folder = runs.place(str(Path(self.config.invocation_params.dir, state)) if state else None)
        return Store(folder, runs.keep, runs.max_size)

    def _describe(self) -> None:
        deployment = obtained(self.config)
        if deployment is not None:
            self.run.deployment = deployment.name
            self.run.base_url = deployment.redact(deployment.base_url)
        else:
            self.run.deployment = named(self.config) or ""

    def _said(self) -> Path | None:
        """What ``--record`` says."""
        said = self.config.getoption("--record")
        return Path(self.config.invocation_params.dir, said) if said else None

    def _default(self) -> Path:
        stamp = self.run.started.replace(":", "").replace("-", "").partition(".")[0]
        return places(self.config).runs / f"{stamp}Z-offline-{os.getpid()}.json"


def pytest_configure(config: pytest.Config) -> None:
    """Register the recorder where the whole run is seen."""
    # Where pytest cannot keep its cache (a checkout of somebody else's) nothing is wrong with what was measured.
    config.addinivalue_line("filterwarnings", "default::pytest.PytestCacheWarning")
    if not is_worker(config):
        said = config.getoption("--record")
        if said and (objection := objection_to(Path(config.invocation_params.dir, said))):
            raise pytest.UsageError(f"--record {said}: {objection}")
        config.pluginmanager.register(Recorder(config), "deployspec-recorder")


def _redacted(found: Any) -> Any:
    """A JSON value with every text in it redacted, the names of fields too: reasons are counted by their text."""
    match found:
        case str():
            return redact(found)
        case dict():
            return {redact(name): _redacted(value) for name, value in found.items()}
        case list():
            return [_redacted(value) for value in found]
    return found


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

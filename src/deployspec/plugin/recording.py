"""Gathers a run's entries in one place, records them, and prints the summary. Controller only."""

from __future__ import annotations

import contextlib
import os
import platform
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import deployspec
from deployspec.base.disclosure import redact
from deployspec.base.errors import DeployspecError
from deployspec.base.identity import new_id
from deployspec.base.moments import written
from deployspec.base.shown import cut
from deployspec.model.chapter import imported
from deployspec.model.entry import Entry
from deployspec.plugin import comparing
from deployspec.plugin.accepting import problems
from deployspec.plugin.collected import selected_by_workers, selected_in
from deployspec.plugin.deployments import name_of, obtained
from deployspec.plugin.interrupting import is_ending
from deployspec.plugin.options import chapters, is_worker, places
from deployspec.plugin.outcomes import relative
from deployspec.plugin.run_folder import is_made, run_folder
from deployspec.plugin.selection import SELECTION, Selection, positive_markers
from deployspec.plugin.storing import store_of
from deployspec.record.record import RecordFile, Run, Selected, objection_to

if TYPE_CHECKING:
    from deployspec.record.store import Store


RECORDER = "deployspec-recorder"
"""The name of the plugin that has the run."""
_MOST_UNREADABLE = 3
"""Files of checks that are named where they cannot be collected."""
_LONGEST = 300
"""Characters of what is said of one of them."""


class Recorder:
    """The hooks of the process that sees the whole run: pytest itself, or the controller of its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._began = time.time()
        self.run = Run(
            started=written(),
            id=new_id(),
            markers=config.getoption("markexpr") or "",
            versions={
                "deployspec": deployspec.__version__,
                "python": platform.python_version(),
                "pytest": pytest.__version__,
            },
        )
        self.file: RecordFile | None = None
        self.selected: list[Selected] = []
        self.trouble = self.not_pruned = ""
        self.is_of_checks = False
        """Whether checks were meant to run: known at the end."""
        self.store: Store | None = None
        self._unreadable: list[str] = []
        self._interrupted = self._stopped = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep, and record, which checks are to be made: of a run that is cut short, what is missing has to be known."""
        # It comes after an interrupted collection, too, whose items nobody has chosen among.
        is_chosen = self.config.stash.get(SELECTION, Selection()).checks > 0
        if is_chosen and not self.config.getoption("collectonly"):
            self._select(selected_in(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        """The same, by what the first of pytest-xdist's workers has collected."""
        if not self.selected:
            self._select(selected_by_workers(self.config))

    def _select(self, checks: list[Selected]) -> None:
        self.selected = checks
        if checks:
            with contextlib.suppress(OSError, DeployspecError):
                self._opened().select(checks)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep which files of checks could not be collected, and why: nothing of them is measured."""
        if report.failed and len(self._unreadable) < _MOST_UNREADABLE:
            lines = [line for line in str(report.longrepr).splitlines() if line.startswith("E ")]
            why = lines[-1][1:].strip() if lines else "an error"
            self._unreadable.append(redact(cut(f"{report.nodeid} could not be collected: {why}", _LONGEST)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep and record a check's verdict as it comes."""
        attached: dict[str, Any] | None = getattr(report, "deployspec", None)
        if attached is None:
            return
        entry = Entry.from_dict(attached)
        known = (
            None if entry.source else next((one for one in self.selected if one.check == entry.check), None)
        )
        if known is not None:
            # Its worker has died.
            entry = replace(entry, **known._asdict())
        self.run.entries[entry.check] = entry
        # Where there is no room for it, the end of the run says so.
        with contextlib.suppress(OSError, DeployspecError):
            self._opened().append(entry)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Decide what pytest cannot know: a marker that selected nothing fails the run. Then close the record."""
        selection = self.config.stash.get(SELECTION, Selection())
        self.describe()
        self.run.not_described = selection.not_described
        self.run.empty_markers = selection.empty_markers
        self.run.problems = [redact(line) for line in [*problems(self.config), *self._flaky()]]
        if self._stopped and self.run.entries and not is_ending(self.config):
            # pytest-xdist calls it an interruption where --maxfail is reached, and pytest itself does not.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif session.exitstatus == pytest.ExitCode.INTERRUPTED or self._interrupted:
            # pytest itself calls it an interruption where a file could not be collected.
            why = "; ".join(self._unreadable) or "interrupted"
            self.run.cut_short = why if self._meant_checks(selection) else ""
        self.run.added = self._added()
        if comparison := comparing.compared(self.config, self.run):
            self.run.added["comparison"] = redacted(comparison)
            if regressed := comparing.objection_to(self.config, comparison):
                self.run.problems.append(redact(regressed))
        if selection.usage_error:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._incomplete(selection) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self.run.cut_short:
            self.run.not_run = [check for check in self.selected if check.check not in self.run.entries]
        if session.exitstatus != pytest.ExitCode.OK and self.run.entries and not self._is_explained():
            self.run.problems.append(
                f"no check fails, but pytest ended with status {int(session.exitstatus)}: "
                "a test that is no check failed, or another plugin ended the run; pytest's own output says which"
            )
        self.run.exit_status = int(session.exitstatus)
        self.run.finished = written()
        self.run.maintenance = self._maintenance()
        self.is_of_checks = bool(self.run.entries) or self.file is not None or self._asked_for_checks()
        if self.is_of_checks:
            self._finish()
        if self.trouble:
            self.run.problems.append(f"the run record could not be written: {self.trouble}")
            if session.exitstatus == pytest.ExitCode.OK:
                self.run.exit_status = session.exitstatus = pytest.ExitCode.TESTS_FAILED
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
        if self.file is not None and not self.trouble:
            terminalreporter.line(f"run record: {relative(self.file.path, Path.cwd())}")
        if self.not_pruned:
            terminalreporter.line(f"the store of runs could not be pruned: {self.not_pruned}", yellow=True)

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Keep whether it was interrupted, or whether pytest-xdist stops because of ``--maxfail``."""
        self._stopped = str(excinfo.value).startswith("stopping after ")
        self._interrupted = not self._stopped

    def _incomplete(self, selection: Selection) -> bool:
        if self.config.getoption("collectonly"):
            return bool(self.run.empty_markers)
        # Where all of pytest-xdist's workers died, none has said what it selected.
        checks = max(selection.checks, len(self.selected))
        if len(self.run.entries) < checks and not self.run.cut_short:
            self.run.cut_short = f"{checks - len(self.run.entries)} of {checks} checks did not run"
        if (selection.checks or self.run.entries) and not self.run.cut_short:
            # pytest-xdist's workers go on without it.
            self.run.cut_short = "; ".join(self._unreadable)
        if selection.skipped_files and not self.run.cut_short:
            files = [f"{file} was skipped ({reason})" for file, reason in selection.skipped_files.items()]
            self.run.cut_short = ", ".join(files)
        nothing = selection.not_described and not selection.checks
        unasked = self.run.asked_nothing and (self.run.entries or self._asked_for_checks())
        return bool(self.run.empty_markers or self.run.cut_short or self.run.problems or nothing or unasked)

    def _is_explained(self) -> bool:
        """Whether the run itself says why it is not green."""
        from deployspec.outputs.troubles import troubles_of

        return any(entry.fails for entry in self.run.entries.values()) or any(troubles_of(self.run))

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
                    self.trouble = str(error)
                    value = None
                added[key] = redacted(value)
        return added

    def _finish(self) -> None:
        """Close the record, and put it where else it is wanted. One place that cannot be written keeps no other from it."""
        said = self.config.getoption("--record")
        try:
            self._opened().finish(self.run)
        except DeployspecError as error:
            self.trouble = str(error)
        except OSError as error:
            option = "--state DIR" if self.store is not None else "--record PATH"
            self.trouble = f"{error}; expected a place that can be written: {option}"
        if self.store is not None and not self.trouble:
            try:
                self.store.prune(self.run.deployment, always=False)
            except OSError as error:
                self.not_pruned = str(error)
        if said and self.run.deployment and not self.config.getoption("--no-store"):
            copy = self._said_path(said)
            try:
                copy.parent.mkdir(parents=True, exist_ok=True)
                RecordFile(copy).finish(self.run)
            except OSError as error:
                self.trouble = f"{error}; expected a place that can be written: --record PATH"

    def _flaky(self) -> list[str]:
        """What is to be said of flaky checks, where they fail the run."""
        if not (self.config.getoption("--fail-on-flaky") and self.run.entries):
            return []
        from deployspec.plugin.flaky import flaky_problems

        try:
            return flaky_problems(
                self.config, self.run, store_of(self.config) if self.run.deployment else None
            )
        except DeployspecError as error:
            return [f"--fail-on-flaky: {error}"]

    def _maintenance(self) -> str:
        """The name of the maintenance window that the run fell into; empty where it fell into none."""
        deployment = obtained(self.config)
        if deployment is None or not deployment.maintenance_windows:
            return ""
        from deployspec.deployment.windows import active

        window = active(deployment.maintenance_windows, self._began, time.time())
        return window.name if window else ""

    def _opened(self) -> RecordFile:
        """The record's file, begun at the first need. Raises OSError, and DeployspecError where the store has no place."""
        if self.file is None:
            self.describe()
            file = self._record_file()
            file.begin(self.run)
            self.file = file
        return self.file

    def describe(self) -> None:
        """Say in the run which deployment it is of."""
        deployment = obtained(self.config)
        self.run.deployment = name_of(self.config)
        if deployment is not None:
            self.run.base_url = deployment.redact(deployment.base_url)

    def _record_file(self) -> RecordFile:
        """In the store, where a deployment is named; else where ``--record`` says, or a new one under ``runs/``."""
        if self.run.deployment and not self.config.getoption("--no-store"):
            self.store = store_of(self.config)
            return self.store.file_of(self.run)
        said = self.config.getoption("--record")
        return RecordFile(self._said_path(said) if said else self._path())

    def _said_path(self, said: str) -> Path:
        return Path(self.config.invocation_params.dir, said)

    def _path(self) -> Path:
        stamp = self.run.started.replace(":", "").replace("-", "").partition(".")[0]
        name = f"{stamp}Z-{Path(self.run.deployment or 'offline').name}-{os.getpid()}.json"
        return places(self.config).runs / name


def recorder_of(config: pytest.Config) -> Recorder | None:
    """The recorder of this process; None in a worker."""
    return config.pluginmanager.get_plugin(RECORDER)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the recorder where the whole run is seen."""
    # Where pytest cannot keep its cache (a checkout of somebody else's) nothing is wrong with what was measured.
    config.addinivalue_line("filterwarnings", "default::pytest.PytestCacheWarning")
    if not is_worker(config):
        said = config.getoption("--record")
        if said and (objection := objection_to(Path(config.invocation_params.dir, said))):
            raise pytest.UsageError(f"--record {said}: {objection}")
        config.pluginmanager.register(Recorder(config), RECORDER)


def redacted(found: Any) -> Any:
    """A JSON value with every text in it redacted, the names of fields too: reasons are counted by their text."""
    match found:
        case str():
            return redact(found)
        case dict():
            return {redact(name): redacted(value) for name, value in found.items()}
        case list():
            return [redacted(value) for value in found]
    return found

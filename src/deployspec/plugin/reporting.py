"""Writes what others read of a run: in the process that sees the whole of it, from the run record."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from deployspec.base.disclosure import redact
from deployspec.plugin.deployments import REFUSED, named, obtained
from deployspec.plugin.options import GATE, chapters, is_worker
from deployspec.plugin.recording import recorder_of
from deployspec.plugin.selection import SELECTION, Selection, positive_markers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployspec.record.record import Run

_STEP_SUMMARY, _ACTIONS = "GITHUB_STEP_SUMMARY", "GITHUB_ACTIONS"
_NO_TESTS = b'<testsuites name="pytest tests"><testsuite name="pytest"/></testsuites>'
_LEAST_ROOM = 2000
"""Bytes; in less, a summary says nothing."""


class _Told(NamedTuple):
    """What is to be told."""

    config: pytest.Config
    run: Run
    refused: str
    """Why no check could begin; empty where they did."""
    has_begun: bool
    """Whether there was a session, at the end of which pytest has written its own."""


class Reporter:
    """The hooks of the process that sees the whole run."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.refused = ""
        self.trouble: list[str] = []
        self.warning = ""
        self.is_told = False
        self._token = ""
        self._annotations: list[str] = []

    def pause(self) -> None:
        """Let no text that is printed from here on be a command to GitHub."""
        if self._annotates() and not self._token:
            import secrets

            from deployspec.outputs.annotations import paused

            self._token = secrets.token_hex(16)
            print(paused(self._token), flush=True)

    def end(self) -> None:
        """When all else is said: annotations, outside of what GitHub takes for text."""
        self.refused = self.refused or redact(self.config.stash.get(REFUSED, ""))
        if self.refused:
            if not self.is_told and _means_checks(self.config):
                # Before there was a session, as in a run with workers.
                self._tell(has_begun=False)
                for line in (*self.trouble, *filter(None, [self.warning])):
                    print(line, file=sys.stderr)
            # What pytest itself has to say of it comes after all cleanups.
            atexit.register(self._resume)
        else:
            self._resume()

    def _resume(self) -> None:
        if self._token:
            from deployspec.outputs.annotations import resumed

            print(resumed(self._token))
        for line in self._annotations:
            # What the output's encoding has no place for is escaped, as pytest does.
            encoding = sys.stdout.encoding or "utf-8"
            print(line.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Any:
        """Keep why no check can begin."""
        try:
            return (yield)
        except pytest.UsageError as error:
            self.refused = redact("\n".join(map(str, error.args)))
            raise

    def pytest_collection_finish(self) -> None:
        """Checks may have been selected by nobody's name."""
        if self.config.stash.get(SELECTION, Selection()).checks:
            self.pause()

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Any:
        """Write once pytest has written its own, and the record is finished. A file that was asked for and cannot be
        written fails the run."""
        done = yield
        self.refused = self.refused or self.config.stash.get(SELECTION, Selection()).usage_error
        recorder = recorder_of(self.config)
        if recorder is not None and (recorder.is_of_checks or (self.refused and _means_checks(self.config))):
            self._tell(has_begun=True)
        if self.trouble and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return done

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say what could not be written."""
        for line in self.trouble:
            terminalreporter.line(line, red=True)
        if self.warning:
            terminalreporter.line(self.warning, yellow=True)

    def _tell(self, *, has_begun: bool) -> None:
        recorder = recorder_of(self.config)
        self.is_told = True
        if recorder is None or self.config.getoption("collectonly"):
            return
        recorder.describe()
        told = _Told(self.config, recorder.run, self.refused, has_begun)
        for option, write in {"--junitxml": _junit, "--summary-file": _summary, "--code-quality": _code_quality}.items():  # fmt: skip
            try:
                write(told)
            except (OSError, ValueError) as error:
                self.trouble.append(f"{option}: {error}; expected a place that can be written")
        try:
            _step_summary(told)
        except (OSError, ValueError) as error:
            self.warning = f"${_STEP_SUMMARY}: {error}; the summary is not there"
        if self._annotates() and self.config.getoption("--annotations") != "none":
            self._annotations = _annotations(told)

    def _annotates(self) -> bool:
        """Whether GitHub reads along, or is to."""
        if self.config.getoption("collectonly"):
            return False
        return bool(os.environ.get(_ACTIONS)) or self.config.getoption("--annotations") == "github"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the reporter where the whole run is seen."""
    if is_worker(config):
        return
    for option in ("--summary-file", "--code-quality"):
        said = config.getoption(option)
        if said is not None and (not said or _said(config, option).is_dir()):
            found = f"{option} {said}: found a folder" if said else f"{option}: found an empty text"
            raise pytest.UsageError(f"{found}; expected the name of a file")
    reporter = Reporter(config)
    config.pluginmanager.register(reporter, "deployspec-reporter")
    if _means_checks(config):
        reporter.pause()
    # The first of the cleanups is the last that is done.
    config.add_cleanup(reporter.end)


def _means_checks(config: pytest.Config) -> bool:
    """Whether the command line, or the environment, speaks of checks."""
    asked = positive_markers(config.getoption("markexpr") or "")
    return named(config) is not None or not {GATE, *chapters(config)}.isdisjoint(asked)


def _said(config: pytest.Config, option: str) -> Path:
    return Path(config.invocation_params.dir, config.getoption(option))


def _junit(told: _Told) -> None:
    from _pytest.junitxml import LogXML, xml_key

    xml, option = told.config.stash.get(xml_key, None), told.config.option
    if not told.has_begun and option.xmlpath:
        # pytest writes none, and would leave that of an older run.
        xml = LogXML(option.xmlpath, option.junitprefix)
    if xml is None:
        return
    from deployspec.outputs.junit import rewritten

    path = Path(xml.logfile)
    # What pytest has written into a pipe, or a device, is gone.
    if path.is_file() or not told.has_begun:
        document = path.read_bytes() if told.has_begun else _NO_TESTS
        _put(path, rewritten(document, told.run, xml.prefix or "", told.refused))


def _summary(told: _Told) -> None:
    from deployspec.outputs.markdown import summary

    if told.config.getoption("--summary-file"):
        _put(_said(told.config, "--summary-file"), summary(told.run, told.refused).encode())


def _step_summary(told: _Told) -> None:
    """Append to what other commands of the step have said: they have the room in common."""
    said = os.environ.get(_STEP_SUMMARY)
    if not said:
        return
    from deployspec.outputs.markdown import ROOM, summary

    path = Path(said)
    there = path.stat().st_size if path.exists() else 0
    gap = "\n\n" if there else ""
    room = ROOM - there - len(gap)
    if room < _LEAST_ROOM:
        raise ValueError(f"found {there} bytes in it already; GitHub shows none of more than {ROOM}")
    with path.open("ab") as file:
        file.write((gap + summary(told.run, told.refused, room)).encode())


def _code_quality(told: _Told) -> None:
    if not told.config.getoption("--code-quality"):
        return
    from deployspec.outputs.code_quality import code_quality
    from deployspec.outputs.findings import findings_of

    repository = _Repository(told.config)
    found = findings_of(told.run, told.refused, repository.located)
    report = code_quality(found, told.run.deployment, repository.otherwise())
    _put(_said(told.config, "--code-quality"), report.encode("utf-8", "backslashreplace"))


def _annotations(told: _Told) -> list[str]:
    from deployspec.outputs.annotations import annotation_lines
    from deployspec.outputs.findings import findings_of

    found = findings_of(told.run, told.refused, _Repository(told.config).located)
    return list(annotation_lines(found, told.run.deployment))


class _Repository:
    """The files of the repository that pytest's root folder is in."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        root = config.rootpath.resolve()
        self.root = next((one for one in (root, *root.parents) if (one / ".git").exists()), root)

    def located(self, path: str) -> str | None:
        """The path of a file from the repository's root; None for one that is not in it."""
        for folder in (self.config.invocation_params.dir, self.config.rootpath):
            with contextlib.suppress(OSError, ValueError):
                file = Path(folder, path).resolve(strict=True)
                if file.is_file() and file.is_relative_to(self.root):
                    return file.relative_to(self.root).as_posix()
        return None

    def otherwise(self) -> str:
        """The file that stands for the deployment: what is about no file is shown there."""
        deployment = obtained(self.config)
        return next(filter(None, map(self.located, self._candidates(deployment))), ".")

    def _candidates(self, deployment: Any) -> Iterator[str]:
        if deployment is not None:
            yield str(deployment.path)
        if self.config.inipath is not None:
            yield str(self.config.inipath)
        yield "README.md"


def _put(path: Path, data: bytes) -> None:
    """Replace a file as a whole, or what a link leads to; into a pipe or a device, write."""
    from deployspec.base.durable import write_durably

    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, data, None)

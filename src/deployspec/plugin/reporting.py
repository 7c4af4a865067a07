"""Writes the files that others read of a run: in the process that sees the whole of it, from the run record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deployspec.plugin.recording import recorder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployspec.record.record import Run

_TROUBLE: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Any:
    """Write them once pytest has written its own, and the record is finished. What cannot be written fails the run."""
    done = yield
    recorder = recorder_of(session.config)
    if recorder is not None and recorder.is_of_checks:
        trouble = list(_written(session.config, recorder.run))
        session.config.stash[_TROUBLE] = trouble
        if trouble and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return done


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what could not be written."""
    for trouble in config.stash.get(_TROUBLE, []):
        terminalreporter.line(trouble, red=True)


def _written(config: pytest.Config, run: Run) -> Iterator[str]:
    """Write each file that is asked for, and give what keeps one from being written."""
    for write in (_junit,):
        try:
            write(config, run)
        except (OSError, ValueError) as error:
            yield str(error)


def _junit(config: pytest.Config, run: Run) -> None:
    from _pytest.junitxml import xml_key

    from deployspec.base.durable import write_durably
    from deployspec.outputs.junit import rewritten

    xml = config.stash.get(xml_key, None)
    if xml is None:
        return
    # Through a link, and not in its place.
    path = Path(xml.logfile).resolve()
    if not path.is_file():
        # A pipe, or a device: what pytest has written is gone.
        return
    try:
        write_durably(path, rewritten(path.read_bytes(), run, xml.prefix or ""), None)
    except (OSError, ValueError) as error:
        raise ValueError(f"--junitxml {path}: the verdicts could not be written into it: {error}") from None

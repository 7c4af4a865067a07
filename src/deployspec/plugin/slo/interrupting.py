"""Ctrl-C: the run ends in order, with its record. A load run is ended and judged, and nothing else begins.

Under pytest-xdist all processes hear a terminal's Ctrl-C, and only the controller hears a pipeline's. Left alone, the
controller would end at once, and its workers with it, before the one that makes the load could say what it has
measured. So the controller asks for the end by a file that all processes share, and a second Ctrl-C ends as ever. The
other signals that end a run are taken for a Ctrl-C.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from deployspec.plugin.options import is_worker
from deployspec.plugin.outcomes import Unmeasured
from deployspec.plugin.selection import makes_load
from deployspec.plugin.shared import is_made, shared_folder
from deployspec.plugin.signals import signals_to

_GOING, _ENDING = "load.going", "load.ending"
_ENDED: pytest.StashKey[bool] = pytest.StashKey()


@contextlib.contextmanager
def load_is_going(config: pytest.Config) -> Iterator[None]:
    """Let the other processes know that a load run is under way.

    Raises Unmeasured where one was under way when its process died, or was ended: the deployment gets no second one.
    """
    file = shared_folder(config) / _GOING
    if is_ending(config):
        raise Unmeasured("interrupted before it was measured")
    if file.exists():
        raise Unmeasured("the process that made the load run died in the middle of it")
    # Where there is no room for it, Ctrl-C ends at once.
    with contextlib.suppress(OSError):
        file.touch()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def end_session(config: pytest.Config) -> None:
    """Let nothing begin any more, in this process and, where there is room for the file that says so, in the others."""
    config.stash[_ENDED] = True
    with contextlib.suppress(OSError):
        _ending(config).touch()


def is_ending(config: pytest.Config) -> bool:
    """Whether the load run of this session was asked to end before its time."""
    return config.stash.get(_ENDED, False) or (is_made(config) and _ending(config).exists())


def _ending(config: pytest.Config) -> Path:
    return shared_folder(config) / _ENDING


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Take the signals that end a run, in pytest itself, in pytest-xdist's controller and in its workers."""
    config = session.config
    numbers: list[int] = []

    def heard(number: int, _: object) -> None:
        going = is_made(config) and ((shared_folder(config) / _GOING).exists() or is_ending(config))
        if going and is_worker(config):
            return
        if numbers:
            return  # one that came while the first is being handled
        numbers.append(number)
        # From here on a signal does what it would do without us.
        taken.close()
        if going:
            end_session(config)
        else:
            raise KeyboardInterrupt

    with contextlib.ExitStack() as taken:
        taken.enter_context(signals_to(heard))
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Pass over what has not begun, without a word; what was measured is still judged."""
    if is_ending(item.config) and not makes_load(item):
        # What the item before has left for this one is nobody's now: pytest's own way of ending it.
        item.session._setupstate.teardown_exact(nextitem)
        return True
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """It ends as an interrupted run, whatever its last checks said."""
    if not is_worker(session.config) and is_ending(session.config):
        session.exitstatus = pytest.ExitCode.INTERRUPTED
    return (yield)

"""Ctrl-C during a load run under pytest-xdist: the load run is ended and judged, and nothing else begins.

All processes hear a terminal's Ctrl-C, and only the controller hears a pipeline's. Left alone, the controller would end
at once, and its workers with it, before the one that makes the load could say what it has measured. So the controller
asks for the end by a file that all processes share, and a second Ctrl-C ends as ever.
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


@contextlib.contextmanager
def load_is_going(config: pytest.Config) -> Iterator[None]:
    """Let the other processes know that a load run is under way.

    Raises Unmeasured where one was under way when its process died: the deployment gets no second one.
    """
    file = shared_folder(config) / _GOING
    if file.exists():
        raise Unmeasured("the process that made the load run died in the middle of it")
    # Where there is no room for it, Ctrl-C ends at once.
    with contextlib.suppress(OSError):
        file.touch()
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def is_ending(config: pytest.Config) -> bool:
    """Whether the load run of this session was asked to end before its time."""
    return is_made(config) and _ending(config).exists()


def _ending(config: pytest.Config) -> Path:
    return shared_folder(config) / _ENDING


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Take the signals that end a run, in pytest-xdist's controller and in its workers."""
    config = session.config
    if not is_worker(config) and config.getoption("dist", "no") == "no":
        return (yield)

    raised: list[KeyboardInterrupt] = []

    def heard(_: int, __: object) -> None:
        going = (shared_folder(config) / _GOING).exists()
        if is_worker(config) and (going or is_ending(config)):
            return
        if going and not is_ending(config):
            with contextlib.suppress(OSError):
                _ending(config).touch()
                return
        # A second one, while the first is on its way through a lock of pytest-xdist's queue, would break that.
        if not raised:
            raised.append(KeyboardInterrupt())
            raise raised[0]

    with signals_to(heard):
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Let a worker pass over what has not begun, without a word; what was measured is still judged."""
    if is_worker(item.config) and is_ending(item.config) and not makes_load(item):
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

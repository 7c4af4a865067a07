"""The time limit of a program, by the clock and by its own time."""

from __future__ import annotations

import sys

import pytest

from deployspec.tools.process import Kept, run

SLOW = """
import time
while time.process_time() < 0.3:
    until = time.process_time() + 0.02
    while time.process_time() < until:
        pass
    time.sleep(0.08)
"""
"""Takes more than a second by the clock and a third of one by its own time, as beside busy neighbours."""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the system does not tell a process's time")


def status(program: str, timeout: float, *, own_time: bool) -> int | None:
    """The exit status of a Python program."""
    return run([sys.executable, "-c", program], timeout, Kept(1).take, own_time=own_time)


@LINUX
def test_only_its_own_time_counts() -> None:
    """What others have of the processor does not end it."""
    assert status(SLOW, 1.0, own_time=True) == 0


def test_the_clock_counts_where_nothing_else_is_said() -> None:
    """The same program is too slow by the clock."""
    assert status(SLOW, 1.0, own_time=False) is None


@pytest.mark.parametrize("program", ["while True: pass", "import signal; signal.pause()"])
def test_a_program_without_end(program: str) -> None:
    """One that works for ever is ended, and so is one that does nothing."""
    assert status(program, 0.5, own_time=True) is None

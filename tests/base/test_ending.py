"""What was started ends with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator

import psutil
import pytest

from deployspec.base.ending import end


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A shell and its child, in a group of their own, both asleep."""
    process = subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo $!; wait"], stdout=subprocess.PIPE, start_new_session=True
    )
    with process, process.stdout:  # type: ignore[union-attr]
        yield process
        end(process)


def test_the_whole_group_is_gone(sleeper: subprocess.Popen[bytes]) -> None:
    """It, and what it has started; how it ended is known."""
    assert sleeper.stdout is not None
    child = int(sleeper.stdout.readline())
    end(sleeper)
    assert sleeper.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_wait_that_was_broken_off(sleeper: subprocess.Popen[bytes]) -> None:
    """A signal handler that raises within a wait leaves the lock of Popen taken: it is ended all the same."""
    sleeper._waitpid_lock.acquire()  # type: ignore[attr-defined]
    end(sleeper)
    assert sleeper.returncode == -signal.SIGKILL
    sleeper._waitpid_lock.release()  # type: ignore[attr-defined]


def test_what_was_waited_for_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number may be another process' by now."""
    process = subprocess.Popen(["true"], start_new_session=True)
    process.wait(10)
    killed: list[int] = []
    monkeypatch.setattr(os, "killpg", lambda number, _: killed.append(number))
    end(process)
    assert not killed
    assert process.returncode == 0


def test_what_somebody_else_has_waited_for(sleeper: subprocess.Popen[bytes]) -> None:
    """There is nothing to wait for any more, which is no reason to wait or to fail."""
    os.killpg(sleeper.pid, signal.SIGKILL)
    os.waitpid(sleeper.pid, 0)
    end(sleeper)
    assert sleeper.returncode == -signal.SIGKILL

"""Commands of the deployment file: how they end, and that they always do."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import psutil

from deployspec.tools.command import run


def test_success_and_output() -> None:
    """Exit status 0, with standard output and error in the order of writing."""
    done = run(["sh", "-c", "echo one; echo two >&2"], timeout=10)
    assert (done.ok, done.exit_status, done.output) == (True, 0, "one\ntwo")


def test_exit_status() -> None:
    """Another exit status is not ok, and is kept."""
    done = run(["sh", "-c", "exit 3"], timeout=10)
    assert (done.ok, done.exit_status) == (False, 3)


def test_missing_program() -> None:
    """A program that is not there is told, not raised."""
    done = run(["/no/such/program"], timeout=10)
    assert (done.ok, done.exit_status) == (False, None)
    assert "/no/such/program: No such file or directory" in done.output


def test_no_shell_reads_the_words() -> None:
    """A word is a word: nothing expands it."""
    assert run(["echo", "$HOME; ls *"], timeout=10).output == "$HOME; ls *"


def test_standard_input_is_empty() -> None:
    """A command that asks for something gets nothing, and does not wait for a person."""
    assert run(["cat"], timeout=10).ok


def test_time_limit_ends_all_that_was_started(tmp_path: Path) -> None:
    """At the time limit the command and its children are gone, though a child keeps the output open."""
    pid_file = tmp_path / "pid"
    began = time.monotonic()
    done = run(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; echo begun; wait"], timeout=1)
    assert time.monotonic() - began < 20
    assert (done.ok, done.exit_status) == (False, None)
    assert "begun" in done.output
    assert "ended after its time limit of 1 s" in done.output
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_can_be_stopped() -> None:
    """Who runs it may want it no more before its time limit: it is ended at once, and that is said."""
    began = time.monotonic()
    done = run(["sleep", "60"], timeout=60, stop=lambda: time.monotonic() - began > 0.2)
    assert time.monotonic() - began < 30
    assert (done.ok, done.exit_status) == (False, None)
    assert done.output == "ended because the run was cancelled"


def test_a_child_that_lives_on_does_not_keep_us() -> None:
    """A command that leaves a daemon behind has ended when it has ended itself."""
    began = time.monotonic()
    assert run(["sh", "-c", "sleep 20 & exit 0"], timeout=30).ok
    assert time.monotonic() - began < 15


def test_a_child_that_lives_on_may_go_on_printing(tmp_path: Path) -> None:
    """A daemon that prints after the command has ended is not ended by that."""
    wrote = tmp_path / "wrote"
    assert run(["sh", "-c", f"(sleep 0.3; echo more; echo more; : > {wrote}) & exit 0"], timeout=30).ok
    deadline = time.monotonic() + 10
    while not wrote.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_long_output_keeps_its_end() -> None:
    """Of megabytes of output the end is kept, where the error is."""
    done = run([sys.executable, "-c", "print('x' * 3_000_000 + 'the end')"], timeout=30)
    assert done.output.endswith("the end")
    assert len(done.output) <= 2000

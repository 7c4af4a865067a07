"""However a run against the reference ends, no process and no folder of it stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.suite import ROOT, hearing

PATIENCE = 60
"""Seconds; a boot takes about 4 and a teardown less than 2 on a free machine."""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for temporary files that the user postgres can pass through: pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="nothing-left-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def _wait(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _processes_in(place: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if str(place) in words and "--record" not in words:
                found.append(words)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def _start(place: Path, *options: str, number: int = 0) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "pytest", "checks", "-m", "health", "--deployment", "reference",
        "--state", str(place / "state"), "--record", str(place / "record.json"), "-p", "no:cacheprovider", *options,
    ]  # fmt: skip
    with (place / f"output-{number}").open("wb") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(place)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            # A runner in the background is born deaf to Ctrl-C, and its children with it.
            preexec_fn=hearing,
        )


# signal: what the test runner gets in mid-run, when the first check has ended. Ctrl-C goes to its whole group.
@pytest.mark.parametrize(
    ("ending", "workers"),
    [
        *((ending, ()) for ending in ("success", "SIGTERM")),
        *((ending, ("-n", "2")) for ending in ("SIGINT", "SIGKILL")),
    ],
    ids=lambda value: value if isinstance(value, str) else "two-workers" if value else "one-process",
)
def test_nothing_is_left_of_the_reference(place: Path, ending: str, workers: tuple[str, ...]) -> None:
    """After success, Ctrl-C, SIGTERM and kill -9 of the runner: no process, no folder."""
    options = () if ending.startswith("SIG") else ("-k", "healthy")
    running = _start(place, *options, *workers)
    try:
        if ending.startswith("SIG"):
            _wait(
                # A header, what is selected, and a check.
                lambda: any(
                    part.read_bytes().count(b"\n") > 2
                    for part in place.glob("state/runs/reference/*/*.json.part")
                ),
                "the first check ends",
            )
            assert _processes_in(place), "the reference runs"
            if ending == "SIGINT":
                os.killpg(running.pid, signal.SIGINT)
            else:
                running.send_signal(getattr(signal, ending))
        status = running.wait(PATIENCE)
    finally:
        running.kill()
        running.wait()
    said = (place / "output-0").read_text()
    assert status == {"success": 0, "SIGINT": 2, "SIGTERM": 2, "SIGKILL": -9}[ending], said
    _wait(lambda: not _processes_in(place), f"still running: {_processes_in(place)}")
    _wait(lambda: not list(place.glob("deal-scout-*")), "its folder stays")


def test_two_runs_at_once(place: Path) -> None:
    """Two runs boot two references, which do not meet."""
    running = [
        _start(place, "-k", "healthy", "--record", str(place / f"{number}.json")) for number in range(2)
    ]
    assert [process.wait(PATIENCE) for process in running] == [0, 0]
    assert not list(place.glob("deal-scout-*"))

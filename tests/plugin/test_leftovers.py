"""However a run ends, what it leaves is its record, and what a killed one leaves the next one removes."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.base.temporary import TemporaryFolder, remove_left
from tests.plugin.conftest import HEAD, INI, Project

GREEN = '''
def test_kept(deployment, judge):
    """The promise is kept.

    Our own choice.
    """
    judge(met("fine"))
'''
BODY = """
import os, pathlib, time

def test_first(judge): judge(met("fine"))
def test_long(judge):
    pathlib.Path("begun").touch()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.02)
"""
OURS = "deployspec-*"
ENDS = [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP]
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of this process and of those it starts."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until it holds."""
    until = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def killed(
    folder: Path,
    number: int,
    *options: str,
    wanted: str = "",
    end: Callable[[int, int], None] = os.kill,
) -> tuple[int, str]:
    """Status and output of a run that got a signal in its second test."""
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "pytest.ini").write_text(INI)
    (folder / "checks/test_promises.py").write_text(HEAD + BODY)
    (folder / "begun").unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # A process in the background may be born deaf to some of them, and its children with it.
        preexec_fn=lambda: [signal.signal(one, signal.SIG_DFL) for one in ENDS],
    ) as process:
        try:
            wait_for((folder / "begun").exists, "the second test begins")
            if wanted:
                wait_for(
                    lambda: any(
                        # Which checks there are to be, another line says.
                        wanted in line and '"verdict"' in line
                        for part in folder.glob("record.json.part")
                        for line in part.read_text().splitlines()
                    ),
                    "the first one is recorded",
                )
            end(process.pid, number)
            output, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, output


@WORKERS
@pytest.mark.parametrize("number", ENDS, ids=lambda number: number.name)
def test_a_signal_ends_a_run_in_order(
    number: int, workers: tuple[str, ...], tmp_path: Path, temporary: Path
) -> None:
    """All processes hear it: the run has its record, says that it was interrupted, and leaves no folder."""
    _ends_in_order(tmp_path, temporary, number, workers, os.killpg)


def test_the_controller_alone_is_ended(tmp_path: Path, temporary: Path) -> None:
    """As a pipeline does it: it ends its workers, and its run as any other."""
    _ends_in_order(tmp_path, temporary, signal.SIGTERM, ("-n", "2"), os.kill)


def _ends_in_order(
    folder: Path, temporary: Path, number: int, workers: tuple[str, ...], end: Callable[[int, int], None]
) -> None:
    options = ("checks", "-m", "health", "--record", "record.json", *workers)
    status, output = killed(folder, number, *options, wanted="health.first", end=end)
    assert status == 2, output
    record = json.loads((folder / "record.json").read_text())
    assert record["cut_short"] == "interrupted"
    assert record["exit_status"] == 2
    assert [entry["id"] for entry in record["checks"] if entry["verdict"] == "MET"] == ["health.first"]
    assert list(temporary.glob(OURS)) == []
    assert not list(folder.glob("record.json.*"))
    assert "INTERNALERROR" not in output


def test_the_next_run_removes_what_a_killed_one_left(
    project: Project, tmp_path: Path, temporary: Path
) -> None:
    """And leaves alone what a living run has."""
    status, output = killed(tmp_path, signal.SIGKILL, "checks", "-m", "health", "-n", "2")
    assert status == -signal.SIGKILL, output
    assert list(temporary.glob("deployspec-run-*"))
    with TemporaryFolder("run") as living:
        assert project(GREEN).status == 0
        assert list(temporary.glob(OURS)) == [living]
    assert list(temporary.glob(OURS)) == []


def left(temporary: Path, name: str) -> Path:
    """A folder as a dead run leaves it."""
    folder = temporary / name
    (folder / "more").mkdir(parents=True)
    (folder / "more/plan.json").touch()
    (folder / ".owner").touch()
    return folder


@pytest.mark.parametrize("kind", ["run", "load", "promtool"])
def test_a_folder_without_its_owner_is_removed(kind: str, temporary: Path) -> None:
    """Whatever is in it; what its links lead to stays."""
    kept = temporary / "kept"
    kept.mkdir()
    (kept / "file").touch()
    folder = left(temporary, f"deployspec-{kind}-abc_0123")
    (folder / "link").symlink_to(kept)
    remove_left()
    assert list(temporary.iterdir()) == [kept]
    assert (kept / "file").exists()


def test_what_a_run_that_died_at_once_left_is_removed(temporary: Path) -> None:
    """It had not even taken the lock."""
    (temporary / "deployspec-run-abcdefgh").mkdir()
    remove_left()
    assert list(temporary.iterdir()) == []


def test_what_is_not_ours_stays(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A living run's, a name that is like ours, a folder of somebody's own, a link, another user's."""
    elsewhere = left(temporary, "elsewhere")
    (temporary / "deployspec-run-linked00").symlink_to(elsewhere)
    own = temporary / "deployspec-run-ofmyown0"
    own.mkdir()
    (own / "notes").touch()
    left(temporary, "deployspec-load-results")
    (left(temporary, "deployspec-run-lockelse") / ".owner").unlink()
    (temporary / "deployspec-run-lockelse/.owner").symlink_to(elsewhere / ".owner")
    with TemporaryFolder("run"):
        before = sorted(temporary.rglob("*"))
        remove_left()
        assert sorted(temporary.rglob("*")) == before
    others = left(temporary, "deployspec-run-anothers")
    monkeypatch.setattr("os.geteuid", lambda: others.stat().st_uid + 1)
    remove_left()
    assert others.exists()


def test_a_folder_that_is_taken_away_before_it_is_owned(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another run begins in between, takes it for a dead one's, and another folder is made."""
    import tempfile

    made = tempfile.mkdtemp
    seen: list[str] = []

    def make(**kwargs: str) -> str:
        seen.append(made(**kwargs))
        if len(seen) == 1:
            remove_left()
        return seen[-1]

    monkeypatch.setattr("tempfile.mkdtemp", make)
    with TemporaryFolder("run") as folder:
        assert str(folder) == seen[1]
        assert list(temporary.iterdir()) == [folder]


@WORKERS
def test_maxfail_is_no_interruption(project: Project, workers: tuple[str, ...]) -> None:
    """The run ends with 1, as any with a breach."""
    body = "import pytest\n" + "".join(
        f"def test_{number}(judge): judge(breached('took 3 s'))\n" for number in range(9)
    )
    ran = project(body, "--maxfail=1", *workers)
    assert ran.status == 1, ran.output
    assert ran.record is not None
    assert ran.record["exit_status"] == 1
    assert "checks did not run" in ran.record["cut_short"]


ORDINARY = """
import pathlib, time

def test_long():
    pathlib.Path("begun").touch()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(0.02)
"""


@WORKERS
def test_an_interrupted_run_without_checks_has_no_verdicts(
    workers: tuple[str, ...], tmp_path: Path, temporary: Path
) -> None:
    """No table, no record."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_ordinary.py").write_text(ORDINARY)
    status, output = killed(tmp_path, signal.SIGINT, "tests", *workers, end=os.killpg)
    assert status == 2, output
    assert "verdicts" not in output
    assert not (tmp_path / "runs").exists()
    assert list(temporary.glob(OURS)) == []


@WORKERS
def test_a_stopped_run_without_checks_has_no_verdicts(project: Project, workers: tuple[str, ...]) -> None:
    """Nor has one that -x stops; its exit status is pytest's own, or pytest-xdist's."""
    ran = project("", "tests", "-x", "-m", "", *workers, deployment=None, more={"tests/test_ordinary.py": "def test_broken(): assert 0\n"})  # fmt: skip
    assert ran.status == (2 if workers else 1), ran.output
    assert "verdicts" not in ran.output
    assert ran.record is None


def test_a_full_disk_under_the_record(project: Project, tmp_path: Path) -> None:
    """The lines of the checks stay, a draft does not; the run says so and is not green."""
    ran = project(GREEN, preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700)))
    assert ran.status == 1, ran.output
    assert "the run record could not be written: [Errno 27] File too large" in ran.output
    assert "--record PATH" in ran.output
    assert "Traceback" not in ran.output
    assert not list(tmp_path.glob("*.draft"))


@WORKERS
def test_a_checkout_that_cannot_be_written(
    project: Project, workers: tuple[str, ...], tmp_path: Path
) -> None:
    """pytest's cache is nobody's verdict: told, and green. A file in the way of the folder stops root as well."""
    (tmp_path / "file").touch()
    more = {"pytest.ini": INI.replace("addopts = ", "cache_dir = file/cache\naddopts = ")}
    ran = project(GREEN, *workers, more=more, cache=True)
    assert ran.status == 0, ran.output
    assert "PytestCacheWarning: could not create cache path" in ran.output
    assert "Traceback" not in ran.output
    assert ran.verdict("test_kept") == "MET"


@WORKERS
def test_no_place_for_the_record(project: Project, workers: tuple[str, ...], tmp_path: Path) -> None:
    """One line says it, with the cause and what to do."""
    (tmp_path / "runs").touch()
    ran = project(GREEN, "--record", "runs/record.json", *workers)
    assert ran.status == 1, ran.output
    (line,) = [line for line in ran.output.splitlines() if "could not be written" in line]
    assert "runs'; expected a place that can be written: --record PATH" in line
    assert "Traceback" not in ran.output


@WORKERS
def test_no_other_warning_is_let_through(project: Project, workers: tuple[str, ...]) -> None:
    """A project that makes errors of warnings gets them."""
    ran = project("def test_warns(judge):\n    import warnings\n    warnings.warn('old')\n", *workers)
    assert ran.status == 1, ran.output
    assert "UserWarning: old" in ran.entry("test_warns")["reason"]


def test_optimised_bytecode(project: Project) -> None:
    """The promise is told in its words, though ``-OO`` leaves docstrings out, and a breach is one."""
    body = GREEN + "def test_broken(judge): judge(breached('took 3 s'))\n"
    ran = project(body, environ={"PYTHONOPTIMIZE": "2"})
    assert ran.status == 1, ran.output
    assert ran.entry("test_kept")["promise"] == "The promise is kept."
    assert ran.verdict("test_kept") == "MET"
    assert ran.verdict("test_broken") == "BREACHED"
    assert "Traceback" not in ran.output

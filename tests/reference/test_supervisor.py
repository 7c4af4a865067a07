"""The supervisor: what it leaves behind, however it ends, is nothing."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from reference.faults.control import ask as ask_supervisor
from reference.process import ROOT, ReferenceFailedError, boot, running_reference
from reference.supervisor import deployment as deployment_module
from reference.supervisor.deployment import Deployment
from reference.supervisor.folder import Folder

from .client import ask, records, until


@pytest.fixture
def place() -> Iterator[Path]:
    """A temporary folder of the test's own, which PostgreSQL's user may enter, as pytest's are not.

    Shared memory that came up during the test has to go again, too.
    """
    before = shared_memory()
    with tempfile.TemporaryDirectory(prefix="supervisor-") as name:
        Path(name).chmod(0o755)
        yield Path(name)
    left = shared_memory() - before
    until(lambda: not (left & shared_memory()) - in_use())


def shared_memory() -> set[Path]:
    """Give PostgreSQL's files in /dev/shm."""
    return set(Path("/dev/shm").glob("PostgreSQL.*"))  # noqa: S108 - no temporary file of ours


def in_use() -> set[Path]:
    """Give the files of shared memory that a process uses at this moment: another test's initdb, say."""
    found = set()
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with contextlib.suppress(OSError):  # the process has ended
            found |= {Path(line.split()[5]) for line in maps.read_text().splitlines() if "/dev/shm/" in line}  # noqa: S108
    return found


def environment(place: Path, **more: str) -> dict[str, str]:
    """Give an environment whose temporary folder is `place`."""
    return {**os.environ, "TMPDIR": str(place), **more}


def processes_of(folder: Path) -> list[str]:
    """Give the command lines that name a deployment's folder, those of PostgreSQL's children too."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        if folder.name in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(line)
    return found


def assert_nothing_left(place: Path, folder: Path) -> None:
    """No process, no folder, no shared memory; a moment is granted to processes that were just killed."""
    until(lambda: not processes_of(folder), limit=10.0)
    until(lambda: not list(place.iterdir()), limit=10.0)


def test_ends_with_its_standard_input(place: Path) -> None:
    """When standard input ends, all is gone, and the exit status is 0."""
    with running_reference(env=environment(place)) as reference:
        assert list(place.iterdir()) == [reference.folder]
        # PostgreSQL with its children, Redis, the API, the worker: this is what must go.
        assert len(processes_of(reference.folder)) >= 8
        assert set(reference.pids()) == {"postgres", "redis", "api", "worker"}
        # Without --monitoring there is no Prometheus, and the deployment file describes none.
        assert "prometheus" not in reference.deployment
    assert reference.process.returncode == 0
    assert_nothing_left(place, reference.folder)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name
)
def test_ends_on_a_signal(place: Path, number: signal.Signals) -> None:
    """On a signal all is gone, and the exit status is 0; hung parts are no obstacle."""
    with running_reference(env=environment(place)) as reference:
        for fault in ("postgres-hung", "redis-hung"):
            ask_supervisor(reference.folder, "inject", fault)
        reference.process.send_signal(number)
        assert reference.process.wait(15) == 0
        assert_nothing_left(place, reference.folder)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's death")
def test_killed_supervisor_is_cleaned_up_after(place: Path) -> None:
    """A supervisor that is killed with SIGKILL takes its processes along, hung ones too; the next one removes its folder."""
    reference = boot(env=environment(place))
    ask_supervisor(reference.folder, "inject", "postgres-hung")
    reference.process.kill()
    reference.process.wait(10)
    until(lambda: not processes_of(reference.folder), limit=10.0)
    assert reference.folder.exists()
    with pytest.raises(ReferenceFailedError, match="exit status -9"):
        reference.close()
    with running_reference(env=environment(place)) as another:
        assert list(place.iterdir()) == [another.folder]
    assert_nothing_left(place, another.folder)


@pytest.mark.parametrize("begun", ["-m reference", "initdb", "redis-server", "reference.worker"])
def test_can_be_called_off_while_it_boots(place: Path, begun: str) -> None:
    """When standard input ends during the boot, as soon as one of its processes is there, nothing is left of it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "reference"],
        cwd=ROOT,
        env=environment(place),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    own = psutil.Process(process.pid)
    until(lambda: any(begun in " ".join(one.cmdline()) for one in (own, *own.children(recursive=True))))
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    # On a busy machine the boot may be over before this process has its turn again.
    assert output == b"" or begun == "reference.worker"
    until(lambda: not list(place.iterdir()))
    until(lambda: not [line for line in map(str, psutil.process_iter(["cmdline"])) if place.name in line])


def test_two_run_at_once(place: Path) -> None:
    """Two references know nothing of each other; each heeds its own log level."""
    with (
        running_reference(env=environment(place)) as one,
        running_reference("--log-level", "WARNING", env=environment(place)) as other,
    ):
        with one.broken("postgres-stopped"):
            assert ask(one, "/health").status == 503
            assert ask(other, "/health").status == 200
        assert records(one, "app.log", level="INFO")
        assert not records(other, "app.log", level="INFO")
        assert len(list(place.iterdir())) == 2
    assert_nothing_left(place, one.folder)
    assert_nothing_left(place, other.folder)


def test_says_which_part_did_not_start(place: Path) -> None:
    """A part that ends at once is named, with its command, its status and the end of its log."""
    programs = place / "programs"
    programs.mkdir()
    fake = programs / "redis-server"
    fake.write_text("#!/bin/sh\necho 'FATAL CONFIG FILE ERROR' >&2\nexit 3\n")
    fake.chmod(0o755)
    with pytest.raises(ReferenceFailedError) as caught:
        boot(env=environment(place, PATH=f"{programs}:{os.environ['PATH']}"))
    message = str(caught.value)
    assert "exit status 1\nthe reference did not start: redis ended with status 3\ncommand: " in message
    assert "redis-server" in message
    assert "its log ends:\n  FATAL CONFIG FILE ERROR" in message
    assert list(place.iterdir()) == [programs]


def test_says_what_is_not_installed(place: Path) -> None:
    """A program that is missing is named, with the way to get it."""
    with pytest.raises(ReferenceFailedError, match="redis-server was not found; Debian: apt-get install"):
        boot(env=environment(place, PATH=str(place)))
    assert list(place.iterdir()) == []


def test_takes_other_ports_when_one_is_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that somebody else has is no failure: the boot is tried with others."""
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    sample = deployment_module.random.sample
    tried: list[list[int]] = []

    async def boot_once(folder: Folder, taken: int) -> None:
        def ports(population: range, number: int) -> list[int]:
            tried.append([taken, taken] if not tried else sample(population, number))
            return tried[-1]

        monkeypatch.setattr(deployment_module.random, "sample", ports)
        deployment = Deployment(folder, "INFO")
        try:
            await deployment.boot()
        finally:
            await deployment.stop()

    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        Folder() as folder,
    ):
        asyncio.run(boot_once(folder, listener.getsockname()[1]))
        assert (folder.path / "deployment.yaml").exists()
    # Of the second pair, too, somebody else may have had one.
    assert len(tried) > 1
    assert_nothing_left(place, folder.path)

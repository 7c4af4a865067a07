"""The folder that a deployment lives in: made, locked, removed, and swept when its owner was killed."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from . import processes

PREFIX = "deal-scout-"
LOCK = "supervisor.lock"
# Between making its folder and locking it, a starting supervisor must not be taken for a dead one.
_GRACE_SECONDS = 60.0


class Folder:
    """A fresh folder, locked for as long as its supervisor lives: the lock is how others see that it does."""

    def __init__(self, *, keep: bool = False) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._keep = keep
        # Entered, not listed: PostgreSQL may run as a user of its own. What is secret inside has its own mode.
        self.path.chmod(0o711)
        # Locked before it has its name, or another start could take the lock first and sweep the folder away.
        unnamed = self.path / f"{LOCK}.new"
        self._lock = os.open(unnamed, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(self.path / LOCK)

    def __enter__(self) -> "Folder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._keep:
            remove(self.path)
        os.close(self._lock)

    def make(self, name: str, mode: int = 0o700) -> Path:
        """Make a folder inside."""
        path = self.path / name
        path.mkdir(mode=mode)
        return path

    def write_secret(self, name: str, text: str) -> Path:
        """Write a file that only its owner can read."""
        path = self.path / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path


def sweep() -> None:
    """Remove what supervisors left that were killed with SIGKILL: stopped processes, then their folder."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            _sweep_one(path)
        except OSError:
            continue  # someone else's, or just swept by another start


def _sweep_one(path: Path) -> None:
    status = path.lstat()
    if path.is_symlink() or not path.is_dir() or status.st_uid != os.geteuid():
        return
    try:
        lock = os.open(path / LOCK, os.O_RDWR)
    except FileNotFoundError:
        if time.time() - status.st_mtime > _GRACE_SECONDS:
            remove(path)
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for pid in processes.mentioning(path.name):
            processes.send(pid, signal.SIGKILL)
        remove(path)
    except BlockingIOError:
        pass  # its supervisor lives
    finally:
        os.close(lock)


def remove(path: Path) -> None:
    """Remove a deployment's folder, and the shared memory that a killed PostgreSQL could not give back."""
    pid_file = path / "postgres" / "postmaster.pid"
    try:
        # Its seventh line names the segment that keeps two servers off one data folder: key and id.
        segment = pid_file.read_text(encoding="utf-8").splitlines()[6].split()[1]
    except (OSError, IndexError):
        segment = ""
    if segment.isdigit() and shutil.which("ipcrm"):
        subprocess.run(["ipcrm", "-m", segment], check=False, stderr=subprocess.DEVNULL, timeout=5)
    shutil.rmtree(path, ignore_errors=True)

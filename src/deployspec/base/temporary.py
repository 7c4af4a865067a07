"""Temporary folders that go when the run is over; those of a run that was killed go when the next one begins."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

MEMORY = "/dev/shm"  # noqa: S108 - a file system, not a file; what is made there has a name of its own
_OWNER = ".owner"
"""The file in each folder on which its owner keeps a lock. The kernel gives it back however the owner ends."""
_NAME = re.compile(r"deployspec-(?:load|probe|promtool|run)-[a-z0-9_]{8}")


class TemporaryFolder:
    """A temporary folder of this process.

    A context manager that gives its path; also removed when it is garbage or the interpreter ends. ``kind`` is a part
    of its name; ``within`` the folder to make it in, None: the system's own. Raises OSError.
    """

    def __init__(self, kind: str, within: str | None = None) -> None:
        owner = -1
        while owner < 0:
            path = Path(tempfile.mkdtemp(prefix=f"deployspec-{kind}-", dir=within))
            try:
                owner = _owned(path)
            except OSError:
                shutil.rmtree(path, ignore_errors=True)
                raise
        self.path = path
        """Absolute."""
        self._remove = weakref.finalize(self, _remove, path, owner)

    def close(self) -> None:
        """Remove the folder and all in it. Nothing happens the second time."""
        self._remove()

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _owned(path: Path) -> int:
    """A descriptor that keeps the folder ours; -1 where another run has taken it for one that a dead run left."""
    try:
        owner = os.open(path / _OWNER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return -1
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(owner).st_nlink:
            return owner
    except BlockingIOError:
        pass
    except OSError:
        # No locks on this file system: nobody else can have one, and so nobody removes it.
        return owner
    os.close(owner)
    return -1


def remove_left() -> None:
    """Remove the folders that dead runs of this user have left. What cannot be looked at, or removed, stays."""
    with contextlib.suppress(OSError):
        for place in {tempfile.gettempdir(), MEMORY}:
            for path in _ours(place):
                with contextlib.suppress(OSError):
                    _remove_if_left(path)


def _ours(place: str) -> Iterator[Path]:
    with contextlib.suppress(OSError), os.scandir(place) as found:
        for one in found:
            if _NAME.fullmatch(one.name):
                status = one.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
                    yield Path(one.path)


def _remove_if_left(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            owner = os.open(_OWNER, flags, dir_fd=folder)
        except FileNotFoundError:
            # Its run died before it could own it; where there is anything in it, it is none of ours.
            path.rmdir()
            return
    finally:
        os.close(folder)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(owner)
        return
    _remove(path, owner)


def _remove(path: Path, owner: int) -> None:
    """Remove a folder whose lock we have; the lock comes last, so that whoever dies in between leaves it to the next."""
    with contextlib.suppress(OSError):
        for one in path.iterdir():
            if one.is_dir() and not one.is_symlink():
                shutil.rmtree(one, ignore_errors=True)
            elif one.name != _OWNER:
                with contextlib.suppress(OSError):
                    one.unlink()
    shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.close(owner)


def write_private(path: Path, document: object) -> None:
    """Write JSON that nobody else may read; whoever reads it meanwhile sees all of it or nothing. Raises OSError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(document, opened)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise

"""What a location keeps of a deployment between two probes: the lock, what was last known, and how many were skipped.

It is in ``<state>/probes/<deployment>/<location>/``. Each file is replaced as a whole, so that whatever ends a probe leaves
the old one or the new one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from deployspec.base.bounded import content_of
from deployspec.base.durable import replace_durably, set_aside

_FORMAT = "deployspec.progress/1"
_ROOM = 16 * 1024 * 1024
"""Bytes."""
_FILES = 16
_LARGEST = 64 * 1024 * 1024
"""Bytes of what is known."""
_FIELDS = (5, 6)
"""How many a check has: the last one has a default."""
FUTURE = 24 * 3600.0
"""Seconds by which a time that is kept may be ahead of the clock, which may have stepped back. Beyond them it was the time
that was wrong, and it would silence the alarm until it came."""


class Known(NamedTuple):
    """What was known when the last probe ended."""

    last_completion: float | None = None
    """Seconds since the epoch."""
    last_success: float | None = None
    checks: tuple[tuple[Any, ...], ...] = ()
    """Of each check of the last complete run, what a ``deployspec.record.record.Selected`` has."""


class State:
    """The folder of one location of a deployment."""

    def __init__(self, state: Path, deployment: str, location: str) -> None:
        self.folder = state / "probes" / _segment(deployment) / _segment(location)
        self._known = self.folder / "progress.json"
        self._skipped = self.folder / "skipped"

    def lock(self) -> int | None:
        """A descriptor that keeps other probes of this location out until it is closed; None where one has it.

        Raises OSError where the folder cannot be used.
        """
        for folder in (self.folder.parents[1], self.folder.parent, self.folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        except OSError:
            os.close(lock)
            raise
        return lock

    def is_full(self) -> bool:
        """Whether its file system has so little room that a record may not fit. Raises OSError."""
        room = os.statvfs(self.folder)
        # Some file systems count no files.
        return room.f_bavail * room.f_frsize < _ROOM or (room.f_files > 0 and room.f_favail < _FILES)

    def working_folder(self) -> Path:
        """An empty folder for what goes on, for whoever has the lock. Raises OSError."""
        folder = self.folder / "now"
        if folder.exists():
            # A probe that was killed has left it.
            self.forget(self.left)
            folder.rename(self.left)
        folder.mkdir(mode=0o700)
        return folder

    @property
    def left(self) -> Path:
        """What a probe that was killed has left in its working folder."""
        return self.folder / "left"

    @staticmethod
    def forget(folder: Path) -> None:
        """Remove a folder of files. Raises OSError."""
        with contextlib.suppress(FileNotFoundError):
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()

    def skip(self) -> None:
        """Count a probe that was not started: a byte for each, so that two at once are two. Raises OSError."""
        counted = os.open(self._skipped, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(counted, b".")
        finally:
            os.close(counted)

    def skipped(self) -> int:
        """How many probes were not started, in all."""
        try:
            return self._skipped.stat().st_size
        except OSError:
            return 0

    def known(self) -> tuple[Known, str]:
        """What was kept, and a line on what could not be read, which is set aside; an empty one where nothing is wrong."""
        try:
            text = content_of(self._known, _LARGEST)
        except FileNotFoundError:
            return Known(), ""
        except OSError as error:
            return Known(), f"{self._known}: {error.strerror or error}; nothing is known of earlier probes"
        try:
            kept = json.loads(text)
            checks = tuple(map(tuple, kept["checks"]))
            if kept["format"] != _FORMAT or not all(len(check) in _FIELDS for check in checks):
                raise ValueError  # noqa: TRY301 - as unusable as any other
            return Known(_time(kept["last_completion"]), _time(kept["last_success"]), checks), ""
        except (ValueError, LookupError, TypeError, RecursionError):
            aside = set_aside(self._known)
            return Known(), (
                f"{self._known}: found a damaged file, and no record of earlier probes; "
                f"{f'it is {aside.name} now' if aside else 'it will be replaced'}"
            )

    def keep(self, known: Known) -> None:
        """Replace what is kept. Raises OSError."""
        replace_durably(self._known, {"format": _FORMAT, **known._asdict()})


def later(kept: float | None, now: float) -> float:
    """The later of a time that was kept and the clock's; the clock's where the other cannot be."""
    return now if kept is None or kept > now + FUTURE else max(kept, now)


def _segment(name: str) -> str:
    """A name as that of one folder."""
    # A name from the command line may be no text.
    plain = quote(name, safe="", errors="surrogatepass")
    return plain.replace(".", "%2E") if set(plain) == {"."} else plain


def _time(kept: Any) -> float | None:
    if kept is not None and not math.isfinite(kept):
        raise ValueError
    return None if kept is None else float(kept)

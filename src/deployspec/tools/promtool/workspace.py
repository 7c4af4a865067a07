"""Temporary folders that are gone when the run is over, however it ends."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Self

from deployspec.base.temporary import MEMORY, TemporaryFolder

_ENOUGH = 64 * 1024 * 1024
"""Free bytes below which the file system in memory is left alone. A test group's database takes about 250 kB."""


def folder_in_memory() -> str | None:
    """Where temporary files cost no disk access; None where the system has no such place or little room in it.

    promtool writes a database for each test group: there it takes about half the system time.
    """
    with contextlib.suppress(OSError, AttributeError):
        room = os.statvfs(MEMORY)
        if room.f_bavail * room.f_frsize >= _ENOUGH and os.access(MEMORY, os.W_OK | os.X_OK):
            return MEMORY
    return None


class Workspace:
    """A temporary folder for prepared copies of rule files and test files.

    A context manager; also removed when it is garbage or the interpreter ends. ``within`` is the folder to make it
    in; None: the system's own for temporary files.
    """

    def __init__(self, within: str | None = None) -> None:
        self._folder = TemporaryFolder("promtool", within)
        self.path = str(self._folder.path)
        """Absolute."""
        self._written = 0

    def write(self, name: str, text: str) -> str:
        """Write a file under a name that ends with the base name of ``name``, and is not taken; its absolute path."""
        self._written += 1
        path = Path(self.path, f"{self._written:04d}-{Path(name).name[-100:]}")
        path.write_text(text, encoding="utf-8")
        return str(path)

    def close(self) -> None:
        """Remove the folder and all in it. Nothing happens the second time."""
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

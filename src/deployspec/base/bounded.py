"""Reading a file with bounds, whatever it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
"""What a path is that is not a regular file."""


def content_of(path: Path, most: int) -> bytes:
    """All of a file. Raises OSError, also where it is no regular file, or has more than ``most`` bytes."""
    content, status = read_bounded(path, most + 1)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"found {KINDS.get(stat.S_IFMT(status.st_mode), 'no regular file')}")
    if len(content) > most:
        raise OSError(f"found more than {most // 1024**2} MiB")
    return content


def read_bounded(path: Path, most: int) -> tuple[bytes, os.stat_result]:
    """The first bytes of a file, ``most`` of them, and what it is. Of what is not a regular file nothing is read.

    Does not wait for a named pipe's writer. Raises OSError, and ValueError for a NUL in the path.
    """
    # Not blocking, so that opening a named pipe returns at once; what it is, is asked of the open file.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        status = os.fstat(descriptor)
        # The size may be wrong: a file that grows, or one under /proc, which says 0.
        pieces, room = [], most if stat.S_ISREG(status.st_mode) else 0
        while room and (piece := os.read(descriptor, min(room, 1024 * 1024))):
            pieces.append(piece)
            room -= len(piece)
        return b"".join(pieces), status
    finally:
        os.close(descriptor)

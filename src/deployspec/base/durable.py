"""Files that are replaced as a whole, and are on the disk then; and what becomes of damaged ones."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

_MOST_SET_ASIDE = 5
"""Damaged files that are kept; of more, the oldest give way."""
_LEFT = 3600.0
"""Seconds after which a draft belongs to one that was killed."""


def replace_durably(path: Path, document: Any) -> None:
    """Write JSON that is on the disk, as a whole, when this returns. Raises OSError, and leaves what was there."""
    # In ASCII: a text may hold what UTF-8 has no bytes for.
    write_durably(path, json.dumps(document).encode("ascii"), 0o600)


def write_durably(path: Path, data: bytes, mode: int | None) -> None:
    """Write a file of this mode, whatever the umask, that is on the disk, as a whole, when this returns. None: of the mode
    of the one that it replaces, or else of what the umask leaves.

    Raises OSError, and leaves what was there.
    """
    _remove_left(path)
    if mode is None and path.exists():
        mode = stat.S_IMODE(path.stat().st_mode)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666 if mode is None else mode
        )
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _remove_left(path: Path) -> None:
    """Remove the drafts of those that were killed while they wrote this file."""
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):  # noqa: PTH208 - the names alone
            if name.startswith(f"{path.name}.") and name.endswith(".draft"):
                draft = path.with_name(name)
                if time.time() - draft.stat().st_mtime > _LEFT:
                    draft.unlink(missing_ok=True)


def set_aside(path: Path) -> Path | None:
    """Give a damaged file another name, and return that; None where it cannot be moved."""
    aside = path.with_name(f"{path.name}.corrupt-{time.time_ns()}")
    try:
        path.rename(aside)
    except OSError:
        return None
    with contextlib.suppress(OSError):
        for old in sorted(path.parent.glob(f"{path.name}.corrupt-*"))[:-_MOST_SET_ASIDE]:
            old.unlink(missing_ok=True)
    return aside


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk, too. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems have nothing to say of folders.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)

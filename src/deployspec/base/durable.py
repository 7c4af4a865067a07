"""Files that are replaced as a whole, and are on the disk then; and what becomes of damaged ones."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
from pathlib import Path
from typing import Any

_MOST_SET_ASIDE = 5
"""Damaged files that are kept; of more, the oldest give way."""


def replace_durably(path: Path, document: Any) -> None:
    """Write JSON that is on the disk, as a whole, when this returns. Raises OSError, and leaves what was there."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


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

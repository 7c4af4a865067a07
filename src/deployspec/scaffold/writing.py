"""Writes the files of a new deployment: whole or not at all, and never over one that is there."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from deployspec.base.errors import UsageError


def already_there(folder: Path, name: str) -> Path | None:
    """The file of the deployment ``name``, if there is one."""
    files = (folder / f"{name}{suffix}" for suffix in (".yaml", ".yml"))
    return next((file for file in files if os.path.lexists(file)), None)


def write_new(path: Path, text: str) -> bool:
    """Write a file with its folders; False, and nothing written, where there is one. Raises UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        if os.path.lexists(path):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8")
            # Unlike a rename, a link never takes another file's place.
            path.hardlink_to(draft)
        except FileExistsError:
            return False
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or type(error).__name__}") from None
    return True

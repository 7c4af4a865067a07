"""Where what has to last is kept: runs, and what probes know of each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deployspec.base.errors import UsageError

_NAME = "deployspec"


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder by the XDG Base Directory Specification, which takes no relative path for one.

    Raises UsageError where the environment says neither it nor a home.
    """
    said = environ.get("XDG_STATE_HOME", "")
    if said.startswith("/"):
        return Path(said, _NAME)
    home = environ.get("HOME", "")
    if home.startswith("/"):
        return Path(home, ".local", "state", _NAME)
    raise UsageError(
        "found neither XDG_STATE_HOME nor HOME, so no place for state; expected one of them, or --state DIR"
    )

"""The bytes of a deployment file: read with bounds, decoded, free of control characters."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from deployspec.base.bounded import KINDS, read_bounded
from deployspec.base.problems import Problems, position
from deployspec.base.unfit import Unfit

LARGEST = 1024 * 1024
"""In bytes. Hundreds of times more than any deployment needs."""
EXPECTED = "a deployment file: YAML, at most 1 MiB"
_KINDS = KINDS | {stat.S_IFDIR: "a directory"}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ufffe\uffff]")


def read_text(path: Path, problems: Problems, expected: str = EXPECTED) -> str | None:
    """The file's text, or None with the reason in ``problems``.

    Takes a bounded amount of memory whatever ``path`` is, and does not wait for a named pipe's writer. Raises
    :class:`Unfit` where there is no file to point into.
    """
    try:
        raw = _read_bytes(path, expected)
    except Unfit:  # which is a ValueError
        raise
    except FileNotFoundError:
        raise Unfit("no such file", expected) from None
    except PermissionError:
        raise Unfit("a file that you have no permission to read", expected) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = (
            error.strerror
            if isinstance(error, OSError) and error.strerror
            else "a path that no file can have"
        )
        raise Unfit(f"something that cannot be read ({reason})", expected) from None
    if len(raw) > LARGEST:
        raise Unfit("a file of more than 1 MiB", expected)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
        problems.add(
            position(before, len(before)),
            f"a byte that is not UTF-8 (0x{raw[error.start]:02x})",
            "a text in UTF-8",
        )
        return None
    control = _CONTROL.search(text)
    if control:
        problems.add(
            position(text, control.start()),
            f"the control character U+{ord(control.group()):04X}",
            "printable text",
        )
        return None
    return text


def _read_bytes(path: Path, expected: str) -> bytes:
    raw, status = read_bounded(path, LARGEST + 1)
    if not stat.S_ISREG(status.st_mode):
        raise Unfit(_KINDS.get(stat.S_IFMT(status.st_mode), "no regular file"), expected)
    if status.st_size > LARGEST:
        raise Unfit(f"a file of {status.st_size} bytes", expected)
    return raw


def real(path: Path) -> str:
    """What tells a file from others, however its path is written. Never raises."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # a NUL in the path
        return str(path)

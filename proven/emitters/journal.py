"""The journal of systemd: journald alone, in a namespace of its own, and `journalctl`, which prints what it has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from proven.emitters.servers import APPS
from proven.servers import NotProvenError

LIMIT = 30.0
"""Seconds in which the journal must be written and read."""
_CONFIGURATION = """[Journal]
# Else it reads what this machine's kernel says.
ReadKMsg=no
Audit=no
Storage=volatile
"""


def journald(output: str) -> Callable[[Path, Path], str]:
    """What `journalctl --output` prints of what a program has logged. Only root can make the namespace."""

    def emit(folder: Path, _: Path) -> str:
        (folder / "machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        (folder / "boot-id").write_text("01234567-89ab-cdef-0123-456789abcdef\n")
        (folder / "journald.conf").write_text(_CONFIGURATION)
        # All that runs in it ends with the first process in it.
        namespace = ["unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
        try:
            subprocess.run(
                [
                    *namespace,
                    "sh",
                    APPS / "journald.sh",
                    output,
                    folder,
                    Path(sys.base_prefix) / "bin" / "python3",
                ],
                cwd=folder,
                env={**os.environ, "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=LIMIT,
                check=True,
            )
        except subprocess.CalledProcessError as error:
            raise NotProvenError(f"found no journal; expected one. {error.stdout[-1500:]}") from None
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            raise NotProvenError(f"found no journal; expected one: {error}") from None
        return (folder / "it.log").read_text()

    return emit

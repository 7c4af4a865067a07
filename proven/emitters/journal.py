"""The journal of systemd, made without systemd: from entries in its export format, and read by `journalctl`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from proven.servers import NotProvenError

LIMIT = 30.0
"""Seconds in which the journal must be written or read."""
_REMOTE = "/lib/systemd/systemd-journal-remote"
_BEGIN = 1_795_916_400_000_000
"""Microseconds since 1970: 2026-11-29T01:40:00Z."""
_BOOT = "0123456789abcdef0123456789abcdef"
_TRACEBACK = (
    "Traceback (most recent call last):\n  File \"/srv/app/main.py\", line 7, in <module>\nKeyError: 'total'"
)
_ENTRIES: list[list[tuple[str, str]]] = [
    [("PRIORITY", "6"), ("MESSAGE", "started")],
    [("PRIORITY", "6"), ("MESSAGE", '{"level":"info","msg":"listening","port":8000}')],
    [("PRIORITY", "4"), ("MESSAGE", "disk nearly full")],
    [("PRIORITY", "3"), ("MESSAGE", f"order failed\n{_TRACEBACK}")],
    [("PRIORITY", "6"), ("MESSAGE", "\x1b[32mINFO\x1b[0m in colour")],
    [("PRIORITY", "6"), ("MESSAGE", "after\ta tab")],
    [("PRIORITY", "6"), ("MESSAGE", "x" * 5000)],
    [("PRIORITY", "6"), ("MESSAGE", "two tags"), ("TAG", "one"), ("TAG", "two")],
    [("PRIORITY", "6"), ("MESSAGE", "")],
    [("MESSAGE", "without a priority")],
]


def _exported() -> bytes:
    entries = []
    for number, own in enumerate(_ENTRIES, 1):
        fields = [
            ("__REALTIME_TIMESTAMP", str(_BEGIN + number * 1000)),
            ("__MONOTONIC_TIMESTAMP", str(number * 1000)),
            ("_BOOT_ID", _BOOT),
            ("_HOSTNAME", "host"),
            ("_TRANSPORT", "stdout"),
            ("SYSLOG_IDENTIFIER", "shop"),
            ("_PID", "4711"),
            ("_SYSTEMD_UNIT", "shop.service"),
            *own,
        ]
        entries.append(b"".join(_field(name, value.encode()) for name, value in fields))
    return b"\n".join(entries) + b"\n"


def _field(name: str, value: bytes) -> bytes:
    if b"\n" not in value and b"\x1b" not in value:
        return name.encode() + b"=" + value + b"\n"
    # The form for any bytes: the name alone, eight bytes with the length, the value.
    return name.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"


def journald(output: str) -> Callable[[Path, Path], str]:
    """What `journalctl --output` prints of these entries."""

    def emit(folder: Path, _: Path) -> str:
        exported, journals = folder / "entries.export", folder / "journals"
        exported.write_bytes(_exported())
        journals.mkdir()
        try:
            for argv in (
                [_REMOTE, f"--output={journals / 'shop.journal'}", str(exported)],
                ["journalctl", f"--directory={journals}", f"--output={output}", "--no-pager"],
            ):
                done = subprocess.run(
                    argv,
                    cwd=folder,
                    capture_output=True,
                    env={**os.environ, "TZ": "UTC"},
                    timeout=LIMIT,
                    check=True,
                )
        except (FileNotFoundError, subprocess.SubprocessError) as error:
            raise NotProvenError(f"found no journal; expected one: {error}") from None
        return done.stdout.decode()

    return emit

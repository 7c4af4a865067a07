"""What keeps the output of containers: conmon, which writes Kubernetes' CRI format, and Docker's json-file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from proven.emitters.servers import APPS, waited
from proven.servers import Program

_PIECE = 16 * 1024
"""Bytes after which Docker cuts a line."""


def conmon(folder: Path, _: Path) -> str:
    """Podman's and CRI-O's monitor, with a program in place of a container."""
    for name in ("bundle", "exits", "sockets"):
        (folder / name).mkdir()
    (folder / "bundle" / "config.json").write_text('{"process": {"terminal": false}}')
    argv: list[str | Path] = [
        "conmon",
        "--cid",
        "shop",
        "--cuuid",
        "shop",
        "--name",
        "shop",
        "--runtime",
        APPS / "runtime.sh",
    ]
    argv += ["--bundle", folder / "bundle", "--container-pidfile", folder / "pid", "--no-sync-log"]
    argv += ["--exit-dir", folder / "exits", "--socket-dir-path", folder / "sockets"]
    argv += ["--log-path", f"k8s-file:{folder / 'cri.log'}"]
    program = Program(argv, folder)
    program.start()
    try:
        waited((folder / "exits" / "shop").exists, "end of the program", 10)
    finally:
        program.end()
    return (folder / "cri.log").read_text()


def docker(_: Path, __: Path) -> str:
    """Docker's json-file, by its documentation: nothing is run. A long line is cut, and only its last piece ends it."""
    long = "x" * (_PIECE + 8)
    said = [
        ("stdout", '{"level":"info","msg":"started"}\n'),
        ("stderr", "disk nearly full\n"),
        ("stdout", "\x1b[32mINFO\x1b[0m in colour, <b> & é\n"),
        ("stdout", "\n"),
        ("stderr", "Traceback (most recent call last):\n"),
        ("stderr", '  File "/srv/app/main.py", line 7, in <module>\n'),
        ("stderr", "KeyError: 'total'\n"),
        ("stdout", long[:_PIECE]),
        ("stdout", f"{long[_PIECE:]}\n"),
        ("stdout", "ended without a line feed"),
    ]
    begin = datetime(2026, 11, 29, 1, 40, tzinfo=UTC)
    lines = []
    for number, (stream, text) in enumerate(said):
        time = (begin + timedelta(milliseconds=250 * number)).strftime("%Y-%m-%dT%H:%M:%S.%f")
        # Go's nanoseconds; and Go writes these three characters as escapes.
        entry = {"log": text, "stream": stream, "time": f"{time}789Z"}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        for character in "<>&":
            line = line.replace(character, f"\\u{ord(character):04x}")
        lines.append(f"{line}\n")
    return "".join(lines)

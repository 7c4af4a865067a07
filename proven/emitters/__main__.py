"""Runs emitters of logs and writes down what they wrote: `python -m proven.emitters CACHE [NAME ...]`.

The lines go to `tests/chapters/logs/recorded/NAME.log`, and what was run to the table beside them. CACHE keeps what
PyPI, npm and the Go proxy gave.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from proven.emitters.emitters import APPS, EMITTERS, Emitter
from proven.servers import NotProvenError

RECORDED = Path(__file__).parents[2] / "tests" / "chapters" / "logs" / "recorded"
HEAD = """\
# What emitters of logs write

Written by `python -m proven.emitters`: each is run as it is by default, or as its documentation has it for production.
The machine's name, paths and process ids are replaced (`host`, `/srv/app`, 4711); all else is as it was written.

Not run: containerd (Kubernetes' own cuts a line after 16 KiB, conmon after 8 KiB), Traefik (no package of Debian). Debian's
logback has no JSON of its own.

| file | package | from | configuration |
| --- | --- | --- | --- |
"""


def cleaned(text: str, folder: Path, cache: Path) -> str:
    """The text with nothing of this machine in it."""
    for path, neutral in ((APPS, "/srv/app"), (folder, "/srv/run"), (cache, "/srv/env")):
        text = text.replace(str(path), neutral)
    for prefix in {sys.base_prefix, sys.base_exec_prefix}:
        for part in ("lib", "bin"):
            text = text.replace(f"{prefix}/{part}/python", f"/usr/{part}/python")
    system = os.uname()
    for said, neutral in ((system.release, "6.1.0"), (system.version, "#1 SMP")):
        text = text.replace(said, neutral)
    return re.sub(rf"(?<![\w.-]){re.escape(socket.gethostname())}(?![\w.-])", "host", text)


def versioned(emitter: Emitter) -> str:
    """The package with its version: of Debian's as it is installed."""
    if emitter.origin != "Debian":
        return emitter.package
    query = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", emitter.package]
    return subprocess.run(query, capture_output=True, text=True, check=False).stdout or emitter.package


def tabled(name: str) -> None:
    """Put the row of this emitter into the table, in the order of EMITTERS."""
    readme = RECORDED / "README.md"
    rows = {}
    if readme.exists():
        rows = {row.split("`")[1]: row for row in readme.read_text().splitlines() if row.startswith("| `")}
    emitter = EMITTERS[name]
    rows[f"{name}.log"] = (
        f"| `{name}.log` | {versioned(emitter)} | {emitter.origin} | {emitter.configuration} |"
    )
    kept = [rows[f"{one}.log"] for one in EMITTERS if f"{one}.log" in rows]
    readme.write_text(HEAD + "\n".join(kept) + "\n")


def main(arguments: list[str]) -> int:
    """Record the named emitters, or all. Returns 1 if one of them could not be recorded."""
    if not arguments:
        raise SystemExit("found no folder; expected: python -m proven.emitters CACHE [NAME ...]")
    cache, names = Path(arguments[0]).resolve(), arguments[1:] or list(EMITTERS)
    if unknown := [name for name in names if name not in EMITTERS]:
        raise SystemExit(f"found no emitter {', '.join(unknown)}; expected some of: {', '.join(EMITTERS)}")
    RECORDED.mkdir(exist_ok=True)
    status = 0
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place).resolve()
            try:
                text = EMITTERS[name].emit(folder, cache)
            except (NotProvenError, OSError) as error:
                print(f"{name}: {error}", file=sys.stderr)
                status = 1
                continue
            (RECORDED / f"{name}.log").write_text(cleaned(text, folder, cache))
        tabled(name)
        print(name, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

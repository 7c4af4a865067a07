"""Every command of docs/own-service.md, in an empty folder, with the lowest and with the newest libraries."""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.installed.environments import INSTALL, built, lowest, run
from tests.suite import ROOT

PAGE = ROOT / "docs" / "own-service.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (at the end of )?(\S+/?\S+\.\w+)\n")
_PORT = "8000"


class Block(NamedTuple):
    """A block of code of the page."""

    kind: str
    text: str


def blocks() -> Iterator[Block]:
    """Those of the page, in order."""
    for kind, text in _BLOCK.findall(PAGE.read_text()):
        yield Block(kind, text)


def script(port: int) -> str:
    """The page as one script: files are written, commands run, and what they print is divided by their numbers."""
    lines = ["set -u"]
    for number, block in enumerate(blocks()):
        text = block.text.replace(_PORT, str(port))
        if block.kind == "sh":
            lines += [f"echo @@{number}", re.sub(r" &$", " &\nlistening", text, flags=re.MULTILINE)]
        elif named := _FILE.match(text):
            sign = ">>" if named[1] else ">"
            lines.append(f"mkdir -p {shlex.quote(str(Path(named[2]).parent))}")
            lines.append(f"cat {sign} {shlex.quote(named[2])} <<'END'\n{text}END")
    return "\n".join(lines)


def prelude(constraints: Path, port: int) -> str:
    """What a person's shell has, or a person does: `pip` as the clone installs, and waiting until the service is there."""
    return f"""
pip() {{ shift; {shlex.quote(str(INSTALL))} .venv/bin/python --constraint {shlex.quote(str(constraints))} "$@"; }}
listening() {{ for _ in $(seq 200); do (exec 3<>/dev/tcp/127.0.0.1/{port}) 2>/dev/null && return; sleep 0.1; done; echo "nothing listens"; exit 9; }}
trap 'kill $(jobs -p) 2>/dev/null' EXIT
"""


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("versions", ["lowest", "newest"])
def test_the_page_does_what_it_says(versions: str, port: int, tmp_path: Path) -> None:
    """Each command ends as the page says, and prints what the page says."""
    built(ROOT, tmp_path)
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(lowest() if versions == "lowest" else "")
    home = tmp_path / "empty"
    home.mkdir()
    (wheel,) = tmp_path.glob("*.whl")
    wheel.rename(home / wheel.name)
    done = run("bash", "-c", prelude(constraints, port) + script(port), cwd=home)
    said = {
        int(number): text
        for number, text in re.findall(r"^@@(\d+)\n(.*?)(?=^@@|\Z)", done.stdout, re.M | re.S)
    }
    commands = 0
    for number, block in enumerate(blocks()):
        if block.kind == "sh":
            commands = number
            expected = "exit status" in block.text
            assert ("exit status 1" in said[number]) == expected, done.stdout
            assert "Traceback" not in said[number], said[number]
            if "check -m" in block.text:
                assert " MET" in said[number], said[number]
        if block.kind == "text":
            for line in block.text.splitlines():
                # On a busy machine more may be said behind a colon.
                wanted = ".*".join(map(re.escape, re.split(r"(?<=: )", line)))
                assert re.search(wanted, said[commands]), said[commands]
    assert done.returncode == 0, done.stdout

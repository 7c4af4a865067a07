"""What a command prints is read to its end, its time limit or its byte limit; then nothing of it runs on."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import psutil
import pytest

from deployspec.base.errors import UsageError
from deployspec.chapters.logs.judge.model import Block
from deployspec.chapters.logs.measure.cutting import BLOCK
from deployspec.chapters.logs.measure.sources import source_of
from deployspec.chapters.logs.measure.sources.command import CommandSource
from tests.chapters.logs.measure.reading import read, records


def shell(script: str, **more: object) -> CommandSource:
    """A command that does what a shell script says."""
    return CommandSource(["sh", "-c", script], **more)  # type: ignore[arg-type]


def wait_until_gone(pid: int) -> None:
    """Until the process is no more."""
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_lines() -> None:
    """Standard output is lines; standard error is not; a last line without a line break is whole."""
    found = read(shell('echo \'{"message":"1"}\'; echo oops >&2; printf x'))
    assert found.data == records(1) + b"x"
    assert found.troubles == []


def test_no_shell() -> None:
    """Words are words: nothing expands them."""
    assert read(CommandSource(["echo", "$HOME; ls *"])).data == b"$HOME; ls *\n"


def test_much(tmp_path: Path) -> None:
    """Many blocks come whole and in order, and each of them is large."""
    data = b"".join(b'{"message":"%06d"}\n' % number for number in range(200_000))
    (tmp_path / "log").write_bytes(data)
    blocks = [
        piece for piece in CommandSource(["cat", str(tmp_path / "log")]).pieces() if isinstance(piece, Block)
    ]
    assert b"".join(block.data for block in blocks) == data
    assert len(blocks) <= len(data) // BLOCK + 5


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo '{}'; exit 3", "ended with exit status 3"),
        (
            "echo '{}'; echo first >&2; echo 'no such pod' >&2; exit 1",
            "ended with exit status 1: no such pod",
        ),
        ("echo '{}'; kill -9 $$", "ended with signal 9"),
        (
            "echo '{}'; echo 'postgres://joe:s3cr3tpw@db/x refused' >&2; exit 1",
            "ended with exit status 1: postgres://*** refused",
        ),
    ],
)
def test_failure(script: str, reason: str) -> None:
    """How it ended, with the last line of standard error, its secrets masked; the lines before are judged."""
    found = read(shell(script))
    assert found.data == b"{}\n"
    (trouble,) = found.troubles
    assert (trouble.line, trouble.reason) == (2, reason)
    assert "s3cr3tpw" not in trouble.reason


def test_cut_off_line_is_not_judged() -> None:
    """Of a command that failed, the last line without a line break may be half a line."""
    assert read(shell("printf '{}\\n{\"a'; exit 1")).data == b"{}\n"


def test_missing_program() -> None:
    """A program that is not there is told."""
    (trouble,) = read(CommandSource(["/no/such/program"])).troubles
    assert (trouble.line, trouble.reason) == (0, "cannot be started: No such file or directory")


def test_time_limit(tmp_path: Path) -> None:
    """A command that hangs ends at its time limit, with all it has started; what it printed is judged."""
    began = time.monotonic()
    pid = tmp_path / "pid"
    found = read(shell(f"echo '{{}}'; echo waiting >&2; sleep 60 & echo $! > {pid}; wait", timeout=1))
    assert time.monotonic() - began < 20
    assert found.data == b"{}\n"
    assert [one.reason for one in found.troubles] == ["was stopped at its time limit of 1 s: waiting"]
    wait_until_gone(int(pid.read_text()))


def test_hangs_with_closed_output() -> None:
    """It hangs as well without its standard output."""
    found = read(shell("exec >&- 2>&-; exec sleep 60", timeout=0.5))
    assert [one.reason for one in found.troubles] == ["was stopped at its time limit of 0.5 s"]


def test_prints_for_ever() -> None:
    """A command that has no end ends at the byte limit, or at the time limit; whole lines of it are judged."""
    found = read(CommandSource(["yes", "{}"], limit=1_000_000, timeout=60))
    assert len(found.data) >= 999_000
    (trouble,) = found.troubles
    assert (
        trouble.reason
        == "was stopped after 1000000 bytes, the most that is read from a command; have it print less"
    )
    assert trouble.line == len(found.lines) + 1
    (trouble,) = read(CommandSource(["yes", "x" * 1000], limit=1 << 40, timeout=0.3)).troubles
    assert trouble.reason == "was stopped at its time limit of 0.3 s"


def test_errors_for_ever() -> None:
    """Standard error without end is neither kept nor shown."""
    (trouble,) = read(shell("yes $(seq -s, 400) >&2", timeout=0.3)).troubles
    assert len(trouble.reason) < 300


def test_child_that_lives_on(tmp_path: Path) -> None:
    """What a command has left behind, with the output open, is not waited for, and is ended."""
    pid = tmp_path / "pid"
    found = read(shell(f"sleep 60 & echo $! > {pid}; echo '{{}}'", timeout=30))
    assert (found.data, found.troubles) == (b"{}\n", [])
    wait_until_gone(int(pid.read_text()))


def test_broken_off(tmp_path: Path) -> None:
    """Closing the iterator ends the command."""
    pid = tmp_path / "pid"
    pieces = shell(f"echo $$ > {pid}; yes").pieces()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    wait_until_gone(int(pid.read_text()))


def test_pause() -> None:
    """While a command pauses, its lines are handed on."""
    pieces = shell("echo '{}'; sleep 60").pieces()
    first = next(pieces)
    assert isinstance(first, Block)
    assert first.data == b"{}\n"
    pieces.close()  # type: ignore[attr-defined]


def test_address() -> None:
    """A command's address is split into words as a shell does."""
    assert read(source_of("command:" + shlex.join(["echo", "a b"]))).data == b"a b\n"
    with pytest.raises(UsageError, match="No closing quotation"):
        source_of("command:echo 'a")
    with pytest.raises(UsageError, match="expected a command"):
        source_of("command: ")


def test_told() -> None:
    """It is told by its words, without secrets, or by its name."""
    assert "s3cr3tpw" not in CommandSource(["psql", "postgres://joe:s3cr3tpw@db/x"]).label
    assert CommandSource(["psql"], name="worker").label == "what worker prints"

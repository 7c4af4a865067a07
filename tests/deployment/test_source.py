"""Paths at which there is no deployment file to read."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.base.errors import DeploymentFileError
from deployspec.deployment import load
from deployspec.deployment.source import LARGEST


def _nothing(path: Path) -> None:
    """Leave nothing at the path."""


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


def _just_too_large(path: Path) -> None:
    path.write_bytes(b"#" * (LARGEST + 1))


# columns: what is made at the path, a piece of what was found
@pytest.mark.parametrize(
    ("make", "found"),
    [
        pytest.param(_nothing, "found no such file", id="missing"),
        pytest.param(Path.mkdir, "found a directory", id="directory"),
        pytest.param(os.mkfifo, "found a named pipe", id="named-pipe"),
        pytest.param(_socket, "found something that cannot be read", id="socket"),
        pytest.param(
            _loop,
            "found something that cannot be read (Too many levels of symbolic links)",
            id="symlink-loop",
        ),
        pytest.param(lambda path: path.symlink_to("/dev/zero"), "found a device", id="endless-device"),
        pytest.param(_huge, "found a file of 50000000 bytes", id="50-megabytes"),
        pytest.param(_just_too_large, f"found a file of {LARGEST + 1} bytes", id="one-byte-too-large"),
    ],
)
def test_a_path_without_a_readable_file_is_told(
    tmp_path: Path, make: Callable[[Path], None], found: str
) -> None:
    """One line names the path and what is there; nothing hangs, and memory stays as it was."""
    path = tmp_path / "d.yaml"
    make(path)
    began, memory = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DeploymentFileError) as caught:
        load(path, {}, OURS, ())
    assert str(caught.value) == f"{path}: {found}; expected a deployment file: YAML, at most 1 MiB" or (
        str(caught.value).startswith(f"{path}: {found}")
    )
    assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 20_000  # kB


def test_a_file_of_exactly_the_largest_size_is_read(tmp_path: Path) -> None:
    """1 MiB is allowed, one byte more is not."""
    path = tmp_path / "d.yaml"
    line = b"base_url: https://h.example\n"
    path.write_bytes(line + b"#" * (LARGEST - len(line)))
    assert load(path, {}, OURS, ()).base_url == "https://h.example"


def test_a_file_without_permission_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal of the operating system is put in words (simulated: root may read everything)."""
    path = tmp_path / "d.yaml"
    path.write_text("base_url: https://h.example\n")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(
        DeploymentFileError, match=r"d\.yaml: found a file that you have no permission to read"
    ):
        load(path, {}, OURS, ())


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")
def test_a_file_that_understates_its_size_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size that the operating system says is not trusted: reading itself stops at the bound."""
    path = tmp_path / "d.yaml"
    path.write_text("")
    monkeypatch.setattr(os, "read", lambda _, size: b"#" * size)
    with pytest.raises(DeploymentFileError, match="found a file of more than 1 MiB"):
        load(path, {}, OURS, ())


# columns: the path, as it appears in the message
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param("a\nb.yaml", "a\\nb.yaml", id="line-break"),
        pytest.param("a\x1b[2Jb.yaml", "a\\x1b[2Jb.yaml", id="escape"),
        pytest.param("a\0b.yaml", "a\\x00b.yaml", id="nul"),
        pytest.param("x" * 5000, "x" * 5000, id="too-long"),
    ],
)
def test_a_strange_path_cannot_disturb_the_terminal(tmp_path: Path, name: str, shown: str) -> None:
    """Control characters in the path are escaped, and every path that cannot be opened is one clear line."""
    with pytest.raises(DeploymentFileError) as caught:
        load(tmp_path / name, {}, OURS, ())
    assert str(caught.value).startswith(f"{tmp_path / shown}: found ")
    assert "\n" not in str(caught.value)

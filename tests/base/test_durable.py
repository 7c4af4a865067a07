"""Files that are replaced as a whole."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from deployspec.base import durable
from deployspec.base.durable import replace_durably, set_aside, write_durably


def test_a_file_has_its_mode_whatever_the_umask(tmp_path: Path) -> None:
    """Also one that had another before."""
    file = tmp_path / "a"
    file.touch(0o600)
    before = os.umask(0o077)
    try:
        write_durably(file, b"x", 0o644)
    finally:
        os.umask(before)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"x", 0o644)
    replace_durably(file, {"a": "ü\ud800"})
    assert (json.loads(file.read_bytes()), stat.S_IMODE(file.stat().st_mode)) == ({"a": "ü\ud800"}, 0o600)


@pytest.mark.parametrize("call", ["open", "fsync", "fchmod"])
def test_what_fails_leaves_the_old_file(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no draft."""
    file = tmp_path / "a"
    write_durably(file, b"old", 0o600)

    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, call, fail)
    with pytest.raises(OSError, match="No space left"):
        write_durably(file, b"new", 0o600)
    monkeypatch.undo()
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_only_old_drafts_of_the_same_file_go(tmp_path: Path) -> None:
    """Somebody may still write a young one."""
    names = ("a.1.draft", "a.2.draft", "b.1.draft", "a.txt")
    for name in names:
        (tmp_path / name).touch()
        if name != "a.2.draft":
            os.utime(tmp_path / name, (time.time() - 7200,) * 2)
    write_durably(tmp_path / "a", b"x", 0o600)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a", "a.2.draft", "a.txt", "b.1.draft"]


def test_what_cannot_be_set_aside_is_no_error(tmp_path: Path) -> None:
    """It is gone already, or the folder cannot be written."""
    assert set_aside(tmp_path / "missing") is None

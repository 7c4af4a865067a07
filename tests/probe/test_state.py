"""What a location keeps between two probes survives whatever ends one, and what is damaged stops nothing."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from deployspec.probe.state import FUTURE, Known, State, later


def test_two_locations_have_a_lock_each(tmp_path: Path) -> None:
    """One probe of a location at a time; others of the same deployment are none of its business."""
    here, there = State(tmp_path, "shop", "a"), State(tmp_path, "shop", "b")
    held = here.lock()
    assert held is not None
    assert State(tmp_path, "shop", "a").lock() is None
    other = there.lock()
    assert other is not None
    os.close(held)
    again = State(tmp_path, "shop", "a").lock()
    assert again is not None
    for descriptor in (other, again):
        os.close(descriptor)


@pytest.mark.parametrize("name", ["shop", "..", ".", "a/b", "a b", "ü", "\udcff"])
def test_each_deployment_has_a_folder_of_its_own(tmp_path: Path, name: str) -> None:
    """Whatever its name is, it stays within the state folder."""
    folder = State(tmp_path, name, "default").folder
    assert folder.resolve().relative_to(tmp_path.resolve() / "probes").parts[1:] == ("default",)
    assert folder != State(tmp_path, "other", "default").folder


def test_skipped_probes_are_counted_by_all_that_skip(tmp_path: Path) -> None:
    """Each adds one, without the lock."""
    state = State(tmp_path, "shop", "default")
    assert state.skipped() == 0
    lock = state.lock()
    assert lock is not None
    for _ in range(3):
        State(tmp_path, "shop", "default").skip()
    os.close(lock)
    assert state.skipped() == 3


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """The times and the checks."""
    state = State(tmp_path, "shop", "default")
    state.folder.mkdir(parents=True)
    known = Known(
        1_700_000_000.5,
        None,
        (("health.ok", "health", "It is well.", "checks/test_health.py::test_ok", "test_health.py:1"),),
    )
    state.keep(known)
    assert state.known() == (known, "")
    assert [path.name for path in state.folder.iterdir()] == ["progress.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"format": "deployspec.progress/9"}',
        '{"format": "deployspec.progress/1"}',
        '{"format": "deployspec.progress/1", "last_completion": NaN, "last_success": 1, "checks": []}',
        '{"format": "deployspec.progress/1", "last_completion": 1, "last_success": 1, "checks": [["a"]]}',
    ],
    ids=range(8),
)
def test_a_damaged_file_is_set_aside_and_named(tmp_path: Path, text: str) -> None:
    """Nothing is known then, and a person is told where the old file is."""
    state = State(tmp_path, "shop", "default")
    state.folder.mkdir(parents=True)
    (state.folder / "progress.json").write_text(text)
    known, said = state.known()
    assert known == Known()
    (aside,) = state.folder.glob("progress.json.corrupt-*")
    assert aside.read_text() == text
    assert aside.name in said
    assert state.known() == (Known(), "")


def test_few_damaged_files_are_kept(tmp_path: Path) -> None:
    """A disk that damages each file is not filled by them."""
    state = State(tmp_path, "shop", "default")
    state.folder.mkdir(parents=True)
    for number in range(9):
        (state.folder / "progress.json").write_text(str(number))
        state.known()
    assert sorted(path.read_text() for path in state.folder.iterdir()) == ["4", "5", "6", "7", "8"]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, say: the old file stays, and no draft beside it."""
    state = State(tmp_path, "shop", "default")
    state.folder.mkdir(parents=True)
    state.keep(Known(1.0))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        state.keep(Known(2.0))
    assert json.loads((state.folder / "progress.json").read_text())["last_completion"] == 1.0
    assert len(list(state.folder.iterdir())) == 1


def test_the_last_success_never_goes_back() -> None:
    """A clock that steps back an hour does not take it along; one that was a year ahead does not silence the alarm."""
    now = time.time()
    assert later(None, now) == now
    assert later(now - 60, now) == now
    assert later(now + 3600, now) == now + 3600
    assert later(now + FUTURE + 1, now) == now


@pytest.mark.parametrize(
    ("free", "files", "is_full"), [(2**20, 2**20, False), (2**20, 3, True), (100, 2**20, True)]
)
def test_a_disk_is_full_by_bytes_or_by_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, files: int, is_full: bool
) -> None:
    """Each keeps a probe from what it has to write; where no files are counted, they are no bound."""
    state = State(tmp_path, "shop", "default")
    state.folder.mkdir(parents=True)
    for counted in (2**30, 0):
        room = os.statvfs_result((4096, 4096, 2**30, free, free, counted, files, files, 0, 255))
        monkeypatch.setattr(os, "statvfs", lambda _, room=room: room)
        assert state.is_full() == (is_full if counted else free < 4096)

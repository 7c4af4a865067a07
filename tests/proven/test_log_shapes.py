"""Logs of a folder are judged alike, whether their lines are passed over or not; and it is told where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployspec.chapters.logs.judge import plainly
from proven.log_shapes import main


def _write(folder: Path) -> None:
    """A thousand records, of which some hold a text that is too long, and a file without a record."""
    records = [
        {
            "time": f"2026-11-29T10:{number // 60:02}:{number % 60:02}Z",
            "text": "sold" if number % 100 else "long " * 9,
        }
        for number in range(1000)
    ]
    (folder / "app.jsonl").write_text(
        "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in records)
    )
    (folder / "app.log").write_text("started\n17\n")


def test_both_ways_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Small files are repeated, and all lines but those that are wrong are passed over."""
    _write(tmp_path)
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "files of records: 1; lines: 3000; passed over: 2970; files judged differently: 0\n"
    )


def test_a_line_that_is_passed_over_though_it_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault: what the schema says of a value is not asked of lines of a known shape."""
    _write(tmp_path)
    monkeypatch.setattr(plainly._Cells, "bad", lambda *_: frozenset())
    assert main([str(tmp_path)]) == 1
    assert "app.jsonl: other verdicts where its lines are passed over" in capsys.readouterr().out


def test_a_folder_without_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear error."""
    (tmp_path / "app.log").write_text("started\n")
    assert main([str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("proven.log_shapes: found no JSON record in files named *.log")

"""False alarms in the logs of a folder are counted, placed and masked."""

from __future__ import annotations

from pathlib import Path

import pytest

from proven.corpora import NAMES, judge, main


def test_findings_are_counted_and_masked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each file counts once, only what is named as a log counts, and nothing of a finding is shown."""
    text = "started\nmüde password=hunter2hunter2 of anna@shop.example.com\nended"
    for name in ("app.log", "again.txt", "code.py"):
        (tmp_path / name).write_text(text)
    (tmp_path / "image.log").write_bytes(b"\0password=hunter2hunter2")
    judged = judge(tmp_path)
    assert (judged.files, judged.lines) == (1, 3)
    assert judged.kinds == [("a credential", 1), ("an e-mail address", 1)]
    assert judged.per_10_000 == pytest.approx(20_000 / 3)
    assert [place.at for place in judged.places] == ["again.txt:2:15", "again.txt:2:33"]
    assert main([str(tmp_path)]) == 0
    shown = capsys.readouterr().out
    assert "1 files, 3 lines, 2 findings, 6666.67 in 10,000 lines" in shown
    assert "hunter2" not in shown
    assert "anna" not in shown


@pytest.mark.parametrize("place", ["empty", "missing"])
def test_a_folder_without_logs(tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    """One clear error."""
    (tmp_path / "empty").mkdir()
    assert main([str(tmp_path / place)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"proven.corpora: no logs: found no line in files named {', '.join(NAMES)} below {tmp_path / place}; "
        "expected a folder with logs\n"
    )

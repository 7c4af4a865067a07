"""An Allure report beside the page: which runs it shows, and what becomes of it where Allure is not as it should be."""

from __future__ import annotations

import json
import os
from datetime import UTC
from pathlib import Path

import pytest

from deployspec.model.review import Span, Week
from deployspec.outputs.allure import Facts
from deployspec.record.history import History
from deployspec.record.index import Index
from deployspec.record.store import Store
from deployspec.review import allure
from tests.record.test_index import BEGIN, entry, run

DAY = 1440
"""Minutes."""
WEEK = Week("shop", Span(BEGIN, BEGIN + 7 * 86400), UTC)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A run every six hours, of which one breaks a promise; and one that goes on."""
    store = Store(tmp_path / "runs")
    for number in range(0, 7 * DAY, 360):
        verdict = "BREACHED" if number == 2 * DAY + 720 else "MET"
        store.add(run(number, entry("a", verdict, reason="it was <b>so</b>"), kind="probe", location="here"))
    going = run(7 * DAY - 1, entry("a"), exit_status=None)
    store.file_of(going).part.write_text(json.dumps(going.header()))
    return Index(store, ()).history("shop", 0.0, 4e9)


def command(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a command called allure on PATH."""
    path = folder / "bin" / "allure"
    path.parent.mkdir()
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")


def test_changes_and_the_last_run_of_each_day_are_shown(history: History) -> None:
    """In their order; what goes on is not."""
    shown = [(history.runs[number].started - BEGIN) / 3600 for number in allure.chosen(history, WEEK)]
    begun = (BEGIN % 86400) / 3600
    ends = [last for day in range(8) if (last := max((hour for hour in range(0, 168, 6) if (hour + begun) // 24 == day), default=-1)) >= 0]  # fmt: skip
    assert shown == sorted({*ends, 60, 66, 162})


def test_there_are_no_more_than_allure_makes_in_a_minute(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest, and changes, before the last ones of days."""
    monkeypatch.setattr(allure, "MOST", 4)
    shown = [(history.runs[number].started - BEGIN) / 3600 for number in allure.chosen(history, WEEK)]
    assert {60.0, 66.0, 162.0} < set(shown)
    assert len(shown) == 4


def test_each_run_is_given_to_allure_in_its_turn(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one file of history; the report is what stands there in the end."""
    command(
        tmp_path,
        'mkdir -p report; ls "$2" | grep -c result.json >> allure-history.jsonl; cp allure-history.jsonl report/index.html; '
        f'cat "$2"/*-result.json > {tmp_path}/last',
        monkeypatch,
    )
    folder = tmp_path / "out" / "allure"
    folder.mkdir(parents=True)
    (folder / "of-last-week").touch()
    assert allure.report(history, WEEK, Facts(owner="me"), folder, ()) == ""
    assert (folder / "index.html").read_text().split() == ["1"] * len(allure.chosen(history, WEEK))
    assert [path.name for path in folder.iterdir()] == ["index.html"]
    last = json.loads((tmp_path / "last").read_text())
    assert (last["testCaseId"], last["status"]) == ("a@shop", "passed")
    assert {"name": "owner", "value": "me"} in last["labels"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        pytest.param("echo no such command >&2; exit 3", "no Allure report: allure generate ended with status 3: no such command", id="fails"),
        pytest.param("exit 0", "no Allure report: allure generate left no report; expected Allure 3", id="does-nothing"),
        pytest.param("sleep 60", "no Allure report: allure generate did not end in time", id="hangs"),
    ],
)  # fmt: skip
def test_what_allure_does_wrong_is_said(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    """In a line, and nothing is left."""
    monkeypatch.setattr(allure, "_ONE", 1.0)
    command(tmp_path, f"exec 2>&1; {script}" if "sleep" not in script else "exec sleep 60", monkeypatch)
    assert allure.report(history, WEEK, Facts(), tmp_path / "out" / "allure", ()) == said
    assert not (tmp_path / "out").exists()


def test_without_allure_there_is_a_line(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That says how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    said = allure.report(history, WEEK, Facts(), tmp_path / "out", ())
    assert (
        said
        == "no Allure report: allure is not on PATH; expected Allure 3, such as by npm install --global allure"
    )

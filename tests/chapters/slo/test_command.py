"""``deployspec load report``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chapters.slo.load.test_result import result
from tests.suite import ROOT


def report(*arguments: str) -> tuple[int, str, str]:
    """Run it; status, standard output and error."""
    done = subprocess.run(
        [sys.executable, "-m", "deployspec.cli", "load", "report", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def written(folder: Path, document: Any) -> str:
    """A file with a document."""
    path = folder / "file.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(path)


def test_a_result_is_printed(tmp_path: Path) -> None:
    """The report of a load result."""
    status, out, _ = report(written(tmp_path, result().document()))
    assert status == 0
    assert "10 requests/s" in out
    assert "all " in out


def test_a_run_record_is_printed(tmp_path: Path) -> None:
    """The load result in it."""
    record = {"format": "deployspec.run/1", "load": result().document()}
    assert report(written(tmp_path, record))[1] == report(written(tmp_path, result().document()))[1]


def test_as_json(tmp_path: Path) -> None:
    """The document itself, for a program."""
    record = {"format": "deployspec.run/1", "load": result().document()}
    status, out, _ = report(written(tmp_path, record), "--format", "json")
    assert status == 0
    assert json.loads(out) == json.loads(json.dumps(result().document()))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param("", "what is not JSON", id="empty"),
        pytest.param("{", "what is not JSON", id="broken"),
        pytest.param("[" * 100_000, "what is not JSON", id="deep"),
        pytest.param([], "JSON that is not a load result", id="list"),
        pytest.param(
            {"format": "deployspec.run/1", "load": None}, "a run record without a load run", id="without"
        ),
        pytest.param(
            {"format": "deployspec.load/1"}, "a load result that cannot be read", id="nothing-in-it"
        ),
        pytest.param(
            {"format": "deployspec.load/1", **dict.fromkeys(("plan", "routes", "generator"), 5)},
            "a load result that cannot be read",
            id="numbers",
        ),
    ],
)
def test_what_is_no_result(tmp_path: Path, document: Any, reason: str) -> None:
    """Status 4 and one line: the file, what was found, what was expected."""
    file = written(tmp_path, document)
    status, out, error = report(file)
    assert (status, out) == (4, "")
    assert error.startswith(f"{file}: found {reason}")
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize(("name", "reason"), [("gone.json", "no such file"), (".", "a folder")])
def test_what_is_no_file(tmp_path: Path, name: str, reason: str) -> None:
    """It is named."""
    status, _, error = report(str(tmp_path / name))
    assert status == 4
    assert reason in error

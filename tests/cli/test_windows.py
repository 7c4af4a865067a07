"""``deployspec windows``, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployspec.cli import main

NOW = datetime(2026, 11, 1, tzinfo=UTC).timestamp()
FILE = """
base_url: http://127.0.0.1:9
headers: {Authorization: "Bearer ${TOKEN}"}
maintenance_windows:
  - {name: weekly, cron: 0 2 * * SUN, duration: 2h, time_zone: Europe/Berlin}
  - {name: move, start: 2026-10-31T23:00:00-01:00, end: 2026-11-01T01:00:00-01:00}
  - {name: "gone ${TOKEN}", cron: 0 2 * * *, duration: 2h, until: 2026-10-01}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with a deployment that has windows, and others that have none or are faulty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOKEN", "geheim-geheim")
    monkeypatch.setattr(time, "time", lambda: NOW)
    (tmp_path / "deployments").mkdir()
    for name, text in (
        ("there", FILE),
        ("none", "base_url: http://127.0.0.1:9\n"),
        ("bad", "base_url: http://127.0.0.1:9\nmaintenance_windows: []"),
    ):
        (tmp_path / "deployments" / f"{name}.yaml").write_text(text)


def test_the_next_windows_and_those_that_are_open_or_over(capsys: pytest.CaptureFixture[str]) -> None:
    """One a line, in their own time zone and in UTC; no secret that stands in a name."""
    assert main(["windows", "--deployment", "there", "--count", "3"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "2026-10-31T23:00:00-01:00 to 2026-11-01T01:00:00-01:00  (2026-11-01T00:00:00Z to 2026-11-01T02:00:00Z)  move, open now",
        "2026-11-01T02:00:00+01:00 to 2026-11-01T04:00:00+01:00  (2026-11-01T01:00:00Z to 2026-11-01T03:00:00Z)  weekly",
        "2026-11-08T02:00:00+01:00 to 2026-11-08T04:00:00+01:00  (2026-11-08T01:00:00Z to 2026-11-08T03:00:00Z)  weekly",
        "over: gone ***",
    ]
    assert said.err == ""


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """The same, for programs."""
    assert main(["windows", "--deployment", "there", "--count=1", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "deployment": "there",
        "windows": [
            {
                "name": "move",
                "start": "2026-10-31T23:00:00-01:00",
                "end": "2026-11-01T01:00:00-01:00",
                "start_utc": "2026-11-01T00:00:00Z",
                "end_utc": "2026-11-01T02:00:00Z",
                "open": True,
            }
        ],
        "over": ["gone ***"],
    }


def test_a_window_that_never_ends_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It would leave every verdict out of alerts for ever."""
    (tmp_path / "always.yaml").write_text(
        "base_url: http://127.0.0.1:9\nmaintenance_windows: [{name: a, cron: 0 0 * * *, duration: 24h}]\n"
    )
    assert main(["windows", "--deployment", "always.yaml", "--count", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "begins again before it has ended: a"


def test_a_deployment_without_windows(capsys: pytest.CaptureFixture[str]) -> None:
    """That is no error."""
    assert main(["windows", "--deployment", "none"]) == 0
    assert capsys.readouterr().out == "no maintenance windows\n"


# columns: the arguments, a piece of what is said on standard error
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "--deployment", id="none-named"),
        pytest.param(["--deployment", "ther"], "did you mean there?", id="unknown"),
        pytest.param(["--deployment", "bad"], "bad.yaml:2:22: found an empty list; expected a list of mappings", id="bad"),
        pytest.param(["--deployment", "there", "--count", "0"], "found '0'; expected a whole number from 1 to 1000", id="count"),
        pytest.param(["--deployment", "there", "--count", "9" * 5000], "expected a whole number from 1 to 1000", id="long-count"),
        pytest.param(["--deployment", "there", "--count", "²"], "expected a whole number", id="no-ascii-count"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_or_file_is_one_error(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 4, nothing on standard output."""
    try:
        status = main(["windows", *arguments])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    assert status == 4
    found = capsys.readouterr()
    assert said in found.err
    assert found.out == ""


def test_a_file_without_windows_imports_nothing_for_them(tmp_path: Path) -> None:
    """Neither does it for ``validate``, which loads a file as a run does; with windows, pytest stays out."""
    script = (
        "import sys; from deployspec.cli import main; status = main(sys.argv[1:])\n"
        "print(*sorted({'cronsim', 'zoneinfo', 'pytest', 'deployspec.deployment.windows', 'deployspec.deployment.maintenance'} & set(sys.modules)))"
    )

    def imported(*arguments: str) -> str:
        done = subprocess.run([sys.executable, "-c", script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)  # fmt: skip
        return done.stdout.splitlines()[-1]

    assert imported("validate", "none") == ""
    assert imported("windows", "--deployment", "none") == ""
    assert imported("windows", "--deployment", "there") == (
        "cronsim deployspec.deployment.maintenance deployspec.deployment.windows zoneinfo"
    )

"""``deployspec completion``: what is completed, and the scripts in their shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec.cli import main
from tests.suite import ROOT


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with two deployments."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployments").mkdir()
    for name in ("staging", "production"):
        (tmp_path / "deployments" / f"{name}.yaml").touch()


# line: what stands after `deployspec`, the last word unfinished; found: some of what completes it; not_found: what must not
@pytest.mark.parametrize(
    ("line", "found"),
    [
        pytest.param("", "check list explain validate logs load rules", id="commands"),
        pytest.param("ex", "explain", id="a-command"),
        pytest.param("explain health.ok", "health.ok-is-all-parts", id="checks"),
        pytest.param("validate s", "staging", id="deployments"),
        pytest.param("check --deployment ", "production staging", id="a-deployment-to-check"),
        pytest.param("list --deployment p", "production", id="a-deployment-to-list"),
        pytest.param("check -m ", "health logs slo load live after_load", id="markers"),
        pytest.param("check -m health --rul", "--rules --rule-tests", id="options-of-a-chapter"),
        pytest.param("list --", "--deployment --format --help", id="options"),
        pytest.param("list --format ", "json text", id="choices"),
        pytest.param("list he", "health", id="chapters"),
        pytest.param("rules ", "plain", id="commands-of-a-command"),
        pytest.param("rules plain --", "--to --help", id="their-options"),
        pytest.param("completion ", "bash zsh fish", id="shells"),
        pytest.param("nope ", "", id="an-unknown-command"),
    ],
)
def test_what_is_completed(line: str, found: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The words that begin as the last one does."""
    assert main(["__complete", *line.split(" ")]) == 0
    said = capsys.readouterr()
    words = said.out.split()
    assert set(found.split()) <= set(words)
    assert all(word.startswith(line.rpartition(" ")[2]) for word in words)
    assert said.err == ""


def test_a_faulty_check_is_no_candidate(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is said of it in the middle of a person's line."""
    Path("checks").mkdir()
    Path("checks/test_bad.py").write_text("def (")
    assert main(["__complete", "explain", ""]) == 0
    told = capsys.readouterr()
    assert "health.steady" in told.out
    assert told.err == ""


@pytest.mark.parametrize("command", ["check", "plan"])
def test_what_pytest_takes_is_completed_for_both(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Deployments and options."""
    assert main(["__complete", command, "--dep"]) == 0
    assert capsys.readouterr().out == "--deployment\n"


ASK = {
    "bash": 'COMP_WORDS=(deployspec explain health.ok); COMP_CWORD=2; _deployspec; echo "${COMPREPLY[@]}"',
    "zsh": "words=(deployspec explain health.ok); CURRENT=3; compadd() { shift; print -l ${(P)1} }; _deployspec",
    "fish": "complete -C 'deployspec explain health.ok'",
}


@pytest.mark.parametrize("shell", ASK)
def test_in_its_shell(shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The script is one that the shell takes, and it completes a check's id."""
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert script
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    command = tmp_path / "bin" / "deployspec"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}/src" exec "{sys.executable}" -m deployspec.cli "$@"\n')
    command.chmod(0o755)
    before = "compdef() { : }\n" if shell == "zsh" else ""
    done = subprocess.run([program, "-c", f"{before}{script}\n{ASK[shell]}"], env={**os.environ, "PATH": f"{command.parent}:{os.environ['PATH']}"}, capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.stdout.strip() == "health.ok-is-all-parts", done.stderr

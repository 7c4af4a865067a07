"""``deployspec validate``, as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec import __version__
from deployspec.cli import main
from tests.deployment.conftest import BASE


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with one good and one faulty deployment."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "deployments"
    folder.mkdir()
    (folder / "good.yaml").write_text(BASE + "health: {}\nallow: [load]\n")
    (folder / "bare.yaml").write_text(BASE)
    (folder / "bad.yaml").write_text(BASE + "healht: {}\nallow: [fault]\n")


def test_valid_files_are_told_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each, with what it describes and allows; exit status 0."""
    assert main(["validate", "good", "deployments/bare.yaml"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "deployments/good.yaml: valid; describes health; allows load",
        "deployments/bare.yaml: valid; describes nothing but base_url; allows nothing but reading",
    ]
    assert said.err == ""


def test_every_file_is_checked_and_every_problem_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A faulty file, an unknown name and a missing path: exit status 4, and the good file is still told."""
    assert main(["validate", "bad", "godo", "nowhere/x.yaml", "good"]) == 4
    said = capsys.readouterr()
    assert said.out.startswith("deployments/good.yaml: valid")
    lines = said.err.splitlines()
    assert lines[0].startswith("deployments/bad.yaml:2:1: found the unknown key healht")
    assert lines[1].startswith("deployments/bad.yaml:3:9: found fault; expected load, write or faults")
    assert lines[2] == "found no deployment godo; expected bad, bare or good; did you mean good?"
    assert lines[3].startswith("nowhere/x.yaml: found no such file")
    assert len(lines) == 4


def test_without_a_name_all_files_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As one who changed what several extend would. Where there is none, nothing was checked."""
    assert main(["validate"]) == 4
    said = capsys.readouterr()
    assert [line.partition(":")[0] for line in said.out.splitlines()] == [
        "deployments/bare.yaml",
        "deployments/good.yaml",
    ]
    assert said.err.startswith("deployments/bad.yaml:2:1: ")
    for file in tmp_path.glob("deployments/*"):
        file.unlink()
    assert main(["validate"]) == 4
    assert "found no deployment file in deployments; expected one" in capsys.readouterr().err


# entry: what accepted.yaml has beside check and deployment; said: what becomes of it; status: of the command.
@pytest.mark.parametrize(
    ("entry", "said", "status"),
    [
        pytest.param("owner: c, reason: d, until: 2999-12-31", "accepted.yaml: valid; 1 acceptance\n", 0, id="sound"),
        pytest.param("owner: c, reason: d, until: 2001-12-31", "accepted.yaml: valid; 1 acceptance, 1 expired\n", 0, id="expired"),
        pytest.param("owner: c, reason: d, until: soon", "accepted.yaml:1: found until: soon, so it counts as expired", 4, id="no-day"),
        pytest.param("owner: ' ', reason: d, until: 2999-12-31", "accepted.yaml:1:45: found blanks alone", 4, id="faulty"),
    ],
)  # fmt: skip
def test_accepted_breaches_are_checked_with_all_files(
    entry: str, said: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """But not where somebody names a file."""
    (tmp_path / "deployments/bad.yaml").unlink()
    (tmp_path / "accepted.yaml").write_text(f"accepted: [{{check: a, deployment: b, {entry}}}]")
    assert main(["validate"]) == status
    told = capsys.readouterr()
    assert said in told.out + told.err
    assert main(["validate", "good"]) == 0
    assert "accepted.yaml" not in "".join(capsys.readouterr())


# text: of the file beside base_url; status, said: what becomes of it where neither variable is set.
@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        pytest.param("headers: {X-Key: 'a ${KEY}'}\nauth: {bearer: '${TOKEN}'}\n", 0, "of KEY and TOKEN, which", id="secrets"),
        pytest.param("health: {calls: '${KEY}', timeout: 2}\n", 4, "bad.yaml:2:36: found 2 without", id="beside-a-fault"),
        pytest.param("health: {timeout: '${KEY} $x'}\n", 4, "found a $ before a letter", id="with-a-fault"),
        pytest.param("health: {calls: '${KEY:-1}'}\n", 4, "from ${KEY}", id="a-default-is-looked-at"),
        pytest.param("health: {calls: '${KEY:-5}'}\n", 0, "valid; describes health", id="a-sound-default"),
    ],
)  # fmt: skip
def test_unset_variables_may_be_passed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, status: int, said: str
) -> None:
    """With --allow-unset, but nothing beside them is; an empty one, as of a missing secret, counts as not set."""
    monkeypatch.delenv("KEY", raising=False)
    monkeypatch.setenv("TOKEN", "")
    Path("deployments/bad.yaml").write_text(BASE + text)
    assert main(["validate", "--allow-unset", "bad"]) == status
    written = capsys.readouterr()
    assert said in written.out + written.err


# columns: the arguments, a piece of what is said on standard error
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "validate", id="nothing"),
        pytest.param(["vaildate", "x"], "invalid choice", id="unknown-command"),
        pytest.param(["--nope"], "unrecognized arguments", id="unknown-option"),
    ],
)
def test_a_wrong_command_line_ends_with_status_4(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """The usage is shown, and the status is pytest's own for a usage error."""
    try:
        status: object = main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 4
    assert said in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    """Both are told on standard output, with status 0."""
    for option, said in (
        ("--version", f"deployspec {__version__}\n"),
        ("--help", "check deployment files alone"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([option])
        assert ended.value.code == 0
        assert said in capsys.readouterr().out


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whole, with the parts of all chapters, as an editor wants it."""
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert {"base_url", "health", "logs", "rules", "slos", "load"} <= set(schema["properties"])
    assert "$ref" not in json.dumps(schema)


def test_a_reader_that_has_gone_is_no_traceback() -> None:
    """``deployspec validate … | head -0`` ends quietly."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "deployspec.cli", "validate", "good"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=30,
    )
    os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


def test_validating_imports_neither_pytest_nor_http() -> None:
    """The command starts fast: it loads nothing that it does not use."""
    code = (
        "import sys; from deployspec.cli import main; status = main(['validate', 'good']);"
        "sys.exit(status or [name for name in ('pytest', 'httpcore', 'ssl', 'locust') if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_package_loads_no_parser() -> None:
    """A run that needs no deployment does not pay for YAML and JSON Schema."""
    code = (
        "import sys, deployspec.deployment;"
        "sys.exit([name for name in ('yaml', 'jsonschema_rs', 'hmac', 'difflib') if name in sys.modules] or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stderr) == (0, "")

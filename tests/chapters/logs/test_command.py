"""``deployspec logs``, run as a user does."""

from __future__ import annotations

import gzip
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.suite import ROOT

SCHEMA = json.loads((ROOT / "src/deployspec/schemas/log-report.schema.json").read_text(encoding="utf-8"))
GOOD = '{"timestamp":"2026-01-01T00:00:00.000Z","level":"INFO","logger":"a","message":"m"}\n'
COMMAND = [sys.executable, "-m", "deployspec.cli", "logs"]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command in a folder of its own."""

    def start(*options: str, given: str = "", environ: Mapping[str, str] | None = None) -> Any:
        return subprocess.run(
            [*COMMAND, *options],
            cwd=tmp_path,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **(environ or {})},
        )

    return start


def test_a_source_of_a_deployment_that_pushes(run: Run, tmp_path: Path) -> None:
    """The whole file is read as everywhere else, whatever stands beside its logs."""
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "shop.yaml").write_text(
        "base_url: http://there\n"
        "logs: [{name: api, files: [app.log]}]\n"
        "push: [{name: gateway, kind: pushgateway, url: 'http://gateway'}]\n"
    )
    (tmp_path / "deployments" / "app.log").write_text(GOOD)
    done = run("--deployment", "shop", "--source", "api")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_sound_log(run: Run, tmp_path: Path) -> None:
    """A sound log: status 0, its numbers, nothing on standard error."""
    (tmp_path / "app.log").write_text(GOOD * 3)
    done = run("app.log")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "app.log: MET\n"
        "  lines   3 read, 3 valid, 0 invalid (249 bytes)\n"
        "  levels  INFO 3\n"
        "  time    2026-01-01T00:00:00.000Z to 2026-01-01T00:00:00.000Z\n"
    )


def test_findings(run: Run, tmp_path: Path) -> None:
    """Reasons with count, first places and masked excerpts: status 1."""
    (tmp_path / "app.log").write_text(GOOD + "plain\n" * 9 + GOOD.replace('"m"', '"password=hunter2hunter2"'))
    done = run("app.log", "--first", "2")
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "app.log: BREACHED"
    assert (
        "\n9  json    $          the line is not JSON\n    app.log:2:1\n        plain\n    app.log:3:1\n"
        in done.stdout
    )
    assert "\n1  secret  $.message  a credential\n    app.log:11:89\n" in done.stdout
    assert "app.log:4:1" not in done.stdout
    assert "hunter2" not in done.stdout


def test_json(run: Run, tmp_path: Path) -> None:
    """The same as JSON, which fits its schema."""
    (tmp_path / "app.log").write_text(GOOD + "plain\n")
    done = run("app.log", "missing.log", "--output", "json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(document)
    assert (document["verdict"], document["lines"], document["invalid"]) == ("BREACHED", 2, 1)
    assert [one["file"] for one in document["troubles"]] == ["missing.log"]


def test_standard_input(run: Run) -> None:
    """``-`` is standard input, compressed or not."""
    assert run("-", given=GOOD).returncode == 0
    assert run("-", given="x\n").returncode == 1
    done = subprocess.run(
        [*COMMAND, "-"],
        input=gzip.compress(GOOD.encode()),
        capture_output=True,
        timeout=60,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0


@pytest.mark.parametrize("given", [["empty.log"], ["missing*.log"], ["folder"], ["-"]])
def test_nothing_read(run: Run, tmp_path: Path, given: list[str]) -> None:
    """What holds no line is UNMEASURED: status 1, never a pass."""
    (tmp_path / "empty.log").touch()
    (tmp_path / "folder").mkdir()
    done = run(*given)
    assert done.returncode == 1
    assert "UNMEASURED" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-", "app.log"], "expected one or the other"),
        (["--first", "-1", "app.log"], "expected a number from 0 to 1000"),
        (["--workers", "0", "app.log"], "expected a number from 1 to 64"),
        (["--schema", "missing.json", "app.log"], "missing.json cannot be read"),
        (["--schema", "app.log", "app.log"], "is not JSON"),
        (["--schema", "list.json", "app.log"], "holds no object"),
        (["--schema", "broken.json", "app.log"], "cannot be used"),
        (["--schema", "fetched.json", "app.log"], "cannot be used"),
        (["--allow", "(", "app.log"], "not a regular expression"),
        (
            ["--log-level", "LOUD", "app.log"],
            "--log-level: found LOUD, which is not in levels; expected DEBUG",
        ),
        (
            ["--errors-only", "--levels", "info", "app.log"],
            "--levels: found errors are compared, and none of the levels",
        ),
        (
            ["--levels", "3=ERROR,4=WARNING", "app.log"],
            "--levels: found ERROR before WARNING; expected levels in ascending order",
        ),
        (["--field", "time=ts", "app.log"], "--field time: expected one of timestamp, level"),
        (["--field", "timestamp", "app.log"], "expected NAME=VALUE"),
        (
            ["--format", "pinoo", "app.log"],
            "--format: found pinoo, which is not in the formats; expected docker, cri",
        ),
        (
            ["--format", "pino,docker", "app.log"],
            "before it, if a container runtime writes the log, docker or cri",
        ),
        (["--format", "text", "app.log"], "expected a pattern with named groups"),
        (["--pattern", "x", "app.log"], "--pattern: found a pattern without named groups"),
        (["--time-format", "%Q", "app.log"], "--time-format: found %Q: 'Q' is a bad directive"),
        (["--time-zone", "Mars/X", "app.log"], "--time-zone: found Mars/X; expected UTC, an offset"),
        (["--field", "logger=null", "--request-scoped", "a", "app.log"], "or request_scoped: true"),
        (["--source", "api", "app.log"], "expected a file, or --deployment NAME --source NAME"),
        (["--deployment", "shop"], "found no deployment shop"),
        (["--deployment", "shop", "app.log"], "found a FILE beside --deployment"),
        (["--deployment", "shop", "--format", "pino"], "found --format beside --deployment"),
        (["--timeout", "1s", "app.log"], "--timeout: only for 'command:…'"),
        (["--timeout", "soon", "command:true"], "found soon, which is not a duration; expected"),
        (["--prefix", "(", "command:true"], "not a regular expression"),
        ([], "FILE"),
    ],
)
def test_wrong_command_line(run: Run, tmp_path: Path, options: list[str], said: str) -> None:
    """A wrong command line: status 4 and one clear line."""
    (tmp_path / "app.log").write_text("x\n" + GOOD)
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "broken.json").write_text('{"type": "text"}')
    (tmp_path / "fetched.json").write_text('{"$ref": "https://example.com/record.json"}')
    done = run(*options)
    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_options(run: Run, tmp_path: Path) -> None:
    """A schema of one's own, a log level, an allow-list, and no search for secrets."""
    (tmp_path / "own.json").write_text('{"required": ["severity"]}')
    (tmp_path / "app.log").write_text(GOOD.replace('"m"', '"mail to anna.smith@shop.example.com"'))
    assert run("app.log").returncode == 1
    assert run("app.log", "--no-secrets").returncode == 0
    assert run("app.log", "--allow", r".*@shop\.example\.com").returncode == 0
    assert "below-log-level" in run("app.log", "--no-secrets", "--log-level", "ERROR").stdout
    assert "severity is missing" in run("app.log", "--no-secrets", "--schema", "own.json").stdout


def test_output_without_unicode(run: Run, tmp_path: Path) -> None:
    """A terminal that knows ASCII only gets escapes, and no traceback."""
    (tmp_path / "app.log").write_text("ü" * 300 + "\n", encoding="utf-8")
    done = run("app.log", environ={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert done.returncode == 1
    assert done.stderr == ""


@pytest.mark.parametrize(("options", "status"), [([], 1), (["--errors-only"], 0)])
def test_an_error_log_may_be_empty(run: Run, tmp_path: Path, options: list[str], status: int) -> None:
    """As the checks have it: no line of an error log is no error; of another log, it is nothing measured."""
    (tmp_path / "errors.log").touch()
    assert run(*options, "errors.log").returncode == status
    assert run(*options, "no-such.log").returncode == 1


def test_many_bad_lines_are_a_short_report(run: Run, tmp_path: Path) -> None:
    """The report on many bad lines is as short as that on one."""
    (tmp_path / "app.log").write_text("".join(f"{number} is not a record\n" for number in range(50_000)))
    done = run("app.log")
    assert "50,000  json" in done.stdout
    assert len(done.stdout.splitlines()) < 20


def test_closed_pipe(tmp_path: Path) -> None:
    """Who reads our output may stop reading."""
    (tmp_path / "app.log").write_text("x\n")
    with subprocess.Popen(
        [*COMMAND, "app.log"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        said = process.stderr.read()
    assert said == b""


def test_progress_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal a long input has a bar with bytes and lines; Ctrl-C ends it with 130, and without a traceback."""
    screen, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    read, write = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "-", "--workers", "1"],
        cwd=tmp_path,
        stdin=read,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    os.close(read)
    os.set_blocking(write, False)
    shown, until, lines = b"", time.monotonic() + 60, GOOD.encode() * 4
    while b"lines/s" not in shown and time.monotonic() < until:
        _, writable, _ = select.select([], [write], [], 0.05)
        if writable:
            os.write(write, lines)
        if select.select([screen], [], [], 0)[0]:
            shown += os.read(screen, 65536)
    assert b"lines/s" in shown
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    while select.select([screen], [], [], 0.2)[0]:
        try:
            shown += os.read(screen, 65536)
        except OSError:
            break
    os.close(write)
    os.close(screen)
    assert b"Traceback" not in shown

"""amtool: found, asked, and told apart from one that is missing, hangs, is killed or is something else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deployspec.base.errors import ToolError
from deployspec.languages.alertmanager.routing import judge_config, judge_route, read_routing
from deployspec.model.verdict import Outcome
from deployspec.tools.amtool import Amtool, find

CONFIG = """\
route:
  receiver: mail
  routes:
    - {receiver: pager, matchers: [severity="critical"], continue: true}
    - {receiver: chat, matchers: [severity="critical"]}
    - {receiver: odd, match: {odd: 'say "hi", \\ a=b'}}
receivers: [{name: mail}, {name: pager}, {name: chat}, {name: odd}]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that amtool accepts."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(CONFIG)
    return path


def fake(folder: Path, body: str) -> Path:
    """A program named amtool that answers --version as amtool does and runs ``body`` (shell) otherwise."""
    path = folder / "amtool"
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "amtool, version 0.0.1 (x)"; exit; fi\n{body}\n'
    )
    path.chmod(0o755)
    return path


def test_found_on_path():
    """The one on PATH, with its version; it is the default."""
    amtool = find(os.environ)
    assert Path(amtool.path).is_absolute()
    assert amtool.version[0].isdigit()


def test_the_variable_wins(tmp_path):
    """AMTOOL names a path, or a name on PATH."""
    path = fake(tmp_path, "")
    assert find({"AMTOOL": str(path), "PATH": os.environ["PATH"]}) == Amtool(str(path), "0.0.1")
    path.rename(tmp_path / "amtool-next")
    assert find({"AMTOOL": "amtool-next", "PATH": str(tmp_path)}).path == str(tmp_path / "amtool-next")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param({"PATH": "/nowhere"}, "amtool is not on PATH: install it (Debian: apt-get", id="not-on-path"),
        pytest.param({"PATH": "/nowhere", "AMTOOL": "/no/amtool"}, "AMTOOL names /no/amtool, which is not a program",
                     id="no-such-file"),
        pytest.param({"PATH": "/nowhere", "AMTOOL": "/etc/passwd"}, "which is not a program", id="not-executable"),
        pytest.param({"AMTOOL": "/bin/false"}, "/bin/false --version does not behave like amtool (status 1: ",
                     id="status"),
        pytest.param({"AMTOOL": "/bin/echo"}, "does not behave like amtool (status 0: ", id="another-program"),
    ],
)  # fmt: skip
def test_not_found(environ, said):
    """One clear text, with what to do."""
    with pytest.raises(ToolError) as raised:
        find(environ)
    assert said in str(raised.value)
    assert "or name it in the variable AMTOOL" in str(raised.value)


def test_one_that_hangs_is_not_found(tmp_path):
    """An amtool that never answers is told, within the time limit."""
    path = tmp_path / "amtool"
    path.write_text("#!/bin/sh\nsleep 60\n")
    path.chmod(0o755)
    with pytest.raises(ToolError, match=r"\(status None: ended after its time limit of 0\.5 s\)"):
        find({"AMTOOL": str(path), "PATH": os.environ["PATH"]}, timeout=0.5)


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        ({"severity": "critical"}, "pager,chat"),
        ({"severity": "warning", "x": ""}, "mail"),
        ({"odd": 'say "hi", \\ a=b'}, "odd"),
        ({"odd": "a\nb"}, "mail"),
        ({}, "mail"),
    ],
    ids=str,
)
def test_routes(config, labels, receivers):
    """The real amtool's answer; labels reach it as they are, quotes and line breaks included."""
    run = find(os.environ).routes_test(str(config), labels, ["whatever"])
    assert (run.exit_status, run.output) == (0, f"{receivers}\n")


def test_the_line_that_reproduces(config, monkeypatch):
    """It is amtool's own test of the expectation: it passes where the order is the tree's, and fails otherwise."""
    monkeypatch.chdir(config.parent)
    amtool = find(os.environ)
    run = amtool.routes_test(config.name, {"severity": "critical"}, ["pager", "chat"])
    assert run.reproduce == (
        "amtool config routes test --config.file=alertmanager.yml --verify.receivers=pager,chat 'severity=\"critical\"'"
    )
    assert (
        subprocess.run(["sh", "-c", run.reproduce], capture_output=True, timeout=60, check=False).returncode
        == 0
    )
    wrong = amtool.routes_test(config.name, {"severity": "critical"}, ["mail"]).reproduce
    assert subprocess.run(["sh", "-c", wrong], capture_output=True, timeout=60, check=False).returncode == 1


def test_verdicts_of_real_rows(config):
    """Rows of a table, judged by what amtool says."""
    table = read_routing(
        "- {id: a, labels: {severity: critical}, receivers: [chat, pager]}\n"
        "- {id: b, labels: {severity: critical}, receivers: [pager]}\n",
        "routing.yml",
    )
    amtool = find(os.environ)
    verdicts = [
        judge_route(row, amtool.routes_test(str(config), row.labels, row.receivers)) for row in table.rows
    ]
    assert [verdict.outcome for verdict in verdicts] == [Outcome.MET, Outcome.BREACHED]
    assert verdicts[1].reason == "the alert reaches pager and chat; expected pager"


@pytest.mark.parametrize("name", ["alertmanager.yml", "@odd.yml", "-odd.yml"])
def test_an_accepted_configuration(tmp_path, monkeypatch, name):
    """MET, whatever the file is called; the line that reproduces it is accepted by amtool as well."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(CONFIG)
    run = find(os.environ).check_config(name)
    assert judge_config(run).outcome is Outcome.MET
    assert (
        subprocess.run(["sh", "-c", run.reproduce], capture_output=True, timeout=60, check=False).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(CONFIG.replace("receivers:", "receiver:"), "field receiver not found", id="unknown-field"),
        pytest.param(CONFIG.replace("receiver: chat", "receiver: chta"), 'undefined receiver "chta" used in route', id="receiver"),
        pytest.param("route: [", "did not find expected node content", id="broken"),
        pytest.param("", "no route provided", id="empty"),
    ],
)  # fmt: skip
def test_a_refused_configuration(config, text, said):
    """BREACHED with amtool's own words, for the file and for each row of a table."""
    config.write_text(text)
    amtool = find(os.environ)
    verdict = judge_config(amtool.check_config(str(config)))
    assert verdict.outcome is Outcome.BREACHED
    assert said in verdict.reason
    (row,) = read_routing("- {id: a, labels: {a: b}, receivers: [c]}", "routing.yml").rows
    of_row = judge_route(row, amtool.routes_test(str(config), row.labels, row.receivers))
    assert of_row.outcome is Outcome.BREACHED
    assert said in of_row.reason


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param("kill -9 $$", "amtool was killed by signal 9", id="killed"),
        pytest.param("exit 7", "amtool ended with status 7: nothing", id="status"),
        pytest.param("echo mail; echo more", "printed something unexpected: mail more", id="garbage"),
        pytest.param(":", "printed something unexpected: nothing", id="silent"),
        pytest.param("exec yes", "amtool did not answer: ended after it had printed 16 MiB", id="endless"),
        pytest.param("sleep 60", "amtool did not answer: ended after its time limit of 1 s", id="hangs"),
    ],
)  # fmt: skip
def test_one_that_does_not_work(tmp_path, config, body, said):
    """UNMEASURED, in bounded time and memory."""
    amtool = Amtool(str(fake(tmp_path, body)), "0", timeout=1 if body.startswith("sleep") else 60)
    (row,) = read_routing("- {id: a, labels: {a: b}, receivers: [mail]}", "routing.yml").rows
    run = amtool.routes_test(str(config), row.labels, row.receivers)
    assert len(run.output) <= 64 * 1024
    verdict = judge_route(row, run)
    assert verdict.outcome is Outcome.UNMEASURED
    assert said in verdict.reason


def test_time_limit_ends_all_that_was_started(tmp_path, config):
    """A wrapper's children are gone with it, though they keep its output open."""
    pid_file = tmp_path / "pid"
    path = fake(tmp_path, f"sleep 60 & echo $! > {pid_file}; wait")
    began = time.monotonic()
    Amtool(str(path), "0", timeout=1).check_config(str(config))
    assert time.monotonic() - began < 20
    child = int(pid_file.read_text())
    deadline = time.monotonic() + 10
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_one_that_vanished(config):
    """A program that is gone by now, and a label that no program can be given, are told and not raised."""
    run = Amtool("/no/such/amtool", "0").check_config(str(config))
    assert (run.exit_status, run.errors) == (None, "/no/such/amtool: No such file or directory")
    nul = Amtool(sys.executable, "0").routes_test(str(config), {"a": "\x00"}, [])
    assert nul.exit_status is None
    assert "null byte" in nul.errors

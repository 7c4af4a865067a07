"""Finding promtool: which one, what it can do, and a clear text where there is none that works."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import Path

import psutil
import pytest

from deployspec.base.errors import ToolError
from deployspec.tools.promtool import find
from tests.tools.promtool.fakes import program

ANSWERING = """#!/bin/sh
if [ "$1" = --version ]; then echo 'promtool, version 9.9.9-rc.1+x (branch: b)'; exit 0; fi
echo 'usage: promtool test rules [<flags>] <test-rule-file>...'
echo 'Flags:'
echo '      --{option}=X ...          An option.'
"""


def test_promtool_on_path() -> None:
    """The real promtool is found on PATH, with its version, and is called by its name."""
    found = find({"PATH": os.environ["PATH"]})
    assert found.path == shutil.which("promtool")
    assert re.match(r"\d+\.\d+\.\d+", found.version)
    assert found.command == "promtool"
    assert found.features <= {"run", "junit"}


def test_variable_comes_first(tmp_path: Path) -> None:
    """PROMTOOL names another one, by its path; a person is told to call it by that path."""
    other = program(tmp_path / "a b", ANSWERING)
    found = find({"PATH": os.environ["PATH"], "PROMTOOL": str(other)})
    assert (found.path, found.version, found.command) == (str(other), "9.9.9-rc.1+x", f"'{other}'")


def test_variable_may_be_a_name(tmp_path: Path) -> None:
    """PROMTOOL may be a name to look for on PATH."""
    other = program(tmp_path, ANSWERING, "promtool-9")
    assert find({"PATH": f"{tmp_path}:{os.environ['PATH']}", "PROMTOOL": "promtool-9"}).path == str(other)


def test_empty_variable_is_none(tmp_path: Path) -> None:
    """An empty PROMTOOL is as good as none."""
    other = program(tmp_path, ANSWERING)
    assert find({"PATH": f"{tmp_path}:{os.environ['PATH']}", "PROMTOOL": ""}).path == str(other)


@pytest.mark.parametrize(("option", "features"), [("run", {"run"}), ("junit", {"junit"}), ("running", set())])
def test_features_are_asked(tmp_path: Path, option: str, features: set[str]) -> None:
    """What it can do is what its help lists, whatever its version; a longer word is another option."""
    other = program(tmp_path, ANSWERING.replace("{option}", option))
    found = find({"PATH": os.environ["PATH"], "PROMTOOL": str(other)})
    assert found.features == features
    assert found.has_default_interval is (option == "run")


def test_asked_once(tmp_path: Path) -> None:
    """The second question is answered from memory."""
    environ = {"PATH": os.environ["PATH"], "PROMTOOL": str(program(tmp_path, ANSWERING))}
    first = find(environ)
    Path(environ["PROMTOOL"]).unlink()
    assert find(environ) is first


def test_missing_says_how_to_install(tmp_path: Path) -> None:
    """Without promtool the text says so, and how to get it on Debian and macOS."""
    with pytest.raises(ToolError, match="promtool is not on PATH") as error:
        find({"PATH": str(tmp_path)})
    assert "apt-get install prometheus" in str(error.value)
    assert "brew install prometheus" in str(error.value)
    assert "PROMTOOL" in str(error.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A PROMTOOL that is not there is named; the one on PATH does not silently take its place."""
    with pytest.raises(ToolError, match=rf"PROMTOOL={re.escape(str(tmp_path))}/no is not there"):
        find({"PATH": os.environ["PATH"], "PROMTOOL": f"{tmp_path}/no"})


def test_not_executable(tmp_path: Path) -> None:
    """A file without the right to be run is told from a missing one."""
    path = tmp_path / "promtool"
    path.write_text(ANSWERING)
    with pytest.raises(ToolError, match="is not executable"):
        find({"PATH": os.environ["PATH"], "PROMTOOL": str(path)})


def test_no_program_at_all(tmp_path: Path) -> None:
    """An executable file that the system cannot run is told with the system's reason."""
    path = program(tmp_path, "\x7fELF nonsense")
    with pytest.raises(ToolError, match="cannot be run: Exec format error"):
        find({"PATH": os.environ["PATH"], "PROMTOOL": str(path)})


def test_another_program(tmp_path: Path) -> None:
    """A program that answers something else is not promtool, and its answer is shown on one line."""
    path = program(tmp_path, "#!/bin/sh\necho hello\necho '\033[31mred'\n")
    with pytest.raises(ToolError, match=r'is not promtool: .* "hello\\n\\x1b\[31mred"'):
        find({"PATH": os.environ["PATH"], "PROMTOOL": str(path)})


def test_hanging_promtool_is_ended(tmp_path: Path) -> None:
    """A promtool that does not answer is ended with all it started, at the time limit."""
    path = program(tmp_path, f"#!/bin/sh\nsleep 60 &\necho $! >> {tmp_path}/pids\nwait\n")
    began = time.monotonic()
    with pytest.raises(ToolError, match="did not report its version within 1 s"):
        find({"PATH": os.environ["PATH"], "PROMTOOL": str(path)}, timeout=1)
    assert time.monotonic() - began < 20
    gone = [
        psutil.Process(int(pid))
        for pid in (tmp_path / "pids").read_text().split()
        if psutil.pid_exists(int(pid))
    ]
    psutil.wait_procs([one for one in gone if one.status() != psutil.STATUS_ZOMBIE], timeout=10)
    assert [one for one in gone if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []

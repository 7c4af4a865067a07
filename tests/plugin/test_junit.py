"""JUnit's file as a run leaves it: it says the same as the record and the exit status."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from deployspec.outputs.junit import counts
from tests.plugin.conftest import Project

ALL = """
def test_kept(deployment, judge): judge(met("fine"))
def test_broken(deployment, judge): judge(breached("took 3 s \x1b[31m", measured="3 s", limit="at most 2 s"))
def test_unknown(deployment, judge):
    print("said")
    judge(unmeasured("no answer"))
def test_defect(deployment, judge): {}["missing"]
def test_silent(deployment, judge): pass
def test_parts(deployment, subtests):
    for number in range(3):
        with subtests.test(number=number):
            assert number != 1
@pytest.fixture
def bad():
    yield
    raise OSError("disk")
def test_twice(deployment, bad, judge): judge(breached("no"))
"""
OTHER = "def test_other(): pass\ndef test_wrong(): assert 0\n"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
KINDS = {"failure": "BREACHED", "error": "UNMEASURED", "": "MET"}


def suite_in(path: Path) -> ET.Element:
    """The one suite of a file, whose counts are right."""
    (suite,) = ET.parse(path).getroot()  # noqa: S314
    assert {name: int(suite.get(name, "")) for name in counts(suite)} == counts(suite)
    return suite


@WORKERS
def test_record_junit_and_exit_status_agree(
    project: Project, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """One case for each check, with the record's verdict; other tests beside them; every count is that of its cases."""
    path = tmp_path / "junit.xml"
    path.touch(0o640)
    path.chmod(0o640)
    tests = ("tests/test_other.py", f"--junitxml={path}", "-m", "health or other")
    more = {"tests/test_other.py": "import pytest\npytestmark = pytest.mark.other\n" + OTHER}
    ran = project(
        ALL, *tests, *workers, "-o", "markers=other: no check.", "-o", "junit_logging=system-out", more=more
    )
    assert ran.status == 1
    suite, record = suite_in(path), json.loads((tmp_path / "record.json").read_text())
    cases = {}
    for case in suite.findall("testcase"):
        tag = next((node.tag for node in case if node.tag in KINDS), "")
        properties = {node.get("name"): node.get("value") for node in case.iter("property")}
        if properties:
            assert properties["verdict"] == KINDS[tag]
            cases[properties["id"]] = (KINDS[tag], properties["reason"])
    assert cases == {
        check["id"]: (check["verdict"], check["reason"].replace("\x1b", "\\x1b"))
        for check in record["checks"]
    }
    assert counts(suite) == {"tests": 9, "errors": 3, "failures": 4, "skipped": 0}
    kinds = {case.get("name"): node.get("type") for case in suite for node in case if node.get("type")}
    assert kinds == {
        "test_broken": "deployspec.Breached",
        "test_parts": "deployspec.Breached",
        "test_twice": "deployspec.Breached",
        "test_unknown": "deployspec.Unmeasured",
        "test_defect": "deployspec.Defect",
        "test_silent": "deployspec.Defect",
    }
    assert [node.text for node in suite.iter("system-out") if "said" in (node.text or "")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert not list(tmp_path.glob("*.draft"))


@WORKERS
def test_a_green_run_has_no_failure(project: Project, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """And one whose marker selected nothing has an error, as its exit status is 1."""
    path, body = tmp_path / "junit.xml", "def test_kept(deployment, judge): judge(met('fine'))"
    assert project(body, f"--junitxml={path}", *workers).status == 0
    assert counts(suite_in(path)) == {"tests": 1, "errors": 0, "failures": 0, "skipped": 0}
    assert project(body, f"--junitxml={path}", *workers, chapter="health or slo").status == 1
    assert counts(suite_in(path)) == {"tests": 2, "errors": 1, "failures": 0, "skipped": 0}


def test_a_worker_that_dies_is_an_error(project: Project, tmp_path: Path) -> None:
    """Of the suite's own, by the check that it was running."""
    path = tmp_path / "junit.xml"
    body = "import os\ndef test_dies(deployment, judge): os._exit(3)\ndef test_kept(deployment, judge): judge(met('fine'))\n"
    assert project(body, f"--junitxml={path}", "-n", "1", "--max-worker-restart=0").status == 1
    suite = suite_in(path)
    assert next(case.get("name") for case in suite.findall("testcase")) == "test_dies"
    kinds = {case.get("name"): error.get("type") for case in suite for error in case.iter("error")}
    assert kinds == {
        "test_dies": "deployspec.Defect",
        "test_kept": "deployspec.NotRun",
        "run": "deployspec.Run",
    }


def test_other_runs_are_left_alone(project: Project, tmp_path: Path) -> None:
    """Where no check is meant, the file is pytest's."""
    path = tmp_path / "junit.xml"
    more = {"tests/test_other.py": OTHER}
    project(
        "",
        "tests/test_other.py",
        f"--junitxml={path}",
        "-m",
        "",
        "--ignore=checks",
        deployment=None,
        more=more,
    )
    assert [case.get("name") for case in suite_in(path).findall("testcase")] == ["test_other", "test_wrong"]


def test_a_device_is_not_replaced(project: Project, tmp_path: Path) -> None:
    """Nor is a link: what it leads to is."""
    link, path = tmp_path / "link.xml", tmp_path / "junit.xml"
    link.symlink_to(path)
    project(ALL, f"--junitxml={link}")
    assert link.is_symlink()
    assert counts(suite_in(path))["tests"] == 7
    assert project(ALL, "--junitxml=/dev/null").status == 1
    assert Path("/dev/null").is_char_device()

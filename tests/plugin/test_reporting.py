"""What a run writes for others: summaries, annotations, reports on code quality."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from deployspec.outputs.markdown import ROOM
from tests.github import obeyed
from tests.plugin.conftest import Project

NASTY = """
import sys
def test_kept(deployment, judge): judge(met("fine"))
def test_broken(deployment, judge):
    for text in ("::error::no", "  ::add-mask::e", "said ##[error]no", "::stop-commands::x"):
        print(text)
        print(text, file=sys.stderr)
    judge(breached("::error::took 3 s", measured="::error::3 s"), reproduce="::error::curl")
"""
KEPT = "def test_kept(deployment, judge): judge(met('fine'))"
WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
ACTIONS = {"GITHUB_ACTIONS": "true"}
FAULTY = {
    "deployments/local.yaml": "base_url: http://127.0.0.1:9\ngate: ['##[error]helth']\n",
    ".git/HEAD": "",
}


@WORKERS
def test_nothing_that_is_printed_is_a_command(project: Project, workers: tuple[str, ...]) -> None:
    """Only our annotations are, whatever a deployment or a check says; and what comes after the run is obeyed again."""
    ran = project(NASTY, "-v", "-rA", *workers, environ=ACTIONS)
    assert ran.status == 1
    assert obeyed(ran.output + "::notice::after\n") == [
        ("error", {"title": "health.broken (local)"}, "::error::took 3 s"),
        ("notice", {}, "after"),
    ]
    assert len(obeyed(ran.output.replace("::stop-commands::", ""))) > 5, "the test has teeth"


@pytest.mark.parametrize(
    ("options", "environ", "count"),
    [
        pytest.param((), {}, 0, id="elsewhere"),
        pytest.param(("--annotations=github",), {}, 1, id="asked-for"),
        pytest.param(("--annotations=none",), ACTIONS, 0, id="not-wanted"),
        pytest.param(("--collect-only",), ACTIONS, 0, id="a-list"),
    ],
)
def test_annotations_where_they_are_read(
    project: Project, options: tuple[str, ...], environ: dict[str, str], count: int
) -> None:
    """By themselves on GitHub alone; where they are not wanted there, a deployment's text is still no command."""
    output = project(NASTY, *options, environ=environ).output
    assert ("::stop-commands::" in output.partition("\n")[0]) == bool(
        count or "--annotations=none" in options
    )
    if count or environ:
        assert len(obeyed(output)) == count


@WORKERS
def test_a_faulty_deployment_file_is_shown_at_its_line(
    project: Project, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """In annotations, in GitLab's report and in both summaries."""
    step = tmp_path / "step.md"
    options = ("--code-quality=quality.json", "--summary-file=out/summary.md")
    environ = {**ACTIONS, "GITHUB_STEP_SUMMARY": str(step)}
    ran = project(KEPT, *options, *workers, environ=environ, more=FAULTY)
    assert ran.status == 4
    ((command, properties, message),) = obeyed(ran.output)
    assert (command, message.partition(";")[0]) == ("error", "found ##[error]helth, which is no chapter")
    place = {"file": "deployments/local.yaml", "line": "2", "col": "8"}
    assert properties == {"title": "run (local)", **place}
    (issue,) = json.loads((tmp_path / "quality.json").read_text())
    assert issue["location"] == {"path": "deployments/local.yaml", "lines": {"begin": 2}}
    assert "found ##[error]helth, which is no chapter" in step.read_text()
    assert (tmp_path / "out" / "summary.md").read_text() == step.read_text()


@WORKERS
def test_a_faulty_file_of_accepted_breaches_is_shown_at_its_lines(
    project: Project, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """Each of its problems; and no file of an older run is left, which was green."""
    (tmp_path / "junit.xml").write_text(
        "<testsuites><testsuite><testcase name='old'/></testsuite></testsuites>"
    )
    options = ("--code-quality=quality.json", "--summary-file=summary.md", "--junitxml=junit.xml")
    more = {"accepted.yaml": "accepted:\n- {chek: a}\n- {check: 1}\n", ".git/HEAD": ""}
    ran = project(KEPT, *options, *workers, environ=ACTIONS, more=more)
    assert ran.status == 4
    places = [(properties["file"], properties["line"]) for _, properties, _ in obeyed(ran.output)]
    assert set(places) == {("accepted.yaml", "2"), ("accepted.yaml", "3")}
    found = json.loads((tmp_path / "quality.json").read_text())
    assert [(one["location"]["path"], str(one["location"]["lines"]["begin"])) for one in found] == places
    assert "- `accepted.yaml:2:4: found the unknown key chek; " in (tmp_path / "summary.md").read_text()
    (case,) = ElementTree.parse(tmp_path / "junit.xml").iter("testcase")  # noqa: S314 - our own
    assert case.get("name") == "run"


def test_an_output_that_has_no_place_for_a_character(project: Project) -> None:
    """It is escaped, and the annotation is still one."""
    body = "def test_broken(deployment, judge): judge(breached('caf\u00e9'))"
    ran = project(body, environ={**ACTIONS, "PYTHONIOENCODING": "ascii"})
    assert (ran.status, obeyed(ran.output)[0][2]) == (1, r"caf\xe9")
    assert "Traceback" not in ran.output


@WORKERS
def test_summaries(project: Project, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """A file is replaced as a whole; to GitHub's, which other commands have written to, it is appended."""
    step, path = tmp_path / "step.md", tmp_path / "summary.md"
    step.write_text("of others")
    path.write_text("of an older run")
    environ = {"GITHUB_STEP_SUMMARY": str(step)}
    ran = project(NASTY, f"--summary-file={path}", *workers, environ=environ)
    assert ran.status == 1
    assert path.read_text().startswith(
        "## deployspec: BREACHED\n\n`local` (`http://127.0.0.1:9`): 1 BREACHED, 1 MET"
    )
    assert "```sh\n::error::curl\n```" in path.read_text()
    assert step.read_text() == "of others\n\n" + path.read_text()


def test_the_room_is_shared_with_others(project: Project, tmp_path: Path) -> None:
    """GitHub drops all of it where there is too much; where there is no room left, nothing is written, and that is said."""
    step = tmp_path / "step.md"
    step.write_text("x" * (ROOM - 2500))
    environ = {"GITHUB_STEP_SUMMARY": str(step)}
    many = "\n".join(
        f"def test_{n}(deployment, judge): judge(met('fine', measured='m' * 200))" for n in range(9)
    )
    assert project(many, environ=environ).status == 0
    assert ROOM - 2500 < step.stat().st_size <= ROOM
    assert "Left out: " in step.read_text()
    step.write_text("x" * (ROOM - 100))
    ran = project(KEPT, environ=environ)
    assert (ran.status, step.stat().st_size) == (0, ROOM - 100)
    assert "$GITHUB_STEP_SUMMARY: found 1048476 bytes in it already" in ran.output


@pytest.mark.parametrize("option", ["--summary-file", "--code-quality"])
def test_what_cannot_be_written_fails_the_run(project: Project, tmp_path: Path, option: str) -> None:
    """It is said, and what was measured is still told; a folder is refused at once."""
    (tmp_path / "file").touch()
    ran = project(KEPT, f"{option}=file/x")
    assert ran.status == 1
    assert f"{option}: " in ran.output
    assert "1 MET" in ran.output
    assert "INTERNALERROR" not in ran.output
    ran = project(KEPT, f"{option}=checks")
    assert ran.status == 4
    assert f"{option} checks: found a folder; expected the name of a file" in ran.output


def test_a_run_of_other_tests_writes_nothing(project: Project, tmp_path: Path) -> None:
    """It is none of checks, so it is none of ours to tell, even where it cannot begin."""
    more = {"tests/test_other.py": "def test_other(): print('\\n::error::mine')\n"}
    step = tmp_path / "step.md"
    environ = {**ACTIONS, "GITHUB_STEP_SUMMARY": str(step)}
    options = ("-m", "", "--ignore=checks", "-s", "--summary-file=summary.md")
    ran = project("", "tests/test_other.py", *options, deployment=None, environ=environ, more=more)
    assert obeyed(ran.output) == [("error", {}, "mine")]
    project("", "tests/none.py", *options, deployment=None, environ=environ, more=more)
    assert not step.exists()
    assert not (tmp_path / "summary.md").exists()


OTHERWISE = {
    "a-test": {"tests/test_other.py": "def test_other(): assert 0\n"},
    "a-plugin": {
        "conftest.py": "import pytest\n@pytest.hookimpl(wrapper=True)\n"
        "def pytest_runtestloop(session):\n    done = yield\n    session.testsfailed = 1\n    return done\n"
    },
}


@pytest.mark.parametrize("more", OTHERWISE.values(), ids=OTHERWISE.keys())
@WORKERS
def test_nothing_is_green_in_a_run_that_is_not(
    project: Project, tmp_path: Path, workers: tuple[str, ...], more: dict[str, str]
) -> None:
    """Whatever made it fail: summary, JUnit, GitLab's report and the record say so, as the exit status does."""
    options = ("--code-quality=quality.json", "--summary-file=summary.md", "--junitxml=junit.xml")
    where = ("tests",) if "tests/test_other.py" in more else ()
    ran = project(KEPT, *where, "-m", "", *options, *workers, more=more)
    assert (ran.status, ran.verdict("test_kept")) == (1, "MET")
    why = "no check fails, but pytest ended with status 1"
    assert ran.record is not None
    (problem,) = ran.record["problems"]
    assert problem.startswith(why)
    assert why in ran.output
    assert (tmp_path / "summary.md").read_text().startswith("## deployspec: UNMEASURED")
    assert why in (tmp_path / "quality.json").read_text()
    messages = [node.get("message") for node in ElementTree.parse(tmp_path / "junit.xml").iter("error")]  # noqa: S314
    assert messages == [problem]


def test_a_record_that_cannot_be_written_is_told_everywhere(project: Project, tmp_path: Path) -> None:
    """The run ends with 1, so nothing that it writes is green."""
    (tmp_path / "file").touch()
    ran = project(KEPT, "--record=file/record.json", "--summary-file=summary.md", "--junitxml=junit.xml")
    assert ran.status == 1
    assert (tmp_path / "summary.md").read_text().startswith("## deployspec: UNMEASURED")
    (error,) = ElementTree.parse(tmp_path / "junit.xml").iter("error")  # noqa: S314 - our own
    assert (error.get("message") or "").startswith("the run record could not be written: ")


@WORKERS
def test_nothing_that_a_deployment_sends_is_obeyed_by_a_terminal(
    project: Project, workers: tuple[str, ...]
) -> None:
    """Its text is shown escaped, also what a check of one's own passes on as it came."""
    nasty = "\\x1b]0;title\\x07\\x1b[2J"
    body = f"""
    def test_judged(deployment, judge):
        judge(breached("{nasty}", measured="{nasty}", limit="{nasty}"), reproduce="curl {nasty}")
    def test_asserted(deployment):
        assert "{nasty}" == "fine", "said {nasty}"
    """
    ran = project(body, "-rA", *workers)
    assert ran.status == 1
    assert nasty in ran.output
    assert "\x1b" not in ran.output
    assert "\x07" not in ran.output


def test_a_deployment_that_is_none_is_told_with_workers_too(project: Project, tmp_path: Path) -> None:
    """Whichever chapter asks for it first."""
    options = ("-m", "", "-n", "1", "--summary-file=summary.md", "--junitxml=junit.xml")
    ran = project(KEPT, *options, deployment="nope", environ=ACTIONS)
    assert ran.status == 4
    assert "found no deployment nope" in obeyed(ran.output)[0][2]
    assert "found no deployment nope" in (tmp_path / "summary.md").read_text()
    assert "found no deployment nope" in (tmp_path / "junit.xml").read_text()


def test_a_report_into_a_pipe(project: Project) -> None:
    """As into a device: it is not replaced."""
    ran = project(NASTY, "--code-quality=/dev/stdout")
    assert ran.status == 1
    assert '"check_name": "health.broken"' in ran.output

"""The folder of results for Allure, as runs leave it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import Project
from tests.plugin.test_leftovers import WORKERS, killed

BODY = """
@pytest.mark.parametrize("part", [object(), object()], ids=["db", "cache"])
def test_part(deployment, judge, part): judge(met("fine", measured="1 s"), reproduce="curl http://h/")
def test_broken(deployment, judge):
    '''It is not broken.

    Source: the guide, "Health Checks".
    Limit: none.
    '''
    judge(breached("took 3 s", limit="at most 2 s"))
def test_unknown(deployment, judge): judge(unmeasured("nobody answers"))
"""
NODES = {"health.part[db]", "health.part[cache]", "health.broken", "health.unknown"}
DEATH = "\ndef test_dies(deployment):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """By name, the results in a folder."""
    read = [json.loads(path.read_text()) for path in folder.glob("*-result.json")]
    assert len({result["name"] for result in read}) == len(read)
    return {result["name"]: result for result in read}


def labels(result: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in result["labels"]}


def identity(result: dict[str, Any]) -> tuple[str, str, list[str]]:
    """What Allure 3, and older ones, know a check by."""
    counted = [one["name"] for one in result.get("parameters", ()) if not one.get("excluded")]
    return result["testCaseId"], result["historyId"], counted


def test_a_history_holds(project: Project, tmp_path: Path) -> None:
    """A check has one name by workers, after a rename, on another port; another in another deployment."""
    project(BODY, "--alluredir", str(tmp_path / "plain"))
    project(BODY, "-n", "2", "--alluredir", str(tmp_path / "workers"))
    moved = "import pytest\npytestmark = pytest.mark.health\n"
    project(
        BODY.replace("def test_part", "def test_section"),
        "--alluredir", str(tmp_path / "unlike"),
    )  # fmt: skip
    (tmp_path / "checks/test_promises.py").rename(tmp_path / "checks/test_renamed.py")
    port = {"deployments/local.yaml": "base_url: http://127.0.0.1:10\nhealth: {}\n"}
    renamed = (tmp_path / "checks/test_renamed.py").read_text().replace("test_section", "test_part")
    project("", "--alluredir", str(tmp_path / "renamed"), more={**port, "checks/test_renamed.py": renamed, "checks/test_promises.py": moved})  # fmt: skip
    project("", "--alluredir", str(tmp_path / "other"), deployment="other", more={"deployments/other.yaml": port["deployments/local.yaml"]})  # fmt: skip
    plain, workers, other = (results(tmp_path / name) for name in ("plain", "workers", "other"))
    known = {name: identity(result) for name, result in plain.items()}
    assert set(known) == NODES
    for again in (workers, results(tmp_path / "renamed")):
        assert {name: identity(result) for name, result in again.items()} == known
    assert all(counted == [] for _, _, counted in known.values())
    assert {name for name, _, _ in known.values()} == {f"{name}@local" for name in NODES}
    assert {name for name, _, _ in map(identity, other.values())} == {f"{name}@other" for name in NODES}
    assert "health.section[db]" in results(tmp_path / "unlike"), "only the name of the function counts"


def test_a_result_says_what_the_record_says(project: Project, tmp_path: Path) -> None:
    """Labels, links, steps, and evidence in files of their own."""
    file = (
        "base_url: http://127.0.0.1:9\nhealth: {}\n"
        "report: {owner: team-a, guide: 'https://wiki.example/guide', runbook: 'https://wiki.example/{check}'}\n"
    )
    ran = project(BODY, "--alluredir", str(tmp_path / "allure"), more={"deployments/local.yaml": file})
    found = results(tmp_path / "allure")
    broken, part = found["health.broken"], found["health.part[db]"]
    assert labels(broken).items() >= {
        "epic": "local", "feature": "health", "story": "It is not broken.", "severity": "critical", "owner": "team-a",
        "verdict": "BREACHED",
    }.items()  # fmt: skip
    assert [link["url"] for link in broken["links"]] == [
        "https://wiki.example/guide#health-checks",
        "https://wiki.example/health.broken",
    ]
    assert broken["description"] == "It is not broken.\n\nSource: the guide, \"Health Checks\".\n\nLimit: none."  # fmt: skip
    assert broken["statusDetails"]["message"] == "took 3 s"
    assert [step["name"] for step in part["steps"]] == ["measured: 1 s", "judged MET"]
    (piece,) = part["steps"][0]["attachments"]
    assert (tmp_path / "allure" / piece["source"]).read_text() == "curl http://h/"
    assert ran.record is not None
    assert labels(part)["run"] == ran.record["id"]
    properties = (tmp_path / "allure/environment.properties").read_text().splitlines()
    assert {"deployment=local", "verdicts=2 MET, 1 BREACHED, 1 UNMEASURED", f"run={ran.record['id']}"} <= set(properties)  # fmt: skip
    assert json.loads((tmp_path / "allure/executor.json").read_text())["type"] in ("local", "github", "gitlab", "jenkins")  # fmt: skip
    assert (tmp_path / "allure/allurerc.yaml").exists()


def test_an_accepted_breach_is_known(project: Project, tmp_path: Path) -> None:
    """As the record has it: it is no failure of the run, and Allure is told so."""
    accepted = "accepted: [{check: health.broken, deployment: local, owner: team-b, reason: it is old, until: 2999-12-31}]\n"
    body = "def test_broken(deployment, judge): judge(breached('took 3 s'))\n"
    ran = project(body, "--alluredir", str(tmp_path / "allure"), more={"accepted.yaml": accepted})
    assert ran.status == 0, ran.output
    broken = results(tmp_path / "allure")["health.broken"]
    assert broken["status"] == "failed"
    assert broken["statusDetails"]["known"] is True
    assert broken["statusDetails"]["message"].startswith("took 3 s; accepted until 2999-12-31 by team-b: it is old")  # fmt: skip
    assert labels(broken)["accepted"] == "until 2999-12-31"


def test_workers_clean_nothing(project: Project, tmp_path: Path) -> None:
    """What is asked for is done once, before the first of them, and of Allure's files alone; nor by one in a dead one's place."""
    folder = tmp_path / "allure"
    project(BODY, "--alluredir", str(folder))
    (folder / "mine.txt").write_text("mine")
    before = set(folder.glob("*-result.json"))
    project(BODY + DEATH, "-n", "2", "--alluredir", str(folder), "--clean-alluredir")
    found = results(folder)
    assert set(found) == {*NODES, "health.dies"}
    assert not before & set(folder.glob("*-result.json"))
    assert (folder / "mine.txt").read_text() == "mine"
    died = found["health.dies"]
    assert identity(died)[0] == "health.dies@local"
    assert died["status"] == "broken"
    assert labels(died)["suite_error"] == "true"


@WORKERS
def test_an_interrupted_run_leaves_what_it_knew(workers: tuple[str, ...], tmp_path: Path) -> None:
    """The check that was going on has no verdict, and does not pass for one that is MET."""
    options = (
        "checks",
        "-m",
        "health",
        "--record",
        "record.json",
        "--alluredir",
        str(tmp_path / "allure"),
        *workers,
    )
    status, output = killed(tmp_path, signal.SIGINT, *options, wanted="health.first", end=os.killpg)
    assert status == 2, output
    found = results(tmp_path / "allure")
    assert labels(found["health.first"])["verdict"] == "MET"
    assert found["health.long"]["status"] == "broken"
    assert labels(found["health.long"])["verdict"] == "UNMEASURED"
    properties = (tmp_path / "allure/environment.properties").read_text()
    assert "cut_short=interrupted" in properties


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_what_a_run_did_not_come_to_is_there(
    workers: tuple[str, ...], project: Project, tmp_path: Path
) -> None:
    """As UNMEASURED: a report that leaves it out would look greener than the run."""
    many = "@pytest.mark.parametrize('n', range(40))\ndef test_late(deployment, judge, n):\n    import time; time.sleep(0.05); judge(met('fine'))\n"
    project("def test_broken(deployment, judge): judge(breached('no'))\n" + many, "-x", *workers, "--alluredir", str(tmp_path / "results"), "--record", str(tmp_path / "record.json"))  # fmt: skip
    record = json.loads((tmp_path / "record.json").read_text())
    found = results(tmp_path / "results")
    missing = {one["id"] for one in record["not_run"]}
    assert missing
    assert set(found) == missing | {one["id"] for one in record["checks"]}
    late = found[sorted(missing)[0]]
    assert (late["status"], labels(late)["verdict"]) == ("broken", "UNMEASURED")
    assert "nothing was measured" in late["statusDetails"]["message"]


def test_a_killed_run_leaves_what_it_knew(project: Project, tmp_path: Path) -> None:
    """Whole files, which say what they are, and how Allure is to read them."""
    ran = project(BODY + DEATH, "--alluredir", str(tmp_path / "allure"))
    assert ran.status == -9
    found = results(tmp_path / "allure")
    assert {labels(result)["verdict"] for result in found.values()} == {"MET", "BREACHED", "UNMEASURED"}
    assert set(found) == NODES
    assert not list((tmp_path / "allure").glob("*.tmp"))
    assert (tmp_path / "allure/allurerc.yaml").exists()


def test_no_secret_is_written(project: Project, tmp_path: Path) -> None:
    """Neither in what a check attaches by Allure's own means, nor in its steps and parameters."""
    ran = project(
        """
        import allure
        def test_tells(deployment, judge, tmp_path):
            secret = deployment.headers["Authorization"].reveal().split()[1]
            allure.attach(f"said {secret}", "text")
            allure.attach(f"said {secret}".encode(), "bytes")
            (tmp_path / "file").write_text(f"said {secret}")
            allure.attach.file(str(tmp_path / "file"), "file")
            allure.attach(bytes([0xff, 0xfe]), "no text")
            allure.attach(f"gr\u00fc\u00dft {secret}".encode("latin-1"), "older text")
            allure.attach("ends oddly", "file", extension=secret)
            allure.dynamic.title(f"title {secret}")
            allure.dynamic.parameter("key", secret)
            with allure.step(f"step {secret}"):
                print(f"printed {secret}")
            judge(breached(f"found {secret}"))
        """,
        "--alluredir",
        str(tmp_path / "allure"),
    )
    assert ran.status == 1, ran.output
    files = (tmp_path / "allure").iterdir()
    written = b"".join(path.name.encode() + path.read_bytes() for path in files)
    assert b"sesame" not in written
    for kept in (b"said ***", b"step ***", b"found ***", b"printed ***", b"\xff\xfe", b"gr\xfc\xdft ***"):
        assert kept in written, kept
    assert written.count(b"said ***") == 3


def test_a_secret_in_an_id(project: Project, tmp_path: Path) -> None:
    """The check has one result, with its own verdict, though its name in Allure is not the one in the record."""
    body = """
    @pytest.mark.parametrize("who", ["sesame-open-up", "other"])
    def test_knows(deployment, judge, who): judge(breached("it knows"))
    """
    ran = project(body, "--alluredir", str(tmp_path / "allure"))
    assert ran.status == 1, ran.output
    found = results(tmp_path / "allure")
    assert set(found) == {"health.knows[***]", "health.knows[other]"}
    assert {labels(result)["verdict"] for result in found.values()} == {"BREACHED"}


def test_what_a_check_says_by_allures_means(project: Project, tmp_path: Path) -> None:
    """Titles with parameters in them, and what is known only when it runs, count for more than the id and the docstring."""
    body = """
    import allure
    @allure.title("part {part}")
    @allure.description("its own words")
    @pytest.mark.parametrize("part", ["db"])
    def test_part(deployment, judge, part): judge(met("fine"))
    def test_later(deployment, judge):
        '''A docstring.'''
        allure.dynamic.title("a title")
        allure.dynamic.description("said later")
        judge(met("fine"))
    def test_plain(deployment, judge):
        '''It is plain.'''
        judge(met("fine"))
    """
    project(body, "--alluredir", str(tmp_path / "allure"))
    told = {name: result["description"] for name, result in results(tmp_path / "allure").items()}
    assert told == {"part db": "its own words", "a title": "said later", "health.plain": "It is plain."}


def test_a_folder_that_cannot_be_made_is_one_line(project: Project, tmp_path: Path) -> None:
    """Before anything is asked, with status 4."""
    (tmp_path / "file").write_text("")
    ran = project(BODY, "--alluredir", str(tmp_path / "file" / "allure"))
    assert ran.status == 4
    said = f"ERROR: --alluredir {tmp_path}/file/allure: found Not a directory; expected a folder that can be written"
    assert said in ran.output
    assert "Traceback" not in ran.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
def test_results_that_cannot_be_written_fail_the_run(
    project: Project, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """What is missing is said, and a green run is red for it."""
    ran = project(
        """
        import pathlib, shutil
        def test_x(deployment, judge):
            shutil.rmtree("allure")
            pathlib.Path("allure").touch()
            judge(met("fine"))
        """,
        "--alluredir",
        "allure",
        *workers,
    )
    assert ran.status == 1, ran.output
    assert "the results for Allure are not complete: [Errno 20] Not a directory" in ran.output
    assert "INTERNALERROR" not in ran.output


def test_ordinary_tests_stay_allures_own(project: Project, tmp_path: Path) -> None:
    """What is no check is written as allure-pytest has it."""
    more = {"tests/test_plain.py": "def test_plain(): pass\n"}
    ran = project(BODY, "tests", "--alluredir", str(tmp_path / "allure"), more=more, chapter="health or not health")  # fmt: skip
    plain = results(tmp_path / "allure")["test_plain"]
    assert "verdict" not in labels(plain), ran.output
    assert plain["status"] == "passed"


def test_what_others_left_in_the_folder_is_theirs(project: Project, tmp_path: Path) -> None:
    """Whatever it is; and a link to a configuration of one's own is no place to write to."""
    folder = tmp_path / "allure"
    folder.mkdir()
    (tmp_path / "mine.yaml").write_text("mine")
    (folder / "allurerc.yaml").symlink_to("../mine.yaml")
    left = ["{", "[]", '{"labels": [{}]}', '{"labels": 5}', "[" * 100_000]
    for number, text in enumerate(left):
        (folder / f"{number}-result.json").write_text(text)
    ran = project("def test_x(deployment, judge): judge(met('fine'))", "--alluredir", str(folder))
    assert ran.status == 0, ran.output
    assert [(folder / f"{number}-result.json").read_text() for number in range(len(left))] == left
    assert (folder / "environment.properties").exists()
    assert (tmp_path / "mine.yaml").read_text() == "mine"
    assert "historyPath" in (folder / "allurerc.yaml").read_text()

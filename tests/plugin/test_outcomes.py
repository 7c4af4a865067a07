"""How verdicts become pytest outcomes, and what a person reads of them."""

from __future__ import annotations

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote

import pytest

from deployspec.record.record import Run
from tests.plugin.conftest import Project, in_turn
from tests.raw_server import Connection, serve
from tests.suite import deployment_file, run_checks

THREE = '''
def test_kept(deployment, judge):
    """The first promise."""
    judge(met("as it should be", measured="1 s", limit="at most 2 s"))

def test_broken(deployment, judge):
    """The second promise

    goes on here."""
    judge(breached("took 3 s", measured="3 s", limit="at most 2 s"), reproduce="curl http://127.0.0.1:9/health")

def test_unknown(deployment, judge):
    judge(unmeasured("no samples"))
'''


def test_each_verdict_has_its_letter_and_word(project: Project) -> None:
    """MET is a dot, BREACHED a B, UNMEASURED a U; -rA says the words; the status is 1."""
    ran = project(THREE, "-rA")
    assert ran.status == 1
    assert "test_promises.py .BU" in ran.output
    for line in ("MET checks/test_promises.py::test_kept", "BREACHED checks/test_promises.py::test_broken - took 3 s",
                 "UNMEASURED checks/test_promises.py::test_unknown - no samples"):  # fmt: skip
        assert line in ran.output
    assert "2 failed, 1 passed" in ran.output


def test_a_failure_tells_promise_limit_measured_and_command(project: Project) -> None:
    """The failure section has all that a person needs, and no traceback."""
    output = project(THREE).output
    for line in ("BREACHED: took 3 s", "  promise   The second promise", "  measured  3 s", "  limit     at most 2 s",
                 "  reproduce curl http://127.0.0.1:9/health", "(checks/test_promises.py:"):  # fmt: skip
        assert line in output
    assert "Traceback" not in output
    assert "def test_broken" not in output


def test_the_summary_is_a_table(project: Project) -> None:
    """Check, verdict, measured and limit stand in columns, then the whole run in one line."""
    output = project(THREE).output
    assert "verdict     measured  limit" in output
    assert "broken   BREACHED    3 s       at most 2 s" in output
    assert "local (http://127.0.0.1:9): 1 MET, 1 BREACHED, 1 UNMEASURED" in output


def test_workers_give_the_same_verdicts_and_one_summary(project: Project) -> None:
    """Under pytest-xdist verdicts, failure texts and the table are those of a single process."""
    alone, spread = project(THREE), project(THREE, "-n", "2")
    assert spread.status == alone.status
    verdicts = [[(entry["check"], entry["verdict"], entry["reason"]) for entry in ran.record["checks"]] for ran in (alone, spread)]  # type: ignore[index]  # fmt: skip
    assert verdicts[0] == verdicts[1]
    assert spread.output.count("= verdicts: local =") == 1
    assert spread.output.count("BREACHED: took 3 s") == 1
    assert "BREACHED checks/test_promises.py::test_broken - took 3 s" in spread.output


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["one-process", "a-worker"])
def test_junit_has_the_verdicts(project: Project, tmp_path: Path, workers: tuple[str, ...]) -> None:
    """JUnit XML carries verdict, reason, measured and limit as properties, and agrees with the record."""
    ran = project(THREE, "--junit-xml", str(tmp_path / "junit.xml"), *workers)
    cases = {case.get("name"): case for case in ET.parse(tmp_path / "junit.xml").iter("testcase")}  # noqa: S314
    for entry in ran.record["checks"]:  # type: ignore[index]
        case = cases[entry["check"].rpartition("::")[2]]
        properties = {item.get("name"): item.get("value") for item in case.iter("property")}
        assert properties["verdict"] == entry["verdict"]
        assert properties["reason"] == entry["reason"]
        assert (case.find("failure") is not None) == (entry["verdict"] == "BREACHED")
        assert (case.find("error") is not None) == (entry["verdict"] == "UNMEASURED")
    broken = cases["test_broken"].find("failure")
    assert broken is not None
    assert broken.get("message") == "took 3 s"


def test_allure_agrees(project: Project, tmp_path: Path) -> None:
    """Passed for MET, failed for BREACHED, broken for UNMEASURED."""
    body = (
        THREE
        + "\ndef test_silent(deployment, judge): pass\ndef test_skipped(deployment): pytest.skip('not today')\n"
    )
    project(body, "--alluredir", str(tmp_path / "allure"))
    results = [json.loads(path.read_text()) for path in (tmp_path / "allure").glob("*-result.json")]
    assert {result["name"]: result["status"] for result in results} == {
        "health.kept": "passed",
        "health.broken": "failed",
        "health.unknown": "broken",
        "health.silent": "broken",
        "health.skipped": "broken",
    }


# body: a check that ends without a verdict of its own; reason: what is said of it.
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("def test_x(deployment, judge): pass", "ended without a verdict", id="no-verdict"),
        pytest.param("def test_x(deployment): assert 1 == 2", "assert 1 == 2", id="assertion"),
        pytest.param("def test_x(deployment): pytest.fail('too\\nfew')", "too", id="fail"),
        pytest.param("@pytest.fixture\ndef bad(): assert 1 == 2\ndef test_x(deployment, bad): pass", "a defect in deployspec or the check", id="assertion-in-a-fixture"),
        pytest.param("async def test_x(deployment): assert True", "a defect in deployspec or the check", id="async"),
        pytest.param("def test_x(deployment): return 1", "the check returns a value", id="returns"),
        pytest.param("def test_x(deployment): pytest.skip('not today')", "skipped (not today)", id="skip"),
        pytest.param("def test_x(deployment): pytest.xfail('known')", "skipped (known)", id="xfail"),
        pytest.param("@pytest.mark.skip(reason='later')\ndef test_x(deployment): pass", "skipped (later)", id="skip-mark"),
        pytest.param("@pytest.mark.xfail(reason='known')\ndef test_x(deployment, judge): judge(breached('no'))", "no", id="xfail-mark"),
        pytest.param("@pytest.fixture\ndef bad(): raise OSError('disk')\ndef test_x(deployment, bad): pass", "OSError: disk", id="fixture"),
        pytest.param("@pytest.fixture\ndef bad():\n    yield\n    raise OSError('disk')\ndef test_x(deployment, bad, judge): judge(met('fine'))", "OSError: disk", id="teardown"),
        pytest.param("def test_x(deployment, judge):\n    judge(met('fine'))\n    judge(met('fine'))", "a check gives one verdict", id="two-verdicts"),
        pytest.param("def test_x(deployment, judge):\n    judge(met('fine'))\n    raise ValueError('late')", "ValueError: late", id="raises-after"),
    ],
)  # fmt: skip
def test_nothing_but_a_verdict_is_green(project: Project, body: str, reason: str) -> None:
    """A check that ends in any other way is not MET: a skip, a pass without a verdict, a defect of its own."""
    ran = project(body)
    assert ran.status == 1, ran.output
    entry = ran.entry("test_x")
    assert entry["verdict"] in ("UNMEASURED", "BREACHED")
    assert reason in entry["reason"]


def test_a_defect_shows_where_it_sits(project: Project) -> None:
    """For a defect of the suite itself, and only then, there is a traceback."""
    output = project("def test_x(deployment): {}['missing']").output
    assert (
        "UNMEASURED: a defect in deployspec or the check, not in the deployment: KeyError: 'missing'"
        in output
    )
    assert "Traceback (most recent call last)" in output


LEAKS = """
def test_prints(deployment, judge):
    token = deployment.headers["Authorization"].reveal()
    print(token)
    judge(breached("the answer said " + token))

def test_raises(deployment, judge):
    token = deployment.headers["Authorization"].reveal()
    raise ValueError(token.split()[1])
"""


# options: ways in which pytest prints more than usual.
@pytest.mark.parametrize(
    "options",
    [(), ("-l",), ("--tb=long", "-l", "-vv"), ("--tb=native", "-rA"), ("-n", "2", "-l"), ("--full-trace",)],
    ids=["plain", "locals", "long", "native", "workers", "full-trace"],
)
def test_secrets_are_never_printed(project: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    """A revealed secret reaches neither terminal, record nor JUnit XML, whatever pytest is told to show."""
    ran = project(LEAKS, "--junit-xml", str(tmp_path / "junit.xml"), *options)
    assert ran.status == 1
    for text in (ran.output, json.dumps(ran.record), (tmp_path / "junit.xml").read_text()):
        assert "sesame" not in text
    assert "the answer said ***" in ran.output


def test_a_failed_test_that_is_no_check_keeps_pytests_traceback(project: Project) -> None:
    """After checks that failed, which have a text of their own."""
    more = {"tests/test_plain.py": "def test_plain():\n    number = 3\n    assert number == 4\n"}
    body = """
    def test_breach(judge):
        judge(breached("too late"))
    """
    ran = project(body, "checks", "tests", more=more, chapter="health or not health")
    assert ">       assert number == 4" in ran.output
    assert 'judge(breached("too late"))' not in ran.output
    assert "BREACHED" in ran.output


def test_the_record_is_one_document_and_leaves_no_lines(project: Project, tmp_path: Path) -> None:
    """The run record has its format's name, the deployment, the counts; the file of lines is gone."""
    record = project(THREE).record
    assert record is not None
    assert record["format"] == "deployspec.run/2"
    assert record["deployment"] == "local"
    assert record["counts"] == {"MET": 1, "BREACHED": 1, "UNMEASURED": 1, "flaky": 0, "accepted": 0}
    assert record["exit_status"] == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("record")] == ["record.json"]


def test_a_killed_run_leaves_what_it_knew(project: Project, tmp_path: Path) -> None:
    """A run that dies leaves its lines: a header, what it was to make, and every check that had ended."""
    ran = project(
        THREE
        + "\ndef test_dies(deployment):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert ran.status == -9
    (part,) = (tmp_path / "state").rglob("*.part")
    lines = [json.loads(line) for line in part.read_text().splitlines()]
    assert lines[0]["format"] == "deployspec.run/2"
    assert [check["id"] for check in lines[1]["selected"]][-1] == "health.dies"
    assert [line["verdict"] for line in lines[2:]] == ["MET", "BREACHED", "UNMEASURED"]
    run = Run.from_lines(part, "killed")
    assert [entry.verdict for entry in run.entries.values()] == ["MET", "BREACHED", "UNMEASURED"]
    assert ([check.id for check in run.not_run], run.cut_short) == (["health.dies"], "killed")


def test_a_run_cut_short_is_not_green(project: Project) -> None:
    """With -x, the checks that did not run are told, and an interrupt is told as such."""
    ran = project(THREE, "-x")
    assert "cut short: 1 of 3 checks did not run" in ran.output
    ran = project(
        "def test_x(deployment, judge): judge(met('fine'))\ndef test_y(deployment): raise KeyboardInterrupt"
    )
    assert ran.status == 2
    assert ran.record is not None
    assert ran.record["cut_short"] == "interrupted"
    assert [check["id"] for check in ran.record["not_run"]] == ["health.y"]


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one-process", "two-workers"])
def test_a_file_that_cannot_be_collected_cuts_the_run_short(
    project: Project, options: tuple[str, ...]
) -> None:
    """Its checks are not known, so no count is the whole; file and reason are told."""
    ran = project(
        "def test_x(deployment, judge): judge(met('fine'))",
        *options,
        more={"checks/test_more.py": "import no_such_module\n"},
    )
    assert ran.status in (1, 2)
    assert ran.record is not None
    assert ran.record["cut_short"] == (
        "checks/test_more.py could not be collected: ModuleNotFoundError: No module named 'no_such_module'"
    )


def test_a_record_that_cannot_be_written_fails_the_run(project: Project, tmp_path: Path) -> None:
    """Nothing is lost silently: a record that cannot be written turns a green run red."""
    (tmp_path / "file").write_text("")
    ran = project(
        "def test_x(deployment, judge): judge(met('fine'))",
        "--record",
        str(tmp_path / "file" / "record.json"),
    )
    assert ran.status == 1
    assert "the run record could not be written" in ran.output


def test_a_worker_that_dies_leaves_its_check_unmeasured(project: Project) -> None:
    """A check whose worker was killed is in the table and in the record, as UNMEASURED."""
    ran = project(
        THREE
        + "\ndef test_dies(deployment):\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        "-n",
        "2",
    )
    assert ran.status == 1
    entry = ran.entry("test_dies")
    assert entry["verdict"] == "UNMEASURED"
    assert "the pytest-xdist worker running this check died" in entry["reason"]
    assert (entry["id"], entry["chapter"]) == ("health.dies", "health")


def test_a_worker_that_dies_over_files_has_asked_nothing(project: Project) -> None:
    """A check that looked at files alone asked the deployment nothing, however it ended."""
    ran = project(
        "def test_dies_over_files():\n    import os, signal\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        "-n",
        "2",
    )
    assert ran.status == 1
    assert "nothing was asked of it, so nothing is known about it" in ran.output
    assert "from files alone: 1 UNMEASURED" in ran.output


@pytest.mark.parametrize(("option", "workers"), [("--setup-only", ()), ("--setup-plan", ("-n", "1"))])
def test_checks_that_did_not_run_are_not_green(
    project: Project, option: str, workers: tuple[str, ...]
) -> None:
    """pytest's options that run no test end with 0; here nothing was measured."""
    ran = project(THREE, option, *workers)
    assert ran.status == 1, ran.output
    assert "3 of 3 checks did not run" in ran.output
    assert ran.record is not None


# name: what --record is given, beside a file of somebody's and a folder; reason: why it is refused.
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("deployments/local.yaml", "found a file that is not a run record", id="a-file-of-yours"),
        pytest.param("checks", "found a folder", id="a-folder"),
        pytest.param("pipe", "found a device or a pipe", id="a-pipe"),
    ],
)
def test_a_record_replaces_nothing_but_a_record(
    project: Project, tmp_path: Path, name: str, reason: str
) -> None:
    """Whatever else stands there would be lost: status 4, and it is left as it was."""
    os.mkfifo(tmp_path / "pipe")
    ran = project("def test_x(deployment, judge): judge(met('fine'))", "--record", name)
    assert ran.status == 4, ran.output
    assert reason in ran.output
    assert "base_url" in (tmp_path / "deployments/local.yaml").read_text()


def test_the_base_url_is_redacted(project: Project) -> None:
    """A token in the URL is a secret as well."""
    file = {"deployments/local.yaml": "base_url: http://127.0.0.1:9/${API_TOKEN}\nhealth: {}\n"}
    ran = project(THREE, more=file, environ={"API_TOKEN": "open-sesame-open"})
    assert "local (http://127.0.0.1:9/***)" in ran.output
    assert "sesame" not in ran.output + json.dumps(ran.record)


def test_a_secret_in_the_path(tmp_path: Path) -> None:
    """The URL's host is told everywhere, the secret nowhere, and the curl line names the variables to fill in."""
    secrets = {"HOOK_TOKEN": "T012=x/open-sesame", "STAGING_TOKEN": "k7Qm-2xVf-9LpZ"}
    junit = tmp_path / "junit.xml"

    def handler(connection: Connection) -> None:
        head = connection.read_head()
        body = f"{head.target} {quote(head.target)} {quote(head.target, safe='')} {head.header('authorization')}".encode()
        connection.send(b"HTTP/1.1 500 Oh\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with serve(handler) as server:
        host = f"http://127.0.0.1:{server.port}"
        more = "headers: {Authorization: 'Bearer ${STAGING_TOKEN}'}"
        path = deployment_file(tmp_path, f"{host}/${{HOOK_TOKEN}}/shop", more=more)
        ran = run_checks(path, "--junit-xml", str(junit), folder=tmp_path, environ=secrets)
    line = f'--header "Authorization: Bearer ${{STAGING_TOKEN}}" "{host}/${{HOOK_TOKEN}}/shop/health"'
    record = json.dumps(ran.record)
    for text, shown in (
        (ran.output, line),
        (record, json.dumps(line)[1:-1]),
        (junit.read_text(), line),
    ):
        assert shown in text
        assert f"{host}/***/shop" in text
        for value in secrets.values():
            assert not [form for form in (value, quote(value), quote(value, safe="")) if form in text]
        assert "sesame" not in text


def test_what_a_check_has_printed_is_redacted(project: Project) -> None:
    """pytest's report shows it, and so does the one of a failure in a fixture's end, with its locals."""
    body = """
    @pytest.fixture
    def falls():
        said = "sesame-open-up"
        yield
        raise ValueError(said)

    def test_x(deployment, judge, falls):
        print("said sesame-open-up")
        judge(breached("no"))
    """
    ran = project(body, "-l", "-vv")
    assert "said ***" in ran.output
    assert re.search(r"ValueError: ?\*\*\*", ran.output), ran.output
    assert "sesame" not in ran.output


# body: a fixture that fails with a secret, where allure-pytest reads the exception before there is a report of it.
@pytest.mark.parametrize(
    "body",
    [
        pytest.param("yield\n        raise ValueError(said)", id="in-its-end"),
        pytest.param("yield\n        pytest.fail(said)", id="failed-in-its-end"),
        pytest.param("request.addfinalizer(lambda: pytest.fail(said))", id="finalizer"),
        pytest.param("pytest.fail(said)", id="failed"),
        pytest.param("error = ValueError('no'); error.add_note(said); raise error", id="note"),
        pytest.param("raise ValueError(said)", id="raised"),
    ],
)
def test_what_fails_in_a_fixture_is_redacted(project: Project, tmp_path: Path, body: str) -> None:
    """At its beginning and at its end, in all that allure-pytest writes as on the terminal."""
    check = f"""
    @pytest.fixture
    def falls(deployment, request):
        said = "said=" + deployment.headers["Authorization"].reveal().split()[1]
        {body}

    def test_x(deployment, judge, falls):
        judge(met("fine"))
    """
    ran = project(
        check, "-p", "allure_pytest.plugin", "-W", "ignore", "--alluredir", str(tmp_path / "allure")
    )
    assert ran.status == 1, ran.output
    assert ran.verdict("test_x") == "UNMEASURED"
    written = "".join(path.read_text() for path in (tmp_path / "allure").iterdir())
    assert "said=***" in written
    assert "sesame" not in written + ran.output + json.dumps(ran.record)


# body: a check that lets pytest itself say a secret; said: what is left of it.
@pytest.mark.parametrize(
    ("body", "said", "workers"),
    in_turn([
        pytest.param("warnings.warn('said=' + token)", "UserWarning: said=***", id="warning"),
        pytest.param("thread = threading.Thread(target=int, args=('said=' + token,)); thread.start(); thread.join()", "ValueError: invalid literal for int() with base 10: 'said=***'", id="thread"),
        pytest.param("pytest.exit('said=' + token)", "Exit: said=***", id="exit"),
    ]),
)  # fmt: skip
def test_what_pytest_says_beside_the_checks_is_redacted(
    project: Project, workers: tuple[str, ...], body: str, said: str
) -> None:
    """Warnings, which a project may let through, and why a run ends at once."""
    check = f"""
    import threading, warnings

    def test_x(deployment, judge):
        token = deployment.headers["Authorization"].reveal().split()[1]
        {body}
        judge(met("fine"))
    """
    ran = project(check, "-W", "default", *workers)
    assert "sesame" not in ran.output
    assert said in ran.output


# body: a check of one's own in which something fails that pytest lets pass, at most with a warning.
@pytest.mark.parametrize(
    ("body", "verdict", "reason", "workers"),
    in_turn([
        pytest.param("def test_x(): return 1 == 1", "UNMEASURED", "the check returns a value", id="returns"),
        pytest.param("def test_x():\n    def f(): assert 1 == 2\n    t = threading.Thread(target=f); t.start(); t.join()", "BREACHED", "assert 1 == 2", id="assertion-in-a-thread"),
        pytest.param("def test_x():\n    t = threading.Thread(target=int, args=('x',)); t.start(); t.join()", "UNMEASURED", "ValueError", id="error-in-a-thread"),
        pytest.param("@pytest.fixture\ndef late():\n    t = threading.Thread(target=int, args=('x',))\n    yield\n    t.start(); t.join()\ndef test_x(late): pass", "UNMEASURED", "ValueError", id="thread-in-a-fixture"),
        pytest.param("def test_x():\n    class Falls:\n        def __del__(self): assert 1 == 2\n    Falls()", "BREACHED", "assert 1 == 2", id="del"),
        pytest.param("def test_x():\n    async def f(): assert 1 == 2\n    f()", "UNMEASURED", "never awaited", id="not-awaited"),
        pytest.param("def test_x(request):\n    s = request.getfixturevalue('subtests')\n    for i in range(2):\n        with s.test(i=i): {}[1] if i else None", "UNMEASURED", "KeyError", id="error-in-a-subtest"),
        pytest.param("def test_x(request):\n    s = request.getfixturevalue('subtests')\n    with s.test(): pytest.skip('no')\n    with s.test(): assert 1 == 2", "BREACHED", "assert 1 == 2", id="assertion-in-a-subtest"),
        pytest.param("def test_x(request):\n    with request.getfixturevalue('subtests').test(): pass", "UNMEASURED", "has subtests", id="subtests-that-hold"),
        pytest.param("def test_x(judge, subtests):\n    with subtests.test(): {}[1]\n    judge(met('fine'))", "UNMEASURED", "KeyError", id="judged-beside-a-subtest"),
    ]),
)  # fmt: skip
def test_what_pytest_only_warns_of_is_no_green(
    project: Project, workers: tuple[str, ...], body: str, verdict: str, reason: str
) -> None:
    """Whatever filters of warnings a project has."""
    ran = project("import threading\n" + body, "-W", "ignore", *workers)
    assert ran.status == 1, ran.output
    assert (ran.verdict("test_x"), reason in ran.entry("test_x")["reason"]) == (verdict, True), ran.output


UNITTEST = """
import unittest

class TestShop(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _token(self, deployment):
        self.token = deployment.headers["Authorization"].reveal().split()[1]

    def test_holds(self):
        self.assertEqual(1, 1)

    def test_asserts(self):
        self.assertEqual(self.token, "other")

    def test_errs_twice(self):
        self.addCleanup(lambda: {}[self.token])
        raise ValueError(self.token)

    def test_subtests(self):
        for number in range(3):
            with self.subTest(number=number):
                {}[self.token] if number == 0 else None

    def test_skips(self):
        for number in range(2):
            with self.subTest(number=number):
                self.skipTest(self.token) if number == 0 else None

    def test_returns(self):
        return self.token == ""
"""


def test_a_test_case_of_unittest_is_a_check_too(project: Project, tmp_path: Path) -> None:
    """Its verdicts, and no secret in what others read of it."""
    options = ("-p", "unittest", "-p", "allure_pytest.plugin", "-W", "ignore", "--alluredir", str(tmp_path / "allure"))  # fmt: skip
    ran = project(UNITTEST, *options)
    assert ran.record is not None, ran.output
    assert {entry["check"].rpartition("::")[2]: entry["verdict"] for entry in ran.record["checks"]} == {
        "test_holds": "MET",
        "test_asserts": "BREACHED",
        "test_errs_twice": "UNMEASURED",
        "test_subtests": "UNMEASURED",
        "test_skips": "UNMEASURED",
        "test_returns": "UNMEASURED",
    }
    assert ran.output.count("SUBFAILED") == 1
    written = "".join(path.read_text() for path in (tmp_path / "allure").iterdir())
    assert "sesame" not in written + ran.output + json.dumps(ran.record)


def test_an_inherited_or_imported_check_is_a_check(project: Project) -> None:
    """Its assertions are its own, wherever they are written."""
    shared = "class Base:\n    def test_inherited(self): assert 1 == 2\ndef test_imported(): assert 1 == 2\n"
    body = "from shared import Base, test_imported\nclass TestMine(Base): pass"
    ran = project(body, "-o", "pythonpath=.", more={"shared.py": shared})
    assert (ran.verdict("test_inherited"), ran.verdict("test_imported")) == ("BREACHED", "BREACHED")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "workers"])
def test_a_file_of_checks_that_is_skipped_fails_the_run(project: Project, workers: tuple[str, ...]) -> None:
    """It is told by its name, with the reason."""
    skipped = "import pytest\npytest.importorskip('no_such_library')\n"
    ran = project(
        "def test_x(deployment, judge): judge(met('fine'))", *workers, more={"checks/test_gone.py": skipped}
    )
    assert ran.status == 1, ran.output
    assert "checks/test_gone.py was skipped (could not import 'no_such_library'" in ran.output
    assert ran.record is not None
    assert "test_gone.py" in ran.record["cut_short"]


def test_live_logs_are_redacted(project: Project, tmp_path: Path) -> None:
    """On the terminal and in pytest's file; what a check itself sees of them stays."""
    body = """
    import logging

    def test_x(deployment, judge, caplog):
        token = deployment.headers["Authorization"].reveal().split()[1]
        logging.warning("said %s", token)
        judge(met("fine") if token in caplog.text else breached("not"))
    """
    ran = project(body, "-o", "log_cli=true", "--log-file", str(tmp_path / "log"))
    assert ran.status == 0, ran.output
    assert "said ***" in ran.output
    assert "sesame" not in ran.output + (tmp_path / "log").read_text()

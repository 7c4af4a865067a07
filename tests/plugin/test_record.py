"""The run record keeps its format."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema_rs
import pytest

from deployspec.record.store import Store, read
from tests.plugin.conftest import Project
from tests.suite import ROOT

BODY = """
def test_kept(deployment, judge): judge(met("fine", measured="1 s", limit="at most 2 s"))
def test_broken(deployment, judge): judge(breached("took 3 s"), reproduce="curl http://127.0.0.1:9/")
def test_defect(deployment, judge): raise OSError("disk")
@pytest.mark.needs("prometheus")
def test_absent(deployment, judge): judge(met("fine"))
"""


def test_the_record_fits_its_schema(project: Project) -> None:
    """Every record is valid under the library's own JSON Schema, and its evidence can be found."""
    schema = json.loads((ROOT / "src/deployspec/schemas/run-record.schema.json").read_text())
    record = project(BODY).record
    assert record is not None
    errors = [
        str(error) for error in jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(record)
    ]
    assert errors == []
    references = {piece["ref"] for entry in record["checks"] for piece in entry["evidence"]}
    assert references == set(record["evidence"])
    assert references, "the defect's traceback is evidence"


def test_two_checks_of_one_id_are_refused(project: Project) -> None:
    """They would take each other's place in every history, so the run ends with status 4 and names both."""
    more = {
        "checks/test_other.py": "import pytest\npytestmark = pytest.mark.health\ndef test_same(judge): pass\n"
    }
    ran = project("def test_same(judge): judge(met('fine'))\n", more=more)
    assert ran.status == 4, ran.output
    assert "found two checks with the id health.same: checks/test_other.py::test_same and" in ran.output


def test_the_id_is_in_record_junit_and_summary(project: Project, tmp_path: Path) -> None:
    """One name in all three, whatever the file is called."""
    ran = project(BODY, f"--junit-xml={tmp_path}/junit.xml")
    assert ran.entry("test_broken")["id"] == "health.broken"
    assert '<property name="id" value="health.broken"' in (tmp_path / "junit.xml").read_text()
    assert "health.broken" in ran.output.partition("verdicts: local")[2]
    assert "check     health.broken (checks/test_promises.py:" in ran.output


def test_a_deployment_that_cannot_be_used_has_a_record_too(project: Project, tmp_path: Path) -> None:
    """Beside all others, also where its file is named by a path."""
    (tmp_path / "broken.yaml").write_text("base_url: [")
    ran = project(BODY, "--record=", deployment=str(tmp_path / "broken.yaml"))
    assert ran.status == 4, ran.output
    (record,) = (tmp_path / "state" / "deployspec" / "runs" / "broken").rglob("*.json")
    assert json.loads(record.read_text())["exit_status"] == 4


def test_the_load_result_is_redacted_as_a_whole(project: Project) -> None:
    """Values and names of fields alike, whoever has written them into it, and however deep."""
    body = """
    import json
    from deployspec.chapters.slo.fixtures.running import load_file
    def test_load(pytestconfig, deployment, judge):
        text = "said sesame-open-up"
        load_file(pytestconfig).write_text(json.dumps({"why": text, "by": [{text: 1}, [text]]}))
        judge(met("fine"))
    """
    record = project(body).record
    assert record is not None
    assert record["load"] == {"why": "said ***", "by": [{"said ***": 1}, ["said ***"]]}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one-process", "two-workers"])
def test_a_run_that_is_cut_short_knows_what_it_did_not_measure(
    project: Project, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """In the lines of one that was killed, and in the record of one that stopped: by id, promise and place."""
    body = """
    import os, signal, time
    def test_kept(deployment, judge): judge(met("fine"))
    def test_late(deployment, judge):
        \"\"\"It comes late.\"\"\"
        time.sleep(0.5)
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    """
    if not workers:
        body = body.replace("os.getppid()", "os.getpid()")
    ran = project(body, "--state=state", *workers)
    assert ran.status == -9, ran.output
    (kept,) = Store(tmp_path / "state/runs").runs("local", unfinished=True)
    (missing,) = read(kept.path, ()).not_run
    assert missing.id == "health.late"
    assert missing.promise == "It comes late."
    assert missing.source.startswith("checks/test_promises.py:")


def test_a_store_without_a_place_fails_the_run(project: Project) -> None:
    """Where nobody says which: what was measured is in the copy, and the run is not green."""
    ran = project(BODY.partition("def test_broken")[0], environ={"XDG_STATE_HOME": "", "HOME": ""})
    assert ran.status == 1, ran.output
    assert "the run record could not be written: found neither XDG_STATE_HOME nor HOME" in ran.output
    assert "INTERNALERROR" not in ran.output
    assert ran.verdict("test_kept") == "MET"


def test_a_store_that_cannot_be_pruned_fails_no_run(project: Project, tmp_path: Path) -> None:
    """What was measured is kept; a line says what is not removed."""
    body = "def test_kept(deployment, judge): judge(met('fine'))"
    (tmp_path / "state/runs/local/.pruned").mkdir(parents=True)
    os.utime(tmp_path / "state/runs/local/.pruned", (0, 0))
    (tmp_path / "state/runs/local/2020-01-01").mkdir()
    (tmp_path / "state/runs/local/2020-01-01/000000.000Z-0da71c0d-efe4-4c21-9ee3-efe592820f05.json").mkdir()
    ran = project(body, "--state=state")
    assert ran.status == 0, ran.output
    assert "the store of runs could not be pruned: [Errno 2" in ran.output


def test_the_deployment_file_says_where_runs_are_kept(project: Project, tmp_path: Path) -> None:
    """Relative to itself; ``--state`` says better, and ``--record`` writes a copy."""
    body = "def test_kept(deployment, judge): judge(met('fine'))"
    more = {"deployments/local.yaml": "base_url: http://127.0.0.1:9\nhealth: {}\nruns: {dir: ../kept}\n"}
    for place, options in (("kept", ()), ("said/runs", ("--state=said",))):
        ran = project(body, *options, more=more)
        assert ran.status == 0, ran.output
        (kept,) = Store(tmp_path / place).runs("local")
        assert json.loads(kept.path.read_text()) == ran.record
        assert kept.path.name in ran.output.partition("run record: ")[2]

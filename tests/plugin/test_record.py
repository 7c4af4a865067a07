"""The run record keeps its format."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs

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

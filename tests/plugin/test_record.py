"""The run record keeps its format."""

from __future__ import annotations

import json

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

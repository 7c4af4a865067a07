"""Ids of checks: unique, the same whatever folder a run begins in, and found again from older records."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deployspec.app import OURS
from deployspec.model.ids import check_id, old_id
from deployspec.record.record import Run
from tests.suite import ROOT

FUNCTIONS = {
    f"{path.name}::{function}"
    for path in (ROOT / "checks").glob("test_*.py")
    for function in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
}


# columns: the chapter, the test function, its parameter, the id
@pytest.mark.parametrize(
    ("chapter", "function", "parameter", "expected"),
    [
        ("health", "test_ok_is_all_parts", "", "health.ok-is-all-parts"),
        ("logs", "test_lines_are_records", "api", "logs.lines-are-records[api]"),
        ("alerts", "test_routing_table_is_complete", "-", "alerts.routing-table-is-complete"),
        ("slo", "test_load_run", "api-latency, snap status", "slo.load-run[api-latency, snap status]"),
    ],
)
def test_an_id(chapter: str, function: str, parameter: str, expected: str) -> None:
    """Chapter, name, and which of several things: nothing of a file, a folder or a port."""
    assert check_id(chapter, function, parameter) == expected


def test_no_id_of_a_check_has_changed_or_gone() -> None:
    """Histories name checks by these ids: whoever renames or moves a check's function keeps its id."""
    assert {old_id(name, "", OURS) for name in FUNCTIONS} == {
        own for chapter in OURS for own in chapter.checks
    }
    assert len(FUNCTIONS) == sum(len(chapter.checks) for chapter in OURS)


# columns: how a run record of format 1 names a check, its id
@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("checks/test_health.py::test_outage_is_told[redis-hung]", "health.outage-is-told[redis-hung]"),
        ("test_health.py::test_steady", "health.steady"),
        ("checks/test_alert_rules.py::test_rule_file_is_sound[rules/api.rules.yml]", "alerts.rule-file-is-sound[api.rules.yml]"),
        ("checks/test_alert_rules.py::test_case[rules/api.test.yml::HighErrorRate@5m[a::b]]", "alerts.case[HighErrorRate@5m[a::b]]"),
        ("checks/test_alert_rules.py::test_routing_table_is_complete[alerting/routing.yml]", "alerts.routing-table-is-complete"),
        ("checks/test_own.py::TestX::test_a_b[c]", "own.a-b[c]"),
    ],
)  # fmt: skip
def test_an_older_name(node: str, expected: str) -> None:
    """Every old name leads to one id; a check of somebody's own has the chapter that its entry says."""
    assert old_id(node, "own", OURS) == expected


def listed(folder: Path) -> list[str]:
    """The ids of all checks of the reference, as pytest started in ``folder`` selects them."""
    script = (
        "import pytest\n"
        "class Tell:\n"
        "    @pytest.hookimpl(trylast=True)\n"
        "    def pytest_collection_modifyitems(self, items):\n"
        "        from deployspec.plugin.options import is_check\n"
        "        from deployspec.plugin.selection import id_of\n"
        "        print(*('id: ' + id_of(item) for item in items if is_check(item)), sep='\\n')\n"
        f"pytest.main(['-c', '{ROOT}/pytest.ini', '--rootdir', '{ROOT}', '{ROOT}/checks', '--collect-only', '-q',"
        " '--deployment', 'reference', '-p', 'no:cacheprovider'], plugins=[Tell()])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.removeprefix("id: ") for line in done.stdout.splitlines() if line.startswith("id: ")]


def test_ids_are_unique_and_depend_on_no_folder(tmp_path: Path) -> None:
    """Each of the clone's checks has its own id, and the same one from another folder."""
    here, there = listed(ROOT), listed(tmp_path)
    assert len(here) > 150
    assert len(set(here)) == len(here)
    assert here == there
    assert not [own for own in here if str(ROOT) in own or "/" in own.partition("[")[0]]


def test_a_record_of_format_1_is_read() -> None:
    """Its checks get their ids, and so do those that were not selected; of format 2 nothing is lost."""
    entry = {
        "check": "checks/test_health.py::test_steady",
        "chapter": "health",
        "promise": "p",
        "verdict": "MET",
        "reason": "r",
        "measured": "",
        "limit": "",
        "flaky": False,
        "reproduce": "",
        "evidence": [{"title": "call", "ref": "0"}],
        "duration": 1.0,
        "waited": 0.0,
        "source": "checks/test_health.py:9",
    }
    document = {
        "format": "deployspec.run/1",
        "started": "2026-01-01T00:00:00Z",
        "finished": "2026-01-01T00:00:09Z",
        "deployment": "staging",
        "base_url": "https://staging.example",
        "markers": "health",
        "versions": {},
        "exit_status": 0,
        "cut_short": "",
        "counts": {"MET": 1, "BREACHED": 0, "UNMEASURED": 0, "flaky": 0},
        "not_described": {
            "checks/test_logs_schema.py::test_newest_record_is_fresh[worker]": "logs.worker.freshness"
        },
        "empty_markers": [],
        "checks": [entry],
        "load": None,
        "evidence": {"0": "GET /health"},
    }
    run = Run.from_document(document, OURS)
    (read,) = run.entries.values()
    assert (read.id, read.evidence[0].text) == ("health.steady", "GET /health")
    assert run.not_described == {"logs.newest-record-is-fresh[worker]": "logs.worker.freshness"}
    again = Run.from_document(run.document())
    assert again == run


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {"format": "deployspec.run/9"},
        {"format": "deployspec.run/2"},
        {"format": "deployspec.run/1", "checks": [{}], "evidence": {}, "not_described": {}},
    ],
)
def test_what_is_no_record_is_refused(document: object) -> None:
    """Another document, a format of the future, or a damaged record: one clear error."""
    with pytest.raises(ValueError, match="run record"):
        Run.from_document(document)

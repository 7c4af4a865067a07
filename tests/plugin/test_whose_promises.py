"""Rules and objectives concern a deployment that names them, and a run that asked its deployment nothing is no success."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.plugin.conftest import Project
from tests.suite import DEAL_SCOUTS, ROOT, run_checks

NOTHING_LISTENS = "base_url: http://127.0.0.1:9\n"
UNASKED = "nothing was asked of it, so nothing is known about it"


def deployment(folder: Path, more: str = "") -> Path:
    """A file of a port where nothing listens."""
    path = folder / "strange.yaml"
    path.write_text(NOTHING_LISTENS + more)
    return path


# columns: the -m expression; None for none at all
@pytest.mark.parametrize("markers", ["alerts", "mutation", "slo", "not mutation", None])
def test_rules_and_objectives_of_others_say_nothing(markers: str | None, tmp_path: Path) -> None:
    """Beside the folders rules/ and slos/ of a project, a file that names neither has no check of them, and no green."""
    ran = run_checks(deployment(tmp_path), folder=tmp_path, chapter=markers or "")
    assert ran.status == 1, ran.output
    assert ran.record is not None
    assert ran.record["checks"] == []
    assert f"strange (http://127.0.0.1:9): {UNASKED}" in ran.output
    assert "MET" not in ran.output


def test_null_says_the_same(tmp_path: Path) -> None:
    """`rules: null` and `slos: null` are what leaving them out is."""
    ran = run_checks(
        deployment(tmp_path, "rules: null\nslos: null\n"), folder=tmp_path, chapter="alerts or slo"
    )
    assert ran.status == 1, ran.output
    assert ran.record is not None
    assert ran.record["checks"] == []
    assert {"rules", "slos"} <= set(ran.record["not_described"].values())


def test_rules_that_are_named_without_a_prometheus(tmp_path: Path) -> None:
    """They are judged by their files alone, which the headline tells apart: of the deployment nothing is known."""
    ran = run_checks(
        deployment(tmp_path, DEAL_SCOUTS), "-k", "runbook or ratios", folder=tmp_path, chapter="alerts"
    )
    assert ran.status == 1, ran.output
    assert UNASKED in ran.output
    assert "from files alone: 1 MET" in ran.output
    assert ran.record is not None
    assert [entry["asks"] for entry in ran.record["checks"]] == [False]


def test_an_option_names_them_as_well(tmp_path: Path) -> None:
    """With --rules they concern this run, whatever the deployment file leaves out."""
    ran = run_checks(deployment(tmp_path), "--rules", f"{ROOT}/rules/*.rules.yml", "-k", "ratios", folder=tmp_path, chapter="alerts")  # fmt: skip
    assert "from files alone: 1 MET" in ran.output
    assert ran.status == 1, ran.output


def test_the_headline_tells_apart_what_was_asked(project: Project) -> None:
    """What was asked of the deployment, and what was read in files alone, have a line each."""
    ran = project(
        """
        def test_asks(deployment, judge):
            judge(met("as it is"))

        def test_reads(judge):
            judge(met("as it stands there"))
        """
    )
    assert ran.status == 0, ran.output
    assert "local (http://127.0.0.1:9): 1 MET\nfrom files alone: 1 MET\n" in ran.output


# columns: the -m expression, which must make no difference
@pytest.mark.parametrize("markers", ["health", ""])
def test_a_run_that_asked_its_deployment_nothing_fails(markers: str, project: Project) -> None:
    """Its checks may all be MET: none of them has asked."""
    ran = project('def test_reads(judge):\n    judge(met("as it stands there"))\n', chapter=markers)
    assert ran.status == 1, ran.output
    assert UNASKED in ran.output
    assert "from files alone: 1 MET" in ran.output


def test_without_a_deployment_nothing_is_missing(project: Project) -> None:
    """An offline run is about files, and says so by naming no deployment."""
    ran = project('def test_reads(judge):\n    judge(met("as it stands there"))\n', deployment=None)
    assert ran.status == 0, ran.output
    assert UNASKED not in ran.output


def test_a_variable_that_names_a_deployment_does_not_fail_other_tests(project: Project) -> None:
    """DEPLOYMENT may stand in an environment where ordinary tests run, which are no checks."""
    more = {"tests/test_ordinary.py": "def test_two():\n    assert 1 + 1 == 2\n"}
    ran = project("", "tests", deployment=None, more=more, environ={"DEPLOYMENT": "local"}, chapter="")
    assert ran.status == 0, ran.output


@pytest.mark.parametrize("markers", ["alerts", "alerts and not live"])
def test_an_empty_name_is_no_offline_run(markers: str, tmp_path: Path) -> None:
    """A pipeline whose variable is empty ends with status 4, even where only offline checks are selected."""
    ran = run_checks("", "-k", "ratios", folder=tmp_path, chapter=markers)
    assert ran.status == 4, ran.output
